/**
 * The requests that wait in a controller, kept by bank: of each bank and queue a list in order of arrival, and the first of it that hits the open row
 * and the first that does not. For of all requests of a bank with the same next command only the first can be the one that a scheduler takes.
 *
 * Hot path: typed arrays and a pool of entries; measured with `npm run bench -- dram`.
 */

import { CLOSED } from "./device.ts";

export const READS = 0;
export const WRITES = 1;
export const NONE = -1;

export interface Queues {
  readonly banks: number;
  /** The open row of each bank, or CLOSED. */
  readonly open: Int32Array;
  /** Of each entry. */
  readonly bank: Int32Array;
  readonly row: Int32Array;
  readonly column: Int32Array;
  readonly write: Uint8Array;
  readonly tag: Float64Array;
  readonly arrived: Float64Array;
  /** Order of arrival. */
  readonly order: Float64Array;
  readonly next: Int32Array;
  readonly previous: Int32Array;
  /** Of each queue and bank (queue * banks + bank): first and last of the list, first hit, first miss; or NONE. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly hit: Int32Array;
  readonly miss: Int32Array;
  /** Of each queue: how many wait, in how many banks, and in which; and where each bank stands in that list. */
  readonly waiting: Int32Array;
  readonly occupied: Int32Array;
  readonly occupiedBanks: Int32Array;
  readonly standing: Int32Array;
  /** Entries that are free: the first `free[0]` of `pool`. */
  readonly pool: Int32Array;
  readonly free: Int32Array;
  arrivals: number;
}

/** `entries`: most that can wait and be active at one time. */
export function createQueues(banks: number, entries: number): Queues {
  const none = (): Int32Array => new Int32Array(2 * banks).fill(NONE);
  return {
    banks,
    open: new Int32Array(banks).fill(CLOSED),
    bank: new Int32Array(entries),
    row: new Int32Array(entries),
    column: new Int32Array(entries),
    write: new Uint8Array(entries),
    tag: new Float64Array(entries),
    arrived: new Float64Array(entries),
    order: new Float64Array(entries),
    next: new Int32Array(entries),
    previous: new Int32Array(entries),
    first: none(),
    last: none(),
    hit: none(),
    miss: none(),
    waiting: new Int32Array(2),
    occupied: new Int32Array(2),
    occupiedBanks: new Int32Array(2 * banks),
    standing: new Int32Array(2 * banks),
    pool: Int32Array.from({ length: entries }, (_, i) => entries - 1 - i),
    free: Int32Array.of(entries),
    arrivals: 0,
  };
}

/** Puts a request at the end of its queue. */
export function join(q: Queues, bank: number, row: number, column: number, write: boolean, tag: number, arrived: number): void {
  const entry = q.pool[--q.free[0]!]!;
  q.bank[entry] = bank;
  q.row[entry] = row;
  q.column[entry] = column;
  q.write[entry] = write ? 1 : 0;
  q.tag[entry] = tag;
  q.arrived[entry] = arrived;
  q.order[entry] = q.arrivals++;
  link(q, write ? WRITES : READS, entry);
}

function link(q: Queues, queue: number, entry: number): void {
  const bank = q.bank[entry]!;
  const at = queue * q.banks + bank;
  const last = q.last[at]!;
  q.next[entry] = NONE;
  q.previous[entry] = last;
  if (last === NONE) {
    q.first[at] = entry;
    q.standing[at] = q.occupied[queue]!;
    q.occupiedBanks[queue * q.banks + q.occupied[queue]!++] = bank;
  } else q.next[last] = entry;
  q.last[at] = entry;
  q.waiting[queue]!++;
  if (q.row[entry] === q.open[bank]) {
    if (q.hit[at] === NONE) q.hit[at] = entry;
  } else if (q.miss[at] === NONE) q.miss[at] = entry;
}

/** Takes an entry out of its queue. It stays the user's until `release`. */
export function leave(q: Queues, entry: number): void {
  const queue = q.write[entry]!;
  const bank = q.bank[entry]!;
  const at = queue * q.banks + bank;
  const next = q.next[entry]!;
  const previous = q.previous[entry]!;
  if (q.hit[at] === entry) q.hit[at] = firstFrom(q, next, q.open[bank]!, true);
  else if (q.miss[at] === entry) q.miss[at] = firstFrom(q, next, q.open[bank]!, false);
  if (previous === NONE) q.first[at] = next;
  else q.next[previous] = next;
  if (next === NONE) q.last[at] = previous;
  else q.previous[next] = previous;
  q.waiting[queue]!--;
  if (q.first[at] === NONE) vacate(q, queue, at);
}

function vacate(q: Queues, queue: number, at: number): void {
  const base = queue * q.banks;
  const end = base + --q.occupied[queue]!;
  const moved = q.occupiedBanks[end]!;
  q.occupiedBanks[base + q.standing[at]!] = moved;
  q.standing[base + moved] = q.standing[at]!;
}

export function release(q: Queues, entry: number): void {
  q.pool[q.free[0]!++] = entry;
}

/** A row was opened or closed: who hits it now. */
export function reopen(q: Queues, bank: number, row: number): void {
  q.open[bank] = row;
  for (let at = bank; at < 2 * q.banks; at += q.banks) {
    const first = q.first[at]!;
    q.hit[at] = row === CLOSED ? NONE : firstFrom(q, first, row, true);
    q.miss[at] = row === CLOSED ? first : firstFrom(q, first, row, false);
  }
}

/** The first entry of a list, from this one on, that has the row or, where `hits` is false, that has another. */
function firstFrom(q: Queues, from: number, row: number, hits: boolean): number {
  let entry = from;
  while (entry !== NONE && (q.row[entry] === row) !== hits) entry = q.next[entry]!;
  return entry;
}

/** Whether a write to the same place waits. */
export function hasWrite(q: Queues, bank: number, row: number, column: number): boolean {
  let entry = q.first[WRITES * q.banks + bank]!;
  while (entry !== NONE && (q.column[entry] !== column || q.row[entry] !== row)) entry = q.next[entry]!;
  return entry !== NONE;
}
