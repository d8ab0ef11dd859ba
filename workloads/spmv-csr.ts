/**
 * Sparse matrix times vector, with the non-zeros of all rows one after the other and where each row starts (compressed sparse rows). The row of a
 * non-zero is the number of rows that have started by then, less one.
 */
import { count, ge, groupBy, input, map, mul, program, scan, sub, sum, uniform } from "weft";

export default program("spmv-csr", { rows: 4096, cols: 4096, nnz: 262_144, dtype: "f32" }, ({ rows, cols, nnz, dtype }) => {
  const start = input("start", "i32", [rows], { data: uniform(0, nnz) });
  const values = input("values", dtype, [nnz]);
  const columns = input("columns", "i32", [nnz], { data: uniform(0, cols - 1) });
  const x = input("x", dtype, [cols]);
  const starts = groupBy("starts", [rows], (i) => ({ key: start.at(i), keys: nnz + 1, fields: { count: count() } }));
  const started = scan("started", "add", [nnz], (k) => starts.count.at(k));
  const product = map("product", [nnz], (k) => mul(values.at(k), x.at(columns.at(k))));
  const y = groupBy("y", [nnz], (k) => ({ when: ge(started.at(k), 1), key: sub(started.at(k), 1), keys: rows, fields: { sum: sum(product.at(k)) } }));
  return { y: y.sum };
});
