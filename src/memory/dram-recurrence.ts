/**
 * When a channel's controller is where it was before, so many ticks later and so many rows further: then it will do again what it did. A time that can bind nothing any more,
 * in both states, need not have moved. Everything else must be alike: who waits, in which order, what is open, what is due.
 */

import type { Part } from "../machine/dram/part.ts";
import { CLOSED } from "./dram/device.ts";
import { NONE, type Queues } from "./dram/queues.ts";
import type { UnifiedState } from "./dram/unified.ts";

export interface ChannelMove {
  readonly part: Part;
  /** What the controller's own time has gained, beside what its beginning has. */
  readonly ticks: number;
  readonly rows: number;
  /** Is the burst with this tag the one with that tag before, moved? */
  readonly isMoved: (tag: number, before: number) => boolean;
}

/** How often what it did may come again: 0 where it is not where it was. */
export function repeatsOf(state: UnifiedState, old: UnifiedState, move: ChannelMove): number {
  const { part } = move;
  const isSame =
    move.ticks % part.standard.ticks_per_clock === 0 &&
    state.writing === old.writing &&
    hasTimes(state.ready, old.ready, state.now, old.now, 0, move.ticks) &&
    hasRings(state, old, move) &&
    hasTime(state.lastData, old.lastData, state.now, old.now, move.ticks) &&
    hasRising(state, old, move.ticks) &&
    areSame(state.accesses, old.accesses) &&
    areSame(state.closing, old.closing) &&
    areSame(state.priority, old.priority) &&
    hasQueues(state.queues, old.queues, move) &&
    hasActive(state, old, move);
  return isSame ? refreshBound(state, old, move) : 0;
}

const areSame = (now: ArrayLike<number>, before: ArrayLike<number>): boolean =>
  now.length === before.length && Array.from(now).every((x, i) => x === before[i]);

/** `reach`: for how long a time in the past may still bind. */
function hasTimes(times: Float64Array, old: Float64Array, now: number, oldNow: number, reach: number, ticks: number): boolean {
  return times.every((time, i) => hasTime(time + reach, old[i]! + reach, now, oldNow, ticks));
}

function hasTime(time: number, old: number, now: number, oldNow: number, ticks: number): boolean {
  return time - old === ticks || (time <= now && old <= oldNow);
}

function hasRings(state: UnifiedState, old: UnifiedState, { part, ticks }: ChannelMove): boolean {
  const reach = Math.max(...part.rules.map(({ delay }) => delay));
  return state.rings.every(({ times, at }, w) => {
    const before = old.rings[w]!;
    const size = times.length / at.length;
    return at.every((head, node) => {
      const turn = (i: number, from: number): number => node * size + ((from + i) % size);
      for (let i = 0; i < size; i++) {
        if (!hasTime(times[turn(i, head)]! + reach, before.times[turn(i, before.at[node]!)]! + reach, state.now, old.now, ticks)) return false;
      }
      return true;
    });
  });
}

function hasRising({ rising, now }: UnifiedState, { rising: old, now: oldNow }: UnifiedState, ticks: number): boolean {
  if (rising.edge < now && old.edge < oldNow) return true;
  return rising.edge - old.edge === ticks && rising.command === old.command && rising.bank === old.bank;
}

/** Rows count modulo those that there are, since addresses wrap. */
function hasRow(row: number, old: number, { part, rows }: ChannelMove): boolean {
  if (row === CLOSED || old === CLOSED) return row === old;
  return (row - old - rows) % part.rows === 0;
}

function hasEntry(q: Queues, entry: number, old: Queues, before: number, move: ChannelMove): boolean {
  if (entry === NONE || before === NONE) return entry === before;
  return (
    q.bank[entry] === old.bank[before] &&
    hasRow(q.row[entry]!, old.row[before]!, move) &&
    q.column[entry] === old.column[before] &&
    q.write[entry] === old.write[before] &&
    q.arrived[entry]! - old.arrived[before]! === move.ticks &&
    q.arrivals - q.order[entry]! === old.arrivals - old.order[before]! &&
    move.isMoved(q.tag[entry]!, old.tag[before]!)
  );
}

function hasQueues(q: Queues, old: Queues, move: ChannelMove): boolean {
  if (!areSame(q.waiting, old.waiting) || !areSame(q.activeOf, old.activeOf)) return false;
  if (!q.open.every((row, bank) => hasRow(row, old.open[bank]!, move))) return false;
  return q.first.every((_, at) => hasList(q, old, at, move));
}

function hasList(q: Queues, old: Queues, at: number, move: ChannelMove): boolean {
  if (!hasEntry(q, q.hit[at]!, old, old.hit[at]!, move) || !hasEntry(q, q.miss[at]!, old, old.miss[at]!, move)) return false;
  let [entry, before] = [q.first[at]!, old.first[at]!];
  for (; entry !== NONE && before !== NONE; entry = q.next[entry]!, before = old.next[before]!) if (!hasEntry(q, entry, old, before, move)) return false;
  return entry === before;
}

function hasActive(state: UnifiedState, old: UnifiedState, move: ChannelMove): boolean {
  if (state.activeCount !== old.activeCount) return false;
  for (let i = 0; i < state.activeCount; i++) if (!hasEntry(state.queues, state.active[i]!, old.queues, old.active[i]!, move)) return false;
  return true;
}

/** Refreshes fall due as much later; or they do not, and none does in what is to come. */
function refreshBound({ refresh, now }: UnifiedState, { refresh: old, now: oldNow }: UnifiedState, { ticks }: ChannelMove): number {
  if (refresh.turn !== old.turn || refresh.pair !== old.pair) return 0;
  if (!Number.isFinite(refresh.next)) return Number.POSITIVE_INFINITY;
  if (refresh.next - old.next === ticks) {
    return refresh.allowed.every((at, i) => hasTime(at, old.allowed[i]!, now, oldNow, ticks)) ? Number.POSITIVE_INFINITY : 0;
  }
  return refresh.next === old.next && areSame(refresh.allowed, old.allowed) ? Math.max(0, Math.floor((refresh.next - now - 1) / ticks)) : 0;
}

/** All rows that it knows, further by so many; and what falls due, by so many ticks earlier on its own time, whose beginning has moved on. */
export function shiftRows({ queues, refresh }: UnifiedState, part: Part, rows: number, earlier: number): void {
  const moved = (row: number): number => (row === CLOSED ? CLOSED : (row + rows) % part.rows);
  for (let bank = 0; bank < queues.open.length; bank++) queues.open[bank] = moved(queues.open[bank]!);
  for (let entry = 0; entry < queues.row.length; entry++) queues.row[entry] = (queues.row[entry]! + rows) % part.rows;
  refresh.next -= earlier;
  refresh.allowed.forEach((at, i) => {
    refresh.allowed[i] = at - earlier;
  });
}
