/** Reports with a trace that could be theirs, made up at random: for what is written against the types. */

import { nextUnit, seedRandom } from "../../src/base/random.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { generateInput } from "../../src/pattern/inputs.ts";
import type { Program } from "../../src/pattern/program.ts";
import type { RunResult } from "../../src/result/result.ts";
import type { RunBundle, Scene, SceneGpu, SceneUnit } from "../../src/scene/scene.ts";
import type { ActivityTrace, SectionSpan, SectionTrace } from "../../src/trace/trace.ts";
import kmeans from "../../workloads/kmeans.ts";
import softmax from "../../workloads/softmax.ts";
import { machineOf, prepareOn, reportOf, runOn } from "./runs.ts";

const STATES = ["busy", "starved", "blocked", "memory"] as const;

type Draw = () => number;

/** Each section in up to `mostSpans` spans that take turns; sums by unit and state are the report's. */
export function madeUpTrace(report: RunResult, bin_cycles: number, seed: number, mostSpans = 3): ActivityTrace {
  const state = seedRandom(seed, "trace");
  const draw: Draw = () => nextUnit(state);
  const { cycles } = report;
  const spans = spansOf(report, draw, mostSpans);
  const bins = Math.ceil(cycles / bin_cycles);
  const sections = report.sections.map((_, s) => sectionOf(report, s, spans, bin_cycles, bins, draw));
  return { schemaVersion: 1, cycles, bin_cycles, bins, origin: "recorded", unrecorded_cycles: 0, spans, sections, tiers: tiersOf(report, bins, draw) };
}

function spansOf({ sections }: RunResult, draw: Draw, most: number): readonly SectionSpan[] {
  const pieces = sections.flatMap(({ runs, cycles, configuring_cycles }, section) => {
    const count = Math.min(runs, most);
    const configuring = split(configuring_cycles, count, draw);
    const running = split(cycles - configuring_cycles, count, draw);
    return configuring.map((c, i) => ({ section, configuring_cycles: c, cycles: c + running[i]!, runs: i === 0 ? runs - count + 1 : 1 }));
  });
  let start = 0;
  return shuffled(pieces, draw).map((piece) => {
    start += piece.cycles;
    return { ...piece, start: start - piece.cycles };
  });
}

function sectionOf(report: RunResult, s: number, spans: readonly SectionSpan[], bin_cycles: number, all: number, draw: Draw): SectionTrace {
  const room = new Float64Array(all);
  for (const { section, start, configuring_cycles, cycles } of spans) {
    if (section !== s) continue;
    for (let at = start + configuring_cycles; at < start + cycles; ) {
      const end = Math.min(start + cycles, (Math.floor(at / bin_cycles) + 1) * bin_cycles);
      room[Math.floor(at / bin_cycles)]! += end - at;
      at = end;
    }
  }
  const used = [...room.keys()].filter((b) => room[b]! > 0);
  const [first, last] = [used[0] ?? 0, used.at(-1) ?? -1];
  const bins = last - first + 1;
  const units = report.units.filter(({ section }) => section === report.sections[s]!.name);
  const column = (): Uint32Array => new Uint32Array(units.length * bins);
  const columns = { busy: column(), starved: column(), blocked: column(), memory: column(), firings: column() };
  const requesters = units.flatMap(({ kind }, u) => (kind === "ag" ? [u] : []));
  const bursts = Uint32Array.from({ length: requesters.length * bins }, () => Math.floor(draw() * 9));
  units.forEach((unit, row) => {
    const left = Object.fromEntries(STATES.map((state) => [state, unit[`${state}_cycles`]]));
    let rest = report.sections[s]!.cycles - report.sections[s]!.configuring_cycles - STATES.reduce((sum, state) => sum + left[state]!, 0);
    split(unit.firings, bins, draw).forEach((count, b) => (columns.firings[row * bins + b] = count));
    for (let b = 0; b < bins; b++) {
      let free = room[first + b]!;
      const idle = Math.min(rest, Math.floor(draw() * free));
      rest -= idle;
      free -= idle;
      for (const isLast of [false, true]) {
        for (const state of shuffled(STATES, draw)) {
          const taken = Math.min(left[state]!, isLast ? free : Math.floor(draw() * free));
          left[state]! -= taken;
          columns[state][row * bins + b]! += taken;
          free -= taken;
        }
      }
      rest -= free;
    }
  });
  return { first, bins, ...columns, requesters: Int32Array.from(requesters), bursts };
}

