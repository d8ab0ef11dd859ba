/** When refreshes fall due: which command to which bank, tick by tick. Whether and when they issue is the controller's business. */

import { UserError } from "../../base/errors.ts";
import type { Instant } from "../../base/units.ts";
import type { Part } from "../../machine/dram/part.ts";
import type { Refresh } from "./controller.ts";

export interface RefreshState {
  readonly kind: Refresh;
  /** The tick of the next refresh; Infinity where there is none. */
  next: Instant;
  /** The next node or bank in turn. */
  turn: number;
  /** paired: pseudochannels whose turn is under way, one a tick; which come next. */
  pair: number;
  /** paired: per stack, from when its banks may be refreshed again from the first. */
  readonly allowed: Instant[];
}

export interface DueRefresh {
  readonly command: "REFab" | "REFpb";
  readonly bank: number;
}

export function createRefresh(part: Part, kind: Refresh): RefreshState {
  const interval = intervalOf(part, kind);
  if (interval === 0) throw unrefreshable(part, kind);
  assertTime(part, kind);
  return { kind, next: interval, turn: 0, pair: 0, allowed: Array.from({ length: stacksOf(part) }, () => 0) };
}

const unrefreshable = ({ standard }: Part, kind: Refresh): UserError =>
  new UserError({ code: "no-such-refresh", message: `${standard.name} has no ${kind} refresh` });

/** Between two refreshes of a rank there is time for something else. */
function assertTime({ refreshInterval, standard, timings }: Part, kind: Refresh): void {
  const duration = standard.ticks_per_clock * (timings.nRFC ?? timings.nRFCab ?? 0);
  if ((kind !== "all-bank" && kind !== "staggered") || refreshInterval > duration) return;
  const message = `expected refreshes further apart than the ${duration} ticks that each takes, found ${refreshInterval}`;
  throw new UserError({ code: "bad-refresh", message, place: { path: "nREFI" } });
}

/** What falls due in this tick, in order. To be asked at each tick that is `next`. */
export function dueRefreshes(part: Part, refresh: RefreshState, now: Instant): readonly DueRefresh[] {
  if (now < refresh.next) return [];
  switch (refresh.kind) {
    case "none":
      return [];
    case "all-bank":
      refresh.next += intervalOf(part, refresh.kind);
      return Array.from({ length: part.banks / part.allBanks }, (_, node) => ({ command: "REFab", bank: node * part.allBanks }));
    case "staggered":
      refresh.next += intervalOf(part, refresh.kind);
      return [{ command: "REFab", bank: nextTurn(refresh, part.banks / part.allBanks) * part.allBanks }];
    case "per-bank":
      refresh.next += intervalOf(part, refresh.kind);
      return [{ command: "REFpb", bank: nextTurn(refresh, part.banks) }];
    case "paired":
      return duePair(part, refresh, now);
  }
}

/** The same bank of one pseudochannel after the other, a tick each; stack after stack, and none again before tRFCpb has passed since its last bank. */
function duePair(part: Part, refresh: RefreshState, now: Instant): readonly DueRefresh[] {
  const each = part.banks / pseudochannelsOf(part);
  const perStack = each / stacksOf(part);
  const stack = Math.floor(refresh.turn / perStack);
  if (refresh.pair === 0 && now < refresh.allowed[stack]!) {
    refresh.next = refresh.allowed[stack]!;
    return [];
  }
  const bank = refresh.pair * each + refresh.turn;
  refresh.pair++;
  if (refresh.pair < pseudochannelsOf(part)) refresh.next = now + 1;
  else endPair(part, refresh, now, perStack, stack);
  return [{ command: "REFpb", bank }];
}

function endPair(part: Part, refresh: RefreshState, now: Instant, perStack: number, stack: number): void {
  refresh.next = now - (refresh.pair - 1) + part.bankRefreshInterval;
  refresh.pair = 0;
  if ((refresh.turn + 1) % perStack === 0) refresh.allowed[stack] = now + part.bankRefreshTime;
  nextTurn(refresh, perStack * stacksOf(part));
}

function nextTurn(refresh: RefreshState, count: number): number {
  const turn = refresh.turn;
  refresh.turn = (turn + 1) % count;
  return turn;
}

/** Ticks between two dues; Infinity for none, 0 where the part has no such refresh. */
function intervalOf(part: Part, kind: Refresh): number {
  switch (kind) {
    case "none":
      return Number.POSITIVE_INFINITY;
    case "all-bank":
      return part.refreshInterval;
    case "staggered":
      return Math.floor(part.refreshInterval / (part.banks / part.allBanks));
    case "per-bank":
    case "paired":
      return part.bankRefreshInterval;
  }
}

const countOf = (part: Part, wanted: "pseudochannel" | "stack"): number => part.levels.find(({ level }) => level === wanted)?.count ?? 1;
const stacksOf = (part: Part): number => countOf(part, "stack");
const pseudochannelsOf = (part: Part): number => countOf(part, "pseudochannel");
