/**
 * Golden inputs and outputs of MachSuite's kernels as Spatial tests them (github stanford-ppl/test-data, MIT), as a table of cases that the interpreter
 * and the machines alike can run. The files stay outside the repository.
 */

import { existsSync, readFileSync } from "node:fs";
import type { Definition } from "../../src/pattern/builder.ts";
import { arrayFor } from "../../src/pattern/dtypes.ts";
import type { Program, TensorValues } from "../../src/pattern/program.ts";
import { checkProgram } from "../../src/pattern/verify.ts";
import bfs from "../../workloads/bfs.ts";
import fft from "../../workloads/fft.ts";
import gemm from "../../workloads/gemm.ts";
import mdKnn from "../../workloads/md-knn.ts";
import mergesort from "../../workloads/mergesort.ts";
import pagerank from "../../workloads/pagerank.ts";
import spmv from "../../workloads/spmv.ts";
import spmvCsr from "../../workloads/spmv-csr.ts";
import stencil2d from "../../workloads/stencil2d.ts";
import viterbi from "../../workloads/viterbi.ts";
import { backprop, backpropOfSpatial, mdGrid, search, stencil3d } from "./spatial-programs.ts";

export interface GoldenCase {
  readonly name: string;
  readonly definition: Definition;
  readonly params: Readonly<Record<string, number | string>>;
  readonly inputs: TensorValues;
  /** Output -> its values. */
  readonly expected: Readonly<Record<string, readonly number[]>>;
  /** Largest difference of any element; 0 for integers. */
  readonly tolerance: number;
  /** Where `expected` comes from: a golden file, or plain loops over the golden inputs where there is none. */
  readonly source: "golden file" | "plain loops";
}

const folder = new URL("../../../shared/cases/spatial/", import.meta.url);

export const goldenFilesAreHere = existsSync(folder);

/** All numbers of a file. */
export function numbers(file: string): readonly number[] {
  return readFileSync(new URL(file, folder), "utf8")
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map(Number);
}

const column = (file: string): Float64Array => Float64Array.from(numbers(file));
const integers = (file: string): Int32Array => Int32Array.from(numbers(file));

/** Each case in the dtypes that it is told in; for floats in f64 (what the golden files were computed in) and in f32. */
export function goldenCases(): readonly GoldenCase[] {
  const floats = [inF64, inF32].flatMap((of) => [
    spmvEll(of),
    spmvCrs(of),
    product(of),
    fftStrided(of),
    fftTransposed(of),
    knn(of),
    grid(of),
    likeliestPath(of),
  ]);
  return [...floats, sorting(), stencilPlane(), stencilBox(), levels(), ranks(), words(), training(), trainingOfSpatial()];
}

/** The case as a program, its inputs in arrays of the program's dtypes, and so in their precision. */
export function instanceOf({ definition, params, inputs }: GoldenCase): { readonly program: Program; readonly inputs: TensorValues } {
  const program = checkProgram(definition.build(params));
  const arrayOf = (name: string) => arrayFor(program.tensors.find((tensor) => tensor.name === name)!.dtype, inputs[name]!.length);
  return { program, inputs: Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, Object.assign(arrayOf(name), { ...values })])) };
}

/** Largest difference of any element of any output; NaN where an output or an element is missing, or too many are there. */
export function largestError({ expected }: GoldenCase, found: TensorValues): number {
  const names = Object.keys(expected);
  if (names.sort().join() !== Object.keys(found).sort().join()) return Number.NaN;
  const differences = names.flatMap((name) => {
    const values = found[name]!;
    return values.length === expected[name]!.length ? expected[name]!.map((value, position) => Math.abs(value - values[position]!)) : [Number.NaN];
  });
  return Math.max(...differences);
}

interface Precision {
  readonly dtype: "f64" | "f32";
  /** Unit roundoff. */
  readonly unit: number;
}

const inF64: Precision = { dtype: "f64", unit: 2 ** -53 };
const inF32: Precision = { dtype: "f32", unit: 2 ** -24 };

function floatCase(
  { dtype, unit }: Precision,
  { params, roundings, ...rest }: Omit<GoldenCase, "tolerance" | "source"> & { readonly roundings: number },
): GoldenCase {
  const largest = Math.max(...Object.values(rest.expected).flatMap((values) => values.map(Math.abs)));
  return { ...rest, name: `${rest.name}, ${dtype}`, params: { ...params, dtype }, tolerance: roundings * unit * largest, source: "golden file" };
}

// --- floats ---

