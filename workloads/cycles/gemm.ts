/**
 * PIR's GEMM: for tiles of c, `its` x `ts`, the sum over tiles of `ts` of the products of a tile of a and one of b. Tiles are loaded, added up and stored on as many lanes as
 * a product is folded on. PIR's copies of the loops inside a tile are copies of smaller tiles here.
 */
import { input, map, mul, program, reduce } from "weft";

export default program(
  "pir-gemm",
  { dim: 128, ts: 64, its: 64, loop_ii: 1, loop_jj: 1, loop_kk: 1, loop_i: 1, loop_j: 1, ip: 16 },
  ({ dim }) => {
    const a = input("a", "i32", [dim, dim]);
    const b = input("b", "i32", [dim, dim]);
    return { c: map("c", [dim, dim], (i, j) => reduce("add", [dim], (k) => mul(a.at(i, k), b.at(k, j)))) };
  },
  ({ ts, its, loop_ii, loop_jj, loop_kk, loop_i, loop_j, ip }) => ({
    tile: { "c.0": Math.ceil(its / loop_i), "c.1": Math.ceil(ts / loop_j), "c.2": ts },
    par: { "c.0": loop_ii * loop_i, "c.1": loop_jj * loop_j, "c.2": loop_kk },
    lanes: { "c.1": ip, "c.2": ip },
    buffer: { a: 2, b: 2, "c.part": 2 },
  }),
);
