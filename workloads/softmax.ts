/** Softmax of each row, with the maximum taken out first so that no exponential overflows. */
import { div, exp, input, map, program, reduce, sub } from "weft";

export default program("softmax", { rows: 4096, cols: 4096, dtype: "f32" }, ({ rows, cols, dtype }) => {
  const x = input("x", dtype, [rows, cols]);
  const max = map("max", [rows], (i) => reduce("max", [cols], (j) => x.at(i, j)));
  const e = map("e", [rows, cols], (i, j) => exp(sub(x.at(i, j), max.at(i))));
  const sum = map("sum", [rows], (i) => reduce("add", [cols], (j) => e.at(i, j)));
  return { y: map("y", [rows, cols], (i, j) => div(e.at(i, j), sum.at(i))) };
});
