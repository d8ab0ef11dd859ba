/** An encoder layer of BERT, without a mask and each residual sum normalised behind its addition. A head has hidden / heads columns, rounded up. */
import { input, map, mul, program } from "weft";
import { attend, byHead, feedForward, layerNorm, residual, scoresOf, softmax } from "./layers.ts";

export default program("gpu-encoder", { batch: 1, seq: 128, hidden: 768, heads: 12, ffn: 3072, dtype: "f16" }, ({ batch, seq, hidden, heads, ffn, dtype }) => {
  const dim = Math.ceil(hidden / heads);
  const x = input("x", dtype, [batch, seq, hidden]);
  const [query, key, value] = [byHead("query", x, heads, dim), byHead("key", x, heads, dim), byHead("value", x, heads, dim)];
  const scores = scoresOf(query, key);
  const scaled = map("scaled", [batch, heads, seq, seq], (b, h, i, j) => mul(scores.at(b, h, i, j), 1 / Math.sqrt(dim)));
  const attended = attend(softmax(scaled), value, hidden);
  const normed = layerNorm("normed", residual("middle", x, attended));
  return { y: layerNorm("y", residual("end", normed, feedForward(normed, ffn))) };
});
