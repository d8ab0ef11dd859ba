/** Tensor algebra among the workloads, against loops over plain numbers at small and odd sizes. */

import { describe, expect, test } from "vitest";
import blackscholes from "../../workloads/blackscholes.ts";
import conv2d from "../../workloads/conv2d.ts";
import fft from "../../workloads/fft.ts";
import layernorm from "../../workloads/layernorm.ts";
import mlp from "../../workloads/mlp.ts";
import outer from "../../workloads/outer.ts";
import spmv from "../../workloads/spmv.ts";
import spmvCsr from "../../workloads/spmv-csr.ts";
import stencil2d from "../../workloads/stencil2d.ts";
import { allNear, dot, evaluate, near, range, total } from "./workloads-support.ts";

describe("outer", () => {
  test.each([
    [1, 1],
    [3, 17],
    [5, 2],
  ])("of %d and %d numbers has every product", (m, n) => {
    const { inputs, outputs } = evaluate(outer, { m, n });
    expect(outputs.c).toEqual(inputs.a!.flatMap((a) => inputs.b!.map((b) => Math.fround(a * b))));
  });
});

describe("layernorm", () => {
  test.each([
    [1, 1],
    [3, 7],
    [2, 33],
  ])("of %d rows of %d brings each to mean 0 and deviation 1", (rows, cols) => {
    const { inputs, outputs } = evaluate(layernorm, { rows, cols });
    for (const i of range(rows)) {
      const row = inputs.x!.slice(i * cols, (i + 1) * cols);
      const mean = total(row) / cols;
      const deviation = Math.sqrt(total(row.map((x) => (x - mean) ** 2)) / cols + 1e-5);
      row.forEach((x, j) => {
        near(outputs.y![i * cols + j], ((x - mean) / deviation) * inputs.scale![j]! + inputs.shift![j]!, 3 * cols + 12, 1 + Math.abs(x / deviation));
      });
    }
  });
});

describe("mlp", () => {
  test.each([
    [1, 1, 1],
    [2, 5, 7],
    [3, 17, 5],
  ])("of %d rows, %d to %d, is the gated product", (rows, hidden, ffn) => {
    const { inputs, outputs } = evaluate(mlp, { rows, hidden, ffn, dtype: "f32" });
    const { x, gate, up, down } = inputs as Record<string, readonly number[]>;
    for (const i of range(rows)) {
      const product = (weights: readonly number[], j: number) => total(range(hidden).map((k) => x![i * hidden + k]! * weights[k * ffn + j]!));
      const inner = range(ffn).map((j) => (product(gate!, j) / (1 + Math.exp(-product(gate!, j)))) * product(up!, j));
      for (const j of range(hidden)) {
        const y = total(inner.map((value, k) => value * down![k * hidden + j]!));
        near(outputs.y![i * hidden + j], y, ffn + 3 * hidden + 8, ffn * hidden ** 2);
      }
    }
  });
});

describe("conv2d", () => {
  test.each([
    { h: 1, w: 1, c: 1, k: 1, r: 1, stride: 1 },
    { h: 5, w: 3, c: 2, k: 3, r: 3, stride: 1 },
    { h: 7, w: 4, c: 3, k: 2, r: 3, stride: 2 },
    { h: 2, w: 3, c: 1, k: 2, r: 5, stride: 1 },
    { h: 4, w: 4, c: 1, k: 1, r: 2, stride: 3 },
  ])("%o sums over the window, zeros outside", ({ h, w, c, k, r, stride }) => {
    const { inputs, outputs } = evaluate(conv2d, { h, w, c, k, r, stride });
    const pixel = (i: number, j: number, l: number) => (i < 0 || j < 0 || i >= h || j >= w ? 0 : inputs.x![(i * w + j) * c + l]!);
    const border = Math.floor((r - 1) / 2);
    let position = 0;
    for (let i = 0; i < h; i += stride) {
      for (let j = 0; j < w; j += stride) {
        for (const f of range(k)) {
          const { value, scale } = dot(
            r * r * c,
            (n) => pixel(i - border + Math.floor(n / (r * c)), j - border + (Math.floor(n / c) % r), n % c),
            (n) => inputs.filters![n * k + f]!,
          );
          near(outputs.y![position++], value, r * r * c + 1, scale);
        }
      }
    }
    expect(outputs.y).toHaveLength(position);
  });
});

describe("stencil2d", () => {
  test.each([
    [1, 1],
    [2, 5],
    [3, 3],
    [5, 7],
  ])("of %d x %d filters where the window fits", (h, w) => {
    const { inputs, outputs } = evaluate(stencil2d, { h, w });
    const window = range(9).map((n) => [Math.floor(n / 3), n % 3] as const);
    const expected = range(h * w).map((n) => {
      const [i, j] = [Math.floor(n / w), n % w];
      if (i >= h - 2 || j >= w - 2) return 0;
      return total(window.map(([p, q]) => inputs.filter![p * 3 + q]! * inputs.x![(i + p) * w + j + q]!));
    });
    expect(outputs.y).toEqual(expected);
  });
});

