/** k-means of flights by delay and distance, each first brought to mean 0 and deviation 1. */
import { cast, constant, div, eq, type Handle, input, map, mul, program, reduce, select, sqrt, sub, uniform } from "weft";
import { lloyd } from "./kmeans.ts";

/** How many deviations each number lies above the mean; 0 where all are alike. */
function standardised(name: string, column: Handle, n: number): Handle {
  const mean = map(`${name}Mean`, [], () =>
    div(
      reduce("add", [n], (i) => cast("f32", column.at(i))),
      n,
    ),
  );
  const centred = map(`${name}Centred`, [n], (i) => sub(cast("f32", column.at(i)), mean));
  const deviation = map(`${name}Deviation`, [], () =>
    sqrt(
      div(
        reduce("add", [n], (i) => mul(centred.at(i), centred.at(i))),
        n,
      ),
    ),
  );
  return map(`${name}Scaled`, [n], (i) => div(centred.at(i), select(eq(deviation, 0), constant("f32", 1), deviation)));
}

export default program("kmeans-flights", { n: 100_000, k: 8, iterations: 20 }, ({ n, k, iterations }) => {
  const delay = standardised("delay", input("delay", "i32", [n], { data: uniform(-60, 180) }), n);
  const distance = standardised("distance", input("distance", "i32", [n], { data: uniform(21, 4962) }), n);
  const points = map("points", [n, 2], (i, d) => select(eq(d, 0), delay.at(i), distance.at(i)));
  return { centroids: lloyd(points, k, iterations) };
});
