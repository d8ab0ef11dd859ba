/**
 * The state of processes and resources relative to a point in time, and the same state moved on: what proves that a run recurs, and what
 * skips whole periods of it. The conditions under which a leap is exact are the caller's.
 */

import { convertTime } from "./clock.ts";
import {
  ACT,
  ARRIVED,
  CI,
  CURRENT,
  DRAWN,
  FIRED,
  FREED,
  LAST,
  MASK,
  NEXT,
  PF,
  PI,
  POPPED,
  PORT,
  PUSHED,
  QF,
  QI,
  QUIET,
  RC,
  READY,
  SERVED,
  SLOT_END,
  SLOT0,
  SLOTS,
  type State,
  TAKEN,
  TOKENS,
  TOTAL,
} from "./layout.ts";
import type { RequestSource } from "./network.ts";

/** Some whole periods of a run. */
export interface Leap {
  /** Ticks they take. */
  readonly cycles: number;
  /** Firings of each process in them. A process without any is left where it is. */
  readonly firings: ArrayLike<number>;
  /** What they add to `State.count`. A resource that served nothing is left where it is. */
  readonly counts: ArrayLike<number>;
}

const UNKNOWN = Number.NEGATIVE_INFINITY;

/**
 * All that decides the process's future, relative to `now` and to its firings so far: its clock, the next events of its ports, the tokens before
 * and the free slots behind it, its firings under way, the bursts of those to come; and the resources that its waits will go back to. Times that its own clock has
 * passed decide nothing and are given as its clock's.
 */
export function processState(state: State, p: number, now: number): readonly number[] {
  const { spec, pf, pi } = state;
  if (pf[p * PF + FIRED] === pf[p * PF + TOTAL]) return [Number.POSITIVE_INFINITY];
  const ports = spec.processes[p]!.ports.flatMap((_, j) => portState(state, p, pi[p * PI + PORT]! + j, now));
  return [pf[p * PF + READY]! - now, ...ports, ...flightState(state, p, now), ...sourceState(state, p)];
}

function portState(state: State, p: number, q: number, now: number): number[] {
  const { pf, pi, qi, qf, ci, time, spec } = state;
  const ready = pf[p * PF + READY]!;
  const { channel, kind, period } = spec.processes[p]!.ports[q - pi[p * PI + PORT]!]!;
  const isInput = kind.endsWith("-in");
  const base = qi[q * QI + (isInput ? TOKENS : SLOTS)]!;
  const head = ci[channel * CI + (isInput ? POPPED : TAKEN)]!;
  const length = (ci[channel * CI + (isInput ? PUSHED : FREED)]! - head) | 0;
  const times = Array.from({ length }, (_, i) => time[base + ((head + i) & qi[q * QI + MASK]!)]!);
  const next = period === 1 ? 0 : qf[q * QF + NEXT]! - pf[p * PF + FIRED]!;
  const flights = state.awaits[q] === 0 ? [] : times.flatMap((at, i) => (at > ready ? flightAt(state, base + ((head + i) & qi[q * QI + MASK]!)) : []));
  return [next, qi[q * QI + ACT]!, length, ...times.map((at) => relative(at, ready, now)), ...flights];
}

const flightAt = ({ flight, flightLast }: State, position: number): number[] => (flight[position] === 0 ? [0] : [flight[position]!, flightLast[position]!]);

const relative = (at: number, ready: number, now: number): number => (at < 0 ? UNKNOWN : Math.max(at, ready) - now);

