/**
 * The contract between compiler and simulator. A section is what runs on the chip at one time; sections run one after the other. A
 * section is a network of units and bounded channels; a unit is a set of loop nests. A port names the loop level at which it acts.
 * Checked by verify.ts against the machine's limits, printed by print.ts.
 */

import type { ChannelId, NestId, UnitId } from "../base/units.ts";
import type { Banking } from "../machine/machine.ts";
import type { Dtype, ReduceFn, ScalarOp } from "../pattern/program.ts";

export interface Fabric {
  readonly schemaVersion: 1;
  readonly program: string;
  readonly machine: string;
  readonly style: Style;
  /** Where every tensor that is off chip lives. */
  readonly tensors: readonly TensorLayout[];
  readonly sections: readonly Section[];
  /** In which order the sections run. A section whose configuration is on the chip already is not configured again. */
  readonly steps: readonly Step[];
}

/** Runs a section, by its position, or a list of steps again and again. */
export type Step = { readonly kind: "section"; readonly section: number } | RepeatStep;

/**
 * An iterate. Its rounds run one after the other; in each, the symbol `round` of affine forms has the round's number. Before the first, each carried tensor `to` stands for
 * what `init` holds; after each round for what `from` holds. Tensors change their places, no data moves: a round writes `from` where nobody needs what is there.
 */
export interface RepeatStep {
  readonly kind: "repeat";
  readonly name: string;
  readonly round: string;
  readonly times: number;
  /** Name of a bool scalar that ends the loop after a round in which it is true. */
  readonly until?: string;
  readonly carries: readonly { readonly to: string; readonly init: string; readonly from: string }[];
  readonly steps: readonly Step[];
}

/** spatial: operators fused into sections. kernel-by-kernel: a section for each source operator. */
export type Style = "spatial" | "kernel-by-kernel";

/** Row-major from `base_bytes` on in its tier, elements packed. `sram`: a register at the edge of the chip, which the host reads; it takes no burst. */
export interface TensorLayout {
  readonly tensor: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly tier: "sram" | "hbm" | "ddr";
  readonly base_bytes: number;
}

export interface Section {
  readonly name: string;
  /** Source operators, in program order. */
  readonly operators: readonly string[];
  readonly units: readonly Unit[];
  readonly channels: readonly Channel[];
  /** Sections with the same number are on the chip together, each on units of its own; absent: alone. */
  readonly configuration?: number;
}

export interface Unit {
  readonly id: UnitId;
  readonly kind: "pcu" | "pmu" | "ag";
  /** Source operator it works for. */
  readonly operator: string;
  /** What it does, for people: "max.reduce[3]". */
  readonly label: string;
  /** They run side by side, each with counters of its own: a PMU has writers and readers, a systolic PCU an array and a drain, all others one nest. */
  readonly nests: readonly Nest[];
  /** Memories inside the unit: tile buffers of a PMU, accumulators of a systolic PCU. */
  readonly scratch: readonly Scratch[];
  /** PCU: stages and registers that its body takes. */
  readonly stages: number;
  readonly registers: number;
}

/** N buffers of a tile. The k-th hand-over of a writer or reader uses buffer k mod buffers, of a writer with `first` buffer (first + k) mod buffers. */
export interface Scratch {
  /** A copy of a tensor is called after it: messages name it. */
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements between neighbours along each dimension, where rows are padded against bank conflicts; absent: packed row-major. */
  readonly strides?: readonly number[];
  /** How its words lie over the banks; absent: cyclic. */
  readonly banking?: Banking;
  readonly buffers: number;
  /** Scratchpad bytes of all buffers, with word size and padding. */
  readonly bytes: number;
  /** What stands in its first buffer when the section starts: it came with the configuration. Absent: zeros. */
  readonly preset?: Preset;
}

/** Elements of a tensor: in each firing of the loops, lane by lane, `to` gets what is at `from`. */
export interface Preset {
  readonly tensor: string;
  readonly loops: readonly Loop[];
  readonly lanes: number;
  readonly guards: readonly Guard[];
  /** In the tensor. */
  readonly from: Access;
  /** In the scratch memory. */
  readonly to: Access;
}

export interface Loop {
  readonly name: string;
  /** >= 1. Where `size` or `port` is given: the most there can be. */
  readonly trip: number;
  /** A loop over a collection: it turns max(1, ceil(n / per)) times, n being the value of this i32 scalar tensor when the section starts (resolve.ts). */
  readonly size?: { readonly tensor: string; readonly per: number };
  /**
   * It turns as often as the i32 token popped last at this scalar stream-in port says, which acts no further inside than an iteration of the loops around this one. May be 0: then one firing
   * stands for the iteration, in which nothing inside acts and no lane is valid for what is folded. Only of compute nests.
   */
  readonly port?: string;
}

