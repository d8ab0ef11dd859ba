/** A copy of what changes in a state and tells it from another, to compare a later one with. */

import { FIRED, PF, READY, type State } from "./layout.ts";

/** Fields of State that are arrays of numbers. */
const FLOATS = ["pf", "qf", "time", "count", "slotFree", "slotStart", "slotDone", "flight", "free"] as const;
const INTS = ["pi", "qi", "ci", "slotPending", "slotLast", "slotPush", "flightLast"] as const;

export interface Snapshot extends Pick<State, (typeof FLOATS)[number] | (typeof INTS)[number] | "bursts" | "words"> {
  readonly pending: readonly Pending[];
  /** What each server says of itself; null without one. */
  readonly servers: unknown[];
}

/** Bursts of a resource in no order; room for more than there are. */
export interface Pending {
  size: number;
  time: Float64Array;
  slot: Int32Array;
  word: Float64Array;
}

/** With what the state holds now. */
export function createSnapshot(state: State): Snapshot {
  const copies = [...FLOATS, ...INTS].map((name) => [name, state[name].slice()]);
  return {
    ...(Object.fromEntries(copies) as Omit<Snapshot, "bursts" | "words" | "pending" | "servers">),
    bursts: state.bursts.map((list) => list.slice()),
    words: state.words.map((list) => list.slice()),
    pending: state.pending.map(({ size, time, slot, word }) => ({ size, time: time.slice(), slot: slot.slice(), word: word.slice() })),
    servers: state.servers.map(saveServer),
  };
}

export function saveSnapshot(into: Snapshot, state: State): void {
  for (const name of FLOATS) into[name].set(state[name]);
  for (const name of INTS) into[name].set(state[name]);
  for (let p = 0; p < state.bursts.length; p++) {
    if (state.bursts[p]!.length === 0) continue;
    into.bursts[p]!.set(state.bursts[p]!);
    into.words[p]!.set(state.words[p]!);
  }
  for (let r = 0; r < state.pending.length; r++) savePending(into.pending[r]!, state.pending[r]!);
  for (let r = 0; r < state.servers.length; r++) into.servers[r] = saveServer(state.servers[r]!);
}

/** Firings and readiness of each process: little beside a copy, and enough to tell most states apart. */
export type Sketch = Float64Array;

export function createSketch({ pf }: State): Sketch {
  return new Float64Array((2 * pf.length) / PF);
}

export function saveSketch(into: Sketch, { pf }: State): void {
  for (let b = 0, i = 0; b < pf.length; b += PF) {
    into[i++] = pf[b + FIRED]!;
    into[i++] = pf[b + READY]!;
  }
}

/** Have all processes that fired since moved by the same number of ticks? Where not, no copy of that state would have shown a period. */
export function hasMovedAlike({ pf }: State, before: Sketch): boolean {
  let cycles = 0;
  for (let b = 0, i = 0; b < pf.length; b += PF, i += 2) {
    if (pf[b + FIRED] === before[i]) continue;
    const moved = pf[b + READY]! - before[i + 1]!;
    if (cycles === 0) cycles = moved;
    if (moved !== cycles) return false;
  }
  return cycles > 0;
}

function saveServer(placed: State["servers"][number]): unknown {
  return placed?.server.save();
}

function savePending(into: Pending, { size, time, slot, word }: Pending): void {
  if (into.time.length < size) {
    into.time = new Float64Array(time.length);
    into.slot = new Int32Array(time.length);
    into.word = new Float64Array(time.length);
  }
  into.size = size;
  into.time.set(size === time.length ? time : time.subarray(0, size));
  into.slot.set(size === slot.length ? slot : slot.subarray(0, size));
  into.word.set(size === word.length ? word : word.subarray(0, size));
}
