/** What several machines ask about a program: affine indices, reads, free indices, exact operation counts, bytes. */

import { bytesOf, isFloat } from "./dtypes.ts";
import { childrenOf, freeIndexFinder, interner, visitNodes } from "./nodes.ts";
import type { Dtype, Expr, Index, IterateOperator, Operator, Program, ScalarOp, Tensor } from "./program.ts";
import { isSpecial } from "./typing.ts";

export { visitNodes } from "./nodes.ts";

/** constant + sum of coefficient * index. Coefficients are never 0. */
export interface AffineForm {
  readonly constant: number;
  readonly coefficients: ReadonlyMap<string, number>;
}

/** The affine form of an i32 expression over indices; null where it has none (a read, a product of indices, a division ...) or could wrap. */
export function affine(expr: Expr): AffineForm | null {
  if (expr.dtype !== "i32") return null;
  switch (expr.kind) {
    case "const":
      return { constant: expr.value, coefficients: new Map() };
    case "index":
      return { constant: 0, coefficients: new Map([[expr.index, 1]]) };
    case "op":
      return affineOperation(expr.op, expr.args);
    case "read":
    case "cast":
    case "reduce":
      return null;
  }
}

function affineOperation(op: ScalarOp, args: readonly Expr[]): AffineForm | null {
  if (!["add", "sub", "neg", "mul"].includes(op)) return null;
  const [a, b] = args.map(affine);
  if (a === undefined || a === null || b === null) return null;
  if (op === "neg") return scaled(a, -1);
  if (b === undefined) return null;
  if (op === "add") return sumOf(a, b);
  if (op === "sub") return sumOf(a, scaled(b, -1));
  if (b.coefficients.size === 0) return scaled(a, b.constant);
  return a.coefficients.size === 0 ? scaled(b, a.constant) : null;
}

function scaled({ constant, coefficients }: AffineForm, factor: number): AffineForm {
  return trimmed(
    constant * factor,
    [...coefficients].map(([index, coefficient]) => [index, coefficient * factor]),
  );
}

function sumOf(a: AffineForm, b: AffineForm): AffineForm {
  const coefficients = new Map(a.coefficients);
  for (const [index, coefficient] of b.coefficients) coefficients.set(index, (coefficients.get(index) ?? 0) + coefficient);
  return trimmed(a.constant + b.constant, [...coefficients]);
}

/** -0 becomes 0, and indices that cancel go. */
function trimmed(constant: number, coefficients: readonly (readonly [string, number])[]): AffineForm {
  return { constant: constant + 0, coefficients: new Map(coefficients.filter(([, coefficient]) => coefficient !== 0)) };
}

/** Lowest and highest value of an affine form when every index runs over [0, extent). Null if an index has no extent here. */
export function rangeOfAffine(
  { constant, coefficients }: AffineForm,
  extents: ReadonlyMap<string, number>,
): { readonly lowest: number; readonly highest: number } | null {
  let lowest = constant;
  let highest = constant;
  for (const [index, coefficient] of coefficients) {
    const extent = extents.get(index);
    if (extent === undefined) return null;
    const reach = coefficient * (extent - 1);
    lowest += Math.min(0, reach);
    highest += Math.max(0, reach);
  }
  return { lowest, highest };
}

/** The bodies of an operator; of an iterate none (its operators have their own). */
export function bodiesOf(operator: Operator): readonly Expr[] {
  switch (operator.kind) {
    case "map":
    case "scan":
      return [operator.body];
    case "flatMap":
      return operator.emits.flatMap(({ when, fields }) => [when, ...Object.values(fields)]);
    case "groupBy":
      return [...(operator.when === undefined ? [] : [operator.when]), operator.key, ...operator.fields.map(({ value }) => value)];
    case "gather":
      return [operator.index];
    case "hash":
      return [...(operator.when === undefined ? [] : [operator.when]), operator.key];
    case "iterate":
      return [];
  }
}

/** Names of the tensors an operator writes. */
export function writesOf(operator: Operator): readonly string[] {
  switch (operator.kind) {
    case "map":
    case "scan":
    case "gather":
    case "hash":
      return [operator.name];
    case "flatMap":
      return [...Object.keys(operator.emits[0]?.fields ?? {}).map((field) => `${operator.name}.${field}`), `${operator.name}.size`];
    case "groupBy":
      return operator.fields.map(({ name }) => `${operator.name}.${name}`);
    case "iterate":
      return operator.carries.map(({ to }) => to);
  }
}

