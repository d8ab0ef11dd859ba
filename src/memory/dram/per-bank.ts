/**
 * The controller with a command queue for each bank, from one tick at which something can happen to the next. What it does is said in per-bank-stepped.ts,
 * which judges it: every completion and count is equal (test/memory/dram/per-bank.test.ts).
 */

import { type DramRequest, tellCompletion } from "./controller.ts";
import { CLOSED } from "./device.ts";
import { choose, commandOfChosen, review, reviewLast, setStill, wakeAt } from "./per-bank-choice.ts";
import { type DueRefresh, duesInTurn, type PerBankController, refreshInterval, type StandbyTicks } from "./per-bank-policy.ts";
import { ACT, createPerBank, join, type Line, leave, noteRoom, oldestMovable, type PerBankState, PRE, READ, REFAB, REFPB, WRITE } from "./per-bank-state.ts";
import { findSlot, NONE, releaseSlot, takeSlot } from "./slots.ts";
import { earliestOf, recordIssue } from "./timetable.ts";

export const perBank: PerBankController<PerBankState> = {
  create: createPerBank,
  now: (state) => state.now,
  accepts: (state, { write }) => lineOf(state, write).count < state.policy.transactions,
  enqueue,
  advance: (state, until) => {
    while (state.now < until) {
      if (state.wake > state.now) state.now = Math.min(state.wake, until);
      else runTick(state);
    }
  },
  step: (state, until) => {
    while (state.now < until) {
      if (state.wake > state.now) state.now = Math.min(state.wake, until);
      else if (runTick(state)) return;
    }
  },
  nextEvent: (state) => Math.max(state.now, state.wake),
  nextCompletion: (state) => (state.unread === 0 ? Number.POSITIVE_INFINITY : Math.max(state.now, state.wake) + state.part.readLatency),
  completions: (state) => state.done,
  counts: (state) => state.counts,
  standby,
};

const lineOf = ({ policy, reads, writes }: PerBankState, write: boolean): Line => (write && !policy.shared ? writes : reads);

const queueOf = ({ size }: PerBankState, bank: number): number => (size === 1 ? bank : Math.floor(bank / size));
const hasRoom = ({ held, policy }: PerBankState, queue: number): boolean => held[queue]! < policy.commands;

function enqueue(state: PerBankState, request: DramRequest): void {
  const { bank, row, column, write, tag } = request;
  const line = lineOf(state, write);
  if (line.count >= state.policy.transactions) throw new Error(`the ${write ? "write" : "read"} queue is full at ${state.now}`);
  const { slots, done, now } = state;
  const isHeld = findSlot(slots, bank, row, column, 1) !== NONE;
  if (write || isHeld) tellCompletion(done, tag, now + 1);
  if (isHeld) return;
  if (!write) state.unread++;
  const carrier = write ? NONE : findSlot(slots, bank, row, column, 0);
  if (carrier === NONE) {
    const queue = queueOf(state, bank);
    join(line, queue, takeSlot(slots, request));
    noteRoom(line, queue, hasRoom(state, queue));
  } else slots.riders.set(carrier, [...(slots.riders.get(carrier) ?? []), tag]);
  state.wake = now;
}

/** Runs tick `now`. Returns whether a command issued or a queue got room. */
function runTick(state: PerBankState): boolean {
  const { now } = state;
  if (now >= state.nextDue) fallDue(state);
  state.soonest = Number.POSITIVE_INFINITY;
  let issued = state.due.length > 0 ? serveRefresh(state) : NONE;
  if (issued === NONE && choose(state)) issued = serveChosen(state);
  if (issued !== NONE && (state.part.standard.command_bus !== "row-column" || serveBeside(state, issued) || state.due.length > 0)) wakeAt(state, now + 1);
  const moved = moveTransaction(state);
  if (moved) wakeAt(state, now + 1);
  state.now = now + 1;
  state.wake = Math.min(state.soonest, state.nextDue);
  return moved || issued !== NONE;
}

// --- refresh ---

function fallDue(state: PerBankState): void {
  state.due.push(...duesInTurn(state.part, state.policy, state.refreshes++));
  state.nextDue += refreshInterval(state.part, state.policy);
}

/** What the oldest due refresh needs and can have now: a precharge, or itself. The number of the command that issued, or NONE. */
function serveRefresh(state: PerBankState): number {
  const due = state.due[0]!;
  if (!state.refreshing) standStill(state, due, true);
  state.refreshing = true;
  let isOpen = false;
  for (let bank = due.bank; bank < due.bank + (due.command === "REFpb" ? 1 : state.part.allBanks); bank++) {
    if (state.open[bank] === CLOSED) continue;
    isOpen = true;
    if (isReady(state, PRE, bank)) return closeRow(state, bank);
  }
  return isOpen ? NONE : refresh(state, due);
}

function refresh(state: PerBankState, due: DueRefresh): number {
  const command = due.command === "REFpb" ? REFPB : REFAB;
  if (!isReady(state, command, due.bank)) return NONE;
  recordIssue(state.table, command, due.bank, state.now);
  if (command === REFPB) state.counts.bank_refreshes++;
  else state.counts.refreshes++;
  state.due.shift();
  state.refreshing = false;
  standStill(state, due, false);
  return command;
}

/** Whether it may issue now; if not, it is noted when. */
function isReady(state: PerBankState, command: number, bank: number): boolean {
  const at = earliestOf(state.table, command, bank);
  if (at > state.now) wakeAt(state, at);
  return at <= state.now;
}

