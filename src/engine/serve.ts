/**
 * Resources. At quiescence every firing still to come is caused by the completion of a burst that is pending now, so no request can come
 * before the earliest such completion + 1: everything below that horizon is final and is served in order. Hot path (bench: requests).
 */

import { convertTime } from "./clock.ts";
import { popHeap } from "./heap.ts";
import { BUSY_SERVER, HITS, type PlacedServer, RC, SERVED, type State, WAITED } from "./layout.ts";
import type { ResourceSpec } from "./network.ts";
import { recordServed } from "./record.ts";
import { completeFiring } from "./requests.ts";

/** Serves what is final. False if nothing is pending. */
export function serveBatch(state: State): boolean {
  const horizon = findHorizon(state);
  if (horizon === Number.POSITIVE_INFINITY) return false;
  for (let r = 0; r < state.pending.length; r++) {
    if (state.servers[r] !== null) runServer(state, r, horizon);
    else if (state.pending[r]!.size > 0) serveResource(state, r, horizon);
  }
  if (state.recording !== null) recordServed(state.recording, state);
  return true;
}

/** The first time at which a request that is not known yet could be made: one part of the grid after it was caused. */
function findHorizon(state: State): number {
  let horizon = Number.POSITIVE_INFINITY;
  for (let r = 0; r < state.pending.length; r++) {
    if (state.pending[r]!.size === 0 && state.servers[r] === null) continue;
    const own = horizonOf(state, r);
    if (own < horizon) horizon = own;
  }
  return horizon;
}

/** No request that the resource's pending bursts, or those that its server holds, lead to can be made before this time. */
export function horizonOf(state: State, r: number): number {
  const { spec, pending, free, servers, grid } = state;
  const resource = spec.resources[r]!;
  const placed = servers[r]!;
  if (placed !== null) {
    const held = placed.server.earliest();
    const next = pending[r]!.size === 0 ? Number.POSITIVE_INFINITY : seeRequest(resource, pending[r]!.time[0]!, grid) + resource.server!.least;
    const first = held < next ? held : next;
    return first === Number.POSITIVE_INFINITY ? first : completeService(resource, first, grid) + 1;
  }
  const seen = seeRequest(resource, pending[r]!.time[0]!, grid);
  const start = startService(resource, seen > free[r]! ? seen : free[r]!);
  return completeService(resource, start + serviceOf(state, resource, pending[r]!.slot[0]!), grid) + 1;
}

/** Ticks that a burst of this outstanding slot takes. */
function serviceOf({ service, slotProcess }: State, resource: ResourceSpec, slot: number): number {
  return service[slotProcess[slot]!]! || resource.service;
}

/** Serves the pending bursts of a resource that were requested before the horizon, in order. */
function serveResource(state: State, r: number, horizon: number): void {
  const { count, resourceCount, slotPending, slotDone, slotLast, grid } = state;
  const resource = state.spec.resources[r]!;
  const heap = state.pending[r]!;
  let free = state.free[r]!;
  let [served, busy, waited, hits] = [0, 0, 0, 0];
  for (let time = heap.time[0]!; heap.size > 0 && time < horizon; time = heap.time[0]!) {
    const slot = heap.slot[0]!;
    popHeap(heap);
    const seen = seeRequest(resource, time, grid);
    const wanted = seen > free ? seen : free;
    const start = startService(resource, wanted);
    const service = serviceOf(state, resource, slot);
    free = start + service;
    served++;
    busy += service;
    waited += start - seen;
    if (start > wanted) hits++;
    const done = completeService(resource, free, grid);
    if (done > slotDone[slot]! || (done === slotDone[slot]! && r < slotLast[slot]!)) {
      slotDone[slot] = done;
      slotLast[slot] = r;
    }
    if (--slotPending[slot]! === 0) completeFiring(state, slot);
  }
  state.free[r] = free;
  const c = resourceCount + r * RC;
  count[c + SERVED]! += served;
  count[c + BUSY_SERVER]! += busy;
  count[c + WAITED]! += waited;
  count[c + HITS]! += hits;
}

/** Hands over the pending bursts that were requested before the horizon, in order, and runs through the ticks at which no other can be seen. */
function runServer(state: State, r: number, horizon: number): void {
  const { grid } = state;
  const resource = state.spec.resources[r]!;
  const { server, complete } = state.servers[r]!;
  const heap = state.pending[r]!;
  for (let time = heap.time[0]!; heap.size > 0 && time < horizon; time = heap.time[0]!) {
    server.take(seeRequest(resource, time, grid), heap.word[0]!, heap.slot[0]!);
    popHeap(heap);
  }
  if (server.earliest() < Number.POSITIVE_INFINITY) server.run(seeRequest(resource, horizon, grid), complete);
}

/** The servers of a state, each with what is to be done when a burst of it completes. Counts at once, also what completes later. */
export function placeServers(state: State): (PlacedServer | null)[] {
  const { spec, count, serverCount, resourceCount, free, slotPending, slotDone, slotLast, grid } = state;
  return spec.resources.map((resource, r) => {
    if (resource.server === undefined) return null;
    const { counters, create } = resource.server;
    const c = resourceCount + r * RC;
    const complete = (slot: number, tick: number, waited: number): void => {
      count[c + SERVED]!++;
      count[c + BUSY_SERVER]! += resource.service;
      count[c + WAITED]! += waited;
      if (tick > free[r]!) free[r] = tick;
      const done = completeService(resource, tick, grid);
      if (done > slotDone[slot]! || (done === slotDone[slot]! && r < slotLast[slot]!)) {
        slotDone[slot] = done;
        slotLast[slot] = r;
      }
      if (--slotPending[slot]! === 0) completeFiring(state, slot);
    };
    return { server: create(seeRequest(resource, 0, grid), count.subarray(serverCount[r]!, serverCount[r]! + counters.length)), complete };
  });
}

/** Server tick at which a request made at a point of the grid is seen. */
function seeRequest({ clock, origin }: ResourceSpec, at: number, grid: number): number {
  return convertTime(at + origin * grid, clock.numerator, clock.denominator * grid);
}

/** First server tick from `wanted` on that lies in no refresh window. */
function startService({ refresh }: ResourceSpec, wanted: number): number {
  if (refresh === undefined || wanted < refresh.interval) return wanted;
  const phase = wanted - Math.floor(wanted / refresh.interval) * refresh.interval;
  return phase < refresh.duration ? wanted - phase + refresh.duration : wanted;
}

/** Point of the grid at which, or just after which, the end of a service is known to its client. */
export function completeService({ clock, latency, origin }: ResourceSpec, serverTick: number, grid: number): number {
  return convertTime(serverTick, clock.denominator * grid, clock.numerator) + (latency - origin) * grid;
}
