/**
 * What the processes and resources of a run counted when: followed while it runs, for traces. A process has its own time: at the end of a visit it has done all up to then, and its busy,
 * starved, blocked and memory ticks add up to it. In between it is taken to have done the same all along, but for what it waited before its first firing.
 */

import type { Grid } from "./grid.ts";
import {
  ACT,
  BLOCKED,
  BUSY,
  BUSY_SERVER,
  COUNTERS,
  DRAWN,
  FIRED,
  FREE,
  KIND,
  MASK,
  MEMORY,
  PC,
  PERIOD,
  PF,
  PI,
  POP,
  POPPED,
  PORT,
  PORT_END,
  QF,
  QI,
  RC,
  READY,
  SERVED,
  SLOTS,
  STARVED,
  STEERED,
  type State,
  TAKEN,
  TOGGLE,
  TOKENS,
} from "./layout.ts";
import { createTrack, moveRow, repeatRow, restartTrack, skipRow, storeRow, type Track, WIDTH } from "./tracks.ts";

/** Counters of a process: its states in ticks, firings and bursts sent. Those without bursts, or without memory ticks either, leave the last out. */
export const STATE_COLUMNS = { busy: 0, starved: 1, blocked: 2, memory: 4 } as const;
export const FIRINGS = 3;
export const BURSTS = 5;

/** Of a resource: bursts served, ticks of the network in service, and one of what its server counts. */
export const SERVED_COLUMN = 0;
export const BUSY_COLUMN = 1;
export const COUNTED_COLUMN = 2;
const RESOURCE_WIDTH = 3;

/** Of one run of a network of one clock. */
export interface Recording {
  /** Of the network's first processes. */
  readonly processes: Track;
  /** By process: all bursts that its source has given so far. Undefined: it has none. */
  readonly bursts: readonly ((() => number) | undefined)[];
  /** Of its first resources. */
  readonly resources: Resources;
  /** Which of a server's counters is followed. */
  readonly counter: number;
}

/** The same in all runs. */
export interface Resources {
  /** Its time is the grid's. */
  readonly track: Track;
  /** Ticks in service that runs before left over when they were rounded, -0.5 .. 0.5. */
  readonly rest: Float64Array;
}

export function createResources(grid: Grid, resources: number): Resources {
  return { track: createTrack(grid, new Array<number>(resources).fill(RESOURCE_WIDTH), false), rest: new Float64Array(resources) };
}

/** A run begins at tick `origin`. What a state that is restored has behind it is taken to have been even. */
export function beginRecording({ processes, resources: { track } }: Recording, origin: number): void {
  restartTrack(processes, origin);
  track.known.fill(0);
  track.stored.fill(0);
  for (let row = 0; row < track.rows; row++) skipRow(track, row, Math.max(origin, track.time[row]!));
}

/** After a visit of process p. Most end in the bin in which they began. */
export function recordVisit(recording: Recording, state: State, p: number): void {
  const { processes } = recording;
  const time = state.pf[p * PF + READY]!;
  if (p >= processes.rows || time === processes.time[p]) return;
  if (time < processes.until[p]!) {
    readProcess(recording, state, p, processes.known, p * WIDTH);
    processes.time[p] = time;
  } else {
    if (hasWaited(processes, state, p)) waitFirst(processes, state, p);
    readProcess(recording, state, p, processes.target, 0);
    moveRow(processes, p, time);
  }
}

/** For its ports, half a bin at least: less is not worth looking for. */
function hasWaited({ known, grid }: Track, { count }: State, p: number): boolean {
  const k = p * WIDTH;
  const c = p * PC;
  return 2 * (count[c + STARVED]! - known[k + STATE_COLUMNS.starved]! + count[c + BLOCKED]! - known[k + STATE_COLUMNS.blocked]!) >= grid.bin;
}

/**
 * What it waited before the first firing of the visit, often much longer than before the others: the times of what that firing popped and took still stand in the rings. Not where data
 * steers it. Waits for memory are not known one by one: where there were any, neither are those for slots, which come after them.
 */
