/**
 * A decoder block of Llama 2 for `seq` new positions behind `cache` earlier ones, whose keys and values it is given; seq = 1 is a step of decoding, cache = 0 a
 * prefill. Batch 1, a key and a value for each head. A head has hidden / heads columns, rounded up to an even number: the halves of a query or a key are the pairs
 * that the rotary embedding turns, by the angles whose cosines and sines are given. The new keys and values are outputs too: what the next step has in its cache.
 */
import { add, constant, div, type Expr, exp, type Handle, input, le, lt, map, mul, neg, program, reduce, select, sigmoid, sqrt, sub } from "weft";

const epsilon = 1e-5;

const silu = (z: Expr): Expr => mul(z, sigmoid(z));

/** Each row over its root mean square, scaled by column. */
function rmsNorm(name: string, x: Handle, weight: Handle): Handle {
  const [rows, cols] = x.tensor.shape as readonly [number, number];
  const square = map(`${name}Square`, [rows], (i) => reduce("add", [cols], (k) => mul(x.at(i, k), x.at(i, k))));
  const root = map(`${name}Root`, [rows], (i) => sqrt(add(div(square.at(i), cols), epsilon)));
  return map(name, [rows, cols], (i, k) => mul(div(x.at(i, k), root.at(i)), weight.at(k)));
}

/** x w, by head: w is [columns of x, heads, columns of a head]. */
function byHead(name: string, x: Handle, w: Handle): Handle {
  const [hidden, heads, dim] = w.tensor.shape as readonly [number, number, number];
  return map(name, [heads, x.tensor.shape[0]!, dim], (h, i, d) => reduce("add", [hidden], (k) => mul(x.at(i, k), w.at(k, h, d))));
}

/** The pairs (x[d], x[d + half]) of every head and position turned by the position's angles. */
function rotate(name: string, x: Handle, cos: Handle, sin: Handle): Handle {
  const half = x.tensor.shape[2]! / 2;
  return map(name, x.tensor.shape, (h, i, d) => {
    const other = select(lt(d, half), neg(x.padded(h, i, add(d, half))), x.padded(h, i, sub(d, half)));
    return add(mul(x.at(h, i, d), cos.at(i, d)), mul(other, sin.at(i, d)));
  });
}

export default program(
  "decoder",
  { hidden: 512, heads: 8, ffn: 1376, seq: 64, cache: { default: 0, min: 0, max: 2 ** 20 }, dtype: "bf16" },
  ({ hidden, heads, ffn, seq, cache, dtype }) => {
    const dim = 2 * Math.ceil(hidden / heads / 2);
    const weight = (name: string, ...shape: readonly number[]) => input(name, dtype, shape);
    const x = input("x", dtype, [seq, hidden]);
    const [cos, sin] = [input("cos", dtype, [seq, dim]), input("sin", dtype, [seq, dim])];
    /** What stands in the cache, and behind it what is new. */
    const behind = (name: string, fresh: Handle): Handle => {
      if (cache === 0) return fresh;
      const earlier = input(`${name}Cache`, dtype, [heads, cache, dim]);
      return map(`${name}s`, [heads, cache + seq, dim], (h, j, d) => select(lt(j, cache), earlier.padded(h, j, d), fresh.padded(h, sub(j, cache), d)));
    };

    const normed = rmsNorm("normed", x, weight("normWeight", hidden));
    const query = rotate("query", byHead("q", normed, weight("wq", hidden, heads, dim)), cos, sin);
    const key = rotate("key", byHead("k", normed, weight("wk", hidden, heads, dim)), cos, sin);
    const value = byHead("value", normed, weight("wv", hidden, heads, dim));
    const [keys, values] = [behind("key", key), behind("value", value)];

    const all = cache + seq;
    const scores = map("scores", [heads, seq, all], (h, i, j) => reduce("add", [dim], (d) => mul(query.at(h, i, d), keys.at(h, j, d))));
    const masked = map("masked", [heads, seq, all], (h, i, j) =>
      select(le(j, add(i, cache)), mul(scores.at(h, i, j), 1 / Math.sqrt(dim)), constant(dtype, Number.NEGATIVE_INFINITY)),
    );
    const max = map("max", [heads, seq], (h, i) => reduce("max", [all], (j) => masked.at(h, i, j)));
    const e = map("e", [heads, seq, all], (h, i, j) => exp(sub(masked.at(h, i, j), max.at(h, i))));
    const sum = map("sum", [heads, seq], (h, i) => reduce("add", [all], (j) => e.at(h, i, j)));
    const p = map("p", [heads, seq, all], (h, i, j) => div(e.at(h, i, j), sum.at(h, i)));
    const context = map("context", [seq, heads, dim], (i, h, d) => reduce("add", [all], (j) => mul(p.at(h, i, j), values.at(h, j, d))));
    const wo = weight("wo", heads, dim, hidden);
    const attended = map("attended", [seq, hidden], (i, c) => reduce("add", [heads, dim], (h, d) => mul(context.at(i, h, d), wo.at(h, d, c))));
    const middle = map("middle", [seq, hidden], (i, c) => add(x.at(i, c), attended.at(i, c)));

    const again = rmsNorm("again", middle, weight("againWeight", hidden));
    const [gate, up, down] = [weight("gate", hidden, ffn), weight("up", hidden, ffn), weight("down", ffn, hidden)];
    const gated = map("gated", [seq, ffn], (i, j) => reduce("add", [hidden], (k) => mul(again.at(i, k), gate.at(k, j))));
    const upped = map("upped", [seq, ffn], (i, j) => reduce("add", [hidden], (k) => mul(again.at(i, k), up.at(k, j))));
    const inner = map("inner", [seq, ffn], (i, j) => mul(silu(gated.at(i, j)), upped.at(i, j)));
    const fed = map("fed", [seq, hidden], (i, c) => reduce("add", [ffn], (j) => mul(inner.at(i, j), down.at(j, c))));
    return { y: map("y", [seq, hidden], (i, c) => add(middle.at(i, c), fed.at(i, c))), key, value };
  },
);
