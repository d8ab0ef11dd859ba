/**
 * The language in which workloads are written: program, input, map, reduce, filter, flatMap, groupBy, scan, iterate and the scalars of
 * scalars.ts. Calling them inside `program(...)` records a Program; nothing survives the call. Errors name the operator.
 */

import { defaultsOf, type ParameterDefault, type ParametersOf, type ParameterValues, resolveParameters } from "./parameters.ts";
import type { Dtype, Expr, FlatMapOperator, Generator, GroupByOperator, Program, ReduceFn, Tier } from "./program.ts";
import {
  append,
  building,
  type Collection,
  checkExtent,
  declare,
  type Extent,
  fault,
  indexExpr,
  indexOf,
  outsideOperators,
  pattern,
  record,
} from "./recording.ts";
import { constant, type Handle, type Scalar, toExpr } from "./scalars.ts";
import { defaultAccumulator, defaultResult, reduceFault } from "./typing.ts";

/** What `program` returns: a recipe for Programs of any size. */
export interface Definition {
  readonly name: string;
  /** Parameter values when nothing is set. */
  readonly params: ParameterValues;
  readonly parameters: Readonly<Record<string, ParameterDefault>>;
  /** Builds with these settings over the defaults. Throws a UserError for unknown or bad settings and for whatever is wrong in the program. */
  build(settings?: Readonly<Record<string, unknown>>): Program;
}

export type { Collection, Extent } from "./recording.ts";

type Outputs = Readonly<Record<string, Handle | Collection | Readonly<Record<string, Handle>>>>;

export function program<const P extends Readonly<Record<string, ParameterDefault>>>(
  name: string,
  parameters: P,
  build: (params: ParametersOf<P>) => Outputs,
): Definition {
  return {
    name,
    params: defaultsOf(parameters),
    parameters,
    build: (settings = {}) => {
      const params = resolveParameters(parameters, settings);
      const { recording, result } = record(name, () => outputNames(build(params as ParametersOf<P>)));
      const { inputs, tensors, operators } = recording;
      return { schemaVersion: 1, name, params, inputs, tensors, operators, outputs: result };
    },
  };
}

/** A collection or a record of handles among the outputs contributes each of its tensors, as `name.field`. */
function outputNames(outputs: Outputs): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [name, output] of Object.entries(outputs)) {
    if (isHandle(output)) names[name] = output.tensor.name;
    else for (const [field, handle] of Object.entries(recordOf(output))) names[`${name}.${field}`] = handle.tensor.name;
  }
  return names;
}

function recordOf(output: Collection | Readonly<Record<string, Handle>>): Readonly<Record<string, Handle>> {
  return isCollection(output) ? { size: output.size, ...output.fields } : output;
}

// --- tensors ---

export interface InputOptions {
  readonly tier?: Tier;
  /** What the seeded generator fills it with where no data is bound. */
  readonly data?: Generator;
}

/** A tensor that comes from outside. */
export function input(name: string, dtype: Dtype, shape: readonly number[], { tier = "auto", data }: InputOptions = {}): Handle {
  const state = outsideOperators(name);
  shape.forEach((extent, dimension) => {
    checkExtent(extent, `input "${name}", dimension ${dimension}`);
  });
  state.inputs.push(name);
  return declare({ name, dtype, shape, tier, ...(data === undefined ? {} : { data }) });
}

/** Whole numbers of [low, high] for integers, reals of [low, high) for floats. */
export const uniform = (low: number, high: number): Generator => ({ kind: "uniform", low, high });
export const normal = (mean: number, deviation: number): Generator => ({ kind: "normal", mean, deviation });

// --- patterns ---

/** out[i, j ...] = body(i, j ...). */
export function map(name: string, extents: readonly Extent[], body: (...index: Expr[]) => Scalar): Handle {
  const { domain, result } = pattern(name, extents, (index) => toExpr(body(...index)));
  append({ kind: "map", name, domain, body: result });
  return declare({ name, dtype: result.dtype, shape: extents.map(boundOf), tier: "auto" });
}

