/** Parts of neural networks among the workloads, against loops over plain numbers at small and odd sizes, all in f32. */

import { describe, expect, test } from "vitest";
import attention from "../../workloads/attention.ts";
import attentionBackward from "../../workloads/attention-backward.ts";
import bottleneck from "../../workloads/bottleneck.ts";
import decoder from "../../workloads/decoder.ts";
import gemmChain from "../../workloads/gemm-chain.ts";
import gemmGelu from "../../workloads/gemm-gelu.ts";
import monarch from "../../workloads/monarch.ts";
import { allNear, evaluate, range, total } from "./workloads-support.ts";

/** A matrix by rows. */
type Matrix = readonly (readonly number[])[];
type Inputs = Readonly<Record<string, readonly number[]>>;

const rowsOf = (values: readonly number[], cols: number): Matrix => range(values.length / cols).map((i) => values.slice(i * cols, (i + 1) * cols));
const column = (matrix: Matrix, j: number): readonly number[] => matrix.map((row) => row[j]!);
const along = (a: readonly number[], b: readonly number[]): number => total(a.map((value, k) => value * b[k]!));
const product = (a: Matrix, b: Matrix): Matrix => a.map((row) => b[0]!.map((_, j) => along(row, column(b, j))));
const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => column(a, j));
const silu = (z: number): number => z / (1 + Math.exp(-z));

/** Of so many roundings on a scale of the largest of what is expected. */
function allClose(found: readonly number[] | undefined, expected: readonly number[], roundings: number): void {
  allNear(found, expected, roundings, Math.max(1, ...expected.map(Math.abs)));
}

describe("gemm-chain", () => {
  test.each([
    { m: 1, n: 1, k: 1, p: 1 },
    { m: 3, n: 5, k: 7, p: 2 },
    { m: 17, n: 4, k: 3, p: 9 },
  ])("%o is w1 times the transpose of the scaled product", ({ m, n, k, p }) => {
    const { inputs, outputs } = evaluate(gemmChain, { m, n, k, p, dtype: "f32" });
    const { w0, i0, scale, w1 } = inputs as Inputs;
    const scaled = product(rowsOf(w0!, k), rowsOf(i0!, n)).map((row) => row.map((value) => value * scale![0]!));
    allClose(outputs.gemm1, product(rowsOf(w1!, n), transpose(scaled)).flat(), 4 * (k + n) * n);
  });
});

