/**
 * What proves that a run recurs, and what skips whole periods of it. A state that equals an earlier one moved on by so many ticks and so many firings of
 * each process will do again what it did since: every start is a maximum of times, and a maximum moves with its terms. A time that its reader's clock has passed
 * in both states decides nothing in either, so it need not have moved. Processes that did not fire waited all the while for what did not change: they stay where they
 * are, and so do the ports of a level of which no iteration began or ended.
 */

import {
  ACT,
  ARRIVED,
  COMPUTING,
  COUNTERS,
  CURRENT,
  DRAWN,
  FAST,
  FIRED,
  FREE,
  FREED,
  KIND,
  LAST,
  LIMIT,
  MASK,
  NEXT,
  PERIOD,
  PF,
  PI,
  POP,
  POPPED,
  PORT,
  PORT_END,
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
import type { ResourceSpec } from "./network.ts";
import { horizonOf } from "./serve.ts";
import type { ServerMove } from "./server.ts";
import type { Pending, Snapshot } from "./snapshot.ts";

export interface Leap {
  /** Ticks of one period. */
  readonly cycles: number;
  /** How many more periods are proven to be like the last one, at least one. */
  readonly periods: number;
  /** Firings of all processes in one period. */
  readonly firings: number;
}

/** The period under proof: its ticks, and how often it can be repeated as far as is known. */
interface Proof {
  readonly state: State;
  readonly before: Snapshot;
  cycles: number;
  periods: number;
  firings: number;
  /** Start of the last firing of all clients of resources that moved. */
  lastRequest: number;
  /** By family of servers: by how much the words of a period differ from those of the one before. */
  readonly moves: Map<number, number>;
}

/** The leap that the two states allow. Null if the later one is not the earlier one moved on, or nothing moved. */
export function findLeap(state: State, before: Snapshot): Leap | null {
  const proof: Proof = { state, before, cycles: 0, periods: Number.POSITIVE_INFINITY, firings: 0, lastRequest: -1, moves: new Map() };
  const holds =
    everyProcess(proof, hasMoved) &&
    proof.cycles > 0 &&
    hasResources(proof) &&
    everyProcess(proof, hasPorts) &&
    everyProcess(proof, hasRequests) &&
    hasPending(proof) &&
    hasServers(proof);
  return holds && proof.periods >= 1 ? { cycles: proof.cycles, periods: proof.periods, firings: proof.firings } : null;
}

function everyProcess(proof: Proof, holds: (proof: Proof, p: number, fired: number) => boolean): boolean {
  const { pf } = proof.state;
  const { pf: old } = proof.before;
  for (let p = 0, b = FIRED; b < pf.length; p++, b += PF) if (!holds(proof, p, pf[b]! - old[b]!)) return false;
  return true;
}

/** All that moved did so by the same number of ticks, not with its first firing, whose waits are the fill; only time matters to it, and it has firings left. */
function hasMoved(proof: Proof, p: number, fired: number): boolean {
  if (fired === 0) return true;
  const { pf, pi } = proof.state;
  const { pf: old, pi: oldPi } = proof.before;
  const b = p * PF;
  const cycles = pf[b + READY]! - old[b + READY]!;
  if (proof.cycles === 0) proof.cycles = cycles;
  if (old[b + FIRED] === 0 || cycles !== proof.cycles || pi[p * PI + KIND]! >= COMPUTING || pi[p * PI + DRAWN] !== oldPi[p * PI + DRAWN]) return false;
  proof.firings += fired;
  if (proof.state.sources[p] !== undefined) proof.lastRequest = Math.max(proof.lastRequest, pf[b + LAST]!);
  return bound(proof, (pf[b + TOTAL]! - pf[b + FIRED]!) / fired) && bound(proof, (pf[b + LIMIT]! - pf[b + LAST]!) / cycles);
}

function bound(proof: Proof, periods: number): boolean {
  proof.periods = Math.min(proof.periods, Math.floor(periods));
  return proof.periods >= 1;
}

// --- ports and channels ---

function hasPorts(proof: Proof, p: number, fired: number): boolean {
  if (fired === 0) return true;
  const { pi } = proof.state;
  for (let q = pi[p * PI + PORT]!; q < pi[p * PI + PORT_END]!; q++) if (!hasPort(proof, p, q, fired)) return false;
  return true;
}

function hasPort(proof: Proof, p: number, q: number, fired: number): boolean {
  const { pf, qi, qf } = proof.state;
  const { qf: oldQf, qi: oldQi } = proof.before;
  const next = qf[q * QF + NEXT]!;
  const oldNext = oldQf[q * QF + NEXT]!;
  if (fired % qf[q * QF + PERIOD]! !== 0) return next === oldNext && bound(proof, (next - pf[p * PF + FIRED]!) / fired);
  if (qi[q * QI + FAST] === 0 && (next - oldNext !== fired || qi[q * QI + ACT] !== oldQi[q * QI + ACT])) return false;
  return hasChannel(proof, p, q);
}

function hasChannel(proof: Proof, p: number, q: number): boolean {
  const { qi, ci, qf } = proof.state;
  const { ci: old, qf: oldQf } = proof.before;
  const c = qi[q * QI + COUNTERS]!;
  const moved = (ci[c + POPPED]! - old[c + POPPED]!) | 0;
  for (let i = POPPED; i <= PUSHED; i++) if (((ci[c + i]! - old[c + i]!) | 0) !== moved) return false;
  if (isInput(proof.state, q)) return hasTimes(proof, p, q, TOKENS, c + POPPED, c + PUSHED, moved);
  return qf[q * QF + ARRIVED]! - oldQf[q * QF + ARRIVED]! === proof.cycles && hasTimes(proof, p, q, SLOTS, c + TAKEN, c + FREED, moved);
}

function isInput({ qi }: State, q: number): boolean {
  return (qi[q * QI + ACT]! & (POP | FREE)) !== 0;
}

/** Each time in the port's ring, against the one that stood at its place before. */
function hasTimes({ state, before, cycles }: Proof, p: number, q: number, ring: number, head: number, end: number, moved: number): boolean {
  const { time, qi, ci } = state;
  const base = qi[q * QI + ring]!;
  const mask = qi[q * QI + MASK]!;
  const ready = state.pf[p * PF + READY]!;
  const oldReady = before.pf[p * PF + READY]!;
  const last = ci[end]!;
  const awaits = ring === TOKENS && state.awaits[q] === 1;
  for (let at = ci[head]!; at !== last; at = (at + 1) | 0) {
    const [entry, old] = [base + (at & mask), base + ((at - moved) & mask)];
    if (!isSame(time[entry]!, before.time[old]!, cycles, ready, oldReady)) return false;
    if (awaits && time[entry]! > ready && !hasFlown(state, before, entry, old)) return false;
  }
  return true;
}

/** The token was as long under way, for the same resource. */
function hasFlown({ flight, flightLast }: State, before: Snapshot, entry: number, old: number): boolean {
  return flight[entry] === before.flight[old] && (flight[entry] === 0 || flightLast[entry] === before.flightLast[old]);
}

/** Moved by the period, or past for its reader in both states, or unknown in both. */
function isSame(time: number, old: number, cycles: number, ready: number, oldReady: number): boolean {
  if (time < 0 || old < 0) return time === old;
  return time - old === cycles || (time <= ready && old <= oldReady);
}

// --- requests ---

function hasRequests(proof: Proof, p: number, fired: number): boolean {
  const { pi, sources } = proof.state;
  const source = sources[p];
  if (source === undefined) return true;
  if (fired === 0) return hasSameSlots(proof, p);
  const drawn = pi[p * PI + DRAWN]!;
  for (let i = 0; i < drawn; i++) if (proof.state.bursts[p]![i] !== proof.before.bursts[p]![i]) return false;
  return hasSlots(proof, p) && hasWords(proof, p, fired) && bound(proof, (source.repeats(fired) + (drawn < 0 ? 0 : 1)) / fired);
}

/** All that a server is told moves alike. */
function hasWords({ state, before, moves }: Proof, p: number, fired: number): boolean {
  const { words } = state.sources[p]!;
  if (words === undefined) return true;
  const move = words.moves(fired);
  if ((moves.get(words.family) ?? move) !== move) return false;
  moves.set(words.family, move);
  const drawn = state.pi[p * PI + DRAWN]!;
  for (let i = 0; i < drawn; i++) if (state.words[p]![i]! - before.words[p]![i]! !== move) return false;
  return true;
}

/** Nothing of what it waits for has come. */
function hasSameSlots({ state, before }: Proof, p: number): boolean {
  const { pi, slotFree, slotPending } = state;
  if (pi[p * PI + CURRENT] !== before.pi[p * PI + CURRENT] || pi[p * PI + DRAWN] !== before.pi[p * PI + DRAWN]) return false;
  for (let slot = pi[p * PI + SLOT0]!; slot < pi[p * PI + SLOT_END]!; slot++) {
    if (slotFree[slot] !== before.slotFree[slot] || slotPending[slot] !== before.slotPending[slot]) return false;
  }
  return true;
}

/** Outstanding slots are alike in the order of their turns. */
function hasSlots(proof: Proof, p: number): boolean {
  const { pi } = proof.state;
  const first = pi[p * PI + SLOT0]!;
  const length = pi[p * PI + SLOT_END]! - first;
  const next = pi[p * PI + CURRENT]! - first;
  const oldNext = proof.before.pi[p * PI + CURRENT]! - first;
  for (let i = 0; i < length; i++) if (!hasSlot(proof, p, first + ((next + i) % length), first + ((oldNext + i) % length))) return false;
  return true;
}

function hasSlot({ state, before, cycles }: Proof, p: number, slot: number, oldSlot: number): boolean {
  const free = state.slotFree[slot]!;
  if (!isSame(free, before.slotFree[oldSlot]!, cycles, state.pf[p * PF + READY]!, before.pf[p * PF + READY]!)) return false;
  const isLastSame = state.slotLast[slot] === before.slotLast[oldSlot];
  if (free >= 0) return isLastSame || free <= state.pf[p * PF + READY]!;
  const isDoneSame = isLastSame || state.slotDone[slot] === state.slotStart[slot];
  const isMoved = state.slotStart[slot]! - before.slotStart[oldSlot]! === cycles && state.slotDone[slot]! - before.slotDone[oldSlot]! === cycles;
  return isDoneSame && isMoved && state.slotPending[slot] === before.slotPending[oldSlot] && hasPromises(state, before, p, slot, oldSlot);
}

/** What is promised to a slot stands as far behind the newest token as it did. */
function hasPromises({ pi, qi, ci, slotPush, slotPush0 }: State, before: Snapshot, p: number, slot: number, oldSlot: number): boolean {
  const first = pi[p * PI + PORT]!;
  const ports = pi[p * PI + PORT_END]! - first;
  const row = slotPush0[p]! - pi[p * PI + SLOT0]! * ports;
  for (let j = 0; j < ports; j++) {
    const position = slotPush[row + slot * ports + j]!;
    const old = before.slotPush[row + oldSlot * ports + j]!;
    const q = (first + j) * QI;
    const pushed = qi[q + COUNTERS]! + PUSHED;
    if (position < 0 || old < 0 ? position !== old : ((ci[pushed]! - position - before.ci[pushed]! + old) & qi[q + MASK]!) !== 0) return false;
  }
  return true;
}

// --- resources ---

/** Each that served has moved with the rest, by whole ticks of its own, and refreshes in every period alike, or in none. */
function hasResources(proof: Proof): boolean {
  const { resources } = proof.state.spec;
  for (let r = 0; r < resources.length; r++) if (servedIn(proof.state, proof.before, r) > 0 && !hasResource(proof, resources[r]!, r)) return false;
  return true;
}

function servedIn({ count, resourceCount }: State, before: Snapshot, r: number): number {
  return count[resourceCount + r * RC + SERVED]! - before.count[resourceCount + r * RC + SERVED]!;
}

function hasResource(proof: Proof, { clock, refresh, service }: ResourceSpec, r: number): boolean {
  const { state, before, cycles } = proof;
  if ((cycles * clock.numerator) % clock.denominator !== 0) return false;
  const ticks = (cycles * clock.numerator) / clock.denominator;
  const free = state.free[r]!;
  const oldFree = before.free[r]!;
  if (free - oldFree !== ticks) return false;
  if (refresh === undefined || (ticks % refresh.interval === 0 && oldFree >= refresh.interval)) return true;
  const epoch = Math.floor((oldFree - service) / refresh.interval);
  if (epoch < 0 || Math.floor((free - service) / refresh.interval) !== epoch) return false;
  return bound(proof, Math.ceil(((epoch + 1) * refresh.interval - (free - service)) / ticks) - 1);
}

/**
 * The bursts that wait at each resource are alike: moved where it served, the very same where it did not. What comes of those may ask any resource, so no request
 * may be passed that could come after.
 */
function hasPending(proof: Proof): boolean {
  const { state, before, cycles, lastRequest } = proof;
  for (let r = 0; r < state.pending.length; r++) {
    const { size } = state.pending[r]!;
    if (size !== before.pending[r]!.size) return false;
    if (size === 0) continue;
    const hasServed = servedIn(state, before, r) > 0;
    if (!hasBursts(proof, r, hasServed)) return false;
    if (!hasServed && lastRequest >= 0 && !bound(proof, Math.ceil((horizonOf(state, r) - lastRequest) / cycles) - 1)) return false;
  }
  return true;
}

function hasBursts(proof: Proof, r: number, hasServed: boolean): boolean {
  const { state, before, cycles } = proof;
  const keys = keysOf(state, state.pi, state.pending[r]!, hasServed ? cycles : 0);
  const old = keysOf(state, before.pi, before.pending[r]!, 0);
  if (!keys.every((key, i) => key === old[i])) return false;
  if (state.servers[r] === null) return true;
  const words = wordsOf(state, state.pi, state.pending[r]!, hasServed ? moveOf(proof, r) : 0);
  const oldWords = wordsOf(state, before.pi, before.pending[r]!, 0);
  return words.every((word, i) => word === oldWords[i]);
}

/** Of each burst its time, less `moved`, and its outstanding slot by turns, as one number; sorted. */
function keysOf(state: State, pi: Int32Array, { size, time, slot }: Pending, moved: number): Float64Array {
  const keys = new Float64Array(size);
  for (let i = 0; i < size; i++) keys[i] = (time[i]! - moved) * state.slotProcess.length + rankOf(state, pi, slot[i]!);
  return keys.sort();
}

/** What number the slot has by turns: that of the next one of its process is the lowest. */
function rankOf({ slotProcess }: State, pi: Int32Array, slot: number): number {
  const b = slotProcess[slot]! * PI;
  const first = pi[b + SLOT0]!;
  const length = pi[b + SLOT_END]! - first;
  return first + ((slot - pi[b + CURRENT]! + length) % length);
}

/** Words, less `moved`, in the order in which the bursts come. */
function wordsOf(state: State, pi: Int32Array, { size, time, slot, word }: Pending, moved: number): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  order.sort((a, b) => time[a]! - time[b]! || rankOf(state, pi, slot[a]!) - rankOf(state, pi, slot[b]!) || word[a]! - word[b]!);
  return order.map((i) => word[i]! - moved);
}

