/**
 * Routing by negotiated congestion (as PathFinder does for FPGAs): every net first takes its cheapest tree; as long as links are over their capacity, the
 * nets on them look again, at prices that rise with the overload now and with those of the past. Each width of channel has a network of its own.
 */

import type { Channel } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { findTree, type LinkState, type Maze, type Net, slack } from "./maze.ts";

export type Width = Channel["width"];

export interface RoutedNets {
  /** Links of every net's tree, a parent before its children. */
  readonly trees: readonly Int32Array[];
  /** Load of every link. */
  readonly load: Float64Array;
  /** Links over their capacity: none if the routing succeeded. */
  readonly overfull: readonly number[];
}

/** Tracks of a link, each way. */
export function linkCapacity({ network }: Machine, width: Width): number {
  return { vector: network.vector_links, scalar: network.scalar_links, control: network.control_links }[width];
}

/** What a channel takes of a link's tracks: a whole one of a circuit, its rate of a packet link. */
export function linkDemand({ network }: Machine, channel: Channel): number {
  return network.kind === "static" ? 1 : channel.rate;
}

/** Cost of depth to begin with: ways to the sinks of a broadcast differ less, and trees are larger by 2 % (GEMMs on sn40l). It falls while links are overfull, as smaller trees leave more room. */
const firstDepth = 1 / 2;
/** It only decides between equals: ways are short where trees are as small. */
const leastDepth = 1 / 4096;

const mostRounds = 80;
/** Rounds without fewer overloads after which it gives up. */
const patience = 16;

export function routeNets(maze: Maze, nets: readonly Net[], capacity: number): RoutedNets {
  const links: LinkState = {
    capacity,
    load: new Float64Array(maze.targets.length),
    history: new Float64Array(maze.targets.length),
    pressure: 0.5,
    depthCost: firstDepth,
  };
  const trees = nets.map((net) => occupy(links, net, findTree(maze, links, net)));
  let overfull = overfullLinks(links);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0, waited = 0; overfull.length > 0 && round < mostRounds && waited < patience; round++) {
    const overload = raisePrices(links, overfull);
    waited = overload < least ? 0 : waited + 1;
    least = Math.min(least, overload);
    const crowded = new Set(overfull);
    for (const [index, net] of nets.entries()) {
      if (!trees[index]!.some((link) => crowded.has(link))) continue;
      vacate(links, net, trees[index]!);
      trees[index] = occupy(links, net, findTree(maze, links, net));
    }
    overfull = overfullLinks(links);
  }
  return { trees, load: links.load, overfull };
}

function occupy(links: LinkState, net: Net, tree: Int32Array): Int32Array {
  for (const link of tree) links.load[link]! += net.demand;
  return tree;
}

function vacate(links: LinkState, net: Net, tree: Int32Array): void {
  for (const link of tree) links.load[link]! -= net.demand;
}

function overfullLinks({ load, capacity }: LinkState): readonly number[] {
  const overfull: number[] = [];
  for (let link = 0; link < load.length; link++) if (load[link]! > capacity + slack) overfull.push(link);
  return overfull;
}

/** Returns the overload of all links together. Overfull links cost more from now on, and depth less. */
function raisePrices(links: LinkState, overfull: readonly number[]): number {
  let overload = 0;
  for (const link of overfull) {
    const over = links.load[link]! - links.capacity;
    links.history[link]! += 0.5 * over;
    overload += over;
  }
  links.pressure = Math.min(1000, links.pressure * 1.5);
  links.depthCost = Math.max(leastDepth, 0.75 * links.depthCost);
  return overload;
}
