/** An encoder layer of BERT: each residual sum is normalised behind its addition, and a mask is added to the scores, one number a key. A head has hidden / heads columns, rounded up. */
import { add, input, map, mul, program } from "weft";
import { attend, byHead, feedForward, layerNorm, residual, scoresOf, softmax } from "./layers.ts";

export default program("gpu-encoder", { batch: 1, seq: 128, hidden: 768, heads: 12, ffn: 3072, dtype: "f16" }, ({ batch, seq, hidden, heads, ffn, dtype }) => {
  const dim = Math.ceil(hidden / heads);
  const x = input("x", dtype, [batch, seq, hidden]);
  const [query, key, value] = [byHead("query", x, heads, dim), byHead("key", x, heads, dim), byHead("value", x, heads, dim)];
  const scores = scoresOf(query, key);
  const scaled = map("scaled", [batch, heads, seq, seq], (b, h, i, j) => mul(scores.at(b, h, i, j), 1 / Math.sqrt(dim)));
  const mask = input("mask", dtype, [batch, seq]);
  const masked = map("masked", [batch, heads, seq, seq], (b, h, i, j) => add(scaled.at(b, h, i, j), mask.at(b, j)));
  const attended = attend(softmax(masked), value, hidden);
  const normed = layerNorm("normed", residual("middle", x, attended));
  return { y: layerNorm("y", residual("end", normed, feedForward(normed, ffn))) };
});
