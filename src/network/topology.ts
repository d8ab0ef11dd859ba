/**
 * The grid and the ways on it. A packet goes along its row first, then along its column (dimension order).
 *
 * Why nothing can deadlock. Give each link of a mesh a rank: along a row in the order in which packets pass its links in one direction, then along a column likewise. A packet takes links of
 * rising rank only, since it never goes back and never from a column to a row; so what holds a virtual channel waits for one of higher rank, and in
 * the end for a node, which always takes what arrives: no ring of waits exists (Dally and Seitz, 1987). On a torus the links of a ring do form a ring. There a packet chooses the
 * shorter way when it enters the ring, and uses the upper half of the virtual channels if it goes to a smaller coordinate, else the lower. So in each direction one half has only packets that
 * do not cross the seam of the ring, and the other only packets that do; these go at most half of the way round, so that the link opposite the seam is theirs in no case, and neither half is closed to a ring.
 * A packet with several destinations goes along a tree of such ways. Where it branches, each branch reads the same buffer at a pace of its own. The whole packet fits the buffer
 * (verified), so that it arrives whole without any branch having moved: a branch that waits keeps neither the other branches nor the router before waiting for ever.
 */

import { LOCAL, type NocSpec, PORTS } from "./spec.ts";

export interface Topology {
  readonly columns: number;
  readonly rows: number;
  readonly isTorus: boolean;
  /** Router behind each port of each router; -1 at an edge and for the node's own port. */
  readonly neighbours: Int32Array;
}

export function makeTopology({ topology, columns, rows }: NocSpec): Topology {
  const isTorus = topology === "torus";
  const neighbours = new Int32Array(columns * rows * PORTS).fill(-1);
  for (let node = 0; node < columns * rows; node++) {
    for (let port = 0; port < LOCAL; port++) neighbours[node * PORTS + port] = neighbourOf(node, port, columns, rows, isTorus);
  }
  return { columns, rows, isTorus, neighbours };
}

/** A flit that leaves through a port enters the neighbour through the port on the other side. */
export const opposite = (port: number): number => port ^ 1;

function neighbourOf(node: number, port: number, columns: number, rows: number, isTorus: boolean): number {
  const isRow = port < 2;
  const length = isRow ? columns : rows;
  const at = isRow ? node % columns : Math.floor(node / columns);
  const next = at + (port % 2 === 0 ? 1 : -1);
  if (!isTorus && (next < 0 || next >= length)) return -1;
  return node + (((next + length) % length) - at) * (isRow ? 1 : columns);
}

/** Routers on the way from one node to another, both ends counted. */
export function routersBetween({ columns, rows, isTorus }: Topology, from: number, to: number): number {
  const along = (a: number, b: number, length: number): number => {
    const distance = Math.abs(a - b);
    return isTorus ? Math.min(distance, length - distance) : distance;
  };
  return along(from % columns, to % columns, columns) + along(Math.floor(from / columns), Math.floor(to / columns), rows) + 1;
}

/** Beside the port in a route word: the packet may use the upper half of the virtual channels of a ring, else the lower. */
export const UPPER_HALF = 8;

/** The route word of a packet that is to enter a router through `input`: its output port there, and its half of the virtual channels. */
export function nextHop(topology: Topology, router: number, destination: number, input: number, route: number, coin: () => number): number {
  const { columns, isTorus } = topology;
  if (router === destination) return LOCAL;
  const isRow = router % columns !== destination % columns;
  const from = isRow ? router % columns : Math.floor(router / columns);
  const to = isRow ? destination % columns : Math.floor(destination / columns);
  if (!isTorus) return (isRow ? 0 : 2) + (from < to ? 0 : 1);
  return aroundRing(topology, isRow, from, to, input, route, coin);
}

/** In a ring it stays in its direction and half; where both ways are as long, a coin decides. */
function aroundRing({ columns, rows }: Topology, isRow: boolean, from: number, to: number, input: number, route: number, coin: () => number): number {
  const first = isRow ? 0 : 2;
  if (input >> 1 === first >> 1) return opposite(input) | (route & UPPER_HALF);
  const length = isRow ? columns : rows;
  const slack = length - 2 * ((to - from + length) % length);
  const isDown = !(slack > 0 || (slack === 0 && coin() === 1));
  return first + (isDown ? 1 : 0) + (from > to ? UPPER_HALF : 0);
}

/** On a mesh: the ports through which a packet leaves a router on its tree to the destinations, a bit each. */
export function branchesAt(topology: Topology, router: number, source: number, destinations: Int32Array): number {
  const { columns } = topology;
  const [column, row] = [router % columns, Math.floor(router / columns)];
  const [sourceColumn, sourceRow] = [source % columns, Math.floor(source / columns)];
  let ports = 0;
  for (const destination of destinations) {
    const [toColumn, toRow] = [destination % columns, Math.floor(destination / columns)];
    const isPassed = row === sourceRow ? isBetween(sourceColumn, column, toColumn) : column === toColumn && isBetween(sourceRow, row, toRow);
    if (isPassed) ports |= 1 << nextHop(topology, router, destination, LOCAL, 0, noCoin);
  }
  return ports;
}

const isBetween = (a: number, middle: number, b: number): boolean => (a <= middle && middle <= b) || (b <= middle && middle <= a);

const noCoin = (): number => 0;
