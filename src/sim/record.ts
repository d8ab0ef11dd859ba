/** The activity trace of a simulation: what the engine's recording of each run of each section comes to, in terms of units, nests and tiers. */

import type { Cycles, Instant } from "../base/units.ts";
import { type Columns, createGrid, type Grid, growGrid, reserveBins } from "../engine/grid.ts";
import type { NetworkSpec } from "../engine/network.ts";
import {
  BURSTS,
  BUSY_COLUMN,
  beginRecording,
  COUNTED_COLUMN,
  createResources,
  FIRINGS,
  type Recording,
  type Resources,
  SERVED_COLUMN,
  STATE_COLUMNS,
} from "../engine/record.ts";
import { progressOf } from "../engine/result.ts";
import type { SavedState } from "../engine/saved.ts";
import { createTrack, restartTrack, spreadRow, type Track } from "../engine/tracks.ts";
import type { Nest, Section } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { COMMANDS } from "../memory/dram-server.ts";
import { planPorts } from "../memory/ports.ts";
import { type PlacedTier, placedTiers } from "../memory/tiers.ts";
import type { NestCounters, RunCounters, SectionCounters, TierCounters, Wait } from "../result/counters.ts";
import type { ActivityTrace, SectionSpan, SectionTrace, TierTrace } from "../trace/trace.ts";
import { type BuiltSection, tierChannels } from "./build.ts";
import { assertTrace } from "./trace-check.ts";

/** What was recorded so far. Made for one simulation, to which it is given. */
export interface Recorder {
  readonly mapping: Mapping;
  readonly machine: Machine;
  readonly grid: Grid;
  /** Like the fabric's: a row for each nest, unit by unit. */
  readonly sections: readonly Track[];
  /** A row for each channel of the tiers. */
  readonly tiers: Resources;
  spans: SectionSpan[];
  unrecorded: Instant;
}

export function createRecorder(mapping: Mapping, machine: Machine): Recorder {
  const grid = createGrid();
  return {
    ...{ mapping, machine, grid, spans: [], unrecorded: 0 },
    sections: mapping.fabric.sections.map((section) => createTrack(grid, widthsOf(section, machine), true)),
    tiers: createResources(grid, tierChannels(machine)),
  };
}

/** Counters of each nest: those that ask no memory have no bursts, nor memory ticks if they do not queue at ports. */
function widthsOf(section: Section, machine: Machine): readonly number[] {
  const { uses } = planPorts(section, machine, 0);
  return nestsOf(section).map((nest, n) => (asksTier(nest) ? BURSTS + 1 : uses[n] === null ? FIRINGS + 1 : STATE_COLUMNS.memory + 1));
}

const asksTier = ({ work }: Nest): boolean => "tensor" in work;

// --- while it runs ---

/** Section s is loaded. */
export function recordConfiguring({ spans }: Recorder, section: number, start: Instant, cycles: Cycles): void {
  spans.push({ section, start, configuring_cycles: cycles, cycles, runs: 0 });
}

/** Section s begins to run, or goes on `from` where an earlier run had come. Its longest row of firings alone is room that will be needed. */
export function recordingOf(recorder: Recorder, section: number, built: BuiltSection, origin: Instant, from: SavedState | null): Recording {
  const { grid, sections, tiers } = recorder;
  const { network, nests } = built;
  reserveBins(grid, sections[section]!.columns, origin, origin + longestWork(network));
  if (from !== null) recorder.unrecorded = origin + progressOf({ spec: network, pf: from.fields.pf as Float64Array }).tick;
  const bursts = nests.map(({ traffic }) => (traffic === null ? undefined : () => traffic.source.bursts()));
  const recording: Recording = { processes: sections[section]!, bursts, resources: tiers, counter: COMMANDS.indexOf("activates") };
  beginRecording(recording, origin);
  return recording;
}

function longestWork({ processes }: NetworkSpec): number {
  return processes.reduce((most, { firings, ii, behaviour }) => (behaviour === undefined ? Math.max(most, firings * ii) : most), 0);
}

/** Section s has run. */
export function recordRun(recorder: Recorder, section: number, start: Instant, cycles: Cycles): void {
  const { spans } = recorder;
  const last = spans.at(-1);
  const isLoaded = last !== undefined && last.section === section && last.runs === 0;
  if (isLoaded) spans[spans.length - 1] = { ...last, cycles: last.cycles + cycles, runs: 1 };
  else spans.push({ section, start, configuring_cycles: 0, cycles, runs: 1 });
  if (spans.length > MOST_SPANS) recorder.spans = mergeSpans(spans);
}

