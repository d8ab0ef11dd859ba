/**
 * What the fast controller does next and when: the plan of one pass over the candidates, and what issuing a command changes.
 *
 * Hot path: one pass over the candidates a command, two reads of ready times each; measured with `npm run bench -- dram`.
 */

import type { Instant } from "../../base/units.ts";
import { tellCompletion } from "./controller.ts";
import { CLOSED } from "./device.ts";
import { leave, NONE, READS, release, reopen, setActive, WRITES } from "./queues.ts";
import { dueRefreshes } from "./refresh.ts";
import { ACT, PRE, PREAB, RD, RDA, REFAB, REFPB, type Tables, WR, WRA } from "./tables.ts";
import type { UnifiedState } from "./unified.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Runs ticks before `until`; where `once`, no further than the first at which a command issues. */
export function run(state: UnifiedState, until: Instant, once: boolean): void {
  while (state.now < until) {
    if (state.refresh.next <= state.now) fallDue(state);
    const quiet = Math.min(state.refresh.next, closeRows(state));
    const at = plan(state);
    if (at >= quiet || at >= until) {
      state.quietUntil = Math.min(at, quiet);
      state.now = Math.min(state.quietUntil, until);
      continue;
    }
    state.now = at;
    serveTick(state);
    state.now = at + 1;
    state.quietUntil = state.now;
    if (once) return;
  }
}

function fallDue({ part, refresh, now, priority }: UnifiedState): void {
  for (const { command, bank } of dueRefreshes(part, refresh, now)) priority.push(command === "REFab" ? REFAB : REFPB, bank);
}

/** Page policy: asks for a precharge of each bank whose row had its accesses and that may be precharged. Returns when the next may be. */
function closeRows({ policy, part, accesses, closing, tables, ready, now, priority }: UnifiedState): Instant {
  if (policy.page.kind === "open") return NEVER;
  let next = NEVER;
  for (let bank = 0; bank < part.banks; bank++) {
    if (accesses[bank]! < policy.page.accesses || closing[bank] === 1) continue;
    const at = readyAt(tables, ready, PRE, bank, part.banks);
    if (at > now) next = Math.min(next, at);
    else {
      priority.push(PRE, bank);
      closing[bank] = 1;
    }
  }
  return next;
}

/** When a command to one bank may issue; perhaps in the past. */
function readyAt({ groups, groupOf, bankBase }: Tables, ready: Float64Array, command: number, bank: number, banks: number): Instant {
  const shared = ready[command * groups + groupOf[bank]!]!;
  const own = ready[bankBase + command * banks + bank]!;
  return shared > own ? shared : own;
}