export interface Read {
  readonly tensor: string;
  readonly at: readonly Expr[];
  /** The affine form of each index, null where it is data-dependent. */
  readonly affine: readonly (AffineForm | null)[];
}

/** Every different read node of an operator, in order of first use; a gather's table last, at its element number; for an iterate, of its whole body. */
export function readsOf(operator: Operator): readonly Read[] {
  if (operator.kind === "iterate") return operator.body.flatMap(readsOf);
  const reads: Read[] = [];
  visitNodes(bodiesOf(operator).map(interner()), (expr) => {
    if (expr.kind === "read") reads.push({ tensor: expr.tensor, at: expr.at, affine: expr.at.map(affine) });
  });
  if (operator.kind === "gather") reads.push({ tensor: operator.tensor, at: [operator.index], affine: [null] });
  return reads;
}

/** Names of the tensors an operator needs: those it reads, and the sizes of collections it runs over; of an iterate also those it makes itself. */
export function tensorsReadBy(operator: Operator): ReadonlySet<string> {
  const names = new Set(readsOf(operator).map(({ tensor }) => tensor));
  for (const { count } of indicesOf(operator)) if (count !== undefined) names.add(count);
  if (operator.kind === "iterate") for (const name of operator.body.flatMap((inner) => [...tensorsReadBy(inner)])) names.add(name);
  if (operator.kind === "iterate") for (const name of handedOn(operator)) names.add(name);
  return names;
}

/** What a loop itself reads: where its carried tensors start, what they become, and what ends it. */
const handedOn = ({ carries, until }: IterateOperator): readonly string[] => [
  ...carries.flatMap(({ init, from }) => [init, from]),
  ...(until === undefined ? [] : [until]),
];

/** All indices an operator binds, those of its reductions included. */
export function indicesOf(operator: Operator): readonly Index[] {
  if (operator.kind === "iterate") return operator.body.flatMap(indicesOf);
  const indices = [...operator.domain];
  visitNodes(bodiesOf(operator), (expr) => {
    if (expr.kind === "reduce") indices.push(...expr.over);
  });
  return indices;
}

// --- operations ---

export interface OperationCounts {
  /** Float add, sub, mul, min, max, neg, abs, floor, comparisons, selects; a fold of n elements counts n, and so does the numbering of n keys. */
  readonly flops: number;
  /** The same in integers and bools, with integer div and mod. Affine index arithmetic is free. */
  readonly int_ops: number;
  /** exp, log, sqrt, tanh, sigmoid and float div and mod. */
  readonly special_ops: number;
}

/** Figures of a run by name: real lengths of collections by their size tensor; rounds of iterates, summed over the rounds of the loops around them. */
type Figures = Readonly<Record<string, number>>;

/**
 * Exact counts of a program. An operation counts once for every combination of the indices and rounds it depends on, and equal operations count once, so no
 * machine that keeps to the program can do with fewer. Casts and moves do not count. Without `sizes` and `rounds` the bounds count.
 */
export function countOperations(program: Program, sizes: Figures = {}, rounds: Figures = {}): OperationCounts {
  return countAll(program.operators, sizes, rounds, []);
}

/** A loop around an operator: what changes from round to round, and how many rounds there are, over all rounds of the loops around it. */
interface Around {
  readonly changing: ReadonlySet<string>;
  readonly rounds: number;
}

function countAll(operators: readonly Operator[], sizes: Figures, rounds: Figures, around: readonly Around[]): OperationCounts {
  const counts = operators.map((operator) => {
    if (operator.kind !== "iterate") return times(countOperator(operator, sizes), roundsOf(operator, around));
    const own = rounds[operator.name] ?? operator.times * roundsOf(operator, around);
    return countAll(operator.body, sizes, rounds, [...around, { changing: changingIn(operator), rounds: own }]);
  });
  return counts.reduce(plus, none);
}

/** Of the innermost loop that the operator depends on; 1 if there is none. */
const roundsOf = (operator: Operator, around: readonly Around[]): number =>
  around.findLast(({ changing }) => dependencies(operator).some((name) => changing.has(name)))?.rounds ?? 1;

/** Tensors of a loop that may differ from round to round, and the index of the round. */
function changingIn({ round, carries, body }: IterateOperator): ReadonlySet<string> {
  const changing = new Set([round.name, ...carries.map(({ to }) => to)]);
  for (const operator of body) if (dependencies(operator).some((name) => changing.has(name))) for (const name of writesOf(operator)) changing.add(name);
  return changing;
}