// --- servers ---

function moveOf({ state, moves }: Proof, r: number): number {
  return moves.get(state.spec.resources[r]!.server!.family) ?? 0;
}

/** Those that served have moved with the rest; the others hold nothing, then and now. */
function hasServers(proof: Proof): boolean {
  for (let r = 0; r < proof.state.servers.length; r++) if (proof.state.servers[r] !== null && !hasServer(proof, r)) return false;
  return true;
}

function hasServer(proof: Proof, r: number): boolean {
  const { state, before, cycles } = proof;
  const { server } = state.servers[r]!;
  const { clock } = state.spec.resources[r]!;
  if (servedIn(state, before, r) === 0) return server.earliest() === Number.POSITIVE_INFINITY && state.pending[r]!.size === 0;
  const move: ServerMove = {
    ticks: (cycles * clock.numerator) / clock.denominator,
    words: moveOf(proof, r),
    rank: (slot) => rankOf(state, state.pi, slot),
    rankBefore: (slot) => rankOf(state, before.pi, slot),
  };
  return bound(proof, server.repeats(before.servers[r], move));
}

// --- the leap ---

/** As if `periods` more periods had been run. `before`: the state at which the period began that findLeap has proven. */
export function takeLeap(state: State, before: Snapshot, cycles: number, periods: number): void {
  const { pf, count } = state;
  const moves = movesOf(state, before);
  state.spec.resources.forEach((resource, r) => {
    if (servedIn(state, before, r) > 0) shiftResource(state, r, resource, cycles * periods, (moves.get(resource.server?.family ?? -1) ?? 0) * periods);
  });
  for (let p = 0, b = FIRED; b < pf.length; p++, b += PF) {
    const fired = pf[b]! - before.pf[b]!;
    if (fired > 0) shiftProcess(state, p, fired, cycles * periods, periods);
  }
  for (let i = 0; i < count.length; i++) count[i]! += periods * (count[i]! - before.count[i]!);
}

