/** A box filter with argmax: where in each image the brightest spot lies, once every pixel is the mean of the 3 x 3 around it. */
import { add, argmax, div, type Handle, input, map, program, reduce, sub } from "weft";

/** The mean of the 3 x 3 pixels around each of [images, rows, columns], zeros around the border. */
function boxFilter(name: string, x: Handle): Handle {
  return map(name, x.tensor.shape, (n, i, j) =>
    div(
      reduce("add", [3, 3], (p, q) => x.padded(n, sub(add(i, p), 1), sub(add(j, q), 1))),
      9,
    ),
  );
}

export default program("brightest", { images: 16, rows: 48, columns: 64 }, ({ images, rows, columns }) => {
  const blur = boxFilter("blur", input("x", "f32", [images, rows, columns]));
  const best = map("best", [images, rows], (n, i) => reduce("max", [columns], (j) => blur.at(n, i, j)));
  const where = map("where", [images, rows], (n, i) => argmax(columns, (j) => blur.at(n, i, j)));
  const row = map("row", [images], (n) => argmax(rows, (i) => best.at(n, i)));
  return { row, column: map("column", [images], (n) => where.at(n, row.at(n))) };
});
