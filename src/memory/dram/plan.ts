/**
 * What the fast controller does next and when: one pass over the candidates.
 *
 * Hot path: two reads of ready times a candidate; measured with `npm run bench -- dram`.
 */

import type { Instant } from "../../base/units.ts";
import { CLOSED } from "./device.ts";
import { NONE, READS, WRITES } from "./queues.ts";
import { PRE, PREAB, RD, REFAB, type Tables } from "./tables.ts";
import type { UnifiedState } from "./unified.ts";

export const NEVER = Number.POSITIVE_INFINITY;

/** Finds what issues next on each bus, from `now` on. Returns when the first of it does. */
export function plan(state: UnifiedState): Instant {
  const { plan: next, priority, oneBus } = state;
  next.columnAt = NEVER;
  next.rowAt = NEVER;
  planActive(state);
  if (oneBus && next.columnAt <= state.now) return next.columnAt;
  if (priority.length > 0) planPriority(state);
  else {
    setMode(state);
    planQueue(state, oneBus);
  }
  return Math.min(next.columnAt, next.rowAt);
}

/** The active request whose access may issue first; of several, the first to have come. */
function planActive(state: UnifiedState): void {
  const { active, activeCount, queues, tables, ready, plan: next, part, policy } = state;
  let arrived = NEVER;
  const count = policy.scheduler === "FCFS" ? Math.min(1, activeCount) : activeCount;
  for (let i = 0; i < count; i++) {
    const entry = active[i]!;
    const at = onEdge(state, RD + queues.write[entry]!, 0, readyAt(tables, ready, RD + queues.write[entry]!, queues.bank[entry]!, part.banks));
    if (at > next.columnAt || (at === next.columnAt && queues.arrived[entry]! >= arrived)) continue;
    arrived = queues.arrived[entry]!;
    next.columnAt = at;
    next.columnEntry = entry;
    next.columnActive = true;
  }
}

/** The first refresh or precharge that waits, or what must come before it. */
export function planPriority(state: UnifiedState): void {
  const { priority, plan: next, tables, ready, part, queues } = state;
  const bank = priority[1]!;
  let command = priority[0]!;
  let at: Instant;
  if (command === REFAB) {
    const node = tables.nodeOf[bank]!;
    const [open, active] = [anyOpen(state, node), anyActive(state, node)];
    if (open) command = PREAB;
    at = open && active ? NEVER : ready[tables.nodeBase + (command - PREAB) * tables.nodes + node]!;
  } else {
    if (queues.open[bank] !== CLOSED) command = PRE;
    at = command === PRE && queues.activeOf[bank] === 1 ? NEVER : readyAt(tables, ready, command, bank, part.banks);
  }
  at = onEdge(state, command, bank, at);
  if (state.oneBus && at >= next.columnAt) return;
  if (state.oneBus) next.columnAt = NEVER;
  next.rowAt = at;
  next.rowEntry = NONE;
  next.rowCommand = command;
}

function anyOpen({ part, queues }: UnifiedState, node: number): boolean {
  for (let bank = node * part.allBanks; bank < (node + 1) * part.allBanks; bank++) if (queues.open[bank] !== CLOSED) return true;
  return false;
}

function anyActive({ part, queues }: UnifiedState, node: number): boolean {
  for (let bank = node * part.allBanks; bank < (node + 1) * part.allBanks; bank++) if (queues.activeOf[bank] === 1) return true;
  return false;
}

/** Reads or writes. Asked again with the same queues it says the same, so that ticks may be skipped. */
export function setMode(state: UnifiedState): void {
  const reads = state.queues.waiting[READS]!;
  const writes = state.queues.waiting[WRITES]!;
  if (!state.writing) state.writing = writes > state.highWater || reads === 0;
  else state.writing = !(writes < state.lowWater && reads > 0);
}

