/** Scaled dot-product attention of every head, batch 1, no mask, written operator by operator: softmax(q k^T / sqrt(dim)) v. */
import { div, exp, input, map, mul, program, reduce, sub } from "weft";

export default program("attention", { seq: 1024, heads: 32, dim: 128, dtype: "bf16" }, ({ seq, heads, dim, dtype }) => {
  const q = input("q", dtype, [heads, seq, dim]);
  const k = input("k", dtype, [heads, seq, dim]);
  const v = input("v", dtype, [heads, seq, dim]);
  const scores = map("scores", [heads, seq, seq], (h, i, j) => reduce("add", [dim], (d) => mul(q.at(h, i, d), k.at(h, j, d))));
  const scaled = map("scaled", [heads, seq, seq], (h, i, j) => mul(scores.at(h, i, j), 1 / Math.sqrt(dim)));
  const max = map("max", [heads, seq], (h, i) => reduce("max", [seq], (j) => scaled.at(h, i, j)));
  const e = map("e", [heads, seq, seq], (h, i, j) => exp(sub(scaled.at(h, i, j), max.at(h, i))));
  const sum = map("sum", [heads, seq], (h, i) => reduce("add", [seq], (j) => e.at(h, i, j)));
  const p = map("p", [heads, seq, seq], (h, i, j) => div(e.at(h, i, j), sum.at(h, i)));
  return { y: map("y", [heads, seq, dim], (h, i, d) => reduce("add", [seq], (j) => mul(p.at(h, i, j), v.at(h, j, d)))) };
});
