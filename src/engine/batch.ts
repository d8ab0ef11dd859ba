/**
 * Processes of which only time matters: stretches of firings at which at most ports of period 1 act are bounded once and then run without
 * checks, and stretches without any event take one step. Hot path (bench: chains).
 */

import { markDirty } from "./dirty.ts";
import { fireOnce } from "./firing.ts";
import { countLate } from "./late.ts";
import {
  ARRIVED,
  BLOCKED,
  BUSY,
  COUNTERS,
  DELAY,
  FAST_END,
  FAST_IN,
  FAST_OUT,
  FIRED,
  FREED,
  II,
  KNOWN,
  LAST,
  LIMIT,
  MASK,
  OTHER,
  PC,
  PF,
  PI,
  POPPED,
  PUSHED,
  QF,
  QI,
  QUIET,
  RANK,
  READY,
  SLOTS,
  STARVED,
  type State,
  TAKEN,
  TOKENS,
  TOTAL,
} from "./layout.ts";
import { firePipe, requestPipe } from "./pipe.ts";

/** Stretches in one visit: a process that waits only for itself must leave the others, and fast-forward, their turn. */
const LONGEST_VISIT = 4096;

/** Fires a process as often as it can. */
export function fireTimed(state: State, p: number): void {
  const { pf } = state;
  const b = p * PF;
  const total = pf[b + TOTAL]!;
  let left = LONGEST_VISIT;
  for (let n = pf[b + FIRED]!; n < total; n = pf[b + FIRED]!) {
    if (left-- === 0) {
      markDirty(state, state.pi[p * PI + RANK]!);
      return;
    }
    const quiet = Math.min(pf[b + QUIET]!, total) - n;
    if (quiet === 0 ? !fireOnce(state, p) : fireBatch(state, p, quiet) === 0) return;
    if (pf[b + LAST]! > pf[b + LIMIT]!) return;
  }
}

/** Fires a process with requests as often as it can. */
export function fireRequesting(state: State, p: number): void {
  const { pf, pi } = state;
  const b = p * PF;
  const total = pf[b + TOTAL]!;
  const fastIn = pi[p * PI + FAST_IN]!;
  const fastOut = pi[p * PI + FAST_OUT]!;
  const fastEnd = pi[p * PI + FAST_END]!;
  const isPipe = fastOut - fastIn <= 1 && fastEnd - fastOut <= 1;
  for (let n = pf[b + FIRED]!; n < total; n = pf[b + FIRED]!) {
    const quiet = Math.min(pf[b + QUIET]!, total) - n;
    if (quiet === 0 || !isPipe ? !fireOnce(state, p) : requestPipe(state, p, fastIn, fastOut, fastEnd, quiet) === 0) return;
    if (pf[b + LAST]! > pf[b + LIMIT]!) return;
  }
}

/** Fires at most `limit` times; returns how often. */
function fireBatch(state: State, p: number, limit: number): number {
  const { pi } = state;
  const fastIn = pi[p * PI + FAST_IN]!;
  const fastOut = pi[p * PI + FAST_OUT]!;
  const fastEnd = pi[p * PI + FAST_END]!;
  if (fastIn === fastEnd) return fireSilently(state, p, limit);
  if (fastOut - fastIn <= 1 && fastEnd - fastOut <= 1) return firePipe(state, p, fastIn, fastOut, fastEnd, limit);
  const number = boundBatch(state, fastIn, fastOut, fastEnd, limit);
  if (number === 0) return 0;
  readArrivals(state, fastIn, fastOut, number);
  readSlots(state, fastOut, fastEnd, number);
  startBatch(state, p, number);
  freeSlots(state, fastIn, fastOut, number);
  pushTokens(state, fastOut, fastEnd, number);
  return number;
}

function fireSilently({ pf, count }: State, p: number, number: number): number {
  const b = p * PF;
  const ii = pf[b + II]!;
  pf[b + FIRED]! += number;
  pf[b + LAST] = pf[b + READY]! + (number - 1) * ii;
  pf[b + READY]! += number * ii;
  count[p * PC + BUSY]! += number * ii;
  return number;
}

function boundBatch({ fast, qi, ci }: State, fastIn: number, fastOut: number, fastEnd: number, limit: number): number {
  let number = limit;
  for (let f = fastIn; f < fastOut; f++) {
    const c = qi[fast[f]! * QI + COUNTERS]!;
    const tokens = (ci[c + KNOWN]! - ci[c + POPPED]!) | 0;
    if (tokens < number) number = tokens;
  }
  for (let f = fastOut; f < fastEnd; f++) {
    const c = qi[fast[f]! * QI + COUNTERS]!;
    const slots = (ci[c + FREED]! - ci[c + TAKEN]!) | 0;
    if (slots < number) number = slots;
  }
  return number;
}

