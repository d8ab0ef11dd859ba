/**
 * Whether a program is well formed: names, order, shapes, dtypes, bound indices, reads that stay inside. All faults are collected. A program
 * that passes can be interpreted; what depends on data (keys, bounds, gathers) is checked there.
 */

import { type Fault, UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { affine, bodiesOf, elementsOf, indicesOf, rangeOfAffine } from "./analysis.ts";
import { dtypes, isDtype, isInteger, round } from "./dtypes.ts";
import { freeIndexFinder, visitNodes } from "./nodes.ts";
import { largestExtent } from "./parameters.ts";
import type { Dtype, Expr, FlatMapOperator, GroupByOperator, Index, IterateOperator, MapOperator, Operator, Program, ScanOperator, Tensor } from "./program.ts";
import { reduceFault, typeOperation } from "./typing.ts";

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
    operators: new Set(),
    indices: new Map(),
  };
  for (const tensor of program.tensors) verifyTensor(check, tensor);
  for (const name of repeated(program.tensors.map((tensor) => tensor.name)))
    report(check, "duplicate-name", `two tensors are called "${name}"`, `tensor "${name}"`);
  for (const name of program.inputs) write(check, name, undefined, `input "${name}"`);
  for (const operator of program.operators) verifyOperator(check, operator);
  verifyOutputs(check, program);
  return check.faults;
}