/** constant + sum over loops of loops[l] * counter[l] + lane * (lane number). */
export interface Affine {
  readonly constant: number;
  /** One coefficient per loop of the nest, outermost first. */
  readonly loops: readonly number[];
  readonly lane: number;
  /** Coefficients of the rounds of the loops around the section: they become part of the constant when the section starts (resolve.ts). */
  readonly rounds?: Readonly<Record<string, number>>;
}

/** A lane of a firing is valid iff 0 <= value < limit for every guard. Tiles that overhang an extent are cut by guards. */
export interface Guard {
  readonly value: Affine;
  readonly limit: number;
  /** An i32 scalar tensor whose value when the section starts takes the place of `limit`, which is its bound. */
  readonly size?: string;
}

/** One element a lane: a coordinate per dimension. A lane outside the shape, or not valid by the nest's guards, reads 0 and writes nothing. */
export interface Access {
  readonly dims: readonly Affine[];
  readonly shape: readonly number[];
}

export interface Nest {
  readonly id: NestId;
  /** Outermost first. A nest with no loops fires once. */
  readonly loops: readonly Loop[];
  /** Lanes of the vectors it handles; 1 for scalars. */
  readonly lanes: number;
  /** Ticks between two firings. */
  readonly ii: number;
  /** Ticks from a firing to its push. */
  readonly latency: number;
  readonly guards: readonly Guard[];
  readonly ports: readonly Port[];
  readonly work: Work;
}

export interface Port {
  /** Unique in the nest. */
  readonly name: string;
  readonly channel: ChannelId;
  readonly direction: "in" | "out";
  readonly kind: "stream" | "buffer";
  /** Number of loops outside the level: acts once for each iteration of loops[level - 1]. 0: once in all; loops.length: each firing. */
  readonly level: number;
}

export type Work =
  | { readonly kind: "compute"; readonly nodes: readonly Node[]; readonly outputs: readonly { readonly port: string; readonly node: number }[] }
  /** Output-stationary array: acc[s][l] += stage operand[s] * lane operand[l], s < stages; starts from 0 when an iteration of `level` begins, rounds to the scratch's dtype. */
  | {
      readonly kind: "systolic";
      readonly lanePort: string;
      readonly stagePort: string;
      /** Stage operand's words. */
      readonly stages: number;
      /** Each product is rounded to this before it is added. */
      readonly product: Dtype;
      readonly acc: Dtype;
      readonly level: number;
      /** Accumulators: scratch of shape [stages, lanes]. */
      readonly scratch: string;
    }
  /** AG: reads a tensor into `port`. Lanes step along the last dimension (lane coefficient 1 there, 0 elsewhere) or nest.lanes is 1. */
  | { readonly kind: "load"; readonly tensor: string; readonly access: Access; readonly port: string }
  | { readonly kind: "store"; readonly tensor: string; readonly access: Access; readonly port: string }
  /** PMU: pops `port` each firing, writes the valid lanes. `first`: buffer of its first hand-over, where those before it are handed over at the start; absent: 0. */
  | { readonly kind: "write"; readonly scratch: string; readonly access: Access; readonly port: string; readonly first?: number }
  /** `rest`: pops this port too, from a memory that holds other elements: a lane that is not valid here takes its word, not 0. */
  | { readonly kind: "read"; readonly scratch: string; readonly access: Access; readonly port: string; readonly rest?: string }
  /**
   * PMU: pops `port` each firing and folds the valid lanes into their elements, in dtype `acc`. The first `buffer-out` hands the sums over. They start at the identity of
   * `fn` at each hand-over. A PCU does the operation, on what it is sent and the sums so far: a ring of hand-overs keeps the next turn from reading them before they are written.
   */
  | { readonly kind: "fold"; readonly scratch: string; readonly access: Access; readonly port: string; readonly fn: ReduceFn; readonly acc: Dtype }
  /**
   * PMU: each firing combines a vector of values into table[key] lane by lane, in lane order. `buffer-out` hands the table over. The table starts at the
   * identity of `fn` at each hand-over. Lanes that meet in one bank (banks.ts) take turns: the firing takes as many ticks as the fullest
   * bank has lanes (data-dependent, at least ii), those of one key included. A lane with the lowest i32 (NO_KEY) as its key takes no part; any other key outside the table is an error. `shard`: this unit has only the keys
   * from `first` on, as many as the scratch has elements, of a table of `keys` keys; lanes with other keys of the table take no part here.
   */
  | {
      readonly kind: "scatter";
      readonly scratch: string;
      readonly keyPort: string;
      readonly valuePort: string;
      readonly fn: ReduceFn;
      readonly acc: Dtype;
      readonly shard?: Shard;
    }
  /**
   * PMU: each firing pops a vector of element numbers (row-major in the scratch's shape) and pushes the elements. Valid lanes that meet in one bank
   * take turns, as in scatter, but those that want the same element have it in one. A number outside the scratch is an error. A lane that is not valid gives 0.
   */
  | { readonly kind: "gather"; readonly scratch: string; readonly indexPort: string; readonly port: string }
  /** AG: the same from a tensor off chip. Each lane asks for its burst; lanes of one firing share bursts, and so does all that the coalescing unit still knows. */
  | { readonly kind: "fetch"; readonly tensor: string; readonly indexPort: string; readonly port: string }
  /**
   * AG: appends to a tensor. Each firing pops a vector of conditions and one of values for each of `emits`; for each valid lane in order, and in it each emit in order, whose
   * condition is not 0, the value goes to the next place. More records than the tensor has elements are an error. `sizePort`, if any, is an
   * out port of level 0 and gives the number of records.
   */
  | {
      readonly kind: "append";
      readonly tensor: string;
      readonly emits: readonly { readonly whenPort: string; readonly valuePort: string }[];
      readonly sizePort?: string;
    }
  /**
   * PMU: numbers distinct keys. Each firing pops a vector of keys and a vector of conditions; for each valid lane in order whose condition is not 0 it looks the key up in a
   * table of `slots` slots (a power of two; home slot: key * 2654435769 mod 2^32, top bits; linear probing), enters a new one with the next number, and puts its number into the
   * lane (-1 in all other lanes). Every probe takes a turn at its slot's bank: the firing takes as many ticks as the fullest bank has probes. `keys` (scratch i32 [bound])
   * holds the keys in order, a scratch memory called `${keys}.slots` (i32 [slots]) the slots; both are the nest's own and handed to nobody. More keys than `keys` has elements
   * are an error.
   */
  | {
      readonly kind: "hash";
      readonly slots: number;
      readonly keyPort: string;
      readonly whenPort: string;
      readonly port: string;
      readonly keys: string;
    };

