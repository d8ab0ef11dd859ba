/** Convolution of an image [h, w, c] with k filters of r x r, zeros around the border: out[i, j] lies over x[stride i, stride j]. */
import { add, type Expr, input, map, mul, program, reduce, sub } from "weft";

export default program("conv2d", { h: 56, w: 56, c: 64, k: 64, r: 3, stride: 1, dtype: "f32" }, ({ h, w, c, k, r, stride, dtype }) => {
  const x = input("x", dtype, [h, w, c]);
  const filters = input("filters", dtype, [r, r, c, k]);
  const border = Math.floor((r - 1) / 2);
  const at = (i: Expr, p: Expr) => sub(add(mul(i, stride), p), border);
  return {
    y: map("y", [Math.ceil(h / stride), Math.ceil(w / stride), k], (i, j, f) =>
      reduce("add", [r, r, c], (p, q, l) => mul(x.padded(at(i, p), at(j, q), l), filters.at(p, q, l, f))),
    ),
  };
});
