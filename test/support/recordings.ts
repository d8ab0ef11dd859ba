/** Recording a network made by hand or at random, and reading what came of it. */

import { createGrid, type Grid, growGrid, MOST_BINS } from "../../src/engine/grid.ts";
import { DRAWN, PF, PI, READY } from "../../src/engine/layout.ts";
import type { NetworkResult, NetworkSpec, RequestSource } from "../../src/engine/network.ts";
import { BURSTS, beginRecording, createResources, endRecording, FIRINGS, type Recording, STATE_COLUMNS } from "../../src/engine/record.ts";
import { readResult } from "../../src/engine/result.ts";
import { advance, createCourse } from "../../src/engine/run.ts";
import { createState } from "../../src/engine/state.ts";
import { createTrack, type Track, WIDTH } from "../../src/engine/tracks.ts";

/** Columns of a process, and the states among them. */
export const STATES = Object.values(STATE_COLUMNS);
export const COLUMNS = [...STATES, FIRINGS, BURSTS];

export interface Recorded {
  readonly grid: Grid;
  readonly processes: Track;
  readonly resources: Track;
  readonly result: NetworkResult;
  readonly skipped: number;
  /** By process: bursts that its source gave. */
  readonly bursts: readonly number[];
  /** By process: its own time at the end of each round in which it moved, and its columns then. */
  readonly points: readonly (readonly Point[])[];
}

export interface Point {
  readonly time: number;
  readonly counts: readonly number[];
}

/** `bin`: ticks of a bin at the start. */
export function record(
  spec: NetworkSpec,
  { fastForward = false, bin = 1, origin = 0, order }: { fastForward?: boolean; bin?: number; origin?: number; order?: readonly number[] } = {},
): Recorded {
  const grid = createGrid();
  growGrid(grid, bin * MOST_BINS);
  const counted = spec.processes.map(({ requests }) => (requests === undefined ? null : countingSource(requests.source)));
  const processes = spec.processes.map((process, p) =>
    counted[p] === null ? process : { ...process, requests: { ...process.requests!, source: counted[p]!.source } },
  );
  const recording: Recording = {
    processes: createTrack(
      grid,
      spec.processes.map(() => WIDTH),
      true,
    ),
    bursts: counted.map((source) => source?.bursts),
    resources: createResources(grid, spec.resources.length),
    counter: 0,
  };
  beginRecording(recording, origin);
  const state = createState({ ...spec, processes }, { recording, ...(order && { order }) });
  const course = createCourse(state, fastForward);
  const points = spec.processes.map((): Point[] => [{ time: 0, counts: COLUMNS.map(() => 0) }]);
  const note = (): void => {
    points.forEach((own, p) => {
      const time = state.pf[p * PF + READY]!;
      if (time > own.at(-1)!.time) own.push({ time, counts: COLUMNS.map((i) => recording.processes.known[p * WIDTH + i]!) });
    });
  };
  while (advance(course)) note();
  endRecording(recording, state);
  return {
    ...{ grid, processes: recording.processes, resources: recording.resources.track, points, skipped: course.skipped.firings },
    result: readResult(state),
    bursts: counted.map((source, p) => (source?.bursts() ?? 0) - drawnOf(state.pi, p)),
  };
}

const drawnOf = (pi: Int32Array, p: number): number => Math.max(0, pi[p * PI + DRAWN]!);

/** Counts what a source gives, periods that are skipped included. */
function countingSource(source: RequestSource): { readonly source: RequestSource; readonly bursts: () => number } {
  const given: number[] = [];
  const next: RequestSource["next"] = (n, into, inputs, words) => {
    const count = source.next(n, into, inputs, words);
    given.push(count);
    return count;
  };
  const shift: RequestSource["shift"] = (calls, period) => {
    for (let call = 0; call < calls; call++) given.push(given.at(-period)!);
    source.shift(calls, period);
  };
  return { source: { ...source, next, shift }, bursts: () => given.reduce((sum, count) => sum + count, 0) };
}

/** What a column of a row has in each bin. */
export function binsOf({ columns, offset }: Track, row: number, column: number): readonly number[] {
  return columns.bins.map((cells) => cells?.[offset[row]! + column] ?? 0);
}

export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