describe("gemm-gelu", () => {
  test.each([
    { rows: 1, hidden: 1, ffn: 1 },
    { rows: 3, hidden: 5, ffn: 17 },
  ])("%o is close to z times the normal distribution's share below z", ({ rows, hidden, ffn }) => {
    const { inputs, outputs } = evaluate(gemmGelu, { rows, hidden, ffn, dtype: "f32" });
    const { x, w, bias } = inputs as Inputs;
    const z = product(rowsOf(x!, hidden), rowsOf(w!, ffn)).flatMap((row) => row.map((value, j) => value + bias![j]!));
    const gelu = (value: number): number => (value / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
    allClose(outputs.y, z.map(gelu), 8 * (hidden + 8));
    z.forEach((value, i) => {
      expect(Math.abs(outputs.y![i]! - value * normalShare(value))).toBeLessThan(1e-3);
    });
  });
});

/** Of a normal distribution below z, by Simpson's rule. */
function normalShare(z: number): number {
  const [steps, low] = [2000, -12];
  const at = (i: number): number => Math.exp(-((low + ((z - low) * i) / steps) ** 2) / 2) / Math.sqrt(2 * Math.PI);
  return total(range(steps + 1).map((i) => at(i) * (i === 0 || i === steps ? 1 : i % 2 === 0 ? 2 : 4))) * ((z - low) / steps / 3);
}

describe("monarch", () => {
  test.each([
    { rows: 1, blocks: 1, size: 1 },
    { rows: 2, blocks: 3, size: 5 },
    { rows: 3, blocks: 4, size: 2 },
  ])("%o is each row times the matrix whose element is left times right", ({ rows, blocks, size }) => {
    const { inputs, outputs } = evaluate(monarch, { rows, blocks, size, dtype: "f32" });
    const { x, right, left } = inputs as Inputs;
    const columns = blocks * size;
    /** From element (b, k) of a row to element (c, s): by way of element s of block b. */
    const element = (b: number, k: number, c: number, s: number): number => right![(b * size + k) * size + s]! * left![(s * blocks + b) * blocks + c]!;
    const matrix = range(columns).map((from) => range(columns).map((to) => element(Math.floor(from / size), from % size, Math.floor(to / size), to % size)));
    allClose(outputs.y, product(rowsOf(x!, columns), matrix).flat(), 8 * columns);
  });
});

describe("bottleneck", () => {
  test.each([
    { images: 1, h: 1, w: 1, c: 1, k: 1 },
    { images: 2, h: 3, w: 4, c: 5, k: 2 },
  ])("%o is three convolutions and the input", ({ images, h, w, c, k }) => {
    const { inputs, outputs } = evaluate(bottleneck, { images, h, w, c, k, dtype: "f32" });
    const { x, w1, b1, w2, b2, w3, b3 } = inputs as Inputs;
    const biased = (pixels: Matrix, bias: readonly number[]): Matrix => pixels.map((pixel) => pixel.map((value, f) => Math.max(0, value + bias[f]!)));
    const pixels = rowsOf(x!, c);
    const narrow = biased(product(pixels, rowsOf(w1!, k)), b1!);
    const window = (at: number): readonly number[] => {
      const [n, i, j] = [Math.floor(at / (h * w)), Math.floor(at / w) % h, at % w];
      return range(9).flatMap((tap) => {
        const [row, col] = [i + Math.floor(tap / 3) - 1, j + (tap % 3) - 1];
        return row < 0 || col < 0 || row >= h || col >= w ? range(k).map(() => 0) : narrow[(n * h + row) * w + col]!;
      });
    };
    const around = biased(product(range(images * h * w).map(window), rowsOf(w2!, k)), b2!);
    const wide = product(around, rowsOf(w3!, c)).map((pixel, at) => pixel.map((value, f) => value + pixels[at]![f]!));
    allClose(outputs.y, biased(wide, b3!).flat(), 8 * (c + 9 * k + k) * (c + k));
  });
});

describe("attention-backward", () => {
  const sizes = { seq: 5, heads: 2, dim: 3, dtype: "f64" };

  test("has what attention gives", () => {
    const { inputs, outputs } = evaluate(attentionBackward, sizes);
    const given = Object.fromEntries(["q", "k", "v"].map((name) => [name, Float64Array.from(inputs[name]!)]));
    expect(outputs.y).toEqual(evaluate(attention, sizes, given).outputs.y);
  });

  test("has no weight on later positions where it is causal: the first position sees itself alone", () => {
    const { inputs, outputs } = evaluate(attentionBackward, { ...sizes, causal: 1 });
    for (const from of [0, sizes.seq * sizes.dim]) expect(outputs.y!.slice(from, from + sizes.dim)).toEqual(inputs.v!.slice(from, from + sizes.dim));
  });

  test.each([0, 1])("with causal = %d has the gradient that finite differences of its forward pass have", (causal) => {
    const { inputs, outputs } = evaluate(attentionBackward, { ...sizes, causal });
    const step = 1e-4;
    /** The sum of dy y where one element is moved. */
    const loss = (name: string, at: number, by: number): number => {
      const moved = Object.fromEntries(Object.entries(inputs).map(([key, values]) => [key, Float64Array.from(values)]));
      moved[name]![at]! += by;
      return along(inputs.dy!, evaluate(attentionBackward, { ...sizes, causal }, moved).outputs.y!);
    };
    for (const name of ["q", "k", "v"]) {
      outputs[`d${name}`]!.forEach((found, at) => {
        const slope = (loss(name, at, step) - loss(name, at, -step)) / (2 * step);
        expect(Math.abs(found - slope), `d${name}[${at}] is ${found}, not ${slope}`).toBeLessThan(1e-7);
      });
    }
  });
});

describe("decoder", () => {
  const sizes = { hidden: 12, heads: 3, ffn: 7, seq: 5, dtype: "f32" };

  test.each([
    { ...sizes, cache: 0 },
    { ...sizes, cache: 4 },
    { ...sizes, hidden: 10, heads: 2, seq: 1, cache: 6 },
    { ...sizes, hidden: 1, heads: 1, ffn: 1, seq: 1, cache: 0 },
  ])("%o is a decoder block of Llama 2, head by head", ({ hidden, heads, seq, cache, ffn, dtype }) => {
    const { inputs, outputs } = evaluate(decoder, { hidden, heads, seq, cache, ffn, dtype });
    const { y, key, value } = plainDecoder(inputs, { hidden, heads, seq, ffn });
    const roundings = 64 * (hidden + ffn);
    allClose(outputs.key, key, roundings);
    allClose(outputs.value, value, roundings);
    allClose(outputs.y, y, roundings);
  });

  test("a step behind a cache gives the last position of a prefill", () => {
    const whole = evaluate(decoder, { ...sizes, cache: 0 });
    const { x, cos, sin } = whole.inputs as Inputs;
    const [last, dim] = [sizes.seq - 1, sizes.hidden / sizes.heads];
    const lastRow = (values: readonly number[], cols: number) => values.slice(last * cols);
    const earlier = (values: readonly number[]) => Float32Array.from(rowsOf(values, sizes.seq * dim).flatMap((head) => head.slice(0, last * dim)));
    const given = {
      ...Object.fromEntries(Object.entries(whole.inputs).map(([name, values]) => [name, Float32Array.from(values)])),
      ...{ x: Float32Array.from(lastRow(x!, sizes.hidden)), cos: Float32Array.from(lastRow(cos!, dim)), sin: Float32Array.from(lastRow(sin!, dim)) },
      ...{ keyCache: earlier(whole.outputs.key!), valueCache: earlier(whole.outputs.value!) },
    };
    const step = evaluate(decoder, { ...sizes, seq: 1, cache: last }, given);
    allClose(step.outputs.y, lastRow(whole.outputs.y!, sizes.hidden), 256);
  });
});

/** One head after the other, on matrices. */
function plainDecoder(
  inputs: Inputs,
  { hidden, heads, seq, ffn }: { readonly hidden: number; readonly heads: number; readonly seq: number; readonly ffn: number },
): { readonly y: readonly number[]; readonly key: readonly number[]; readonly value: readonly number[] } {
  const dim = inputs.cos!.length / seq;
  const norm = (x: Matrix, weight: readonly number[]): Matrix =>
    x.map((row) => row.map((value, k) => (value / Math.sqrt(along(row, row) / row.length + 1e-5)) * weight[k]!));
  const x = rowsOf(inputs.x!, hidden);
  const normed = norm(x, inputs.normWeight!);
  const [cos, sin] = [rowsOf(inputs.cos!, dim), rowsOf(inputs.sin!, dim)];
  const rotated = (matrix: Matrix): Matrix =>
    matrix.map((row, i) => row.map((value, d) => value * cos[i]![d]! + (d < dim / 2 ? -row[d + dim / 2]! : row[d - dim / 2]!) * sin[i]![d]!));
  const ofHead = (weights: readonly number[], h: number): Matrix => rowsOf(weights, heads * dim).map((row) => row.slice(h * dim, (h + 1) * dim));
  const cached = (name: string, h: number): Matrix => {
    const all = rowsOf(inputs[name] ?? [], dim);
    return all.slice((h * all.length) / heads, ((h + 1) * all.length) / heads);
  };
  const parts = range(heads).map((h) => {
    const [query, key, value] = [
      rotated(product(normed, ofHead(inputs.wq!, h))),
      rotated(product(normed, ofHead(inputs.wk!, h))),
      product(normed, ofHead(inputs.wv!, h)),
    ];
    const [keys, values] = [
      [...cached("keyCache", h), ...key],
      [...cached("valueCache", h), ...value],
    ];
    const context = query.map((row, i) => {
      const weights = keys.slice(0, keys.length - seq + i + 1).map((position) => Math.exp(along(row, position) / Math.sqrt(dim)));
      return range(dim).map((d) => along(weights, column(values, d)) / total(weights));
    });
    return { key, value, context };
  });
  const context = range(seq).map((i) => parts.flatMap((part) => part.context[i]!));
  const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!));
  const middle = plus(x, product(context, rowsOf(inputs.wo!, hidden)));
  const again = norm(middle, inputs.againWeight!);
  const [gated, upped] = [product(again, rowsOf(inputs.gate!, ffn)), product(again, rowsOf(inputs.up!, ffn))];
  const inner = gated.map((row, i) => row.map((value, j) => silu(value) * upped[i]![j]!));
  const y = plus(middle, product(inner, rowsOf(inputs.down!, hidden)));
  return { y: y.flat(), key: parts.flatMap(({ key }) => key.flat()), value: parts.flatMap(({ value }) => value.flat()) };
}
