/** The head of a language model: the logits of every word after the last position of each sequence. */
import { input, map, mul, program, reduce } from "weft";

export default program("gpu-head", { batch: 1, hidden: 6144, vocab: 51_200, dtype: "f16" }, ({ batch, hidden, vocab, dtype }) => {
  const x = input("x", dtype, [batch, hidden]);
  const w = input("w", dtype, [hidden, vocab]);
  return { logits: map("logits", [batch, vocab], (b, j) => reduce("add", [hidden], (k) => mul(x.at(b, k), w.at(k, j)))) };
});
