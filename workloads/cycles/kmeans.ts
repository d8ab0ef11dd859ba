/**
 * PIR's Kmeans: each point is assigned to the nearest centroid, and its row is added up there: one row of a k x d matrix per point, the others 0. `op` tiles of
 * points and in each `mp1` points side by side, `ip` lanes; then `mp3` centroids side by side. PIR's loops over tiles of points and over the points of a tile
 * are one here, of as many copies, and centroids go through memory from round to round.
 */
import { argmin, cast, div, eq, input, iterate, map, max, mul, program, reduce, select, sub, uniform } from "weft";

export default program(
  "pir-kmeans",
  { k: 64, d: 64, n: 256, iterations: 2, op: 1, mp1: 1, mp3: 1, ip: 16 },
  ({ k, d, n, iterations }) => {
    const points = input("points", "i32", [n, d], { data: uniform(0, 255) });
    const start = input("start", "i32", [k, d], { data: uniform(0, 255) });
    return iterate("lloyd", iterations, { centroids: start }, ({ centroids }) => {
      const distance = map("distance", [n, k], (i, c) =>
        reduce("add", [d], (e) => mul(sub(points.at(i, e), centroids.at(c, e)), sub(points.at(i, e), centroids.at(c, e)))),
      );
      const nearest = map("nearest", [n], (i) => argmin(k, (c) => distance.at(i, c)));
      const members = map("members", [k], (c) => reduce("add", [n], (i) => cast("i32", eq(nearest.at(i), c))));
      const total = map("total", [k, d], (c, e) => reduce("add", [n], (i) => select(eq(nearest.at(i), c), points.at(i, e), 0)));
      const moved = map("moved", [k, d], (c, e) => div(total.at(c, e), max(members.at(c), 1)));
      return { next: { centroids: moved } };
    });
  },
  ({ k, d, op, mp1, mp3, ip }) => ({
    tile: { "members.1": 1, "total.2": 1, "moved.0": Math.ceil(k / mp3), "moved.1": d },
    par: { "members.1": op * mp1, "moved.0": mp3, "moved.1": 1 },
    lanes: { "distance.2": ip, "total.1": ip, "members.0": ip, "moved.1": ip },
    buffer: { points: 5, "total.part": 2, "members.part": 2, nearest: 2, distance: 3 },
  }),
);