function spmvEll(precision: Precision): GoldenCase {
  return floatCase(precision, {
    ...{ name: "SpMV, ELL", definition: spmv, params: { rows: 494, cols: 494, nnz_per_row: 10 }, roundings: 12 },
    inputs: { values: column("SPMV/ell_values.csv"), columns: integers("SPMV/ell_cols.csv"), x: column("SPMV/ell_vec.csv") },
    expected: { y: numbers("SPMV/ell_gold.csv") },
  });
}

function spmvCrs(precision: Precision): GoldenCase {
  return floatCase(precision, {
    ...{ name: "SpMV, CRS", definition: spmvCsr, params: { rows: 494, cols: 494, nnz: 1666 }, roundings: 12 },
    inputs: {
      start: integers("SPMV/crs_rowid.csv").slice(0, 494),
      values: column("SPMV/crs_values.csv"),
      columns: integers("SPMV/crs_cols.csv"),
      x: column("SPMV/crs_vec.csv"),
    },
    expected: { y: numbers("SPMV/crs_gold.csv") },
  });
}

function product(precision: Precision): GoldenCase {
  return floatCase(precision, {
    ...{ name: "GEMM", definition: gemm, params: { m: 64, n: 64, k: 64 }, roundings: 66 },
    inputs: { a: column("gemm/gemm_a.csv"), b: column("gemm/gemm_b.csv") },
    expected: { c: numbers("gemm/gemm_gold.csv") },
  });
}

/** The file's twiddles; its results stand in bit-reversed order. */
function fftStrided(precision: Precision): GoldenCase {
  const natural = (file: string) => {
    const values = numbers(file);
    return values.map((_, i) => values[Number.parseInt(i.toString(2).padStart(10, "0").split("").reverse().join(""), 2)]!);
  };
  return floatCase(precision, {
    ...{ name: "FFT, strided", definition: fft, params: { n: 1024 }, roundings: 40 },
    inputs: {
      real: column("fft/fft_strided_real.csv"),
      imaginary: column("fft/fft_strided_img.csv"),
      cos: column("fft/fft_strided_twidreal.csv"),
      sin: column("fft/fft_strided_twidimg.csv"),
    },
    expected: { re: natural("fft/fft_strided_real_gold.csv"), im: natural("fft/fft_strided_img_gold.csv") },
  });
}

/** The golden values are right to 3e-9: the program that made them took 2 pi and the root of 1/2 to ten digits. */
function fftTransposed(precision: Precision): GoldenCase {
  const angles = Array.from({ length: 256 }, (_, k) => (-2 * Math.PI * k) / 512);
  const exact = floatCase(precision, {
    ...{ name: "FFT, transpose", definition: fft, params: { n: 512 }, roundings: 40 },
    inputs: {
      real: column("fft/fft_transpose_x.csv"),
      imaginary: column("fft/fft_transpose_y.csv"),
      cos: Float64Array.from(angles, Math.cos),
      sin: Float64Array.from(angles, Math.sin),
    },
    expected: { re: numbers("fft/fft_transpose_x_gold.csv"), im: numbers("fft/fft_transpose_y_gold.csv") },
  });
  return { ...exact, tolerance: exact.tolerance + 5e-9 };
}

/** In f32 positions of up to 20 lose 2e-6 of a distance of about 1, of which the force takes the 14th power. */
function knn(precision: Precision): GoldenCase {
  return floatCase(precision, {
    ...{ name: "MD, nearest neighbours", definition: mdKnn, params: { atoms: 256, neighbours: 16 }, roundings: 600 },
    inputs: {
      ...{ x: column("MD/knn_x.csv"), y: column("MD/knn_y.csv"), z: column("MD/knn_z.csv") },
      neighbour: integers("MD/knn_interactions.csv"),
    },
    expected: { fx: numbers("MD/knn_x_gold.csv"), fy: numbers("MD/knn_y_gold.csv"), fz: numbers("MD/knn_z_gold.csv") },
  });
}

function grid(precision: Precision): GoldenCase {
  const axis = (values: readonly number[], which: number) => values.filter((_, position) => position % 3 === which);
  const [at, force] = [numbers("MD/grid_dvec.csv"), numbers("MD/grid_gold.csv")];
  return floatCase(precision, {
    ...{ name: "MD, grid", definition: mdGrid, params: { side: 4, density: 10 }, roundings: 600 },
    inputs: { x: Float64Array.from(axis(at, 0)), y: Float64Array.from(axis(at, 1)), z: Float64Array.from(axis(at, 2)) },
    expected: { fx: axis(force, 0), fy: axis(force, 1), fz: axis(force, 2) },
  });
}

