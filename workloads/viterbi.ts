/**
 * Viterbi's algorithm: the likeliest path through the states of a hidden Markov model, given what was observed. Costs are negative logarithms of
 * probabilities. Forward: the cost of the best path to each state at each step, and the state through which it came. Backward: along those states.
 */
import { add, argmin, constant, eq, input, iterate, map, max, program, reduce, select, sub, uniform } from "weft";

export default program("viterbi", { states: 64, tokens: 64, steps: 140, dtype: "f32" }, ({ states, tokens, steps, dtype }) => {
  const costs = { data: uniform(0, 8) };
  const start = input("start", dtype, [states], costs);
  const transition = input("transition", dtype, [states, states], costs);
  const emission = input("emission", dtype, [states, tokens], costs);
  const observed = input("observed", "i32", [steps], { data: uniform(0, tokens - 1) });

  const nowhere = map("nowhere", [steps, states], () => constant("i32", 0));
  const forward = iterate("forward", steps, { arrival: start, cost: start, through: nowhere }, ({ arrival, through }, t) => {
    const cost = map("cost", [states], (s) => add(arrival.at(s), emission.at(s, observed.at(t))));
    const next = map("next", [states], (s) => reduce("min", [states], (p) => add(cost.at(p), transition.at(p, s))));
    const best = map("best", [states], (s) => argmin(states, (p) => add(cost.at(p), transition.at(p, s))));
    return { next: { arrival: next, cost, through: map("throughs", [steps, states], (i, s) => select(eq(i, t), best.at(s), through.at(i, s))) } };
  });

  const last = map("last", [], () => argmin(states, (s) => forward.cost.at(s)));
  const unknown = map("unknown", [steps], () => constant("i32", 0));
  const { path } = iterate("backward", steps, { state: last, path: unknown }, ({ state, path }, t) => {
    const walked = map("walked", [steps], (i) => select(eq(i, sub(steps - 1, t)), state, path.at(i)));
    const before = map("before", [], () => forward.through.at(max(sub(steps - 2, t), 0), state));
    return { next: { state: before, path: walked } };
  });
  return { path, cost: map("total", [], () => reduce("min", [states], (s) => forward.cost.at(s))) };
});
