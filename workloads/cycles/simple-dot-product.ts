/** PIR's SimpleDotProduct: a vector made on the chip, a tile of `ts` at a time in a buffer, times itself. */
import { add, map, mul, program, reduce } from "weft";

export default program(
  "simple-dot-product",
  { n: 1024, ts: 32, op: 1, ip: 1 },
  ({ n, ts }) => {
    const a = map("a", [n / ts, ts], (i, ii) => add(mul(i, ts), ii));
    return { dot: map("dot", [], () => reduce("add", [n / ts, ts], (i, ii) => mul(a.at(i, ii), a.at(i, ii))), { tier: "sram" }) };
  },
  ({ op, ip }) => ({ tile: { "dot.0": 1 }, par: { "dot.0": op }, lanes: { "a.1": ip, "dot.1": ip }, buffer: { a: 2 } }),
);