/** There is no file of the costs of starting in each state; all alike, they do not change the path. */
function likeliestPath({ dtype }: Precision): GoldenCase {
  return {
    ...{ name: `Viterbi, ${dtype}`, definition: onlyPath, params: { states: 64, tokens: 64, steps: 140, dtype }, tolerance: 0, source: "golden file" },
    inputs: {
      start: new Float64Array(64),
      transition: column("viterbi/viterbi_transition.csv"),
      emission: column("viterbi/viterbi_emission.csv"),
      observed: integers("viterbi/obs_vec.csv"),
    },
    expected: { path: numbers("viterbi/correct_path.csv") },
  };
}

/** The cost of the path is no part of the golden file. */
const onlyPath: Definition = {
  ...viterbi,
  build: (settings) => {
    const program = viterbi.build(settings);
    return { ...program, outputs: { path: program.outputs.path! } };
  },
};

// --- integers ---

function exact(rest: Omit<GoldenCase, "tolerance" | "source">, source: GoldenCase["source"] = "golden file"): GoldenCase {
  return { ...rest, tolerance: 0, source };
}

function sorting(): GoldenCase {
  return exact({
    ...{ name: "sort", definition: mergesort, params: { n: 2048 } },
    inputs: { x: integers("sort/sort_data.csv") },
    expected: { y: numbers("sort/sort_gold.csv") },
  });
}

/** The filter is that of the program. */
function stencilPlane(): GoldenCase {
  return exact({
    ...{ name: "stencil, 2-D", definition: stencil2d, params: { h: 128, w: 64, dtype: "i32" } },
    inputs: { x: integers("stencil/stencil2d_data.csv"), filter: Int32Array.of(468, 909, 379, 165, 886, 771, 159, 963, 553) },
    expected: { y: numbers("stencil/stencil2d_gold.csv") },
  });
}

function stencilBox(): GoldenCase {
  return exact({
    ...{ name: "stencil, 3-D", definition: stencil3d, params: { height: 32, cols: 32, rows: 16 } },
    inputs: { x: integers("stencil/stencil3d_data.csv"), centre: Int32Array.of(6), around: Int32Array.of(-1) },
    expected: { y: numbers("stencil/stencil3d_gold.csv") },
  });
}

// --- without golden files ---

/** From node 38, as in the program. */
function levels(): GoldenCase {
  const [ends, to] = [numbers("bfs/bfs_nodes.csv"), numbers("bfs/bfs_edges.csv")];
  const from = Array.from({ length: 256 }, (_, v) => new Array<number>(ends[2 * v + 1]! - ends[2 * v]!).fill(v)).flat();
  const level = new Array<number>(256).fill(-1);
  level[38] = 0;
  for (let round = 0; round < 10; round++) {
    from.forEach((v, e) => {
      if (level[v] === round && level[to[e]!] === -1) level[to[e]!] = round + 1;
    });
  }
  return exact(
    {
      ...{ name: "BFS", definition: bfs, params: { nodes: 256, edges: 4096, source: 38, levels: 10 } },
      inputs: { from: Int32Array.from(from), to: Int32Array.from(to) },
      expected: { level },
    },
    "plain loops",
  );
}

/** Three rounds over the food web of Chesapeake Bay. */
function ranks(): GoldenCase {
  const [nodes, , ...ends] = numbers("pagerank/pagerank_chesapeake.csv");
  const [from, to] = [0, 1].map((side) => ends.filter((_, position) => position % 2 === side).map((node) => node - 1)) as [number[], number[]];
  let rank = new Array<number>(nodes!).fill(1 / nodes!);
  for (let round = 0; round < 3; round++) {
    const next = new Array<number>(nodes!).fill(0.15 / nodes!);
    from.forEach((v, e) => {
      next[to[e]!]! += (0.85 * rank[v]!) / from.filter((other) => other === v).length;
    });
    rank = next;
  }
  return {
    ...{ name: "PageRank", definition: pagerank, params: { nodes: nodes!, edges: from.length, iterations: 3 }, source: "plain loops" },
    inputs: { from: Int32Array.from(from), to: Int32Array.from(to) },
    expected: { rank },
    tolerance: 3 * 40 * inF32.unit * Math.max(...rank),
  };
}

function words(): GoldenCase {
  const text = readFileSync(new URL("kmp/kmp_string.csv", folder), "latin1");
  const bytes = (word: string) => Int8Array.from(word, (letter) => letter.charCodeAt(0));
  return exact(
    {
      ...{ name: "KMP", definition: search, params: { n: text.length, length: 4 } },
      inputs: { text: bytes(text), word: bytes("bull") },
      expected: { count: [text.split("bull").length - 1] },
    },
    "plain loops",
  );
}

