/** Folds of more loops than a PCU has counters: they are arrays where a loop that has a copy for each tile turns no more. */

import { expect, test } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import bottleneck from "../../workloads/bottleneck.ts";
import { differences, machineOf, prepareOn, roundings, runOn } from "../support/runs.ts";

const source = bottleneck.build({ images: 2, h: 9, w: 13, c: 40, k: 40, dtype: "f32" });
const machine = machineOf("sn40l");

test("all convolutions of a bottleneck are systolic, with seven loops in that of 3 x 3", () => {
  const { controllers } = compile(source, machine, { style: "spatial" });
  const stages = controllers.sections.flatMap(({ stages, parts }) => parts?.flatMap((part) => part.stages) ?? stages);
  const folds = stages.filter(({ shape }) => shape.loops.length > shape.kept);
  expect(folds.map(({ shape }) => [shape.loops.length, shape.mode])).toEqual([
    [5, "systolic"],
    [7, "systolic"],
    [5, "systolic"],
  ]);
});

test("and give what the interpreter gives, in both engines at one time", () => {
  const inputs = generateInputs(source, 1);
  const prepared = prepareOn(machine, source);
  const counters = runOn(machine, prepared, source, inputs);
  expect(differences(source, inputs, counters.outputs!, roundings(400))).toEqual([]);
  expect(runOn(machine, prepared, source, inputs, "oracle")).toEqual(counters);
});
