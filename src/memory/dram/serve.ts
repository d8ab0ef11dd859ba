/**
 * What issuing a command of the fast controller changes.
 *
 * Hot path: lists of pushes made beforehand; measured with `npm run bench -- dram`.
 */

import type { Instant } from "../../base/units.ts";
import { tellCompletion } from "./controller.ts";
import { CLOSED } from "./device.ts";
import { readyAt } from "./plan.ts";
import { leave, release, reopen, setActive } from "./queues.ts";
import { ACT, PRE, PREAB, RD, RDA, REFAB, REFPB, WR, WRA } from "./tables.ts";
import type { UnifiedState } from "./unified.ts";

export function serve(state: UnifiedState, entry: number, wanted: number, isActive: boolean): void {
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

export function serveMaintenance(state: UnifiedState): void {
  const { priority, plan: next } = state;
  const wanted = priority[0];
  const bank = priority[1]!;
  send(state, next.rowCommand, bank, CLOSED);
  if (next.rowCommand === wanted) priority.splice(0, 2);
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
