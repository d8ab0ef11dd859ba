/**
 * Counters of many rows as they grow along in time, each row on its own: between two points at which a row's counters are known they grew evenly. What falls into a bin is a whole
 * number, and what is rounded in one is made up for in the next, so that a row's bins add up to its counters. Hot path (bench: record): a row is touched at every visit of its process.
 */

import { addColumns, type Columns, cellsAt, type Grid, growGrid, isFull } from "./grid.ts";

/** Most counters of a row. Of a row with states the first three, and the fifth, are times that add up to the row's time. */
export const WIDTH = 6;
const STATES = [0, 1, 2, 4] as const;
const FIRST_COUNT = 3;

export interface Track {
  readonly grid: Grid;
  readonly columns: Columns;
  readonly hasStates: boolean;
  readonly rows: number;
  /** By row: where its counters stand among the cells of a bin, and how many it has. The others are 0. */
  readonly offset: Int32Array;
  readonly width: Uint8Array;
  /** Tick of the grid at which the rows' own time begins. */
  origin: number;
  /** By row, in its own time: up to when it is known, and where its bin ends. */
  readonly time: Float64Array;
  readonly until: Float64Array;
  /** By row and counter: at `time`; and what of that stands in the bins. */
  readonly known: Float64Array;
  readonly stored: Float64Array;
  /** Counters of the point that a row is moved to. */
  readonly target: Float64Array;
}

