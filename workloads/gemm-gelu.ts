/** A linear layer with its activation: y = gelu(x w + bias), where gelu(z) = z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))). */
import { add, type Expr, input, map, mul, program, reduce, tanh } from "weft";

export function gelu(z: Expr): Expr {
  const cube = mul(z, mul(z, z));
  return mul(mul(z, 0.5), add(tanh(mul(add(z, mul(cube, 0.044715)), Math.sqrt(2 / Math.PI))), 1));
}

export default program("gemm-gelu", { rows: 512, hidden: 1024, ffn: 4096, dtype: "bf16" }, ({ rows, hidden, ffn, dtype }) => {
  const x = input("x", dtype, [rows, hidden]);
  const w = input("w", dtype, [hidden, ffn]);
  const bias = input("bias", dtype, [ffn]);
  const product = map("product", [rows, ffn], (i, j) => reduce("add", [hidden], (k) => mul(x.at(i, k), w.at(k, j))));
  const shifted = map("shifted", [rows, ffn], (i, j) => add(product.at(i, j), bias.at(j)));
  return { y: map("y", [rows, ffn], (i, j) => gelu(shifted.at(i, j))) };
});
