/** A stream with arithmetic: each element goes through `steps` times v -> v / 2 + 1, a multiply-add. */
import { add, type Expr, input, map, mul, program } from "weft";

export default program("gpu-fma", { n: 65_536, steps: 16, dtype: "f32" }, ({ n, steps, dtype }) => {
  const x = input("x", dtype, [n]);
  return { y: map("y", [n], (i) => Array.from({ length: steps }).reduce<Expr>((v) => add(mul(v, 0.5), 1), x.at(i))) };
});
