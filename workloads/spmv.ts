/** Sparse matrix times vector, with the same number of non-zeros in every row: their values and column numbers (ELLPACK). */
import { input, map, mul, program, reduce, uniform } from "weft";

export default program("spmv", { rows: 4096, cols: 4096, nnz_per_row: 64, dtype: "f32" }, ({ rows, cols, nnz_per_row, dtype }) => {
  const values = input("values", dtype, [rows, nnz_per_row]);
  const columns = input("columns", "i32", [rows, nnz_per_row], { data: uniform(0, cols - 1) });
  const x = input("x", dtype, [cols]);
  return { y: map("y", [rows], (i) => reduce("add", [nnz_per_row], (k) => mul(values.at(i, k), x.at(columns.at(i, k))))) };
});
