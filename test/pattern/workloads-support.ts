/** What the tests of the workloads share: run one on seeded inputs, and compare with plain numbers. */

import { expect } from "vitest";
import type { Definition } from "../../src/pattern/builder.ts";
import { precisionOf } from "../../src/pattern/dtypes.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import type { TensorValues, Values } from "../../src/pattern/program.ts";
import { checkProgram } from "../../src/pattern/verify.ts";

export interface Evaluated {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

/** Inputs and outputs of a workload. `given` replaces seeded inputs. */
export function evaluate(definition: Definition, settings: Readonly<Record<string, unknown>>, given: TensorValues = {}, seed = 1): Evaluated {
  const program = checkProgram(definition.build(settings));
  const inputs = { ...generateInputs(program, seed), ...given };
  return { inputs: listed(inputs), outputs: listed(outputsOf(program, interpret(program, inputs))) };
}

const listed = (values: TensorValues) => Object.fromEntries(Object.entries(values).map(([name, array]: [string, Values]) => [name, [...array]]));

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** The sum of a(i) b(i), and that of their sizes: the scale of its rounding error. */
export function dot(count: number, a: (i: number) => number, b: (i: number) => number): { readonly value: number; readonly scale: number } {
  const products = range(count).map((i) => a(i) * b(i));
  return { value: total(products), scale: total(products.map(Math.abs)) };
}

/** |found - expected| <= gamma of so many roundings of `dtype`, times the scale. */
export function near(found: number | undefined, expected: number, roundings: number, scale = Math.abs(expected), dtype: "f64" | "f32" | "bf16" = "f32"): void {
  const error = roundings * 2 ** -precisionOf(dtype);
  expect(Math.abs(found! - expected), `${found} is not ${expected}`).toBeLessThanOrEqual((error / (1 - error)) * scale);
}

/** The same for lists, all on one scale. */
export function allNear(
  found: readonly number[] | undefined,
  expected: readonly number[],
  roundings: number,
  scale: number,
  dtype: "f64" | "f32" = "f32",
): void {
  expect(found?.length).toBe(expected.length);
  expected.forEach((value, position) => {
    near(found![position], value, roundings, scale, dtype);
  });
}
