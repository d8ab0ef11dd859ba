/**
 * The state of a run as plain data that outlives it: taken between two rounds, put into the state of a network made anew, which then runs on to the same end. Only of
 * networks without behaviours: a datapath keeps what it has computed to itself.
 */

import type { Skipped } from "./forward.ts";
import { type Heap, pushHeap } from "./heap.ts";
import { DRAWN, FIRED, LIMIT, PF, PI, type State } from "./layout.ts";
import type { Course } from "./run.ts";

type Numbers = Float64Array | Int32Array;

export interface SavedState {
  /** Every field of State that is an array of numbers, or a list of them. */
  readonly fields: Readonly<Record<string, Numbers | readonly Numbers[]>>;
  /** Pending bursts by resource. */
  readonly pending: readonly { readonly time: Float64Array; readonly slot: Int32Array; readonly word: Float64Array }[];
  /** By resource: what its server says of itself; null without one. */
  readonly servers: readonly unknown[];
  /** So far. */
  readonly skipped: Skipped;
}

export function saveState({ state, skipped }: Course): SavedState {
  const fields = Object.entries(state).flatMap(([name, value]): [string, Numbers | Numbers[]][] => {
    if (isNumbers(value)) return [[name, value.slice()]];
    return isList(value) ? [[name, value.map((numbers) => numbers.slice())]] : [];
  });
  return {
    fields: Object.fromEntries(fields),
    pending: state.pending.map(({ size, time, slot, word }) => ({ time: time.slice(0, size), slot: slot.slice(0, size), word: word.slice(0, size) })),
    servers: state.servers.map((placed) => placed?.server.save()),
    skipped: { firings: skipped.firings, periods: new Map(skipped.periods) },
  };
}

/** `state`: of the same network, which has not run yet; its own limit holds. Every process is looked at again. */
export function restoreState(state: State, { fields, pending, servers }: SavedState): void {
  const { pf, pi } = state;
  const limits = state.spec.processes.map((_, p) => pf[p * PF + LIMIT]!);
  for (const [name, value] of Object.entries(state)) {
    if (isNumbers(value)) copy(value, fields[name] as Numbers);
    else if (isList(value)) for (let i = 0; i < value.length; i++) copy(value[i]!, (fields[name] as readonly Numbers[])[i]);
  }
  limits.forEach((limit, p) => {
    pf[p * PF + LIMIT] = limit;
  });
  pending.forEach((bursts, r) => refill(state.pending[r]!, bursts));
  servers.forEach((saved, r) => state.servers[r]?.server.restore(saved));
  for (let rank = 0; rank < state.order.length; rank++) state.dirty[rank >> 5]! |= 1 << (rank & 31);
  state.sources.forEach((source, p) => {
    const calls = pf[p * PF + FIRED]! + (pi[p * PI + DRAWN]! < 0 ? 0 : 1);
    if (calls > 0) source?.shift(calls, calls + 1);
  });
}

function isNumbers(value: unknown): value is Numbers {
  return value instanceof Float64Array || value instanceof Int32Array;
}

function isList(value: unknown): value is readonly Numbers[] {
  return Array.isArray(value) && value.length > 0 && value.every(isNumbers);
}

function copy(into: Numbers, from: Numbers | undefined): void {
  if (from?.length !== into.length) throw new Error("a snapshot of another network");
  into.set(from);
}

function refill(heap: Heap, { time, slot, word }: SavedState["pending"][number]): void {
  time.forEach((at, i) => {
    pushHeap(heap, at, slot[i]!, word[i]!);
  });
}
