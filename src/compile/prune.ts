/**
 * Prune: what no output needs is dropped: operators, fields of groupBys and flatMaps, carried tensors of iterates and what only they need.
 *
 *     t[i] = x[i] * 2; y[i] = x[i] + 1; output y   ->   y[i] = x[i] + 1; output y
 *
 * Before and after: the same outputs.
 */

import { tensorsReadBy, writesOf } from "../pattern/analysis.ts";
import type { FlatMapOperator, GroupByOperator, IterateOperator, Operator, Program } from "../pattern/program.ts";
import { allWritesOf } from "./blocks.ts";

export function prune(program: Program): Program {
  const { operators, needed } = neededOf(program.operators, Object.values(program.outputs));
  if (operators === program.operators) return program;
  const left = new Set([...needed, ...program.inputs, ...operators.flatMap(allWritesOf)]);
  return { ...program, operators, tensors: program.tensors.filter(({ name }) => left.has(name)) };
}

interface Needed {
  /** Those that something needs; the list itself if that is all. */
  readonly operators: readonly Operator[];
  /** What they read, and what was asked for. */
  readonly needed: ReadonlySet<string>;
}

function neededOf(operators: readonly Operator[], wanted: Iterable<string>): Needed {
  const needed = new Set(wanted);
  const kept: Operator[] = [];
  for (const operator of operators.toReversed()) {
    if (!writesOf(operator).some((tensor) => needed.has(tensor))) continue;
    const lean = leanOf(operator, needed);
    for (const tensor of tensorsReadBy(lean)) needed.add(tensor);
    kept.unshift(lean);
  }
  const same = kept.length === operators.length && kept.every((operator, position) => operator === operators[position]);
  return { operators: same ? operators : kept, needed };
}

function leanOf(operator: Operator, needed: ReadonlySet<string>): Operator {
  switch (operator.kind) {
    case "map":
    case "scan":
    case "gather":
    case "hash":
      return operator;
    case "flatMap":
      return leanFlatMap(operator, needed);
    case "groupBy":
      return leanGroupBy(operator, needed);
    case "iterate":
      return leanIterate(operator, needed);
  }
}

/** One field stays even if only the number of records is needed. */
function leanFlatMap(operator: FlatMapOperator, needed: ReadonlySet<string>): FlatMapOperator {
  const all = Object.keys(operator.emits[0]!.fields);
  const used = all.filter((field) => needed.has(`${operator.name}.${field}`));
  const kept = used.length === 0 ? all.slice(0, 1) : used;
  if (kept.length === all.length) return operator;
  const emits = operator.emits.map(({ when, fields }) => ({ when, fields: Object.fromEntries(kept.map((field) => [field, fields[field]!])) }));
  return { ...operator, emits };
}

function leanGroupBy(operator: GroupByOperator, needed: ReadonlySet<string>): GroupByOperator {
  const fields = operator.fields.filter((field) => needed.has(`${operator.name}.${field.name}`));
  return fields.length === operator.fields.length ? operator : { ...operator, fields };
}

/** Carried tensors that are needed outside, or by the rounds themselves for those: more and more, until no more are needed. */
function leanIterate(operator: IterateOperator, needed: ReadonlySet<string>): IterateOperator {
  const until = operator.until === undefined ? [] : [operator.until];
  let carries = operator.carries.filter(({ to }) => needed.has(to));
  for (;;) {
    const inside = neededOf(operator.body, [...carries.map(({ from }) => from), ...until]);
    const more = operator.carries.filter((carry) => carries.includes(carry) || inside.needed.has(carry.to));
    if (more.length > carries.length) carries = more;
    else if (carries.length === operator.carries.length && inside.operators === operator.body) return operator;
    else return { ...operator, carries, body: inside.operators };
  }
}
