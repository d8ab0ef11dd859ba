/**
 * The interpreter against the golden outputs of MachSuite's kernels. Reproduced: SpMV (CRS, ELL), GEMM, FFT (strided, transpose), sort, stencil (2-D, 3-D),
 *MD (neighbours, grid), Viterbi, and of backprop what Spatial's own test checks, as closely as that does. Without a golden file, and compared with plain loops:
 * BFS, PageRank, KMP, MachSuite's backprop.
 */

import { describe, expect, test } from "vitest";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import { goldenCases, goldenFilesAreHere, instanceOf, largestError, numbers } from "./spatial.ts";
import { backprop } from "./spatial-programs.ts";

const where = goldenFilesAreHere ? "" : " (skipped: there is no folder ../shared/cases/spatial)";

describe.skipIf(!goldenFilesAreHere)(`the golden outputs of Spatial's tests${where}`, () => {
  const cases = goldenFilesAreHere ? goldenCases() : [];

  test.each(cases.map((item) => [item.name, item.source, item] as const))("%s (%s)", (_name, _source, item) => {
    const { program, inputs } = instanceOf(item);
    expect(largestError(item, outputsOf(program, interpret(program, inputs)))).toBeLessThanOrEqual(item.tolerance);
  });

  test("BFS finds 1, 26, 184 and 22 nodes on its levels, and 23 not at all", () => {
    const { level } = cases.find(({ name }) => name === "BFS")!.expected as { level: readonly number[] };
    expect([0, 1, 2, 3, -1].map((which) => level.filter((value) => value === which).length)).toEqual([1, 26, 184, 22, 23]);
  });

  test("backprop ends, after 163 samples, with the biases of the last layer that Spatial's program calls golden", () => {
    const { inputs, expected } = cases.find(({ name }) => name.startsWith("backprop of Spatial"))!;
    const program = backprop.build({});
    const { b3 } = outputsOf(program, interpret(program, inputs));
    b3!.forEach((value, position) => {
      expect(Math.abs(value - expected.b3![position]!)).toBeLessThan(2e-4);
    });
  });

  test("backprop brings all weights and biases to norm 1, which those of the first layer in the golden files, unchecked by Spatial's test, do not have", () => {
    const norm = (values: Iterable<number>) => Math.sqrt([...values].reduce((sum, value) => sum + value ** 2, 0));
    const golden = ["weights1", "weights2", "weights3", "bias1", "bias2", "bias3"].map((name) => norm(numbers(`backprop/backprop_${name}_gold.csv`)));
    expect(golden.map((value) => Number(value.toFixed(4)))).toEqual([0.0057, 1, 1, 2.0405, 1, 1]);
    const program = backprop.build({ samples: 1 });
    const ours = Object.values(outputsOf(program, interpret(program, generateInputs(program, 1)))).map(norm);
    for (const value of ours) expect(value).toBeCloseTo(1, 12);
  });
});
