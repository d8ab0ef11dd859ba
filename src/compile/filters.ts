/**
 * Filters: a consumer that walks a filter's result in order takes the condition over as a predicate, and no compacted collection is made.
 *
 *     late = filter(i < n, d[i] > 15); s = reduce(add, r < size(late), late.d[r])   ->   s = reduce(add, i < n, select(d[i] > 15, d[i], 0))
 *
 * Before: a normalised Program without gathers in its bodies: so conditions and fields are cheap to compute twice, and may be computed for records that are not taken.
 * After: the same values; a filter is gone where all its readers are reductions, groupBys and flatMaps of its block that read it at their own index. All others stay,
 * to be compacted in memory: outputs, flatMaps of several emits or with a bound that could be exceeded, filters whose records are mapped, scanned, hashed,
 * gathered from, or read in the rounds of an iterate, or behind a cut of the schedule.
 */

import { bodiesOf, tensorsReadBy } from "../pattern/analysis.ts";
import { identity } from "../pattern/dtypes.ts";
import { visitNodes } from "../pattern/nodes.ts";
import type { Expr, FlatMapOperator, GroupByOperator, Index, MapOperator, Operator, Program } from "../pattern/program.ts";
import { mapBlocks } from "./blocks.ts";
import { type Stretches, UNCUT } from "./cuts.ts";
import { renameIndices, rewriteExpr, substitute } from "./rewrite.ts";

type Reduce = Extract<Expr, { kind: "reduce" }>;

export const fuseFilters = (program: Program, stretches: Stretches = UNCUT): Program => mapBlocks(program, (block) => fuseBlock(block, stretches));

function fuseBlock(block: Program, stretches: Stretches): Program {
  const names = block.operators.filter((operator) => operator.kind === "flatMap").map(({ name }) => name);
  return names.reduce(
    (current, name) => fuseFilter(current, current.operators.find((operator) => operator.name === name) as FlatMapOperator, stretches),
    block,
  );
}

function fuseFilter(block: Program, filter: FlatMapOperator, stretches: Stretches): Program {
  const size = sizeOf(filter);
  const fields = new Set(Object.keys(filter.emits[0]!.fields).map((field) => `${filter.name}.${field}`));
  const outputs = Object.values(block.outputs);
  if (filter.emits.length !== 1 || canExceedBound(filter) || outputs.some((tensor) => fields.has(tensor))) return block;
  const near = (operator: Operator): boolean => stretches.of(operator.name) === stretches.of(filter.name);
  const others = block.operators.filter((operator) => operator !== filter);
  const readers = others.map((operator) => (near(operator) ? takeOver(operator, filter) : operator));
  if (readers.some((operator) => readsRecords(operator, fields))) return block;
  const usesSize = outputs.includes(size) || readers.some((operator) => tensorsReadBy(operator).has(size));
  const position = block.operators.indexOf(filter);
  const operators = readers.toSpliced(position, 0, ...(usesSize ? [countOf(filter)] : []));
  return { ...block, operators, tensors: block.tensors.filter(({ name }) => !fields.has(name) && (name !== size || usesSize)) };
}

const sizeOf = (filter: FlatMapOperator): string => `${filter.name}.size`;

/** More records than the bound are an error, which a predicate would not notice. */
const canExceedBound = ({ domain, bound }: FlatMapOperator): boolean => domain.reduce((product, { extent }) => product * extent, 1) > bound;

/** Does an operator still need the compacted records? Running over as many of something else only takes their number. */
const readsRecords = (operator: Operator, fields: ReadonlySet<string>): boolean => [...tensorsReadBy(operator)].some((tensor) => fields.has(tensor));

/** `${filter}.size` as a count. */
function countOf(filter: FlatMapOperator): MapOperator {
  const name = sizeOf(filter);
  const { indices, by } = renameIndices(filter.domain, name, "r");
  const when = substitute(whenOf(filter), by);
  const one: Expr = { kind: "const", dtype: "i32", value: 1 };
  const zero: Expr = { kind: "const", dtype: "i32", value: 0 };
  const body: Expr = { kind: "op", dtype: "i32", op: "select", args: [when, one, zero] };
  return { kind: "map", name, domain: [], body: { kind: "reduce", dtype: "i32", acc: "i32", fn: "add", over: indices, body } };
}

