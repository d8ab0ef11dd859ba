import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { affine, countOperations, footprint, rangeOfAffine, tensorBytes } from "../../src/pattern/analysis.ts";
import { roundFunction } from "../../src/pattern/dtypes.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import { programFromJson, programToJson } from "../../src/pattern/json.ts";
import { freeIndexFinder } from "../../src/pattern/nodes.ts";
import { printProgram } from "../../src/pattern/print.ts";
import type { Expr, Program } from "../../src/pattern/program.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { programCases } from "../support/programs.ts";

describe("random programs", () => {
  test("are well formed", () => {
    fc.assert(
      fc.property(programCases(), ({ program }) => {
        expect(verifyProgram(program)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("survive a round trip through JSON text, with equal values", () => {
    fc.assert(
      fc.property(programCases(), ({ program, inputs }) => {
        const back = programFromJson(JSON.parse(JSON.stringify(programToJson(program))));
        expect(back).toEqual(program);
        expect(interpret(back, inputs)).toEqual(interpret(program, inputs));
      }),
      { numRuns: 150 },
    );
  });

  test("have values that their dtypes can represent", () => {
    fc.assert(
      fc.property(programCases(), ({ program, inputs }) => {
        const values = interpret(program, inputs);
        for (const { name, dtype } of program.tensors) expect(values[name]!.map(roundFunction(dtype))).toEqual(values[name]);
      }),
      { numRuns: 150 },
    );
  });

  test("are printed with every operator and output named", () => {
    fc.assert(
      fc.property(programCases(), ({ program }) => {
        const text = printProgram(program);
        for (const { name } of program.operators) expect(text).toContain(`\n${name}: `);
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
