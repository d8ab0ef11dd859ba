/**
 * Processes of which only time matters: stretches of firings at which at most ports of period 1 act are bounded once and then run without
 * checks, and stretches without any event take one step. Hot path (bench: chains).
 */

import { markDirty } from "./dirty.ts";
import { fireOnce } from "./firing.ts";
import { sendBursts } from "./requests.ts";
import {
  ARRIVED,
  BLOCKED,
  BUSY,
  COUNTERS,
  CURRENT,
  DELAY,
  FAST_END,
  FAST_IN,
  FAST_OUT,
  FIRED,
  FREED,
  II,
  KNOWN,
  LAST,
  MASK,
  MEMORY,
  OTHER,
  PC,
  PF,
  PI,
  POPPED,
  PORT,
  PORT_END,
  PUSHED,
  QF,
  QI,
  QUIET,
  READY,
  SLOT0,
  SLOTS,
  STARVED,
  type State,
  TAKEN,
  TOKENS,
  TOTAL,
} from "./state.ts";

/** Fires a process as often as it can. */
export function fireTimed(state: State, p: number): void {
  const { pf } = state;
  const b = p * PF;
  const total = pf[b + TOTAL]!;
  for (let n = pf[b + FIRED]!; n < total; n = pf[b + FIRED]!) {
    const quiet = Math.min(pf[b + QUIET]!, total) - n;
    if (quiet === 0 ? !fireOnce(state, p) : fireBatch(state, p, quiet) === 0) return;
    if (pf[b + LAST]! > state.maxTicks) return;
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
    if (pf[b + LAST]! > state.maxTicks) return;
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

/** At most one input and one output: what most processes are. A missing one is a port that never makes anybody wait. */
function firePipe(state: State, p: number, fastIn: number, fastOut: number, fastEnd: number, limit: number): number {
  const { pf, qi, qf, ci, time, fast, count, portCount, noInput, noOutput } = state;
  const input = fastIn < fastOut ? fast[fastIn]! : noInput;
  const output = fastOut < fastEnd ? fast[fastOut]! : noOutput;
  const i = input * QI;
  const o = output * QI;
  const ic = qi[i + COUNTERS]!;
  const oc = qi[o + COUNTERS]!;
  const popped = ci[ic + POPPED]!;
  const taken = ci[oc + TAKEN]!;
  let number = limit;
  if (input !== noInput && ((ci[ic + KNOWN]! - popped) | 0) < number) number = (ci[ic + KNOWN]! - popped) | 0;
  if (output !== noOutput && ((ci[oc + FREED]! - taken) | 0) < number) number = (ci[oc + FREED]! - taken) | 0;
  if (number === 0) return 0;
  const inMask = qi[i + MASK]!;
  const outMask = qi[o + MASK]!;
  const arrivals = qi[i + TOKENS]!;
  const frees = qi[i + SLOTS]!;
  const slots = qi[o + SLOTS]!;
  const pushes = qi[o + TOKENS]!;
  const freed = ci[ic + FREED]!;
  const known = ci[oc + KNOWN]!;
  const delay = qf[output * QF + DELAY]!;
  const b = p * PF;
  const ii = pf[b + II]!;
  let ready = pf[b + READY]!;
  let start = ready;
  let starved = 0;
  let blocked = 0;
  for (let k = 0; k < number; k++) {
    const arrival = time[arrivals + ((popped + k) & inMask)]!;
    const slot = time[slots + ((taken + k) & outMask)]!;
    start = ready;
    if (arrival > start) {
      starved += arrival - start;
      start = arrival;
    }
    if (slot > start) {
      blocked += slot - start;
      start = slot;
    }
    time[frees + ((freed + k) & inMask)] = start + 1;
    time[pushes + ((known + k) & outMask)] = start + delay;
    ready = start + ii;
  }
  ci[ic + POPPED] = popped + number;
  ci[ic + FREED] = freed + number;
  ci[oc + TAKEN] = taken + number;
  ci[oc + KNOWN] = known + number;
  ci[oc + PUSHED] = known + number;
  qf[output * QF + ARRIVED] = start + delay;
  pf[b + FIRED]! += number;
  pf[b + READY] = ready;
  pf[b + LAST] = start;
  count[p * PC + BUSY]! += number * ii;
  count[p * PC + STARVED]! += starved;
  count[p * PC + BLOCKED]! += blocked;
  if (input !== noInput) {
    count[portCount + input]! += starved;
    markDirty(state, qi[i + OTHER]!);
  }
  if (output !== noOutput) {
    count[portCount + output]! += blocked;
    markDirty(state, qi[o + OTHER]!);
  }
  return number;
}

/** As firePipe, each firing with its bursts. */
function requestPipe(state: State, p: number, fastIn: number, fastOut: number, fastEnd: number, limit: number): number {
  const { pf, pi, qi, ci, time, fast, count, portCount, noInput, noOutput, slotFree, slotPush, slotPush0 } = state;
  const input = fastIn < fastOut ? fast[fastIn]! : noInput;
  const output = fastOut < fastEnd ? fast[fastOut]! : noOutput;
  const i = input * QI;
  const o = output * QI;
  const ic = qi[i + COUNTERS]!;
  const oc = qi[o + COUNTERS]!;
  const popped = ci[ic + POPPED]!;
  const taken = ci[oc + TAKEN]!;
  let number = limit;
  if (input !== noInput && ((ci[ic + KNOWN]! - popped) | 0) < number) number = (ci[ic + KNOWN]! - popped) | 0;
  if (output !== noOutput && ((ci[oc + FREED]! - taken) | 0) < number) number = (ci[oc + FREED]! - taken) | 0;
  const inMask = qi[i + MASK]!;
  const outMask = qi[o + MASK]!;
  const arrivals = qi[i + TOKENS]!;
  const frees = qi[i + SLOTS]!;
  const slots = qi[o + SLOTS]!;
  const pushes = qi[o + TOKENS]!;
  const freed = ci[ic + FREED]!;
  const first = pi[p * PI + PORT]!;
  const ports = pi[p * PI + PORT_END]! - first;
  const promises = slotPush0[p]! - pi[p * PI + SLOT0]! * ports + output - first;
  const source = state.sources[p]!;
  const b = p * PF;
  const ii = pf[b + II]!;
  const n = pf[b + FIRED]!;
  let ready = pf[b + READY]!;
  let start = ready;
  let starved = 0;
  let memory = 0;
  let blocked = 0;
  let k = 0;
  for (; k < number; k++) {
    const at = pi[p * PI + CURRENT]!;
    const free = slotFree[at]!;
    if (free < 0) break;
    const arrival = time[arrivals + ((popped + k) & inMask)]!;
    const slot = time[slots + ((taken + k) & outMask)]!;
    start = ready;
    if (arrival > start) {
      starved += arrival - start;
      start = arrival;
    }
    if (free > start) {
      memory += free - start;
      start = free;
    }
    if (slot > start) {
      blocked += slot - start;
      start = slot;
    }
    time[frees + ((freed + k) & inMask)] = start + 1;
    if (output !== noOutput) {
      const position = ci[oc + PUSHED]! & outMask;
      time[pushes + position] = -1;
      slotPush[promises + at * ports] = position;
      ci[oc + PUSHED]!++;
    }
    sendBursts(state, p, n + k, start, at, source);
    ready = start + ii;
  }
  if (k === 0) return 0;
  ci[ic + POPPED] = popped + k;
  ci[ic + FREED] = freed + k;
  ci[oc + TAKEN] = taken + k;
  pf[b + FIRED] = n + k;
  pf[b + READY] = ready;
  pf[b + LAST] = start;
  count[p * PC + BUSY]! += k * ii;
  count[p * PC + STARVED]! += starved;
  count[p * PC + MEMORY]! += memory;
  count[p * PC + BLOCKED]! += blocked;
  if (input !== noInput) {
    count[portCount + input]! += starved;
    markDirty(state, qi[i + OTHER]!);
  }
  if (output !== noOutput) count[portCount + output]! += blocked;
  return k;
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
function startBatch({ pf, count, portCount, starts, slots, inPort, outPort }: State, p: number, number: number): void {
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
