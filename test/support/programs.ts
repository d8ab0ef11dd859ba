/**
 * Random small programs with inputs, for laws. Every value of a float tensor that is summed is a whole number small enough to be exact in its
 * accumulator, and keys come from such values, so results do not depend on the order of folds: a law may demand equality. Integers wrap, which is exact in any
 * order. What cannot be exact (tanh, identities of empty folds) goes into nothing but maps and extremes.
 */

import * as fc from "fast-check";
import { nextBelow, seedRandom } from "../../src/base/random.ts";
import { elementsOf } from "../../src/pattern/analysis.ts";
import { input, program } from "../../src/pattern/builder.ts";
import { arrayFor, dtypes as everyDtype } from "../../src/pattern/dtypes.ts";
import { generateInput } from "../../src/pattern/inputs.ts";
import { printProgram } from "../../src/pattern/print.ts";
import type { Dtype, Program, TensorValues } from "../../src/pattern/program.ts";
import * as dense from "./programs-dense.ts";
import { type LoopKind, loop } from "./programs-loops.ts";
import { type Cook, type Made, madeOf, pick, type Step, take, type World } from "./programs-made.ts";
import * as records from "./programs-records.ts";

export interface ProgramCase {
  readonly program: Program;
  readonly inputs: TensorValues;
}

export interface RandomCase extends ProgramCase {
  /** What it was made from; `cook` makes it again. */
  readonly recipe: Recipe;
}

/** What a program is made from: plain numbers, so that fast-check can shrink them. */
export interface Recipe {
  readonly rows: number;
  readonly cols: number;
  readonly dtype: Dtype;
  readonly steps: readonly Step<StepKind>[];
  readonly seed: number;
}

const cooks = {
  map: dense.elementwise,
  function: dense.pointwise,
  broadcast: dense.broadcast,
  transpose: dense.transpose,
  window: dense.window,
  reduce: dense.fold,
  reduceAll: dense.foldAll,
  centre: dense.centre,
  product: dense.product,
  cast: dense.recast,
  group: records.group,
  compare: dense.compare,
  convert: dense.convert,
  wrap: dense.wrap,
  scalar: dense.scalar,
  cube: dense.cube,
  permute: dense.permute,
  stride: dense.stride,
  padded: dense.padded,
  axes: dense.axes,
  several: dense.several,
  extreme: dense.extreme,
  scan: dense.prefix,
  gather: records.gather,
  far: records.far,
  filter: records.keep,
  emit: records.emit,
  beyond: records.beyond,
  dense: records.dense,
  hash: records.hash,
} satisfies Readonly<Record<string, Cook>>;

const loops = {
  iterate: { until: false, nested: false },
  until: { until: true, nested: false },
  nested: { until: false, nested: true },
} satisfies Readonly<Record<string, LoopKind>>;

/** `output` makes an output of something that already is: an input, something that is read as well, one under two names. */
export type StepKind = keyof typeof cooks | keyof typeof loops | "output";

/** What every version could lower: one nest an operator, dense but for a filter and its groups. */
export const spineKinds: readonly StepKind[] = "map function broadcast transpose window reduce reduceAll centre product cast group".split(" ") as StepKind[];
const loopKinds = Object.keys(loops) as readonly (keyof typeof loops)[];
export const everyKind: readonly StepKind[] = [...(Object.keys(cooks) as readonly (keyof typeof cooks)[]), ...loopKinds, "output"];

/** For laws that are about the plain part of the language. */
export const spine: ProgramOptions = { kinds: spineKinds, dtypes: ["f32", "bf16", "i32", "i8"] };

export interface ProgramOptions {
  /** Of the matrices; casts give others. */
  readonly dtypes?: readonly Dtype[];
  readonly kinds?: readonly StepKind[];
  /** Extents of the inputs are drawn from these. */
  readonly extents?: readonly number[];
  readonly mostSteps?: number;
}

