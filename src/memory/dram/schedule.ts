/**
 * What the fast controller does next and when: the plan of one pass over the banks that have requests, and what issuing a command changes.
 *
 * Hot path: one pass a command, two reads of the ready times a bank; measured with `npm run bench -- dram`.
 */

import type { Instant } from "../../base/units.ts";
import { tellCompletion } from "./controller.ts";
import { CLOSED } from "./device.ts";
import { leave, NONE, READS, release, reopen, WRITES } from "./queues.ts";
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
  const { plan: next, priority } = state;
  const oneBus = state.part.standard.command_bus === "one";
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
  const { priority, plan: next, tables, ready, part, queues, activeOf } = state;
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
    at = command === PRE && activeOf[bank]! > 0 ? NEVER : readyAt(tables, ready, command, bank, part.banks);
  }
  at = onEdge(state, command, bank, at);
  const oneBus = part.standard.command_bus === "one";
  if (oneBus && at >= next.columnAt) return;
  if (oneBus) next.columnAt = NEVER;
  next.rowAt = at;
  next.rowEntry = NONE;
  next.rowCommand = command;
}

function anyOpen({ part, queues }: UnifiedState, node: number): boolean {
  for (let bank = node * part.allBanks; bank < (node + 1) * part.allBanks; bank++) if (queues.open[bank] !== CLOSED) return true;
  return false;
}

function anyActive({ part, activeOf }: UnifiedState, node: number): boolean {
  for (let bank = node * part.allBanks; bank < (node + 1) * part.allBanks; bank++) if (activeOf[bank]! > 0) return true;
  return false;
}

/** Reads or writes. Asked again with the same queues it says the same, so that ticks may be skipped. */
function setMode(state: UnifiedState): void {
  const reads = state.queues.waiting[READS]!;
  const writes = state.queues.waiting[WRITES]!;
  if (!state.writing) state.writing = writes > state.highWater || reads === 0;
  else state.writing = !(writes < state.lowWater && reads > 0);
}

/**
 * The request of the queue whose command may issue first, of each bus; of several at the same tick, the first to have come. Of a bank that is the first
 * hit (its access), the first miss (PRE), or where it is closed the first (ACT). On one bus only the better of the two stands.
 */
function planQueue(state: UnifiedState, oneBus: boolean): void {
  const { queues: q, tables, ready, plan: next, now, policy, part, activeOf } = state;
  const { hit, miss, order, open, banks, occupiedBanks } = q;
  const { groups, groupOf, bankBase } = tables;
  const queue = state.writing ? WRITES : READS;
  const edges = part.standard.command_bus === "edges";
  const guarded = policy.scheduler === "FR-FCFS-row-hit";
  const base = queue * banks;
  const only = policy.scheduler === "FCFS" ? firstOf(state, queue) : NONE;
  const access = RD + queue;
  let columnAt = NEVER;
  let columnEntry = NONE;
  let columnOrder = NEVER;
  let rowAt = NEVER;
  let rowEntry = NONE;
  let rowOrder = NEVER;
  for (let i = base, end = base + q.occupied[queue]!; i < end; i++) {
    const bank = occupiedBanks[i]!;
    const group = groupOf[bank]!;
    const one = hit[base + bank]!;
    if (one !== NONE && (only === NONE || one === only)) {
      let at = ready[access * groups + group]!;
      const own = ready[bankBase + access * banks + bank]!;
      if (own > at) at = own;
      if (now > at) at = now;
      if (edges) at = onEdge(state, access, bank, at);
      if (at < columnAt || (at === columnAt && order[one]! < columnOrder)) {
        columnAt = at;
        columnEntry = one;
        columnOrder = order[one]!;
      }
    }
    const other = miss[base + bank]!;
    if (other === NONE || (only !== NONE && other !== only)) continue;
    const closed = open[bank] === CLOSED;
    if (!closed && (activeOf[bank]! > 0 || (guarded && one !== NONE && q.arrived[one]! <= q.arrived[other]!))) continue;
    const command = closed ? ACT : PRE;
    let at = ready[command * groups + group]!;
    const own = ready[bankBase + command * banks + bank]!;
    if (own > at) at = own;
    if (now > at) at = now;
    if (edges) at = onEdge(state, command, bank, at);
    if (at < rowAt || (at === rowAt && order[other]! < rowOrder)) {
      rowAt = at;
      rowEntry = other;
      rowOrder = order[other]!;
    }
  }
  if (oneBus) {
    if (rowAt < columnAt || (rowAt === columnAt && rowOrder < columnOrder)) columnAt = NEVER;
    else rowAt = NEVER;
    if (next.columnAt <= Math.min(columnAt, rowAt)) return;
    next.columnAt = NEVER;
  }
  if (columnAt < next.columnAt) {
    next.columnAt = columnAt;
    next.columnEntry = columnEntry;
    next.columnActive = false;
  }
  next.rowAt = rowAt;
  next.rowEntry = rowEntry;
  if (rowEntry !== NONE) next.rowCommand = open[q.bank[rowEntry]!] === CLOSED ? ACT : PRE;
}

/** The first of a queue to have come. */
function firstOf({ queues: q }: UnifiedState, queue: number): number {
  let best = NONE;
  for (let i = 0; i < q.occupied[queue]!; i++) {
    const entry = q.first[queue * q.banks + q.occupiedBanks[queue * q.banks + i]!]!;
    if (best === NONE || q.order[entry]! < q.order[best]!) best = entry;
  }
  return best;
}

/** The first tick, not before `at` and `now`, with the edge that the command needs: all but PRE a rising one, PRE one without a row command that bars it. */
function onEdge({ part, now, rising }: UnifiedState, command: number, bank: number, at: Instant): Instant {
  const from = at > now ? at : now;
  if (part.standard.command_bus !== "edges") return from;
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
  const { plan: next, now, policy, part } = state;
  if (next.columnAt === now) {
    const mode = state.writing;
    const late = next.rowAt > now;
    serve(state, next.columnEntry, RD + state.queues.write[next.columnEntry]!, next.columnActive);
    if (part.standard.command_bus === "one") return;
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
  send(state, command, bank, q.row[entry]!);
  if (command === ACT) {
    state.active[state.activeCount++] = entry;
    state.activeOf[bank]!++;
    return;
  }
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
  const at = active.indexOf(entry);
  active.copyWithin(at, at + 1, state.activeCount--);
  state.activeOf[bank]!--;
}

/** Data leave in the order in which they were fetched. */
export function tellRead(state: UnifiedState, tag: number, at: Instant): void {
  if (at > state.lastData) state.lastData = at;
  tellCompletion(state.done, tag, state.lastData);
}

/** Page policy: the access that closes its row, where the row had its accesses, that form may issue too and no other request had the row opened. */
function withPrecharge({ policy, accesses, tables, ready, part, activeOf, now }: UnifiedState, command: number, bank: number, isActive: boolean): number {
  if (policy.page.kind === "open" || accesses[bank]! < policy.page.accesses || activeOf[bank]! > (isActive ? 1 : 0)) return command;
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
  if (part.standard.command_bus === "edges") noteRising(state, command, bank);
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