interface Check {
  readonly faults: Fault[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Tensors that have a value by now. */
  readonly written: Set<string>;
  readonly operators: Set<string>;
  /** Index name -> where it was bound first. */
  readonly indices: Map<string, Index>;
}

function report({ faults }: Check, code: string, message: string, path: string, hint?: string): void {
  faults.push({ code, message, place: { path }, ...(hint === undefined ? {} : { hint }) });
}

const at = (operator: { readonly name: string }): string => `operator "${operator.name}"`;

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

function verifyExtent(check: Check, extent: number, what: string, path: string): void {
  if (Number.isInteger(extent) && extent >= 1 && extent <= largestExtent) return;
  report(check, "bad-extent", `${what} is ${extent}, expected a whole number from 1 to ${largestExtent}`, path);
}

/** Notes that `name` has a value from here on. With `expected`, its declaration must match. */
function write(check: Check, name: string, expected: { readonly dtype: Dtype; readonly shape: readonly number[] } | undefined, path: string): void {
  const tensor = check.tensors.get(name);
  if (tensor === undefined) report(check, "unknown-tensor", `"${name}" is written but not declared`, path);
  else if (check.written.has(name)) report(check, "duplicate-name", `"${name}" is written twice`, path);
  else if (expected !== undefined) {
    if (tensor.dtype !== expected.dtype) report(check, "dtype-mismatch", `"${name}" is declared ${tensor.dtype} and written as ${expected.dtype}`, path);
    if (String(tensor.shape) !== String(expected.shape))
      report(check, "shape-mismatch", `"${name}" is declared [${tensor.shape.join(", ")}] and written as [${expected.shape.join(", ")}]`, path);
  }
  check.written.add(name);
}

function read(check: Check, name: string, path: string): Tensor | undefined {
  const tensor = check.tensors.get(name);
  if (tensor === undefined) report(check, "unknown-tensor", `no tensor is called "${name}"`, path, suggestion(name, [...check.tensors.keys()]));
  else if (!check.written.has(name))
    report(check, "used-before-written", `"${name}" is read before anything writes it`, path, "operators stand in an order without cycles");
  return tensor;
}

function verifyOutputs(check: Check, { outputs, tensors }: Program): void {
  if (Object.keys(outputs).length === 0) report(check, "no-outputs", "the program has no outputs", "outputs");
  for (const [output, name] of Object.entries(outputs)) read(check, name, `output "${output}"`);
  for (const { name } of tensors) if (!check.written.has(name)) report(check, "never-written", `nothing writes "${name}"`, `tensor "${name}"`);
}

// --- operators ---

type Leaf = Exclude<Operator, IterateOperator>;

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
function writeElements(check: Check, operator: MapOperator | ScanOperator): void {
  const dtype = operator.kind === "map" ? operator.body.dtype : (check.tensors.get(operator.name)?.dtype ?? operator.body.dtype);
  write(check, operator.name, { dtype, shape: operator.domain.map(({ extent }) => extent) }, at(operator));
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
  return new Map(indicesOf(operator).map(({ name, extent }) => [name, extent]));
}

function verifyPattern(check: Check, operator: Leaf, extents: ReadonlyMap<string, number>): void {
  if (operator.kind === "scan") verifyScan(check, operator);
  if (operator.kind === "flatMap") verifyFlatMap(check, operator);
  if (operator.kind === "groupBy") verifyGroupBy(check, operator, extents);
}

function verifyScan(check: Check, operator: ScanOperator): void {
  const wrong = reduceFault(operator.fn, operator.body.dtype, operator.acc, check.tensors.get(operator.name)?.dtype ?? operator.acc);
  if (wrong !== undefined) report(check, "dtype-mismatch", wrong, at(operator));
  if (operator.domain.length === 0) report(check, "wrong-rank", "a scan needs at least one index", at(operator));
}

function verifyFlatMap(check: Check, operator: FlatMapOperator): void {
  const { emits, bound } = operator;
  verifyExtent(check, bound, "the bound", at(operator));
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
  verifyExtent(check, keys, "the number of keys", at(operator));
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
  const { times, until, carries, body } = operator;
  verifyExtent(check, times, "the number of rounds", at(operator));
  for (const { to, init } of carries) write(check, to, read(check, init, at(operator)), at(operator));
  for (const inner of body) verifyOperator(check, inner);
  for (const { to, from } of carries) {
    const [next, carried] = [read(check, from, at(operator)), check.tensors.get(to)];
    if (next === undefined || carried === undefined || (next.dtype === carried.dtype && String(next.shape) === String(carried.shape))) continue;
    report(
      check,
      "shape-mismatch",
      `"${from}" is ${next.dtype}[${next.shape.join(", ")}], the carried "${to}" ${carried.dtype}[${carried.shape.join(", ")}]`,
      at(operator),
    );
  }
  const stop = until === undefined ? undefined : read(check, until, at(operator));
  if (stop !== undefined && (stop.dtype !== "bool" || stop.shape.length > 0))
    report(check, "dtype-mismatch", `"${until}" ends the loop, expected one bool`, at(operator));
}

// --- expressions ---

function verifyBodies(check: Check, operator: Leaf, extents: ReadonlyMap<string, number>): void {
  const freeOf = freeIndexFinder();
  const unbound = new Set(bodiesOf(operator).flatMap((body) => [...freeOf(body)]));
  for (const { name } of operator.domain) unbound.delete(name);
  for (const name of unbound) report(check, "unbound-index", `the index "${name}" is not bound where it is used`, at(operator));
  visitNodes(bodiesOf(operator), (expr) => {
    const wrong = typeFault(expr);
    if (wrong !== undefined) report(check, wrong.code, wrong.message, at(operator));
    if (expr.kind === "read") verifyRead(check, expr, at(operator), extents);
  });
}

/** What is wrong with a node by its own dtype and those of its arguments. */
function typeFault(expr: Expr): { readonly code: string; readonly message: string } | undefined {
  const mismatch = (message: string | undefined) => (message === undefined ? undefined : { code: "dtype-mismatch", message });
  switch (expr.kind) {
    case "const":
      return Object.is(round(expr.dtype, expr.value), expr.value)
        ? undefined
        : { code: "bad-constant", message: `the constant ${expr.value} is no ${expr.dtype}` };
    case "op": {
      const typing = typeOperation(
        expr.op,
        expr.args.map(({ dtype }) => dtype),
      );
      if ("wrong" in typing) return mismatch(typing.wrong);
      return mismatch(typing.dtype === expr.dtype ? undefined : `${expr.op} gives ${typing.dtype} and is declared ${expr.dtype}`);
    }
    case "reduce":
      return mismatch(reduceFault(expr.fn, expr.body.dtype, expr.acc, expr.dtype));
    case "index":
      return mismatch((expr.dtype as Dtype) === "i32" ? undefined : `the index "${expr.index}" is declared ${expr.dtype as Dtype}, expected i32`);
    case "cast":
    case "read":
      return undefined;
  }
}

function verifyRead(check: Check, expr: Extract<Expr, { kind: "read" }>, path: string, extents: ReadonlyMap<string, number>): void {
  const tensor = read(check, expr.tensor, path);
  if (tensor === undefined) return;
  if (tensor.dtype !== expr.dtype) report(check, "dtype-mismatch", `"${tensor.name}" is ${tensor.dtype} and read as ${expr.dtype}`, path);
  if (expr.at.length !== tensor.shape.length) {
    report(check, "wrong-rank", `"${tensor.name}" has ${tensor.shape.length} dimensions and is read at ${expr.at.length} indices`, path);
    return;
  }
  for (const [dimension, place] of expr.at.entries()) {
    if (place.dtype !== "i32") report(check, "dtype-mismatch", `"${tensor.name}" is read at an index of dtype ${place.dtype}, expected i32`, path);
    const form = affine(place);
    const range = form === null ? null : rangeOfAffine(form, extents);
    const extent = tensor.shape[dimension]!;
    if (range !== null && (range.lowest < 0 || range.highest >= extent))
      report(
        check,
        "read-outside",
        `"${tensor.name}" is read from ${range.lowest} to ${range.highest} in dimension ${dimension}, expected 0 to ${extent - 1}`,
        path,
      );
  }
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, position) => names.indexOf(name) !== position))];
}
