import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundsFinder } from "../../src/compile/ranges.ts";
import { map, program } from "../../src/pattern/builder.ts";
import { rangeOf } from "../../src/pattern/dtypes.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";

const i: Expr = { kind: "index", dtype: "i32", index: "i" };
const bounds = (expr: Expr): readonly number[] => {
  const { lowest, highest } = boundsFinder(new Map([["i", 10]]))(expr);
  return [lowest, highest];
};
const anything = [rangeOf("i32").lowest, rangeOf("i32").highest];

describe("boundsFinder", () => {
  const data: Expr = { kind: "read", dtype: "i32", tensor: "x", at: [] };
  const byte: Expr = { kind: "read", dtype: "i8", tensor: "b", at: [] };
  const known: Readonly<Record<string, readonly [Expr, readonly number[]]>> = {
    "an index": [i, [0, 9]],
    "a clamp of data": [s.min(s.max(data, 0), 7), [0, 7]],
    "a remainder of data": [s.mod(data, 5), [-4, 4]],
    "a remainder of an index": [s.mod(s.add(i, 3), 5), [0, 4]],
    "a quotient of an index": [s.div(s.sub(i, 4), 2), [-2, 2]],
    "masked data": [s.and(data, 15), [0, 15]],
    "data with high bits only": [s.and(data, -16), anything],
    "an index with high bits only": [s.and(i, -4), [0, 9]],
    "narrow data": [s.cast("i32", byte), [-128, 127]],
    "a choice": [s.select(s.gt(data, 3), i, -1), [-1, 9]],
    "a condition as a number": [s.cast("i32", s.gt(data, 3)), [0, 1]],
    "a size": [s.abs(s.sub(i, 9)), [0, 9]],
    data: [data, anything],
    "what may wrap": [s.mul(s.add(i, 2 ** 30), 2), anything],
    "a quotient by data": [s.div(i, data), anything],
    "an index of unknown extent": [{ ...i, index: "j" }, anything],
  };
  test.each(Object.entries(known))("knows %s", (_name, [expr, range]) => {
    expect(bounds(expr)).toEqual(range);
  });

  test("never says less than what the values are", () => {
    const leaf = fc.oneof(
      fc.constant(i),
      fc.integer({ min: -20, max: 20 }).map((value) => s.constant("i32", value)),
      fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 65535).map((value) => s.constant("i32", value)),
    );
    const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
      expr: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        leaf,
        fc.tuple(fc.constantFrom(s.add, s.sub, s.mul, s.div, s.mod, s.min, s.max, s.and), tie("expr"), tie("expr")).map(([f, a, b]) => f(a, b)),
        fc
          .tuple(
            fc.constantFrom(s.neg, s.abs, (a: Expr) => s.cast("i32", s.cast("i8", a))),
            tie("expr"),
          )
          .map(([f, a]) => f(a)),
        fc.tuple(tie("expr"), tie("expr"), tie("expr")).map(([a, b, c]) => s.select(s.lt(a, b), b, c)),
      ),
    }));
    fc.assert(
      fc.property(expr, (body) => {
        const built = program("p", {}, () => ({ y: map("y", [10], (at) => renamed(body, at)) })).build();
        const [lowest, highest] = bounds(body);
        for (const value of interpret(built, {}).y!) {
          expect(value).toBeGreaterThanOrEqual(lowest!);
          expect(value).toBeLessThanOrEqual(highest!);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const renamed = (expr: Expr, at: Expr): Expr => {
  if (expr.kind === "op") return { ...expr, args: expr.args.map((arg) => renamed(arg, at)) };
  if (expr.kind === "cast") return { ...expr, arg: renamed(expr.arg, at) };
  return expr.kind === "index" ? at : expr;
};
