import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Controllers, OperandPlan, SectionPlan, StagePlan } from "../../src/compile/controllers.ts";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import { groupBy, input, map, reduce, sum } from "../../src/pattern/builder.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import type { Schedule } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type ProgramCase, programCases, spine, wholeInputs } from "../support/programs.ts";
import { differences, machineOf } from "../support/runs.ts";
import { placeCases } from "./places.ts";
import { arrayMachine, type Build, compileOn, programOf, refusal, simdMachine } from "./support.ts";

describe.each(["plasticine", "sn40l"])("on %s", (name) => {
  const machine = machineOf(name);
  const equal =
    (style: "spatial" | "kernel-by-kernel") =>
    ({ program, inputs }: ProgramCase) => {
      const { controllers } = compile(program, machine, { style });
      expect(differences(program, inputs, outputsOf(program, interpretControllers(controllers, inputs)))).toEqual([]);
    };

  test("the plan of a random program means what the program means", () => {
    fc.assert(fc.property(programCases(spine), equal("spatial")), { numRuns: 60 });
  });

  test("so does the plan of a program with odd places", () => {
    fc.assert(fc.property(placeCases(), equal("spatial")), { numRuns: 60 });
  });

  test("so does a plan of one operator a section", () => {
    fc.assert(fc.property(programCases({ ...spine, extents: [1, 3, 17, 33] }), equal("kernel-by-kernel")), { numRuns: 20 });
  });
});

/** Values after one thing in the plan is changed: "wrong", "refused", or "right" where nobody notices. */
function fate(build: Build, schedule: Schedule | undefined, machine: typeof simdMachine, change: (section: SectionPlan) => SectionPlan): string {
  const source = programOf(build, schedule);
  const { controllers } = compileOn(machine, build, schedule);
  const inputs = wholeInputs(source, 3);
  const run = (plan: Controllers) => differences(source, inputs, outputsOf(source, interpretControllers(plan, inputs)));
  expect(run(controllers)).toEqual([]);
  try {
    return run({ ...controllers, sections: controllers.sections.map(change) }).length === 0 ? "right" : "wrong";
  } catch {
    return "refused";
  }
}

