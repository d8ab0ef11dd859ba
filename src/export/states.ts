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
 * What a unit was in while its section was on the chip, in order of time, equal neighbours merged. Each state's lengths add up to what the trace counts. `windows`: of its section.
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
  let taken = -1;
  for (const { begin, end, bin, isConfiguring } of windows) {
    if (isConfiguring) {
      put(begin, end, "configuring");
      continue;
    }
    for (; taken < bin; taken++) addBin(left, columns, row, taken + 1);
    let at = begin;
    for (const state of WORKING) {
      const length = Math.min(left[state], end - at);
      left[state] -= length;
      put(at, at + length, state);
      at += length;
    }
    put(at, end, "idle");
  }
  return stretches;
}

const WORKING = ["starved", "memory", "busy", "blocked"] as const;

function addBin(left: Record<(typeof WORKING)[number], number>, columns: SectionTrace, row: number, bin: number): void {
  const b = bin - columns.first;
  if (b < 0 || b >= columns.bins) return;
  for (const state of WORKING) left[state] += columns[state][row * columns.bins + b]!;
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