/** The queues of what is refreshed. */
function standStill(state: PerBankState, { command, bank }: DueRefresh, still: boolean): void {
  const { allBanks } = state.part;
  const isOne = command === "REFpb" && state.size === 1;
  const from = isOne ? bank : bank - (bank % allBanks);
  setStill(state, from, from + (isOne ? 1 : allBanks), still);
}

// --- commands ---

/** A command on the other bus in the same tick. Its choice moves the turn, even where it is of the same kind and does not issue. */
function serveBeside(state: PerBankState, first: number): boolean {
  if (!choose(state)) return false;
  if (isAccess(commandOfChosen(state)) !== isAccess(first)) serveChosen(state);
  return true;
}

const isAccess = (command: number): boolean => command === READ || command === WRITE;

function serveChosen(state: PerBankState): number {
  const command = commandOfChosen(state);
  const bank = state.chosenBank;
  if (command === PRE) return closeRow(state, bank);
  recordIssue(state.table, command, bank, state.now);
  if (command === ACT) openRow(state, bank, state.slots.row[state.list[bank * state.policy.commands]!]!);
  else access(state, bank, state.chosenAt);
  return command;
}

function openRow(state: PerBankState, bank: number, row: number): void {
  const rank = Math.floor(bank / state.part.allBanks);
  if (state.openBanks[rank]!++ === 0) state.activeSince[rank] = state.now;
  state.open[bank] = row;
  state.counts.activates++;
  review(state, bank);
}

function closeRow(state: PerBankState, bank: number): number {
  recordIssue(state.table, PRE, bank, state.now);
  rowClosed(state, bank);
  return PRE;
}

function rowClosed(state: PerBankState, bank: number): void {
  const rank = Math.floor(bank / state.part.allBanks);
  if (--state.openBanks[rank]! === 0) state.activeTicks += state.now - state.activeSince[rank]!;
  state.open[bank] = CLOSED;
  state.hits[bank] = 0;
  state.counts.precharges++;
  review(state, bank);
}

/** The request leaves its queue; a read's data come for all who asked for the same. */
function access(state: PerBankState, bank: number, place: number): void {
  const { slots, policy, counts, hits, writesIn } = state;
  const slot = takeFromQueue(state, bank, place);
  if (slots.write[slot] === 1) {
    counts.writes++;
    writesIn[bank]!--;
  } else {
    counts.reads++;
    tellRead(state, slot);
  }
  releaseSlot(slots, slot);
  hits[bank]!++;
  if (policy.page === "closed") rowClosed(state, bank);
  else review(state, bank);
}

function takeFromQueue(state: PerBankState, bank: number, place: number): number {
  const { list, count, policy, held } = state;
  const at = bank * policy.commands + place;
  const last = bank * policy.commands + --count[bank]!;
  const slot = list[at]!;
  for (let index = at; index < last; index++) list[index] = list[index + 1]!;
  const queue = queueOf(state, bank);
  if (held[queue]!-- === policy.commands) {
    noteRoom(state.reads, queue, true);
    noteRoom(state.writes, queue, true);
  }
  state.queued--;
  return slot;
}

function tellRead(state: PerBankState, slot: number): void {
  const { slots, done, now, part } = state;
  tellCompletion(done, slots.tag[slot]!, now + part.readLatency);
  state.unread--;
  if (slots.riders.size === 0) return;
  const riders = slots.riders.get(slot) ?? [];
  for (const tag of riders) tellCompletion(done, tag, now + part.readLatency);
  state.unread -= riders.length;
  slots.riders.delete(slot);
}

// --- transactions ---

/** Moves the first transaction, of the reads or while draining of the writes, whose command queue has room. */
function moveTransaction(state: PerBankState): boolean {
  beginDraining(state);
  const line = state.draining > 0 ? state.writes : state.reads;
  const queue = oldestMovable(line, state.slots.order);
  if (queue === NONE) return false;
  if (state.draining > 0) {
    if (waitsForReads(state, line.first[queue]!)) {
      state.draining = 0;
      wakeAt(state, state.now + 1);
      return false;
    }
    state.draining--;
  }
  move(state, line, queue);
  return true;
}

/** A write waits for all reads of its place that came before; then draining ends. */
const waitsForReads = ({ slots }: PerBankState, write: number): boolean =>
  findSlot(slots, slots.bank[write]!, slots.row[write]!, slots.column[write]!, 0) !== NONE;

function move(state: PerBankState, line: Line, queue: number): void {
  const { slots, list, count, held, policy, writesIn } = state;
  const slot = line.first[queue]!;
  const bank = slots.bank[slot]!;
  leave(line, queue);
  list[bank * policy.commands + count[bank]!++] = slot;
  held[queue]!++;
  state.queued++;
  writesIn[bank]! += slots.write[slot]!;
  const room = hasRoom(state, queue);
  noteRoom(line, queue, room);
  if (!room) noteRoom(line === state.reads ? state.writes : state.reads, queue, false);
  reviewLast(state, bank);
}

function beginDraining(state: PerBankState): void {
  const { policy, writes } = state;
  if (state.draining > 0 || policy.shared) return;
  if (writes.count >= policy.transactions || (writes.count > policy.drain_above && state.queued === 0)) state.draining = writes.count;
}

function standby({ now, activeTicks, openBanks, activeSince }: PerBankState): StandbyTicks {
  let active = activeTicks;
  for (let rank = 0; rank < openBanks.length; rank++) if (openBanks[rank]! > 0) active += now - activeSince[rank]!;
  return { active, idle: now * openBanks.length - active };
}
