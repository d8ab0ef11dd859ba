/**
 * One firing at which any port may act: ask when it can start, then act. Serves all processes; those without requests and data leave long stretches
 * to batch.ts. Hot path (bench: levels, requests).
 */

import { crossTime } from "./clock.ts";
import { markDirty } from "./dirty.ts";
import { countLate } from "./late.ts";
import {
  ACT,
  BLOCKED,
  BUSY,
  CI,
  COMPUTING,
  COUNTERS,
  CURRENT,
  DRAWN,
  FAST,
  FIRED,
  FREE,
  FREED,
  II,
  KIND,
  KNOWN,
  LAST,
  LIMIT,
  MASK,
  MEMORY,
  NEXT,
  OTHER,
  PC,
  PERIOD,
  PF,
  PI,
  POP,
  POPPED,
  PORT,
  PORT_END,
  PUSH,
  PUSHED,
  QF,
  QI,
  QUIET,
  READY,
  SLOTS,
  STARVED,
  type State,
  TAKE,
  TAKEN,
  TOGGLE,
  TOKENS,
  TOTAL,
} from "./layout.ts";
import { arrivalOf, drawBursts, promiseToken, pushToken, sendBursts } from "./requests.ts";

/** Fires a process that computes on data as often as it can. */
export function fireComputing(state: State, p: number): void {
  const { pf } = state;
  const total = pf[p * PF + TOTAL]!;
  while (pf[p * PF + FIRED]! < total && pf[p * PF + LAST]! <= pf[p * PF + LIMIT]! && fireOnce(state, p));
}

/** Fires a process once, whatever it needs. False if it cannot yet. */
export function fireOnce(state: State, p: number): boolean {
  const { pf, pi, slotFree } = state;
  if (!askPorts(state, p)) return false;
  const n = pf[p * PF + FIRED]!;
  const computes = pi[p * PI + KIND]! >= COMPUTING;
  // Bursts that have been drawn already were drawn with these words.
  if (computes && pi[p * PI + DRAWN]! < 0) popWords(state, p, n);
  const bursts = drawBursts(state, p, n);
  const slot = bursts === 0 ? -1 : pi[p * PI + CURRENT]!;
  const memory = slot < 0 ? 0 : slotFree[slot]!;
  if (memory < 0) return false;
  const start = startFiring(state, p, memory, slot);
  const ii = computes ? computeWords(state, p, n) : pf[p * PF + II]!;
  actPorts(state, p, start, slot);
  if (slot >= 0) sendBursts(state, p, bursts, start, slot);
  pi[p * PI + DRAWN] = -1;
  endFiring(state, p, start, ii);
  return true;
}

/** Are the times of all tokens and slots that the next firing needs known? Leaves the latest in `asked`. */
function askPorts({ pf, pi, qi, qf, ci, time, asked }: State, p: number): boolean {
  const n = pf[p * PF + FIRED]!;
  const end = pi[p * PI + PORT_END]!;
  let arrival = -1;
  let inPort = 0;
  let slot = -1;
  let outPort = 0;
  for (let q = pi[p * PI + PORT]!; q < end; q++) {
    const i = q * QI;
    if (qi[i + FAST] === 0 && qf[q * QF + NEXT] !== n) continue;
    const c = qi[i + COUNTERS]!;
    const act = qi[i + ACT]!;
    if ((act & POP) !== 0) {
      const head = ci[c + POPPED]!;
      if (head === ci[c + KNOWN]) return false;
      const at = time[qi[i + TOKENS]! + (head & qi[i + MASK]!)]!;
      if (at > arrival) {
        arrival = at;
        inPort = q;
      }
    } else if ((act & TAKE) !== 0) {
      const head = ci[c + TAKEN]!;
      if (head === ci[c + FREED]) return false;
      const at = time[qi[i + SLOTS]! + (head & qi[i + MASK]!)]!;
      if (at > slot) {
        slot = at;
        outPort = q;
      }
    }
  }
  asked[0] = arrival;
  asked[1] = inPort;
  asked[2] = slot;
  asked[3] = outPort;
  return true;
}

/** When the firing asked about starts; counts what it waited for. */
function startFiring(state: State, p: number, memory: number, slot: number): number {
  const { pf, asked, count, portCount } = state;
  let start = pf[p * PF + READY]!;
  if (asked[0]! > start) {
    starve(state, p, asked[1]!, asked[0]! - start);
    start = asked[0]!;
  }
  if (memory > start) {
    count[p * PC + MEMORY]! += memory - start;
    count[state.byResource[p]! + state.slotLast[slot]!]! += memory - start;
    start = memory;
  }
  if (asked[2]! > start) {
    count[p * PC + BLOCKED]! += asked[2]! - start;
    count[portCount + asked[3]!]! += asked[2]! - start;
    start = asked[2]!;
  }
  return start;
}