const MOST_SPANS = 4096;

/** Rounds are put together in pairs: of each section what ran in both, in the order of the first. Together they take the time that they took. */
function mergeSpans(spans: readonly SectionSpan[]): SectionSpan[] {
  const size = 2 * new Set(spans.map(({ section }) => section)).size;
  const merged: SectionSpan[] = [];
  for (let at = 0; at < spans.length; at += size) merged.push(...mergedOf(spans.slice(at, at + size)));
  return merged;
}

function mergedOf(spans: readonly SectionSpan[]): readonly SectionSpan[] {
  const sums = new Map<number, SectionSpan>();
  for (const span of spans) {
    const { configuring_cycles, cycles, runs } = sums.get(span.section) ?? { configuring_cycles: 0, cycles: 0, runs: 0 };
    const sum = { configuring_cycles: configuring_cycles + span.configuring_cycles, cycles: cycles + span.cycles, runs: runs + span.runs };
    sums.set(span.section, { ...span, ...sum });
  }
  return inARow([...sums.values()], spans[0]!.start);
}

function inARow(spans: readonly SectionSpan[], start: Instant): readonly SectionSpan[] {
  let next = start;
  return spans.map((span) => {
    next += span.cycles;
    return { ...span, start: next - span.cycles };
  });
}

// --- what was not recorded ---

/** What sections have counted before recording began: each in one piece, one after the other, and evenly. */
export function recordPast(recorder: Recorder, past: readonly SectionCounters[]): void {
  const { grid, sections, tiers: channels } = recorder;
  const until = past.reduce((total, { configuringTicks, ticks }) => total + configuringTicks + ticks, 0);
  growGrid(grid, until);
  const spans = past.flatMap(({ configurations, runs, configuringTicks, ticks }, section): readonly SectionSpan[] =>
    runs + configurations === 0 ? [] : [{ section, start: 0, configuring_cycles: configuringTicks, cycles: configuringTicks + ticks, runs }],
  );
  recorder.spans.push(...inARow(spans, 0));
  recorder.unrecorded = until;
  for (const { section, start, configuring_cycles } of recorder.spans) {
    const { ticks, units, tiers } = past[section]!;
    const origin = start + configuring_cycles;
    const nests = units.flatMap((unit) => unit.nests);
    spreadNests(sections[section]!, nests, origin, ticks);
    for (const tier of placedTiers(recorder.machine)) spreadTier(channels.track, tier, tiers[tier.name]!, origin, ticks);
  }
  restartTrack(channels.track, 0);
}

function spreadNests(track: Track, nests: readonly NestCounters[], origin: Instant, ticks: Cycles): void {
  restartTrack(track, origin);
  const { target } = track;
  nests.forEach(({ busy, waits, firings, bursts }, row) => {
    const waited = (state: Wait["state"]): number => waits.reduce((sum, wait) => sum + (wait.state === state ? wait.ticks : 0), 0);
    target[STATE_COLUMNS.busy] = busy;
    for (const state of ["starved", "blocked", "memory"] as const) target[STATE_COLUMNS[state]] = waited(state);
    target[FIRINGS] = firings;
    target[BURSTS] = bursts;
    spreadRow(track, row, ticks);
  });
}

/** Its bursts, and rows opened, to its channels by the time that they were busy. */
function spreadTier(track: Track, { first, spec }: PlacedTier, counters: TierCounters, origin: Instant, ticks: Cycles): void {
  restartTrack(track, origin);
  const { target } = track;
  const shares = counters.channels.map(({ busy_share }) => busy_share);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const bursts = (counters.read_bytes + counters.write_bytes) / spec.burst_bytes;
  let [before, past] = [0, 0];
  target.fill(0);
  shares.forEach((share, channel) => {
    past += share;
    const part = (amount: number): number => (total === 0 ? 0 : Math.round((amount * past) / total) - Math.round((amount * before) / total));
    target[SERVED_COLUMN] = part(bursts);
    target[BUSY_COLUMN] = Math.round(share * ticks);
    target[COUNTED_COLUMN] = spec.fidelity === "detailed" ? part(counters.commands!.activates) : 0;
    spreadRow(track, first + channel, ticks);
    before = past;
  });
}

/** A trace of a run that was not recorded. */
export function meansOf(counters: RunCounters, mapping: Mapping, machine: Machine): ActivityTrace {
  const recorder = createRecorder(mapping, machine);
  recordPast(recorder, counters.sections);
  return { ...traceOf(recorder, counters), origin: "means", unrecorded_cycles: 0 };
}

