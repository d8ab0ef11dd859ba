/** A bottleneck block of ResNet on images [h, w, c]: 1 x 1 to k channels, 3 x 3 with zeros around the border, 1 x 1 back to c, each with its bias, and the input added. */
import { add, type Expr, input, map, max, mul, program, reduce, sub } from "weft";

const relu = (z: Expr): Expr => max(z, 0);

export default program("bottleneck", { images: 16, h: 56, w: 56, c: 256, k: 64, dtype: "bf16" }, ({ images, h, w, c, k, dtype }) => {
  const x = input("x", dtype, [images, h, w, c]);
  const [w1, b1] = [input("w1", dtype, [c, k]), input("b1", dtype, [k])];
  const [w2, b2] = [input("w2", dtype, [3, 3, k, k]), input("b2", dtype, [k])];
  const [w3, b3] = [input("w3", dtype, [k, c]), input("b3", dtype, [c])];
  const narrow = map("narrow", [images, h, w, k], (n, i, j, f) => reduce("add", [c], (l) => mul(x.at(n, i, j, l), w1.at(l, f))));
  const before = map("before", [images, h, w, k], (n, i, j, f) => relu(add(narrow.at(n, i, j, f), b1.at(f))));
  const around = map("around", [images, h, w, k], (n, i, j, f) =>
    reduce("add", [3, 3, k], (p, q, l) => mul(before.padded(n, sub(add(i, p), 1), sub(add(j, q), 1), l), w2.at(p, q, l, f))),
  );
  const after = map("after", [images, h, w, k], (n, i, j, f) => relu(add(around.at(n, i, j, f), b2.at(f))));
  const wide = map("wide", [images, h, w, c], (n, i, j, f) => reduce("add", [k], (l) => mul(after.at(n, i, j, l), w3.at(l, f))));
  return { y: map("y", [images, h, w, c], (n, i, j, f) => relu(add(add(wide.at(n, i, j, f), b3.at(f)), x.at(n, i, j, f)))) };
});
