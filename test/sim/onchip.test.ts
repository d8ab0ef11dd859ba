/** Loops on the chip: one section for all rounds, with the values of the interpreter, in both engines alike. */

import { describe, expect, test } from "vitest";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Program } from "../../src/pattern/program.ts";
import lstm from "../../workloads/lstm.ts";
import { differences, machineOf, prepareOn, roundings, runOn } from "../support/runs.ts";

const machine = machineOf("plasticine");

function outputsOfControllers(program: Program, inputs: ReturnType<typeof generateInputs>) {
  const { controllers } = compile(program, machine, { style: "spatial" });
  const values = interpretControllers(controllers, inputs);
  return Object.fromEntries(Object.entries(program.outputs).map(([name, tensor]) => [name, values[tensor]!]));
}

describe("a loop on the chip", () => {
  test.each([
    [20, 3],
    [37, 5],
  ])("gives what the interpreter gives: lstm of %i for %i steps", (hidden, steps) => {
    const program: Program = lstm.build({ hidden, steps, dtype: "f32" });
    const inputs = generateInputs(program, 1);
    const allowed = roundings(hidden);
    expect(differences(program, inputs, outputsOfControllers(program, inputs), allowed)).toEqual([]);
    const prepared = prepareOn(machine, program);
    expect(prepared.mapping.fabric.steps).toHaveLength(1);
    const fast = runOn(machine, prepared, program, inputs);
    expect(differences(program, inputs, fast.outputs!, allowed)).toEqual([]);
    expect(runOn(machine, prepared, program, inputs, "oracle")).toEqual(fast);
  });
});
