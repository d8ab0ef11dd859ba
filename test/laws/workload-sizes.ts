/**
 * Four sizes of every workload that is not tiled by hand in workload-cases.ts: one, primes, not a multiple of the lanes, and one with many turns.
 * `terms`: values folded into one element of an output, which bounds how much the order of a fold can matter.
 */

import type { Definition } from "../../src/pattern/builder.ts";
import { workloads } from "../../workloads/index.ts";

export interface Sizes {
  readonly definition: Definition;
  readonly params: readonly Readonly<Record<string, number | string>>[];
  readonly terms: number;
}

/** Parameters in order, and a row of their values for each size. */
const table: Readonly<Record<string, { readonly names: string; readonly rows: string; readonly terms: number }>> = {
  "attention-backward": { names: "seq heads dim causal", rows: "1 1 1 0; 7 3 5 1; 20 2 17 1; 33 2 20 0", terms: 64 },
  outer: { names: "m n", rows: "1 1; 31 37; 50 70; 96 320", terms: 1 },
  layernorm: { names: "rows cols", rows: "1 1; 13 67; 20 100; 48 160", terms: 160 },
  mlp: { names: "rows hidden ffn", rows: "1 1 1; 7 31 37; 10 33 50; 24 48 96", terms: 144 },
  "gemm-chain": { names: "m n k p", rows: "1 1 1 1; 13 31 7 11; 20 50 33 10; 48 96 40 24", terms: 136 },
  "gemm-gelu": { names: "rows hidden ffn", rows: "1 1 1; 7 31 37; 10 33 50; 24 48 96", terms: 48 },
  monarch: { names: "rows blocks size", rows: "1 1 1; 7 5 11; 10 20 6; 24 12 48", terms: 60 },
  bottleneck: { names: "images h w c k", rows: "1 1 1 1 1; 3 5 7 11 5; 2 6 10 20 6; 3 8 9 48 16", terms: 208 },
  decoder: { names: "hidden heads ffn seq cache", rows: "2 1 1 1 0; 14 3 13 5 7; 24 2 50 10 0; 48 4 96 1 40", terms: 400 },
  blackscholes: { names: "n", rows: "1; 997; 1000; 8000", terms: 40 },
  histogram: { names: "n bins", rows: "1 1; 997 31; 1000 100; 20000 300", terms: 1 },
  mergesort: { names: "n", rows: "1; 31; 100; 700", terms: 1 },
  fft: { names: "n", rows: "1; 31; 100; 700", terms: 40 },
  kmeans: { names: "n dim k iterations", rows: "1 1 1 1; 67 7 5 3; 100 10 6 2; 300 24 8 4", terms: 1200 },
  "kmeans-flights": { names: "n k iterations", rows: "1 1 1; 97 3 2; 500 6 2; 3000 8 3", terms: 9000 },
  gda: { names: "n dim", rows: "1 1; 101 7; 100 20; 400 32", terms: 400 },
  logreg: { names: "n dim iterations", rows: "1 1 1; 67 13 3; 100 50 2; 300 64 4", terms: 1500 },
  sgd: { names: "n dim epochs batch", rows: "1 1 1 1; 101 13 2 7; 200 50 1 20; 480 64 3 96", terms: 2500 },
  conv2d: { names: "h w c k r stride", rows: "1 1 1 1 1 1; 7 5 3 11 3 1; 10 6 4 20 3 2; 16 18 16 24 3 1", terms: 144 },
  stencil2d: { names: "h w", rows: "1 1; 13 17; 20 50; 64 96", terms: 1 },
  spmv: { names: "rows cols nnz_per_row", rows: "1 1 1; 101 67 7; 200 300 20; 700 1000 24", terms: 24 },
  "spmv-csr": { names: "rows cols nnz", rows: "1 1 1; 31 67 101; 50 300 1000; 300 1000 6000", terms: 200 },
  pagerank: { names: "nodes edges iterations", rows: "1 1 1; 31 101 3; 100 500 2; 400 3000 4", terms: 100 },
  bfs: { names: "nodes edges levels", rows: "1 1 1; 31 67 31; 100 250 3; 400 2000 400", terms: 1 },
  lstm: { names: "hidden steps", rows: "1 1; 13 3; 20 4; 48 5", terms: 500 },
  gru: { names: "hidden steps", rows: "1 1; 13 3; 20 4; 48 5", terms: 500 },
  viterbi: { names: "states tokens steps", rows: "1 1 1; 7 5 11; 20 10 10; 40 24 16", terms: 32 },
  "md-knn": { names: "atoms neighbours", rows: "1 1; 31 7; 100 10; 400 24", terms: 100 },
  join: { names: "rows airports states", rows: "1 1 1; 997 31 7; 1000 229 57; 8000 300 57", terms: 300 },
  hashjoin: { names: "rows airports states codes", rows: "1 1 1 1; 101 13 3 31; 500 50 10 100; 4000 200 57 600", terms: 1 },
};

export const sizes: readonly Sizes[] = Object.entries(table).map(([name, { names, rows, terms }]) => {
  const definition = workloads.find((candidate) => candidate.name === name);
  if (definition === undefined) throw new Error(`no workload is called ${name}`);
  const params = rows.split("; ").map((row) => Object.fromEntries(names.split(" ").map((parameter, i) => [parameter, Number(row.split(" ")[i])])));
  return { definition, params, terms };
});

/** One size of each workload that is large enough for tiles and copies. */
export const middleSizes: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  attention: { seq: 256, heads: 4, dim: 64 },
  dot: { n: 100_000 },
  flights: { rows: 100_000, origins: 300 },
  gemm: { m: 256, n: 384, k: 128 },
  softmax: { rows: 512, cols: 1000 },
  "tpch-q6": { n: 100_000 },
  ...Object.fromEntries(sizes.map(({ definition, params }) => [definition.name, params.at(-1)!])),
};
