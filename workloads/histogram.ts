/** How many numbers fall in each of `bins` equal intervals of [0, 1); those outside count in the first or last. */
import { cast, count, groupBy, input, max, min, mul, program, uniform } from "weft";

export default program("histogram", { n: 1_048_576, bins: 256 }, ({ n, bins }) => {
  const x = input("x", "f32", [n], { data: uniform(0, 1) });
  return {
    histogram: groupBy("histogram", [n], (i) => ({ key: cast("i32", max(min(mul(x.at(i), bins), bins - 1), 0)), keys: bins, fields: { count: count() } })),
  };
});