/** Tensors and indices of rounds that an operator uses. */
function dependencies(operator: Operator): readonly string[] {
  if (operator.kind === "iterate") return [...tensorsReadBy(operator), ...operator.body.flatMap(dependencies)];
  const freeOf = freeIndexFinder();
  return [...tensorsReadBy(operator), ...bodiesOf(operator).flatMap((body) => [...freeOf(body)])];
}

/** The same of one operator, once; of an iterate its rounds. */
export function countOperator(operator: Operator, sizes: Figures = {}): OperationCounts {
  if (operator.kind === "iterate") return countAll([operator], sizes, {}, []);
  const trips = new Map(indicesOf(operator).map(({ name, extent, count }) => [name, count === undefined ? extent : (sizes[count] ?? extent)]));
  const iterations = (names: Iterable<string>): number => [...names].reduce((product, name) => product * (trips.get(name) ?? 1), 1);
  const freeOf = freeIndexFinder();
  let total = none;
  const count = (expr: Expr): void => {
    if (expr.kind === "op") total = plus(total, times(one(expr.op, operandDtype(expr)), iterations(freeOf(expr))));
    if (expr.kind === "reduce") total = plus(total, times(one("add", expr.acc), iterations(new Set([...freeOf(expr), ...expr.over.map(({ name }) => name)]))));
  };
  visitNodes(bodiesOf(operator).map(interner()), count, computedChildren);
  const domain = iterations(operator.domain.map(({ name }) => name));
  for (const acc of foldsOf(operator)) total = plus(total, times(one("add", acc), domain));
  return total;
}

/** The dtypes in which an operator does one more operation for each of its indices: folds of values, and comparing a key. */
function foldsOf(operator: Exclude<Operator, IterateOperator>): readonly Dtype[] {
  switch (operator.kind) {
    case "scan":
      return [operator.acc];
    case "groupBy":
      return operator.fields.map(({ acc }) => acc);
    case "hash":
      return [operator.key.dtype];
    case "map":
    case "flatMap":
    case "gather":
      return [];
  }
}

/** Affine indices of reads are computed by counters and address generators. */
function computedChildren(expr: Expr): readonly Expr[] {
  return expr.kind === "read" ? expr.at.filter((place) => affine(place) === null) : childrenOf(expr);
}

function operandDtype({ op, args, dtype }: Extract<Expr, { kind: "op" }>): Dtype {
  return (op === "select" ? args[1] : args[0])?.dtype ?? dtype;
}

function one(op: ScalarOp, dtype: Dtype): OperationCounts {
  if (isSpecial(op, dtype)) return { flops: 0, int_ops: 0, special_ops: 1 };
  return isFloat(dtype) ? { flops: 1, int_ops: 0, special_ops: 0 } : { flops: 0, int_ops: 1, special_ops: 0 };
}

const none: OperationCounts = { flops: 0, int_ops: 0, special_ops: 0 };

function plus(a: OperationCounts, b: OperationCounts): OperationCounts {
  return { flops: a.flops + b.flops, int_ops: a.int_ops + b.int_ops, special_ops: a.special_ops + b.special_ops };
}

function times(counts: OperationCounts, factor: number): OperationCounts {
  return { flops: counts.flops * factor, int_ops: counts.int_ops * factor, special_ops: counts.special_ops * factor };
}

// --- bytes ---

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The tensor of that name, which the program has. */
export function tensorNamed(program: Program, name: string): Tensor {
  const known = tensorsOf.get(program) ?? new Map(program.tensors.map((tensor) => [tensor.name, tensor]));
  tensorsOf.set(program, known);
  return known.get(name)!;
}

const tensorsOf = new WeakMap<Program, ReadonlyMap<string, Tensor>>();

/** Bytes of a dense tensor, packed. */
export function tensorBytes({ dtype, shape }: Pick<Tensor, "dtype" | "shape">): number {
  return Math.ceil(elementsOf(shape) * bytesOf(dtype));
}

/** Bytes of a program's tensors by role. A tensor that is both made inside and an output counts as output. */
export function footprint(program: Program): { readonly inputs: number; readonly intermediates: number; readonly outputs: number } {
  const bytes = { inputs: 0, intermediates: 0, outputs: 0 };
  const outputs = new Set(Object.values(program.outputs));
  for (const tensor of program.tensors) {
    const role = program.inputs.includes(tensor.name) ? "inputs" : outputs.has(tensor.name) ? "outputs" : "intermediates";
    bytes[role] += tensorBytes(tensor);
  }
  return bytes;
}
