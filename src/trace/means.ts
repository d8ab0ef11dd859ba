/** A trace of a run that nobody recorded. */

import type { RunResult, UnitResult } from "../result/result.ts";
import type { ActivityTrace, SectionTrace } from "./trace.ts";

const BINS = 256;

/** What the report counts, evenly over the cycles of each section; sections one after the other. */
export function meansOf(report: RunResult): ActivityTrace {
  const bin_cycles = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, report.cycles) / BINS)));
  const bins = Math.ceil(report.cycles / bin_cycles);
  let start = 0;
  const spans = report.sections.map(({ cycles, configuring_cycles, runs }, section) => {
    const span = { section, start, configuring_cycles, cycles, runs };
    start += cycles;
    return span;
  });
  return {
    ...{ schemaVersion: 1, cycles: report.cycles, bin_cycles, bins, origin: "means", spans, tiers: [] },
    sections: spans.map(({ section, start: from, cycles, configuring_cycles }) => {
      const units = report.units.filter((unit) => unit.section === report.sections[section]!.name);
      return sectionOf(units, from + configuring_cycles, from + cycles, bin_cycles);
    }),
  };
}

function sectionOf(units: readonly UnitResult[], from: number, to: number, bin_cycles: number): SectionTrace {
  const first = Math.floor(from / bin_cycles);
  const bins = Math.max(1, Math.ceil(to / bin_cycles) - first);
  const column = (of: (unit: UnitResult) => number): Uint32Array =>
    Uint32Array.from(
      units.flatMap((unit) =>
        Array.from({ length: bins }, (_, b) => {
          const until = (at: number): number => Math.round((of(unit) * (Math.min(to, Math.max(from, at * bin_cycles)) - from)) / Math.max(1, to - from));
          return until(first + b + 1) - until(first + b);
        }),
      ),
    );
  return {
    ...{ first, bins },
    busy: column(({ busy_cycles }) => busy_cycles),
    starved: column(({ starved_cycles }) => starved_cycles),
    blocked: column(({ blocked_cycles }) => blocked_cycles),
    memory: column(({ memory_cycles }) => memory_cycles),
    firings: new Uint32Array(units.length * 16 * bins),
    requesters: new Int32Array(0),
    bursts: new Uint32Array(0),
  };
}
