/**
 * Fast-forward: looks for states that recur and skips whole periods of them. Any end of a round may be compared with any earlier one; when to compare decides
 * only how soon a period is found. One detector compares at every round, one for each level of loops whenever an iteration of it has begun, one whenever
 * a refresh has begun; what a coarser one sees makes the finer ones start again, since otherwise their own clock would make the run aperiodic. A copy of the
 * state costs as much as several rounds: a detector that copied it not long ago takes a sketch, and the copy only when the state looks like that again.
 */

import { FIRED, PERIOD, PF, PI, PORT, PORT_END, QF, type State, TOTAL } from "./layout.ts";
import { findLeap, takeLeap } from "./leap.ts";
import { recordLeap } from "./record.ts";
import { createSketch, createSnapshot, hasMovedAlike, type Sketch, type Snapshot, saveSketch, saveSnapshot } from "./snapshot.ts";

/** What was skipped. */
export interface Skipped {
  firings: number;
  /** Ticks of a period -> how many such periods were skipped. */
  readonly periods: Map<number, number>;
}

export interface Forward {
  readonly skipped: Skipped;
  /** Rounds so far. */
  rounds: number;
  readonly levels: readonly Level[];
  readonly refresh: Detector;
  readonly round: Detector;
  /** Refresh windows that the resources have met so far. */
  epoch: number;
}

/**
 * Brent's cycle finding: compares with one state, saved anew after so many comparisons, and after twice as many the next time. It starts with the
 * number that it took to find the last period.
 */
interface Detector {
  /** What it compares with; null after a reset: what is kept is old. */
  saved: "sketch" | "copy" | null;
  sketch: Sketch | null;
  copy: Snapshot | null;
  /** Round of the last copy. */
  copied: number;
  compared: number;
  reach: number;
  found: number;
  /** Comparisons in vain since the last leap, and rounds to sit out for it. */
  vain: number;
  rest: number;
}

/** Iterations of `period` firings of a process. */
interface Reference {
  readonly process: number;
  readonly period: number;
}

/** What it compares is said by its reference. */
interface Level extends Detector, Reference {
  iterations: number;
}

/** Rounds before anything is looked for: most runs of small sections are over by then. */
const FIRST_ROUNDS = 32;
/** Comparisons in vain after which a detector begins to rest. */
const PATIENCE = 512;
const LONGEST_REST = 16_384;
/** Rounds between two copies of a detector, unless a sketch calls for one. */
const COPY_ROUNDS = 256;

/** For a run of these processes, which share nothing with others. */
export function createForward(state: State, processes: readonly number[], skipped: Skipped): Forward {
  return {
    skipped,
    rounds: 0,
    refresh: createDetector(),
    levels: referencesOf(state, processes).map(({ process, period }) => ({ ...createDetector(), process, period, iterations: 0 })),
    round: createDetector(),
    epoch: 0,
  };
}

function createDetector(): Detector {
  return { saved: null, sketch: null, copy: null, copied: 0, compared: 0, reach: 1, found: 1, vain: 0, rest: 0 };
}

/** Least factor between the iterations of two levels, and how many levels there are at most. */
const LEVEL_STEP = 4;
const MOST_LEVELS = 5;

/** The coarsest first. */
function referencesOf(state: State, processes: readonly number[]): readonly Reference[] {
  const iterations = ({ process, period }: Reference): number => state.pf[process * PF + TOTAL]! / period;
  return [...levelsOf(state, processes), ...turnsOf(state, processes)].sort((a, b) => iterations(a) - iterations(b));
}

/** One source for each family of servers: iterations after which its words have moved as far as they must, for the servers to be as they were. */
function turnsOf({ spec, sources }: State, processes: readonly number[]): readonly Reference[] {
  const turns = new Map<number, Reference>();
  for (const process of processes) {
    const words = sources[process]?.words;
    if (words === undefined || turns.has(words.family)) continue;
    const stride = spec.resources.find(({ server }) => server?.family === words.family)?.server?.stride ?? 0;
    const period = stride === 0 ? 0 : words.period(stride);
    if (period > 0) turns.set(words.family, { process, period });
  }
  return [...turns.values()];
}

