/**
 * The state of the fast controller as it matters for what comes: two states with equal snapshots go on alike, however far apart in time. What users look for
 * is a state that is an earlier one moved on; `shift` moves a state on, so that what lies between need not be run. Counts are the user's to scale.
 */

import { CLOSED } from "./device.ts";
import { NONE, READS, WRITES } from "./queues.ts";
import type { UnifiedState } from "./unified.ts";

export interface DramSnapshot {
  /** Times from `now` on, what is past as 0; whatever else decides; banks and columns of all requests. */
  readonly numbers: readonly number[];
  /** Rows: of the open banks, then of the requests. Two states may be alike but for a constant between these. */
  readonly rows: readonly number[];
  readonly tags: readonly number[];
}

export function snapshot(state: UnifiedState): DramSnapshot {
  const { queues: q, now, refresh, rising } = state;
  const entries = [...waitingOf(state, READS), ...waitingOf(state, WRITES), ...state.active.subarray(0, state.activeCount)];
  const ahead = (time: number): number => Math.max(0, time - now);
  const numbers = [
    state.edges ? now % 2 : 0,
    ...Array.from(state.ready, ahead),
    ahead(state.lastData),
    state.writing ? 1 : 0,
    ...state.accesses,
    ...state.closing,
    ...Array.from(q.open, (row) => (row === CLOSED ? 0 : 1)),
    state.priority.length,
    ...state.priority,
    refresh.next - now,
    refresh.turn,
    refresh.pair,
    ...refresh.allowed.map(ahead),
    ...(rising.edge < now ? [0] : [1, rising.command, rising.bank, rising.edge - now]),
    ...windowsOf(state),
    ...entries.flatMap((entry) => [q.bank[entry]!, q.column[entry]!, q.write[entry]!, now - q.arrived[entry]!]),
  ];
  const open = Array.from(q.open).filter((row) => row !== CLOSED);
  return { numbers, rows: [...open, ...entries.map((entry) => q.row[entry]!)], tags: entries.map((entry) => q.tag[entry]!) };
}

/** The entries of a queue in the order in which they came. */
function waitingOf({ queues: q }: UnifiedState, queue: number): number[] {
  const entries: number[] = [];
  for (let bank = 0; bank < q.banks; bank++) for (let entry = q.first[queue * q.banks + bank]!; entry !== NONE; entry = q.next[entry]!) entries.push(entry);
  return entries.sort((a, b) => q.order[a]! - q.order[b]!);
}

/** The times that windows count from, oldest first, as far as they can still bind. */
function windowsOf({ tables, rings, now }: UnifiedState): number[] {
  return tables.windows.flatMap(({ back, nodes, delay }, index) => {
    const { times, at } = rings[index]!;
    return Array.from({ length: nodes * (back + 1) }, (_, i) => {
      const node = Math.floor(i / (back + 1));
      return Math.max(0, times[node * (back + 1) + ((at[node]! + i) % (back + 1))]! + delay - now);
    });
  });
}

/** Moves a state on by so many ticks, rows (round the bank's end) and tags. An even number of ticks where commands have edges. */
export function shift(state: UnifiedState, ticks: number, rows: number, tags: number): void {
  const { queues: q, part, refresh } = state;
  state.now += ticks;
  state.quietUntil += ticks;
  state.lastData += ticks;
  state.rising.edge += ticks;
  refresh.next += ticks;
  for (const times of [state.ready, q.arrived, ...state.rings.map((ring) => ring.times)]) for (let i = 0; i < times.length; i++) times[i]! += ticks;
  for (let i = 0; i < refresh.allowed.length; i++) refresh.allowed[i]! += ticks;
  for (let i = 0; i < q.tag.length; i++) q.tag[i]! += tags;
  for (const list of [q.row, q.open])
    for (let i = 0; i < list.length; i++) if (list[i] !== CLOSED) list[i] = (((list[i]! + rows) % part.rows) + part.rows) % part.rows;
}
