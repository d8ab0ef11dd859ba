/** A long short-term memory cell over a sequence, batch 1. Gates in the order input, forget, cell, output. */
import { add, constant, input, iterate, map, mul, program, reduce, sigmoid, tanh } from "weft";

export default program("lstm", { hidden: 1024, steps: 25, dtype: "f32" }, ({ hidden, steps, dtype }) => {
  const x = input("x", dtype, [steps, hidden]);
  const w = input("w", dtype, [4, hidden, hidden]);
  const u = input("u", dtype, [4, hidden, hidden]);
  const bias = input("bias", dtype, [4, hidden]);
  const zero = map("zero", [hidden], () => constant(dtype, 0));
  return iterate("sequence", steps, { h: zero, c: zero }, ({ h, c }, t) => {
    const gate = map("gate", [4, hidden], (g, j) => {
      const fromInput = reduce("add", [hidden], (k) => mul(w.at(g, j, k), x.at(t, k)));
      const fromState = reduce("add", [hidden], (k) => mul(u.at(g, j, k), h.at(k)));
      return add(add(fromInput, fromState), bias.at(g, j));
    });
    const kept = map("kept", [hidden], (j) => mul(sigmoid(gate.at(1, j)), c.at(j)));
    const cell = map("cell", [hidden], (j) => add(kept.at(j), mul(sigmoid(gate.at(0, j)), tanh(gate.at(2, j)))));
    return { next: { h: map("state", [hidden], (j) => mul(sigmoid(gate.at(3, j)), tanh(cell.at(j)))), c: cell } };
  });
});