/** A map over tensors of one shape, element by element. */
export function zip(name: string, handles: readonly Handle[], body: (...elements: Expr[]) => Scalar): Handle {
  const shape = handles[0]?.tensor.shape ?? [];
  const other = handles.find(({ tensor }) => String(tensor.shape) !== String(shape));
  if (other !== undefined)
    throw fault("shape-mismatch", `zip "${name}" of shapes [${shape.join(", ")}] and [${other.tensor.shape.join(", ")}]: expected one shape`);
  return map(name, shape, (...index) => body(...handles.map((handle) => handle.at(...index))));
}

export interface ReduceOptions {
  /** Accumulator; see defaultAccumulator. */
  readonly acc?: Dtype;
  /** Of the result, rounded once at the end. */
  readonly dtype?: Dtype;
}

/**
 * Folds body(k ...) over all indices. If the body ends in a sum, difference or product of narrower numbers, that last operation is done in the
 * accumulator's dtype, as a multiply-accumulate unit does: reduce("add", [n], (k) => mul(a.at(k), b.at(k))) does not round its products.
 */
export function reduce(fn: ReduceFn, extents: readonly Extent[], body: (...index: Expr[]) => Scalar, options: ReduceOptions = {}): Expr {
  const operator = building("reduce").operator;
  if (operator === undefined) throw fault("reduce-outside-map", "a reduce stands outside a pattern", `wrap it: map("total", [], () => reduce(...))`);
  const over = extents.map((extent, position) => indexOf(extent, `${operator.name}.r${operator.reduceIndices + position}`, `reduction ${position}`));
  operator.reduceIndices += extents.length;
  const plain = toExpr(body(...over.map(indexExpr)));
  const { acc, dtype } = accumulation(fn, plain, options);
  return { kind: "reduce", dtype, fn, acc, over, body: widened(plain, acc) };
}

function accumulation(fn: ReduceFn, body: Expr, options: ReduceOptions): { readonly acc: Dtype; readonly dtype: Dtype } {
  const acc = options.acc ?? defaultAccumulator(fn, body.dtype);
  const dtype = options.dtype ?? defaultResult(body.dtype, acc);
  const wrong = reduceFault(fn, body.dtype, acc, dtype);
  if (wrong !== undefined) throw fault("dtype-mismatch", wrong);
  return { acc, dtype };
}

function widened(body: Expr, acc: Dtype): Expr {
  if (body.kind !== "op" || body.dtype === acc || !["add", "sub", "mul"].includes(body.op)) return body;
  return { ...body, dtype: acc, args: body.args.map((arg): Expr => (arg.kind === "const" ? { ...arg, dtype: acc } : { kind: "cast", dtype: acc, arg })) };
}

export interface Emit<K extends string> {
  readonly when: Scalar;
  readonly fields: { readonly [F in K]: Scalar };
}

/** The records of those indices, in order, where `when` holds. */
export function filter<K extends string>(name: string, extents: readonly Extent[], body: (...index: Expr[]) => Emit<K>): Collection<K> {
  return flatMap(name, extents, (...index) => [body(...index)]);
}

/** For each index in order, a record of every emit whose `when` holds. `bound`: most records there can be (an error if there are more); by default all. */
export function flatMap<K extends string>(
  name: string,
  extents: readonly Extent[],
  body: (...index: Expr[]) => readonly Emit<K>[],
  options: { readonly bound?: number } = {},
): Collection<K> {
  const { domain, result: emits } = pattern(name, extents, (index) => body(...index).map(typedEmit));
  const bound = options.bound ?? domain.reduce((product, { extent }) => product * extent, emits.length);
  checkExtent(bound, `the bound of "${name}"`);
  append({ kind: "flatMap", name, domain, emits, bound });
  const fields = Object.entries(emits[0]?.fields ?? {}).map(
    ([field, { dtype }]) => [field, declare({ name: `${name}.${field}`, dtype, shape: [bound], tier: "auto" })] as const,
  );
  const size = declare({ name: `${name}.size`, dtype: "i32", shape: [], tier: "auto" });
  return {
    kind: "collection",
    ...{ name, bound, size },
    fields: Object.fromEntries(fields) as { readonly [F in K]: Handle },
    at: (index) => Object.fromEntries(fields.map(([field, handle]) => [field, handle.at(index)])) as { readonly [F in K]: Expr },
  };
}

function typedEmit<K extends string>({ when, fields }: Emit<K>): FlatMapOperator["emits"][number] {
  return { when: toExpr(when, "bool"), fields: Object.fromEntries(Object.entries<Scalar>(fields).map(([field, value]) => [field, toExpr(value)])) };
}

