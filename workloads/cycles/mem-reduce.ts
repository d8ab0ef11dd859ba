/** PIR's MemReduceTest: n vectors of d elements, vector i all i, made one element a cycle and added up 16 wide, `op` of them side by side. */
import { map, program, reduce } from "weft";

export default program(
  "mem-reduce",
  { d: 1024, n: 100, op: 1 },
  ({ d, n }) => ({ sums: map("sums", [d], () => reduce("add", [n], (i) => i)) }),
  ({ op }) => ({ tile: { "sums.1": 1 }, par: { "sums.1": op }, lanes: { "sums.part.1": 1, "sums.0": 16 }, buffer: { "sums.part": 2 } }),
);
