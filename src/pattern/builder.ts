/**
 * The language in which workloads are written: program, input, map, reduce, filter, flatMap, groupBy, scan, iterate and the scalars of
 * scalars.ts. Calling them inside `program(...)` records a Program; nothing survives the call. Errors name the operator.
 */

import { suggestion } from "../base/suggest.ts";
import { checkDtype, checkEmits, checkFunction, checkList, checkOutputs, checkRecord, checkTensor, guarded } from "./given.ts";
import { defaultsOf, largestCount, type ParameterDefault, type ParametersOf, type ParameterValues, resolveParameters } from "./parameters.ts";
import type { Dtype, Expr, FlatMapOperator, Generator, GroupByOperator, Program, ReduceFn, Schedule, Tier } from "./program.ts";
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
import { add, constant, eq, ge, type Handle, max, type Scalar, select, toExpr } from "./scalars.ts";
import { defaultAccumulator, defaultResult, reduceFault, reduceFns } from "./typing.ts";

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

/** `schedule`: what it pins unless a workload file pins something else. */
export function program<const P extends Readonly<Record<string, ParameterDefault>>>(
  name: string,
  parameters: P,
  build: (params: ParametersOf<P>) => Outputs,
  schedule?: (params: ParametersOf<P>) => Schedule,
): Definition {
  checkFunction(build, "the build function", "write program(name, { n: 1024 }, ({ n }) => ...)");
  return {
    name,
    params: defaultsOf(parameters),
    parameters,
    build: (settings = {}) => {
      const params = resolveParameters(parameters, settings);
      const { recording, result } = record(name, () => outputNames(name, build(params as ParametersOf<P>)));
      const { inputs, tensors, operators } = recording;
      const pins = schedule === undefined ? {} : { schedule: schedule(params as ParametersOf<P>) };
      return { schemaVersion: 1, name, params, inputs, tensors, operators, outputs: result, ...pins };
    },
  };
}