/** `widths`: counters of each row. */
export function createTrack(grid: Grid, widths: readonly number[], hasStates: boolean): Track {
  const rows = widths.length;
  const offset = new Int32Array(rows);
  for (let row = 1; row < rows; row++) offset[row] = offset[row - 1]! + widths[row - 1]!;
  return {
    ...{ grid, columns: addColumns(grid, sum(widths)), hasStates, rows, offset, width: Uint8Array.from(widths), origin: 0 },
    ...{ time: new Float64Array(rows), until: new Float64Array(rows) },
    ...{ known: new Float64Array(rows * WIDTH), stored: new Float64Array(rows * WIDTH), target: new Float64Array(WIDTH) },
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** All rows begin anew, at time 0 and with nothing counted. */
export function restartTrack(track: Track, origin: number): void {
  track.origin = origin;
  for (const numbers of [track.time, track.until, track.known, track.stored]) numbers.fill(0);
}

/** Now the row's counters are those of `target`: they grew evenly since its last point. */
export function moveRow(track: Track, row: number, time: number): void {
  if (time >= track.until[row]!) crossBins(track, row, time);
  const { known, target } = track;
  for (let i = 0, k = row * WIDTH; i < WIDTH; i++, k++) known[k] = target[i]!;
  track.time[row] = time;
}

/** The row counts nothing until then. Only of rows without states. */
export function skipRow(track: Track, row: number, time: number): void {
  if (time < track.until[row]!) {
    track.time[row] = time;
    return;
  }
  const { grid, origin } = track;
  makeRoom(track, time);
  storeRow(track, row);
  track.time[row] = time;
  track.until[row] = binEnd(grid, origin, time);
}

/** Puts what is known and not yet in the bins there: into the one of the tick before the row's time. */
export function storeRow(track: Track, row: number): void {
  const { grid, columns, origin, offset, width, time, known, stored } = track;
  const bin = Math.max(0, Math.ceil((time[row]! + origin) / grid.bin) - 1);
  for (let i = 0, k = row * WIDTH; i < width[row]!; i++, k++) {
    if (known[k] === stored[k]) continue;
    cellsAt(grid, columns, bin)[offset[row]! + i]! += known[k]! - stored[k]!;
    stored[k] = known[k]!;
  }
}

function makeRoom({ grid, origin }: Track, time: number): void {
  if (time + origin > grid.end || isFull(grid)) growGrid(grid, time + origin);
}

/** End of the bin that holds the tick behind `time`. */
function binEnd({ bin }: Grid, origin: number, time: number): number {
  return (Math.floor((time + origin) / bin) + 1) * bin - origin;
}

/** Bins may have become longer since the end of the row's was noted. */
function crossBins(track: Track, row: number, time: number): void {
  makeRoom(track, time);
  const { grid, columns, origin } = track;
  const from = track.time[row]!;
  let end = binEnd(grid, origin, from);
  for (; end <= time; end += grid.bin) {
    const cells = cellsAt(grid, columns, (end + origin) / grid.bin - 1);
    const share = (end - from) / (time - from);
    if (track.hasStates) fillStates(track, row, end, share, cells);
    fillCounts(track, row, share, cells);
  }
  track.until[row] = end;
}

/**
 * What states are due by the end of the bin, in whole ticks that add up to it: their sums, state after state, are rounded, so that none is off by more than a tick, and the next bin
 * makes up for it.
 */
function fillStates({ known, target, stored, offset }: Track, row: number, end: number, share: number, cells: Int32Array): void {
  const k = row * WIDTH;
  const o = offset[row]!;
  let left = end - stored[k]! - stored[k + 1]! - stored[k + 2]! - stored[k + 4]!;
  let due = 0;
  let given = 0;
  for (let s = 0; s < STATES.length && left > 0; s++) {
    const i = STATES[s]!;
    const before = stored[k + i]!;
    const now = known[k + i]!;
    const own = now + share * (target[i]! - now) - before;
    if (own <= 0) continue;
    due += own;
    const more = Math.min(Math.round(due) - given, target[i]! - before, left);
    if (more <= 0) continue;
    cells[o + i]! += more;
    stored[k + i] = before + more;
    given += more;
    left -= more;
  }
  for (let s = 0; left > 0; s++) {
    const i = STATES[s]!;
    const more = Math.min(left, target[i]! - stored[k + i]!);
    cells[o + i]! += more;
    stored[k + i]! += more;
    left -= more;
  }
}

function fillCounts({ hasStates, known, target, stored, offset, width }: Track, row: number, share: number, cells: Int32Array): void {
  const k = row * WIDTH;
  const end = width[row]!;
  for (let i = hasStates ? FIRST_COUNT : 0; i < end; i += hasStates ? 2 : 1) {
    const now = Math.floor(known[k + i]! + share * (target[i]! - known[k + i]!));
    cells[offset[row]! + i]! += now - stored[k + i]!;
    stored[k + i] = now;
  }
}

// --- periods that recur ---

/** Bins that a period must span for what it did in each of them to come again; of a shorter one the mean stands for all. */
const LEAST_BINS = 2;

/** As if the row had done `periods` more times what it did in its last `ticks`: `target` has its counters at the end. */
export function repeatRow(track: Track, row: number, ticks: number, periods: number): void {
  const { time, target, grid } = track;
  const from = time[row]!;
  makeRoom(track, from + periods * ticks);
  if (ticks < LEAST_BINS * grid.bin) {
    moveRow(track, row, from + periods * ticks);
    return;
  }
  const first = track.known.slice(row * WIDTH, (row + 1) * WIDTH);
  const last = target.slice();
  const grown = first.map((count, i) => (last[i]! - count) / periods);
  const course = courseOf(track, row, ticks, grown);
  for (let period = 0; period < periods; period++) {
    for (const { at, counts } of course) {
      for (let i = 0; i < WIDTH; i++) target[i] = first[i]! + period * grown[i]! + counts[i]!;
      moveRow(track, row, from + period * ticks + at);
    }
  }
  target.set(last);
  moveRow(track, row, from + periods * ticks);
}

interface Mark {
  /** Since the beginning of the period. */
  readonly at: number;
  readonly counts: Float64Array;
}

/** How the row's counters grew in its last `ticks`, by `grown` in all: at the ends of the bins that ended since, and at the end. */
function courseOf({ grid, columns, origin, offset, width, time, known, stored }: Track, row: number, ticks: number, grown: Float64Array): readonly Mark[] {
  const began = time[row]! - ticks;
  const base = row * WIDTH;
  const then = stored.slice(base, base + WIDTH);
  const course: Mark[] = [{ at: ticks, counts: grown }];
  let bin = Math.floor((time[row]! + origin) / grid.bin);
  for (let end = bin * grid.bin - origin; end > began; end -= grid.bin, bin--) {
    const cells = columns.bins[bin];
    if (cells != null) for (let i = 0; i < width[row]!; i++) then[i]! -= cells[offset[row]! + i]!;
    const counts = then.map((count, i) => Math.min(grown[i]!, Math.max(0, count - known[base + i]! + grown[i]!)));
    course.push({ at: end - began, counts });
  }
  return course.reverse();
}

// --- what is known only as a whole ---

/** The row's counters grow to those of `target` from its time 0 on, evenly over so many ticks; where its states are less, it rests in between just as evenly. */
export function spreadRow(track: Track, row: number, ticks: number): void {
  const { grid, columns, origin, target } = track;
  makeRoom(track, ticks);
  const active = STATES.reduce<number>((total, i) => total + target[i]!, 0);
  for (let from = 0; from < ticks; ) {
    const end = Math.min(ticks, binEnd(grid, origin, from));
    const cells = cellsAt(grid, columns, Math.floor((from + origin) / grid.bin));
    const share = end / ticks;
    if (track.hasStates) fillStates(track, row, Math.floor(active * share), share, cells);
    fillCounts(track, row, share, cells);
    from = end;
  }
  for (let i = 0; i < WIDTH; i++) track.known[row * WIDTH + i] = target[i]!;
  track.time[row] = track.hasStates ? active : ticks;
}