/** The request of the queue whose command may issue first, of each bus; on one bus only the better of the two stands, and an active one before it. */
export function planQueue(state: UnifiedState, oneBus: boolean): void {
  const { plan: next, queues, policy } = state;
  const { count, entry, order, command } = queues.candidates;
  const queue = state.writing ? WRITES : READS;
  const only = policy.scheduler === "FCFS" ? firstOf(state, queue) : NONE;
  const column = count[2 * queue] === 0 ? NONE : bestOf(state, 2 * queue, only);
  const row = count[2 * queue + 1] === 0 ? NONE : bestOf(state, 2 * queue + 1, only);
  let columnAt = column === NONE ? NEVER : timeOf(state, column);
  let rowAt = row === NONE ? NEVER : timeOf(state, row);
  if (oneBus) {
    if (rowAt < columnAt || (rowAt === columnAt && row !== NONE && order[row]! < order[column]!)) columnAt = NEVER;
    else rowAt = NEVER;
    if (next.columnAt <= columnAt && next.columnAt <= rowAt) return;
    next.columnAt = NEVER;
  }
  if (columnAt < next.columnAt) {
    next.columnAt = columnAt;
    next.columnEntry = entry[column]!;
    next.columnActive = false;
  }
  next.rowAt = rowAt;
  if (row === NONE) return;
  next.rowEntry = entry[row]!;
  next.rowCommand = command[row]!;
}

/** Of a list of candidates the one that may issue first, of several the first to have come; `only` this entry where it is one. */
function bestOf(state: UnifiedState, list: number, only: number): number {
  const { candidates, banks } = state.queues;
  const base = list * banks;
  const end = base + candidates.count[list]!;
  if (only !== NONE || state.edges) return bestWithEdges(state, base, end, only);
  const { shared, own, order } = candidates;
  const { ready, now } = state;
  let best = NONE;
  let bestAt = NEVER;
  let bestOrder = NEVER;
  for (let i = base; i < end; i++) {
    const group = ready[shared[i]!]!;
    const alone = ready[own[i]!]!;
    const later = group > alone ? group : alone;
    const at = later > now ? later : now;
    if (at > bestAt) continue;
    const came = order[i]!;
    if (at === bestAt && came > bestOrder) continue;
    best = i;
    bestAt = at;
    bestOrder = came;
  }
  return best;
}

/** As bestOf, where a tick's edge counts or one entry only may be taken. */
function bestWithEdges(state: UnifiedState, base: number, end: number, only: number): number {
  const { entry, order } = state.queues.candidates;
  let best = NONE;
  let bestAt = NEVER;
  for (let i = base; i < end; i++) {
    if (only !== NONE && entry[i] !== only) continue;
    const at = timeOf(state, i);
    if (at > bestAt || (at === bestAt && best !== NONE && order[i]! > order[best]!)) continue;
    best = i;
    bestAt = at;
  }
  return best;
}

/** When a candidate may issue, from `now` on. */
function timeOf(state: UnifiedState, candidate: number): Instant {
  const { shared, own, command, bank } = state.queues.candidates;
  const group = state.ready[shared[candidate]!]!;
  const alone = state.ready[own[candidate]!]!;
  return onEdge(state, command[candidate]!, bank[candidate]!, group > alone ? group : alone);
}

/** The first of a queue to have come. */
function firstOf({ queues: q }: UnifiedState, queue: number): number {
  let best = NONE;
  for (let at = queue * q.banks; at < (queue + 1) * q.banks; at++) {
    const entry = q.first[at]!;
    if (entry !== NONE && (best === NONE || q.order[entry]! < q.order[best]!)) best = entry;
  }
  return best;
}

/** The first tick, not before `at` and `now`, with the edge that the command needs: all but PRE a rising one, PRE one without a row command that bars it. */
function onEdge({ part, now, rising, edges }: UnifiedState, command: number, bank: number, at: Instant): Instant {
  const from = at > now ? at : now;
  if (!edges) return from;
  if (command !== PRE && command !== PREAB) return from % 2 === 1 || from === NEVER ? from : from + 1;
  return from === rising.edge && isBarred(rising, command, bank, part.banks / part.levels[1]!.count) ? from + 1 : from;
}

/** JESD238, command pairing: no PRE in the pseudochannel beside an all-bank command, no PREab beside any, no PREpb beside one to its own bank. */
function isBarred(rising: UnifiedState["rising"], command: number, bank: number, perPseudochannel: number): boolean {
  if (Math.floor(rising.bank / perPseudochannel) !== Math.floor(bank / perPseudochannel)) return false;
  return rising.command === PREAB || rising.command === REFAB || command === PREAB || rising.bank === bank;
}

/** When a command to one bank may issue; perhaps in the past. */
export function readyAt({ groups, groupOf, bankBase }: Tables, ready: Float64Array, command: number, bank: number, banks: number): Instant {
  const shared = ready[command * groups + groupOf[bank]!]!;
  const own = ready[bankBase + command * banks + bank]!;
  return shared > own ? shared : own;
}
