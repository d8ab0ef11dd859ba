/** Hot path: distances from the source of a net to its sinks while units move (see anneal.ts). What they sum up to is never kept, only how a move changes it. */

import type { AnnealState } from "./anneal-state.ts";

/** Of a net of which one unit, that stood at (oldX, oldY), has moved. */
export function starChange(state: AnnealState, net: number, unit: number, oldX: number, oldY: number): number {
  const { xs, ys, pins, netStart } = state;
  const source = pins[netStart[net]!]!;
  if (unit === source) return sourceChange(state, net, -1, oldX, oldY);
  const x = xs[source]!;
  const y = ys[source]!;
  return Math.abs(xs[unit]! - x) + Math.abs(ys[unit]! - y) - Math.abs(oldX - x) - Math.abs(oldY - y);
}

/** Weighted, of all nets with the mark `stamp` + 1, on which both units are that have changed places. Only that of a source counts: sinks that do leave the sum as it was. */
export function sharedStarChange(state: AnnealState, unit: number, other: number): number {
  const { unitStart, unitNets, netStart, pins, stars, mark, stamp, xs, ys } = state;
  const end = unitStart[unit + 1]!;
  let delta = 0;
  for (let index = unitStart[unit]!; index < end; index++) {
    const net = unitNets[index]!;
    if (mark[net] !== stamp + 1 || stars[net] === 0) continue;
    const source = pins[netStart[net]!]!;
    if (source !== unit && source !== other) continue;
    const sink = source === unit ? other : unit;
    delta += stars[net]! * sourceChange(state, net, sink, xs[sink]!, ys[sink]!);
  }
  return delta;
}

/** The source has moved from (oldX, oldY). `except`: a sink that is as far from it as before, -1 for none. */
function sourceChange({ xs, ys, pins, netStart }: AnnealState, net: number, except: number, oldX: number, oldY: number): number {
  const first = netStart[net]!;
  const end = netStart[net + 1]!;
  const x = xs[pins[first]!]!;
  const y = ys[pins[first]!]!;
  let sum = 0;
  for (let index = first + 1; index < end; index++) {
    const sink = pins[index]!;
    if (sink === except) continue;
    const sinkX = xs[sink]!;
    const sinkY = ys[sink]!;
    sum += Math.abs(sinkX - x) + Math.abs(sinkY - y) - Math.abs(sinkX - oldX) - Math.abs(sinkY - oldY);
  }
  return sum;
}
