/**
 * The requests that wait in a controller, kept by bank: of each bank and queue a list in order of arrival, and the first of it that hits the open row
 * and the first that does not. For of all requests of a bank with the same next command only the first can be the one that a scheduler takes. Those
 * firsts stand together in dense lists of candidates, each with the two ready times that it waits for.
 *
 * Hot path: typed arrays and a pool of entries; measured with `npm run bench -- dram`.
 */

import { CLOSED } from "./device.ts";
import { ACT, PRE, RD, type Tables } from "./tables.ts";

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
  /** Of each queue: how many wait. */
  readonly waiting: Int32Array;
  /** Of each bank: whether a request for which its row was opened still waits for its access; until then it is not closed for another. */
  readonly activeOf: Uint8Array;
  readonly candidates: Candidates;
  readonly tables: Tables;
  /** A row is not closed for a request that came after one that hits it. */
  readonly guarded: boolean;
  /** Entries that are free: the first `free[0]` of `pool`. */
  readonly pool: Int32Array;
  readonly free: Int32Array;
  arrivals: number;
}

/** Four dense lists, of `banks` places each: of each queue the accesses (2 * queue), and what opens and closes rows (2 * queue + 1). */
export interface Candidates {
  readonly count: Int32Array;
  readonly entry: Int32Array;
  readonly bank: Int32Array;
  readonly command: Int32Array;
  /** The ready times that it waits for: its group's and its bank's. */
  readonly shared: Int32Array;
  readonly own: Int32Array;
  readonly order: Float64Array;
  /** Of each list and bank: where its candidate stands, or NONE. */
  readonly place: Int32Array;
}

function createCandidates(banks: number): Candidates {
  const places = (): Int32Array => new Int32Array(4 * banks);
  return {
    count: new Int32Array(4),
    entry: places(),
    bank: places(),
    command: places(),
    shared: places(),
    own: places(),
    order: new Float64Array(4 * banks),
    place: places().fill(NONE),
  };
}

/** `entries`: most that can wait and be active at one time. */
export function createQueues(banks: number, entries: number, tables: Tables, guarded: boolean): Queues {
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
    activeOf: new Uint8Array(banks),
    candidates: createCandidates(banks),
    tables,
    guarded,
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
  if (last === NONE) q.first[at] = entry;
  else q.next[last] = entry;
  q.last[at] = entry;
  q.waiting[queue]!++;
  if (q.row[entry] === q.open[bank]) {
    if (q.hit[at] !== NONE) return;
    q.hit[at] = entry;
  } else {
    if (q.miss[at] !== NONE) return;
    q.miss[at] = entry;
  }
  nominate(q, queue, bank);
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
  nominate(q, queue, bank);
}

export function release(q: Queues, entry: number): void {
  q.pool[q.free[0]!++] = entry;
}

/** A row was opened or closed: who hits it now. */
export function reopen(q: Queues, bank: number, row: number): void {
  q.open[bank] = row;
  for (let queue = READS; queue <= WRITES; queue++) {
    const at = queue * q.banks + bank;
    const first = q.first[at]!;
    if (first === NONE) continue;
    q.hit[at] = row === CLOSED ? NONE : firstFrom(q, first, row, true);
    q.miss[at] = row === CLOSED ? first : firstFrom(q, first, row, false);
    nominate(q, queue, bank);
  }
}

/** A request of this bank became active, or had its access. */
export function setActive(q: Queues, bank: number, active: boolean): void {
  q.activeOf[bank] = active ? 1 : 0;
  for (let queue = READS; queue <= WRITES; queue++) if (q.first[queue * q.banks + bank] !== NONE) nominate(q, queue, bank);
}

/** Who of a bank's requests may be taken next: the first hit, and the first miss where the bank is closed or may be closed. */
function nominate(q: Queues, queue: number, bank: number): void {
  const hit = q.hit[queue * q.banks + bank]!;
  const miss = q.miss[queue * q.banks + bank]!;
  if (hit === NONE) withdraw(q, 2 * queue, bank);
  else stand(q, 2 * queue, bank, hit, RD + queue);
  const closed = q.open[bank] === CLOSED;
  const barred = !closed && (q.activeOf[bank] === 1 || (q.guarded && hit !== NONE && miss !== NONE && q.arrived[hit]! <= q.arrived[miss]!));
  if (miss === NONE || barred) withdraw(q, 2 * queue + 1, bank);
  else stand(q, 2 * queue + 1, bank, miss, closed ? ACT : PRE);
}

function stand({ candidates: c, banks, tables, order }: Queues, list: number, bank: number, entry: number, command: number): void {
  const base = list * banks;
  let at = c.place[base + bank]!;
  if (at === NONE) {
    at = base + c.count[list]!++;
    c.place[base + bank] = at;
    c.bank[at] = bank;
  }
  c.entry[at] = entry;
  c.command[at] = command;
  c.shared[at] = command * tables.groups + tables.groupOf[bank]!;
  c.own[at] = tables.bankBase + command * banks + bank;
  c.order[at] = order[entry]!;
}

function withdraw({ candidates: c, banks }: Queues, list: number, bank: number): void {
  const base = list * banks;
  const at = c.place[base + bank]!;
  if (at === NONE) return;
  const last = base + --c.count[list]!;
  c.place[base + bank] = NONE;
  if (at === last) return;
  c.entry[at] = c.entry[last]!;
  c.bank[at] = c.bank[last]!;
  c.command[at] = c.command[last]!;
  c.shared[at] = c.shared[last]!;
  c.own[at] = c.own[last]!;
  c.order[at] = c.order[last]!;
  c.place[base + c.bank[at]!] = at;
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
