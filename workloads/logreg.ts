/** Logistic regression by gradient ascent of the likelihood of all points, from weights of 0. */
import { add, cast, constant, input, iterate, map, mul, program, reduce, sigmoid, sub, uniform } from "weft";

const parameters = { n: 1536, dim: 384, iterations: 5, rate: { default: 0.1, min: 0, max: 1000, real: true }, dtype: "f32" };

export default program("logreg", parameters, ({ n, dim, iterations, rate, dtype }) => {
  const x = input("x", dtype, [n, dim]);
  const y = input("y", "i32", [n], { data: uniform(0, 1) });
  const zero = map("zero", [dim], () => constant(dtype, 0));
  const { weights } = iterate("ascent", iterations, { weights: zero }, ({ weights }) => {
    const score = map("score", [n], (i) => reduce("add", [dim], (d) => mul(x.at(i, d), weights.at(d))));
    const error = map("error", [n], (i) => sub(cast(dtype, y.at(i)), sigmoid(score.at(i))));
    const gradient = map("gradient", [dim], (d) => reduce("add", [n], (i) => mul(error.at(i), x.at(i, d))));
    return { next: { weights: map("moved", [dim], (d) => add(weights.at(d), mul(gradient.at(d), rate / n))) } };
  });
  return { weights };
});