function tiersOf({ tiers }: RunResult, bins: number, draw: Draw): ActivityTrace["tiers"] {
  return (["hbm", "ddr"] as const).flatMap((name) => {
    const tier = tiers[name];
    if (tier === undefined) return [];
    const [channels, burst_bytes] = [4, 64];
    const served = split((tier.read_bytes + tier.write_bytes) / burst_bytes, channels * bins, draw);
    return [{ name, channels, burst_bytes, served: Uint32Array.from(served), busy: Uint32Array.from(served), activates: null }];
  });
}

/** A scene with as much as exports read: one nest a unit. */
export function madeUpBundle(report: RunResult, machine: Scene["machine"], trace: ActivityTrace): RunBundle {
  const sections = report.sections.map(({ name }) => {
    const units = report.units
      .filter(({ section }) => section === name)
      .map(({ id, kind, x, y, op }): SceneUnit => {
        const tier = kind === "ag" ? trace.tiers[0]!.name : null;
        return {
          id,
          kind,
          x,
          y,
          operator: op,
          label: id,
          shown: 0,
          nests: [{ id, work: "compute", tensor: null, tier, loops: [], lanes: 1, ii: 1, latency: 1 }],
          scratch: [],
        };
      });
    return { name, expected_cycles: 0, loops: [], units, channels: [] };
  });
  const program = { name: report.workload.name, operators: [], tensors: [] };
  return { report, trace, scene: { schemaVersion: 1, machine, program, passes: [], sections, gpu: NO_GPU, actions: null } };
}

const NO_GPU: SceneGpu = {
  ...{ name: null, why: "none", sides: [] },
  comparison: {
    schemaVersion: 1,
    weft: { version: "" },
    workload: { name: "", hash: "", params: {}, seed: 1 },
    sides: [],
    waterfalls: [],
    reconfiguration: null,
    roofline: { machines: [], points: [], arrows: [] },
    warnings: [],
    host: { sides: [] },
  },
};

/** Whole numbers, `parts` of them, that add up to `total`. */
function split(total: number, parts: number, draw: Draw): readonly number[] {
  const cuts = Array.from({ length: Math.max(0, parts - 1) }, () => Math.floor(draw() * (total + 1))).sort((a, b) => a - b);
  return [...cuts, total].map((cut, i) => cut - (cuts[i - 1] ?? 0)).slice(0, parts);
}

function shuffled<T>(items: readonly T[], draw: Draw): readonly T[] {
  return items
    .map((item) => ({ item, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

// --- of programs ---

const made = new Map<string, RunBundle>();

/** One section. */
export const softmaxBundle = (): RunBundle => once("softmax", () => bundleOf(softmax.build({ rows: 16, cols: 256 }), 97));

/** Several, which take turns. */
export const kmeansBundle = (): RunBundle => once("kmeans", () => bundleOf(kmeans.build({ n: 64, dim: 4, k: 4, iterations: 3 }), 211));

function once(name: string, make: () => RunBundle): RunBundle {
  const bundle = made.get(name) ?? make();
  made.set(name, bundle);
  return bundle;
}

function bundleOf(program: Program, bin_cycles: number): RunBundle {
  const machine = machineOf("plasticine");
  const prepared = prepareOn(machine, program);
  const inputs = Object.fromEntries(
    program.tensors.filter(({ name }) => program.inputs.includes(name)).map((tensor) => [tensor.name, generateInput(tensor, 1)]),
  );
  const report = reportOf(machine, program, prepared.mapping, runOn(machine, prepared, program, inputs, "fast", false, true));
  return madeUpBundle(report, sceneMachine(machine), madeUpTrace(report, bin_cycles, 1));
}

function sceneMachine(machine: Machine): Scene["machine"] {
  const { name, grid, pcu, pmu, ag } = machine;
  const units = { pcu: pcu.count, pmu: pmu.count, ag: ag.count };
  return { name, grid, units, pmu_bytes: pmu.bytes, lanes: pcu.lanes, tracks: { vector: 1, scalar: 1, control: 1 }, tiers: [], figures: [] };
}
