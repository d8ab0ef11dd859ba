/**
 * Sorting by Batcher's bitonic network: `run` is the length of the runs being merged, alternately rising and falling; in each round every key is
 * compared with the one `stride` away. Filled up to a power of two with the largest number.
 */
import { add, and, constant, div, eq, input, iterate, lt, map, max, min, mul, program, select, sub, uniform } from "weft";

const largest = 2 ** 31 - 1;

export default program("mergesort", { n: 2048 }, ({ n }) => {
  const x = input("x", "i32", [n], { data: uniform(-1_000_000_000, 1_000_000_000) });
  const merges = Math.max(1, Math.ceil(Math.log2(n)));
  const filled = map("filled", [2 ** merges], (i) => select(lt(i, n), x.padded(i), largest));
  const init = { keys: filled, run: map("two", [], () => constant("i32", 2)), stride: map("one", [], () => constant("i32", 1)) };
  const { keys } = iterate("network", (merges * (merges + 1)) / 2, init, ({ keys, run, stride }) => {
    const exchanged = map("exchanged", [2 ** merges], (i) => {
      const lower = eq(and(i, stride), 0);
      const rising = eq(and(i, run), 0);
      const [own, other] = [keys.at(i), keys.at(select(lower, add(i, stride), sub(i, stride)))];
      return select(eq(lower, rising), min(own, other), max(own, other));
    });
    const merged = map("merged", [], () => eq(stride, 1));
    const nextRun = map("nextRun", [], () => select(merged, mul(run, 2), run));
    const nextStride = map("nextStride", [], () => select(merged, run, div(stride, 2)));
    return { next: { keys: exchanged, run: nextRun, stride: nextStride } };
  });
  return { y: map("y", [n], (i) => keys.at(i)) };
});
