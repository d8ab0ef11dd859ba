/** States of units, in the words, the order and the looks that all exports share; and what each unit was in when, as stretches of cycles. */

import type { RunResult } from "../result/result.ts";
import type { ActivityTrace, SectionTrace } from "../trace/trace.ts";

/** In the order in which those of one bin are laid: within a bin the true order is not known. idle: nothing left to do in a section that still runs. */
export const STATES = ["configuring", "starved", "memory", "busy", "blocked", "idle"] as const;
export type State = (typeof STATES)[number];

/** What an export of units and bins reads. */
export interface Recorded {
  readonly report: RunResult;
  readonly trace: ActivityTrace;
}

/** A unit of a section, by its positions there and in the report. */
export interface Placed {
  readonly section: number;
  /** In the section: row of the trace's columns. */
  readonly row: number;
  readonly unit: RunResult["units"][number];
}

/** From `begin` to before `end`, in cycles of the run. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly state: State;
}

/** Units in the order of the report. */
export function unitsOf({ report }: Pick<Recorded, "report">): readonly Placed[] {
  const rows = new Map<string, number>();
  const numbers = new Map(report.sections.map(({ name }, s) => [name, s]));
  return report.units.map((unit) => {
    const row = rows.get(unit.section) ?? 0;
    rows.set(unit.section, row + 1);
    return { section: numbers.get(unit.section)!, row, unit };
  });
}

/**
 * What a unit was in while its section was on the chip, in order of time, equal neighbours merged. Each state's lengths add up to what the trace counts. `windows`: of its section. Where rounds were put
 * together, windows and bins need not agree: what a bin has too much waits for the next window, or comes early.
 */
export function stretchesOf(trace: ActivityTrace, windows: readonly Window[], { section, row }: Placed): readonly Stretch[] {
  const columns = trace.sections[section]!;
  const stretches: Stretch[] = [];
  const put = (begin: number, end: number, state: State): void => {
    const last = stretches.at(-1);
    if (last !== undefined && last.state === state && last.end === begin) stretches[stretches.length - 1] = { ...last, end };
    else if (end > begin) stretches.push({ begin, end, state });
  };
  const left = { starved: 0, memory: 0, busy: 0, blocked: 0 };
  let taken = columns.first - 1;
  let [ready, due] = [0, dueOf(columns, row)];
  let room = windows.reduce((sum, { begin, end, isConfiguring }) => sum + (isConfiguring ? 0 : end - begin), 0);
  for (const { begin, end, bin, isConfiguring } of windows) {
    if (isConfiguring) {
      put(begin, end, "configuring");
      continue;
    }
    room -= end - begin;
    for (; taken < columns.first + columns.bins - 1 && (taken < bin || ready < due - room); taken++) ready += addBin(left, columns, row, taken + 1);
    let at = begin;
    for (const state of WORKING) {
      const length = Math.min(left[state], end - at);
      left[state] -= length;
      put(at, at + length, state);
      at += length;
    }
    ready -= at - begin;
    due -= at - begin;
    put(at, end, "idle");
  }
  return stretches;
}

const WORKING = ["starved", "memory", "busy", "blocked"] as const;

function dueOf(columns: SectionTrace, row: number): number {
  let sum = 0;
  for (const state of WORKING) for (let b = row * columns.bins; b < (row + 1) * columns.bins; b++) sum += columns[state][b]!;
  return sum;
}

/** What it adds in all. */
function addBin(left: Record<(typeof WORKING)[number], number>, columns: SectionTrace, row: number, bin: number): number {
  let sum = 0;
  for (const state of WORKING) {
    const cycles = columns[state][row * columns.bins + bin - columns.first]!;
    left[state] += cycles;
    sum += cycles;
  }
  return sum;
}

/** Calls `add` with the part of each stretch in each bin. */
export function forEachBin(trace: ActivityTrace, stretches: readonly Stretch[], add: (bin: number, state: State, cycles: number) => void): void {
  for (const { begin, end, state } of stretches) {
    for (let at = begin; at < end; ) {
      const bin = Math.floor(at / trace.bin_cycles);
      const next = Math.min(end, (bin + 1) * trace.bin_cycles);
      add(bin, state, next - at);
      at = next;
    }
  }
}

/** A part of a bin in which a section was being loaded, or ran. */
export interface Window {
  readonly begin: number;
  readonly end: number;
  readonly bin: number;
  readonly isConfiguring: boolean;
}

/** Of each section, in order of time: together they are its cycles of the report. */
export function windowsOf(trace: ActivityTrace): readonly (readonly Window[])[] {
  const windows: Window[][] = trace.sections.map(() => []);
  for (const { section, start, configuring_cycles, cycles } of trace.spans) {
    const loaded = start + configuring_cycles;
    cut(trace, start, loaded, true, windows[section]!);
    cut(trace, loaded, start + cycles, false, windows[section]!);
  }
  return windows;
}

function cut({ bin_cycles }: ActivityTrace, from: number, to: number, isConfiguring: boolean, into: Window[]): void {
  for (let begin = from; begin < to; ) {
    const bin = Math.floor(begin / bin_cycles);
    const end = Math.min(to, (bin + 1) * bin_cycles);
    into.push({ begin, end, bin, isConfiguring });
    begin = end;
  }
}
