/**
 * The golden outputs of MachSuite's kernels from the machines: compiled, mapped and simulated with values. What takes the host longest is left to the interpreter:
 * Viterbi in f64, whose path is that in f32, and 163 rounds of backprop, of which 20 are here.
 */

import { describe, expect, test } from "vitest";
import { machineOf, prepareOn, runOn } from "../support/runs.ts";
import { goldenCases, goldenFilesAreHere, instanceOf, largestError } from "./spatial.ts";

const tooLong = ["Viterbi, f64", "backprop of Spatial, 163 samples"];

const cases = goldenFilesAreHere ? goldenCases().filter(({ name }) => !tooLong.includes(name)) : [];

const where = goldenFilesAreHere ? "" : " (skipped: there is no folder ../shared/cases/spatial)";

describe.skipIf(!goldenFilesAreHere).each(["plasticine", "sn10", "sn40l"])(`the golden outputs of Spatial's tests from %s${where}`, (name) => {
  const machine = machineOf(name);

  test.each(cases.map((item) => [item.name, item] as const))("%s", (_name, item) => {
    const { program, inputs } = instanceOf(item);
    const { outputs } = runOn(machine, prepareOn(machine, program), program, inputs);
    expect(largestError(item, outputs!)).toBeLessThanOrEqual(item.tolerance);
  });
});
