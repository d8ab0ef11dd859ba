/**
 * Inline: an elementwise operator with one reader that takes each of its elements exactly once becomes part of that reader's body.
 *
 *     t[i, j] = x[i, j] * c; s[i] = sum_j t[i, j]   ->   s[i] = sum_j x[i, j] * c
 *
 * Before: a normalised Program. After: the same values, fewer operators, nothing computed twice. Outputs and what the schedule buffers stay, and so does what an
 * iterate takes from outside: it would be computed again in each round. So does what a cut of the schedule parts from its reader.
 */

import { indicesOf, type Read, readsOf, tensorsReadBy } from "../pattern/analysis.ts";
import type { MapOperator, Operator, Program } from "../pattern/program.ts";
import { mapBlocks } from "./blocks.ts";
import { type Stretches, UNCUT } from "./cuts.ts";
import { rewriteBodies, rewriter, substitute } from "./rewrite.ts";

export interface Inlined {
  readonly program: Program;
  /** Operator -> the operators that were merged into it, in program order. */
  readonly merged: Merged;
}

export type Merged = Readonly<Record<string, readonly string[]>>;

/** What was merged before, then what a later pass merged. */
export function mergedInto(before: Merged, later: Merged): Merged {
  const all = (operator: string): readonly string[] => [
    ...(later[operator] ?? []).flatMap((name) => [...(before[name] ?? []), name]),
    ...(before[operator] ?? []),
  ];
  return Object.fromEntries([...Object.keys(before), ...Object.keys(later)].map((operator) => [operator, all(operator)]));
}

export function inlineElementwise(program: Program, stretches: Stretches = UNCUT): Inlined {
  const merged: Record<string, readonly string[]> = {};
  return { program: mapBlocks(program, (block) => inlineBlock(block, stretches, merged)), merged };
}

/** Notes in `merged` what became part of what. */
function inlineBlock(block: Program, stretches: Stretches, merged: Record<string, readonly string[]>): Program {
  const outputs = new Set(Object.values(block.outputs));
  const gone = new Set<string>();
  let operators = block.operators;
  const apart = new Set([...outputs, ...Object.keys(block.schedule?.buffer ?? {})]);
  for (let next = findPair(operators, apart, stretches); next !== null; next = findPair(operators, apart, stretches)) {
    const { producer, reader } = next;
    operators = operators.filter((operator) => operator !== producer).map((operator) => (operator === reader ? absorb(reader, producer) : operator));
    merged[reader.name] = [...(merged[producer.name] ?? []), producer.name, ...(merged[reader.name] ?? [])];
    delete merged[producer.name];
    gone.add(producer.name);
  }
  return gone.size === 0 ? block : { ...block, operators, tensors: block.tensors.filter(({ name }) => !gone.has(name)) };
}

/** The first operator, in program order, that can become part of its one reader. Two readers may have become one by an earlier merge. */
function findPair(operators: readonly Operator[], apart: ReadonlySet<string>, stretches: Stretches): Pair | null {
  const needs = operators.map((operator) => ({ operator, tensors: tensorsReadBy(operator) }));
  for (const producer of operators) {
    if (producer.kind !== "map" || producer.body.kind === "reduce" || apart.has(producer.name)) continue;
    const readers = needs.filter(({ tensors }) => tensors.has(producer.name)).map(({ operator }) => operator);
    const reader = readers[0];
    if (reader === undefined || readers.length > 1 || stretches.of(reader.name) !== stretches.of(producer.name)) continue;
    if (takesEachOnce(reader, producer)) return { producer, reader };
  }
  return null;
}

interface Pair {
  readonly producer: MapOperator;
  readonly reader: Operator;
}

/** All reads are at one place, and that place is a permutation of all of the reader's loops that turn more than once, over the same indices. */
function takesEachOnce(reader: Operator, producer: MapOperator): boolean {
  const { name } = producer;
  if (reader.kind === "iterate" || (reader.kind === "gather" && reader.tensor === name)) return false;
  const loops = indicesOf(reader);
  if (loops.some(({ count }) => count === name)) return false;
  const places = readsOf(reader)
    .filter((read) => read.tensor === name)
    .map(placeOf);
  const first = places[0]!;
  if (places.some((place) => place.some((index, d) => index === null || index !== first[d]))) return false;
  if (new Set(first).size !== first.length || loops.some(({ name: loop, extent }) => extent > 1 && !first.includes(loop))) return false;
  return first.every((index, d) => sameTrips(loops.find((loop) => loop.name === index)!, producer.domain[d]!));
}

/** The plain index in each dimension, null where there is another. */
const placeOf = (read: Read): readonly (string | null)[] => read.at.map((at) => (at.kind === "index" ? at.index : null));

const sameTrips = (a: MapOperator["domain"][number], b: MapOperator["domain"][number]): boolean => a.extent === b.extent && a.count === b.count;

function absorb(reader: Operator, producer: MapOperator): Operator {
  const take = rewriter((node) => {
    if (node.kind !== "read" || node.tensor !== producer.name) return node;
    return substitute(producer.body, new Map(producer.domain.map((index, d) => [index.name, node.at[d]!])));
  });
  return rewriteBodies(reader, take);
}
