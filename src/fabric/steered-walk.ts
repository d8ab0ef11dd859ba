/**
 * The walk of a nest whose trip counts are read from ports: the engine asks its steering which levels each firing enters and ends, and that moves the walk. Between the
 * question and `advanceSteered` the walk stands at the firing.
 */

import type { Steering } from "../engine/behaviour.ts";
import { tripOutOfRange } from "./data-faults.ts";
import type { LevelTally, Wire } from "./datapath.ts";
import type { Nest } from "./fabric.ts";
import { findLanes, type Walk } from "./walk.ts";

export interface SteeredWalk {
  readonly walk: Walk;
  readonly steering: Steering;
  /** What it has come past: the firing at which it stands included once its lanes have been found. */
  readonly tally: LevelTally;
  /** Deepest level entered at the firing. */
  reach: number;
}

/** `walk`: at its first firing. `operator`: what a message names. */
export function steerWalk({ loops }: Nest, walk: Walk, wires: readonly Wire[], operator: string): SteeredWalk {
  const ports = loops.map(({ port }) => wires.findIndex((wire) => wire.port === port));
  const tally = { lanes: new Float64Array(loops.length + 1), first: new Float64Array(loops.length + 1) };
  const enters: Steering["enters"] = (level, inputs) => {
    const { name, trip: most, port } = loops[level]!;
    const trip = port === undefined ? most : inputs[ports[level]!]![0]!;
    if (!(Number.isInteger(trip) && trip >= 0 && trip <= most)) throw tripOutOfRange(operator, name, trip, most);
    walk.trips[level] = trip;
    walk.counters[level] = 0;
    return trip > 0;
  };
  const ends: Steering["ends"] = (reach) => {
    steered.reach = reach;
    walk.counters.fill(0, reach);
    walk.ends = outermostEnd(walk, reach);
    findValues(walk);
    return walk.ends;
  };
  const steered: SteeredWalk = { walk, steering: { loops: loops.length, enters, ends }, tally, reach: 0 };
  return steered;
}

function outermostEnd({ trips, counters }: Walk, reach: number): number {
  let level = reach;
  while (level > 0 && counters[level - 1]! + 1 === trips[level - 1]) level--;
  return level;
}

/** From the counters: the steps of a walk hold for constant trips only. */
function findValues({ values, starts, counters, coefficients }: Walk): void {
  for (let i = 0; i < values.length; i++) {
    let value = starts[i]!;
    for (let l = 0; l < counters.length; l++) value += coefficients[l * values.length + i]! * counters[l]!;
    values[i] = value;
  }
}

/** As findLanes. Where the innermost level is not entered there is nothing to fold, so no lane is valid. */
export function findSteeredLanes({ walk, tally, reach }: SteeredWalk): void {
  findLanes(walk);
  for (let level = walk.ends; level <= reach; level++) {
    tally.lanes[level]! += walk.hi - walk.lo;
    if (walk.lo === 0 && walk.hi > 0) tally.first[level]!++;
  }
  if (reach === walk.counters.length) return;
  walk.lo = 0;
  walk.hi = 0;
}

/** On to the next firing, about which the steering has not been asked yet. */
export function advanceSteered({ walk }: SteeredWalk): void {
  if (walk.ends > 0) walk.counters[walk.ends - 1]!++;
  walk.begins = walk.ends;
}
