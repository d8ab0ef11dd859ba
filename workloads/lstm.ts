/**
 * A long short-term memory cell over a sequence, batch 1. Gates in the order input, forget, cell, output. Products are of `dtype`, sums, gates and cell in at least f32.
 * `weights`: the home of the weights, a tier or auto; sram leaves them on the chip.
 */
import { add, cast, constant, input, iterate, map, mul, program, reduce, sigmoid, type Tier, tanh } from "weft";

export default program("lstm", { hidden: 1024, steps: 25, dtype: "f32", weights: "auto" }, ({ hidden, steps, dtype, weights }) => {
  const wide = dtype === "f64" ? dtype : "f32";
  const tier = weights as Tier;
  const x = input("x", dtype, [steps, hidden]);
  const w = input("w", dtype, [4, hidden, hidden], { tier });
  const u = input("u", dtype, [4, hidden, hidden], { tier });
  const bias = input("bias", wide, [4, hidden], { tier });
  const init = { h: map("noState", [hidden], () => constant(dtype, 0)), c: map("noCell", [hidden], () => constant(wide, 0)) };
  return iterate("sequence", steps, init, ({ h, c }, t) => {
    const gate = (name: string, g: number) => {
      const fromInput = map(`${name}FromInput`, [hidden], (j) => reduce("add", [hidden], (k) => mul(w.at(g, j, k), x.at(t, k)), { dtype: wide }));
      const fromState = map(`${name}FromState`, [hidden], (j) => reduce("add", [hidden], (k) => mul(u.at(g, j, k), h.at(k)), { dtype: wide }));
      return map(name, [hidden], (j) => add(add(fromInput.at(j), fromState.at(j)), bias.at(g, j)));
    };
    const [enter, forget, fresh, show] = [gate("enter", 0), gate("forget", 1), gate("fresh", 2), gate("show", 3)];
    const kept = map("kept", [hidden], (j) => mul(sigmoid(forget.at(j)), c.at(j)));
    const cell = map("cell", [hidden], (j) => add(kept.at(j), mul(sigmoid(enter.at(j)), tanh(fresh.at(j)))));
    return { next: { h: map("state", [hidden], (j) => cast(dtype, mul(sigmoid(show.at(j)), tanh(cell.at(j))))), c: cell } };
  });
});
