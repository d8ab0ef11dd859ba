/** A run that never was, with as many changes of state as are wanted: to see what a page does with them. */

import { nextBelow, seedRandom } from "../../src/base/random.ts";
import type { UnitResult } from "../../src/result/result.ts";
import type { RunBundle } from "../../src/scene/scene.ts";
import type { ActivityTrace, SectionTrace } from "../../src/trace/trace.ts";

/** The units of the bundle, each in another state in each bin than in the one before: `changes` of them in all, or up to one a unit more. */
export function busyBundle({ report, scene }: RunBundle, changes: number, seed: number): RunBundle {
  const random = seedRandom(seed);
  const bins = 1 + Math.ceil(changes / report.units.length);
  const cycles = bins * BIN;
  const sections = scene.sections.map(({ units, channels: _ }): SectionTrace => {
    const columns = [0, 1, 2, 3].map(() => new Uint32Array(units.length * bins));
    for (let unit = 0, state = 0; unit < units.length; unit++) {
      for (let bin = 0; bin < bins; bin++) {
        state = (state + 1 + nextBelow(random, 3)) % 4;
        columns[state]![unit * bins + bin] = BIN;
      }
    }
    const [busy, starved, blocked, memory] = columns as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
    const nests = units.reduce((sum, unit) => sum + unit.nests.length, 0);
    return {
      first: 0,
      bins,
      busy,
      starved,
      blocked,
      memory,
      firings: new Uint32Array(nests * bins),
      requesters: new Int32Array(0),
      bursts: new Uint32Array(0),
    };
  });
  const spans = sections.map((_, section) => ({ section, start: 0, configuring_cycles: 0, cycles, runs: 1 }));
  const trace: ActivityTrace = { schemaVersion: 1, cycles, bin_cycles: BIN, bins, origin: "recorded", unrecorded_cycles: 0, spans, sections, tiers: [] };
  let first = 0;
  const units = scene.sections.flatMap((section, s): readonly UnitResult[] => {
    const own = report.units.slice(first, first + section.units.length);
    first += section.units.length;
    return own.map((unit, u) => ({ ...unit, ...countedOf(sections[s]!, u), configuring_cycles: 0, idle_cycles: 0, unattributed_cycles: 0, causes: [] }));
  });
  return { report: { ...report, cycles, units }, scene, trace };
}

const BIN = 16;

function countedOf(trace: SectionTrace, unit: number) {
  const sum = (values: Uint32Array): number => values.subarray(unit * trace.bins, (unit + 1) * trace.bins).reduce((total, one) => total + one, 0);
  return { busy_cycles: sum(trace.busy), starved_cycles: sum(trace.starved), blocked_cycles: sum(trace.blocked), memory_cycles: sum(trace.memory) };
}
