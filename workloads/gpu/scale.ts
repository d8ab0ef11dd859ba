/** A stream that is read, scaled and written: y = x / 4. */
import { input, map, mul, program } from "weft";

export default program("gpu-scale", { n: 4096, dtype: "f64" }, ({ n, dtype }) => {
  const x = input("x", dtype, [n]);
  return { y: map("y", [n], (i) => mul(x.at(i), 0.25)) };
});
