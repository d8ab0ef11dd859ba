/**
 * Waits followed to their roots. What a nest waits for is followed to the nest at the other end of the channel, and on from there to all that one waits for,
 * in proportion to its waits, until each share has come to a root: a nest that is busy, a memory channel, the fill of the pipeline, or a ring of waits.
 *
 * The waits of a nest before its first firing are followed apart from those after it: the one lead to what began late, the other to what is slow.
 */

import type { NestCounters, SectionCounters, Wait } from "../result/counters.ts";
import type { CauseStep } from "../result/result.ts";
import { type MemoryRoot, memoryRoots } from "./memory-roots.ts";

/** A share of a wait that goes back to one root. The shares of a wait add up to it. */
export interface Blame {
  readonly root: string;
  readonly ticks: number;
  /** From the other end of the channel to the root: where the largest part of the share came along. */
  readonly path: readonly CauseStep[];
}

/** No nest has to be taken for slow that waits for a tenth of its time or more: it would be as slow if it worked faster. */
const SLOW = 10;

interface Node {
  readonly unit: string;
  readonly nest: NestCounters;
  /** Ticks before its first firing. */
  readonly fill: number;
}

/** What a share of waits leads to: the steady waits (2n) or the fill (2n + 1) of nest n, or a root (then -1). `steps`: the way there. */
interface Edge {
  readonly to: number;
  readonly root: string;
  readonly ticks: number;
  readonly steps: readonly CauseStep[];
  /** Of the wait, where a node has it. */
  readonly channel?: string;
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly indices: ReadonlyMap<string, number>;
  readonly memory: (channel: string) => MemoryRoot;
  /** By node: steady waits, then fill. Made when first asked for. */
  readonly edges: (readonly Edge[] | undefined)[];
  readonly blames: (readonly Blame[] | undefined)[];
}

/** `unit` and `nest`: whose wait it is. */
export type FindBlame = (unit: string, nest: NestCounters, wait: Wait) => readonly Blame[];

export function blameFinder(section: SectionCounters): FindBlame {
  const nodes = section.units.flatMap(({ id: unit, nests }) =>
    nests.map((nest): Node => ({ unit, nest, fill: nest.waits.reduce((sum, { fill }) => sum + fill, 0) })),
  );
  const indices = new Map(nodes.map(({ unit, nest }, n) => [keyOf(unit, nest.id), n]));
  const graph: Graph = { nodes, indices, memory: memoryRoots(section), edges: [], blames: [] };
  return (unit, nest, wait) => {
    const n = indices.get(keyOf(unit, nest.id))!;
    return mergeBlames([...fillEdges(graph, wait), ...steadyEdges(graph, n, wait)].flatMap((edge) => blamesBehind(graph, edge)));
  };
}

const keyOf = (unit: string, nest: string): string => `${unit} ${nest}`;

function blamesBehind(graph: Graph, { to, root, ticks, steps }: Edge): readonly Blame[] {
  if (to < 0) return [{ root, ticks, path: steps }];
  graph.blames[to] ??= walk(graph, to);
  return graph.blames[to].map((blame) => ({ ...blame, ticks: blame.ticks * ticks, path: [...steps, ...blame.path] }));
}

/** One blame a root, with the path of the largest. */
export function mergeBlames(blames: readonly Blame[]): readonly Blame[] {
  const merged = new Map<string, Blame & { most: number }>();
  for (const { root, ticks, path } of blames) {
    const before = merged.get(root) ?? { root, ticks: 0, path, most: ticks };
    merged.set(root, { root, ticks: before.ticks + ticks, ...(ticks > before.most ? { path, most: ticks } : { path: before.path, most: before.most }) });
  }
  return [...merged.values()].map(({ root, ticks, path }) => ({ root, ticks, path }));
}

// --- what a wait leads to ---

/**
 * Up to the first firing of the nest: what the source itself had to wait until then goes on as its fill. Of the rest, bursts were under way, or the token took the
 * source many firings; what remains is the time through pipeline and route.
 */
