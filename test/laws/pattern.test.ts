import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { affine, countOperations, footprint, rangeOfAffine, tensorBytes } from "../../src/pattern/analysis.ts";
import { dtypes, roundFunction } from "../../src/pattern/dtypes.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import { programFromJson, programToJson } from "../../src/pattern/json.ts";
import { childrenOf, freeIndexFinder, withChildren } from "../../src/pattern/nodes.ts";
import { printProgram } from "../../src/pattern/print.ts";
import type { Expr, Index, Operator, Program, TensorValues } from "../../src/pattern/program.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { cook, everyKind, programCases, type Recipe } from "../support/programs.ts";
import { differences } from "../support/runs.ts";

describe("random programs", () => {
  test("are well formed and have a meaning, and every pattern, kind of step and dtype occurs", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(programCases(), ({ program, inputs, recipe }) => {
        expect(verifyProgram(program)).toEqual([]);
        interpret(program, inputs);
        for (const { dtype } of program.tensors) seen.add(dtype);
        for (const { kind } of [...recipe.steps, ...allOperators(program.operators)]) seen.add(kind);
      }),
      { numRuns: 500 },
    );
    const patterns: readonly Operator["kind"][] = ["map", "flatMap", "groupBy", "scan", "iterate", "hash"];
    expect([...patterns, ...everyKind, ...dtypes].filter((item) => !seen.has(item))).toEqual([]);
  });

  test("mean the same whichever way their folds run", () => {
    let turned = 0;
    fc.assert(
      fc.property(programCases(), ({ program, inputs }) => {
        const back = backwards(program);
        if (printProgram(back) !== printProgram(program)) turned++;
        expect(differences(program, inputs, outputsOf(back, interpret(back, inputs)))).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(turned).toBeGreaterThan(100);
  });

  test("are made again from the recipe that is printed where a law fails", () => {
    fc.assert(
      fc.property(programCases(), (made) => {
        const printed = fc.stringify(made);
        const recipe = JSON.parse(printed.slice("cook(".length, printed.indexOf("\n") - 1)) as Recipe;
        const again = cook(recipe);
        expect(again.program).toEqual(made.program);
        expect(unlike(again.inputs, made.inputs)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test("survive a round trip through JSON text, with equal values", () => {
    fc.assert(
      fc.property(programCases(), ({ program, inputs }) => {
        const back = programFromJson(JSON.parse(JSON.stringify(programToJson(program))));
        expect(back).toEqual(program);
        expect(unlike(interpret(back, inputs), interpret(program, inputs))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("have values that their dtypes can represent", () => {
    fc.assert(
      fc.property(programCases(), ({ program, inputs }) => {
        const values = interpret(program, inputs);
        for (const { name, dtype } of program.tensors) expect(unlike({ [name]: values[name]!.map(roundFunction(dtype)) }, values)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("are printed with every operator and output named", () => {
    fc.assert(
      fc.property(programCases(), ({ program }) => {
        const text = printProgram(program);
        for (const { name } of allOperators(program.operators)) expect(text).toMatch(new RegExp(`\n *${name.replaceAll(".", "[.]")}: `));
        for (const name of Object.keys(program.outputs)) expect(text).toContain(name);
      }),
      { numRuns: 150 },
    );
  });

  test("take every tensor into exactly one part of the footprint", () => {
    fc.assert(
      fc.property(programCases(), ({ program }) => {
        const { inputs, intermediates, outputs } = footprint(program);
        expect(inputs + intermediates + outputs).toBe(program.tensors.reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0));
      }),
      { numRuns: 150 },
    );
  });

  test("count the same operations whether equal expressions are shared or written twice", () => {
    fc.assert(
      fc.property(programCases(), ({ program }) => {
        const shared = programFromJson(programToJson(program));
        const apart = structuredCloneOfBodies(program);
        expect(countOperations(shared)).toEqual(countOperations(program));
        expect(countOperations(apart)).toEqual(countOperations(program));
      }),
      { numRuns: 150 },
    );
  });
});

/** Names of the tensors of `some` that have other values in `all`, which may be a million: no deep comparison. */
const unlike = (some: TensorValues, all: TensorValues): readonly string[] =>
  Object.keys(some).filter((name) => some[name]!.length !== all[name]!.length || some[name]!.some((value, at) => !Object.is(value, all[name]![at])));

const allOperators = (operators: readonly Operator[]): readonly Operator[] =>
  operators.flatMap((operator) => (operator.kind === "iterate" ? [operator, ...allOperators(operator.body)] : [operator]));

/** The same folds from the last element to the first, where the number of elements is known: those of reductions, and of groups over plain extents. */
function backwards(program: Program): Program {
  const turn = (operator: Operator): Operator => {
    if (operator.kind === "iterate") return { ...operator, body: operator.body.map(turn) };
    if (operator.kind === "map") return { ...operator, body: turned(operator.body, new Set()) };
    const groups = operator.kind === "groupBy" && operator.domain.every(({ count }) => count === undefined);
    if (!groups) return operator;
    const body = (expr: Expr): Expr => turned(expr, new Set(operator.domain));
    const fields = operator.fields.map((field) => ({ ...field, value: body(field.value) }));
    return { ...operator, ...(operator.when === undefined ? {} : { when: body(operator.when) }), key: body(operator.key), fields };
  };
  return { ...program, operators: program.operators.map(turn) };
}

/** Index k becomes extent - 1 - k, for those given and those of the reductions inside. */
function turned(expr: Expr, outer: ReadonlySet<Index>): Expr {
  const own = expr.kind === "reduce" ? expr.over.filter(({ count }) => count === undefined) : [];
  const indices = new Set([...outer, ...own]);
  const known = expr.kind === "index" ? [...indices].find(({ name }) => name === expr.index) : undefined;
  if (known === undefined)
    return withChildren(
      expr,
      childrenOf(expr).map((child) => turned(child, indices)),
    );
  return { kind: "op", dtype: "i32", op: "sub", args: [{ kind: "const", dtype: "i32", value: known.extent - 1 }, expr] };
}

/** No two nodes of the result are one object. */
function structuredCloneOfBodies(program: Program): Program {
  return JSON.parse(JSON.stringify(program)) as Program;
}

describe("affine forms", () => {
  const indices = ["i", "j", "k"];
  const leaf: fc.Arbitrary<Expr> = fc.oneof(
    fc.constantFrom(...indices).map((index): Expr => ({ kind: "index", dtype: "i32", index })),
    fc.integer({ min: -9, max: 9 }).map((value): Expr => ({ kind: "const", dtype: "i32", value: value + 0 })),
  );
  const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
    expr: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc
        .tuple(fc.constantFrom("add" as const, "sub" as const, "mul" as const), tie("expr"), tie("expr"))
        .map(([op, a, b]): Expr => ({ kind: "op", dtype: "i32", op, args: [a, b] })),
      tie("expr").map((a): Expr => ({ kind: "op", dtype: "i32", op: "neg", args: [a] })),
    ),
  }));

  function evaluate(item: Expr, at: Readonly<Record<string, number>>): number {
    if (item.kind === "const") return item.value;
    if (item.kind === "index") return at[item.index]!;
    if (item.kind !== "op") throw new Error(`unexpected ${item.kind}`);
    const [a = 0, b = 0] = item.args.map((arg) => evaluate(arg, at));
    return item.op === "add" ? a + b : item.op === "sub" ? a - b : item.op === "mul" ? a * b : -a;
  }

  test("agree with the expression at every point, and their range contains it", () => {
    const point = fc.record({ i: fc.nat(6), j: fc.nat(6), k: fc.nat(6) });
    let seen = 0;
    fc.assert(
      fc.property(expr, point, (item, at) => {
        const form = affine(item);
        if (form === null) return;
        seen++;
        const value = [...form.coefficients].reduce((total, [index, coefficient]) => total + coefficient * at[index as "i"], form.constant);
        expect(value).toBe(evaluate(item, at) + 0);
        const range = rangeOfAffine(form, new Map(indices.map((index) => [index, 7])))!;
        expect(value >= range.lowest && value <= range.highest).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(seen).toBeGreaterThan(100);
  });

  test("depend on no index that the expression does not name", () => {
    fc.assert(
      fc.property(expr, (item) => {
        const free = freeIndexFinder()(item);
        for (const index of affine(item)?.coefficients.keys() ?? []) expect(free.has(index)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
