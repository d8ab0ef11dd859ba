/**
 * Random small programs with inputs, for laws. Every value of a float tensor that is summed is a whole number small enough to be exact in its
 * accumulator, and predicates and keys come from such values, so results do not depend on the order of folds: a law may demand equality.
 */

import * as fc from "fast-check";
import { nextBelow, seedRandom } from "../../src/base/random.ts";
import { elementsOf } from "../../src/pattern/analysis.ts";
import { count, filter, groupBy, input, map, program, reduce, sum } from "../../src/pattern/builder.ts";
import { arrayFor } from "../../src/pattern/dtypes.ts";
import type { Dtype, Expr, Program, TensorValues } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";

export interface ProgramCase {
  readonly program: Program;
  readonly inputs: TensorValues;
}

/** What a program is made from: plain numbers, so that fast-check can shrink them. Choices are taken modulo what there is. */
interface Recipe {
  readonly rows: number;
  readonly cols: number;
  readonly dtype: Dtype;
  readonly steps: readonly Step[];
  readonly seed: number;
}

interface Step {
  readonly kind: StepKind;
  readonly a: number;
  readonly b: number;
  readonly operation: number;
}

type StepKind = "map" | "function" | "broadcast" | "transpose" | "window" | "reduce" | "reduceAll" | "centre" | "product" | "cast" | "group";

export interface ProgramOptions {
  readonly dtypes?: readonly Dtype[];
  readonly kinds?: readonly StepKind[];
  /** Extents of the inputs are drawn from these. */
  readonly extents?: readonly number[];
  readonly mostSteps?: number;
}

const everyKind: readonly StepKind[] = ["map", "function", "broadcast", "transpose", "window", "reduce", "reduceAll", "centre", "product", "cast", "group"];

/** Programs of 1 to 4 steps over a matrix x, a matrix y of the same shape and a vector v. */
export function programCases(options: ProgramOptions = {}): fc.Arbitrary<ProgramCase> {
  const { dtypes = ["f32", "bf16", "i32", "i8"], kinds = everyKind, extents = [1, 2, 3, 5, 7, 8, 13, 16, 17, 33], mostSteps = 4 } = options;
  const extent = fc.constantFrom(...extents);
  const step = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(99), b: fc.nat(99), operation: fc.nat(99) });
  const steps = fc.array(step, { minLength: 1, maxLength: mostSteps });
  return fc.record({ rows: extent, cols: extent, dtype: fc.constantFrom(...dtypes), steps, seed: fc.nat(1000) }).map(cook);
}

/** Whole numbers of [-3, 3]. */
export function wholeInputs(program: Program, seed: number): TensorValues {
  const arrays = program.inputs.map((name) => {
    const { dtype, shape } = program.tensors.find((tensor) => tensor.name === name)!;
    const state = seedRandom(seed, name);
    return [name, arrayFor(dtype, elementsOf(shape)).map(() => nextBelow(state, 7) - 3)] as const;
  });
  return Object.fromEntries(arrays);
}

/** A tensor made so far. `bound`: of absolute values; `exact`: whole numbers, so that sums are exact. */
interface Made {
  readonly handle: s.Handle;
  readonly bound: number;
  readonly exact: boolean;
}

function cook({ rows, cols, dtype, steps, seed }: Recipe): ProgramCase {
  const built = program("random", {}, () => {
    const made: Made[] = [
      { handle: input("x", dtype, [rows, cols]), bound: 3, exact: true },
      { handle: input("y", dtype, [rows, cols]), bound: 3, exact: true },
      { handle: input("v", dtype, [cols]), bound: 3, exact: true },
    ];
    const used = new Set<Made>();
    for (const [position, step] of steps.entries()) made.push(...cookStep(`s${position}`, step, made, used));
    const results = made.slice(3).filter((item) => !used.has(item));
    return Object.fromEntries(results.map(({ handle }) => [handle.tensor.name, handle]));
  }).build();
  return { program: built, inputs: wholeInputs(built, seed) };
}

/** Largest absolute value that may be summed further: far below 2^24. */
const largest = 2 ** 12;

