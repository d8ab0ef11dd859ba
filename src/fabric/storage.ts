/**
 * Nests that move words between a channel and a memory: load and store (tensors off chip), read and write (scratchpads). A lane that is
 * not valid reads 0 and writes nothing. What is written rounds to the memory's dtype.
 * Hot path: one loop over the valid lanes of each firing; the element number is linear in the lane.
 */

import type { Behaviour } from "../engine/behaviour.ts";
import { roundFunction } from "../pattern/dtypes.ts";
import type { Dtype, TensorValues, Values } from "../pattern/program.ts";
import type { Memories, ScratchMemory, Wire } from "./datapath.ts";
import type { Access, Nest, Preset, Work } from "./fabric.ts";
import { isRing } from "./nests.ts";
import { advance, findLanes, makeWalk, type Walk } from "./walk.ts";

type WorkOf<K extends Work["kind"]> = Extract<Work, { readonly kind: K }>;

/** Part of an array: a whole tensor, or the N buffers of a scratch memory, of which `offset` begins the one in use. */
export interface Store {
  readonly values: Values;
  readonly dtype: Dtype;
  offset: number;
  /** Elements of a buffer, and of all; equal where there is one. */
  readonly size: number;
  /** Level of the port that hands the buffers over; -1 if there is none. */
  readonly level: number;
}

export function loadBehaviour(nest: Nest, work: WorkOf<"load">, wires: readonly Wire[], memories: Memories): Behaviour {
  return reader(nest, work.access, wiresOf(wires, work.port), tensorStore(memories, work.tensor));
}

export function readBehaviour(nest: Nest, work: WorkOf<"read">, wires: readonly Wire[], memories: Memories): Behaviour {
  const rest = work.rest === undefined ? -1 : wiresOf(wires, work.rest)[0]!;
  return reader(nest, work.access, wiresOf(wires, work.port), scratchStore(nest, memories.scratch.get(work.scratch)!), rest);
}

export function storeBehaviour(nest: Nest, work: WorkOf<"store">, wires: readonly Wire[], memories: Memories): Behaviour {
  return writer(nest, work.access, wires, work.port, tensorStore(memories, work.tensor));
}

export function writeBehaviour(nest: Nest, work: WorkOf<"write">, wires: readonly Wire[], memories: Memories): Behaviour {
  const { first = 0 } = work;
  const store = scratchStore(nest, memories.scratch.get(work.scratch)!);
  store.offset = first * store.size;
  return writer(nest, work.access, wires, work.port, store);
}

/** Fills the first buffer of a scratch memory with what stands in it when the section starts. */
export function fillPreset({ tensor, loops, lanes, guards, from, to }: Preset, into: Values, tensors: TensorValues): void {
  const walks = [makeWalk({ loops, lanes, guards }, from), makeWalk({ loops, lanes, guards }, to)] as const;
  const [source, sink] = walks;
  const values = tensors[tensor]!;
  const words = new Float64Array(lanes);
  for (let n = loops.reduce((product, { trip }) => product * trip, 1); n > 0; n--) {
    walks.forEach(findLanes);
    readLanes(words, { values, offset: 0 }, source);
    writeLanes(words, { values: into, offset: 0 }, sink);
    walks.forEach(advance);
  }
}

/** Process ports that carry the data of a nest's port. */
export function wiresOf(wires: readonly Wire[], port: string): readonly number[] {
  return wires.flatMap((wire, p) => (wire.port === port && wire.words > 0 ? [p] : []));
}

/** Level at which the nest goes on to the next buffer (its buffer ports, rings apart, all hand over the same memory); -1 if it has none. */
export function handoverLevel(nest: Nest): number {
  return Math.max(-1, ...nest.ports.flatMap((port) => (port.kind === "buffer" && !isRing(nest, port) ? [port.level] : [])));
}

export function tensorStore({ tensors, dtypes }: Memories, tensor: string): Store {
  const values = tensors[tensor]!;
  return { values, dtype: dtypes[tensor]!, offset: 0, size: values.length, level: -1 };
}

export function scratchStore(nest: Nest, { spec, size, values }: ScratchMemory): Store {
  return { values, dtype: spec.dtype, offset: 0, size, level: handoverLevel(nest) };
}

/** Next firing; next buffer where this one ended an iteration of the hand-over's level. */
export function step(walk: Walk, store: Store): void {
  if (walk.ends <= store.level) {
    store.offset += store.size;
    if (store.offset === store.values.length) store.offset = 0;
  }
  advance(walk);
}

/** `rest`: the process port whose words stand in lanes that are not valid; -1 if there is none. */
function reader(nest: Nest, access: Access, ports: readonly number[], store: Store, rest = -1): Behaviour {
  const walk = makeWalk(nest, access);
  return {
    fire(_n, inputs, outputs) {
      findLanes(walk);
      for (let i = 0; i < ports.length; i++) readLanes(outputs[ports[i]!]!, store, walk, rest < 0 ? null : inputs[rest]!);
      step(walk, store);
      return nest.ii;
    },
  };
}

function readLanes(out: Float64Array, { values, offset }: Pick<Store, "values" | "offset">, walk: Walk, rest: Float64Array | null = null): void {
  const stride = walk.lane[walk.element]!;
  const lanes = out.length;
  const hi = walk.hi < lanes ? walk.hi : lanes;
  let l = 0;
  for (; l < walk.lo && l < lanes; l++) out[l] = rest === null ? 0 : rest[l]!;
  for (let at = offset + walk.values[walk.element]! + l * stride; l < hi; l++, at += stride) out[l] = values[at]!;
  for (; l < lanes; l++) out[l] = rest === null ? 0 : rest[l]!;
}

function writer(nest: Nest, access: Access, wires: readonly Wire[], port: string, store: Store): Behaviour {
  const walk = makeWalk(nest, access);
  const from = wiresOf(wires, port)[0]!;
  const scalar = wires[from]!.words === 1;
  const round = wires[from]!.dtype === store.dtype ? null : roundFunction(store.dtype);
  return {
    fire(_n, inputs) {
      findLanes(walk);
      const words = inputs[from]!;
      if (round !== null || scalar) writeConverted(words, scalar ? 0 : 1, store, walk, round);
      else writeLanes(words, store, walk);
      step(walk, store);
      return nest.ii;
    },
  };
}

function writeLanes(words: Float64Array, { values, offset }: Pick<Store, "values" | "offset">, walk: Walk): void {
  const stride = walk.lane[walk.element]!;
  let at = offset + walk.values[walk.element]! + walk.lo * stride;
  for (let l = walk.lo; l < walk.hi; l++, at += stride) values[at] = words[l]!;
}

function writeConverted(words: Float64Array, wordStep: 0 | 1, { values, offset }: Store, walk: Walk, round: ((value: number) => number) | null): void {
  const stride = walk.lane[walk.element]!;
  let at = offset + walk.values[walk.element]! + walk.lo * stride;
  for (let l = walk.lo; l < walk.hi; l++, at += stride) {
    const word = words[l * wordStep]!;
    values[at] = round === null ? word : round(word);
  }
}
