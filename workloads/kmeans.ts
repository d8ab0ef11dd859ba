/** Lloyd's k-means, from the first k points: each point joins its nearest centroid, then each centroid moves to the mean of its points. */
import { add, argmin, cast, count, div, groupBy, gt, type Handle, input, iterate, map, max, mul, program, reduce, select, sub, sum } from "weft";

/** The centroids [k, dim] of points [n, dim] after so many iterations. A centroid without points stays where it is. */
export function lloyd(points: Handle, k: number, iterations: number): Handle {
  const { dtype, shape } = points.tensor;
  const [n, dim] = shape as [number, number];
  const first = map("first", [k, dim], (c, d) => points.at(c, d));
  return iterate("lloyd", iterations, { centroids: first }, ({ centroids }) => {
    const distance = map("squaredDistance", [n, k], (i, c) =>
      reduce("add", [dim], (d) => {
        const difference = sub(points.at(i, d), centroids.at(c, d));
        return mul(difference, difference);
      }),
    );
    const nearest = map("nearest", [n], (i) => argmin(k, (c) => distance.at(i, c)));
    const members = groupBy("members", [n], (i) => ({ key: nearest.at(i), keys: k, fields: { count: count() } }));
    const total = groupBy("total", [n, dim], (i, d) => ({ key: add(mul(nearest.at(i), dim), d), keys: k * dim, fields: { sum: sum(points.at(i, d)) } }));
    const moved = map("moved", [k, dim], (c, d) => {
      const mean = div(total.sum.at(add(mul(c, dim), d)), cast(dtype, max(members.count.at(c), 1)));
      return select(gt(members.count.at(c), 0), mean, centroids.at(c, d));
    });
    return { next: { centroids: moved } };
  }).centroids;
}

export default program("kmeans", { n: 1536, dim: 96, k: 20, iterations: 50, dtype: "f32" }, ({ n, dim, k, iterations, dtype }) => {
  const points = input("points", dtype, [n, dim]);
  return { centroids: lloyd(points, k, iterations) };
});