function starve(state: State, p: number, q: number, ticks: number): void {
  const { pf, qi, ci, count, portCount, fillCount, awaits } = state;
  count[p * PC + STARVED]! += ticks;
  count[portCount + q]! += ticks;
  if (pf[p * PF + FIRED] === 0) count[fillCount + q]! += ticks;
  if (awaits[q] === 1) countLate(state, p, q, ci[qi[q * QI + COUNTERS]! + POPPED]!, ticks);
}

function endFiring({ pf, count }: State, p: number, start: number, ii: number): void {
  pf[p * PF + FIRED]! += 1;
  pf[p * PF + LAST] = start;
  pf[p * PF + READY] = start + ii;
  count[p * PC + BUSY]! += ii;
}

/** Pops, frees, takes and pushes at every port that acts, and moves the ports to their next events. What it pushes is promised to `slot`, if that is not -1. */
function actPorts(state: State, p: number, start: number, slot: number): void {
  const { pf, pi, qi, qf } = state;
  const n = pf[p * PF + FIRED]!;
  const end = pi[p * PI + PORT_END]!;
  let quiet = Number.POSITIVE_INFINITY;
  for (let q = pi[p * PI + PORT]!; q < end; q++) {
    if (qi[q * QI + FAST] === 1) actPort(state, p, q, start, slot);
    else {
      if (qf[q * QF + NEXT] === n) {
        actPort(state, p, q, start, slot);
        nextEvent(state, q);
      }
      if (qf[q * QF + NEXT]! < quiet) quiet = qf[q * QF + NEXT]!;
    }
  }
  pf[p * PF + QUIET] = quiet;
}

function actPort(state: State, p: number, q: number, start: number, slot: number): void {
  const { qi, ci, time, crossings } = state;
  const i = q * QI;
  const act = qi[i + ACT]!;
  const c = qi[i + COUNTERS]!;
  const mask = qi[i + MASK]!;
  if ((act & POP) !== 0) ci[c + POPPED]!++;
  if ((act & TAKE) !== 0) ci[c + TAKEN]!++;
  if ((act & FREE) !== 0) {
    const crossing = crossings[q]!;
    time[qi[i + SLOTS]! + (ci[c + FREED]! & mask)] = crossing === null ? start + 1 : crossTime(start, crossing);
    ci[c + FREED]!++;
    markDirty(state, qi[i + OTHER]!);
  }
  if ((act & PUSH) === 0) return;
  if (slot >= 0) promiseToken(state, p, q, slot);
  else pushToken(state, q, arrivalOf(state, q, start));
}

/** A stream port acts every period; a buffer port at the first and the last firing of each. */
function nextEvent({ qi, qf }: State, q: number): void {
  const act = qi[q * QI + ACT]!;
  const toggle = qi[q * QI + TOGGLE]!;
  const period = qf[q * QF + PERIOD]!;
  qi[q * QI + ACT] = act ^ toggle;
  qf[q * QF + NEXT]! += toggle === 0 ? period : (act & (POP | TAKE)) !== 0 ? period - 1 : 1;
}

/** Computes and pushes words; returns the ticks until the next firing may start. */
function computeWords(state: State, p: number, n: number): number {
  const ii = state.spec.processes[p]!.behaviour!.fire(n, state.inputs[p]!, state.outputs[p]!);
  pushWords(state, p, n);
  return Math.max(ii, state.pf[p * PF + II]!);
}

/** Reads the words that firing n pops. */
export function popWords({ pi, qi, qf, ci, data, inputs }: State, p: number, n: number): void {
  const first = pi[p * PI + PORT]!;
  const ports = inputs[p]!;
  for (let j = 0; j < ports.length; j++) {
    const words = ports[j]!;
    const i = (first + j) * QI;
    if (words.length === 0 || (qi[i + FAST] === 0 && qf[(first + j) * QF + NEXT] !== n)) continue;
    const ring = data[qi[i + COUNTERS]! / CI]!;
    if (ring.length === 0) continue;
    const base = (ci[qi[i + COUNTERS]! + POPPED]! & qi[i + MASK]!) * words.length;
    for (let w = 0; w < words.length; w++) words[w] = ring[base + w]!;
  }
}

function pushWords({ pi, qi, qf, ci, data, outputs }: State, p: number, n: number): void {
  const first = pi[p * PI + PORT]!;
  const ports = outputs[p]!;
  for (let j = 0; j < ports.length; j++) {
    const words = ports[j]!;
    const i = (first + j) * QI;
    if (words.length === 0 || (qi[i + FAST] === 0 && qf[(first + j) * QF + NEXT] !== n)) continue;
    const ring = data[qi[i + COUNTERS]! / CI]!;
    if (ring.length === 0) continue;
    const base = (ci[qi[i + COUNTERS]! + PUSHED]! & qi[i + MASK]!) * words.length;
    for (let w = 0; w < words.length; w++) ring[base + w] = words[w]!;
  }
}