const whenOf = (filter: FlatMapOperator): Expr => filter.emits[0]!.when;

/** The reader over the filter's own domain; itself where it does not walk the filter in order. */
function takeOver(operator: Operator, filter: FlatMapOperator): Operator {
  switch (operator.kind) {
    case "map": {
      const body = rewriteExpr(operator.body, (node) => (node.kind === "reduce" ? predicateReduce(node, operator.name, filter) : node));
      return body === operator.body ? operator : { ...operator, body };
    }
    case "groupBy":
      return predicateGroupBy(operator, filter);
    case "flatMap":
      return predicateFlatMap(operator, filter);
    case "scan":
    case "gather":
    case "hash":
    case "iterate":
      return operator;
  }
}

/** The accumulator sees its own identity, which a narrower body may not have. */
function predicateReduce(reduce: Reduce, owner: string, filter: FlatMapOperator): Expr {
  const walk = walkOf(reduce.over, [reduce.body], owner, filter, "r");
  if (walk === null) return reduce;
  const taken = walk.take(reduce.body);
  const body: Expr = taken.dtype === reduce.acc ? taken : { kind: "cast", dtype: reduce.acc, arg: taken };
  const neutral: Expr = { kind: "const", dtype: reduce.acc, value: identity(reduce.fn, reduce.acc) };
  return { ...reduce, over: walk.indices, body: { kind: "op", dtype: reduce.acc, op: "select", args: [walk.when, body, neutral] } };
}

function predicateGroupBy(operator: GroupByOperator, filter: FlatMapOperator): GroupByOperator {
  const walk = walkOf(operator.domain, bodiesOf(operator), operator.name, filter, "i");
  if (walk === null) return operator;
  const when = operator.when === undefined ? walk.when : bothHold(walk.when, walk.take(operator.when));
  const fields = operator.fields.map((field) => ({ ...field, value: walk.take(field.value) }));
  return { ...operator, domain: walk.indices, when, key: walk.take(operator.key), fields };
}

function predicateFlatMap(operator: FlatMapOperator, filter: FlatMapOperator): FlatMapOperator {
  const walk = walkOf(operator.domain, bodiesOf(operator), operator.name, filter, "i");
  if (walk === null) return operator;
  const emits = operator.emits.map(({ when, fields }) => ({
    when: bothHold(walk.when, walk.take(when)),
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, walk.take(value)])),
  }));
  return { ...operator, domain: walk.indices, emits };
}

const bothHold = (a: Expr, b: Expr): Expr => ({ kind: "op", dtype: "bool", op: "and", args: [a, b] });

/** What walking a filter in order becomes: loops over its domain, its condition there, and expressions with what it emits in place of reads. */
interface Walk {
  readonly indices: readonly Index[];
  readonly when: Expr;
  take(expr: Expr): Expr;
}

/** null: none of `loops` walks the filter, or a body uses the place of a record for anything but reading the filter there. */
function walkOf(loops: readonly Index[], bodies: readonly Expr[], owner: string, filter: FlatMapOperator, letter: "i" | "r"): Walk | null {
  const walked = loops.find((index) => index.count === sizeOf(filter));
  if (walked === undefined) return null;
  const { indices, by } = renameIndices(filter.domain, `${owner}.${filter.name}`, letter);
  const take = (expr: Expr): Expr => rewriteExpr(expr, (node) => emitted(node, walked, filter, by) ?? node);
  if (bodies.some((body) => usesIndex(take(body), walked.name))) return null;
  return { indices: loops.flatMap((index) => (index === walked ? indices : [index])), when: substitute(whenOf(filter), by), take };
}

/** What the filter emits, where `node` reads one of its fields at `walked`. */
function emitted(node: Expr, walked: Index, filter: FlatMapOperator, by: ReadonlyMap<string, Expr>): Expr | undefined {
  if (node.kind !== "read" || !node.tensor.startsWith(`${filter.name}.`)) return undefined;
  const field = filter.emits[0]!.fields[node.tensor.slice(filter.name.length + 1)];
  const at = node.at[0];
  return field === undefined || at?.kind !== "index" || at.index !== walked.name ? undefined : substitute(field, by);
}

function usesIndex(expr: Expr, index: string): boolean {
  let uses = false;
  visitNodes([expr], (node) => {
    uses ||= node.kind === "index" && node.index === index;
  });
  return uses;
}
