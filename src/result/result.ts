/** What a run tells: the one type that machine models, energy, report and viewers share. `--json` writes exactly this. Units stand in the names. */

import type { Dtype } from "../pattern/program.ts";
import type { PartialRun } from "./counters.ts";

export interface RunResult {
  readonly schemaVersion: 1;
  readonly weft: { readonly version: string };
  readonly workload: { readonly name: string; readonly hash: string; readonly params: Readonly<Record<string, number | string>>; readonly seed: number };
  readonly machine: { readonly name: string; readonly hash: string; readonly kind: string };
  readonly style: string;
  /**
   * Which models ran. dram: "detailed", every command; "stream", bursts at the mean rate and latency that the controller reaches on a section's accesses; "fixed", at
   * the rate of the pins, less refresh; where the tiers differ, one after the other. network: "circuit", uncontended routes.
   */
  readonly fidelity: { readonly dram: string; readonly network: string };
  /** Null: the run went to its end. Otherwise the rest says what was simulated until it was stopped. */
  readonly partial: PartialRun | null;
  /** From data resident in its home tier to the last write; reconfiguration included. */
  readonly cycles: number;
  readonly seconds: number;
  readonly clock_hz: number;
  readonly ops: { readonly flops: number; readonly int_ops: number; readonly special_ops: number };
  /** Runs of sections, or GPU launches. */
  readonly kernels: number;
  /** Configurations loaded, or GPU launches: a section that is on the chip already runs again without. */
  readonly launches: number;
  /** Reconfiguration and launch time in `seconds`. */
  readonly launch_seconds: number;
  /** Of a GPU `sram` is its L2. */
  readonly tiers: Readonly<Partial<Record<"sram" | "hbm" | "ddr", TierResult>>>;
  readonly units: readonly UnitResult[];
  /** Busy share of all units of a kind on the machine over the run, 0 .. 1. Of a GPU `pcu` is the share in which its SMs hold blocks. */
  readonly utilization: { readonly pcu: number; readonly pmu: number; readonly ag: number; readonly network: number };
  readonly bounds_cycles: Bounds;
  readonly limit: Limit;
  readonly energy_pJ: EnergyResult;
  readonly energy_detail: EnergyDetail;
  readonly sections: readonly SectionResult[];
  readonly outputs: Readonly<Record<string, OutputResult>>;
  readonly warnings: readonly string[];
  /** The only part that may differ between two runs of the same input. */
  readonly host: HostResult;
}

export interface TierResult extends MovedBytes {
  readonly achieved_bytes_per_second: number;
  readonly peak_bytes_per_second: number;
}

/** busy + starved + blocked + memory + configuring + idle + unattributed == cycles of the run. */
export interface UnitResult {
  readonly id: string;
  readonly kind: "pcu" | "pmu" | "ag";
  readonly x: number;
  readonly y: number;
  readonly op: string;
  readonly section: string;
  readonly firings: number;
  readonly busy_cycles: number;
  readonly starved_cycles: number;
  readonly blocked_cycles: number;
  readonly memory_cycles: number;
  readonly configuring_cycles: number;
  readonly idle_cycles: number;
  readonly unattributed_cycles: number;
  /** Of a PMU: cycles that vectors of its nests took at the banks beyond one each, because words met in a bank. Part of busy or memory; nests side by side are added up. */
  readonly bank_conflict_cycles: number;
  /** For each of starved, blocked, memory and idle they add up to its cycles. */
  readonly causes: readonly Cause[];
}

export interface Cause {
  readonly state: "starved" | "blocked" | "memory" | "idle";
  /** The input that starves, the output that blocks, the memory channel ("hbm channel 3"). Empty for idle. */
  readonly channel: string;
  /**
   * What the wait goes back to: a unit that is busy, "hbm channel 3 (bandwidth)", "hbm (latency)", "latency of ring a, b" (channels whose units wait for each other),
   * "fill" (the first tokens on their way), or for idle "drain" (others of the section still work), "no work", "other sections", "configuration" (of those), "others" for what is too small to name.
   */
  readonly root: string;
  /** From the other end of the channel to the root, where the largest part came along; what is longer than 8 steps ends in one of "...". */
  readonly path: readonly CauseStep[];
  readonly cycles: number;
}

export interface CauseStep {
  readonly unit: string;
  readonly state: "starved" | "blocked" | "memory" | "busy";
  readonly channel: string;
}

/** No run can be faster than any of these: operations / peak, bytes / peak of the tier. */
export interface Bounds {
  readonly compute: number;
  readonly hbm: number;
  readonly ddr: number;
  readonly network: number;
}

export interface Limit {
  readonly resource: string;
  readonly sentence: string;
}

