/** Inner product of two vectors. */
import { input, map, mul, program, reduce } from "weft";

export default program("dot", { n: 1_048_576, dtype: "f32" }, ({ n, dtype }) => {
  const a = input("a", dtype, [n]);
  const b = input("b", dtype, [n]);
  return { dot: map("dot", [], () => reduce("add", [n], (i) => mul(a.at(i), b.at(i)))) };
});