/** One port for each level: the outermost first, none that acts in every firing of the busiest process. */
function levelsOf({ pf, pi, qf }: State, processes: readonly number[]): readonly Reference[] {
  const references = new Map<number, Reference>();
  for (const process of processes) {
    const total = pf[process * PF + TOTAL]!;
    for (let q = pi[process * PI + PORT]!; q < pi[process * PI + PORT_END]!; q++) {
      const period = qf[q * QF + PERIOD]!;
      if (!references.has(total / period)) references.set(total / period, { process, period });
    }
  }
  const counts = [...references.keys()].sort((a, b) => a - b);
  const levels: number[] = [];
  for (const count of counts.slice(0, -1)) {
    if (count >= LEVEL_STEP * (levels.at(-1) ?? 1) && levels.length < MOST_LEVELS) levels.push(count);
  }
  return levels.map((count) => references.get(count)!);
}

/** Called at the end of each round. */
export function lookForward(forward: Forward, state: State): void {
  forward.rounds++;
  if (forward.rounds < FIRST_ROUNDS) return;
  let isNew = passedRefresh(forward, state);
  if (isNew) compare(forward, forward.refresh, state);
  for (const level of forward.levels) {
    if (isNew) reset(level);
    const iterations = Math.floor(state.pf[level.process * PF + FIRED]! / level.period);
    if (iterations === level.iterations) continue;
    compare(forward, level, state);
    level.iterations = Math.floor(state.pf[level.process * PF + FIRED]! / level.period);
    isNew = true;
  }
  if (isNew) reset(forward.round);
  compare(forward, forward.round, state);
}

/** Has a resource come into a refresh interval in which none was before? */
function passedRefresh(forward: Forward, { spec, free }: State): boolean {
  let epoch = forward.epoch;
  for (let r = 0; r < free.length; r++) {
    const { refresh, server } = spec.resources[r]!;
    const interval = refresh?.interval ?? server?.interval ?? 0;
    if (interval > 0 && free[r]! >= (epoch + 1) * interval) epoch = Math.floor(free[r]! / interval);
  }
  const isNew = epoch > forward.epoch;
  forward.epoch = epoch;
  return isNew;
}

/** Leaps if the state recurs. */
function compare(forward: Forward, detector: Detector, state: State): void {
  if (detector.rest > 0) {
    detector.rest--;
    return;
  }
  if (detector.saved === "copy" && leap(forward, detector, state)) return;
  if (detector.saved === "sketch" && hasMovedAlike(state, detector.sketch!)) {
    copy(forward, detector, state);
    return;
  }
  if (detector.saved !== null) {
    tire(detector);
    if (++detector.compared < detector.reach) return;
  }
  save(forward, detector, state);
}

function leap(forward: Forward, detector: Detector, state: State): boolean {
  const found = findLeap(state, detector.copy!);
  if (found === null) return false;
  const { cycles, periods, firings } = found;
  takeLeap(state, detector.copy!, cycles, periods);
  if (state.recording !== null) recordLeap(state.recording, state, cycles, periods);
  forward.skipped.firings += periods * firings;
  forward.skipped.periods.set(cycles, periods + (forward.skipped.periods.get(cycles) ?? 0));
  detector.vain = 0;
  detector.found = detector.compared + 1;
  reset(detector);
  return true;
}

function tire(detector: Detector): void {
  detector.vain++;
  if (detector.vain % PATIENCE === 0) detector.rest = Math.min(LONGEST_REST, 4 * detector.vain);
}

function save(forward: Forward, detector: Detector, state: State): void {
  detector.reach = detector.saved === null ? detector.found : 2 * detector.reach;
  if (forward.rounds - detector.copied >= COPY_ROUNDS) {
    copy(forward, detector, state);
    return;
  }
  detector.sketch ??= createSketch(state);
  saveSketch(detector.sketch, state);
  detector.saved = "sketch";
  detector.compared = 0;
}

function copy({ rounds }: Forward, detector: Detector, state: State): void {
  if (detector.copy === null) detector.copy = createSnapshot(state);
  else saveSnapshot(detector.copy, state);
  detector.saved = "copy";
  detector.copied = rounds;
  detector.compared = 0;
}

function reset(detector: Detector): void {
  detector.saved = null;
  detector.rest = 0;
}
