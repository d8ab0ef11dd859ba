/**
 * The requests that a controller holds, in slots that are found again by the place they are for.
 *
 * Hot path: typed arrays and chains of a hash table, no objects (per-bank.ts).
 */

import type { DramRequest } from "./controller.ts";

export interface Slots {
  readonly bank: Int32Array;
  readonly row: Int32Array;
  readonly column: Int32Array;
  /** 1 for a write. */
  readonly write: Uint8Array;
  readonly tag: Float64Array;
  /** Requests count up as they come. */
  readonly order: Float64Array;
  /** The next slot of the same bucket, or NONE; of a free slot, the next free one. */
  readonly next: Int32Array;
  readonly buckets: Int32Array;
  free: number;
  taken: number;
  /** Tags of reads that ride on the read of a slot. */
  readonly riders: Map<number, number[]>;
}

export const NONE = -1;
const BUCKETS = 1024;

export function createSlots(capacity: number): Slots {
  const words = (): Int32Array => new Int32Array(capacity);
  const next = words().map((_, slot) => (slot + 1 === capacity ? NONE : slot + 1));
  return {
    bank: words(),
    row: words(),
    column: words(),
    write: new Uint8Array(capacity),
    tag: new Float64Array(capacity),
    order: new Float64Array(capacity),
    next,
    buckets: new Int32Array(BUCKETS).fill(NONE),
    free: 0,
    taken: 0,
    riders: new Map(),
  };
}

const bucketOf = (bank: number, row: number, column: number): number => {
  const mixed = Math.imul(row ^ Math.imul(column, 0x9e37) ^ (bank << 20), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1);
};

/** The slot of a read, or of a write, for this place; NONE where there is none. */
export function findSlot(slots: Slots, bank: number, row: number, column: number, write: number): number {
  let slot = slots.buckets[bucketOf(bank, row, column)]!;
  while (slot !== NONE && !isAt(slots, slot, bank, row, column, write)) slot = slots.next[slot]!;
  return slot;
}

const isAt = (slots: Slots, slot: number, bank: number, row: number, column: number, write: number): boolean =>
  slots.row[slot] === row && slots.column[slot] === column && slots.bank[slot] === bank && slots.write[slot] === write;

export function takeSlot(slots: Slots, { bank, row, column, write, tag }: DramRequest): number {
  const slot = slots.free;
  const bucket = bucketOf(bank, row, column);
  slots.free = slots.next[slot]!;
  slots.bank[slot] = bank;
  slots.row[slot] = row;
  slots.column[slot] = column;
  slots.write[slot] = write ? 1 : 0;
  slots.tag[slot] = tag;
  slots.order[slot] = slots.taken++;
  slots.next[slot] = slots.buckets[bucket]!;
  slots.buckets[bucket] = slot;
  return slot;
}

export function releaseSlot(slots: Slots, slot: number): void {
  const { next, buckets } = slots;
  const bucket = bucketOf(slots.bank[slot]!, slots.row[slot]!, slots.column[slot]!);
  if (buckets[bucket] === slot) buckets[bucket] = next[slot]!;
  else {
    let before = buckets[bucket]!;
    while (next[before] !== slot) before = next[before]!;
    next[before] = next[slot]!;
  }
  next[slot] = slots.free;
  slots.free = slot;
}
