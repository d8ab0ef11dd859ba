import { describe, expect, test } from "vitest";
import { unroll } from "../../src/compile/unroll.ts";
import { input, iterate, map, reduce } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Program } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

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

  test("leaves a program alone whose schedule names no fold in a loop", () => {
    const alone: Build = () => {
      const a = input("a", "i32", [5, 11]);
      return { y: map("y", [5], (i) => reduce("add", [11], (k) => a.at(i, k))) };
    };
    for (const program of [programOf(powers, { par: { "y.0": 5 } }), programOf(alone, { par: { "y.1": 4 } })]) expect(unroll(program)).toBe(program);
  });
});