describe("spmv", () => {
  test.each([
    [1, 1, 1],
    [7, 5, 3],
    [17, 2, 2],
  ])("of %d x %d, %d non-zeros a row, adds them up by row", (rows, cols, nnz) => {
    const { inputs, outputs } = evaluate(spmv, { rows, cols, nnz_per_row: nnz });
    for (const i of range(rows)) {
      const { value, scale } = dot(
        nnz,
        (k) => inputs.values![i * nnz + k]!,
        (k) => inputs.x![inputs.columns![i * nnz + k]!]!,
      );
      near(outputs.y![i], value, nnz + 1, scale);
    }
  });
});

describe("spmv-csr", () => {
  test.each([
    { start: [0], cols: 3, nnz: 4 },
    { start: [0, 2, 2, 5], cols: 7, nnz: 5 },
    { start: [0, 0, 3, 3, 3, 17], cols: 5, nnz: 17 },
  ])("with rows from $start of $nnz non-zeros adds them up by row, nothing for empty ones", ({ start, cols, nnz }) => {
    const { inputs, outputs } = evaluate(spmvCsr, { rows: start.length, cols, nnz }, { start: Int32Array.from(start) });
    start.forEach((from, i) => {
      const { value, scale } = dot(
        (start[i + 1] ?? nnz) - from,
        (k) => inputs.values![from + k]!,
        (k) => inputs.x![inputs.columns![from + k]!]!,
      );
      near(outputs.y![i], value, nnz + 1, scale);
    });
  });

  test("takes row starts in any order, as if they were sorted", () => {
    const settings = { rows: 4, cols: 7, nnz: 20 };
    const of = (start: readonly number[]) => evaluate(spmvCsr, settings, { start: Int32Array.from(start) }).outputs.y;
    expect(of([12, 3, 0, 7])).toEqual(of([0, 3, 7, 12]));
  });
});

describe("fft", () => {
  test.each([1, 2, 3, 8, 17])("of %d numbers is their transform, filled up to a power of two", (n) => {
    const size = Math.max(2, 2 ** Math.ceil(Math.log2(n)));
    const angle = (k: number) => (-2 * Math.PI * k) / size;
    const twiddles = { cos: Float64Array.from(range(size / 2), (k) => Math.cos(angle(k))), sin: Float64Array.from(range(size / 2), (k) => Math.sin(angle(k))) };
    const { inputs, outputs } = evaluate(fft, { n, dtype: "f64" }, twiddles);
    const { real, imaginary } = inputs as Record<string, readonly number[]>;
    const sum = (term: (t: number) => number) => total(range(n).map(term));
    for (const k of range(size)) {
      const [re, im] = [
        sum((t) => real![t]! * Math.cos(angle(k * t)) - imaginary![t]! * Math.sin(angle(k * t))),
        sum((t) => real![t]! * Math.sin(angle(k * t)) + imaginary![t]! * Math.cos(angle(k * t))),
      ];
      near(outputs.re![k], re, 100, n, "f64");
      near(outputs.im![k], im, 100, n, "f64");
    }
  });
});

describe("blackscholes", () => {
  test.each([1, 17, 100])("of %d options prices calls and puts that differ by the forward", (n) => {
    const { inputs, outputs } = evaluate(blackscholes, { n });
    for (const i of range(n)) {
      const [s, k, r, v, t] = ["spot", "strike", "rate", "volatility", "years"].map((name) => inputs[name]![i]!) as [number, number, number, number, number];
      const d1 = (Math.log(s / k) + (r + v ** 2 / 2) * t) / (v * Math.sqrt(t));
      const present = k * Math.exp(-r * t);
      const call = s * normalBelow(d1) - present * normalBelow(d1 - v * Math.sqrt(t));
      near(outputs.price![i], inputs.kind![i] === 1 ? call - s + present : call, 40, s + present);
    }
  });

  /** By Simpson's rule over 400 steps from 0. */
  function normalBelow(x: number): number {
    const density = (y: number) => Math.exp((-y * y) / 2) / Math.sqrt(2 * Math.PI);
    const weights = range(401).map((i) => (i === 0 || i === 400 ? 1 : i % 2 === 1 ? 4 : 2));
    return 0.5 + (x / 1200) * total(weights.map((weight, i) => weight * density((x * i) / 400)));
  }

  test("agrees with a textbook price", () => {
    const column = (value: number) => Float64Array.of(value);
    const given = { kind: Int32Array.of(0), spot: column(42), strike: column(40), rate: column(0.1), volatility: column(0.2), years: column(0.5) };
    expect(evaluate(blackscholes, { n: 1, dtype: "f64" }, given).outputs.price![0]).toBeCloseTo(4.76, 2);
  });
});

test("lists of one scale compare element by element", () => {
  expect(() => allNear([1, 2], [1, 2.1], 1, 1)).toThrow("2 is not 2.1");
});
