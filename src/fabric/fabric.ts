/**
 * The contract between compiler and simulator. A section is what is on the chip at one time; sections run one after the other. A
 * section is a network of units and bounded channels; a unit is a set of loop nests. A port names the loop level at which it acts.
 * Checked by verify.ts against the machine's limits, printed by print.ts.
 */

import type { ChannelId, NestId, UnitId } from "../base/units.ts";
import type { Dtype, ReduceFn, ScalarOp } from "../pattern/program.ts";

export interface Fabric {
  readonly schemaVersion: 1;
  readonly program: string;
  readonly machine: string;
  readonly style: Style;
  /** Where every tensor that is off chip lives. */
  readonly tensors: readonly TensorLayout[];
  /** Run in this order, a reconfiguration before each. */
  readonly sections: readonly Section[];
}

/** spatial: operators fused into sections. kernel-by-kernel: a section for each source operator. */
export type Style = "spatial" | "kernel-by-kernel";

/** Row-major from `base_bytes` on in its tier, elements packed. */
export interface TensorLayout {
  readonly tensor: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly tier: "hbm" | "ddr";
  readonly base_bytes: number;
}

export interface Section {
  readonly name: string;
  /** Source operators, in program order. */
  readonly operators: readonly string[];
  readonly units: readonly Unit[];
  readonly channels: readonly Channel[];
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

/** N buffers of a tile. The k-th hand-over of a writer or reader uses buffer k mod buffers. */
export interface Scratch {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements between neighbours along each dimension, where rows are padded against bank conflicts; absent: packed row-major. */
  readonly strides?: readonly number[];
  readonly buffers: number;
  /** Scratchpad bytes of all buffers, with word size and padding. */
  readonly bytes: number;
}

export interface Loop {
  readonly name: string;
  /** >= 1. */
  readonly trip: number;
}

/** constant + sum over loops of loops[l] * counter[l] + lane * (lane number). */
export interface Affine {
  readonly constant: number;
  /** One coefficient per loop of the nest, outermost first. */
  readonly loops: readonly number[];
  readonly lane: number;
}

/** A lane of a firing is valid iff 0 <= value < limit for every guard. Tiles that overhang an extent are cut by guards. */
export interface Guard {
  readonly value: Affine;
  readonly limit: number;
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
  /** PMU: pops `port` each firing, writes the valid lanes. */
  | { readonly kind: "write"; readonly scratch: string; readonly access: Access; readonly port: string }
  | { readonly kind: "read"; readonly scratch: string; readonly access: Access; readonly port: string }
  /**
   * PMU: each firing combines a vector of values into table[key] lane by lane, in lane order. `buffer-out` hands the table over. The table starts at the
   * identity of `fn` at each hand-over. Lanes that meet in one bank (key mod banks) take turns: the firing takes as many ticks as the fullest
   * bank has lanes (data-dependent, at least ii). A lane with a negative key takes no part; a key beyond the table is an error.
   */
  | {
      readonly kind: "scatter";
      readonly scratch: string;
      readonly keyPort: string;
      readonly valuePort: string;
      readonly fn: ReduceFn;
      readonly acc: Dtype;
    };

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
  readonly source: Endpoint;
  readonly sinks: readonly Endpoint[];
  /** Tokens per tick that the compiler expects at most: what a packet link budgets. 0 < rate <= 1. */
  readonly rate: number;
}