/** The first biases of the last layer have no file; they are those of the program. */
function trainingInputs(samples: number): Inputs {
  const file = (name: string) => numbers(`backprop/backprop_${name}.csv`);
  return {
    ...{ weights1: file("weights1"), weights2: file("weights2"), weights3: file("weights3"), bias1: file("bias1"), bias2: file("bias2") },
    ...{ bias3: [0.25505065918, 0.018173217773, -0.353927612305] },
    ...{ x: file("training_data").slice(0, 13 * samples), target: file("training_targets").slice(0, 3 * samples) },
  };
}

const inArrays = (values: Readonly<Record<string, readonly number[]>>): TensorValues =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, Float64Array.from(list)]));

function training(): GoldenCase {
  const samples = 20;
  const inputs = trainingInputs(samples);
  const { weights1: w1, weights2: w2, weights3: w3, bias1: b1, bias2: b2, bias3: b3, x, target } = inputs;
  let net: Net = { w1, w2, w3, b1, b2, b3 };
  for (let s = 0; s < samples; s++) net = trained(net, x.slice(13 * s, 13 * (s + 1)), target.slice(3 * s, 3 * (s + 1)));
  return {
    ...{ name: `backprop, ${samples} samples`, definition: backprop, params: { samples }, source: "plain loops" },
    inputs: inArrays(inputs),
    expected: { ...net },
    tolerance: 1e-9,
  };
}

/**
 * Spatial's own test allows 0.75 at weights of norm 1, as it works in 32 bits behind the point and with series for exp and sqrt, and leaves out the weights and
 * biases of the first layer, which saturate there. It takes the golden biases of the last layer from its program; its file has others.
 */
function trainingOfSpatial(): GoldenCase {
  const golden = (name: string) => numbers(`backprop/backprop_${name}_gold.csv`);
  return {
    ...{ name: "backprop of Spatial, 163 samples", definition: checked, params: {}, source: "golden file", tolerance: 0.75 },
    inputs: inArrays(trainingInputs(163)),
    expected: { w2: golden("weights2"), w3: golden("weights3"), b2: golden("bias2"), b3: [0.004640321253, 0.00028688508, -0.999970108932] },
  };
}

const checked: Definition = {
  ...backpropOfSpatial,
  build: (settings) => {
    const program = backpropOfSpatial.build(settings);
    const { w2, w3, b2, b3 } = program.outputs as Readonly<Record<keyof Net, string>>;
    return { ...program, outputs: { w2, w3, b2, b3 } };
  },
};

type Inputs = Readonly<Record<"weights1" | "weights2" | "weights3" | "bias1" | "bias2" | "bias3" | "x" | "target", readonly number[]>>;

type Net = Readonly<Record<"w1" | "w2" | "w3" | "b1" | "b2" | "b3", readonly number[]>>;

/** One step of MachSuite's training. */
function trained({ w1, w2, w3, b1, b2, b3 }: Net, x: readonly number[], target: readonly number[]): Net {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const layer = (w: readonly number[], b: readonly number[], a: readonly number[]) =>
    b.map((bias, j) => sum(a.map((value, i) => value * w[i * b.length + j]!)) + bias);
  const active = (z: readonly number[]) => z.map((value) => 1 / (1 + Math.exp(-value)));
  const back = (z: readonly number[], w: readonly number[], d: readonly number[]) =>
    z.map((value, i) => value * (1 - value) * sum(d.map((delta, j) => delta * w[i * d.length + j]!)));
  const moved = (old: readonly number[], step: (position: number) => number) => {
    const by = old.map((value, position) => value - 0.01 * step(position));
    const norm = Math.sqrt(sum(by.map((value) => value ** 2)));
    return by.map((value) => value / norm);
  };
  const weights = (w: readonly number[], a: readonly number[], d: readonly number[]) => moved(w, (n) => a[Math.floor(n / d.length)]! * d[n % d.length]!);
  const z1 = layer(w1, b1, x);
  const z2 = layer(w2, b2, active(z1));
  const z3 = layer(w3, b3, active(z2));
  const soft = active(z3).map((a) => Math.exp(-a));
  const d3 = z3.map((z, i) => (target[i]! - soft[i]! / sum(soft)) * z * (1 - z));
  const d2 = back(z2, w3, d3);
  const d1 = back(z1, w2, d2);
  const biases = (b: readonly number[], d: readonly number[]) => moved(b, (n) => d[n]!);
  return {
    w1: weights(w1, x, d1),
    w2: weights(w2, active(z1), d2),
    w3: weights(w3, active(z2), d3),
    b1: biases(b1, d1),
    b2: biases(b2, d2),
    b3: biases(b3, d3),
  };
}