// --- the trace ---

/** `counters`: of the simulation that was recorded, at its end. */
export function traceOf({ mapping, machine, grid, sections, tiers, spans, unrecorded }: Recorder, counters: RunCounters): ActivityTrace {
  const { ticks, sections: counted } = counters;
  const bins = Math.ceil(ticks / grid.bin);
  const trace: ActivityTrace = {
    ...{ schemaVersion: 1, cycles: ticks, bin_cycles: grid.bin, bins, origin: "recorded", unrecorded_cycles: unrecorded, spans },
    sections: sections.map((track, s) => sectionTrace(track, counted[s]!, nestsOf(mapping.fabric.sections[s]!))),
    tiers: placedTiers(machine).map((tier) => tierTrace(tiers.track, tier, ticks, bins)),
  };
  assertTrace(trace, counters, machine);
  return trace;
}

const nestsOf = ({ units }: Section): readonly Nest[] => units.flatMap(({ nests }) => nests);

function sectionTrace({ columns, offset, width }: Track, { units }: SectionCounters, nests: readonly Nest[]): SectionTrace {
  const { first, last } = columns;
  const shown = shownRows(units);
  const requesters = [...nests.keys()].filter((n) => asksTier(nests[n]!));
  const read = (rows: readonly number[], column: number): Uint32Array => {
    const cells = rows.map((row) => (column < width[row]! ? offset[row]! + column : -1));
    return readRows(columns, cells, first, last);
  };
  return {
    ...{ first, bins: last - first },
    ...{ busy: read(shown, STATE_COLUMNS.busy), starved: read(shown, STATE_COLUMNS.starved) },
    ...{ blocked: read(shown, STATE_COLUMNS.blocked), memory: read(shown, STATE_COLUMNS.memory) },
    firings: read([...nests.keys()], FIRINGS),
    requesters: Int32Array.from(requesters),
    bursts: read(requesters, BURSTS),
  };
}

/** Of each unit the nest that the report shows. */
function shownRows(units: SectionCounters["units"]): readonly number[] {
  let next = 0;
  return units.map(({ nests, shown }) => {
    next += nests.length;
    return next - nests.length + shown;
  });
}

/** Row by row a cell of each bin from `first` on, before `last`; -1: a cell of zeros. */
function readRows({ bins }: Columns, cells: readonly number[], first: number, last: number): Uint32Array {
  const length = last - first;
  const rows = new Uint32Array(cells.length * length);
  for (let b = 0; b < length; b++) {
    const from = bins[first + b];
    if (from == null) continue;
    for (let row = 0, to = b; row < cells.length; row++, to += length) if (cells[row]! >= 0) rows[to] = from[cells[row]!]!;
  }
  return rows;
}

/** Completions that a controller decides out of order are recorded a little late: what came after the end belongs to the bins before it. */
function tierTrace({ columns, offset, grid: { bin } }: Track, { name, spec, first }: PlacedTier, cycles: Cycles, bins: number): TierTrace {
  const read = (column: number): Uint32Array => {
    const cells = Array.from({ length: spec.channels }, (_, channel) => offset[first + channel]! + column);
    return readRows(columns, cells, 0, Math.max(bins, columns.last));
  };
  const most = (b: number): number => Math.min(bin, cycles - b * bin);
  return {
    ...{ name, channels: spec.channels, burst_bytes: spec.burst_bytes },
    served: clipRows(read(SERVED_COLUMN), spec.channels, bins, () => Number.POSITIVE_INFINITY),
    busy: clipRows(read(BUSY_COLUMN), spec.channels, bins, most),
    activates: spec.fidelity === "detailed" ? clipRows(read(COUNTED_COLUMN), spec.channels, bins, () => Number.POSITIVE_INFINITY) : null,
  };
}

/** Rows of so many bins with the same sums: what is more than `most` of a bin goes to the one before it. */
function clipRows(rows: Uint32Array, number: number, bins: number, most: (bin: number) => number): Uint32Array {
  const length = rows.length / number;
  const clipped = new Uint32Array(number * bins);
  for (let row = 0; row < number; row++) {
    let late = 0;
    for (let b = length - 1; b >= 0; b--) {
      const due = late + rows[row * length + b]!;
      const own = b >= bins ? 0 : b === 0 ? due : Math.min(due, most(b));
      if (b < bins) clipped[row * bins + b] = own;
      late = due - own;
    }
  }
  return clipped;
}