/** A collection or a record of handles among the outputs contributes each of its tensors, as `name.field`. */
function outputNames(program: string, outputs: Outputs): Record<string, string> {
  checkOutputs(outputs, program);
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
  checkDtype(dtype);
  checkList(shape, `the extents of input "${name}"`, `write input("${name}", "${dtype}", [extent, ...])`);
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

export interface MapOptions {
  readonly tier?: Tier;
}

/** out[i, j ...] = body(i, j ...). */
export function map(name: string, extents: readonly Extent[], body: (...index: Expr[]) => Scalar, { tier = "auto" }: MapOptions = {}): Handle {
  const { domain, result } = pattern(name, extents, (index) => toExpr(body(...index)));
  append({ kind: "map", name, domain, body: result });
  return declare({ name, dtype: result.dtype, shape: extents.map(boundOf), tier });
}

/** A map over tensors of one shape, element by element. */
export function zip(name: string, handles: readonly Handle[], body: (...elements: Expr[]) => Scalar): Handle {
  checkList(handles, `the tensors of "${name}"`, `write zip("${name}", [a, b], (left, right) => ...)`);
  handles.forEach((handle, position) => checkTensor(handle, `tensor ${position + 1} of "${name}"`));
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
  checkList(extents, "the extents of the reduce", `write reduce("${fn}", [extent, ...], (k, ...) => ...)`);
  const over = extents.map((extent, position) => indexOf(extent, `${operator.name}.r${operator.reduceIndices + position}`, `reduction ${position}`));
  operator.reduceIndices += extents.length;
  checkFunction(body, "the body", "write (k) => ...");
  const plain = toExpr(body(...over.map(indexExpr)));
  const { acc, dtype } = accumulation(fn, plain, options);
  return guarded({ kind: "reduce", dtype, fn, acc, over, body: widened(plain, acc) });
}

function accumulation(fn: ReduceFn, body: Expr, options: ReduceOptions): { readonly acc: Dtype; readonly dtype: Dtype } {
  if (!reduceFns.includes(fn)) throw fault("unknown-reduction", `there is no reduction ${JSON.stringify(fn)}`, suggestion(String(fn), reduceFns));
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
  const { domain, result: emits } = pattern(name, extents, (index) => emitsOf(body(...index)).map(typedEmit));
  const bound = options.bound ?? domain.reduce((product, { extent }) => product * extent, emits.length);
  checkExtent(bound, `the bound of "${name}"`, largestCount);
  append({ kind: "flatMap", name, domain, emits, bound });
  const fields = Object.entries(emits[0]?.fields ?? {}).map(
    ([field, { dtype }]) => [field, declare({ name: `${name}.${field}`, dtype, shape: [bound], tier: "auto" })] as const,
  );
  const size = declare({ name: `${name}.size`, dtype: "i32", shape: [], tier: "auto" });
  return collection(name, bound, size, Object.fromEntries(fields) as { readonly [F in K]: Handle });
}

function collection<K extends string>(name: string, bound: number, size: Handle, fields: { readonly [F in K]: Handle }): Collection<K> {
  const at = (index: Scalar) => Object.fromEntries(Object.entries<Handle>(fields).map(([field, handle]) => [field, handle.at(index)]));
  return { kind: "collection", name, bound, size, fields, at: (index) => at(index) as { readonly [F in K]: Expr } };
}

function emitsOf<K extends string>(emits: readonly Emit<K>[]): readonly Emit<K>[] {
  checkEmits(emits, "the body");
  return emits;
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
  checkExtent(keys, `the keys of "${name}"`, largestCount);
  append({ kind: "groupBy", name, domain, ...result });
  return Object.fromEntries(
    fields.map((field) => [field.name, declare({ name: `${name}.${field.name}`, dtype: field.dtype, shape: [keys], tier: "auto" })]),
  ) as {
    readonly [F in K]: Handle;
  };
}

function typedGroup<K extends string>(group: Group<K>): Omit<GroupByOperator, "kind" | "name" | "domain"> {
  checkRecord(group, ["key", "keys", "fields"], "the body");
  const { when, key, keys, fields } = group;
  const typed = Object.entries<Fold>(fields).map(([field, { fn, value, ...options }]) => {
    const plain = toExpr(value);
    const { acc, dtype } = accumulation(fn, plain, options);
    return { name: field, fn, acc, dtype, value: widened(plain, acc) };
  });
  return { ...(when === undefined ? {} : { when: toExpr(when, "bool") }), key: toExpr(key, "i32"), keys, fields: typed };
}

/** Records of groups whose keys are not known beforehand. */
export interface Hashed<K extends string> {
  readonly when?: Scalar;
  /** Any i32. */
  readonly key: Scalar;
  readonly fields: { readonly [F in K]: Fold };
}

/**
 * groupBy for any i32 keys: one record for each distinct key, in the order in which the keys first appear, with the key in the field `key`. `bound`: most distinct
 * keys there can be (an error if there are more). Beyond its size the collection holds the identities of its folds.
 */
export function hashBy<K extends string>(
  name: string,
  extents: readonly Extent[],
  body: (...index: Expr[]) => Hashed<K>,
  { bound }: { readonly bound: number },
): Collection<K | "key"> {
  const { domain, result } = pattern(`${name}.entry`, extents, (index) => {
    const hashed = body(...index);
    checkRecord(hashed, ["key", "fields"], "the body");
    const { when, key } = hashed;
    return { ...(when === undefined ? {} : { when: toExpr(when, "bool") }), key: toExpr(key, "i32") };
  });
  checkExtent(bound, `the bound of "${name}"`, largestCount);
  append({ kind: "hash", name: `${name}.entry`, domain, ...result, keys: bound });
  const entry = declare({ name: `${name}.entry`, dtype: "i32", shape: extents.map(boundOf), tier: "auto" });
  const size = map(`${name}.size`, [], () => add(max(reduce("max", extents, entry.at), -1), 1));
  const folds = groupBy(`${name}.fold`, extents, (...index): Group<K | "key"> => {
    const [own, { key, fields }] = [entry.at(...index), body(...index)];
    const reserved = ["key", "size"].find((field) => field in fields);
    if (reserved !== undefined) throw fault("duplicate-name", `a field of "${name}" is called "${reserved}", which hashBy makes itself`);
    // All records of an entry have one key, and the identity of "or" is 0.
    return { when: ge(own, 0), key: own, keys: bound, fields: { ...fields, key: fold("or", key) } };
  });
  return collection(name, bound, size, folds);
}

/** The index of the smallest body(k); the first of equals, and the last index where a body(k) is NaN. */
export const argmin = (extent: number, body: (index: Expr) => Scalar): Expr => extremeIndex("min", extent, body);
/** The index of the largest body(k); the first of equals, and the last index where a body(k) is NaN. */
export const argmax = (extent: number, body: (index: Expr) => Scalar): Expr => extremeIndex("max", extent, body);

function extremeIndex(fn: "min" | "max", extent: number, body: (index: Expr) => Scalar): Expr {
  const best = reduce(fn, [extent], body);
  return reduce("min", [extent], (k) => select(eq(body(k), best), k, extent - 1));
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
 * optionally `until`: a bool scalar that ends the loop after a round in which it is true. `round` is the number of the round.
 */
export function iterate<K extends string>(
  name: string,
  times: number,
  init: { readonly [F in K]: Handle },
  body: (carried: { readonly [F in K]: Handle }, round: Expr) => { readonly next: { readonly [F in K]: Handle }; readonly until?: Handle },
): { readonly [F in K]: Handle } {
  const state = outsideOperators(name);
  for (const [key, handle] of Object.entries(init)) checkTensor(handle, `the first "${key}" of "${name}"`);
  checkExtent(times, `the number of rounds of "${name}"`, largestCount);
  const carried = Object.fromEntries(
    Object.entries<Handle>(init).map(([key, { tensor }]) => [key, declare({ name: `${name}.${key}`, dtype: tensor.dtype, shape: tensor.shape, tier: "auto" })]),
  ) as { readonly [F in K]: Handle };
  const outer = state.operators;
  state.operators = [];
  const round = indexOf(times, `${name}.round`, `the number of rounds of "${name}"`);
  const turned = body(carried, indexExpr(round));
  checkRecord(turned, ["next"], `the body of "${name}"`);
  const { next, until } = turned;
  for (const key of Object.keys(init) as K[]) checkTensor(next[key], `the next "${key}" of "${name}"`);
  if (until !== undefined) checkTensor(until, `until of "${name}"`);
  const carries = (Object.keys(init) as K[]).map((key) => ({ to: carried[key].tensor.name, init: init[key].tensor.name, from: next[key].tensor.name }));
  outer.push({ kind: "iterate", name, times, round, ...(until === undefined ? {} : { until: until.tensor.name }), carries, body: state.operators });
  state.operators = outer;
  return carried;
}

const boundOf = (extent: Extent): number => (typeof extent === "number" ? extent : extent.bound);
const isHandle = (value: Outputs[string]): value is Handle => value.kind === "tensor";
const isCollection = (value: Outputs[string]): value is Collection => value.kind === "collection";
