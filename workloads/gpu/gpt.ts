/**
 * A decoder layer of GPT for `seq` new positions of each sequence behind `cache` earlier ones, whose keys and values it is given; seq = 1 is a step of decoding, cache = 0 a
 * prefill. What goes into attention and into the linear layers is normalised before. A head has hidden / heads columns, rounded up. The new keys and values are outputs too.
 */
import { add, constant, type Handle, input, le, lt, map, mul, program, select, sub } from "weft";
import { attend, byHead, feedForward, layerNorm, residual, scoresOf, softmax } from "./layers.ts";

export default program(
  "gpu-gpt",
  { batch: 1, seq: 1, cache: { default: 128, min: 0, max: 2 ** 20 }, hidden: 6144, heads: 48, ffn: 24_576, dtype: "f16" },
  ({ batch, seq, cache, hidden, heads, ffn, dtype }) => {
    const dim = Math.ceil(hidden / heads);
    const all = cache + seq;
    const x = input("x", dtype, [batch, seq, hidden]);
    /** What stands in the cache, and behind it what is new. */
    const behind = (name: string, fresh: Handle): Handle => {
      if (cache === 0) return fresh;
      const earlier = input(`${name}Cache`, dtype, [batch, heads, cache, dim]);
      return map(`${name}s`, [batch, heads, all, dim], (b, h, j, d) => select(lt(j, cache), earlier.padded(b, h, j, d), fresh.padded(b, h, sub(j, cache), d)));
    };

    const normed = layerNorm("normed", x);
    const [query, key, value] = [byHead("query", normed, heads, dim), byHead("key", normed, heads, dim), byHead("value", normed, heads, dim)];
    const scores = scoresOf(query, behind("key", key));
    const masked = map("masked", [batch, heads, seq, all], (b, h, i, j) =>
      select(le(j, add(i, cache)), mul(scores.at(b, h, i, j), 1 / Math.sqrt(dim)), constant(dtype, Number.NEGATIVE_INFINITY)),
    );
    const middle = residual("middle", x, attend(softmax(masked), behind("value", value), hidden));
    return { y: residual("y", middle, feedForward(layerNorm("again", middle), ffn)), key, value };
  },
);
