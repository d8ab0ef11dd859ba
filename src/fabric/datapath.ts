/**
 * What a nest means: the specification of every datapath, as the behaviour of the process that stands for the nest. Both engines run it, so
 * it knows nothing of time but the ticks that data can add to a firing. Here: which file means what, and the memories that nests share.
 */

import type { Behaviour } from "../engine/behaviour.ts";
import { arrayFor } from "../pattern/dtypes.ts";
import type { Dtype, TensorValues, Values } from "../pattern/program.ts";
import { foldBehaviour, scatterBehaviour, systolicBehaviour } from "./accumulate.ts";
import { computeBehaviour } from "./compute.ts";
import type { Nest, Scratch, Unit } from "./fabric.ts";
import { appendBehaviour, fetchBehaviour, gatherBehaviour, hashBehaviour } from "./indirect.ts";
import { fillPreset, loadBehaviour, readBehaviour, storeBehaviour, writeBehaviour } from "./storage.ts";

/** A port of the process: like the nest's port of that name, a broadcast once for each sink. Channels that carry no data here have 0 words. */
export interface Wire {
  readonly port: string;
  readonly words: number;
  readonly dtype: Dtype;
}

/** A scratch memory while it runs: buffer after buffer, each row-major. */
export interface ScratchMemory {
  readonly spec: Scratch;
  /** Elements of one buffer. */
  readonly size: number;
  readonly values: Values;
}

/** What the nests of a unit see beside their ports. */
export interface Memories {
  /** Off chip, by name: loads read these arrays, stores write them. */
  readonly tensors: TensorValues;
  readonly dtypes: Readonly<Record<string, Dtype>>;
  /** Of this unit, by name. */
  readonly scratch: ReadonlyMap<string, ScratchMemory>;
  /** Banks of a PMU. */
  readonly banks: number;
  /** Source operator that the unit works for: what messages name. */
  readonly operator: string;
}

/** A behaviour that may tell what it did. */
export interface NestBehaviour extends Behaviour {
  readonly tally?: Tally;
  /** Of a nest whose data decides which banks it goes to: ticks that they take for the next firing, with these words; 0: it needs none. Changes nothing. */
  turns?(inputs: readonly Float64Array[]): number;
}

/** What a nest did so far where its shape alone does not tell: scatter, hash, and where trip counts are read. */
export interface Tally {
  /** Lanes that took part. */
  readonly lanes: number;
  /** Slots of a hash table that were looked at. */
  readonly probes: number;
  /** Keys that were entered. */
  readonly entries: number;
  /** Of a nest that reads trip counts. */
  readonly levels?: LevelTally;
}

/** By level, over the firings at which an iteration of it ends: their valid lanes, and in how many of them lane 0 is valid. */
export interface LevelTally {
  readonly lanes: Float64Array;
  readonly first: Float64Array;
}

/** What a scratch memory holds when a section starts: its preset, all else zeros. `tensors`: those whose values are needed; nobody reads the preset of another. */
export function makeScratch(unit: Unit, tensors: TensorValues = {}): ReadonlyMap<string, ScratchMemory> {
  return new Map(
    unit.scratch.map((spec) => {
      const size = spec.shape.reduce((product, extent) => product * extent, 1);
      const values = arrayFor(spec.dtype, size * spec.buffers);
      if (spec.preset !== undefined && tensors[spec.preset.tensor] !== undefined) fillPreset(spec.preset, values, tensors);
      return [spec.name, { spec, size, values }];
    }),
  );
}

/** The behaviour of a nest whose process has these wires as ports, in this order. It keeps state: make a new one for each run. */
export function makeBehaviour(nest: Nest, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const { work } = nest;
  switch (work.kind) {
    case "compute":
      return computeBehaviour(nest, work, wires, memories.operator);
    case "systolic":
      return systolicBehaviour(nest, work, wires, memories);
    case "load":
      return loadBehaviour(nest, work, wires, memories);
    case "store":
      return storeBehaviour(nest, work, wires, memories);
    case "write":
      return writeBehaviour(nest, work, wires, memories);
    case "read":
      return readBehaviour(nest, work, wires, memories);
    case "fold":
      return foldBehaviour(nest, work, wires, memories);
    case "scatter":
      return scatterBehaviour(nest, work, wires, memories);
    case "gather":
      return gatherBehaviour(nest, work, wires, memories);
    case "fetch":
      return fetchBehaviour(nest, work, wires, memories);
    case "append":
      return appendBehaviour(nest, work, wires, memories);
    case "hash":
      return hashBehaviour(nest, work, wires, memories);
  }
}
