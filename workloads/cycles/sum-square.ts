/** PIR's SumSquare: the sum of squares of all indices below n, in tiles of `ts`, `op` of them side by side, on `ip` lanes each. No memory at all. */
import { map, mul, program, reduce } from "weft";

export default program(
  "sum-square",
  { n: 1024, ts: 32, op: 1, ip: 16 },
  ({ n }) => ({ sum: map("sum", [], () => reduce("add", [n], (i) => mul(i, i)), { tier: "sram" }) }),
  ({ ts, op, ip }) => ({ tile: { "sum.0": ts }, par: { "sum.0": op }, lanes: { "sum.0": ip } }),
);
