/** A 3 x 3 filter over a grid, its upper left corner on each point; 0 in the last two rows and columns, where it does not fit (as in MachSuite). */
import { add, and, input, lt, map, mul, program, reduce, select } from "weft";

export default program("stencil2d", { h: 128, w: 64, dtype: "i32" }, ({ h, w, dtype }) => {
  const x = input("x", dtype, [h, w]);
  const filter = input("filter", dtype, [3, 3]);
  return {
    y: map("y", [h, w], (i, j) => {
      const sum = reduce("add", [3, 3], (p, q) => mul(filter.at(p, q), x.padded(add(i, p), add(j, q))));
      return select(and(lt(i, h - 2), lt(j, w - 2)), sum, 0);
    }),
  };
});
