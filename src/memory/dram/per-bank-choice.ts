/**
 * What each bank may do next and which of them comes first, for per-bank.ts.
 *
 * Hot path: most of the time goes into `choose`, twice for each command that issues (bench "dram").
 */

import type { Instant } from "../../base/units.ts";
import { CLOSED } from "./device.ts";
import { ACT, type PerBankState, PRE, READ, WRITE } from "./per-bank-state.ts";
import { NONE } from "./slots.ts";
import { earliestOf } from "./timetable.ts";

/** The first request whose command can issue now, of the queues in turn. Where there is none, `soonest` is when there may be one. */
export function choose(state: PerBankState): boolean {
  if (state.size > 1) return chooseOfRanks(state);
  const { bound, now } = state;
  const banks = bound.length;
  let { soonest, turn: bank } = state;
  for (let step = 0; step < banks; step++) {
    bank = bank + 1 === banks ? 0 : bank + 1;
    if (bound[bank]! <= now) {
      const place = readyAt(state, bank);
      if (place !== NONE) {
        state.turn = state.chosenBank = bank;
        state.chosenAt = place;
        return true;
      }
    }
    if (bound[bank]! < soonest) soonest = bound[bank]!;
  }
  state.soonest = soonest;
  return false;
}

function chooseOfRanks(state: PerBankState): boolean {
  const queues = state.held.length;
  for (let step = 1; step <= queues; step++) {
    const queue = (state.turn + step) % queues;
    if (!chooseOfRank(state, queue * state.size)) continue;
    state.turn = queue;
    return true;
  }
  return false;
}

/** Of the banks of one queue: the request that came to it first. */
function chooseOfRank(state: PerBankState, from: number): boolean {
  const { bound, now } = state;
  let found = false;
  for (let bank = from; bank < from + state.size; bank++) {
    const place = bound[bank]! > now ? NONE : readyAt(state, bank);
    if (place === NONE) state.soonest = Math.min(state.soonest, bound[bank]!);
    else if (!found || isOlder(state, bank, place)) {
      found = true;
      state.chosenBank = bank;
      state.chosenAt = place;
    }
  }
  return found;
}

function isOlder({ list, policy, slots, chosenBank, chosenAt }: PerBankState, bank: number, place: number): boolean {
  return slots.order[list[bank * policy.commands + place]!]! < slots.order[list[chosenBank * policy.commands + chosenAt]!]!;
}

/** The place of the first request of a bank whose command may issue now, or NONE; then `bound` is when that may change. */
function readyAt(state: PerBankState, bank: number): number {
  const { table, now, bound } = state;
  if (state.open[bank] === CLOSED) {
    const at = earliestOf(table, ACT, bank);
    if (at <= now) return 0;
    bound[bank] = at;
    return NONE;
  }
  let soonest = Number.POSITIVE_INFINITY;
  if (state.closes[bank] === 1) {
    soonest = earliestOf(table, PRE, bank);
    if (soonest <= now) return 0;
  }
  const read = state.readAt[bank]!;
  const write = state.writeAt[bank]!;
  const readFrom = read === NONE ? Number.POSITIVE_INFINITY : earliestOf(table, READ, bank);
  const writeFrom = write === NONE ? Number.POSITIVE_INFINITY : earliestOf(table, WRITE, bank);
  if (readFrom <= now && (writeFrom > now || read < write)) return read;
  if (writeFrom <= now) return write;
  bound[bank] = Math.min(soonest, readFrom, writeFrom);
  return NONE;
}

export function commandOfChosen({ open, list, slots, policy, chosenBank, chosenAt }: PerBankState): number {
  const slot = list[chosenBank * policy.commands + chosenAt]!;
  if (open[chosenBank] === CLOSED) return ACT;
  if (open[chosenBank] !== slots.row[slot]) return PRE;
  return slots.write[slot] === 1 ? WRITE : READ;
}

/** Looks anew at what may come next of a bank whose row, requests or hits changed. */
export function review(state: PerBankState, bank: number): void {
  const { readAt, writeAt, closes, open, count } = state;
  stir(state, bank);
  readAt[bank] = writeAt[bank] = NONE;
  closes[bank] = 0;
  if (open[bank] === CLOSED || count[bank] === 0) return;
  findHits(state, bank);
  const misses = state.slots.row[state.list[bank * state.policy.commands]!] !== open[bank];
  if (misses && mayClose(state, bank)) closes[bank] = 1;
}

/** A request came to the bank, behind its others. */
export function reviewLast(state: PerBankState, bank: number): void {
  const { readAt, writeAt, closes, open, count, slots, list, policy } = state;
  const place = count[bank]! - 1;
  const from = bank * policy.commands;
  const slot = list[from + place]!;
  if (place === 0) review(state, bank);
  if (place === 0 || open[bank] === CLOSED) return;
  if (slots.row[slot] !== open[bank]) return;
  stir(state, bank);
  if (slots.write[slot] === 0) {
    if (readAt[bank] === NONE) readAt[bank] = place;
  } else if (writeAt[bank] === NONE && !waitsForRead(state, from, place)) writeAt[bank] = place;
  if (closes[bank] === 1 && !mayClose(state, bank)) closes[bank] = 0;
}

/** From now on it may have a command to issue. */
export function stir({ bound, still, count }: PerBankState, bank: number): void {
  bound[bank] = still[bank] === 1 || count[bank] === 0 ? Number.POSITIVE_INFINITY : 0;
}

/** No request waits for the open row, or it had its share of accesses. A write that waits for an older read has that for a hit before it. */
const mayClose = ({ readAt, writeAt, hits, policy }: PerBankState, bank: number): boolean =>
  (readAt[bank] === NONE && writeAt[bank] === NONE) || hits[bank]! >= policy.hits;

function findHits(state: PerBankState, bank: number): void {
  const { readAt, writeAt, list, count, slots, writesIn, policy } = state;
  const row = state.open[bank]!;
  const from = bank * policy.commands;
  const end = count[bank]!;
  const anyWrites = writesIn[bank]! > 0;
  for (let place = 0; place < end; place++) {
    const slot = list[from + place]!;
    if (slots.row[slot] !== row) continue;
    if (slots.write[slot] === 1) {
      if (writeAt[bank] === NONE && !waitsForRead(state, from, place)) writeAt[bank] = place;
    } else if (readAt[bank] === NONE) {
      readAt[bank] = place;
      if (!anyWrites) return;
    }
  }
}

/** An older read of the bank is for the same place as this write. */
function waitsForRead({ list, slots }: PerBankState, from: number, place: number): boolean {
  const write = list[from + place]!;
  for (let index = from; index < from + place; index++) {
    const slot = list[index]!;
    if (slots.write[slot] === 0 && slots.row[slot] === slots.row[write] && slots.column[slot] === slots.column[write]) return true;
  }
  return false;
}

/** A refresh begins or ends for which the banks stand still. */
export function setStill(state: PerBankState, from: number, to: number, still: boolean): void {
  for (let bank = from; bank < to; bank++) {
    state.still[bank] = still ? 1 : 0;
    stir(state, bank);
  }
}

/** A tick at which something may happen that does not hang on a bank. */
export function wakeAt(state: PerBankState, at: Instant): void {
  if (at < state.soonest) state.soonest = at;
}
