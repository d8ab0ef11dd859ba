/**
 * Firings of a process with at most one input and one output that act at all of them: one loop without calls. Long, because that made it two to three times
 * as fast as the columns of batch.ts. Hot path (bench: chains, requests).
 */

import { markDirty } from "./dirty.ts";
import { countLate } from "./late.ts";
import {
  ARRIVED,
  BLOCKED,
  BUSY,
  COUNTERS,
  CURRENT,
  DELAY,
  DRAWN,
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
  READY,
  SLOT0,
  SLOTS,
  STARVED,
  type State,
  TAKEN,
  TOKENS,
} from "./layout.ts";
import { NO_INPUTS, sendBursts } from "./requests.ts";

/** At most one input and one output: what most processes are. A missing one is a port that never makes anybody wait. */
export function firePipe(state: State, p: number, fastIn: number, fastOut: number, fastEnd: number, limit: number): number {
  const { pf, qi, qf, ci, time, fast, count, portCount, noInput, noOutput } = state;
  const input = fastIn < fastOut ? fast[fastIn]! : noInput;
  const output = fastOut < fastEnd ? fast[fastOut]! : noOutput;
  const isAwaiting = state.awaits[input] === 1;
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
      if (isAwaiting) countLate(state, p, input, popped + k, arrival - start);
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

/** As firePipe, each firing with the bursts that it may have. */
export function requestPipe(state: State, p: number, fastIn: number, fastOut: number, fastEnd: number, limit: number): number {
  const { pf, pi, qi, qf, ci, time, fast, count, portCount, noInput, noOutput, flight, slotFree, slotLast, slotPush, slotPush0 } = state;
  const input = fastIn < fastOut ? fast[fastIn]! : noInput;
  const output = fastOut < fastEnd ? fast[fastOut]! : noOutput;
  const isAwaiting = state.awaits[input] === 1;
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
  const delay = qf[output * QF + DELAY]!;
  const waits = state.byResource[p]!;
  const source = state.sources[p]!;
  const bursts = state.bursts[p]!;
  const words = state.words[p]!;
  const b = p * PF;
  const ii = pf[b + II]!;
  const n = pf[b + FIRED]!;
  let ready = pf[b + READY]!;
  let start = ready;
  let starved = 0;
  let memory = 0;
  let blocked = 0;
  let drawn = pi[p * PI + DRAWN]!;
  let pushed = ci[oc + PUSHED]!;
  let known = ci[oc + KNOWN]!;
  let arrived = qf[output * QF + ARRIVED]!;
  let k = 0;
  for (; k < number; k++) {
    if (drawn < 0) drawn = source.next(n + k, bursts, NO_INPUTS, words);
    const at = drawn === 0 ? -1 : pi[p * PI + CURRENT]!;
    const free = at < 0 ? 0 : slotFree[at]!;
    if (free < 0) break;
    const arrival = time[arrivals + ((popped + k) & inMask)]!;
    const slot = time[slots + ((taken + k) & outMask)]!;
    start = ready;
    if (arrival > start) {
      starved += arrival - start;
      if (isAwaiting) countLate(state, p, input, popped + k, arrival - start);
      start = arrival;
    }
    if (free > start) {
      memory += free - start;
      count[waits + slotLast[at]!]! += free - start;
      start = free;
    }
    if (slot > start) {
      blocked += slot - start;
      start = slot;
    }
    time[frees + ((freed + k) & inMask)] = start + 1;
    const position = pushed & outMask;
    if (at < 0) {
      const token = start + delay;
      time[pushes + position] = token;
      if (pushes + position < flight.length) flight[pushes + position] = 0;
      if (token > arrived) arrived = token;
      if (known === pushed) known = (known + 1) | 0;
    } else {
      time[pushes + position] = -1;
      if (output !== noOutput) slotPush[promises + at * ports] = position;
      sendBursts(state, p, drawn, start, at);
    }
    pushed = (pushed + 1) | 0;
    drawn = -1;
    ready = start + ii;
  }
  pi[p * PI + DRAWN] = drawn;
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
  if (output !== noOutput) {
    count[portCount + output]! += blocked;
    if (ci[oc + KNOWN] !== known) markDirty(state, qi[o + OTHER]!);
  }
  ci[oc + PUSHED] = pushed;
  ci[oc + KNOWN] = known;
  qf[output * QF + ARRIVED] = arrived;
  return k;
}
