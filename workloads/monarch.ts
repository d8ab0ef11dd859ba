/**
 * A Monarch matrix times each row of x (Dao et al., ICML 2022): a row is `blocks` pieces of `size`; each piece is multiplied by a matrix of its own, the result is
 * transposed, each of its `size` pieces is multiplied by a matrix of its own, and that is transposed back.
 */
import { input, map, mul, program, reduce } from "weft";

export default program("monarch", { rows: 1024, blocks: 64, size: 64, dtype: "bf16" }, ({ rows, blocks, size, dtype }) => {
  const x = input("x", dtype, [rows, blocks, size]);
  const right = input("right", dtype, [blocks, size, size]);
  const left = input("left", dtype, [size, blocks, blocks]);
  const first = map("first", [rows, blocks, size], (r, b, s) => reduce("add", [size], (k) => mul(x.at(r, b, k), right.at(b, k, s))));
  const turned = map("turned", [rows, size, blocks], (r, s, b) => first.at(r, b, s));
  const second = map("second", [rows, size, blocks], (r, s, b) => reduce("add", [blocks], (k) => mul(turned.at(r, s, k), left.at(s, k, b))));
  return { y: map("y", [rows, blocks, size], (r, b, s) => second.at(r, s, b)) };
});
