/**
 * Hot path: finds the tree of one net over the switch mesh by A* from the tree so far to one sink after the other, nearest first. A link costs 1 +
 * history, times more the further its load is above its capacity. All buffers are made once per mesh and used again.
 */

import { directions, linkTargets, type Mesh } from "./mesh.ts";

/** State of one network (one width of links). Loads are in the unit of demands: channels, or tokens a tick. */
export interface LinkState {
  readonly capacity: number;
  readonly load: Float64Array;
  /** What a link's past overloads add to its cost. */
  readonly history: Float64Array;
  /** How much a unit of overload costs now. */
  pressure: number;
  /** Cost of a tree switch's depth, in links: the higher, the nearer to the source does a sink join, at the price of larger trees (the trade-off of Prim and Dijkstra of Alpert et al., 1995). */
  depthCost: number;
}

export interface Net {
  readonly source: number;
  /** Switches to reach, each once, none of them the source. */
  readonly sinks: readonly number[];
  readonly demand: number;
}

export interface Maze {
  readonly mesh: Mesh;
  readonly targets: Int32Array;
  readonly x: Int32Array;
  readonly y: Int32Array;
  /** Tree of the net under way: `inTree[switch] === net` with its depth in links. */
  readonly inTree: Int32Array;
  readonly depth: Int32Array;
  /** Nodes of the tree in order of joining. */
  readonly tree: Int32Array;
  /** Search under way: `reached[switch] === search`, best cost and link by which. */
  readonly reached: Int32Array;
  readonly cost: Float64Array;
  readonly via: Int32Array;
  /** Binary heap of (estimate, switch). */
  readonly heapKeys: Float64Array;
  readonly heapNodes: Int32Array;
  heapSize: number;
  treeSize: number;
  net: number;
  search: number;
}

/** Rounding slack of sums of rates. */
export const slack = 1e-9;

export function mazeOf(mesh: Mesh): Maze {
  const nodes = mesh.width * mesh.height;
  return {
    mesh,
    targets: linkTargets(mesh),
    x: Int32Array.from({ length: nodes }, (_, node) => node % mesh.width),
    y: Int32Array.from({ length: nodes }, (_, node) => Math.floor(node / mesh.width)),
    inTree: new Int32Array(nodes),
    depth: new Int32Array(nodes),
    tree: new Int32Array(nodes),
    reached: new Int32Array(nodes),
    cost: new Float64Array(nodes),
    via: new Int32Array(nodes),
    // A switch enters the heap once for each link into it, and once from the tree.
    heapKeys: new Float64Array((directions + 1) * nodes),
    heapNodes: new Int32Array((directions + 1) * nodes),
    heapSize: 0,
    treeSize: 0,
    net: 0,
    search: 0,
  };
}

/** Links of a tree from the source to every sink, each after the one that leads to it. Does not change the loads. */
export function findTree(maze: Maze, links: LinkState, net: Net): Int32Array {
  maze.net++;
  maze.treeSize = 0;
  joinTree(maze, net.source, 0);
  const found: number[] = [];
  for (const sink of nearestFirst(maze, net)) {
    if (maze.inTree[sink] === maze.net) continue;
    search(maze, links, net.demand, sink);
    const path = pathTo(maze, sink);
    for (const link of path) joinTree(maze, maze.targets[link]!, maze.depth[Math.floor(link / directions)]! + 1);
    found.push(...path);
  }
  return Int32Array.from(found);
}

function joinTree(maze: Maze, node: number, depth: number): void {
  maze.inTree[node] = maze.net;
  maze.depth[node] = depth;
  maze.tree[maze.treeSize++] = node;
}

function nearestFirst({ x, y }: Maze, { source, sinks }: Net): readonly number[] {
  if (sinks.length < 2) return sinks;
  const distance = (node: number): number => Math.abs(x[node]! - x[source]!) + Math.abs(y[node]! - y[source]!);
  return [...sinks].sort((a, b) => distance(a) - distance(b) || a - b);
}

/** Fills `via` from the tree to the sink. The mesh is connected, so it is always found. */
function search(maze: Maze, links: LinkState, demand: number, sink: number): void {
  const { targets, inTree, depth, tree, reached, cost, via, net } = maze;
  const stamp = ++maze.search;
  maze.heapSize = 0;
  for (let index = 0; index < maze.treeSize; index++) {
    const node = tree[index]!;
    reached[node] = stamp;
    cost[node] = depth[node]! * links.depthCost;
    push(maze, cost[node]! + remaining(maze, node, sink), node);
  }
  while (maze.heapSize > 0) {
    const key = maze.heapKeys[0]!;
    const node = pop(maze);
    if (node === sink) return;
    const costHere = cost[node]!;
    if (key > costHere + remaining(maze, node, sink)) continue;
    for (let link = node * directions; link < (node + 1) * directions; link++) {
      const next = targets[link]!;
      if (next < 0 || inTree[next] === net) continue;
      const costThere = costHere + linkCost(links, link, demand);
      if (reached[next] === stamp && cost[next]! <= costThere) continue;
      reached[next] = stamp;
      cost[next] = costThere;
      via[next] = link;
      push(maze, costThere + remaining(maze, next, sink), next);
    }
  }
}

function linkCost({ load, capacity, history, pressure }: LinkState, link: number, demand: number): number {
  const over = load[link]! + demand - capacity;
  return over > slack ? (1 + history[link]!) * (1 + over * pressure) : 1 + history[link]!;
}

/** Links still to go at least: each costs 1 or more. */
function remaining({ x, y }: Maze, node: number, sink: number): number {
  return Math.abs(x[node]! - x[sink]!) + Math.abs(y[node]! - y[sink]!);
}

function pathTo({ via, inTree, net }: Maze, sink: number): readonly number[] {
  const path: number[] = [];
  for (let node = sink; inTree[node] !== net; ) {
    const link = via[node]!;
    path.push(link);
    node = Math.floor(link / directions);
  }
  return path.reverse();
}

/** Among equal estimates the one pushed last comes first here or there: any order is right, and it is always the same. */
function push(maze: Maze, key: number, node: number): void {
  const { heapKeys, heapNodes } = maze;
  let hole = maze.heapSize++;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (heapKeys[parent]! < key) break;
    heapKeys[hole] = heapKeys[parent]!;
    heapNodes[hole] = heapNodes[parent]!;
    hole = parent;
  }
  heapKeys[hole] = key;
  heapNodes[hole] = node;
}

function pop(maze: Maze): number {
  const { heapKeys, heapNodes } = maze;
  const top = heapNodes[0]!;
  const size = --maze.heapSize;
  const key = heapKeys[size]!;
  const node = heapNodes[size]!;
  let hole = 0;
  for (let child = 1; child < size; child = 2 * hole + 1) {
    if (child + 1 < size && heapKeys[child + 1]! < heapKeys[child]!) child++;
    if (heapKeys[child]! >= key) break;
    heapKeys[hole] = heapKeys[child]!;
    heapNodes[hole] = heapNodes[child]!;
    hole = child;
  }
  heapKeys[hole] = key;
  heapNodes[hole] = node;
  return top;
}