/** Part of a table that is larger than a PMU. */
export interface Shard {
  readonly first: number;
  /** Of all parts together. */
  readonly keys: number;
}

/** The datapath of a compute nest: single assignment, evaluated in order, each firing, for every lane. Values round to `dtype` after each node. */
export type Node =
  /** The token popped last at the port. A token of 1 word is the same for all lanes. */
  | { readonly kind: "input"; readonly port: string; readonly dtype: Dtype }
  | { readonly kind: "const"; readonly dtype: Dtype; readonly value: number }
  | { readonly kind: "affine"; readonly dtype: "i32"; readonly value: Affine }
  | { readonly kind: "op"; readonly dtype: Dtype; readonly op: ScalarOp; readonly args: readonly number[] }
  | { readonly kind: "cast"; readonly dtype: Dtype; readonly arg: number }
  /**
   * Folds the valid lanes of `arg` over the iterations inside `level`, in dtype `acc`: starts from the identity when an iteration of loops[level - 1] begins. With
   * `lanes` it also folds across lanes (tree), and the result is the same in all lanes. Rounded to `dtype` when read by later nodes.
   */
  | {
      readonly kind: "reduce";
      readonly dtype: Dtype;
      readonly acc: Dtype;
      readonly fn: ReduceFn;
      readonly arg: number;
      readonly level: number;
      readonly lanes: boolean;
    }
  /**
   * Running fold of `arg` in firing order, and in a firing from lane to lane: each valid lane gives the fold of all before it in the iteration of `level`, its own value
   * included unless `exclusive`. Starts from the identity when an iteration of loops[level - 1] begins. Rounded to `dtype` for later nodes, not for the
   * fold itself. Without `lanes` each lane folds for itself. A lane that is not valid adds nothing and gives the fold so far.
   */
  | {
      readonly kind: "scan";
      readonly dtype: Dtype;
      readonly acc: Dtype;
      readonly fn: ReduceFn;
      readonly arg: number;
      readonly level: number;
      readonly lanes: boolean;
      readonly exclusive: boolean;
    };

export interface Endpoint {
  readonly unit: UnitId;
  readonly nest: NestId;
  readonly port: string;
}

/** One source, one or more sinks (a broadcast: the source waits for a slot in every sink's FIFO). Buffer channels stay inside a unit and carry hand-overs, not data. */
export interface Channel {
  readonly id: ChannelId;
  readonly kind: "stream" | "buffer";
  readonly width: "vector" | "scalar" | "control";
  readonly dtype: Dtype;
  /** Words of a token: lanes of a vector, 1 for a scalar, 0 for a buffer. */
  readonly words: number;
  /** Slots of each sink's FIFO, or the number of buffers. */
  readonly depth: number;
  /** Hand-overs that stand in it at the start: what a ring starts with, of a nest to itself or of units. Absent: none. */
  readonly initial?: number;
  /** Ticks of a hand-over; absent: 1. */
  readonly latency?: number;
  readonly source: Endpoint;
  readonly sinks: readonly Endpoint[];
  /** Tokens per tick that the compiler expects at most: what a packet link budgets. 0 < rate <= 1. */
  readonly rate: number;
}
