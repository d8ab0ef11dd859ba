/**
 * Attention and its gradient as a framework runs them: queries, keys and values of all heads come packed in one tensor, [batch, position, q | k | v, head, column], and matrix products want the heads
 * apart. `statistic`: what the gradient of softmax subtracts from each row, as a sum over the row's scores ("scores", a framework's kernel) or over the row's results ("results", FlashAttention-2;
 * the same number).
 */
import { constant, div, type Expr, eq, exp, type Handle, input, le, map, mul, program, reduce, select, sub } from "weft";

export default program(
  "gpu-attention-packed",
  { batch: 2, seq: 256, heads: 4, dim: 64, causal: { default: 0, min: 0, max: 1 }, statistic: "results", dtype: "f16" },
  ({ batch, seq, heads, dim, causal, statistic, dtype }) => {
    const scale = 1 / Math.sqrt(dim);
    const [byHead, square, rows, packed] = [
      [batch, heads, seq, dim],
      [batch, heads, seq, seq],
      [batch, heads, seq],
      [batch, seq, heads, dim],
    ];
    const qkv = input("qkv", dtype, [batch, seq, 3, heads, dim]);
    const apart = (name: string, place: number) => map(name, byHead, (b, h, i, d) => qkv.at(b, i, place, h, d));
    const together = (name: string, x: Handle) => map(name, packed, (b, i, h, d) => x.at(b, h, i, d));
    const [q, k, v] = [apart("q", 0), apart("k", 1), apart("v", 2)];

    const scores = map("scores", square, (b, h, i, j) => reduce("add", [dim], (d) => mul(q.at(b, h, i, d), k.at(b, h, j, d))));
    const scaled = map("scaled", square, (b, h, i, j) => mul(scores.at(b, h, i, j), scale));
    const masked = (b: Expr, h: Expr, i: Expr, j: Expr) => select(le(j, i), scaled.at(b, h, i, j), constant(dtype, Number.NEGATIVE_INFINITY));
    const seen = causal === 0 ? scaled : map("masked", square, masked);
    const max = map("max", rows, (b, h, i) => reduce("max", [seq], (j) => seen.at(b, h, i, j)));
    const e = map("e", square, (b, h, i, j) => exp(sub(seen.at(b, h, i, j), max.at(b, h, i))));
    const sum = map("sum", rows, (b, h, i) => reduce("add", [seq], (j) => e.at(b, h, i, j)));
    const p = map("p", square, (b, h, i, j) => div(e.at(b, h, i, j), sum.at(b, h, i)));
    const context = map("context", byHead, (b, h, i, d) => reduce("add", [seq], (j) => mul(p.at(b, h, i, j), v.at(b, h, j, d))));
    const y = together("y", context);

    const dy = input("dy", dtype, packed);
    const dcontext = map("dcontext", byHead, (b, h, i, d) => dy.at(b, i, h, d));
    const dv = map("dv", byHead, (b, h, j, d) => reduce("add", [seq], (i) => mul(p.at(b, h, i, j), dcontext.at(b, h, i, d))));
    const dp = map("dp", square, (b, h, i, j) => reduce("add", [dim], (d) => mul(dcontext.at(b, h, i, d), v.at(b, h, j, d))));
    const delta =
      statistic === "scores"
        ? map("delta", rows, (b, h, i) => reduce("add", [seq], (j) => mul(p.at(b, h, i, j), dp.at(b, h, i, j))))
        : map("delta", rows, (b, h, i) => reduce("add", [dim], (d) => mul(dcontext.at(b, h, i, d), context.at(b, h, i, d))));
    const dscores = map("dscores", square, (b, h, i, j) => mul(p.at(b, h, i, j), sub(dp.at(b, h, i, j), delta.at(b, h, i))));
    const dq = map("dq", byHead, (b, h, i, d) => reduce("add", [seq], (j) => mul(dscores.at(b, h, i, j), k.at(b, h, j, d))));
    const dk = map("dk", byHead, (b, h, j, d) => reduce("add", [seq], (i) => mul(dscores.at(b, h, i, j), q.at(b, h, i, d))));
    const [dqScaled, dkScaled] = [
      map("dqScaled", byHead, (b, h, i, d) => mul(dq.at(b, h, i, d), scale)),
      map("dkScaled", byHead, (b, h, i, d) => mul(dk.at(b, h, i, d), scale)),
    ];
    const [dqs, dks, dvs] = [together("dqs", dqScaled), together("dks", dkScaled), together("dvs", dv)];
    const dqkv = map("dqkv", [batch, seq, 3, heads, dim], (b, i, c, h, d) =>
      select(eq(c, 0), dqs.at(b, i, h, d), select(eq(c, 1), dks.at(b, i, h, d), dvs.at(b, i, h, d))),
    );
    return { y, dqkv };
  },
);
