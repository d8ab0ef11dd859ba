import { describe, expect, test } from "vitest";
import { interpretControllers } from "../../src/compile/index.ts";
import { unroll } from "../../src/compile/unroll.ts";
import { input, iterate, map, reduce } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Program } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { prepareOn, runOn } from "../support/runs.ts";
import { type Build, compileOn, linesOf, programOf, simdMachine } from "./support.ts";

/** Rounds of x = a x, counted in whole numbers. */
const powers: Build = () => {
  const a = input("a", "i32", [5, 11]);
  const start = map("start", [11], () => s.constant("i32", 1));
  return iterate("loop", 2, { x: start }, ({ x }) => {
    const y = map("y", [5], (i) => reduce("add", [11], (k) => s.mul(a.at(i, k), x.at(k))));
    return { next: { x: map("next", [11], (i) => s.add(x.at(i), y.at(0))) } };
  });
};

const outputsOf = (program: Program) => {
  const values = interpret(program, generateInputs(program, 1));
  return Object.values(program.outputs).map((tensor) => [...values[tensor]!]);
};

describe("unroll", () => {
  test("makes folds side by side, the last one shorter, and a sum of them", () => {
    const program = unroll(programOf(powers, { par: { "y.1": 4 } }));
    expect(verifyProgram(program)).toEqual([]);
    expect(linesOf(program).filter((line) => line.startsWith("y") && line.includes(" = "))).toEqual([
      "y.part0[i] = sum(j < 3: a[i, j] * loop.x[j])",
      "y.part1[i] = sum(j < 3: a[i, 3 + j] * loop.x[3 + j])",
      "y.part2[i] = sum(j < 3: a[i, 6 + j] * loop.x[6 + j])",
      "y.part3[i] = sum(j < 2: a[i, 9 + j] * loop.x[9 + j])",
      "y[i] = y.part0[i] + y.part1[i] + y.part2[i] + y.part3[i]",
    ]);
  });

  test.each([2, 3, 5, 11])("keeps the values, with %i copies", (copies) => {
    expect(outputsOf(unroll(programOf(powers, { par: { "y.1": copies } })))).toEqual(outputsOf(programOf(powers)));
  });

  test("takes what is done out of the schedule, and leaves the rest in it", () => {
    const schedule = { tile: { "y.0": 1 }, par: { "y.0": 5, "y.1": 1 } };
    expect(unroll(programOf(powers, schedule)).schedule).toEqual({ tile: { "y.0": 1 }, par: { "y.0": 5 } });
  });

  test("gives lanes of folded loops to the parts, and lanes of kept loops to the sum and the parts", () => {
    const lanesAfter = (lanes: Record<string, number>) => unroll(programOf(powers, { par: { "y.1": 2 }, lanes })).schedule!.lanes;
    expect(lanesAfter({ "y.1": 4 })).toEqual({ "y.part0.1": 4, "y.part1.1": 4 });
    expect(lanesAfter({ "y.0": 4 })).toEqual({ "y.0": 4, "y.part0.0": 4, "y.part1.0": 4 });
  });

  test("leaves a fold with a tile to what cuts tiles", () => {
    const program = programOf(powers, { tile: { "y.1": 1 }, par: { "y.1": 2 } });
    expect(unroll(program)).toBe(program);
  });

  test.each([
    ["lanes of copies side by side", 1, { par: { "y.1": 2 }, lanes: { "y.1": 4 } }],
    ["tiles of a fold", 0, { tile: { "y.1": 1 }, par: { "y.1": 2 } }],
    ["buffers of what would stay on the chip", 0, { buffer: { a: 2 } }],
    ["buffers of what is carried", 0, { buffer: { "loop.x": 2 } }],
  ])("obeys %s in a loop, on the chip or round by round", (_, chips, schedule) => {
    const program = programOf(powers, schedule);
    const inputs = generateInputs(program, 1);
    const { controllers } = compileOn(simdMachine, powers, schedule);
    expect(controllers.sections.filter(({ loop }) => loop !== undefined)).toHaveLength(chips);
    const values = interpretControllers(controllers, inputs);
    expect(Object.values(controllers.program.outputs).map((tensor) => [...values[tensor]!])).toEqual(outputsOf(programOf(powers)));
    const { outputs } = runOn(simdMachine, prepareOn(simdMachine, program), program, inputs);
    expect(Object.values(outputs!).map((tensor) => [...tensor])).toEqual(outputsOf(programOf(powers)));
  });

  test("leaves a program alone whose schedule names no fold in a loop", () => {
    const alone: Build = () => {
      const a = input("a", "i32", [5, 11]);
      return { y: map("y", [5], (i) => reduce("add", [11], (k) => a.at(i, k))) };
    };
    for (const program of [programOf(powers, { par: { "y.0": 5 } }), programOf(alone, { par: { "y.1": 4 } })]) expect(unroll(program)).toBe(program);
  });
});