function cookStep(name: string, step: Step, made: readonly Made[], used: Set<Made>): readonly Made[] {
  const first = pick(made, step.a)!;
  const second = pick(sameShape(made, first), step.b)!;
  const take = (...items: readonly Made[]): void => {
    for (const item of items) used.add(item);
  };
  take(first);
  switch (step.kind) {
    case "map":
      take(second);
      return [elementwise(name, step.operation, first, second)];
    case "function":
      return [pointwise(name, step.operation, first)];
    case "broadcast":
      return [broadcast(name, step, first, made, take)];
    case "transpose":
      return [transpose(name, first)];
    case "window":
      return [window(name, step.operation, first)];
    case "reduce":
      return [fold(name, step.operation, first, 1)];
    case "reduceAll":
      return [fold(name, step.operation, first, rank(first))];
    case "centre":
      return [centre(name, first)];
    case "product":
      return [product(name, first, made, step.b, take)];
    case "cast":
      return [recast(name, step.operation, first)];
    case "group":
      take(second);
      return group(name, step.operation, first, second);
  }
}

const pick = <T>(items: readonly T[], choice: number): T | undefined => items[choice % Math.max(1, items.length)];
const shapeOf = ({ handle }: Made): readonly number[] => handle.tensor.shape;
const dtypeOf = ({ handle }: Made): Dtype => handle.tensor.dtype;
const rank = (item: Made): number => shapeOf(item).length;
const isFloat = (item: Made): boolean => !dtypeOf(item).startsWith("i");
const sameShape = (made: readonly Made[], like: Made): readonly Made[] =>
  made.filter((item) => String(shapeOf(item)) === String(shapeOf(like)) && dtypeOf(item) === dtypeOf(like));

function elementwise(name: string, operation: number, a: Made, b: Made): Made {
  const exact = a.exact && b.exact;
  const choices: readonly (readonly [bound: number, f: (x: Expr, y: Expr) => Expr])[] = [
    [Math.max(a.bound, b.bound), s.max],
    [Math.max(a.bound, b.bound), s.min],
    ...(exact ? ([[Math.max(a.bound, b.bound), (x: Expr, y: Expr) => s.select(s.le(x, y), s.neg(x), y)]] as const) : []),
    ...(a.bound + b.bound <= largest
      ? ([
          [a.bound + b.bound, s.add],
          [a.bound + b.bound, s.sub],
        ] as const)
      : []),
    ...(a.bound * b.bound <= largest ? ([[a.bound * b.bound, s.mul]] as const) : []),
  ];
  const [bound, f] = pick(choices, operation)!;
  return { handle: map(name, shapeOf(a), (...at) => f(a.handle.at(...at), b.handle.at(...at))), bound, exact };
}

function pointwise(name: string, operation: number, a: Made): Made {
  const whole: readonly (readonly [bound: number, f: (x: Expr) => Expr])[] = [
    [a.bound, s.abs],
    [a.bound, s.neg],
    [2, (x) => s.min(s.max(x, -2), 2)],
    [a.bound, (x) => s.div(x, 1)],
  ];
  const real: readonly (readonly [bound: number, f: (x: Expr) => Expr])[] = [
    [55, (x) => s.exp(s.min(x, 4))],
    [1, s.tanh],
    [1, s.sigmoid],
    [a.bound, (x) => s.sqrt(s.abs(x))],
    [a.bound, (x) => s.div(x, s.max(s.abs(x), 2))],
  ];
  const choices = isFloat(a) ? [...whole, ...real] : whole;
  const [bound, f] = pick(choices, operation)!;
  return { handle: map(name, shapeOf(a), (...at) => f(a.handle.at(...at))), bound, exact: a.exact && whole.some((choice) => choice[1] === f) };
}

/** A vector of the last extent against every row. */
function broadcast(name: string, { b, operation }: Step, a: Made, made: readonly Made[], take: (item: Made) => void): Made {
  const vectors = made.filter((item) => rank(item) === 1 && shapeOf(item)[0] === shapeOf(a).at(-1) && dtypeOf(item) === dtypeOf(a));
  const vector = pick(vectors, b);
  if (vector === undefined) return pointwise(name, operation, a);
  take(vector);
  const f = operation % 2 === 0 || a.bound + vector.bound > largest ? s.max : s.add;
  const handle = map(name, shapeOf(a), (...at) => f(a.handle.at(...at), vector.handle.at(at.at(-1)!)));
  return { handle, bound: f === s.add ? a.bound + vector.bound : Math.max(a.bound, vector.bound), exact: a.exact && vector.exact };
}

function transpose(name: string, a: Made): Made {
  const shape = [...shapeOf(a)].reverse();
  return { ...a, handle: map(name, shape, (...at) => a.handle.at(...at.reverse())) };
}

