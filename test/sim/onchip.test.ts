/** Loops on the chip: one section for all rounds, with the values of the interpreter, in both engines alike. */

import { describe, expect, test } from "vitest";
import { type Compiled, compile, interpretControllers } from "../../src/compile/index.ts";
import { type Definition, input, iterate, map, program, reduce } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Program, Schedule, TensorValues } from "../../src/pattern/program.ts";
import { add, constant, mul, sub } from "../../src/pattern/scalars.ts";
import gru from "../../workloads/gru.ts";
import lstm from "../../workloads/lstm.ts";
import { differences, machineOf, prepareOn, roundings, runOn } from "../support/runs.ts";

const plasticine = machineOf("plasticine");
const rnn = machineOf("plasticine-rnn");

function outputsOf({ controllers }: Compiled, inputs: TensorValues, { outputs }: Program): TensorValues {
  const values = interpretControllers(controllers, inputs);
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, values[tensor]!]));
}

/** On the chip in one step, with the values of the interpreter in its plan and in both engines. */
function agrees(source: Program, machine = plasticine, terms = 200): Compiled {
  const inputs = generateInputs(source, 1);
  const allowed = roundings(terms);
  const compiled = compile(source, machine, { style: "spatial" });
  expect(compiled.controllers.sections.filter(({ loop }) => loop !== undefined)).toHaveLength(1);
  expect(compiled.fabric.steps.map(({ kind }) => kind)).not.toContain("repeat");
  expect(differences(source, inputs, outputsOf(compiled, inputs, source), allowed)).toEqual([]);
  const prepared = prepareOn(machine, source);
  const fast = runOn(machine, prepared, source, inputs);
  expect(differences(source, inputs, fast.outputs!, allowed)).toEqual([]);
  expect(runOn(machine, prepared, source, inputs, "oracle")).toEqual(fast);
  return compiled;
}

const withSchedule = (built: Program, schedule: Schedule): Program => ({ ...built, schedule });

describe("a loop on the chip", () => {
  test.each([
    [20, 3],
    [37, 5],
  ])("gives what the interpreter gives: lstm of %i for %i steps", (hidden, steps) => {
    agrees(lstm.build({ hidden, steps, dtype: "f32" }));
  });

  test("gives what the interpreter gives: gru, whose gates stand in one tensor", () => {
    agrees(gru.build({ hidden: 23, steps: 4, dtype: "f32" }));
  });

  test("deals its elements out to copies, also where they do not come out even", () => {
    const { controllers } = agrees(withSchedule(lstm.build({ hidden: 21, steps: 3, dtype: "f32" }), { tile: { "cell.0": 1 }, par: { "cell.0": 4 } }));
    expect(controllers.sections[0]!.loops.map(({ par, trips }) => [par, trips])).toEqual([
      [1, 3],
      [4, 6],
    ]);
  });

  const drift: Definition = program("drift", { n: 19, rounds: 4 }, ({ n, rounds }) => {
    const [a, start, step] = [input("a", "f32", [n, n]), input("start", "f32", [n]), input("step", "f32", [rounds, n])];
    const first = map("first", [n], (i) => sub(start.at(i), 1));
    const { x, total } = iterate("loop", rounds, { x: first, total: map("none", [], () => constant("f32", 3)) }, ({ x: old, total: sum }, t) => {
      const moved = map("moved", [n], (i) => reduce("add", [n], (k) => mul(a.at(i, k), old.at(k))));
      const next = map("next", [n], (i) => add(mul(moved.at(i), 0.125), add(step.at(t, i), mul(sum.at(), 0.5))));
      return { next: { x: next, total: map("sum", [], () => reduce("add", [n], (k) => mul(next.at(k), 0.25))) } };
    });
    return { y: map("y", [n], (i) => add(x!.at(i), total!.at())) };
  });

  test("starts from what stands in memory, carries a single number, and leaves its last round to who comes after", () => {
    const { controllers } = agrees(drift.build());
    expect(controllers.sections.map(({ name }) => name).length).toBeGreaterThan(1);
  });

  test("that a PMU could not hold stays a repeat, and the plan says why", () => {
    const small = { ...plasticine, pmu: { ...plasticine.pmu, bytes: 16 * 64 } };
    const { controllers } = compile(lstm.build({ hidden: 200, steps: 3, dtype: "f32" }), small, { style: "spatial" });
    expect(controllers.steps.map(({ kind }) => kind)).toContain("repeat");
    expect(controllers.cuts.sequence).toContain("PMU");
  });

  test("kernel by kernel is a repeat", () => {
    const { steps } = compile(lstm.build({ hidden: 20, steps: 3, dtype: "f32" }), plasticine, { style: "kernel-by-kernel" }).fabric;
    expect(steps.map(({ kind }) => kind)).toContain("repeat");
  });
});

describe("narrow numbers in packed lanes", () => {
  const build = (hidden: number, weights: string): Program => lstm.build({ hidden, steps: 3, dtype: "fp8e4m3", weights });
  const copies = (folds: number): Schedule => ({
    tile: { "cell.0": 1 },
    par: {
      "cell.0": 2,
      ...Object.fromEntries(["enter", "forget", "fresh", "show"].flatMap((gate) => ["Input", "State"].map((from) => [`${gate}From${from}.1`, folds]))),
    },
  });

  test.each(["auto", "sram"])("with weights whose home is %s", (weights) => {
    const { fabric } = agrees(withSchedule(build(70, weights), copies(2)), rnn);
    const units = fabric.sections[0]!.units;
    expect(units.some((unit) => unit.scratch.some(({ preset }) => preset !== undefined))).toBe(weights === "sram");
    expect(Math.max(...units.flatMap((unit) => unit.nests.map(({ lanes }) => lanes)))).toBe(64);
  });

  test("with weights in several PMUs, each of which passes on what the next one holds", () => {
    const small = { ...rnn, pmu: { ...rnn.pmu, bytes: 1024 } };
    const { fabric } = agrees(withSchedule(build(70, "sram"), copies(1)), small);
    expect(
      fabric.sections[0]!.units.flatMap(({ nests }) => nests.filter(({ work }) => work.kind === "read" && work.rest !== undefined)).length,
    ).toBeGreaterThan(0);
  });

  test("a product fold of 64 of them takes four stages and seven cycles", () => {
    const { fabric } = compile(build(64, "sram"), rnn, { style: "spatial" });
    const fold = fabric.sections[0]!.units.find(({ id }) => id.startsWith("enterFromState") && !id.includes("."))!;
    expect([fold.stages, fold.nests[0]!.latency]).toEqual([4, 7]);
  });
});