/** Outstanding slots, the next one first: when free, or what is under way and where its tokens stand. */
function flightState(state: State, p: number, now: number): number[] {
  const { pf, pi, slotFree, slotPending, slotStart, slotDone, slotLast } = state;
  const first = pi[p * PI + SLOT0]!;
  const length = pi[p * PI + SLOT_END]! - first;
  const slots = Array.from({ length }, (_, i) => first + ((pi[p * PI + CURRENT]! - first + i) % length));
  return slots.flatMap((slot) => {
    const free = relative(slotFree[slot]!, pf[p * PF + READY]!, now);
    const last = slotDone[slot] === slotStart[slot] ? 0 : slotLast[slot]!;
    if (slotFree[slot]! >= 0) return [free, slotFree[slot]! > pf[p * PF + READY]! ? slotLast[slot]! : 0];
    return [free, slotPending[slot]!, slotStart[slot]! - now, slotDone[slot]! - now, last, ...promises(state, p, slot)];
  });
}

/** How far behind the newest token each promised one stands. */
function promises({ spec, pi, qi, ci, slotPush, slotPush0 }: State, p: number, slot: number): number[] {
  const { ports } = spec.processes[p]!;
  const pushes = slotPush0[p]! + (slot - pi[p * PI + SLOT0]!) * ports.length;
  return ports.map(({ channel }, j) => {
    const position = slotPush[pushes + j]!;
    return position < 0 ? UNKNOWN : (ci[channel * CI + PUSHED]! - position) & qi[(pi[p * PI + PORT]! + j) * QI + MASK]!;
  });
}

/** The bursts of the next firing, where they have been drawn already (-1: they have not), and what decides those after it. */
function sourceState({ spec, pi, bursts }: State, p: number): number[] {
  const { requests } = spec.processes[p]!;
  if (requests === undefined) return [];
  const drawn = pi[p * PI + DRAWN]!;
  return [drawn, ...bursts[p]!.subarray(0, Math.max(0, drawn)), ...requests.source.normalisedState()];
}

/** The same for the resource: its clock, the phase of `now` in its clock and its refresh, and its pending bursts in order. */
export function resourceState(state: State, r: number, now: number): readonly number[] {
  const { clock, refresh, origin } = state.spec.resources[r]!;
  const earliest = earliestRequest(state, r);
  if (earliest === Number.POSITIVE_INFINITY) return [earliest];
  const toServer = (at: number) => convertTime(at + origin, clock.numerator, clock.denominator);
  const tick = toServer(now);
  const free = Math.max(state.free[r]!, toServer(earliest)) - tick;
  const phase = (((now + origin) % clock.denominator) * clock.numerator) % clock.denominator;
  const refreshing = refresh === undefined ? [] : [tick % refresh.interval, toServer(earliest) < refresh.interval ? 1 : 0];
  return [free, phase, ...refreshing, ...pendingState(state, r, now)];
}

/** No request that is not served yet can have been or be made before this tick. */
function earliestRequest({ spec, pf, pending }: State, r: number): number {
  const isAlive = (p: number) => pf[p * PF + FIRED]! < pf[p * PF + TOTAL]!;
  const clients = spec.processes.flatMap(({ requests }, p) => (requests !== undefined && isAlive(p) ? [pf[p * PF + READY]!] : []));
  const { size, time } = pending[r]!;
  return Math.min(Number.POSITIVE_INFINITY, ...clients, ...(size > 0 ? [time[0]!] : []));
}

function pendingState({ pi, pending, slotProcess }: State, r: number, now: number): number[] {
  const { size, time, slot: slots } = pending[r]!;
  const entries = Array.from({ length: size }, (_, i) => {
    const slot = slots[i]!;
    const p = slotProcess[slot]!;
    const length = pi[p * PI + SLOT_END]! - pi[p * PI + SLOT0]!;
    return [time[i]! - now, p, (slot - pi[p * PI + CURRENT]! + length) % length] as const;
  });
  return entries.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).flat();
}

/** The state after the leap. Throws where a port, a process or a resource cannot take part in it. */
export function shiftState(state: State, leap: Leap): void {
  state.spec.processes.forEach((_, p) => {
    if (leap.firings[p]! > 0) shiftProcess(state, p, leap.firings[p]!, leap.cycles);
  });
  state.spec.resources.forEach((_, r) => {
    if (leap.counts[state.resourceCount + r * RC + SERVED]! > 0) shiftResource(state, r, leap.cycles);
  });
  for (let i = 0; i < state.count.length; i++) state.count[i]! += leap.counts[i]!;
}

