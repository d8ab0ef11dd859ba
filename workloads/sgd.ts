/**
 * Linear regression by stochastic gradient descent: one step for each batch of points, one after the other, in every epoch, from weights of 0. A
 * last batch that is not full is filled up with zeros, which pull at nothing.
 */
import { add, constant, input, iterate, map, mul, program, reduce, sub } from "weft";

const parameters = { n: 38_400, dim: 768, epochs: 30, batch: 96, rate: { default: 0.01, min: 0, max: 1000, real: true }, dtype: "f32" };

export default program("sgd", parameters, ({ n, dim, epochs, batch, rate, dtype }) => {
  const x = input("x", dtype, [n, dim]);
  const y = input("y", dtype, [n]);
  const zero = map("zero", [dim], () => constant(dtype, 0));
  const { weights } = iterate("epochs", epochs, { weights: zero }, (epoch) => ({
    next: iterate("batches", Math.ceil(n / batch), { weights: epoch.weights }, ({ weights }, round) => {
      const first = mul(round, batch);
      const error = map("error", [batch], (i) =>
        sub(
          reduce("add", [dim], (d) => mul(x.padded(add(first, i), d), weights.at(d))),
          y.padded(add(first, i)),
        ),
      );
      const gradient = map("gradient", [dim], (d) => reduce("add", [batch], (i) => mul(error.at(i), x.padded(add(first, i), d))));
      return { next: { weights: map("moved", [dim], (d) => sub(weights.at(d), mul(gradient.at(d), rate / batch))) } };
    }),
  }));
  return { weights };
});
