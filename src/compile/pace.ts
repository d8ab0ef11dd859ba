/**
 * What share of its pins a memory is expected to reach, by how a section walks it: a small model of the controller that memory/pace.ts measures on the very bursts, from the part's own
 * timings. It steers choices only. Two things cost time:
 *
 * Phases. All that reads pauses while writes drain, and each change of direction costs the bus a while. The more writes are under way, the longer a phase and the fewer changes.
 *
 * Rows. Bursts next to each other lie in rows that all banks of one number have open together, a sweep. While there are as many such sets of banks as sweeps that are walked at one time,
 * each row is opened once. Where there are more, or they stand so far apart that they meet in the same sets, walks close each other's rows, and only those that walk the same sweep find
 * it open. Where a walk skips, or goes elsewhere before a sweep is done, a row serves fewer bursts.
 *
 * It leaves out bank groups that walks in step meet in, and the order in which requests wait; and where nothing is written, rows open behind the data of others more than it knows.
 */

import { tierTiming } from "../machine/derived.ts";
import type { Machine, TierSpec } from "../machine/machine.ts";
import { bankTurnOf, partOfTier } from "../machine/tier-part.ts";

/** Generators that walk a tensor side by side. */
export interface Walkers {
  readonly bytes: number;
  readonly writes: boolean;
  readonly generators: number;
  /** Of a firing. */
  readonly vectorBytes: number;
  /** Bytes that one walks before it turns to the tile of another copy. */
  readonly visit: number;
  /** For each way in which tiles stand apart: copies that have some, generators that serve those in turn, and bytes from one to the next. */
  readonly apart: readonly { readonly copies: number; readonly generators: number; readonly bytes: number }[];
  /** Of a sweep, what is walked before the walk leaves it: 0 .. 1. */
  readonly used: number;
}

/** Above 0, at most 1. Refresh is not taken off. */
export function shareOfPins(machine: Machine, tier: TierSpec, walks: readonly Walkers[]): number {
  const bytes = walks.reduce((sum, walk) => sum + walk.bytes, 0);
  if (tier.dram === undefined || bytes === 0) return 1;
  const stores = walks.filter(({ writes }) => writes);
  const written = stores.reduce((sum, walk) => sum + walk.bytes, 0) / bytes;
  const underWay = stores.reduce(
    (sum, { generators, vectorBytes }) => sum + (generators * machine.ag.outstanding * Math.max(1, vectorBytes / tier.burst_bytes)) / tier.channels,
    0,
  );
  return shareWith(tier, rowClocks(tier, walks, bytes) + turnClocks(machine, tier, written, underWay));
}

/** Where every row is opened once and as many writes are under way as make a difference. `written`: of all bytes, 0 .. 1. */
export function bestShareOfPins(machine: Machine, tier: TierSpec, written: number): number {
  return tier.dram === undefined ? 1 : shareWith(tier, turnClocks(machine, tier, written, Number.POSITIVE_INFINITY));
}

/** Bytes next to each other that lie in rows which all banks of one number have open together; null where the mapping is a name, and of a tier without DRAM. */
export function sweepBytes({ dram, channels }: TierSpec): number | null {
  const turn = dram === undefined ? null : bankTurnOf(dram);
  return turn === null ? null : turn.bytes * channels;
}

/** With so many clocks lost for each burst. */
function shareWith(tier: TierSpec, lost: number): number {
  return tier.burst_clocks / (tier.burst_clocks + partOfTier(tier.dram!).standard.ticks_per_clock * lost);
}

/** Of opening rows: each takes a bank from one activate to the next, and the requests that are queued wait for theirs side by side. */
function rowClocks(tier: TierSpec, walks: readonly Walkers[], bytes: number): number {
  const { timings } = partOfTier(tier.dram!);
  return (activates(tier, walks, bytes) * (timings.nRC ?? 0)) / tier.dram!.controller.read_entries;
}

/** Rows opened for each burst, beyond those that one long read opens. */
function activates({ dram, channels }: TierSpec, walks: readonly Walkers[], bytes: number): number {
  const { columns } = partOfTier(dram!);
  const turn = bankTurnOf(dram!);
  if (turn === null) return 0;
  const sweeps = walks.map((walk) => sweepsOf(walk, turn.bytes * channels, columns));
  const all = sweeps.reduce((sum, own) => sum + own, 0);
  const sets = Math.min(
    turn.sets,
    walks.reduce((sum, walk, w) => sum + sweeps[w]! * apartShare(walk, turn.bytes * channels, turn.sets), 0),
  );
  const closed = all <= sets ? 0 : Math.min(1, (2 * (all - sets)) / all);
  return walks.reduce((sum, walk, w) => {
    const together = Math.max(1, walk.generators / sweeps[w]!);
    return sum + (walk.bytes / bytes) * Math.min(1, closed / together + (1 / walk.used - 1) / columns);
  }, 0);
}

/** Sweeps that they walk at one time. A visit that brings no bank of its sweep a second burst is over before its row is of use. */
function sweepsOf({ apart, visit }: Walkers, sweep: number, columns: number): number {
  const places = apart.map(({ copies, generators, bytes }) => ({ count: visit < sweep / columns ? copies : generators, bytes }));
  const reach = places.reduce((sum, { count, bytes }) => sum + (count - 1) * bytes, 0);
  const most = places.reduce((product, { count, bytes }) => product * (bytes >= sweep ? count : Math.min(count, 1 + ((count - 1) * bytes) / sweep)), 1);
  return Math.min(most, 1 + reach / sweep);
}

/** Sets of banks in which its generators stand, of `sets` that sweeps take in turn, over the sweeps in which they stand. */
function apartShare({ apart }: Walkers, sweep: number, sets: number): number {
  const places = apart.reduce<readonly number[]>(
    (all, { generators, bytes }) => all.flatMap((place) => Array.from({ length: generators }, (_, i) => place + i * bytes)),
    [0],
  );
  const sweeps = new Set(places.map((place) => Math.round(place / sweep)));
  return Math.min(sets, new Set([...sweeps].map((one) => one % sets)).size) / Math.min(sets, sweeps.size);
}

/** Of turning the bus, with so many writes of a channel under way. */
function turnClocks(machine: Machine, tier: TierSpec, written: number, underWay: number): number {
  const { timings } = partOfTier(tier.dram!);
  const { drain_above, drain_below, write_entries } = tier.dram!.controller;
  const { nCL = 0, nCWL = 0, nBL = 0 } = timings;
  const toWrites = timings.nRTW ?? nCL - nCWL + nBL + 2;
  const toReads = nCWL + nBL + (timings.nWTRL ?? timings.nWTR ?? 0);
  const { latency, clock } = tierTiming(machine, tier);
  const back = ((latency + machine.ag.latency_cycles) * clock.numerator) / clock.denominator / tier.burst_clocks;
  const drained = Math.max(drain_above - drain_below, Math.min(underWay, write_entries + back));
  return ((toWrites + toReads) * Math.min(written, 1 - written)) / drained;
}
