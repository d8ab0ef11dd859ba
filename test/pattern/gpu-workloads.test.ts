/** The programs of workloads/gpu/ against loops over plain numbers, at small and odd sizes. */

import { describe, expect, test } from "vitest";
import { checkProgram } from "../../src/pattern/verify.ts";
import encoder from "../../workloads/gpu/encoder.ts";
import fma from "../../workloads/gpu/fma.ts";
import gpt from "../../workloads/gpu/gpt.ts";
import head from "../../workloads/gpu/head.ts";
import reread from "../../workloads/gpu/reread.ts";
import scale from "../../workloads/gpu/scale.ts";
import { allNear, evaluate, range, total } from "./workloads-support.ts";

type Matrix = readonly (readonly number[])[];
type Inputs = Readonly<Record<string, readonly number[]>>;

const rowsOf = (values: readonly number[], cols: number): Matrix => range(values.length / cols).map((i) => values.slice(i * cols, (i + 1) * cols));
const column = (matrix: Matrix, j: number): readonly number[] => matrix.map((row) => row[j]!);
const product = (a: Matrix, b: Matrix): Matrix => a.map((row) => b[0]!.map((_, j) => total(row.map((value, k) => value * b[k]![j]!))));
const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => column(a, j));
const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!));

function allClose(found: readonly number[] | undefined, expected: readonly number[], roundings: number): void {
  allNear(found, expected, roundings, Math.max(1, ...expected.map(Math.abs)), "f64");
}

test("all are well formed at their default sizes", () => {
  for (const workload of [encoder, fma, gpt, head, reread, scale]) expect(() => checkProgram(workload.build())).not.toThrow();
});

describe("streams", () => {
  test("scale is a quarter of each element", () => {
    const { inputs, outputs } = evaluate(scale, { n: 37 });
    expect(outputs.y).toEqual(inputs.x!.map((x) => x / 4));
  });

  test("reread is the sum of all elements, as often as asked", () => {
    const { inputs, outputs } = evaluate(reread, { copies: 3, n: 101 });
    allNear(
      outputs.s,
      [0, 1, 2].map(() => total(inputs.x!)),
      101,
      total(inputs.x!.map(Math.abs)),
      "f64",
    );
  });

  test.each([1, 7, 200])("fma takes %d steps, each rounded to f32 after its product and after its sum", (steps) => {
    const { inputs, outputs } = evaluate(fma, { n: 13, steps });
    expect(outputs.y).toEqual(inputs.x!.map((x) => range(steps).reduce((v) => Math.fround(Math.fround(v * 0.5) + 1), x)));
  });
});

test("head is the product of the last positions and the words' weights", () => {
  const { inputs, outputs } = evaluate(head, { batch: 3, hidden: 7, vocab: 11, dtype: "f64" });
  allClose(outputs.logits, product(rowsOf(inputs.x!, 7), rowsOf(inputs.w!, 11)).flat(), 7 * 16);
});

interface Sizes {
  readonly batch: number;
  readonly seq: number;
  readonly hidden: number;
  readonly heads: number;
  readonly ffn: number;
}

const sizes: Sizes & { readonly dtype: string } = { batch: 2, seq: 5, hidden: 9, heads: 3, ffn: 13, dtype: "f64" };

const gelu = (z: number): number => (z / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)));

/** x w + bias. */
function linear(inputs: Inputs, name: string, x: Matrix): Matrix {
  const bias = inputs[`${name}Bias`]!;
  return product(x, rowsOf(inputs[`${name}Weight`]!, bias.length)).map((row) => row.map((value, j) => value + bias[j]!));
}

function normalised(inputs: Inputs, name: string, x: Matrix): Matrix {
  return x.map((row) => {
    const mean = total(row) / row.length;
    const variance = total(row.map((value) => (value - mean) ** 2)) / row.length;
    return row.map((value, j) => ((value - mean) / Math.sqrt(variance + 1e-5)) * inputs[`${name}Scale`]![j]! + inputs[`${name}Shift`]![j]!);
  });
}

const feedForward = (inputs: Inputs, x: Matrix): Matrix =>
  linear(
    inputs,
    "ffn2",
    linear(inputs, "ffn1", x).map((row) => row.map(gelu)),
  );

