/**
 * Attention and its gradient, operator by operator: y = softmax(q k^T / sqrt(dim)) v of every head, as attention.ts has it, and what a loss whose gradient at y is dy has at
 * q, k and v. Batch 1. `causal` = 1: a position sees itself and those before it. delta, the sum of dy y, equals that of dp p (FlashAttention-2, section 2.3).
 */
import { constant, div, exp, input, le, map, mul, program, reduce, select, sub } from "weft";

export default program(
  "attention-backward",
  { seq: 256, heads: 4, dim: 64, causal: { default: 0, min: 0, max: 1 }, dtype: "bf16" },
  ({ seq, heads, dim, causal, dtype }) => {
    const [q, k] = [input("q", dtype, [heads, seq, dim]), input("k", dtype, [heads, seq, dim])];
    const [v, dy] = [input("v", dtype, [heads, seq, dim]), input("dy", dtype, [heads, seq, dim])];
    const [rows, square, columns] = [
      [heads, seq],
      [heads, seq, seq],
      [heads, seq, dim],
    ];

    const scores = map("scores", square, (h, i, j) => reduce("add", [dim], (d) => mul(q.at(h, i, d), k.at(h, j, d))));
    const scaled = map("scaled", square, (h, i, j) => mul(scores.at(h, i, j), 1 / Math.sqrt(dim)));
    const seen = causal === 0 ? scaled : map("masked", square, (h, i, j) => select(le(j, i), scaled.at(h, i, j), constant(dtype, Number.NEGATIVE_INFINITY)));
    const max = map("max", rows, (h, i) => reduce("max", [seq], (j) => seen.at(h, i, j)));
    const e = map("e", square, (h, i, j) => exp(sub(seen.at(h, i, j), max.at(h, i))));
    const sum = map("sum", rows, (h, i) => reduce("add", [seq], (j) => e.at(h, i, j)));
    const p = map("p", square, (h, i, j) => div(e.at(h, i, j), sum.at(h, i)));
    const y = map("y", columns, (h, i, d) => reduce("add", [seq], (j) => mul(p.at(h, i, j), v.at(h, j, d))));

    const dv = map("dv", columns, (h, j, d) => reduce("add", [seq], (i) => mul(p.at(h, i, j), dy.at(h, i, d))));
    const dp = map("dp", square, (h, i, j) => reduce("add", [dim], (d) => mul(dy.at(h, i, d), v.at(h, j, d))));
    const delta = map("delta", rows, (h, i) => reduce("add", [dim], (d) => mul(dy.at(h, i, d), y.at(h, i, d))));
    const dscaled = map("dscaled", square, (h, i, j) => mul(p.at(h, i, j), sub(dp.at(h, i, j), delta.at(h, i))));
    const dscores = map("dscores", square, (h, i, j) => mul(dscaled.at(h, i, j), 1 / Math.sqrt(dim)));
    const dq = map("dq", columns, (h, i, d) => reduce("add", [seq], (j) => mul(dscores.at(h, i, j), k.at(h, j, d))));
    const dk = map("dk", columns, (h, j, d) => reduce("add", [seq], (i) => mul(dscores.at(h, i, j), q.at(h, i, d))));
    return { y, dq, dk, dv };
  },
);