/** Parts add up to total. */
export interface EnergyResult {
  readonly total: number;
  readonly compute: number;
  readonly sram: number;
  readonly network: number;
  readonly hbm: number;
  readonly ddr: number;
  readonly static: number;
}

/** Where the energy went. */
export interface EnergyDetail {
  /** Name of the energy table, and the node of its figures. */
  readonly table: string;
  readonly process_nm: number;
  /** Each part of the run's energy is the sum over these. */
  readonly sections: readonly SectionEnergy[];
}

/** Each part is the sum of its details. */
export interface SectionEnergy {
  readonly name: string;
  readonly energy_pJ: EnergyResult;
  readonly detail_pJ: {
    /** Operations of datapaths; registers, FIFOs and control of PCUs while they work; address generators. */
    readonly compute: { readonly operations: number; readonly pcu: number; readonly ag: number };
    /** Scratchpads; address pipelines and FIFOs of PMUs while they work. */
    readonly sram: { readonly read: number; readonly write: number; readonly pmu: number };
    readonly network: { readonly switches: number; readonly wires: number };
    /** Where the table charges by bit, reads and writes are all of it. */
    readonly hbm: TierEnergyResult;
    readonly ddr: TierEnergyResult;
    readonly static: { readonly chip: number };
  };
}

export interface TierEnergyResult {
  readonly read: number;
  readonly write: number;
  readonly activate: number;
  readonly refresh: number;
  readonly background: number;
}

export interface SectionResult {
  readonly name: string;
  readonly ops: readonly string[];
  readonly runs: number;
  /** Of all its runs. */
  readonly cycles: number;
  readonly configuring_cycles: number;
  readonly units: { readonly pcu: number; readonly pmu: number; readonly ag: number };
  /** What its datapaths did, in all its runs: not less than the program asks for. */
  readonly operations: { readonly flops: number; readonly int_ops: number; readonly special_ops: number };
  /** Moved in all its runs. They add up to the run's, tier by tier. */
  readonly tiers: Readonly<Partial<Record<"hbm" | "ddr", MovedBytes>>>;
  readonly bounds_cycles: Bounds;
  readonly limit: Limit;
  readonly routes: RoutesResult;
  /** Of a kernel on a GPU; absent elsewhere. */
  readonly grid?: GridResult;
}

/** How a kernel runs on a GPU: of its first launch, but for the cycles, which are of all. */
export interface GridResult {
  readonly kind: string;
  /** What a block does: "128 x 256 x 32, 3 stages". */
  readonly tiling: string;
  readonly blocks: number;
  /** Blocks that an SM holds at a time. */
  readonly slots: number;
  /** blocks / (SMs x slots), rounded up. */
  readonly waves: number;
  /** Of SMs without a block, mean over them. */
  readonly idle_cycles: number;
  /** What each would take alone. */
  readonly needs_cycles: { readonly tensor: number; readonly lanes: number; readonly l2: number; readonly hbm: number };
  readonly l2_read_bytes: number;
  readonly l2_write_bytes: number;
}

export interface MovedBytes {
  readonly read_bytes: number;
  readonly write_bytes: number;
}

/** How good a section's place on the chip is. */
export interface RoutesResult {
  /** Links that its channels take, added up over the channels. */
  readonly wirelength_hops: number;
  readonly longest_route_hops: number;
  /** The fullest link and what this section's channels take of its tracks: of a static network whole ones, of a packet network the sum of their rates. Null: they take none. */
  readonly busiest_link: BusiestLink | null;
}

/** As `x` and `y` of a unit. */
export interface GridPosition {
  readonly x: number;
  readonly y: number;
}

export interface BusiestLink {
  readonly width: "vector" | "scalar" | "control";
  readonly from: GridPosition;
  readonly to: GridPosition;
  readonly used_tracks: number;
  readonly tracks: number;
}

export interface OutputResult {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Over the values, where values were computed; else null. */
  readonly checksum: string | null;
}

/** Of one section. Nests that compute on data are never skipped over, nor what moves with them. */
export interface ForwardResult {
  readonly section: string;
  readonly firings: number;
  readonly skipped_firings: number;
  readonly computing_nests: number;
}

export interface HostResult {
  readonly wall_seconds: number;
  readonly firings: number;
  /** Those that fast-forward skipped, and the cycles of the periods that recurred, the one that saved most first. */
  readonly skipped_firings: number;
  readonly periods: readonly number[];
  /** Null: fast-forward was off. */
  readonly forward: readonly ForwardResult[] | null;
  readonly simulated_cycles_per_second: number;
  readonly peak_rss_bytes: number;
}
