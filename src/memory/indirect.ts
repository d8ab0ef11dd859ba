/**
 * The bursts of address generators that go where data says: fetch asks for the burst of each lane's element, append for those that its records reach. Each
 * burst once a firing; what the nest's request before touched is not asked for again. The words that steer them decide, so no run of such a nest leaps.
 * Hot path: called once for each firing.
 */

import { tooManyRecords } from "../fabric/data-faults.ts";
import type { Wire } from "../fabric/datapath.ts";
import type { Nest, TensorLayout, Work } from "../fabric/fabric.ts";
import { checkNumbers, countRecords, whenPorts } from "../fabric/indirect.ts";
import { wiresOf } from "../fabric/storage.ts";
import { advance, findLanes, makeWalk } from "../fabric/walk.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { type ChannelOrder, type CountingSource, channelOf, channelOrder, numberInChannel } from "./requests.ts";
import type { PlacedTier } from "./tiers.ts";

type WorkOf<K extends Work["kind"]> = Extract<Work, { readonly kind: K }>;

/** The source of a fetch nest of that source operator whose process has these wires as ports. Throws where a lane asks for an element that the tensor does not have. */
export function fetchSource(
  operator: string,
  nest: Nest,
  work: WorkOf<"fetch">,
  wires: readonly Wire[],
  layout: TensorLayout,
  tier: PlacedTier,
): CountingSource {
  const walk = makeWalk(nest);
  const from = wiresOf(wires, work.indexPort)[0]!;
  const numberStep = wires[from]!.words === 1 ? 0 : 1;
  const bursts = makeBursts(layout, tier, nest.lanes, 1, false);
  const size = sizeOf(layout);
  return steered(bursts, (inputs, into, words) => {
    findLanes(walk);
    const numbers = inputs[from]!;
    checkNumbers(operator, work.tensor, numbers, walk.lo, walk.hi, size);
    for (let l = walk.lo; l < walk.hi; l++) touch(bursts, numbers[l * numberStep]!, 1);
    advance(walk);
    return ask(bursts, into, words);
  });
}

/** The source of an append nest: its records lie one behind the other. Throws where there are more of them than the tensor has elements. */
export function appendSource(
  operator: string,
  nest: Nest,
  work: WorkOf<"append">,
  wires: readonly Wire[],
  layout: TensorLayout,
  tier: PlacedTier,
): CountingSource {
  const walk = makeWalk(nest);
  const whens = whenPorts(work, wires);
  const bursts = makeBursts(layout, tier, 1, nest.lanes * whens.length, true);
  const size = sizeOf(layout);
  let written = 0;
  return steered(bursts, (inputs, into, words) => {
    findLanes(walk);
    const records = countRecords(whens, inputs, walk.lo, walk.hi);
    if (written + records > size) throw tooManyRecords(operator, size);
    if (records > 0) touch(bursts, written, records);
    written += records;
    advance(walk);
    return ask(bursts, into, words);
  });
}

function sizeOf({ shape }: TensorLayout): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

interface Bursts {
  readonly base_bytes: number;
  readonly elementBytes: number;
  readonly burst_bytes: number;
  /** Bursts before the next channel's turn. */
  readonly burstsPerTurn: number;
  readonly order: ChannelOrder;
  readonly firstResource: number;
  /** As in requests.ts. */
  readonly mark: number;
  /** Touched by the firing under way, in the order in which its lanes come to them, and by the last firing before it that touched any. */
  touched: BurstSet;
  before: BurstSet;
  count: number;
}

/** The bursts of one firing, in order, and a table to find them in: a slot is full where its stamp is the set's. A JavaScript Set made the source take twice as long. */
interface BurstSet {
  readonly bursts: Float64Array;
  length: number;
  readonly slots: Float64Array;
  readonly stamps: Float64Array;
  stamp: number;
}

function makeBurstSet(mostBursts: number): BurstSet {
  const slots = 2 ** Math.ceil(Math.log2(4 * mostBursts));
  return { bursts: new Float64Array(mostBursts), length: 0, slots: new Float64Array(slots), stamps: new Float64Array(slots), stamp: 1 };
}

/** The slot that has the burst, or that would have it. */
function slotOf({ slots, stamps, stamp }: BurstSet, burst: number): number {
  const mask = slots.length - 1;
  let slot = burst & mask;
  while (stamps[slot] === stamp && slots[slot] !== burst) slot = (slot + 1) & mask;
  return slot;
}

function holds(set: BurstSet, burst: number): boolean {
  return set.stamps[slotOf(set, burst)] === set.stamp;
}

function addBurst(set: BurstSet, burst: number): void {
  const slot = slotOf(set, burst);
  if (set.stamps[slot] === set.stamp) return;
  set.stamps[slot] = set.stamp;
  set.slots[slot] = burst;
  set.bursts[set.length++] = burst;
}

function clear(set: BurstSet): void {
  set.length = 0;
  set.stamp++;
}

/** `pieces` times in a firing so many `elements` are touched, one behind the other. */
function makeBursts({ base_bytes, dtype }: TensorLayout, { spec, first }: PlacedTier, pieces: number, elements: number, writes: boolean): Bursts {
  const mostBursts = pieces * (Math.floor((Math.ceil(elements * bytesOf(dtype)) - 1) / spec.burst_bytes) + 2);
  return {
    base_bytes,
    elementBytes: bytesOf(dtype),
    burst_bytes: spec.burst_bytes,
    burstsPerTurn: spec.interleave_bytes / spec.burst_bytes,
    order: channelOrder(spec),
    firstResource: first,
    mark: spec.fidelity === "detailed" ? Number(writes) : -1,
    touched: makeBurstSet(mostBursts),
    before: makeBurstSet(mostBursts),
    count: 0,
  };
}

function touch({ base_bytes, elementBytes, burst_bytes, touched }: Bursts, element: number, elements: number): void {
  const last = Math.ceil((base_bytes + (element + elements) * elementBytes) / burst_bytes) - 1;
  for (let burst = Math.floor((base_bytes + element * elementBytes) / burst_bytes); burst <= last; burst++) addBurst(touched, burst);
}

/** Asks for what this firing touched and the one before did not. */
function ask(bursts: Bursts, into: Int32Array, words: Float64Array): number {
  const { touched, before, burstsPerTurn, order, firstResource, mark } = bursts;
  if (touched.length === 0) return 0;
  let asked = 0;
  for (let i = 0; i < touched.length; i++) {
    const burst = touched.bursts[i]!;
    if (holds(before, burst)) continue;
    if (mark >= 0) words[asked] = 2 * numberInChannel(burst, burstsPerTurn, order.channels) + mark;
    into[asked++] = firstResource + channelOf(Math.floor(burst / burstsPerTurn), order);
  }
  clear(before);
  bursts.before = touched;
  bursts.touched = before;
  bursts.count += asked;
  return asked;
}

function steered(bursts: Bursts, next: (inputs: readonly Float64Array[], into: Int32Array, words: Float64Array) => number): CountingSource {
  return {
    maxBursts: bursts.touched.bursts.length,
    next: (_n, into, inputs, words) => next(inputs, into, words),
    repeats: () => 0,
    shift: () => {
      throw new Error("bursts that data steers cannot be foretold: their process cannot leap");
    },
    bursts: () => bursts.count,
  };
}
