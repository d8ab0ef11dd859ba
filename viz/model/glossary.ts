/** What the page's words mean: their unit, their formula, and what they come to in a run. */

import { duration, energy, grouped, listed, percent, scaled } from "../../src/report/format.ts";
import type { Bounds, RunResult } from "../../src/result/result.ts";
import type { RunView } from "./run.ts";
import { grouped as groupedBy, paceOf } from "./stages.ts";
import { STATE_WORDS, STATES, type UnitState } from "./states.ts";
import { cyclesOfUnits, sharesOf, totalCycles, wholeOf } from "./window.ts";

export interface Term {
  readonly title: string;
  readonly what: string;
  /** Null: it is no number. */
  readonly unit: string | null;
  readonly formula: string | null;
  /** With this run's numbers; null: it has none to tell. */
  readonly here: (run: RunView) => string | null;
}

export function term(key: TermKey): Term {
  return TERMS[key];
}

const NOTHING = (): null => null;

/** States of units. */
const states = Object.fromEntries(
  STATES.map((state): [UnitState, Term] => [
    state,
    {
      title: state,
      what: `A unit ${STATE_WORDS[state].what}. Each cycle of a unit is in one state; a unit with several loop nests shows those of its busiest.`,
      unit: "cycles, or a share of them",
      formula: "busy + starved + blocked + memory + configuring + idle + unattributed = cycles of the run",
      here: (run) =>
        `${percent(sharesOf(totalCycles(cyclesOfUnits(run, wholeOf(run))))[state])} of all cycles of this run's ${grouped(run.units.length)} units`,
    },
  ]),
) as { readonly [S in UnitState]: Term };