/** Columns of one head. */
const headOf = (x: Matrix, h: number, dim: number): Matrix => x.map((row) => row.slice(h * dim, (h + 1) * dim));

/** One head: queries behind all but the last as many keys, each of which sees the keys up to its own where `causal`; `mask` is added to the scores, one number a key. */
function weighed(q: Matrix, k: Matrix, v: Matrix, causal: boolean, mask?: readonly number[]): Matrix {
  const earlier = k.length - q.length;
  const weights = product(q, transpose(k)).map((row, i) => {
    const e = row.map((score, j) => (causal && j > i + earlier ? 0 : Math.exp(score / Math.sqrt(q[0]!.length) + (mask?.[j] ?? 0))));
    return e.map((value) => value / total(e));
  });
  return product(weights, v);
}

/** Heads' columns side by side. */
const beside = (heads: readonly Matrix[]): Matrix => heads[0]!.map((_, i) => heads.flatMap((one) => one[i]!));

describe("encoder", () => {
  test.each([sizes, { ...sizes, batch: 1, seq: 1, heads: 1 }])("%o is a layer of BERT, sequence by sequence", (given) => {
    const { inputs, outputs } = evaluate(encoder, { ...given });
    const { seq, hidden, heads, ffn } = given;
    const y = rowsOf(inputs.x!, seq * hidden).flatMap((sequence, b) =>
      plainEncoder(inputs, rowsOf(sequence, hidden), heads, rowsOf(inputs.mask!, seq)[b]!).flat(),
    );
    allClose(outputs.y, y, 256 * (hidden + ffn));
  });
});

function plainEncoder(inputs: Inputs, x: Matrix, heads: number, mask: readonly number[]): Matrix {
  const [q, k, v] = ["query", "key", "value"].map((name) => linear(inputs, name, x)) as [Matrix, Matrix, Matrix];
  const dim = q[0]!.length / heads;
  const context = beside(range(heads).map((h) => weighed(headOf(q, h, dim), headOf(k, h, dim), headOf(v, h, dim), false, mask)));
  const normed = normalised(inputs, "normed", plus(x, linear(inputs, "attended", context)));
  return normalised(inputs, "y", plus(normed, feedForward(inputs, normed)));
}

describe("gpt", () => {
  test.each([
    { ...sizes, cache: 0 },
    { ...sizes, cache: 4 },
    { ...sizes, batch: 1, seq: 1, cache: 6 },
  ])("%o is a layer of GPT, sequence by sequence", (given) => {
    const { inputs, outputs } = evaluate(gpt, { ...given });
    const expected = range(given.batch).map((b) => plainGpt(inputs, b, given));
    const roundings = 256 * (given.hidden + given.ffn);
    for (const name of ["y", "key", "value"] as const) {
      allClose(
        outputs[name],
        expected.flatMap((one) => one[name].flat()),
        roundings,
      );
    }
  });
});

/** One sequence; `key` and `value` are the new ones, head after head. */
function plainGpt(
  inputs: Inputs,
  b: number,
  { seq, hidden, heads, cache }: Sizes & { readonly cache: number },
): Readonly<Record<"y" | "key" | "value", Matrix>> {
  const dim = hidden / heads;
  const x = rowsOf(inputs.x!, hidden).slice(b * seq, (b + 1) * seq);
  const normed = normalised(inputs, "normed", x);
  const [q, k, v] = ["query", "key", "value"].map((name) => linear(inputs, name, normed)) as [Matrix, Matrix, Matrix];
  const behind = (name: string, fresh: Matrix, h: number): Matrix => {
    const from = (b * heads + h) * cache;
    return [...rowsOf(inputs[`${name}Cache`] ?? [], dim).slice(from, from + cache), ...headOf(fresh, h, dim)];
  };
  const context = beside(range(heads).map((h) => weighed(headOf(q, h, dim), behind("key", k, h), behind("value", v, h), true)));
  const middle = plus(x, linear(inputs, "attended", context));
  const byHead = (all: Matrix): Matrix => range(heads).flatMap((h) => headOf(all, h, dim));
  return { y: plus(middle, feedForward(inputs, normalised(inputs, "again", middle))), key: byHead(k), value: byHead(v) };
}
