/** The feed-forward block of a Llama layer: y = (silu(x gate) * (x up)) down. */
import { input, map, mul, program, reduce, sigmoid } from "weft";

export default program("mlp", { rows: 512, hidden: 4096, ffn: 11_008, dtype: "bf16" }, ({ rows, hidden, ffn, dtype }) => {
  const x = input("x", dtype, [rows, hidden]);
  const gate = input("gate", dtype, [hidden, ffn]);
  const up = input("up", dtype, [hidden, ffn]);
  const down = input("down", dtype, [ffn, hidden]);
  const gated = map("gated", [rows, ffn], (i, j) => reduce("add", [hidden], (k) => mul(x.at(i, k), gate.at(k, j))));
  const upped = map("upped", [rows, ffn], (i, j) => reduce("add", [hidden], (k) => mul(x.at(i, k), up.at(k, j))));
  const inner = map("inner", [rows, ffn], (i, j) => mul(mul(gated.at(i, j), sigmoid(gated.at(i, j))), upped.at(i, j)));
  return { y: map("y", [rows, hidden], (i, j) => reduce("add", [ffn], (k) => mul(inner.at(i, k), down.at(k, j)))) };
});
