/** What simulation counted, before energy and report make a RunResult of it. All times in ticks of the fabric clock. */

import type { Cycles } from "../base/units.ts";
import type { Dtype, ScalarOp, TensorValues } from "../pattern/program.ts";

export interface RunCounters {
  readonly ticks: Cycles;
  /** Null: the run went to its end. */
  readonly partial: PartialRun | null;
  readonly sections: readonly SectionCounters[];
  /** Output tensors by output name, where values were computed. */
  readonly outputs: TensorValues | null;
  /** Over all nests, those included that fast-forward skipped. */
  readonly firings: number;
  readonly skipped: number;
  /** Cycles of a period that recurred, and how many such periods were skipped. */
  readonly periods: readonly (readonly [Cycles, number])[];
  /** Like `sections`: firings skipped there. */
  readonly skippedIn: readonly number[];
  /** Real lengths of collections, by the name of their size tensor (the largest where it changed from round to round). */
  readonly sizes: Readonly<Record<string, number>>;
  /** Rounds that each iterate really ran, summed over the rounds of the loops around it. */
  readonly rounds: Readonly<Record<string, number>>;
}

/**
 * A run that was stopped. Its units had been simulated to different points in time, so that there is no one cycle at which it was cut: it counts all firings that
 * were simulated and no other, and ends with the last of them, their bursts and tokens included. A unit's cycles from its own last firing to that
 * end are attributed to nothing, unless it had no firing left.
 */
export interface PartialRun {
  readonly reason: "interrupted" | "max-cycles" | "max-seconds" | "max-memory";
  /** Under way, or about to begin. */
  readonly section: string;
  /** Of the run's work, as far as can be told, 0 .. 1. */
  readonly share_done: number;
}

export interface SectionCounters {
  readonly name: string;
  readonly operators: readonly string[];
  /** How often it ran. All counts here are sums over its runs. */
  readonly runs: number;
  /** How often it was loaded: not where it was on the chip already, alone or with others of its configuration. */
  readonly configurations: number;
  /** Configuring, then running: both included in RunCounters.ticks. */
  readonly configuringTicks: Cycles;
  readonly ticks: Cycles;
  readonly units: readonly UnitCounters[];
  readonly tiers: Readonly<Partial<Record<"hbm" | "ddr", TierCounters>>>;
  readonly network: NetworkCounters;
}

export interface TierCounters {
  readonly read_bytes: number;
  readonly write_bytes: number;
  /** Mean over the tier's channels of the share of the section's ticks that the channel was serving, 0 .. 1. */
  readonly busy_share: number;
  /** Null: its channels are no DRAM, but serve at a fixed rate. */
  readonly commands: DramCommands | null;
  readonly channels: readonly ChannelCounters[];
}

/** Over all channels of a tier. */
export interface DramCommands {
  /** Rows opened and rows closed. */
  readonly activates: number;
  readonly precharges: number;
  /** Bursts. */
  readonly reads: number;
  readonly writes: number;
  /** Of all banks under a rank or pseudochannel, and of single banks. */
  readonly refreshes: number;
  readonly bank_refreshes: number;
}

/** A channel of a tier: "hbm channel 3". */
export interface ChannelCounters {
  readonly name: string;
  /** Share of the section's ticks that it was serving, 0 .. 1. */
  readonly busy_share: number;
  /** Share of the time from request to completion that bursts queued for it, 0 .. 1. */
  readonly queued_share: number;
}

/** Tokens times links crossed, by width of the channel. */
export interface NetworkCounters {
  readonly vector_hops: number;
  readonly scalar_hops: number;
  /** Mean over the links that the section uses of tokens / ticks / tracks, 0 .. 1. */
  readonly busy_share: number;
}

/** A unit with several nests shows the states of its busiest nest, so that its states add up to the section's ticks: busy + starved + blocked + memory + idle == ticks (less in a partial run). */
export interface UnitCounters {
  readonly id: string;
  readonly kind: "pcu" | "pmu" | "ag";
  readonly operator: string;
  readonly x: number;
  readonly y: number;
  /** Over all nests. */
  readonly firings: number;
  readonly busy: Cycles;
  readonly starved: Cycles;
  readonly blocked: Cycles;
  readonly memory: Cycles;
  readonly idle: Cycles;
  /** Of its nests, the busiest. */
  readonly shown: number;
  readonly nests: readonly NestCounters[];
  /** Lane operations done by the datapath. A systolic or reducing step counts each multiply and each add. */
  readonly operations: readonly { readonly op: ScalarOp; readonly dtype: Dtype; readonly count: number }[];
  readonly sram_read_bytes: number;
  readonly sram_write_bytes: number;
  /** Of a PMU: ticks that the vectors of its nests took at the banks beyond one each. */
  readonly bank_conflicts: Cycles;
}

/** The waits add up to starved, blocked and memory. */
export interface NestCounters {
  readonly id: string;
  readonly firings: number;
  /** Sent to a tier. */
  readonly bursts: number;
  readonly busy: Cycles;
  readonly waits: readonly Wait[];
  /** Ticks that others were starved for its tokens while their bursts were under way, by channel of a tier. */
  readonly late: readonly { readonly channel: string; readonly ticks: Cycles }[];
}

export interface Wait {
  readonly state: "starved" | "blocked" | "memory";
  /** Of the fabric, or of a tier; a port of the nest's PMU. */
  readonly channel: string;
  readonly ticks: Cycles;
  /** At the other end: the source of what starves, the sink that blocks. Null for memory. */
  readonly other: { readonly unit: string; readonly nest: string } | null;
  /** Ticks of those: before the nest's first firing, while the bursts of the token were under way, and while the token waited for a link that channels share. */
  readonly fill: Cycles;
  readonly late: Cycles;
  readonly contended: Cycles;
  /** Firings of the source for each token, on average. */
  readonly firings_per_token: number;
}
