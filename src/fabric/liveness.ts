/** Which nodes of a compute nest are read, how often, and which are the same in all lanes. Pure questions about the node list. */

import type { Nest, Node, Work } from "./fabric.ts";

type Compute = Extract<Work, { readonly kind: "compute" }>;

/**
 * For each node the level at whose ends its value is read: loops.length for every firing, undefined for never. An output reads its node when its port
 * pushes; a reduce and a scan read their argument in every firing. `ports`: the output ports that count.
 */
export function neededLevels(nest: Nest, work: Compute, ports: ReadonlySet<string>): readonly (number | undefined)[] {
  const needed = new Array<number | undefined>(work.nodes.length).fill(undefined);
  const need = (node: number, level: number): void => {
    needed[node] = Math.max(needed[node] ?? 0, level);
  };
  for (const { port, node } of work.outputs) if (ports.has(port)) need(node, nest.ports.find(({ name }) => name === port)?.level ?? nest.loops.length);
  for (let i = work.nodes.length - 1; i >= 0; i--) {
    const level = needed[i];
    if (level === undefined) continue;
    const node = work.nodes[i]!;
    for (const arg of argsOf(node)) need(arg, foldsFirings(node) ? nest.loops.length : level);
  }
  return needed;
}

/** Does it keep something from firing to firing, so that it is evaluated in each? */
export function foldsFirings(node: Node): boolean {
  return node.kind === "reduce" || node.kind === "scan";
}

/** Nodes that a node reads. */
export function argsOf(node: Node): readonly number[] {
  switch (node.kind) {
    case "input":
    case "const":
    case "affine":
      return [];
    case "op":
      return node.args;
    case "cast":
    case "reduce":
    case "scan":
      return [node.arg];
  }
}

/** For each node: is its value the same in all lanes, so that one lane is enough to compute it? `words`: of the channel at each input port. */
export function uniformNodes(work: Compute, words: ReadonlyMap<string, number>): readonly boolean[] {
  const uniform: boolean[] = [];
  for (const node of work.nodes) uniform.push(isUniform(node, uniform, words));
  return uniform;
}

function isUniform(node: Node, uniform: readonly boolean[], words: ReadonlyMap<string, number>): boolean {
  switch (node.kind) {
    case "input":
      return words.get(node.port) === 1;
    case "const":
      return true;
    case "affine":
      return node.value.lane === 0;
    case "op":
    case "cast":
      return argsOf(node).every((arg) => uniform[arg]);
    case "reduce":
      return node.lanes;
    case "scan":
      return false;
  }
}
