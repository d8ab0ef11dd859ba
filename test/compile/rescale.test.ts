/** Folds of exp(a - largest a) made block by block: what becomes of them, which are taken, and that values differ by roundings alone. */

import { describe, expect, test } from "vitest";
import { chainOf } from "../../src/compile/linear.ts";
import { rescale } from "../../src/compile/rescale.ts";
import { input, map, reduce } from "../../src/pattern/builder.ts";
import { precisionOf } from "../../src/pattern/dtypes.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Dtype, Expr, TensorValues } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

const ROWS = 5;
const COLUMNS = 12;

type Weights = (e: s.Handle, sum: s.Handle) => Record<string, s.Handle>;

/** e = exp(x - the largest x of its row), its sum, and what `then` makes of both. */
const weights =
  (then: Weights, dtype: Dtype = "f32"): Build =>
  () => {
    const x = input("x", dtype, [ROWS, COLUMNS]);
    const m = map("m", [ROWS], (i) => reduce("max", [COLUMNS], (k) => x.at(i, k)));
    const e = map("e", [ROWS, COLUMNS], (i, k) => s.exp(s.sub(x.at(i, k), m.at(i))));
    const sum = map("s", [ROWS], (i) => reduce("add", [COLUMNS], (k) => e.at(i, k)));
    return then(e, sum);
  };

const product = (w: s.Handle, dtype: Dtype = "f32"): s.Handle => {
  const v = input("v", dtype, [COLUMNS, 3]);
  return map("y", [ROWS, 3], (i, d) => reduce("add", [COLUMNS], (k) => s.mul(w.at(i, k), v.at(k, d))));
};

const quotient: Weights = (e, sum) => ({
  y: product(
    map("p", [ROWS, COLUMNS], (i, k) => s.div(e.at(i, k), sum.at(i))),
    e.tensor.dtype,
  ),
});

const isTaken = (build: Build): boolean => chainOf(programOf(build), "m") !== null;

describe("rescale", () => {
  test("makes the largest, the weights and their sums block by block, brings them to one scale, and divides once", () => {
    const { program, blocks, merged } = rescale(programOf(weights(quotient)), "m", 4);
    const least = "-3.4028234663852886e+38";
    expect(verifyProgram(program)).toEqual([]);
    expect(linesOf(program)).toEqual([
      "m.part[i, j] = max(k < 4: x[i, j * 4 + k])",
      `e[i, j, k] = exp(x[i, j * 4 + k] - max(m.part[i, j], ${least}))`,
      "s.part[i, j] = sum(k < 4: e[i, j, k])",
      "y.part[i, j, k] = sum(l < 4: e[i, j, l] * v[j * 4 + l, k])",
      "m[i] = max(j < 3: m.part[i, j])",
      `m.scale[i, j] = exp(max(m.part[i, j], ${least}) - max(m[i], ${least}))`,
      "s[i] = sum(j < 3: s.part[i, j] * m.scale[i, j])",
      "y.total[i, j] = sum(k < 3: y.part[i, k, j] * m.scale[i, k])",
      "y[i, j] = y.total[i, j] / s[i]",
    ]);
    expect(blocks).toEqual(["m.part.i1", "e.i1", "s.part.i1", "y.part.i1"]);
    expect(merged).toEqual({ y: ["p"] });
  });

  test("makes what is only read in blocks in blocks, folds included, and orders what needs all blocks behind the last", () => {
    const build: Build = () => {
      const [q, k] = [input("q", "f32", [ROWS, 2]), input("k", "f32", [COLUMNS, 2])];
      const a = map("a", [ROWS, COLUMNS], (i, j) => reduce("add", [2], (d) => s.mul(q.at(i, d), k.at(j, d))));
      const m = map("m", [ROWS], (i) => reduce("max", [COLUMNS], (j) => a.at(i, j)));
      const e = map("e", [ROWS, COLUMNS], (i, j) => s.exp(s.sub(a.at(i, j), m.at(i))));
      const sum = map("s", [ROWS], (i) => reduce("add", [COLUMNS], (j) => e.at(i, j)));
      const log = map("log", [ROWS], (i) => s.add(s.log(sum.at(i)), m.at(i)));
      return { log, y: product(map("p", [ROWS, COLUMNS], (i, j) => s.mul(e.at(i, j), log.at(i)))) };
    };
    const { program, blocks } = rescale(programOf(build), "m", 6);
    expect(linesOf(program)[0]).toBe("a[i, j, k] = sum(l < 2: q[i, l] * k[j * 6 + k, l])");
    expect(program.operators.map(({ name }) => name)).toEqual(["a", "m.part", "e", "s.part", "y.part", "m", "m.scale", "s", "log", "y.total", "y"]);
    expect(blocks).toContain("a.i1.piece");
    expect(verifyProgram(program)).toEqual([]);
  });

  test.each<[string, Weights]>([
    ["a sum of e, divided, with a sign and a second term", (e, sum) => ({ sum, y: linear(e, (w, v) => s.sub(s.neg(s.div(w, 3)), s.mul(w, v))) })],
    ["no division at all", (e, sum) => ({ sum, y: product(e) })],
  ])("takes %s", (_, then) => {
    expect(isTaken(weights(then))).toBe(true);
  });

  test.each<[string, Weights]>([
    ["a row of e leaves", (e, sum) => ({ e, y: quotient(e, sum).y! })],
    ["a row of the quotients leaves", (e, sum) => ({ p: map("p", [ROWS, COLUMNS], (i, k) => s.div(e.at(i, k), sum.at(i))) })],
    ["a term is no multiple of e", (e, sum) => ({ sum, y: linear(e, (w, v) => s.add(w, v)) })],
    ["a term has e twice", (e, sum) => ({ sum, y: linear(e, (w) => s.mul(w, w)) })],
    ["e divides", (e, sum) => ({ sum, y: linear(e, (w, v) => s.div(v, w)) })],
    ["the largest is asked for", (e, sum) => ({ sum, y: map("y", [ROWS], (i) => reduce("max", [COLUMNS], (k) => e.at(i, k))) })],
    ["a term needs the sum first", (e, sum) => ({ y: map("y", [ROWS], (i) => reduce("add", [COLUMNS], (k) => s.mul(e.at(i, k), s.log(sum.at(i))))) })],
    ["it is folded the other way", (e, sum) => ({ sum, y: map("y", [COLUMNS], (k) => reduce("add", [ROWS], (i) => e.at(i, k))) })],
  ])("leaves a chain of which %s", (_, then) => {
    const source = programOf(weights(then));
    expect(chainOf(source, "m")).toBeNull();
    expect(rescale(source, "m", 4).program).toBe(source);
  });

  test("leaves exp of a difference from another row's largest, or of something else", () => {
    const other =
      (at: (i: Expr, k: Expr, x: s.Handle, m: s.Handle) => Expr): Build =>
      () => {
        const x = input("x", "f32", [ROWS, ROWS]);
        const m = map("m", [ROWS], (i) => reduce("max", [ROWS], (k) => x.at(i, k)));
        const e = map("e", [ROWS, ROWS], (i, k) => at(i, k, x, m));
        return { s: map("s", [ROWS], (i) => reduce("add", [ROWS], (k) => e.at(i, k))) };
      };
    expect(isTaken(other((i, k, x, m) => s.exp(s.sub(x.at(i, k), m.at(i)))))).toBe(true);
    expect(isTaken(other((i, k, x, m) => s.exp(s.sub(x.at(i, k), m.at(k)))))).toBe(false);
    expect(isTaken(other((i, k, x, m) => s.exp(s.sub(x.at(k, i), m.at(i)))))).toBe(false);
    expect(isTaken(other((i, k, x, m) => s.sub(x.at(i, k), m.at(i))))).toBe(false);
  });
});