/** One field of a groupBy. */
export interface Fold extends ReduceOptions {
  readonly fn: ReduceFn;
  readonly value: Scalar;
}

/** How many records fall in a group, as i32. */
export const count = (): Fold => ({ fn: "add", value: constant("i32", 1) });
export const sum = (value: Scalar, options: ReduceOptions = {}): Fold => ({ ...options, fn: "add", value });
export const fold = (fn: ReduceFn, value: Scalar, options: ReduceOptions = {}): Fold => ({ ...options, fn, value });

export interface Group<K extends string> {
  readonly when?: Scalar;
  /** An integer of [0, keys). */
  readonly key: Scalar;
  readonly keys: number;
  readonly fields: { readonly [F in K]: Fold };
}

/** Combines the values of all indices with the same key, field by field. Gives one tensor of [keys] for each field. */
export function groupBy<K extends string>(name: string, extents: readonly Extent[], body: (...index: Expr[]) => Group<K>): { readonly [F in K]: Handle } {
  const { domain, result } = pattern(name, extents, (index) => typedGroup(body(...index)));
  const { keys, fields } = result;
  checkExtent(keys, `the keys of "${name}"`);
  append({ kind: "groupBy", name, domain, ...result });
  return Object.fromEntries(
    fields.map((field) => [field.name, declare({ name: `${name}.${field.name}`, dtype: field.dtype, shape: [keys], tier: "auto" })]),
  ) as {
    readonly [F in K]: Handle;
  };
}

function typedGroup<K extends string>({ when, key, keys, fields }: Group<K>): Omit<GroupByOperator, "kind" | "name" | "domain"> {
  const typed = Object.entries<Fold>(fields).map(([field, { fn, value, ...options }]) => {
    const plain = toExpr(value);
    const { acc, dtype } = accumulation(fn, plain, options);
    return { name: field, fn, acc, dtype, value: widened(plain, acc) };
  });
  return { ...(when === undefined ? {} : { when: toExpr(when, "bool") }), key: toExpr(key, "i32"), keys, fields: typed };
}

/** Prefix of `fn` along the last index; exclusive: element i combines those before i. */
export function scan(
  name: string,
  fn: ReduceFn,
  extents: readonly Extent[],
  body: (...index: Expr[]) => Scalar,
  { exclusive = false, ...options }: ReduceOptions & { readonly exclusive?: boolean } = {},
): Handle {
  const { domain, result } = pattern(name, extents, (index) => toExpr(body(...index)));
  const { acc, dtype } = accumulation(fn, result, options);
  append({ kind: "scan", name, domain, fn, acc, exclusive, body: widened(result, acc) });
  return declare({ name, dtype, shape: extents.map(boundOf), tier: "auto" });
}

/**
 * Runs `body` `times` times, one round after the other. It gets the carried tensors (first those of `init`) and returns their next values, and
 * optionally `until`: a bool scalar that ends the loop after a round in which it is true.
 */
export function iterate<K extends string>(
  name: string,
  times: number,
  init: { readonly [F in K]: Handle },
  body: (carried: { readonly [F in K]: Handle }) => { readonly next: { readonly [F in K]: Handle }; readonly until?: Handle },
): { readonly [F in K]: Handle } {
  const state = outsideOperators(name);
  checkExtent(times, `the rounds of "${name}"`);
  const carried = Object.fromEntries(
    Object.entries<Handle>(init).map(([key, { tensor }]) => [key, declare({ name: `${name}.${key}`, dtype: tensor.dtype, shape: tensor.shape, tier: "auto" })]),
  ) as { readonly [F in K]: Handle };
  const outer = state.operators;
  state.operators = [];
  const { next, until } = body(carried);
  const carries = (Object.keys(init) as K[]).map((key) => ({ to: carried[key].tensor.name, init: init[key].tensor.name, from: next[key].tensor.name }));
  outer.push({ kind: "iterate", name, times, ...(until === undefined ? {} : { until: until.tensor.name }), carries, body: state.operators });
  state.operators = outer;
  return carried;
}

const boundOf = (extent: Extent): number => (typeof extent === "number" ? extent : extent.bound);
const isHandle = (value: Outputs[string]): value is Handle => value.kind === "tensor";
const isCollection = (value: Outputs[string]): value is Collection => value.kind === "collection";