/** By family of servers: what the words of a period that is proven move. */
function movesOf({ sources, pf }: State, before: Snapshot): ReadonlyMap<number, number> {
  const moves = new Map<number, number>();
  sources.forEach((source, p) => {
    const fired = pf[p * PF + FIRED]! - before.pf[p * PF + FIRED]!;
    if (fired > 0 && source?.words !== undefined) moves.set(source.words.family, source.words.moves(fired));
  });
  return moves;
}

function shiftProcess(state: State, p: number, period: number, cycles: number, periods: number): void {
  const { pf, pi, qi, qf, slotFree, slotStart, slotDone } = state;
  const b = p * PF;
  let quiet = Number.POSITIVE_INFINITY;
  for (let q = pi[p * PI + PORT]!; q < pi[p * PI + PORT_END]!; q++) {
    const acts = period % qf[q * QF + PERIOD]! === 0;
    if (acts) shiftPort(state, q, cycles);
    if (qi[q * QI + FAST] === 1) continue;
    if (acts) qf[q * QF + NEXT]! += period * periods;
    quiet = Math.min(quiet, qf[q * QF + NEXT]!);
  }
  for (let slot = pi[p * PI + SLOT0]!; slot < pi[p * PI + SLOT_END]!; slot++) {
    if (slotFree[slot]! >= 0) slotFree[slot]! += cycles;
    slotStart[slot]! += cycles;
    slotDone[slot]! += cycles;
  }
  shiftSource(state, p, period, periods);
  pf[b + FIRED]! += period * periods;
  pf[b + READY]! += cycles;
  pf[b + LAST]! += cycles;
  pf[b + QUIET] = quiet;
}