function shiftProcess(state: State, p: number, firings: number, cycles: number): void {
  const { spec, pf, pi, slotFree, slotStart, slotDone } = state;
  const { name, ports, behaviour, requests } = spec.processes[p]!;
  if (behaviour !== undefined) throw new Error(`process ${name} computes on data and cannot leap`);
  if (pf[p * PF + FIRED]! + firings > pf[p * PF + TOTAL]!) throw new Error(`process ${name} has no ${firings} firings left`);
  ports.forEach((_, j) => {
    shiftPort(state, p, j, firings, cycles);
  });
  for (let slot = pi[p * PI + SLOT0]!; slot < pi[p * PI + SLOT_END]!; slot++) {
    if (slotFree[slot]! >= 0) slotFree[slot]! += cycles;
    slotStart[slot]! += cycles;
    slotDone[slot]! += cycles;
  }
  if (requests !== undefined) shiftSource(state, p, firings, requests.source);
  pf[p * PF + FIRED]! += firings;
  pf[p * PF + READY]! += cycles;
  pf[p * PF + LAST]! += cycles;
  const next = ports.map(({ period }, j) => (period === 1 ? Number.POSITIVE_INFINITY : state.qf[(pi[p * PI + PORT]! + j) * QF + NEXT]!));
  pf[p * PF + QUIET] = Math.min(Number.POSITIVE_INFINITY, ...next);
}

/** Bursts that were drawn for the next firing are those of the next one after the leap. If that is past the last firing, there is one draw less to skip. */
function shiftSource({ pf, pi }: State, p: number, firings: number, source: RequestSource): void {
  const isDone = pf[p * PF + FIRED]! + firings === pf[p * PF + TOTAL]!;
  source.shift(isDone && pi[p * PI + DRAWN]! >= 0 ? firings - 1 : firings);
}

/** A port that acts in the leap moves with what stands in its ring; one that does not act must have no event in it. */
function shiftPort(state: State, p: number, j: number, firings: number, cycles: number): void {
  const { spec, pf, pi, qi, qf, ci, time } = state;
  const { name, ports } = spec.processes[p]!;
  const { channel, kind, period } = ports[j]!;
  const q = pi[p * PI + PORT]! + j;
  if (firings % period !== 0) {
    if (qf[q * QF + NEXT]! < pf[p * PF + FIRED]! + firings) throw new Error(`process ${name}: port ${j} has an event among ${firings} firings`);
    return;
  }
  const isInput = kind.endsWith("-in");
  const base = qi[q * QI + (isInput ? TOKENS : SLOTS)]!;
  const end = ci[channel * CI + (isInput ? PUSHED : FREED)]!;
  for (let at = ci[channel * CI + (isInput ? POPPED : TAKEN)]!; at !== end; at = (at + 1) | 0) {
    const entry = base + (at & qi[q * QI + MASK]!);
    if (time[entry]! >= 0) time[entry]! += cycles;
  }
  if (period > 1) qf[q * QF + NEXT]! += firings;
  if (!isInput && qf[q * QF + ARRIVED]! > 0) qf[q * QF + ARRIVED]! += cycles;
}

function shiftResource({ spec, pending, free }: State, r: number, cycles: number): void {
  const { name, clock } = spec.resources[r]!;
  const ticks = (cycles * clock.numerator) / clock.denominator;
  if (!Number.isInteger(ticks)) throw new Error(`resource ${name}: ${cycles} cycles are no whole number of its ticks`);
  free[r]! += ticks;
  const { time, size } = pending[r]!;
  for (let i = 0; i < size; i++) time[i]! += cycles;
}
