/** The shared covariance of Gaussian discriminant analysis: of points about the mean of their own class, 0 or 1. The means are given. */
import { div, eq, input, map, mul, program, reduce, select, sub, uniform } from "weft";

export default program("gda", { n: 3840, dim: 96, dtype: "f32" }, ({ n, dim, dtype }) => {
  const x = input("x", dtype, [n, dim]);
  const y = input("y", "i32", [n], { data: uniform(0, 1) });
  const mean0 = input("mean0", dtype, [dim]);
  const mean1 = input("mean1", dtype, [dim]);
  const centred = map("centred", [n, dim], (i, d) => sub(x.at(i, d), select(eq(y.at(i), 1), mean1.at(d), mean0.at(d))));
  const covariance = map("covariance", [dim, dim], (p, q) =>
    div(
      reduce("add", [n], (i) => mul(centred.at(i, p), centred.at(i, q))),
      n,
    ),
  );
  return { covariance };
});