/** Finds what issues next on each bus, from `now` on. Returns when the first of it does. */
function plan(state: UnifiedState): Instant {
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
function planPriority(state: UnifiedState): void {
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
function setMode(state: UnifiedState): void {
  const reads = state.queues.waiting[READS]!;
  const writes = state.queues.waiting[WRITES]!;
  if (!state.writing) state.writing = writes > state.highWater || reads === 0;
  else state.writing = !(writes < state.lowWater && reads > 0);
}

/** The request of the queue whose command may issue first, of each bus; on one bus only the better of the two stands, and an active one before it. */
function planQueue(state: UnifiedState, oneBus: boolean): void {
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

/** Issues what the plan has for this tick: on one bus one command, on two a column command and then what the row bus has after it. */
function serveTick(state: UnifiedState): void {
  const { plan: next, now, policy } = state;
  if (next.columnAt === now) {
    const mode = state.writing;
    const late = next.rowAt > now;
    serve(state, next.columnEntry, RD + state.queues.write[next.columnEntry]!, next.columnActive);
    if (state.oneBus) return;
    if (state.priority.length === 0) setMode(state);
    if (late && mode === state.writing && policy.scheduler === "FR-FCFS") return;
    replanRow(state);
  }
  if (next.rowAt !== now) return;
  if (next.rowEntry === NONE) serveMaintenance(state);
  else serve(state, next.rowEntry, next.rowCommand, false);
}

function replanRow(state: UnifiedState): void {
  state.plan.rowAt = NEVER;
  if (state.priority.length > 0) planPriority(state);
  else planQueue(state, false);
}

function serveMaintenance(state: UnifiedState): void {
  const { priority, plan: next } = state;
  const wanted = priority[0];
  const bank = priority[1]!;
  send(state, next.rowCommand, bank, CLOSED);
  if (next.rowCommand === wanted) priority.splice(0, 2);
}

function serve(state: UnifiedState, entry: number, wanted: number, isActive: boolean): void {
  const { queues: q, counts } = state;
  const bank = q.bank[entry]!;
  const command = wanted === RD || wanted === WR ? withPrecharge(state, wanted, bank, isActive) : wanted;
  if (command === PRE) {
    send(state, command, bank, CLOSED);
    return;
  }
  if (isActive) retire(state, entry, bank);
  else leave(q, entry);
  if (command === ACT) {
    state.active[state.activeCount++] = entry;
    q.activeOf[bank] = 1;
    send(state, command, bank, q.row[entry]!);
    return;
  }
  send(state, command, bank, CLOSED);
  if (q.write[entry] === 1) {
    counts.writes++;
    tellCompletion(state.done, q.tag[entry]!, state.now);
  } else {
    counts.reads++;
    tellRead(state, q.tag[entry]!, state.now + state.part.readLatency);
  }
  release(q, entry);
}

function retire(state: UnifiedState, entry: number, bank: number): void {
  const { active } = state;
  let at = 0;
  while (active[at] !== entry) at++;
  state.activeCount--;
  for (; at < state.activeCount; at++) active[at] = active[at + 1]!;
  setActive(state.queues, bank, false);
}

/** Data leave in the order in which they were fetched. */
export function tellRead(state: UnifiedState, tag: number, at: Instant): void {
  if (at > state.lastData) state.lastData = at;
  tellCompletion(state.done, tag, state.lastData);
}

/** Page policy: the access that closes its row, where the row had its accesses, that form may issue too and no other request had the row opened. */
function withPrecharge({ policy, accesses, tables, ready, part, queues, now }: UnifiedState, command: number, bank: number, isActive: boolean): number {
  if (policy.page.kind === "open" || accesses[bank]! < policy.page.accesses || (queues.activeOf[bank] === 1 && !isActive)) return command;
  const closing = command + RDA - RD;
  return readyAt(tables, ready, closing, bank, part.banks) <= now ? closing : command;
}

/** Issues a command: pushes what waits for it, and opens or closes rows. */
function send(state: UnifiedState, command: number, bank: number, row: number): void {
  const { tables, ready, now, counts, accesses, part } = state;
  const isAllBank = command === PREAB || command === REFAB;
  push(ready, tables.shared[command]![isAllBank ? tables.nodeOf[bank]! : tables.groupOf[bank]!]!, 0, now);
  push(ready, tables.own[command]!, tables.bankBase + bank, now);
  for (let i = 0; i < tables.windows.length; i++) if (tables.windows[i]!.after === command) countWindow(state, i, bank);
  if (command === RD || command === WR) accesses[bank]!++;
  else if (command === ACT) {
    counts.activates++;
    reopen(state.queues, bank, row);
  } else if (command === PREAB) for (let other = bank; other < bank + part.allBanks; other++) close(state, other);
  else if (command === REFAB) counts.refreshes++;
  else if (command === REFPB) counts.bank_refreshes++;
  else close(state, bank);
  if (state.edges) noteRising(state, command, bank);
}

function push(ready: Float64Array, pushes: Int32Array, base: number, now: Instant): void {
  for (let i = 0; i < pushes.length; i += 2) {
    const entry = base + pushes[i]!;
    const at = now + pushes[i + 1]!;
    if (ready[entry]! < at) ready[entry] = at;
  }
}

/** tFAW: the times of a node go round in a ring; the one that is overwritten next is the one to count from. */
function countWindow({ tables, rings, ready, now }: UnifiedState, index: number, bank: number): void {
  const { nodeOfBank, back, delay, entries } = tables.windows[index]!;
  const { times, at } = rings[index]!;
  const node = nodeOfBank[bank]!;
  times[node * (back + 1) + at[node]!] = now;
  at[node] = at[node] === back ? 0 : at[node]! + 1;
  const from = times[node * (back + 1) + at[node]!]! + delay;
  for (const entry of entries[node]!) if (ready[entry]! < from) ready[entry] = from;
}

function close(state: UnifiedState, bank: number): void {
  const { queues, counts, accesses, closing } = state;
  accesses[bank] = 0;
  closing[bank] = 0;
  if (queues.open[bank] === CLOSED) return;
  counts.precharges++;
  reopen(queues, bank, CLOSED);
}

function noteRising({ rising, now }: UnifiedState, command: number, bank: number): void {
  if (now % 2 === 0 || (command >= RD && command <= WRA)) return;
  rising.command = command;
  rising.bank = bank;
  rising.edge = now + (command === ACT ? 3 : 1);
}
