/**
 * The interpreter against the golden outputs of MachSuite's kernels. Reproduced: SpMV (CRS, ELL), GEMM, FFT (strided, transpose), sort, stencil (2-D, 3-D),
 * MD (neighbours, grid), Viterbi. Without a golden file, and compared with plain loops: BFS, PageRank, KMP. Backprop's golden files contradict the program
 * they are of.
 */

import { describe, expect, test } from "vitest";
import { arrayFor } from "../../src/pattern/dtypes.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import type { Program, TensorValues } from "../../src/pattern/program.ts";
import { checkProgram } from "../../src/pattern/verify.ts";
import { type GoldenCase, goldenCases, goldenFilesAreHere, numbers } from "./spatial.ts";
import { backprop } from "./spatial-programs.ts";

/** The values in the arrays, and so the precision, of the program's inputs. */
function rounded(program: Program, inputs: TensorValues): TensorValues {
  const arrayOf = (name: string) => arrayFor(program.tensors.find((tensor) => tensor.name === name)!.dtype, inputs[name]!.length);
  return Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, Object.assign(arrayOf(name), { ...values })]));
}

function outputs({ definition, params, inputs }: GoldenCase): TensorValues {
  const program = checkProgram(definition.build(params));
  return outputsOf(program, interpret(program, rounded(program, inputs)));
}

function largestDifference(found: TensorValues, expected: GoldenCase["expected"]): number {
  const names = Object.keys(expected);
  expect(Object.keys(found).sort()).toEqual([...names].sort());
  return Math.max(
    ...names.map((name) => {
      expect(found[name]).toHaveLength(expected[name]!.length);
      return Math.max(...expected[name]!.map((value, position) => Math.abs(value - found[name]![position]!)));
    }),
  );
}

const where = goldenFilesAreHere ? "" : " (skipped: there is no folder ../shared/cases/spatial)";

describe.skipIf(!goldenFilesAreHere)(`the golden outputs of Spatial's tests${where}`, () => {
  const cases = goldenFilesAreHere ? goldenCases() : [];

  test.each(cases.map((item) => [item.name, item.source, item] as const))("%s (%s)", (_name, _source, item) => {
    expect(largestDifference(outputs(item), item.expected)).toBeLessThanOrEqual(item.tolerance);
  });

  test("BFS finds 1, 26, 184 and 22 nodes on its levels, and 23 not at all", () => {
    const { level } = cases.find(({ name }) => name === "BFS")!.expected as { level: readonly number[] };
    expect([0, 1, 2, 3, -1].map((which) => level.filter((value) => value === which).length)).toEqual([1, 26, 184, 22, 23]);
  });

  test("backprop brings all weights and biases to norm 1, which its golden weights1 and bias1 do not have", () => {
    const norm = (values: Iterable<number>) => Math.sqrt([...values].reduce((sum, value) => sum + value ** 2, 0));
    const golden = ["weights1", "weights2", "weights3", "bias1", "bias2", "bias3"].map((name) => norm(numbers(`backprop/backprop_${name}_gold.csv`)));
    expect(golden.map((value) => Number(value.toFixed(4)))).toEqual([0.0057, 1, 1, 2.0405, 1, 1]);
    const program = backprop.build({ samples: 1 });
    const ours = Object.values(outputsOf(program, interpret(program, generateInputs(program, 1)))).map(norm);
    for (const value of ours) expect(value).toBeCloseTo(1, 12);
  });
});