function waitFirst(track: Track, { pf, pi, qi, qf, ci, count, time: times }: State, p: number): void {
  if (pi[p * PI + KIND] === STEERED) return;
  const { known, target, time } = track;
  const k = p * WIDTH;
  const before = known[k + FIRINGS]!;
  const after = pf[p * PF + FIRED]!;
  let [arrival, slot] = [0, 0];
  const end = pi[p * PI + PORT_END]!;
  for (let q = pi[p * PI + PORT]!; q < end; q++) {
    const period = qf[q * QF + PERIOD]!;
    const isInput = (qi[q * QI + ACT]! & (POP | FREE)) !== 0;
    const late = isInput || qi[q * QI + TOGGLE] !== 0 ? 0 : period - 1;
    if (period > 1 && before % period !== late) continue;
    const events = period === 1 ? after - before : Math.ceil((after - late) / period) - Math.ceil((before - late) / period);
    const mask = qi[q * QI + MASK]!;
    if (events > mask + 1) continue;
    const next = ci[qi[q * QI + COUNTERS]! + (isInput ? POPPED : TAKEN)]!;
    const at = times[qi[q * QI + (isInput ? TOKENS : SLOTS)]! + ((next - events) & mask)]!;
    if (isInput) {
      if (at > arrival) arrival = at;
    } else if (at > slot) slot = at;
  }
  for (let i = 0; i < WIDTH; i++) target[i] = known[k + i]!;
  const hasMemory = count[p * PC + MEMORY] !== known[k + STATE_COLUMNS.memory];
  wait(track, p, STATE_COLUMNS.starved, Math.min(arrival - time[p]!, count[p * PC + STARVED]! - known[k + STATE_COLUMNS.starved]!));
  if (!hasMemory) wait(track, p, STATE_COLUMNS.blocked, Math.min(slot - time[p]!, count[p * PC + BLOCKED]! - known[k + STATE_COLUMNS.blocked]!));
}

function wait(track: Track, p: number, state: number, ticks: number): void {
  if (ticks <= 0) return;
  track.target[state]! += ticks;
  moveRow(track, p, track.time[p]! + ticks);
}

/** Writes its counters into `into`, from `at` on. */
function readProcess({ bursts }: Recording, { pf, pi, count }: State, p: number, into: Float64Array, at: number): void {
  const c = p * PC;
  into[at] = count[c + BUSY]!;
  into[at + 1] = count[c + STARVED]!;
  into[at + 2] = count[c + BLOCKED]!;
  into[at + 3] = pf[p * PF + FIRED]!;
  into[at + 4] = count[c + MEMORY]!;
  const sent = bursts[p];
  into[at + 5] = sent === undefined ? 0 : sent() - Math.max(0, pi[p * PI + DRAWN]!);
}

/** After resources have served: each was busy for as long as it served now, up to when it became free. */
export function recordServed(recording: Recording, state: State): void {
  const { track } = recording.resources;
  for (let r = 0; r < track.rows; r++) {
    const served = state.count[state.resourceCount + r * RC + SERVED]!;
    if (served === track.known[r * WIDTH]) continue;
    readResource(recording, state, r);
    const busy = track.target[BUSY_COLUMN]! - track.known[r * WIDTH + BUSY_COLUMN]!;
    const { clock } = state.spec.resources[r]!;
    const free = Math.ceil((state.free[r]! * clock.denominator) / clock.numerator);
    if (free - busy > track.time[r]!) skipRow(track, r, free - busy);
    moveRow(track, r, track.time[r]! + busy);
  }
}

/** Into the track's target; returns what is left over where its ticks in service are rounded. */
function readResource({ resources, counter }: Recording, { spec, count, resourceCount, serverCount }: State, r: number): number {
  const {
    track: { target },
    rest,
  } = resources;
  const { clock } = spec.resources[r]!;
  const busy = rest[r]! + (count[resourceCount + r * RC + BUSY_SERVER]! * clock.denominator) / clock.numerator;
  target[SERVED_COLUMN] = count[resourceCount + r * RC + SERVED]!;
  target[BUSY_COLUMN] = Math.max(0, Math.round(busy));
  target[COUNTED_COLUMN] = serverCount[r]! < 0 ? 0 : count[serverCount[r]! + counter]!;
  return busy - target[BUSY_COLUMN]!;
}

/** After a leap: everything that moved did so by `periods` times `ticks`. */
export function recordLeap(recording: Recording, state: State, ticks: number, periods: number): void {
  const { processes, resources } = recording;
  for (let p = 0; p < processes.rows; p++) {
    if (state.pf[p * PF + READY] === processes.time[p]) continue;
    readProcess(recording, state, p, processes.target, 0);
    repeatRow(processes, p, ticks, periods);
  }
  const { track } = resources;
  for (let r = 0; r < track.rows; r++) {
    if (state.count[state.resourceCount + r * RC + SERVED] === track.known[r * WIDTH]) continue;
    readResource(recording, state, r);
    repeatRow(track, r, ticks, periods);
  }
}

/** At the end of the run, wherever that is: then all counters stand in the bins. */
export function endRecording(recording: Recording, state: State): void {
  const { processes, resources } = recording;
  for (let p = 0; p < processes.rows; p++) {
    recordVisit(recording, state, p);
    storeRow(processes, p);
  }
  const { track, rest } = resources;
  for (let r = 0; r < track.rows; r++) {
    rest[r] = readResource(recording, state, r);
    moveRow(track, r, track.time[r]!);
    storeRow(track, r);
  }
}