/** Neighbours, every second element, or the elements backwards along the last dimension. */
function window(name: string, operation: number, a: Made): Made {
  const extent = shapeOf(a).at(-1);
  if (extent === undefined || extent < 2) return transpose(name, a);
  const outer = shapeOf(a).slice(0, -1);
  const read = (at: readonly Expr[], last: Expr): Expr => a.handle.at(...at.slice(0, -1), last);
  if (operation % 3 === 0) return { ...a, handle: map(name, [...outer, Math.ceil(extent / 2)], (...at) => read(at, s.mul(at.at(-1)!, 2))) };
  if (operation % 3 === 1) return { ...a, handle: map(name, [...outer, extent], (...at) => read(at, s.sub(extent - 1, at.at(-1)!))) };
  return { ...a, handle: map(name, [...outer, extent - 1], (...at) => s.max(read(at, at.at(-1)!), read(at, s.add(at.at(-1)!, 1)))) };
}

/** Folds the last `levels` dimensions. */
function fold(name: string, operation: number, a: Made, levels: number): Made {
  const kept = Math.max(0, rank(a) - levels);
  const folded = shapeOf(a).slice(kept);
  const bound = a.bound * elementsOf(folded);
  const fn = a.exact && bound <= largest ? (["add", "max", "min"] as const)[operation % 3]! : (["max", "min"] as const)[operation % 2]!;
  const handle = map(name, shapeOf(a).slice(0, kept), (...at) => reduce(fn, folded, (...over) => a.handle.at(...at, ...over)));
  return { ...a, handle, bound: fn === "add" ? bound : a.bound };
}

/** Each element less its row's largest: a reduction inside a larger body. */
function centre(name: string, a: Made): Made {
  if (rank(a) === 0) return transpose(name, a);
  const last = shapeOf(a).at(-1)!;
  const body = (...at: Expr[]): Expr =>
    s.sub(
      a.handle.at(...at),
      reduce("max", [last], (k) => a.handle.at(...at.slice(0, -1), k)),
    );
  return { ...a, handle: map(name, shapeOf(a), body), bound: 2 * a.bound };
}

/** Matrix times matrix (second transposed), or inner products of rows with a vector. */
function product(name: string, a: Made, made: readonly Made[], choice: number, take: (item: Made) => void): Made {
  const inner = shapeOf(a).at(-1);
  const fits = (b: Made): boolean =>
    rank(b) > 0 && shapeOf(b).at(-1) === inner && dtypeOf(b) === dtypeOf(a) && b.exact && a.bound * b.bound * inner! <= largest;
  const b = inner !== undefined && a.exact ? pick(made.filter(fits), choice) : undefined;
  if (b === undefined || inner === undefined) return transpose(name, a);
  take(b);
  const outer = shapeOf(a).slice(0, -1);
  const body = (...at: Expr[]): Expr =>
    reduce("add", [inner], (k) => s.mul(a.handle.at(...at.slice(0, outer.length), k), b.handle.at(...at.slice(outer.length), k)));
  return { handle: map(name, [...outer, ...shapeOf(b).slice(0, -1)], body), bound: a.bound * b.bound * inner, exact: true };
}

function recast(name: string, operation: number, a: Made): Made {
  if (!a.exact) return transpose(name, a);
  const dtype = (["f32", "i32", "bf16"] as const)[operation % 3]!;
  return { ...a, handle: map(name, shapeOf(a), (...at) => s.cast(dtype, a.handle.at(...at))), bound: a.bound * (1 + 2 ** -8) };
}

/** Filter by one tensor, group by its remainder, sum and count the other. */
function group(name: string, keys: number, a: Made, b: Made): readonly Made[] {
  if (!a.exact || !b.exact) return [transpose(name, a)];
  const wanted = 1 + (keys % 5);
  const kept = filter(`${name}.kept`, shapeOf(a), (...at) => ({
    when: s.ge(a.handle.at(...at), -1),
    fields: { key: s.mod(s.abs(s.cast("i32", a.handle.at(...at))), wanted), value: b.handle.at(...at) },
  }));
  const groups = groupBy(`${name}.groups`, [kept], (i) => ({ key: kept.at(i).key, keys: wanted, fields: { count: count(), sum: sum(kept.at(i).value) } }));
  const bound = elementsOf(shapeOf(a)) * b.bound;
  return [
    { handle: groups.count, bound: elementsOf(shapeOf(a)), exact: true },
    { handle: groups.sum, bound, exact: bound <= 2 ** 20 },
  ];
}
