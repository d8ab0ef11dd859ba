/**
 * What a memory controller of one channel is to those who use it. Time is counted in ticks of the part; a controller has run all ticks before `now`. A
 * request that is handed over comes in before tick `now` runs. Completions are told when they are decided, which for a read is its latency ahead:
 * in the order of the commands, each with the tick at which its data are there (reads), its command issues (writes).
 */

import type { Instant } from "../../base/units.ts";
import type { Part } from "../../machine/dram/part.ts";

/** One access of a channel: a burst. Where it goes is the address mapping's business (mapping.ts). */
export interface DramRequest {
  /** Counted over pseudochannels, ranks, stacks and bank groups, the last level fastest. */
  readonly bank: number;
  readonly row: number;
  /** In accesses. */
  readonly column: number;
  readonly write: boolean;
  /** The user's own number for it. */
  readonly tag: number;
}

/** Completions told and not yet taken: whoever takes them sets `count` to 0. */
export interface Completions {
  count: number;
  readonly tags: number[];
  readonly ticks: Instant[];
}

export interface CommandCounts {
  activates: number;
  /** Rows closed: by PREpb, PREab or with the access. */
  precharges: number;
  reads: number;
  writes: number;
  /** REFab. */
  refreshes: number;
  bank_refreshes: number;
}

/** The functions of one kind of controller over its state. */
export interface Controller<Policy, State> {
  readonly create: (part: Part, policy: Policy) => State;
  /** All ticks before it have run. */
  readonly now: (state: State) => Instant;
  /** Whether a request can come in at `now`. */
  readonly accepts: (state: State, request: DramRequest) => boolean;
  /** Takes it in at `now`; throws where `accepts` says no. */
  readonly enqueue: (state: State, request: DramRequest) => void;
  /** Runs all ticks before `until`. */
  readonly advance: (state: State, until: Instant) => void;
  /** Runs ticks before `until`, and no further than the first at which a command issues: after it a queue may have room, a completion may have been told. */
  readonly step: (state: State, until: Instant) => void;
  /** No command issues before this tick unless a request comes in; Infinity where nothing is left to do, ever. */
  readonly nextEvent: (state: State) => Instant;
  /** No completion that was not told comes before this tick unless a request comes in; Infinity where none is left. */
  readonly nextCompletion: (state: State) => Instant;
  readonly completions: (state: State) => Completions;
  readonly counts: (state: State) => Readonly<CommandCounts>;
}

/** When banks are refreshed. all-bank: every tREFI, all ranks (pseudochannels) at once, or staggered: in turn. per-bank: one bank after another. paired: the same bank of each pseudochannel, HBM3. */
export type Refresh = "none" | "all-bank" | "staggered" | "per-bank" | "paired";

/** open: a row stays open until another is needed. closed: after `accesses` of them its bank is closed, with an access where one is due. */
export type PagePolicy = { readonly kind: "open" } | { readonly kind: "closed"; readonly accesses: number };

/** A controller with one queue for reads and one for writes, as Ramulator 2.1 has it. */
export interface UnifiedPolicy {
  /** FR-FCFS: the oldest request whose command may issue. FR-FCFS-row-hit: as that, but no row is closed under an older hit. FCFS: the oldest of the queue, or none. */
  readonly scheduler: "FR-FCFS" | "FR-FCFS-row-hit" | "FCFS";
  readonly read_entries: number;
  readonly write_entries: number;
  /** Writes are drained from when more than `high` of their queue is taken, or no read waits, until less than `low`, which is above 0, is taken and a read waits. */
  readonly drain: { readonly high: number; readonly low: number };
  readonly page: PagePolicy;
  readonly refresh: Refresh;
}

/** Ramulator 2.1's defaults (python/ramulator/controller/generic_ddr.py), with its usual choices of scheduler, page policy and refresh. */
export const UNIFIED: UnifiedPolicy = {
  scheduler: "FR-FCFS",
  read_entries: 32,
  write_entries: 32,
  drain: { high: 0.8, low: 0.2 },
  page: { kind: "open" },
  refresh: "all-bank",
};

export const noCommands = (): CommandCounts => ({ activates: 0, precharges: 0, reads: 0, writes: 0, refreshes: 0, bank_refreshes: 0 });

export const noCompletions = (): Completions => ({ count: 0, tags: [], ticks: [] });

export function tellCompletion(done: Completions, tag: number, tick: Instant): void {
  done.tags[done.count] = tag;
  done.ticks[done.count] = tick;
  done.count++;
}
