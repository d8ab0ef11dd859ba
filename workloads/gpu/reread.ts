/** A stream that is read again and again: every one of `copies` sums is the sum of all of x. */
import { input, map, program, reduce } from "weft";

export default program("gpu-reread", { copies: 108, n: 65_536, dtype: "f64" }, ({ copies, n, dtype }) => {
  const x = input("x", dtype, [n]);
  return { s: map("s", [copies], () => reduce("add", [n], (j) => x.at(j))) };
});
