/** What the steps of a random program work on: tensors made so far, with what is known of their values, and the scalar operations that keep it known. */

import { elementsOf } from "../../src/pattern/analysis.ts";
import type { Collection, Extent } from "../../src/pattern/builder.ts";
import { bytesOf, isFloat, isInteger } from "../../src/pattern/dtypes.ts";
import type { Dtype, Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";

/** A tensor made so far. `bound`: of absolute values; `exact`: whole numbers, so that sums are exact; `of`: the collection whose records it has an element for. */
export interface Made {
  readonly handle: s.Handle;
  readonly bound: number;
  readonly exact: boolean;
  readonly of?: Collection;
}

/** A step of a recipe. Choices are taken modulo what there is. */
export interface Step<K extends string = string> {
  readonly kind: K;
  readonly a: number;
  readonly b: number;
  readonly operation: number;
  /** What a loop does in each round. */
  readonly inner: readonly Step<K>[];
}

export interface World {
  readonly made: Made[];
  /** Inputs are no results, nor is what something else reads. */
  readonly inputs: Set<Made>;
  readonly used: Set<Made>;
  /** Outputs beside those that nothing reads. */
  readonly outputs: Map<string, s.Handle>;
  readonly inLoop: boolean;
}

export type Cook = (name: string, step: Step, world: World, first: Made) => readonly Made[];

export const pick = <T>(items: readonly T[], choice: number): T | undefined => items[choice % Math.max(1, items.length)];
export const shapeOf = ({ handle }: Made): readonly number[] => handle.tensor.shape;
export const dtypeOf = ({ handle }: Made): Dtype => handle.tensor.dtype;
export const rank = (item: Made): number => shapeOf(item).length;
export const isBool = (item: Made): boolean => dtypeOf(item) === "bool";
export const domainOf = (item: Made): readonly Extent[] => (item.of === undefined ? shapeOf(item) : [item.of]);
/** Most elements that are made in one step. */
export const fits = (extents: readonly number[]): boolean => elementsOf(extents) <= 40_000;

/** Marks what a step reads. */
export function take(world: World, ...items: readonly Made[]): void {
  for (const item of items) world.used.add(item);
}

export const sameShape = ({ made }: World, like: Made): readonly Made[] =>
  made.filter((item) => String(shapeOf(item)) === String(shapeOf(like)) && dtypeOf(item) === dtypeOf(like) && item.of === like.of);

/** A partner of the same shape and dtype; `first` itself is one. */
export function partner(world: World, first: Made, choice: number): Made {
  const found = pick(sameShape(world, first), choice)!;
  take(world, found);
  return found;
}

/** Largest absolute value of an integer dtype: values beyond it wrap. */
export const top = (dtype: Dtype): number => (dtype === "bool" ? 1 : 2 ** (8 * bytesOf(dtype) - 1));
/** Largest absolute value that may be summed further: sums of floats stay far below 2^24, and finite. Integers wrap, whatever the order. */
export const largest = (dtype: Dtype): number => (dtype === "fp8e4m3" ? 2 ** 8 : 2 ** 12);
export const allows = (dtype: Dtype, bound: number): boolean => isInteger(dtype) || bound <= largest(dtype);

/** A new tensor over the domain of `like`. */
export const over = (like: Made, handle: s.Handle, bound: number, exact: boolean): Made => ({
  ...madeOf(handle, bound, exact),
  ...(like.of === undefined ? {} : { of: like.of }),
});

export const madeOf = (handle: s.Handle, bound: number, exact: boolean): Made => {
  const { dtype } = handle.tensor;
  return { handle, bound: isFloat(dtype) ? bound : Math.min(bound, top(dtype)), exact: exact || !isFloat(dtype) };
};

export type Unary = readonly [bound: number, f: (x: Expr) => Expr, exact: boolean];
export type Binary = readonly [bound: number, f: (x: Expr, y: Expr) => Expr];

/** Operations on two values of one dtype that give a third of it. Exact if both are. */
export function binaries(a: Made, b: Made): readonly Binary[] {
  if (isBool(a)) return [s.and, s.or, s.ne, s.eq, (x: Expr, y: Expr) => s.select(x, y, s.not(x))].map((f) => [1, f] as const);
  const dtype = dtypeOf(a);
  const higher = Math.max(a.bound, b.bound);
  const sums = allows(dtype, a.bound + b.bound) ? ([s.add, s.sub] as const).map((f) => [a.bound + b.bound, f] as const) : [];
  const bits = isInteger(dtype) ? ([s.and, s.or] as const).map((f) => [top(dtype), f] as const) : [];
  return [
    [higher, s.max],
    [higher, s.min],
    [higher, (x, y) => s.select(s.le(x, y), s.neg(x), y)],
    ...sums,
    ...(allows(dtype, a.bound * b.bound) ? [[a.bound * b.bound, s.mul] as const] : []),
    ...bits,
  ];
}

/** Operations on one value. */
export function unaries(a: Made): readonly Unary[] {
  if (isBool(a)) return [[1, s.not, true] as const, [1, (x: Expr) => s.or(x, s.ne(x, x)), true] as const];
  const whole: readonly Unary[] = [
    [a.bound, s.abs, true],
    [a.bound, s.neg, true],
    [2, (x) => s.min(s.max(x, -2), 2), true],
    [a.bound, (x) => s.div(x, 1), true],
    [3, (x) => s.mod(x, 3), true],
  ];
  const dtype = dtypeOf(a);
  if (isInteger(dtype)) return [...whole, [top(dtype), s.not, true], [a.bound, (x) => s.div(x, 3), true]];
  const real: readonly Unary[] = [
    [55, (x) => s.exp(s.min(x, 4)), false],
    [1, s.tanh, false],
    [1, s.sigmoid, false],
    [a.bound, (x) => s.sqrt(s.abs(x)), false],
    [a.bound, (x) => s.log(s.add(s.min(s.abs(x), 100), 1)), false],
    [a.bound, s.floor, true],
  ];
  return Number.isFinite(a.bound) ? [...whole, ...real, [1, (x) => s.div(x, s.max(s.abs(x), 2)), false]] : real;
}

/** A map of one tensor. */
export const unary = (a: Made, choice: number): Unary => pick(unaries(a), choice)!;

/** A whole number of [0, keys) that comes from a value. */
export const keyOf = (value: Expr, keys: number): Expr => s.mod(s.abs(s.max(s.cast("i32", value), -(2 ** 20))), keys);

/** A condition on a value: mostly true, seldom, never or half the time. */
export function condition(value: Expr, choice: number): Expr {
  if (value.dtype === "bool") return choice % 2 === 0 ? value : s.not(value);
  const choices: readonly ((x: Expr) => Expr)[] = [(x) => s.ge(x, -1), (x) => s.gt(x, 2), (x) => s.lt(x, -7), (x) => s.lt(x, 1), (x) => s.ne(x, 0)];
  return pick(choices, choice)!(value);
}
