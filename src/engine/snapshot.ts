/** A copy of all that changes in a state, to compare a later one with. */

import type { State } from "./layout.ts";

export interface Snapshot {
  readonly pf: Float64Array;
  readonly pi: Int32Array;
  readonly qi: Int32Array;
  readonly qf: Float64Array;
  readonly ci: Int32Array;
  readonly time: Float64Array;
  readonly count: Float64Array;
  readonly slotFree: Float64Array;
  readonly slotPending: Int32Array;
  readonly slotStart: Float64Array;
  readonly slotDone: Float64Array;
  readonly slotLast: Int32Array;
  readonly flight: Float64Array;
  readonly flightLast: Int32Array;
  readonly slotPush: Int32Array;
  readonly free: Float64Array;
  readonly bursts: readonly Int32Array[];
  readonly pending: readonly Pending[];
}

/** Bursts of a resource in no order; room for more than there are. */
export interface Pending {
  size: number;
  time: Float64Array;
  slot: Int32Array;
}

export function createSnapshot(state: State): Snapshot {
  const { pf, pi, qi, qf, ci, time, count, slotFree, slotPending, slotStart, slotDone, slotLast, slotPush, flight, flightLast, free, bursts, pending } = state;
  return {
    ...{ pf: pf.slice(), pi: pi.slice(), qi: qi.slice(), qf: qf.slice(), ci: ci.slice(), time: time.slice(), count: count.slice() },
    ...{
      slotFree: slotFree.slice(),
      slotPending: slotPending.slice(),
      slotStart: slotStart.slice(),
      slotDone: slotDone.slice(),
      slotLast: slotLast.slice(),
      flight: flight.slice(),
      flightLast: flightLast.slice(),
      slotPush: slotPush.slice(),
      free: free.slice(),
    },
    bursts: bursts.map((list) => list.slice()),
    pending: pending.map(({ size, time, slot }) => ({ size, time: time.slice(), slot: slot.slice() })),
  };
}

export function saveSnapshot(into: Snapshot, state: State): void {
  into.pf.set(state.pf);
  into.pi.set(state.pi);
  into.qi.set(state.qi);
  into.qf.set(state.qf);
  into.ci.set(state.ci);
  into.time.set(state.time);
  into.count.set(state.count);
  into.slotFree.set(state.slotFree);
  into.slotPending.set(state.slotPending);
  into.slotStart.set(state.slotStart);
  into.slotDone.set(state.slotDone);
  into.slotLast.set(state.slotLast);
  into.flight.set(state.flight);
  into.flightLast.set(state.flightLast);
  into.slotPush.set(state.slotPush);
  into.free.set(state.free);
  for (let p = 0; p < state.bursts.length; p++) if (state.bursts[p]!.length > 0) into.bursts[p]!.set(state.bursts[p]!);
  for (let r = 0; r < state.pending.length; r++) savePending(into.pending[r]!, state.pending[r]!);
}

function savePending(into: Pending, { size, time, slot }: Pending): void {
  if (into.time.length < size) {
    into.time = new Float64Array(time.length);
    into.slot = new Int32Array(time.length);
  }
  into.size = size;
  into.time.set(size === time.length ? time : time.subarray(0, size));
  into.slot.set(size === slot.length ? slot : slot.subarray(0, size));
}
