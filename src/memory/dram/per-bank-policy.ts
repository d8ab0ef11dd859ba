/** What a controller with a command queue a bank can be told, and when its refreshes fall due. */

import type { Part } from "../../machine/dram/part.ts";
import type { Controller, Refresh } from "./controller.ts";

/** A controller with transaction queues and a command queue a bank or a rank, as DRAMsim3 has it. */
export interface PerBankPolicy {
  readonly queues: "bank" | "rank";
  /** Entries of the queue of reads and of that of writes. */
  readonly transactions: number;
  /** Reads and writes share one queue of so many entries, in order of arrival; no writes are held back then. */
  readonly shared: boolean;
  /** Entries of a command queue. */
  readonly commands: number;
  /** A row is closed under waiting hits after so many accesses. */
  readonly hits: number;
  /** Writes are drained when their queue is full, or holds more than so many and no command waits. */
  readonly drain_above: number;
  /** closed: every access closes its row. */
  readonly page: "open" | "closed";
  readonly refresh: Exclude<Refresh, "paired">;
}

/** DRAMsim3's usual choices (its configs/*.ini), and its constants (src/command_queue.cc, src/controller.cc). */
export const PER_BANK: PerBankPolicy = {
  queues: "bank",
  transactions: 32,
  shared: false,
  commands: 8,
  hits: 4,
  drain_above: 8,
  page: "open",
  refresh: "staggered",
};

/** Ticks summed over ranks: after the commands of the tick a row was open, or none. */
export interface StandbyTicks {
  active: number;
  idle: number;
}

/** Also tells how long rows were open: what standby costs depends on it. */
export type PerBankController<State> = Controller<PerBankPolicy, State> & { readonly standby: (state: State) => Readonly<StandbyTicks> };

/** `bank`: it, or all of its rank. */
export interface DueRefresh {
  readonly command: "REFab" | "REFpb";
  readonly bank: number;
}

/** Ticks between the times at which refreshes fall due; Infinity for none. */
export function refreshInterval(part: Part, { refresh }: PerBankPolicy): number {
  switch (refresh) {
    case "none":
      return Number.POSITIVE_INFINITY;
    case "all-bank":
      return part.refreshInterval;
    case "staggered":
      return Math.floor(part.refreshInterval / (part.banks / part.allBanks));
    case "per-bank":
      return part.bankRefreshInterval;
  }
}

/** What falls due the nth time: all ranks, or one after the other, or one bank: bank groups first, then the banks of a group, then ranks. */
export function duesInTurn(part: Part, { refresh }: PerBankPolicy, turn: number): readonly DueRefresh[] {
  const ranks = part.banks / part.allBanks;
  const rank = (index: number): DueRefresh => ({ command: "REFab", bank: index * part.allBanks });
  if (refresh === "all-bank") return Array.from({ length: ranks }, (_, index) => rank(index));
  if (refresh === "staggered") return [rank(turn % ranks)];
  return [{ command: "REFpb", bank: bankInTurn(part, turn % part.banks) }];
}

function bankInTurn(part: Part, turn: number): number {
  const perGroup = part.levels.at(-1)!.count;
  const groups = part.allBanks / perGroup;
  const within = turn % part.allBanks;
  return turn - within + (within % groups) * perGroup + Math.floor(within / groups);
}
