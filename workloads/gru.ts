/** A gated recurrent unit over a sequence, batch 1, its reset gate behind the product with the state (as in cuDNN). Gates in the order reset, update, new. */
import { add, constant, input, iterate, map, mul, program, reduce, sigmoid, sub, tanh } from "weft";

export default program("gru", { hidden: 1024, steps: 25, dtype: "f32" }, ({ hidden, steps, dtype }) => {
  const x = input("x", dtype, [steps, hidden]);
  const w = input("w", dtype, [3, hidden, hidden]);
  const u = input("u", dtype, [3, hidden, hidden]);
  const inputBias = input("inputBias", dtype, [3, hidden]);
  const stateBias = input("stateBias", dtype, [3, hidden]);
  const zero = map("zero", [hidden], () => constant(dtype, 0));
  return iterate("sequence", steps, { h: zero }, ({ h }, t) => {
    const fromInput = map("fromInput", [3, hidden], (g, j) =>
      add(
        reduce("add", [hidden], (k) => mul(w.at(g, j, k), x.at(t, k))),
        inputBias.at(g, j),
      ),
    );
    const fromState = map("fromState", [3, hidden], (g, j) =>
      add(
        reduce("add", [hidden], (k) => mul(u.at(g, j, k), h.at(k))),
        stateBias.at(g, j),
      ),
    );
    const state = map("state", [hidden], (j) => {
      const reset = sigmoid(add(fromInput.at(0, j), fromState.at(0, j)));
      const update = sigmoid(add(fromInput.at(1, j), fromState.at(1, j)));
      const fresh = tanh(add(fromInput.at(2, j), mul(reset, fromState.at(2, j))));
      return add(mul(sub(1, update), fresh), mul(update, h.at(j)));
    });
    return { next: { h: state } };
  });
});
