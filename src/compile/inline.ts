/**
 * Inline: an elementwise operator with one reader that takes each of its elements exactly once becomes part of that reader's body.
 *
 *     t[i, j] = x[i, j] * c; s[i] = sum_j t[i, j]   ->   s[i] = sum_j x[i, j] * c
 *
 * Before: a normalised Program. After: the same values, fewer operators, nothing computed twice. Outputs stay.
 */

import { type Read, readsOf } from "../pattern/analysis.ts";
import type { Expr, MapOperator, Operator, Program } from "../pattern/program.ts";
import { rewriteExpr, substitute } from "./rewrite.ts";

export interface Inlined {
  readonly program: Program;
  /** Operator -> the operators that were merged into it, in program order. */
  readonly merged: Readonly<Record<string, readonly string[]>>;
}

export function inlineElementwise(program: Program): Inlined {
  const outputs = new Set(Object.values(program.outputs));
  const merged: Record<string, readonly string[]> = {};
  let operators = program.operators;
  for (let next = findPair(operators, outputs); next !== null; next = findPair(operators, outputs)) {
    const { producer, reader } = next;
    operators = operators.filter((operator) => operator !== producer).map((operator) => (operator === reader ? absorb(reader, producer) : operator));
    merged[reader.name] = [...(merged[producer.name] ?? []), producer.name, ...(merged[reader.name] ?? [])];
    delete merged[producer.name];
  }
  if (operators === program.operators) return { program, merged };
  const gone = new Set(program.operators.filter((operator) => !operators.some((left) => left.name === operator.name)).map((operator) => operator.name));
  return { program: { ...program, operators, tensors: program.tensors.filter((tensor) => !gone.has(tensor.name)) }, merged };
}

/** The first operator, in program order, that can become part of its one reader. Two readers may have become one by an earlier merge. */
function findPair(operators: readonly Operator[], outputs: ReadonlySet<string>): { readonly producer: MapOperator; readonly reader: Operator } | null {
  for (const producer of operators) {
    if (producer.kind !== "map" || producer.body.kind === "reduce" || outputs.has(producer.name)) continue;
    const readers = operators.filter((operator) => readsOfTensor(operator, producer.name).length > 0);
    const reader = readers[0];
    if (reader !== undefined && readers.length === 1 && takesEachOnce(reader, producer)) return { producer, reader };
  }
  return null;
}

const readsOfTensor = (operator: Operator, tensor: string): readonly Read[] => readsOf(operator).filter((read) => read.tensor === tensor);

/** All reads are at one place, and that place is a permutation of all of the reader's loops, over the same extents. */
function takesEachOnce(reader: Operator, producer: MapOperator): boolean {
  if (reader.kind !== "map" && reader.kind !== "groupBy") return false;
  const reduce = reader.kind === "map" && reader.body.kind === "reduce" ? reader.body.over : [];
  const loops = [...reader.domain, ...reduce];
  const reads = readsOfTensor(reader, producer.name);
  const places = reads.map((read) => read.at.map((at) => (at.kind === "index" ? at.index : null)));
  const first = places[0]!;
  if (places.some((place) => place.some((name, d) => name === null || name !== first[d]))) return false;
  if (first.length !== loops.length || new Set(first).size !== first.length) return false;
  return first.every((name, d) => loops.find((loop) => loop.name === name)?.extent === producer.domain[d]!.extent);
}

function absorb(reader: Operator, producer: MapOperator): Operator {
  const take = (expr: Expr): Expr =>
    rewriteExpr(expr, (node) => {
      if (node.kind !== "read" || node.tensor !== producer.name) return node;
      return substitute(producer.body, new Map(producer.domain.map((index, d) => [index.name, node.at[d]!])));
    });
  if (reader.kind === "map") return { ...reader, body: take(reader.body) };
  if (reader.kind !== "groupBy") return reader;
  const next = { ...reader, key: take(reader.key), fields: reader.fields.map((field) => ({ ...field, value: take(field.value) })) };
  return reader.when === undefined ? next : { ...next, when: take(reader.when) };
}
