/**
 * The program as a graph in layers: operators below what they read. An edge is a tensor; one that goes over several layers has a bend in each. What a loop hands to its next
 * round goes backward, and decides no layer.
 */

import type { SceneOperator, SceneProgram } from "../../src/scene/scene.ts";
import { placed } from "./graph-places.ts";

export interface GraphNode {
  /** Of an operator its name; of an input "in " and the tensor's. */
  readonly id: string;
  readonly kind: "operator" | "input" | "bend";
  /** Null: an input or a bend. */
  readonly operator: SceneOperator | null;
  /** Names of outputs that it makes. */
  readonly outputs: readonly string[];
  readonly layer: number;
  /** Middle, in units of an operator's width. */
  readonly x: number;
}

export interface GraphEdge {
  readonly tensor: string;
  readonly bytes: number;
  /** Ids of nodes, bends included: from the maker to the reader. */
  readonly way: readonly string[];
  /** To the next round of a loop. */
  readonly isNextRound: boolean;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly layers: number;
  /** In units of an operator's width. */
  readonly width: number;
}

/** A tensor from its maker to a reader. */
export interface Link {
  readonly from: string;
  readonly to: string;
  readonly tensor: string;
  readonly isNextRound: boolean;
}

export function graphOf(program: SceneProgram): Graph {
  const operators = program.operators.filter(({ kind }) => kind !== "iterate");
  const links = linksOf(program, operators);
  const forward = links.filter(({ isNextRound }) => !isNextRound);
  const inputs = [...new Set(links.map(({ from }) => from).filter((id) => id.startsWith(INPUT)))];
  const layers = layersOf(operators, inputs, forward);
  const { bends, ways } = bent(links, layers);
  const all = new Map([...layers, ...bends]);
  const { x, width } = placed(all, [...ways.values()]);
  const bytes = new Map(program.tensors.map((tensor) => [tensor.name, tensor.bytes]));
  const outputs = new Set(program.tensors.filter(({ role }) => role === "output").map(({ name }) => name));
  const byName = new Map(operators.map((operator) => [operator.name, operator]));
  const nodes = [...all].map(([id, layer]): GraphNode => {
    const operator = byName.get(id) ?? null;
    const kind = operator !== null ? "operator" : id.startsWith(INPUT) ? "input" : "bend";
    return { id, kind, operator, outputs: (operator?.writes ?? []).filter((tensor) => outputs.has(tensor)), layer, x: x.get(id)! };
  });
  const edges = links.map((link): GraphEdge => ({ ...link, bytes: bytes.get(link.tensor) ?? 0, way: ways.get(link)! }));
  return { nodes, edges, layers: Math.max(0, ...[...all.values()].map((layer) => layer + 1)), width };
}

export const INPUT = "in ";

/** A carried tensor is made by what makes its start, and in later rounds by what makes the next round's. */
function linksOf({ operators: all, tensors }: SceneProgram, operators: readonly SceneOperator[]): readonly Link[] {
  const makers = new Map(operators.flatMap(({ name, writes }) => writes.map((tensor) => [tensor, name] as const)));
  const carries = new Map(all.flatMap((operator) => operator.carries.map((carry) => [carry.to, { ...carry, loop: operator.name }] as const)));
  const parents = new Map(all.map(({ name, inside }) => [name, inside]));
  const isIn = (loop: string, at: string | null): boolean => at !== null && (at === loop || isIn(loop, parents.get(at) ?? null));
  const known = new Set(tensors.map(({ name }) => name));
  const sourceOf = (tensor: string, depth = 0): string | null => {
    const carry = carries.get(tensor);
    if (carry !== undefined && depth < 9) return sourceOf(carry.init, depth + 1);
    return makers.get(tensor) ?? (known.has(tensor) ? `${INPUT}${tensor}` : null);
  };
  const lastOf = (tensor: string, depth = 0): string | null => {
    const carry = carries.get(tensor);
    return carry !== undefined && depth < 9 ? lastOf(carry.from, depth + 1) : sourceOf(tensor);
  };
  return operators.flatMap((reader) =>
    reader.reads.flatMap((tensor): readonly Link[] => {
      const carry = carries.get(tensor);
      const link = (from: string | null, isNextRound: boolean): readonly Link[] =>
        from === null || (from === reader.name && !isNextRound) ? [] : [{ from, to: reader.name, tensor, isNextRound }];
      if (carry === undefined) return link(sourceOf(tensor), false);
      return isIn(carry.loop, reader.inside) ? [...link(sourceOf(tensor), false), ...link(lastOf(carry.from), true)] : link(lastOf(tensor), false);
    }),
  );
}

/** Each operator one below the lowest that it reads from; an input one above the first that reads it. */
function layersOf(operators: readonly SceneOperator[], inputs: readonly string[], links: readonly Link[]): ReadonlyMap<string, number> {
  const layers = new Map<string, number>(operators.map(({ name }) => [name, 0]));
  const makers = new Map(operators.map(({ name }) => [name, links.filter(({ to, from }) => to === name && !from.startsWith(INPUT))]));
  const hasInputs = new Set(links.filter(({ from }) => from.startsWith(INPUT)).map(({ to }) => to));
  for (const { name } of operators) {
    const above = makers.get(name)!.map(({ from }) => layers.get(from)! + 1);
    layers.set(name, Math.max(hasInputs.has(name) ? 1 : 0, ...above));
  }
  for (const input of inputs) {
    const readers = links.filter(({ from }) => from === input).map(({ to }) => layers.get(to)!);
    layers.set(input, Math.max(0, Math.min(...readers) - 1));
  }
  const least = Math.min(...layers.values());
  return new Map([...layers].map(([id, layer]) => [id, layer - least]));
}

/** Bends in the layers between the ends of a link, shared by links from one maker. */
function bent(
  links: readonly Link[],
  layers: ReadonlyMap<string, number>,
): { readonly bends: ReadonlyMap<string, number>; readonly ways: ReadonlyMap<Link, readonly string[]> } {
  const bends = new Map<string, number>();
  const ways = new Map<Link, readonly string[]>();
  for (const link of links) {
    const [top, bottom] = [layers.get(link.from)!, layers.get(link.to)!];
    const between = link.isNextRound ? [] : Array.from({ length: Math.max(0, bottom - top - 1) }, (_, i) => top + 1 + i);
    const own = between.map((layer) => [`bend ${link.from} ${layer}`, layer] as const);
    for (const [id, layer] of own) bends.set(id, layer);
    ways.set(link, [link.from, ...own.map(([id]) => id), link.to]);
  }
  return { bends, ways };
}
