/** Two matrix products with a scaling and a transpose between them, the example of fusion in the SN40L's paper (MICRO 2024, figure 3): gemm1 = w1 (scale w0 i0)^T. */
import { input, map, mul, program, reduce } from "weft";

export default program("gemm-chain", { m: 1024, n: 1024, k: 128, p: 128, dtype: "bf16" }, ({ m, n, k, p, dtype }) => {
  const w0 = input("w0", dtype, [m, k]);
  const i0 = input("i0", dtype, [k, n]);
  const scale = input("scale", dtype, []);
  const w1 = input("w1", dtype, [p, n]);
  const gemm0 = map("gemm0", [m, n], (i, j) => reduce("add", [k], (l) => mul(w0.at(i, l), i0.at(l, j))));
  const scaled = map("scaled", [m, n], (i, j) => mul(gemm0.at(i, j), scale));
  const transposed = map("transposed", [n, m], (j, i) => scaled.at(i, j));
  return { gemm1: map("gemm1", [p, m], (h, i) => reduce("add", [n], (j) => mul(w1.at(h, j), transposed.at(j, i)))) };
});