const OTHERS = {
  cycle: {
    title: "cycle",
    what: "One tick of the fabric's clock, in which every time of a run is counted.",
    unit: "cycles",
    formula: "seconds = cycles / clock",
    here: ({ report: { cycles, seconds, clock_hz } }) => `${grouped(cycles)} cycles at ${scaled(clock_hz, "Hz")} are ${duration(seconds)}`,
  },
  bound: {
    title: "lower bound",
    what: "What a run takes at least, whatever the mapping: all its work on all units at once, or all its bytes at the rate of the pins, or all its hops on all links.",
    unit: "cycles",
    formula: "the largest of: operations / peak, bytes of a tier / its peak, hops / tracks of all links",
    here: ({ report }) => `${boundsWords(report.bounds_cycles)}; the run took ${grouped(report.cycles)} cycles`,
  },
  "bound share": {
    title: "share of the bound",
    what: "How near a run came to its lower bound. 100 % cannot be beaten by any mapping on this machine.",
    unit: "share",
    formula: "largest lower bound / cycles",
    here: ({ report }) => percent(boundShare(report)),
  },
  limit: {
    title: "limit",
    what: "The resource that was busy longest. Where none was busy for half of the time, the run waited for latency.",
    unit: null,
    formula: null,
    here: ({ report }) => report.limit.resource,
  },
  utilisation: {
    title: "utilisation",
    what: "Share of the time in which all units of a kind that the machine has were busy, those included that the program did not use; of the network, the links in use.",
    unit: "share",
    formula: "busy cycles of the units / (cycles x units of the machine)",
    here: ({ report: { utilization } }) =>
      listed(Object.entries(utilization).map(([kind, share]) => `${kind === "network" ? kind : kind.toUpperCase()} ${percent(share)}`)),
  },
  moved: {
    title: "bytes moved",
    what: "Read from and written to memory off the chip, whole bursts counted.",
    unit: "bytes",
    formula: "bursts x bytes of a burst",
    here: ({ report: { tiers } }) =>
      listed(
        (["hbm", "ddr"] as const).flatMap((name) =>
          tiers[name] === undefined ? [] : [`${name}: ${scaled(tiers[name].read_bytes, "B")} read, ${scaled(tiers[name].write_bytes, "B")} written`],
        ),
      ),
  },
  energy: {
    title: "energy",
    what: "What the events of the run cost by the machine's energy table, and what the chip draws while it runs.",
    unit: "J",
    formula: "sum of events x energy of each + static power x time",
    here: ({ report }) => `${energy(report.energy_pJ.total)}, by the table ${report.energy_detail.table}`,
  },
  section: {
    title: "section",
    what: "What runs on the chip at one time: a pipeline of operators. Sections run one after the other; what one hands to the next goes through memory.",
    unit: null,
    formula: null,
    here: ({ sections }) => `${sections.length === 1 ? "one section" : `${grouped(sections.length)} sections`} in this run`,
  },
  operator: {
    title: "operator",
    what: "A parallel pattern of the program, as it was written: map, reduce, groupBy, ... The compiler may merge several into one.",
    unit: null,
    formula: null,
    here: ({ scene }) => `${grouped(scene.program.operators.length)} in this program`,
  },
  unit: {
    title: "unit",
    what: "PCU: pattern compute unit, lanes x stages of arithmetic. PMU: pattern memory unit, a banked scratchpad. AG: address generator, the way to memory off the chip.",
    unit: null,
    formula: null,
    here: ({ scene: { machine }, units }) => {
      const used = groupedBy(units, ({ scene }) => `${scene.x} ${scene.y}`).size;
      return `${grouped(used)} places in use; the machine has ${grouped(machine.units.pcu)} PCUs, ${grouped(machine.units.pmu)} PMUs and ${grouped(machine.units.ag)} AGs`;
    },
  },
  stage: {
    title: "stage",
    what: "The units of a kind that do the same for an operator in a section: copies, each on its share of the data. Stages of a section work at the same time, as a pipeline of pipelines.",
    unit: null,
    formula: null,
    here: NOTHING,
  },
  metapipeline: {
    title: "metapipeline",
    what: "Loops over tiles whose stages work on different tiles at the same time, with tile buffers between them.",
    unit: null,
    formula: null,
    here: ({ scene }) => {
      const loops = scene.sections.flatMap((section) => section.loops);
      return loops.length === 0 ? null : listed(loops.slice(0, 4).map(({ name, trips, par }) => `${name}: ${grouped(trips)} turns, ${grouped(par)} copies`));
    },
  },
  firing: {
    title: "firing",
    what: "One iteration of a unit's innermost loop: it takes its inputs, and begins its work on one vector.",
    unit: "firings",
    formula: null,
    here: ({ units }) => `${grouped(units.reduce((sum, { result }) => sum + result.firings, 0))} firings in this run`,
  },
  token: {
    title: "token",
    what: "What one push puts into a channel: a vector, a scalar, or the right to a tile buffer.",
    unit: "tokens",
    formula: "tokens = firings of the source / firings for each token",
    here: NOTHING,
  },
  ii: {
    title: "ii, initiation interval",
    what: "The least number of cycles between two firings of a unit. 1: it can take a vector in every cycle.",
    unit: "cycles",
    formula: null,
    here: NOTHING,
  },
  depth: {
    title: "depth",
    what: "Cycles from a firing to its result: the pipeline that a value goes through in the unit. It costs time when the pipeline fills, not while it is full.",
    unit: "cycles",
    formula: null,
    here: NOTHING,
  },
  pace: {
    title: "pace of a section",
    what: "What a section takes at least as it is mapped: the work of its busiest unit, or its lower bound if that is larger. The stage of that unit sets the pace: it is critical.",
    unit: "cycles",
    formula: "the largest of: busy cycles of a unit; lower bounds of the section",
    here: ({ sections }) =>
      listed(
        sections.slice(0, 3).map((section) => {
          const { cycles, by } = paceOf(section);
          return `${section.name}: ${grouped(cycles)} by ${by}`;
        }),
      ),
  },
  "achieved rate": {
    title: "achieved rate",
    what: "How often a unit of the stage fired, while its section ran in the time that is looked at.",
    unit: "firings a cycle of one unit",
    formula: "firings / cycles in which the section ran / units",
    here: NOTHING,
  },
  "required rate": {
    title: "required rate",
    what: "How often a unit of the stage would have to fire for the section to go at its pace, so that nothing but its slowest part takes time.",
    unit: "firings a cycle of one unit",
    formula: "firings of the whole run / pace of the section / units",
    here: NOTHING,
  },
  slowdown: {
    title: "slowdown",
    what: "How many times slower than the pace of its section the stage fired. Over the whole run all stages of a section that fire share one slowdown, as they hand each other tokens; in a window they differ.",
    unit: "times",
    formula: "required rate / achieved rate",
    here: NOTHING,
  },
  load: {
    title: "load",
    what: "How much of the section's pace the stage's own work takes. 100 %: it is critical, and more copies of it would make the section faster. A small load: it has more units than it needs.",
    unit: "share",
    formula: "busy cycles of its busiest unit / pace of the section",
    here: NOTHING,
  },
  stall: {
    title: "stall",
    what: "Time in which a unit with work left could not fire: starved, blocked or waiting for memory. Each is followed from unit to unit to its root: what was busy, or too far away, at the end of the chain.",
    unit: "cycles",
    formula: null,
    here: NOTHING,
  },
  channel: {
    title: "channel",
    what: "A bounded queue from one unit to one or more others. Who finds it empty is starved, who finds it full is blocked.",
    unit: null,
    formula: null,
    here: ({ scene }) => `${grouped(scene.sections.reduce((sum, { channels }) => sum + channels.length, 0))} in this run`,
  },
  slots: {
    title: "slots",
    what: "Tokens that a channel can hold before a sink: its FIFO, the registers of the hops on the way and the source's own pipeline; of a load also its requests under way. Of a tile buffer the number of buffers.",
    unit: "tokens",
    formula: "depth of the FIFO + cycles of the route + latency of the source (+ requests of a load)",
    here: NOTHING,
  },
  fifo: {
    title: "depth of a channel",
    what: "Tokens that the FIFO before each sink holds; of a tile buffer the number of buffers.",
    unit: "tokens",
    formula: null,
    here: NOTHING,
  },
  needed_depth: {
    title: "depth needed",
    what: "The smallest depth with which the whole run takes at most 0.1 % more cycles than with 64 times the depth (of a tile buffer: as many buffers as the PMU has room for), as runs of the program tell. Copies are deepened together, all other channels stay, and nothing is placed anew. No depth helps: with the deepest the run is not 0.1 % faster.",
    unit: "tokens",
    formula: null,
    here: ({ scene }) => (scene.depths === null ? null : `${grouped(scene.depths.length)} searched`),
  },
  full: {
    title: "full",
    what: "Share of the time in which the section ran that a source waited because every slot was taken: counted, not sampled. Only units whose waits the report shows count: the busiest nest of each.",
    unit: "share",
    formula: "cycles blocked by the channel / (cycles of the section x channels)",
    here: NOTHING,
  },
  empty: {
    title: "empty",
    what: "Share of the time in which the section ran that a sink waited because no token was there: counted, not sampled. Only units whose waits the report shows count: the busiest nest of each.",
    unit: "share",
    formula: "cycles starved by the channel / (cycles of the section x sinks)",
    here: NOTHING,
  },
  occupancy: {
    title: "slots in use, about",
    what: "Tokens that were pushed and not yet popped. An estimate: the trace takes a unit to have fired evenly between two points at which the simulator looked at it, so that what stands here is a mean over many bins. Waits are exact.",
    unit: "tokens",
    formula: "mean of: tokens at the start + tokens pushed - tokens popped",
    here: ({ trace }) => (trace.bins === 0 ? null : `sampled every ${grouped(trace.bin_cycles)} cycles`),
  },
  bin: {
    title: "bin",
    what: "The finest piece of time that the trace keeps. Within a bin the cycles in each state are known, not their order.",
    unit: "cycles",
    formula: null,
    here: ({ trace }) => `${grouped(trace.bins)} bins of ${grouped(trace.bin_cycles)} cycles`,
  },
  fill: {
    title: "fill and drain",
    what: "Fill: the time before the first token has come through the pipeline. Drain: the time after a unit's last firing while others still work.",
    unit: "cycles",
    formula: null,
    here: NOTHING,
  },
  roofline: {
    title: "roofline",
    what: "The most operations a second that a machine can do for so many operations a byte: the lesser of its peak and its bandwidth times those.",
    unit: "operations a second",
    formula: "min(peak, bandwidth x operations / byte)",
    here: NOTHING,
  },
  root: {
    title: "root cause",
    what: "What a wait goes back to, when it is followed through the units that themselves wait: a unit that is busy, a channel of a memory (its bandwidth or its latency), the fill of the pipeline, or a ring of waits.",
    unit: null,
    formula: null,
    here: NOTHING,
  },
  pass: {
    title: "pass",
    what: "A step of the compiler: from a program to the same program in other words, nearer to the machine.",
    unit: null,
    formula: null,
    here: ({ scene }) =>
      `${scene.passes.filter(({ before, after }) => before.length + after.length > 0).length} of ${scene.passes.length} steps changed something`,
  },
} satisfies Readonly<Record<string, Term>>;

export type TermKey = UnitState | keyof typeof OTHERS;

export const TERMS: { readonly [K in TermKey]: Term } = { ...states, ...OTHERS };

/** "compute 1,024, hbm 3,000". */
function boundsWords(bounds: Bounds): string {
  const words = Object.entries(bounds).flatMap(([resource, cycles]) => (cycles === 0 ? [] : [`${resource} ${grouped(cycles)}`]));
  return words.length === 0 ? "nothing takes time" : words.join(", ");
}

/** Largest bound over cycles, 0 .. 1. */
export function boundShare({ bounds_cycles, cycles }: Pick<RunResult, "bounds_cycles" | "cycles">): number {
  return cycles === 0 ? 0 : Math.max(...Object.values(bounds_cycles)) / cycles;
}
