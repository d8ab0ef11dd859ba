/**
 * A packet-switched network on chip: input-queued routers with virtual channels on a grid, credits per hop, dimension-order routing, as the textbook of Dally and
 * Towles (Principles and Practices of Interconnection Networks, 2004, chapters 16 to 19) describes it and BookSim 2 models it.
 */

import { type Fault, UserError } from "../base/errors.ts";

export interface NocSpec {
  /** A torus closes each row and column to a ring. */
  readonly topology: "mesh" | "torus";
  readonly columns: number;
  readonly rows: number;
  /** Virtual channels of each input port, 1 .. 30. On a torus an even number, two halves. */
  readonly vcs: number;
  /** Flits that each of them holds. */
  readonly slots: number;
  /** When a virtual channel may be given to the next packet: when it has drained (the credit of the last one's tail is back), or already when that tail has left for it. */
  readonly reuse: "drained" | "tail sent";
  /** A head bids for the switch in the cycle in which it asks for a virtual channel, and not in the one after. */
  readonly speculative: boolean;
  /** Rounds of iSLIP in each allocator. */
  readonly iterations: number;
  /** Cycles before a head may ask for a virtual channel. 0: the router before has found its way (lookahead). */
  readonly routing_cycles: number;
  /** From the grant of the switch until the flit leaves. */
  readonly crossing_cycles: number;
  /** From the arrival of a credit until it counts. */
  readonly credit_cycles: number;
  /** On a link between routers, and on the way of its credits. To and from a node it takes 1. */
  readonly link_cycles: number;
}

/** Ports of a router: 0 and 1 along the row (up, down in x), 2 and 3 along the column, and its own node. */
export const PORTS = 5;
export const LOCAL = 4;

export const nodesOf = ({ columns, rows }: NocSpec): number => columns * rows;

/** All faults of a specification, together. */
export function verifyNoc(spec: NocSpec): void {
  const faults = [...RANGES.flatMap(([key, least, most]) => rangeFault(spec, key, least, most)), ...torusFaults(spec)];
  if (faults.length > 0) throw new UserError(faults);
}

type Count = { [K in keyof NocSpec]: NocSpec[K] extends number ? K : never }[keyof NocSpec];

const RANGES: readonly (readonly [key: Count, least: number, most: number])[] = [
  ["columns", 1, 1024],
  ["rows", 1, 1024],
  ["vcs", 1, 30],
  ["slots", 1, 4096],
  ["iterations", 1, 16],
  ["routing_cycles", 0, 64],
  ["crossing_cycles", 1, 64],
  ["credit_cycles", 0, 64],
  ["link_cycles", 1, 64],
];

function rangeFault(spec: NocSpec, key: Count, least: number, most: number): readonly Fault[] {
  const value = spec[key];
  if (Number.isInteger(value) && value >= least && value <= most) return [];
  return [{ code: "noc-range", place: { path: `network.${key}` }, message: `${value} is not a whole number of ${least} .. ${most}` }];
}

function torusFaults({ topology, vcs }: NocSpec): readonly Fault[] {
  if (topology === "mesh" || vcs % 2 === 0) return [];
  return [
    { code: "noc-torus", place: { path: "network.vcs" }, message: `a torus with ${vcs} virtual channels can deadlock`, hint: "give it an even number of them" },
  ];
}
