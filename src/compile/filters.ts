/**
 * Filters: a consumer that walks a filter's result in order takes the condition over as a predicate, and no compacted collection is made.
 *
 *     late = filter(i < n, d[i] > 15); s = reduce(add, r < size(late), late.d[r])   ->   s = reduce(add, i < n, select(d[i] > 15, d[i], 0))
 *
 * Before: a verified Program. After: the same values, no flatMap. A collection that is itself an output, or is read at other places than its own
 * index, would have to be compacted in memory, which this version does not lower: it is refused.
 */

import { UserError } from "../base/errors.ts";
import { readsOf } from "../pattern/analysis.ts";
import { identity } from "../pattern/dtypes.ts";
import type { Expr, FlatMapOperator, GroupByOperator, Index, MapOperator, Operator, Program } from "../pattern/program.ts";
import { renameIndices, rewriteExpr, substitute } from "./rewrite.ts";

type Reduce = Extract<Expr, { kind: "reduce" }>;

export function fuseFilters(program: Program): Program {
  const filters = program.operators.filter((operator) => operator.kind === "flatMap");
  return filters.reduce(fuseFilter, program);
}

function fuseFilter(program: Program, filter: FlatMapOperator): Program {
  const size = `${filter.name}.size`;
  const own = new Set([...Object.keys(filter.emits[0]?.fields ?? {}).map((field) => `${filter.name}.${field}`)]);
  if (filter.emits.length !== 1) throw notLowered(filter, `it emits up to ${filter.emits.length} records an index`);
  for (const [output, tensor] of Object.entries(program.outputs)) {
    if (own.has(tensor)) throw notLowered(filter, `its records are the output "${output}"`);
  }
  const usesSize = Object.values(program.outputs).includes(size) || program.operators.some((operator) => readsTensor(operator, size));
  const operators = program.operators.flatMap((operator): readonly Operator[] => {
    if (operator === filter) return usesSize ? [countOf(filter)] : [];
    return [takeOver(operator, filter)];
  });
  for (const operator of operators) {
    for (const name of own) if (readsTensor(operator, name)) throw notLowered(filter, `"${operator.name}" reads it at another place than its own index`);
  }
  const tensors = program.tensors.filter((tensor) => !own.has(tensor.name) && (tensor.name !== size || usesSize));
  return { ...program, operators, tensors };
}

const notLowered = (filter: FlatMapOperator, why: string): UserError =>
  new UserError({
    code: "not-lowered",
    place: { path: filter.name },
    message: `flatMap "${filter.name}" would have to be compacted in memory, because ${why}; this version only lowers a filter that is read in order`,
    hint: "reduce or group it, or write it as a map with select",
  });

/** `${filter}.size` as a count. */
function countOf(filter: FlatMapOperator): MapOperator {
  const name = `${filter.name}.size`;
  const { indices, by } = renameIndices(filter.domain, name, "r");
  const when = substitute(whenOf(filter), by);
  const one: Expr = { kind: "const", dtype: "i32", value: 1 };
  const zero: Expr = { kind: "const", dtype: "i32", value: 0 };
  const body: Expr = { kind: "op", dtype: "i32", op: "select", args: [when, one, zero] };
  return { kind: "map", name, domain: [], body: { kind: "reduce", dtype: "i32", acc: "i32", fn: "add", over: indices, body } };
}

const whenOf = (filter: FlatMapOperator): Expr => filter.emits[0]!.when;

function takeOver(operator: Operator, filter: FlatMapOperator): Operator {
  switch (operator.kind) {
    case "map": {
      if (operator.domain.some((index) => index.count === `${filter.name}.size`)) throw notLowered(filter, `"${operator.name}" is a map over it`);
      const body = rewriteExpr(operator.body, (node) => (node.kind === "reduce" ? predicateReduce(node, operator.name, filter) : node));
      return body === operator.body ? operator : { ...operator, body };
    }
    case "groupBy":
      return predicateGroupBy(operator, filter);
    case "flatMap":
    case "scan":
    case "iterate":
      return operator;
  }
}

function predicateReduce(reduce: Reduce, owner: string, filter: FlatMapOperator): Expr {
  const walked = reduce.over.find((index) => index.count === `${filter.name}.size`);
  if (walked === undefined) return reduce;
  const { indices, by } = renameIndices(filter.domain, `${owner}.${filter.name}`, "r");
  const body = inline(reduce.body, walked, filter, by);
  const neutral: Expr = { kind: "const", dtype: body.dtype, value: identity(reduce.fn, body.dtype) };
  const guarded: Expr = { kind: "op", dtype: body.dtype, op: "select", args: [substitute(whenOf(filter), by), body, neutral] };
  return { ...reduce, over: reduce.over.flatMap((index) => (index === walked ? indices : [index])), body: guarded };
}

function predicateGroupBy(operator: GroupByOperator, filter: FlatMapOperator): GroupByOperator {
  const walked = operator.domain.find((index) => index.count === `${filter.name}.size`);
  if (walked === undefined) return operator;
  const { indices, by } = renameIndices(filter.domain, `${operator.name}.${filter.name}`, "i");
  const take = (expr: Expr) => inline(expr, walked, filter, by);
  const condition = substitute(whenOf(filter), by);
  const when: Expr = operator.when === undefined ? condition : { kind: "op", dtype: "bool", op: "and", args: [condition, take(operator.when)] };
  return {
    ...operator,
    domain: operator.domain.flatMap((index): readonly Index[] => (index === walked ? indices : [index])),
    when,
    key: take(operator.key),
    fields: operator.fields.map((field) => ({ ...field, value: take(field.value) })),
  };
}

/** Reads of the filter's fields at `walked` become the expressions that the filter emits. */
function inline(expr: Expr, walked: Index, filter: FlatMapOperator, by: ReadonlyMap<string, Expr>): Expr {
  return rewriteExpr(expr, (node) => {
    if (node.kind !== "read" || !node.tensor.startsWith(`${filter.name}.`)) return node;
    const field = filter.emits[0]!.fields[node.tensor.slice(filter.name.length + 1)];
    const at = node.at[0];
    return field === undefined || at?.kind !== "index" || at.index !== walked.name ? node : substitute(field, by);
  });
}

const readsTensor = (operator: Operator, tensor: string): boolean => readsOf(operator).some((read) => read.tensor === tensor);