function fillEdges(graph: Graph, wait: Wait): readonly Edge[] {
  if (wait.fill === 0) return [];
  const source = graph.indices.get(keyOf(wait.other!.unit, wait.other!.nest))!;
  const before = Math.min(wait.fill, graph.nodes[source]!.fill);
  const late = Math.min(wait.fill - before, wait.late);
  const contended = Math.min(wait.fill - before, wait.contended);
  const rest = wait.fill - before - late - contended;
  const made = wait.firings_per_token > 1 ? { to: 2 * source, root: "" } : { to: -1, root: "fill" };
  return positive([
    { to: 2 * source + 1, root: "", ticks: before, steps: [] },
    ...lateEdges(graph, source, late),
    sharedEdge(contended),
    { ...made, ticks: rest, steps: [] },
  ]);
}

/** Waits of tokens for links that channels of a packet network share. */
const SHARED_LINKS = "shared links";

const sharedEdge = (ticks: number): Edge => ({ to: -1, root: SHARED_LINKS, ticks, steps: [] });

/** After it. A sink that blocks may not have begun itself. */
function steadyEdges(graph: Graph, n: number, wait: Wait): readonly Edge[] {
  const ticks = wait.ticks - wait.fill;
  if (wait.other === null) return [{ to: -1, root: graph.memory(wait.channel).root, ticks, steps: [] }];
  const other = graph.indices.get(keyOf(wait.other.unit, wait.other.nest))!;
  const { fill } = graph.nodes[other]!;
  if (wait.state === "blocked") {
    const before = Math.min(ticks, Math.max(0, fill - graph.nodes[n]!.fill));
    return positive([
      { to: 2 * other + 1, root: "", ticks: before, steps: [] },
      { to: 2 * other, root: "", ticks: ticks - before, steps: [] },
    ]);
  }
  const afterFill = (part: number): number => Math.min(ticks, part - Math.min(Math.max(0, wait.fill - fill), part));
  const [late, contended] = [afterFill(wait.late), afterFill(wait.contended)];
  return positive([...lateEdges(graph, other, late), sharedEdge(contended), { to: 2 * other, root: "", ticks: ticks - late - contended, steps: [] }]);
}

const positive = (edges: readonly Edge[]): readonly Edge[] => edges.filter(({ ticks }) => ticks > 0);

/** Tokens that were late because the bursts of nest n were under way: in proportion to the channels that were last with them. */
function lateEdges({ nodes, memory }: Graph, n: number, ticks: number): readonly Edge[] {
  const { unit, nest } = nodes[n]!;
  const total = nest.late.reduce((sum, part) => sum + part.ticks, 0);
  const roots = new Map<string, Edge>();
  for (const part of nest.late) {
    const { root, place } = memory(part.channel);
    const share = (ticks * part.ticks) / total + (roots.get(root)?.ticks ?? 0);
    roots.set(root, { to: -1, root, ticks: share, steps: [{ unit, state: "memory", channel: place }] });
  }
  return [...roots.values()];
}

function edgesOf(graph: Graph, node: number): readonly Edge[] {
  graph.edges[node] ??= node % 2 === 0 ? steadyNode(graph, node / 2) : fillNode(graph, (node - 1) / 2);
  return graph.edges[node];
}

/** A nest that hardly waits is a root: what waits for it waits for its work. */
function steadyNode(graph: Graph, n: number): readonly Edge[] {
  const { unit, nest } = graph.nodes[n]!;
  const edges = nest.waits.flatMap((wait) => stepped(graph, unit, wait, steadyEdges(graph, n, wait)));
  const waited = edges.reduce((sum, { ticks }) => sum + ticks, 0);
  const isSlow = waited * SLOW < nest.busy + waited;
  return isSlow ? [{ to: -1, root: unit, ticks: 1, steps: [{ unit, state: "busy", channel: "" }] }] : edges;
}

