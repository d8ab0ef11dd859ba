/** Stages with fewer copies than their section: what they compute stays what it was, and both engines agree on when. */

import { describe, expect, test } from "vitest";
import type { SectionPlan } from "../../src/compile/controllers.ts";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { input, map, program, reduce } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import type { Program } from "../../src/pattern/program.ts";
import { add, exp, mul } from "../../src/pattern/scalars.ts";
import attention from "../../workloads/attention.ts";
import { differences, machineOf, prepareOn, roundings, runOn } from "../support/runs.ts";

/** With so many PCUs in the same grid. */
function withPcus(name: string, count: number): Machine {
  const machine = machineOf(name);
  return { ...machine, pcu: { ...machine.pcu, count }, pmu: { ...machine.pmu, count: machine.pcu.count + machine.pmu.count - count } };
}

/** A slow stage between two fast ones: tiles are dealt out to it and gathered again. */
const waist = program("waist", { rows: 24, cols: 96 }, ({ rows, cols }) => {
  const [x, w] = [input("x", "f32", [rows, cols]), input("w", "f32", [cols, cols])];
  const e = map("e", [rows, cols], (i, j) => exp(mul(x.at(i, j), 0.01)));
  const y = map("y", [rows, cols], (i, j) => reduce("add", [cols], (l) => mul(e.at(i, l), w.at(l, j))));
  const most = map("most", [rows], (i) => reduce("max", [cols], (j) => y.at(i, j)));
  return { z: map("z", [rows, cols], (i, j) => add(y.at(i, j), most.at(i))) };
});

const cases: readonly (readonly [string, Program, string, number])[] = [
  ["attention, 12 PCUs", attention.build({ seq: 20, heads: 2, dim: 33 }), "plasticine", 12],
  ["attention, 20 PCUs", attention.build({ seq: 40, heads: 2, dim: 32 }), "plasticine", 20],
  ["attention, 31 PCUs", attention.build({ seq: 37, heads: 3, dim: 16 }), "plasticine", 31],
  ["attention on arrays", attention.build({ seq: 48, heads: 2, dim: 40 }), "sn40l", 40],
  ["a slow stage between fast ones", waist.build(), "plasticine", 17],
];

/** Of the section that has the most kinds. */
const numbersOfCopies = (sections: readonly SectionPlan[]): readonly number[] =>
  sections
    .map(({ stages }) => [...new Set(stages.map(({ loops }) => loops.reduce((all, { par }) => all * par, 1)))])
    .reduce((most, one) => (one.length > most.length ? one : most));

describe("with fewer copies of fast stages", () => {
  test.each(cases)("%s gives what the interpreter gives", (_, source, name, pcus) => {
    const machine = withPcus(name, pcus);
    const inputs = generateInputs(source, 1);
    const { program: lowered, controllers } = compile(source, machine, { style: "spatial" });
    expect(numbersOfCopies(controllers.sections).length).toBeGreaterThan(1);
    const prepared = prepareOn(machine, source);
    const counters = runOn(machine, prepared, source, inputs);
    expect(differences(source, inputs, counters.outputs!, roundings(96))).toEqual([]);
    expect(differences(source, inputs, outputsOf(lowered, interpretControllers(controllers, inputs)), roundings(96))).toEqual([]);
    expect(runOn(machine, prepared, source, inputs, "oracle")).toEqual(counters);
  });

  test("some stages have fewer, and their tiles are gathered and dealt out", () => {
    const { controllers } = compile(cases[1]![1], withPcus("plasticine", 20), { style: "spatial" });
    const [section] = controllers.sections;
    const gathered = section!.stages.flatMap(({ operands }) => operands.flatMap(({ via }) => (via.kind === "stage-buffer" && via.pmus > 1 ? [via.pmus] : [])));
    expect(gathered.length).toBeGreaterThan(0);
  });
});
