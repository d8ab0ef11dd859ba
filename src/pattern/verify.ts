/**
 * Whether a program is well formed: names, order, shapes, dtypes, bound indices, reads that stay inside. All faults are collected. A program
 * that passes can be interpreted; what depends on data (keys, bounds, gathers) is checked there.
 */

import { type Fault, UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { affine, elementsOf, indicesOf, rangeOfAffine, writesOf } from "./analysis.ts";
import { dtypes, isDtype, isInteger } from "./dtypes.ts";
import { largestCount } from "./parameters.ts";
import type {
  Dtype,
  Expr,
  FlatMapOperator,
  GatherOperator,
  GroupByOperator,
  HashOperator,
  IterateOperator,
  MapOperator,
  Operator,
  Program,
  ScanOperator,
  Tensor,
} from "./program.ts";
import { reduceFault } from "./typing.ts";
import { verifyBodies } from "./verify-bodies.ts";
import { at, type Check, type Leaf, read, repeated, report, verifyExtent, write } from "./verify-check.ts";

/** Throws a UserError with all faults. Returns the program. */
export function checkProgram(program: Program): Program {
  const faults = verifyProgram(program);
  if (faults.length > 0) throw new UserError(faults);
  return program;
}

export function verifyProgram(program: Program): readonly Fault[] {
  const check: Check = {
    faults: [],
    tensors: new Map(program.tensors.map((tensor) => [tensor.name, tensor])),
    written: new Set(),
    ended: new Map(),
    operators: new Set(),
    indices: new Map(),
    rounds: new Map(),
  };
  for (const tensor of program.tensors) verifyTensor(check, tensor);
  for (const name of repeated(program.tensors.map((tensor) => tensor.name)))
    report(check, "duplicate-name", `two tensors are called "${name}"`, `tensor "${name}"`);
  for (const name of program.inputs) write(check, name, undefined, `input "${name}"`);
  for (const operator of program.operators) verifyOperator(check, operator);
  verifyOutputs(check, program);
  return check.faults;
}

// --- tensors ---

/** Elements of the largest tensor that makes sense: 10^12 and a bit. */
const mostElements = 2 ** 40;

function verifyTensor(check: Check, { name, dtype, shape, tier, formats }: Tensor): void {
  const path = `tensor "${name}"`;
  if (name === "") report(check, "bad-name", "a tensor has no name", path);
  if (!isDtype(dtype)) report(check, "unknown-dtype", `dtype ${JSON.stringify(dtype)} does not exist`, path, suggestion(String(dtype), dtypes));
  if (!["sram", "hbm", "ddr", "auto"].includes(tier))
    report(check, "unknown-tier", `tier ${JSON.stringify(tier)} does not exist`, path, "expected sram, hbm, ddr or auto");
  for (const [dimension, extent] of shape.entries()) verifyExtent(check, extent, `dimension ${dimension}`, path);
  if (elementsOf(shape) > mostElements) report(check, "too-large", `${shape.join(" x ")} elements are more than ${mostElements}`, path);
  if (formats !== undefined && formats.length !== shape.length) report(check, "wrong-rank", `${formats.length} formats for ${shape.length} dimensions`, path);
}

function verifyOutputs(check: Check, { outputs, tensors }: Program): void {
  if (Object.keys(outputs).length === 0) report(check, "no-outputs", "the program has no outputs", "outputs", "write return { y }");
  for (const [output, name] of Object.entries(outputs)) read(check, name, `output "${output}"`);
  for (const { name } of tensors) if (!check.written.has(name)) report(check, "never-written", `nothing writes "${name}"`, `tensor "${name}"`);
}

// --- operators ---

function verifyOperator(check: Check, operator: Operator): void {
  if (operator.name === "") report(check, "bad-name", "an operator has no name", at(operator));
  if (check.operators.has(operator.name)) report(check, "duplicate-name", `two operators are called "${operator.name}"`, at(operator));
  check.operators.add(operator.name);
  if (operator.kind === "iterate") verifyIterate(check, operator);
  else verifyLeaf(check, operator);
}

function verifyLeaf(check: Check, operator: Leaf): void {
  const extents = bind(check, operator);
  const wrong = check.faults.length;
  verifyBodies(check, operator, extents);
  if (check.faults.length === wrong) verifyPattern(check, operator, extents);
  if (operator.kind === "flatMap" || operator.kind === "groupBy") writeRecords(check, operator);
  else writeElements(check, operator);
}

/** A scan may give any dtype that verifyScan accepts. */
function writeElements(check: Check, operator: MapOperator | ScanOperator | GatherOperator | HashOperator): void {
  const dtype = elementDtype(check, operator);
  write(check, operator.name, { dtype, shape: operator.domain.map(({ extent }) => extent) }, at(operator));
}

function elementDtype(check: Check, operator: MapOperator | ScanOperator | GatherOperator | HashOperator): Dtype {
  if (operator.kind === "map") return operator.body.dtype;
  if (operator.kind === "hash") return "i32";
  const source = operator.kind === "scan" ? check.tensors.get(operator.name)?.dtype : read(check, operator.tensor, at(operator))?.dtype;
  return source ?? (operator.kind === "scan" ? operator.body : operator.index).dtype;
}

function writeRecords(check: Check, operator: FlatMapOperator | GroupByOperator): void {
  const fields =
    operator.kind === "groupBy"
      ? operator.fields.map(({ name, dtype }) => ({ name, dtype, shape: [operator.keys] }))
      : Object.entries(operator.emits[0]?.fields ?? {}).map(([name, { dtype }]) => ({ name, dtype, shape: [operator.bound] }));
  for (const { name, dtype, shape } of fields) write(check, `${operator.name}.${name}`, { dtype, shape }, at(operator));
  if (operator.kind === "flatMap") write(check, `${operator.name}.size`, { dtype: "i32", shape: [] }, at(operator));
}

/** Extents of the operator's indices, after checking their names, extents and counts. */
function bind(check: Check, operator: Leaf): ReadonlyMap<string, number> {
  for (const index of indicesOf(operator)) {
    const known = check.indices.get(index.name);
    if (known !== undefined && known !== index) report(check, "duplicate-name", `the index "${index.name}" is bound twice`, at(operator));
    check.indices.set(index.name, index);
    verifyExtent(check, index.extent, `the extent of index "${index.name}"`, at(operator));
    if (index.count === undefined) continue;
    const count = read(check, index.count, at(operator));
    if (count !== undefined && (count.dtype !== "i32" || count.shape.length > 0))
      report(check, "dtype-mismatch", `"${index.count}" counts iterations and is ${count.dtype}[${count.shape.join(", ")}], expected one i32`, at(operator));
  }
  return new Map([...check.rounds, ...indicesOf(operator).map(({ name, extent }) => [name, extent] as const)]);
}

function verifyPattern(check: Check, operator: Leaf, extents: ReadonlyMap<string, number>): void {
  if (operator.kind === "scan") verifyScan(check, operator);
  if (operator.kind === "flatMap") verifyFlatMap(check, operator);
  if (operator.kind === "groupBy") verifyGroupBy(check, operator, extents);
  if (operator.kind === "gather") verifyGather(check, operator, extents);
  if (operator.kind === "hash") verifyHash(check, operator);
}

function verifyIndex(check: Check, operator: Leaf, { dtype }: Expr, what: string): void {
  if (dtype !== "i32") report(check, "dtype-mismatch", `${what} is ${dtype}, expected i32`, at(operator));
}

function verifyGather(check: Check, operator: GatherOperator, extents: ReadonlyMap<string, number>): void {
  verifyIndex(check, operator, operator.index, "the index");
  const table = check.tensors.get(operator.tensor);
  const form = affine(operator.index);
  const range = form === null ? null : rangeOfAffine(form, extents);
  if (table === undefined || range === null || (range.lowest >= 0 && range.highest < elementsOf(table.shape))) return;
  const read = `"${table.name}" is read from element ${range.lowest} to ${range.highest}`;
  report(check, "read-outside", `${read}, expected 0 to ${elementsOf(table.shape) - 1}`, at(operator));
}

function verifyHash(check: Check, operator: HashOperator): void {
  verifyExtent(check, operator.keys, "the number of keys", at(operator), largestCount);
  verifyIndex(check, operator, operator.key, "the key");
  if (operator.when !== undefined && operator.when.dtype !== "bool")
    report(check, "dtype-mismatch", `\`when\` is ${operator.when.dtype}, expected bool`, at(operator));
}

function verifyScan(check: Check, operator: ScanOperator): void {
  const wrong = reduceFault(operator.fn, operator.body.dtype, operator.acc, check.tensors.get(operator.name)?.dtype ?? operator.acc);
  if (wrong !== undefined) report(check, "dtype-mismatch", wrong, at(operator));
  if (operator.domain.length === 0) report(check, "wrong-rank", "a scan needs at least one index", at(operator));
}

function verifyFlatMap(check: Check, operator: FlatMapOperator): void {
  const { emits, bound } = operator;
  verifyExtent(check, bound, "the bound", at(operator), largestCount);
  const signatures = emits.map(({ fields }) =>
    Object.entries(fields)
      .map(([name, { dtype }]) => `${name}: ${dtype}`)
      .join(", "),
  );
  const [first] = signatures;
  if (first === undefined || first === "") report(check, "no-fields", "a flatMap needs an emit with at least one field", at(operator));
  const other = signatures.find((signature) => signature !== first);
  if (other !== undefined) report(check, "fields-differ", `emits have the fields {${first}} and {${other}}, expected the same`, at(operator));
  if (emits.some(({ fields }) => "size" in fields)) report(check, "duplicate-name", `a field is called "size", which is the number of records`, at(operator));
  for (const { when } of emits) if (when.dtype !== "bool") report(check, "dtype-mismatch", `\`when\` is ${when.dtype}, expected bool`, at(operator));
}

function verifyGroupBy(check: Check, operator: GroupByOperator, extents: ReadonlyMap<string, number>): void {
  const { keys, key, when, fields } = operator;
  verifyExtent(check, keys, "the number of keys", at(operator), largestCount);
  if (when !== undefined && when.dtype !== "bool") report(check, "dtype-mismatch", `\`when\` is ${when.dtype}, expected bool`, at(operator));
  if (!isInteger(key.dtype)) report(check, "dtype-mismatch", `the key is ${key.dtype}, expected an integer`, at(operator));
  if (fields.length === 0) report(check, "no-fields", "a groupBy needs at least one field", at(operator));
  for (const name of repeated(fields.map((field) => field.name))) report(check, "duplicate-name", `two fields are called "${name}"`, at(operator));
  for (const { fn, value, acc, dtype } of fields) {
    const wrong = reduceFault(fn, value.dtype, acc, dtype);
    if (wrong !== undefined) report(check, "dtype-mismatch", wrong, at(operator));
  }
  const form = when === undefined ? affine(key) : null;
  const range = form === null ? null : rangeOfAffine(form, extents);
  if (range !== null && (range.lowest < 0 || range.highest >= keys))
    report(check, "key-out-of-range", `the key runs from ${range.lowest} to ${range.highest}, expected 0 to ${keys - 1}`, at(operator));
}

function verifyIterate(check: Check, operator: IterateOperator): void {
  const { times, until, carries, body, round } = operator;
  verifyExtent(check, times, "the number of rounds", at(operator), largestCount);
  if (round.extent !== times || round.count !== undefined)
    report(check, "bad-extent", `the index "${round.name}" runs over ${round.count ?? round.extent} rounds of ${times}`, at(operator));
  if (check.indices.has(round.name)) report(check, "duplicate-name", `the index "${round.name}" is bound twice`, at(operator));
  check.indices.set(round.name, round);
  check.rounds.set(round.name, times);
  for (const { to, init } of carries) write(check, to, read(check, init, at(operator)), at(operator));
  for (const inner of body) verifyOperator(check, inner);
  for (const { to, from } of carries) {
    const [next, carried] = [read(check, from, at(operator)), check.tensors.get(to)];
    if (next === undefined || carried === undefined || (next.dtype === carried.dtype && String(next.shape) === String(carried.shape))) continue;
    report(check, "shape-mismatch", `the next value "${from}" is ${typeText(next)}, expected ${typeText(carried)} as the carried "${to}"`, at(operator));
  }
  check.rounds.delete(round.name);
  const stop = until === undefined ? undefined : read(check, until, at(operator));
  if (stop !== undefined && (stop.dtype !== "bool" || stop.shape.length > 0))
    report(check, "dtype-mismatch", `"${until}" ends the loop and is ${typeText(stop)}, expected one bool`, at(operator));
  for (const name of body.flatMap(writesOf)) check.ended.set(name, operator.name);
}

const typeText = ({ dtype, shape }: Tensor): string => `${dtype}[${shape.join(", ")}]`;
