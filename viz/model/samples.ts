/**
 * Hot path: states of units in many equal columns of a window at once (a raster of 2,080 rows and 1,400 columns is 12 million sums, asked for on every zoom). Equal to `cyclesOfUnit` of
 * each column.
 */

import type { RunView, SectionView, Sums, UnitView } from "./run.ts";
import { RECORDED, STATES } from "./states.ts";
import { overlap, type Window } from "./window.ts";

/** Adds the unit's cycles in each column and state to `into`: `columns` x STATES. */
export type Sampler = (unit: UnitView, into: Float64Array) => void;

/** Where the columns begin and end in the bins of a section: whole bins before, and the part of the next. */
interface Points {
  readonly whole: Int32Array;
  readonly part: Float64Array;
  /** Cycles in which the section is being configured, by column. */
  readonly configuring: Float64Array;
}

const [CONFIGURING, IDLE, UNATTRIBUTED] = [STATES.indexOf("configuring"), STATES.indexOf("idle"), STATES.indexOf("unattributed")] as const;

export function samplerOf(run: RunView, window: Window, columns: number): Sampler {
  const points = new Map<number, Points>();
  const width = (window.to - window.from) / columns;
  return (unit, into) => {
    const section = run.sections[unit.section]!;
    const at = points.get(section.number) ?? pointsOf(run, section, window, columns);
    points.set(section.number, at);
    const { idle_cycles, unattributed_cycles } = unit.result;
    sample(section, unit.index, at, width, unattributed_cycles === 0 ? 0 : unattributed_cycles / (idle_cycles + unattributed_cycles), into);
  };
}

function pointsOf(run: RunView, section: SectionView, { from, to }: Window, columns: number): Points {
  const { first, bins } = section.trace;
  const whole = new Int32Array(columns + 1);
  const part = new Float64Array(columns + 1);
  const width = (to - from) / columns;
  for (let point = 0; point <= columns; point++) {
    const at = Math.min(bins, Math.max(0, (from + point * width) / run.trace.bin_cycles - first));
    whole[point] = Math.min(Math.max(0, bins - 1), Math.floor(at));
    part[point] = at - whole[point]!;
  }
  return { whole, part, configuring: configuringByColumn(section, from, width, columns) };
}

function configuringByColumn({ spans }: SectionView, from: number, width: number, columns: number): Float64Array {
  const cycles = new Float64Array(columns);
  for (const { start, configuring_cycles } of spans) {
    if (configuring_cycles === 0) continue;
    const last = Math.min(columns - 1, Math.floor((start + configuring_cycles - from) / width));
    for (let column = Math.max(0, Math.floor((start - from) / width)); column <= last; column++) {
      cycles[column]! += overlap(from + column * width, from + (column + 1) * width, start, start + configuring_cycles);
    }
  }
  return cycles;
}

function sample(
  { sums, trace: { bins } }: SectionView,
  row: number,
  { whole, part, configuring }: Points,
  width: number,
  unknown: number,
  into: Float64Array,
): void {
  const columns = configuring.length;
  const states = STATES.length;
  for (let column = 0, to = 0; column < columns; column++, to += states) {
    into[to + CONFIGURING]! += configuring[column]!;
    const rest = width - configuring[column]!;
    into[to + IDLE]! += rest * (1 - unknown);
    into[to + UNATTRIBUTED]! += rest * unknown;
  }
  if (bins === 0) return;
  for (let s = 0; s < RECORDED.length; s++) {
    const of: Sums = sums[RECORDED[s]!];
    const start = row * (bins + 1);
    if (of[start + bins]! === 0) continue;
    let before = sumAtPoint(of, start, whole[0]!, part[0]!);
    for (let column = 0, to = 0; column < columns; column++, to += states) {
      const after = sumAtPoint(of, start, whole[column + 1]!, part[column + 1]!);
      const cycles = after - before;
      before = after;
      if (cycles === 0) continue;
      into[to + s]! += cycles;
      into[to + IDLE]! -= cycles * (1 - unknown);
      into[to + UNATTRIBUTED]! -= cycles * unknown;
    }
  }
}

function sumAtPoint(sums: Sums, start: number, whole: number, part: number): number {
  const sum = sums[start + whole]!;
  return part === 0 ? sum : sum + part * (sums[start + whole + 1]! - sum);
}
