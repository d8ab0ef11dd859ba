/**
 * What a machine is: a reconfigurable dataflow accelerator as its config describes it, after validation and with all defaults filled in.
 * The schema that reads configs/*.yaml into this is schema.ts; figures derived from it (peaks, capacities, clock ratios) are in derived.ts.
 */

/** Where a figure comes from: a paper or slide, arithmetic on such figures, or `assumed`. Kept beside the value, keyed by its path. */
export interface Source {
  /** "S", "D", "assumed" ... as FACTS would mark it. */
  readonly assumed: boolean;
  readonly text: string;
}

export interface Machine {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly kind: "rda";
  /** Ticks of the fabric clock a second. */
  readonly clock_hz: number;
  /** PCUs and PMUs alternate on the grid (checkerboard); address generators stand along its left and right edges. columns * rows = pcu.count + pmu.count. */
  readonly grid: { readonly columns: number; readonly rows: number };
  readonly pcu: PcuSpec;
  readonly pmu: PmuSpec;
  readonly ag: AgSpec;
  readonly network: NetworkSpec;
  /** Off-chip tiers. At least one. */
  readonly tiers: { readonly hbm?: TierSpec; readonly ddr?: TierSpec };
  /** Time to load the configuration of one section. */
  readonly reconfiguration_seconds: number;
  /** Name of an energy table in configs/energy/. */
  readonly energy: string;
  /** Key path -> source. Every figure of the config has one. */
  readonly sources: Readonly<Record<string, Source>>;
}

/** Pattern compute unit: lanes x stages of functional units, one vector a cycle. */
export interface PcuSpec {
  readonly count: number;
  readonly lanes: number;
  readonly stages: number;
  /** Pipeline registers a lane and stage: bounds the values alive across a stage. */
  readonly registers: number;
  readonly vector_in: number;
  readonly vector_out: number;
  readonly scalar_in: number;
  readonly scalar_out: number;
  /** Chained counters: bounds the loops of a nest. */
  readonly counters: number;
  /** Entries of each input FIFO. */
  readonly fifo_depth: number;
  /** "systolic": the body can be an output-stationary array of lanes x stages multiply-accumulators. */
  readonly modes: readonly ("simd" | "systolic")[];
  /** Stages that exp, log, sqrt, tanh, sigmoid and div each take when there is no tail unit. */
  readonly special_stages: number;
  /** A tail unit does one such function on a whole vector after the last stage, each cycle. */
  readonly tail: boolean;
  /** Most narrow numbers that a lane takes as one 32-bit word: each operation on all of them at once. A fold across lanes adds those of a word to one in a stage of its own. */
  readonly packing: number;
  /** The tree across lanes is folded into one stage, which a value passes log2(lanes) times; else it takes as many stages. */
  readonly folded_tree: boolean;
}

/** Pattern memory unit: a banked scratchpad with address pipelines. */
export interface PmuSpec {
  readonly count: number;
  readonly bytes: number;
  readonly banks: number;
  /** Smallest word stored: an i8 takes this many bytes of scratchpad. */
  readonly word_bytes: number;
  readonly vector_in: number;
  readonly vector_out: number;
  readonly scalar_in: number;
  readonly scalar_out: number;
  readonly counters: number;
  readonly fifo_depth: number;
  /** Cycles from an address to its data. */
  readonly latency_cycles: number;
  /** Strided reads at full rate by diagonal layout; else rows are padded by one word where that cures the conflict. */
  readonly diagonal: boolean;
}

/** Address generator: turns loop nests into bursts of one off-chip tier. */
export interface AgSpec {
  readonly count: number;
  /** Requests (firings that need at least one burst) that may be under way at one time. */
  readonly outstanding: number;
  readonly fifo_depth: number;
  readonly latency_cycles: number;
}

export interface NetworkSpec {
  /** static: circuits, a link carries as many channels as it has tracks. packet: a link carries channels as long as their rates add up to its tracks. */
  readonly kind: "static" | "packet";
  /** Tracks between neighbouring switches, each way. */
  readonly vector_links: number;
  readonly scalar_links: number;
  readonly control_links: number;
  readonly hop_cycles: number;
  /** Payload of one vector token. It bounds the lanes that a dtype can use: vector_bytes / bytes of the dtype. */
  readonly vector_bytes: number;
}

/**
 * An off-chip tier: independent channels. With `dram` they are what that says, and standard, clock, bursts and refresh follow from it; without, they serve bursts at
 * a fixed rate, after a fixed latency, out of service while they refresh.
 */
export interface TierSpec {
  readonly dram?: DramSpec;
  /** With `dram`. detailed: every command. stream: the bursts of a section at the rate and latency that the same controller reaches on its accesses. */
  readonly fidelity?: "detailed" | "stream";
  readonly standard: string;
  readonly bytes: number;
  readonly channels: number;
  /** Ticks of the memory's own clock a second. */
  readonly clock_hz: number;
  readonly burst_bytes: number;
  /** Ticks of the memory clock that a burst holds its channel. Peak = channels * burst_bytes * clock_hz / burst_clocks. */
  readonly burst_clocks: number;
  /** From the end of service (with `dram`: from the last of the data on the pins) to the data at the address generator. */
  readonly latency_seconds: number;
  /** Every `interval_clocks` all channels are out of service for `duration_clocks`. */
  readonly refresh?: { readonly interval_clocks: number; readonly duration_clocks: number };
  /** Consecutive bytes (a line) on one channel before the next. */
  readonly interleave_bytes: number;
  /**
   * Which channel of C has line n. linear: n mod C, so that strides of C lines meet in one channel. skewed: (n + n div C + n div C^2
   * + ...) mod C, with the powers of C below 1024, and C^2 at least: the order turns from stripe to stripe, so that power-of-two strides up to 1024 / C spread.
   */
  readonly interleave: "linear" | "skewed";
}

/** The DRAM of a channel: names of the tables in dram/, and how it is driven. */
export interface DramSpec {
  readonly organization: string;
  readonly speed: string;
  readonly ranks: number;
  /** Clock (CK) where it is not the speed grade's: times stay what they are, transfers take as many clocks. */
  readonly clock_hz?: number;
  /** Order of the address fields inside a channel, the most significant first, or a name: memory/dram/mapping.ts. */
  readonly mapping: string;
  /** Fields into which the row's lowest bits are XORed, one after the other. */
  readonly mapping_xor?: readonly ("bg" | "ba" | "ra" | "pc")[];
  readonly controller: ControllerSpec;
}

/** One queue for reads and one for writes a channel. */
export interface ControllerSpec {
  readonly scheduler: "FR-FCFS" | "FR-FCFS-row-hit" | "FCFS";
  readonly read_entries: number;
  readonly write_entries: number;
  /** Writes are drained once more than `drain_above` of them wait, or while no read does, until fewer than `drain_below` wait and a read does. */
  readonly drain_above: number;
  readonly drain_below: number;
  /** Accesses after which a row is closed; 0: it stays open until another is needed. */
  readonly row_accesses: number;
  readonly refresh: "none" | "all-bank" | "staggered" | "per-bank" | "paired";
}
