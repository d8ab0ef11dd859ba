/** Matrix product c = a b. */
import { input, map, mul, program, reduce } from "weft";

export default program("gemm", { m: 2048, n: 2048, k: 2048, dtype: "f32" }, ({ m, n, k, dtype }) => {
  const a = input("a", dtype, [m, k]);
  const b = input("b", dtype, [k, n]);
  return { c: map("c", [m, n], (i, j) => reduce("add", [k], (l) => mul(a.at(i, l), b.at(l, j)))) };
});
