/** Outer product of two vectors. */
import { input, map, mul, program } from "weft";

export default program("outer", { m: 4096, n: 4096, dtype: "f32" }, ({ m, n, dtype }) => {
  const a = input("a", dtype, [m]);
  const b = input("b", dtype, [n]);
  return { c: map("c", [m, n], (i, j) => mul(a.at(i), b.at(j))) };
});
