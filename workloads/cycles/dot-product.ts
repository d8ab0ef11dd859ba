/** PIR's DotProduct: tiles of two vectors are loaded side by side and folded into one sum. */
import { input, map, mul, program, reduce } from "weft";

export default program(
  "dot-product",
  { n: 1024, ts: 32, op: 1, ip: 1 },
  ({ n }) => {
    const a = input("a", "i32", [n]);
    const b = input("b", "i32", [n]);
    return { dot: map("dot", [], () => reduce("add", [n], (i) => mul(a.at(i), b.at(i))), { tier: "sram" }) };
  },
  ({ ts, op, ip }) => ({ tile: { "dot.0": ts }, par: { "dot.0": op }, lanes: { "dot.0": ip }, buffer: { a: 2, b: 2 } }),
);
