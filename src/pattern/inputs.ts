/** Inputs of a program from a seed: each input has a stream of its own, so that adding one does not change the others, and a shorter one is a prefix. */

import { nextBelow, nextNormal, nextUnit, seedRandom } from "../base/random.ts";
import { checkedLength } from "./bodies.ts";
import { arrayFor, isFloat, rangeOf, roundFunction } from "./dtypes.ts";
import type { Dtype, Generator, Program, Tensor, TensorValues, Values } from "./program.ts";

export function generateInputs(program: Program, seed: number): TensorValues {
  return Object.fromEntries(program.inputs.map((name) => [name, generateInput(program.tensors.find((tensor) => tensor.name === name)!, seed)]));
}

export function generateInput(tensor: Tensor, seed: number): Values {
  const values = arrayFor(tensor.dtype, checkedLength(tensor));
  const next = elements(tensor.data ?? defaultGenerator(tensor.dtype), tensor, seed);
  const toDtype = roundFunction(tensor.dtype);
  for (let position = 0; position < values.length; position++) values[position] = toDtype(next(position));
  return values;
}

/** Floats in [-1, 1); integers in [-100, 100] or their range if that is narrower; bools either. */
export function defaultGenerator(dtype: Dtype): Generator {
  if (isFloat(dtype)) return { kind: "uniform", low: -1, high: 1 };
  const { lowest, highest } = rangeOf(dtype);
  return { kind: "uniform", low: Math.max(lowest, -100), high: Math.min(highest, 100) };
}

function elements(generator: Generator, { name, dtype }: Tensor, seed: number): (position: number) => number {
  const state = seedRandom(seed, name);
  switch (generator.kind) {
    case "uniform": {
      const { low, high } = generator;
      return isFloat(dtype) ? () => low + (high - low) * nextUnit(state) : () => low + nextBelow(state, high - low + 1);
    }
    case "normal":
      return () => generator.mean + generator.deviation * nextNormal(state);
    case "index":
      return (position) => position;
    case "constant":
      return () => generator.value;
  }
}