/** starts[i], inPort[i] = latest arrival for the i-th firing and the lowest port that has it. */
function readArrivals({ fast, qi, ci, time, starts, inPort }: State, fastIn: number, fastOut: number, number: number): void {
  if (fastIn === fastOut) starts.fill(-1, 0, number);
  for (let f = fastIn; f < fastOut; f++) {
    const q = fast[f]!;
    const base = qi[q * QI + TOKENS]!;
    const mask = qi[q * QI + MASK]!;
    const c = qi[q * QI + COUNTERS]!;
    const head = ci[c + POPPED]!;
    for (let i = 0; i < number; i++) {
      const arrival = time[base + ((head + i) & mask)]!;
      if (f === fastIn || arrival > starts[i]!) {
        starts[i] = arrival;
        inPort[i] = q;
      }
    }
    ci[c + POPPED] = head + number;
  }
}

/** The same for the slots of the outputs. */
function readSlots({ fast, qi, ci, time, slots, outPort }: State, fastOut: number, fastEnd: number, number: number): void {
  if (fastOut === fastEnd) slots.fill(-1, 0, number);
  for (let f = fastOut; f < fastEnd; f++) {
    const q = fast[f]!;
    const base = qi[q * QI + SLOTS]!;
    const mask = qi[q * QI + MASK]!;
    const c = qi[q * QI + COUNTERS]!;
    const head = ci[c + TAKEN]!;
    for (let i = 0; i < number; i++) {
      const slot = time[base + ((head + i) & mask)]!;
      if (f === fastOut || slot > slots[i]!) {
        slots[i] = slot;
        outPort[i] = q;
      }
    }
    ci[c + TAKEN] = head + number;
  }
}

/** Turns starts[] from arrivals into starts and counts the waits. */
function startBatch(state: State, p: number, number: number): void {
  const { pf, count, portCount, starts, slots, inPort, outPort, awaits } = state;
  const b = p * PF;
  const ii = pf[b + II]!;
  let ready = pf[b + READY]!;
  let [starved, blocked] = [0, 0];
  for (let i = 0; i < number; i++) {
    const arrival = starts[i]!;
    const slot = slots[i]!;
    let start = ready;
    if (arrival > start) {
      starved += arrival - start;
      count[portCount + inPort[i]!]! += arrival - start;
      if (awaits[inPort[i]!] === 1) countLate(state, p, inPort[i]!, popped(state, inPort[i]!) - number + i, arrival - start);
      start = arrival;
    }
    if (slot > start) {
      blocked += slot - start;
      count[portCount + outPort[i]!]! += slot - start;
      start = slot;
    }
    starts[i] = start;
    ready = start + ii;
  }
  pf[b + FIRED]! += number;
  pf[b + READY] = ready;
  pf[b + LAST] = ready - ii;
  count[p * PC + BUSY]! += number * ii;
  count[p * PC + STARVED]! += starved;
  count[p * PC + BLOCKED]! += blocked;
}

const popped = ({ qi, ci }: State, q: number): number => ci[qi[q * QI + COUNTERS]! + POPPED]!;

function freeSlots(state: State, fastIn: number, fastOut: number, number: number): void {
  const { fast, qi, ci, time, starts } = state;
  for (let f = fastIn; f < fastOut; f++) {
    const i = fast[f]! * QI;
    const base = qi[i + SLOTS]!;
    const mask = qi[i + MASK]!;
    const c = qi[i + COUNTERS]!;
    const tail = ci[c + FREED]!;
    for (let k = 0; k < number; k++) time[base + ((tail + k) & mask)] = starts[k]! + 1;
    ci[c + FREED] = tail + number;
    markDirty(state, qi[i + OTHER]!);
  }
}

function pushTokens(state: State, fastOut: number, fastEnd: number, number: number): void {
  const { fast, qi, qf, ci, time, starts } = state;
  for (let f = fastOut; f < fastEnd; f++) {
    const q = fast[f]!;
    const i = q * QI;
    const base = qi[i + TOKENS]!;
    const mask = qi[i + MASK]!;
    const c = qi[i + COUNTERS]!;
    const delay = qf[q * QF + DELAY]!;
    const tail = ci[c + KNOWN]!;
    for (let k = 0; k < number; k++) time[base + ((tail + k) & mask)] = starts[k]! + delay;
    ci[c + KNOWN] = tail + number;
    ci[c + PUSHED] = tail + number;
    qf[q * QF + ARRIVED] = starts[number - 1]! + delay;
    markDirty(state, qi[i + OTHER]!);
  }
}
