/** The course of the fast controller: from one tick at which something happens to the next. What happens is planned in plan.ts and done in serve.ts. */

import type { Instant } from "../../base/units.ts";
import { NEVER, plan, planPriority, planQueue, readyAt, setMode } from "./plan.ts";
import { NONE } from "./queues.ts";
import { dueRefreshes } from "./refresh.ts";
import { serve, serveMaintenance } from "./serve.ts";
import { PRE, RD, REFAB, REFPB } from "./tables.ts";
import type { UnifiedState } from "./unified.ts";

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