/** Programs of 1 to 4 steps over a matrix x, a matrix y of the same shape and a vector v. */
export function programCases(options: ProgramOptions = {}): fc.Arbitrary<RandomCase> {
  const { dtypes = everyDtype, kinds = everyKind, extents = [1, 2, 3, 5, 7, 8, 13, 16, 17, 33], mostSteps = 4 } = options;
  const extent = fc.constantFrom(...extents);
  const steps = fc.array(stepOf(kinds), { minLength: 1, maxLength: mostSteps });
  return fc.record({ rows: extent, cols: extent, dtype: fc.constantFrom(...dtypes), steps, seed: fc.nat(1000) }).map(cook);
}

function stepOf(kinds: readonly StepKind[]): fc.Arbitrary<Step<StepKind>> {
  const choices = { a: fc.nat(99), b: fc.nat(99), operation: fc.nat(99) };
  const isLoop = (kind: StepKind): boolean => loopKinds.some((item) => item === kind);
  const [flat, around] = [kinds.filter((kind) => !isLoop(kind)), kinds.filter(isLoop)];
  const plain = (wanted: readonly StepKind[]) => fc.record({ kind: fc.constantFrom(...wanted), ...choices, inner: fc.constant([]) });
  if (around.length === 0) return plain(flat);
  const inner = flat.filter((kind) => kind !== "output");
  const body = inner.length === 0 ? fc.constant([]) : fc.array(plain(inner), { maxLength: 3 });
  const looping = fc.record({ kind: fc.constantFrom(...around), ...choices, inner: body });
  return flat.length === 0 ? looping : fc.oneof({ weight: flat.length, arbitrary: plain(flat) }, { weight: around.length, arbitrary: looping });
}

/** The program of a recipe, with its inputs. Printed, it shows the recipe and the program as mathematics. */
export function cook(recipe: Recipe): RandomCase {
  const built = program("random", {}, () => cookSteps(recipe)).build();
  const made: RandomCase = { program: built, inputs: wholeInputs(built, recipe.seed), recipe };
  Object.defineProperty(made, fc.toStringMethod, { value: () => `cook(${JSON.stringify(recipe)})\n${printProgram(built)}` });
  return made;
}

/** Whole numbers of [-3, 3]; bools either; where the program says how an input is filled, that. */
export function wholeInputs(program: Program, seed: number): TensorValues {
  const arrays = program.inputs.map((name) => {
    const tensor = program.tensors.find((item) => item.name === name)!;
    if (tensor.data !== undefined) return [name, generateInput(tensor, seed)] as const;
    const state = seedRandom(seed, name);
    const whole = (): number => nextBelow(state, 7) - 3;
    return [name, arrayFor(tensor.dtype, elementsOf(tensor.shape)).map(tensor.dtype === "bool" ? () => whole() & 1 : whole)] as const;
  });
  return Object.fromEntries(arrays);
}

const NOTHING: Step = { kind: "transpose", a: 0, b: 0, operation: 0, inner: [] };

function cookSteps({ rows, cols, dtype, steps }: Recipe): Readonly<Record<string, Made["handle"]>> {
  const inputs = [input("x", dtype, [rows, cols]), input("y", dtype, [rows, cols]), input("v", dtype, [cols])].map((handle) => madeOf(handle, 3, true));
  const world: World = { made: [...inputs], inputs: new Set(inputs), used: new Set(), outputs: new Map(), inLoop: false };
  for (const [position, step] of steps.entries()) cookStep(`s${position}`, step, world);
  const results = (): readonly Made[] => world.made.filter((item) => !world.inputs.has(item) && !world.used.has(item));
  if (results().length === 0) world.made.push(...dense.transpose("copy", NOTHING, world, inputs[0]!));
  return { ...Object.fromEntries(results().map(({ handle }) => [handle.tensor.name, handle])), ...Object.fromEntries(world.outputs) };
}

function cookStep(name: string, step: Step, world: World): void {
  const kind = step.kind as StepKind;
  const first = pick(world.made, step.a)!;
  if (kind === "output") {
    world.outputs.set(`${name}.again`, first.handle);
    return;
  }
  if (kind in loops) {
    world.made.push(...loop(name, step, world, cookStep, loops[kind as keyof typeof loops]));
    return;
  }
  take(world, first);
  world.made.push(...cooks[kind as keyof typeof cooks](name, step, world, first));
}
