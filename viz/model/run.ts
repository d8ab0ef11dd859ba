/** A run as the views ask for it: report, scene and trace tied together, with running sums over time, so that any window of it is two lookups away. */

import type { SectionResult, UnitResult } from "../../src/result/result.ts";
import type { RunBundle, SceneSection, SceneUnit } from "../../src/scene/scene.ts";
import type { SectionSpan, SectionTrace } from "../../src/trace/trace.ts";
import { RECORDED, type RecordedState } from "./states.ts";

export interface RunView extends RunBundle {
  /** "softmax on plasticine". */
  readonly title: string;
  readonly sections: readonly SectionView[];
  /** All units of all sections, in the report's order: `units[i]` is `report.units[i]`. */
  readonly units: readonly UnitView[];
}

export interface SectionView {
  readonly number: number;
  readonly name: string;
  readonly result: SectionResult;
  readonly scene: SceneSection;
  readonly trace: SectionTrace;
  readonly spans: readonly SectionSpan[];
  readonly units: readonly UnitView[];
  /** (bins + 1) a unit: cycles in the state before each bin of the section's columns. */
  readonly sums: { readonly [S in RecordedState]: Sums };
}

export interface UnitView {
  /** Position in the report. */
  readonly number: number;
  readonly section: number;
  /** Position in the section. */
  readonly index: number;
  readonly result: UnitResult;
  readonly scene: SceneUnit;
}

export type Sums = Uint32Array | Float64Array;

export function viewOf(bundle: RunBundle): RunView {
  const { report, scene, trace } = bundle;
  const units: UnitView[] = [];
  const sections = scene.sections.map((section, number): SectionView => {
    const first = units.length;
    section.units.forEach((unit, index) => units.push({ number: first + index, section: number, index, result: report.units[first + index]!, scene: unit }));
    return {
      ...{ number, name: section.name, result: report.sections[number]!, scene: section, trace: trace.sections[number]! },
      spans: trace.spans.filter((span) => span.section === number),
      units: units.slice(first),
      sums: sumsOf(trace.sections[number]!, section.units.length, report.cycles),
    };
  });
  return { ...bundle, title: `${report.workload.name} on ${report.machine.name}`, sections, units };
}

function sumsOf(trace: SectionTrace, units: number, cycles: number): SectionView["sums"] {
  const sums = RECORDED.map((state) => [state, runningSums(trace[state], units, trace.bins, cycles)] as const);
  return Object.fromEntries(sums) as { [S in RecordedState]: Sums };
}

/** Rows of `columns` elements become rows of one more, each the sum of what stands before it. `most`: that any sum can come to. */
export function runningSums(values: Uint32Array, rows: number, columns: number, most: number): Sums {
  const sums = most < 2 ** 32 ? new Uint32Array(rows * (columns + 1)) : new Float64Array(rows * (columns + 1));
  for (let row = 0, from = 0, to = 0; row < rows; row++) {
    let sum = 0;
    sums[to++] = 0;
    for (let column = 0; column < columns; column++) {
      sum += values[from++]!;
      sums[to++] = sum;
    }
  }
  return sums;
}

/** The running sum of a row of `columns` elements at a point between bins, 0 .. columns; straight within a bin. */
export function sumAt(sums: Sums, row: number, columns: number, at: number): number {
  const place = Math.min(columns, Math.max(0, at));
  const whole = Math.floor(place);
  const first = row * (columns + 1) + whole;
  const before = sums[first]!;
  return whole === columns ? before : before + (place - whole) * (sums[first + 1]! - before);
}