const linear = (e: s.Handle, term: (w: Expr, v: Expr) => Expr): s.Handle => {
  const v = input("u", "f32", [COLUMNS]);
  return map("y", [ROWS], (i) => reduce("add", [COLUMNS], (k) => term(e.at(i, k), v.at(k))));
};

/** Before and after, a weight has the rounding of a difference, of exp and of itself; a result that of its fold, of a part and of a quotient. */
function expectNear(build: Build, dtype: "f64" | "f32" | "bf16", inputs: TensorValues, largestDifference: number): void {
  const source = programOf(build);
  const unit = 2 ** -precisionOf(dtype);
  const [whole, blocks] = [interpret(source, inputs).y!, interpret(rescale(source, "m", 4).program, inputs).y!];
  const most = Math.max(...[...inputs.v!].map(Math.abs));
  whole.forEach((value, place) => {
    expect(Math.abs(value - blocks[place]!)).toBeLessThanOrEqual(2 * (largestDifference + 8) * unit * most);
  });
}

describe("values in blocks", () => {
  test.each(["f64", "f32", "bf16"] as const)("differ from those of whole rows by roundings of %s alone", (dtype) => {
    const build = weights(quotient, dtype);
    const inputs = generateInputs(programOf(build), 5);
    expectNear(build, dtype, inputs, 2);
    const far = { ...inputs, x: inputs.x!.map((value, place) => (place % 7 === 0 ? value - 30 : value)) };
    expectNear(build, dtype, far, 32);
  });

  test("count a block of nothing but -infinity as 0, and a whole row of it as no number", () => {
    const build = weights(quotient);
    const inputs = generateInputs(programOf(build), 5);
    const masked = { ...inputs, x: inputs.x!.map((value, place) => (place % COLUMNS < 5 || place < COLUMNS ? Number.NEGATIVE_INFINITY : value)) };
    const [whole, blocks] = [programOf(build), rescale(programOf(build), "m", 4).program].map((program) => interpret(program, masked).y!);
    whole!.forEach((value, place) => {
      if (place < 3) expect(blocks![place]).toBeNaN();
      else expect(Math.abs(value - blocks![place]!)).toBeLessThan(1e-6);
    });
  });
});