const gemm: Build = () => {
  const a = input("a", "f32", [12, 5]);
  const b = input("b", "f32", [5, 36]);
  return { c: map("c", [12, 36], (i, j) => reduce("add", [5], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
};
const tiles: Schedule = { tile: { "c.0": 4, "c.1": 16 }, par: { "c.0": 2, "c.1": 1 } };

const stage = (of: number, change: (stage: StagePlan) => StagePlan) => (section: SectionPlan) => ({
  ...section,
  stages: section.stages.map((item, i) => (i === of ? change(item) : item)),
});
const operand = (position: number, change: (plan: OperandPlan) => OperandPlan) => (item: StagePlan) => ({
  ...item,
  operands: item.operands.map((plan, i) => (i === position ? change(plan) : plan)),
});
const via = (change: Record<string, unknown>) => (plan: OperandPlan) => ({ ...plan, via: { ...plan.via, ...change } }) as OperandPlan;

const changes: Readonly<Record<string, (section: SectionPlan) => SectionPlan>> = {
  "a tile that is too large": (section) => ({ ...section, loops: section.loops.map((loop) => ({ ...loop, tile: loop.tile + 1 })) }),
  "a turn too few": (section) => ({ ...section, loops: section.loops.map((loop) => ({ ...loop, trips: loop.trips - 1 })) }),
  "a copy too few": (section) => ({ ...section, loops: section.loops.map((loop) => ({ ...loop, par: 1 })) }),
  "a trip too few": stage(0, (item) => ({ ...item, inner: item.inner.map((loop) => ({ ...loop, trip: Math.max(1, loop.trip - 1) })) })),
  "a step too small": stage(0, (item) => ({ ...item, inner: item.inner.map((loop) => ({ ...loop, step: Math.max(1, loop.step - 1) })) })),
  "a level too low": stage(
    0,
    operand(0, (plan) => ({ ...plan, level: plan.level - 1 })),
  ),
  "one word for many": stage(
    0,
    operand(1, (plan) => ({ ...plan, words: 1 })),
  ),
  "a box that is too small": stage(0, operand(0, via({ box: [3, 5] }))),
  "a hand-over too rare": stage(0, operand(0, via({ hold: 0, held: [] }))),
  "tiles held in the wrong order": stage(0, operand(1, via({ held: [0] }))),
  "a result in another order": stage(0, (item) => ({
    ...item,
    results: item.results.map((result) => result && { ...result, loops: result.loops.map((loop) => ({ ...loop, dim: 1 - loop.dim })) }),
  })),
  "words of a result that run elsewhere": stage(0, (item) => ({ ...item, results: item.results.map((result) => result && { ...result, lane: 0 }) })),
  "nothing stored": stage(0, (item) => ({ ...item, stores: [] })),
};

describe("interpretControllers", () => {
  test.each(Object.entries(changes))("notices %s", (_name, change) => {
    expect(fate(gemm, tiles, simdMachine, change)).toMatch(/wrong|refused/);
    expect(fate(gemm, { tile: { "c.0": 5, "c.1": 16 }, par: { "c.0": 2, "c.1": 1 } }, arrayMachine, change)).toMatch(/wrong|refused/);
  });

  const streams: Build = () => {
    const x = input("x", "f32", [12, 40]);
    const most = map("most", [12], (i) => reduce("max", [40], (k) => x.at(i, k)));
    const e = map("e", [12, 40], (i, j) => s.sub(x.at(i, j), most.at(i)));
    const sums = map("sums", [12], (i) => reduce("add", [40], (k) => e.at(i, k)));
    return { y: map("y", [12, 40], (i, j) => s.sub(s.mul(e.at(i, j), 40), sums.at(i))) };
  };

  test("notices a stream that is popped more often or more rarely than it is filled", () => {
    for (const of of [1, 2]) {
      const change = stage(of, (item) => ({
        ...item,
        operands: item.operands.map((plan) => (plan.via.kind === "stage-stream" ? { ...plan, level: plan.level - 1 } : plan)),
      }));
      expect(fate(streams, { tile: { "y.0": 3 } }, simdMachine, change)).toBe("refused");
    }
  });

  test("notices a stage buffer of another shape", () => {
    expect(fate(streams, { tile: { "y.0": 3 } }, simdMachine, stage(3, operand(0, via({ shape: [3, 39] }))))).toMatch(/wrong|refused/);
  });

  test("folds in the accumulator's dtype and rounds once", () => {
    const sumOf: Build = () => {
      const x = input("x", "bf16", [300]);
      return { y: map("y", [], () => reduce("add", [300], (i) => x.at(i))) };
    };
    const source = programOf(sumOf);
    const inputs = { x: new Float32Array(300).fill(1) };
    expect(interpretControllers(compileOn(simdMachine, sumOf).controllers, inputs).y).toEqual(new Float32Array([300]));
    expect(differences(source, inputs, interpretControllers(compileOn(simdMachine, sumOf).controllers, inputs))).toEqual([]);
  });

  test("refuses a key outside its table", () => {
    const group: Build = () => {
      const x = input("x", "i32", [20]);
      return groupBy("g", [20], (i) => ({ key: x.at(i), keys: 4, fields: { sum: sum(i) } }));
    };
    const { controllers } = compileOn(simdMachine, group);
    expect(refusal(() => interpretControllers(controllers, { x: new Int32Array(20).fill(4) }))).toBe('g: "g" meets the key 4, expected 0 to 3');
    expect(refusal(() => interpretControllers(controllers, { x: new Int32Array(20).fill(-1) }))).toBe('g: "g" meets the key -1, expected 0 to 3');
  });
});