function fillNode(graph: Graph, n: number): readonly Edge[] {
  const { unit, nest } = graph.nodes[n]!;
  return nest.waits.flatMap((wait) => stepped(graph, unit, wait, fillEdges(graph, wait)));
}

/** What the nests of a unit wait for among themselves is no step for a reader, who sees units. */
function stepped({ memory }: Graph, unit: string, { state, channel, other }: Wait, edges: readonly Edge[]): readonly Edge[] {
  const place = state === "memory" ? memory(channel).place : channel;
  const own: readonly CauseStep[] = other?.unit === unit ? [] : [{ unit, state, channel: place }];
  return edges.map((edge) => ({ ...edge, channel, steps: [...own, ...edge.steps] }));
}

// --- following ---

/** How a node was reached by most. */
interface Way {
  readonly from: number;
  readonly edge: Edge;
  readonly share: number;
}

/** Shares (of 1) of the roots behind a node. An edge that leads back to where the walk came from closes a ring, which is a root. */
function walk(graph: Graph, start: number): readonly Blame[] {
  const order = reversePostorder(graph, start);
  const places = new Map(order.map((node, place) => [node, place]));
  const flow = new Map([[start, 1]]);
  const ways = new Map<number, Way>();
  const found = new Map<string, Found>();
  for (const node of order) {
    const edges = edgesOf(graph, node);
    const total = edges.reduce((sum, { ticks }) => sum + ticks, 0);
    for (const edge of edges) {
      const share = (flow.get(node)! * edge.ticks) / total;
      const way = { from: node, edge, share };
      if (edge.to < 0) addFound(found, edge.root, way);
      else if (places.get(edge.to)! <= places.get(node)!) addFound(found, ringOf(way, ways), way);
      else {
        flow.set(edge.to, share + (flow.get(edge.to) ?? 0));
        if (share > (ways.get(edge.to)?.share ?? 0)) ways.set(edge.to, way);
      }
    }
  }
  return [...found].map(([root, { ticks, largest }]) => ({ root, ticks, path: pathOf(largest, start, ways) }));
}

/** A root, and the way along which most of its share came. */
interface Found {
  readonly ticks: number;
  readonly largest: Way;
}

function addFound(found: Map<string, Found>, root: string, way: Way): void {
  const before = found.get(root);
  if (before === undefined) found.set(root, { ticks: way.share, largest: way });
  else found.set(root, { ticks: before.ticks + way.share, largest: way.share > before.largest.share ? way : before.largest });
}

/** Every node after all that lead to it, but for the edges that close rings. */
function reversePostorder(graph: Graph, start: number): readonly number[] {
  const met = new Set<number>();
  const order: number[] = [];
  const visit = (node: number): void => {
    met.add(node);
    for (const { to } of edgesOf(graph, node)) if (to >= 0 && !met.has(to)) visit(to);
    order.push(node);
  };
  visit(start);
  return order.reverse();
}

function pathOf(last: Way, until: number, ways: ReadonlyMap<number, Way>): readonly CauseStep[] {
  return edgesTo(last, until, ways).flatMap(({ steps }) => steps);
}

function edgesTo(last: Way, until: number, ways: ReadonlyMap<number, Way>): readonly Edge[] {
  const edges = [last.edge];
  for (let way: Way | undefined = last; way !== undefined && way.from !== until; ) {
    way = ways.get(way.from);
    if (way !== undefined) edges.push(way.edge);
  }
  return edges.reverse();
}

/** How the name of a ring begins; its channels follow. */
export const RING = "latency of ring ";
const RING_NAMES = 4;

/** "latency of ring a, b": its channels, in an order that does not depend on where the ring was entered. */
function ringOf(last: Way, ways: ReadonlyMap<number, Way>): string {
  const edges = edgesTo(last, last.edge.to, ways);
  const channels = [...new Set(edges.map(({ channel }) => channel))].sort();
  return `${RING}${channels.slice(0, RING_NAMES).join(", ")}${channels.length > RING_NAMES ? " ..." : ""}`;
}
