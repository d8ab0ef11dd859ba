/**
 * Bytes off the chip over time. What nests ask for is told by tensor and direction, at the cycle at which they ask; what memory serves by channel, at the cycle at which it does. Over the whole run
 * both are what the report says, to the byte.
 */

import { type RunView, runningSums, type SectionView, type Sums, sumAt } from "./run.ts";
import type { Window } from "./window.ts";

export type TierName = "hbm" | "ddr";
export type Direction = "read" | "write";

/** What all nests move of a tensor in one direction. */
export interface Flow {
  readonly tensor: string;
  readonly tier: TierName;
  readonly direction: Direction;
  readonly burst_bytes: number;
  /** One more than bins of the run: bursts before each. */
  readonly bursts: Sums;
}

/** Tensor by tensor in the order in which the sections ask for them, reads before writes. */
export function flowsOf(run: RunView): readonly Flow[] {
  const known = flows.get(run);
  if (known !== undefined) return known;
  const made = makeFlows(run);
  flows.set(run, made);
  return made;
}

const flows = new WeakMap<RunView, readonly Flow[]>();

interface Gathered extends Pick<Flow, "tensor" | "tier" | "direction"> {
  readonly bins: Float64Array;
}

function makeFlows(run: RunView): readonly Flow[] {
  const gathered = new Map<string, Gathered>();
  for (const section of run.sections) gather(section, run.trace.bins, gathered);
  return [...gathered.values()].map(({ bins, ...of }) => ({ ...of, burst_bytes: burstBytes(run, of.tier), bursts: before(bins) }));
}

function gather({ scene, trace }: SectionView, bins: number, gathered: Map<string, Gathered>): void {
  const nests = scene.units.flatMap((unit) => unit.nests);
  trace.requesters.forEach((position, row) => {
    const { tensor, tier, work } = nests[position]!;
    if (tensor === null || tier === null) return;
    const direction = directionOf(work);
    const key = JSON.stringify([tensor, tier, direction]);
    const flow = gathered.get(key) ?? { tensor, tier, direction, bins: new Float64Array(bins) };
    gathered.set(key, flow);
    for (let bin = 0; bin < trace.bins; bin++) flow.bins[trace.first + bin]! += trace.bursts[row * trace.bins + bin]!;
  });
}

const directionOf = (work: string): Direction => (work === "store" || work === "append" ? "write" : "read");

function before(bins: Float64Array): Float64Array {
  const sums = new Float64Array(bins.length + 1);
  bins.forEach((bursts, bin) => {
    sums[bin + 1] = sums[bin]! + bursts;
  });
  return sums;
}

function burstBytes({ trace }: RunView, tier: TierName): number {
  return trace.tiers.find(({ name }) => name === tier)!.burst_bytes;
}

/** Between the bins of the run, where a cycle stands: the last bin may be a short one. */
export function placeOf({ trace: { bins, bin_cycles, cycles } }: RunView, cycle: number): number {
  if (bins === 0) return 0;
  const last = (bins - 1) * bin_cycles;
  if (cycle <= last) return Math.max(0, cycle / bin_cycles);
  return bins - 1 + Math.min(1, (cycle - last) / (cycles - last));
}

/** Asked for in the window. */
export function bytesIn(run: RunView, { bursts, burst_bytes }: Flow, { from, to }: Window): number {
  const { bins } = run.trace;
  return burst_bytes * (sumAt(bursts, 0, bins, placeOf(run, to)) - sumAt(bursts, 0, bins, placeOf(run, from)));
}

export interface TensorBytes {
  readonly name: string;
  readonly tier: TierName;
  readonly read_bytes: number;
  readonly write_bytes: number;
}

/** What the window moved of each tensor; tensors of which the run moves nothing are left out. */
export function bytesByTensor(run: RunView, window: Window): readonly TensorBytes[] {
  const rows = new Map<string, { name: string; tier: TierName; read_bytes: number; write_bytes: number }>();
  for (const flow of flowsOf(run)) {
    const key = `${flow.tier} ${flow.tensor}`;
    const row = rows.get(key) ?? { name: flow.tensor, tier: flow.tier, read_bytes: 0, write_bytes: 0 };
    row[`${flow.direction}_bytes`] += bytesIn(run, flow, window);
    rows.set(key, row);
  }
  return [...rows.values()];
}

/** By tier and direction: what `bytesByTensor` adds up to. */
export function bytesByTier(run: RunView, window: Window): readonly (Omit<TensorBytes, "name"> & { readonly tier: TierName })[] {
  const rows = bytesByTensor(run, window);
  const sum = (tier: TierName, of: "read_bytes" | "write_bytes"): number => rows.reduce((total, row) => total + (row.tier === tier ? row[of] : 0), 0);
  return run.trace.tiers.map(({ name }) => ({ tier: name, read_bytes: sum(name, "read_bytes"), write_bytes: sum(name, "write_bytes") }));
}

// --- what memory serves ---

/** Of a tier, a row a channel: bursts served and cycles in service before each bin. */
export interface Served {
  readonly tier: TierName;
  readonly channels: number;
  readonly burst_bytes: number;
  readonly bursts: Sums;
  readonly busy: Sums;
  /** Rows opened; null: the run did not simulate single commands. */
  readonly activates: Sums | null;
}

export function servedOf(run: RunView): readonly Served[] {
  const known = served.get(run);
  if (known !== undefined) return known;
  const { bins, tiers } = run.trace;
  const most = Number.MAX_SAFE_INTEGER;
  const made = tiers.map(
    ({ name, channels, burst_bytes, served: bursts, busy, activates }): Served => ({
      ...{ tier: name, channels, burst_bytes },
      bursts: runningSums(bursts, channels, bins, most),
      busy: runningSums(busy, channels, bins, most),
      activates: activates === null ? null : runningSums(activates, channels, bins, most),
    }),
  );
  served.set(run, made);
  return made;
}

const served = new WeakMap<RunView, readonly Served[]>();

/** Of one channel in the window. */
export function countIn(run: RunView, sums: Sums, channel: number, { from, to }: Window): number {
  const { bins } = run.trace;
  return sumAt(sums, channel, bins, placeOf(run, to)) - sumAt(sums, channel, bins, placeOf(run, from));
}

/** Of all channels. */
export function totalIn(run: RunView, sums: Sums, channels: number, window: Window): number {
  let total = 0;
  for (let channel = 0; channel < channels; channel++) total += countIn(run, sums, channel, window);
  return total;
}

// --- columns of time ---

/** The window in so many parts of one length. */
export function columnsOf({ from, to }: Window, columns: number): readonly Window[] {
  const edge = (column: number): number => from + ((to - from) * column) / columns;
  return Array.from({ length: columns }, (_, column) => ({ from: edge(column), to: edge(column + 1) }));
}
