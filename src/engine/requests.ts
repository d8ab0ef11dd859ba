/**
 * Firings that may have bursts. What one with bursts pushes is promised to its outstanding slot, and gets its time when the last burst is done; what one
 * without pushes has its time at once, but stays behind what is promised. Hot path (bench: requests).
 */

import { crossTime } from "./clock.ts";
import { markDirty } from "./dirty.ts";
import { pushHeap } from "./heap.ts";
import {
  ARRIVED,
  COMPUTING,
  COUNTERS,
  CURRENT,
  DELAY,
  DRAWN,
  KIND,
  KNOWN,
  MASK,
  OTHER,
  PF,
  PI,
  PORT,
  PORT_END,
  PUSHED,
  QF,
  QI,
  RANK,
  SLOT_END,
  SLOT0,
  STRIDE,
  type State,
  TOKENS,
} from "./layout.ts";

/** What a source sees of a process that has no behaviour. */
export const NO_INPUTS: readonly Float64Array[] = [];

/** How many bursts firing n has. Asks the source once, when the words that the firing pops stand in `inputs`; the answer stands until the firing takes it. */
export function drawBursts({ pi, sources, bursts, words, inputs }: State, p: number, n: number): number {
  const source = sources[p];
  if (source === undefined) return 0;
  if (pi[p * PI + DRAWN]! < 0) pi[p * PI + DRAWN] = source.next(n, bursts[p]!, pi[p * PI + KIND]! >= COMPUTING ? inputs[p]! : NO_INPUTS, words[p]!);
  return pi[p * PI + DRAWN]!;
}

/** When a token that port q pushes at a start or a completion arrives, in the clock of the other end. */
export function arrivalOf({ qf, crossings }: State, q: number, tick: number): number {
  const crossing = crossings[q]!;
  return crossing === null ? tick + qf[q * QF + DELAY]! : crossTime(tick, crossing);
}

/** The next token that port q pushes arrives then: known to its consumer unless a token before it is not. */
export function pushToken(state: State, q: number, arrival: number): void {
  const { qi, qf, ci, time, flight } = state;
  const i = q * QI;
  const c = qi[i + COUNTERS]!;
  const pushed = ci[c + PUSHED]!;
  const position = qi[i + TOKENS]! + (pushed & qi[i + MASK]!);
  time[position] = arrival;
  if (position < flight.length) flight[position] = 0;
  if (arrival > qf[q * QF + ARRIVED]!) qf[q * QF + ARRIVED] = arrival;
  ci[c + PUSHED]!++;
  if (ci[c + KNOWN] !== pushed) return;
  ci[c + KNOWN]!++;
  markDirty(state, qi[i + OTHER]!);
}

/** The next token that port q pushes stands in its ring, but its time comes with the last completion of the firing in this slot. */
export function promiseToken({ pi, qi, ci, time, slotPush, slotPush0 }: State, p: number, q: number, slot: number): void {
  const first = pi[p * PI + PORT]!;
  const ports = pi[p * PI + PORT_END]! - first;
  const c = qi[q * QI + COUNTERS]!;
  const position = ci[c + PUSHED]! & qi[q * QI + MASK]!;
  time[qi[q * QI + TOKENS]! + position] = -1;
  slotPush[slotPush0[p]! + (slot - pi[p * PI + SLOT0]!) * ports + q - first] = position;
  ci[c + PUSHED]!++;
}

/** Sends the bursts that were drawn, at least one, from the slot that is next. */
export function sendBursts(state: State, p: number, number: number, start: number, slot: number): void {
  const { pf, pi, slotPending, slotFree, slotStart, slotDone, bursts, words, pending } = state;
  const resources = bursts[p]!;
  const told = words[p]!;
  slotPending[slot] = number;
  slotFree[slot] = -1;
  const at = start * pf[p * PF + STRIDE]!;
  slotStart[slot] = start;
  slotDone[slot] = at;
  pi[p * PI + CURRENT] = slot + 1 === pi[p * PI + SLOT_END] ? pi[p * PI + SLOT0]! : slot + 1;
  for (let burst = 0; burst < number; burst++) pushHeap(pending[resources[burst]!]!, at, slot, told[burst]!);
}

/** The last burst of the firing in this slot is done: its tokens get their times and the slot is free again. */
export function completeFiring(state: State, slot: number): void {
  const { pf, pi, qi, qf, ci, time, flight, slotPush, slotPush0, slotFree, slotStart, slotDone, slotProcess } = state;
  const p = slotProcess[slot]!;
  const first = pi[p * PI + PORT]!;
  const end = pi[p * PI + PORT_END]!;
  const pushes = slotPush0[p]! + (slot - pi[p * PI + SLOT0]!) * (end - first);
  const done = Math.ceil(slotDone[slot]! / pf[p * PF + STRIDE]!);
  const flown = done - slotStart[slot]!;
  const last = state.slotLast[slot]!;
  slotFree[slot] = done + 1;
  markDirty(state, pi[p * PI + RANK]!);
  for (let q = first; q < end; q++) {
    const position = slotPush[pushes + q - first]!;
    if (position < 0) continue;
    slotPush[pushes + q - first] = -1;
    const i = q * QI;
    const tokens = qi[i + TOKENS]!;
    const mask = qi[i + MASK]!;
    const c = qi[i + COUNTERS]!;
    const arrival = arrivalOf(state, q, done);
    time[tokens + position] = arrival;
    flight[tokens + position] = flown;
    state.flightLast[tokens + position] = last;
    if (arrival > qf[q * QF + ARRIVED]!) qf[q * QF + ARRIVED] = arrival;
    while (ci[c + KNOWN] !== ci[c + PUSHED] && time[tokens + (ci[c + KNOWN]! & mask)]! >= 0) ci[c + KNOWN]!++;
    markDirty(state, qi[i + OTHER]!);
  }
}