/** Bursts that were drawn already are those of the first firing that is skipped; the next ones are drawn anew. */
function shiftSource({ pi, sources }: State, p: number, period: number, periods: number): void {
  const isDrawn = pi[p * PI + DRAWN]! >= 0;
  sources[p]?.shift(period * periods - (isDrawn ? 1 : 0), period);
  pi[p * PI + DRAWN] = -1;
}

/** What stands in the ring that the port reads. */
function shiftPort(state: State, q: number, cycles: number): void {
  const { qi, qf, ci, time } = state;
  const c = qi[q * QI + COUNTERS]!;
  const input = isInput(state, q);
  const base = qi[q * QI + (input ? TOKENS : SLOTS)]!;
  const end = ci[c + (input ? PUSHED : FREED)]!;
  for (let at = ci[c + (input ? POPPED : TAKEN)]!; at !== end; at = (at + 1) | 0) {
    const entry = base + (at & qi[q * QI + MASK]!);
    if (time[entry]! >= 0) time[entry]! += cycles;
  }
  if (!input) qf[q * QF + ARRIVED]! += cycles;
}

function shiftResource({ pending, free, servers }: State, r: number, { clock }: ResourceSpec, cycles: number, words: number): void {
  const ticks = (cycles * clock.numerator) / clock.denominator;
  free[r]! += ticks;
  const { time, word, size } = pending[r]!;
  for (let i = 0; i < size; i++) {
    time[i]! += cycles;
    word[i]! += words;
  }
  servers[r]?.server.shift(ticks, words);
}
