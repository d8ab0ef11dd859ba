/** Bounds of integer expressions: what makes sure that a clamped, divided or folded index stays inside, without looking at data. */

import { isFloat, rangeOf } from "../pattern/dtypes.ts";
import type { Expr, ScalarOp } from "../pattern/program.ts";

/** Both ends belong to it. */
export interface Range {
  readonly lowest: number;
  readonly highest: number;
}

/** A function that says where the values of an integer or bool expression lie when every index runs over [0, extent). Never too narrow. */
export function boundsFinder(extents: ReadonlyMap<string, number>): (expr: Expr) => Range {
  const known = new Map<Expr, Range>();
  const find = (expr: Expr): Range => {
    const range = known.get(expr) ?? boundsOf(expr, extents, find);
    known.set(expr, range);
    return range;
  };
  return find;
}

function boundsOf(expr: Expr, extents: ReadonlyMap<string, number>, find: (expr: Expr) => Range): Range {
  const all = rangeOf(expr.dtype);
  switch (expr.kind) {
    case "const":
      return { lowest: expr.value, highest: expr.value };
    case "index": {
      const extent = extents.get(expr.index);
      return extent === undefined ? all : { lowest: 0, highest: extent - 1 };
    }
    case "op": {
      const combine = isFloat(expr.dtype) ? undefined : combined[expr.op];
      if (combine === undefined) return all;
      const [a = all, b = all, c = all] = expr.args.map(find);
      return within(combine(a, b, c), all);
    }
    case "cast":
      return isFloat(expr.arg.dtype) ? all : within(find(expr.arg), all);
    case "read":
    case "reduce":
      return all;
  }
}

/** What may wrap may be anything. */
const within = (range: Range, all: Range): Range => (range.lowest >= all.lowest && range.highest <= all.highest ? range : all);

const hull = (values: readonly number[]): Range => ({ lowest: Math.min(...values), highest: Math.max(...values) });
const corners = (a: Range, b: Range, f: (x: number, y: number) => number): Range =>
  hull([f(a.lowest, b.lowest), f(a.lowest, b.highest), f(a.highest, b.lowest), f(a.highest, b.highest)]);
const unknown: Range = { lowest: -Infinity, highest: Infinity };

/** Of operations on whole numbers that do not wrap; of the others nothing is known. */
const combined: { readonly [Op in ScalarOp]?: (a: Range, b: Range, c: Range) => Range } = {
  add: (a, b) => ({ lowest: a.lowest + b.lowest, highest: a.highest + b.highest }),
  sub: (a, b) => ({ lowest: a.lowest - b.highest, highest: a.highest - b.lowest }),
  mul: (a, b) => corners(a, b, (x, y) => x * y),
  div: (a, b) => (b.lowest > 0 ? corners(a, b, (x, y) => Math.trunc(x / y)) : unknown),
  mod: (a, b) =>
    b.lowest > 0 ? { lowest: Math.max(Math.min(a.lowest, 0), 1 - b.highest), highest: Math.min(Math.max(a.highest, 0), b.highest - 1) } : unknown,
  min: (a, b) => ({ lowest: Math.min(a.lowest, b.lowest), highest: Math.min(a.highest, b.highest) }),
  max: (a, b) => ({ lowest: Math.max(a.lowest, b.lowest), highest: Math.max(a.highest, b.highest) }),
  neg: (a) => ({ lowest: -a.highest, highest: -a.lowest }),
  abs: (a) => ({ lowest: Math.max(0, a.lowest, -a.highest), highest: Math.max(-a.lowest, a.highest) }),
  and: (a, b) =>
    a.lowest >= 0 || b.lowest >= 0 ? { lowest: 0, highest: Math.min(...[a, b].filter((one) => one.lowest >= 0).map((one) => one.highest)) } : unknown,
  select: (_, b, c) => hull([b.lowest, b.highest, c.lowest, c.highest]),
};
