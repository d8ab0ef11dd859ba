/**
 * The controller with a command queue for each bank, in the plainest way: tick by tick, every entry looked at, every command asked of the device. Its semantics
 * are those of DRAMsim3 (src/controller.cc, src/command_queue.cc, src/refresh.cc, commit 2981759), self refresh left out. It judges per-bank.ts.
 *
 * In a tick: a refresh may fall due; then one command issues: what the oldest due refresh needs, or the first that can of the command queues, asked in
 * turn from the one behind the last that issued (where rows and columns have a bus each, one of the other kind may follow); then one transaction moves
 * into the command queue of its bank. Writes are told done a tick after they came; reads of what a write still holds too.
 */

import type { Instant } from "../../base/units.ts";
import { isColumnCommand, type Part } from "../../machine/dram/part.ts";
import type { Command } from "../../machine/dram/standard.ts";
import { type CommandCounts, type Completions, type DramRequest, noCommands, noCompletions, tellCompletion } from "./controller.ts";
import { allBanks, CLOSED, createDevice, type DeviceState, earliestIssue, issue, type Target } from "./device.ts";
import { type DueRefresh, duesInTurn, type PerBankController, type PerBankPolicy, refreshInterval, type StandbyTicks } from "./per-bank-policy.ts";

export interface PerBankSteppedState {
  readonly part: Part;
  readonly policy: PerBankPolicy;
  now: Instant;
  readonly device: DeviceState;
  readonly reads: DramRequest[];
  readonly writes: DramRequest[];
  /** All reads that came and were not issued, also those that ride on one in a queue; all writes that were not issued. */
  readonly pendingReads: DramRequest[];
  readonly pendingWrites: DramRequest[];
  readonly queues: DramRequest[][];
  /** The queue that issued last. */
  turn: number;
  /** Writes still to be drained. */
  draining: number;
  /** Refreshes that fell due; the first is under way once its queues stand still. */
  readonly due: DueRefresh[];
  /** Of what a refresh is under way: no other begins and its queues issue nothing. */
  refreshing: DueRefresh | undefined;
  /** Refreshes that fell due since the start. */
  refreshes: number;
  /** Accesses of each bank since its row was opened. */
  readonly hits: number[];
  readonly done: Completions;
  readonly counts: CommandCounts;
  readonly standby: StandbyTicks;
}

export const perBankStepped: PerBankController<PerBankSteppedState> = {
  create,
  now: (state) => state.now,
  accepts,
  enqueue,
  advance: (state, until) => {
    while (state.now < until) tick(state);
  },
  step: (state, until) => {
    while (state.now < until && !tick(state));
  },
  nextEvent: (state) => (isIdle(state) ? nextRefresh(state) : state.now),
  nextCompletion: (state) => (state.pendingReads.length === 0 ? Number.POSITIVE_INFINITY : state.now),
  completions: (state) => state.done,
  counts: (state) => state.counts,
  standby: (state) => state.standby,
};

function create(part: Part, policy: PerBankPolicy): PerBankSteppedState {
  return {
    ...{ part, policy, now: 0, device: createDevice(part) },
    ...{ reads: [], writes: [], pendingReads: [], pendingWrites: [] },
    queues: Array.from({ length: policy.queues === "bank" ? part.banks : part.banks / part.allBanks }, () => []),
    ...{ turn: 0, draining: 0, due: [], refreshing: undefined, refreshes: 0 },
    hits: Array.from({ length: part.banks }, () => 0),
    ...{ done: noCompletions(), counts: noCommands(), standby: { active: 0, idle: 0 } },
  };
}

const isIdle = ({ pendingReads, pendingWrites, due }: PerBankSteppedState): boolean => pendingReads.length + pendingWrites.length + due.length === 0;

const isSamePlace = (a: DramRequest, b: DramRequest): boolean => a.bank === b.bank && a.row === b.row && a.column === b.column;

/** Also a request that would ride on another needs room. */
function accepts({ reads, writes, policy }: PerBankSteppedState, { write }: DramRequest): boolean {
  return (write && !policy.shared ? writes : reads).length < policy.transactions;
}

function enqueue(state: PerBankSteppedState, taken: DramRequest): void {
  const request = { ...taken };
  if (!accepts(state, request)) throw new Error(`the ${request.write ? "write" : "read"} queue is full at ${state.now}`);
  const { reads, writes, pendingReads, pendingWrites, policy, done, now } = state;
  const isHeld = pendingWrites.some((write) => isSamePlace(write, request));
  if (request.write || isHeld) tellCompletion(done, request.tag, now + 1);
  if (isHeld) return;
  const rides = !request.write && pendingReads.some((read) => isSamePlace(read, request));
  (request.write ? pendingWrites : pendingReads).push(request);
  if (!rides) (request.write && !policy.shared ? writes : reads).push(request);
}

/** Runs tick `now`. Returns whether a command issued or a queue got room. */
function tick(state: PerBankSteppedState): boolean {
  state.due.push(...fallDue(state));
  const first = refreshStep(state) ?? choose(state);
  if (first !== undefined) {
    send(state, first);
    if (state.part.standard.command_bus === "row-column") sendBeside(state, first);
  }
  countStandby(state);
  const moved = moveTransaction(state);
  state.now++;
  return moved || first !== undefined;
}

// --- refresh ---

const nextRefresh = ({ part, policy, now }: PerBankSteppedState): Instant => {
  const interval = refreshInterval(part, policy);
  return Math.ceil(Math.max(now, 1) / interval) * interval;
};

function fallDue(state: PerBankSteppedState): readonly DueRefresh[] {
  const { part, policy, now } = state;
  const interval = refreshInterval(part, policy);
  return now > 0 && now % interval === 0 ? duesInTurn(part, policy, state.refreshes++) : [];
}

interface Choice extends Target {
  readonly command: Command;
  /** The request whose access this is, if it is one. */
  readonly request?: DramRequest;
}

/** What the oldest due refresh needs and can have now: the precharge of one of its banks, or the refresh itself. From here on its queues stand still. */
function refreshStep(state: PerBankSteppedState): Choice | undefined {
  const due = state.due[0];
  if (due === undefined) return undefined;
  state.refreshing ??= due;
  const { device, part, now } = state;
  const banks = due.command === "REFab" ? allBanks(part, due.bank) : [due.bank];
  const open = banks.filter((bank) => device.open[bank] !== CLOSED);
  const ready = (command: Command, bank: number): boolean => earliestIssue(device, command, { bank, row: CLOSED }, now) === now;
  const closable = open.find((bank) => ready("PREpb", bank));
  if (closable !== undefined) return { command: "PREpb", bank: closable, row: CLOSED };
  if (open.length > 0 || !ready(due.command, due.bank)) return undefined;
  state.due.shift();
  state.refreshing = undefined;
  return { ...due, row: CLOSED };
}

function standsStill({ refreshing, part, policy }: PerBankSteppedState, queue: number): boolean {
  if (refreshing === undefined) return false;
  const bank = policy.queues === "bank" ? queue : queue * part.allBanks;
  if (refreshing.command === "REFab" || policy.queues === "rank") return Math.floor(bank / part.allBanks) === Math.floor(refreshing.bank / part.allBanks);
  return bank === refreshing.bank;
}

// --- commands ---

/** The first command that can issue now, of the queues in turn; an access leaves its queue. */
function choose(state: PerBankSteppedState): Choice | undefined {
  const count = state.queues.length;
  for (let step = 0; step < count; step++) {
    state.turn = (state.turn + 1) % count;
    if (standsStill(state, state.turn)) continue;
    const queue = state.queues[state.turn]!;
    for (const [index, request] of queue.entries()) {
      const command = commandFor(state, queue, index);
      if (command === undefined || earliestIssue(state.device, command, request, state.now) > state.now) continue;
      if (!isColumnCommand(command)) return { command, bank: request.bank, row: request.row };
      queue.splice(index, 1);
      return { command, bank: request.bank, row: request.row, request };
    }
  }
  return undefined;
}

/** What brings this request nearer to its data, unless it must not have it yet. */
function commandFor({ device, policy, hits }: PerBankSteppedState, queue: readonly DramRequest[], index: number): Command | undefined {
  const { bank, row, write } = queue[index]!;
  const open = device.open[bank];
  if (open === CLOSED) return "ACT";
  if (open === row) {
    if (write && queue.slice(0, index).some((older) => !older.write && isSamePlace(older, queue[index]!))) return undefined;
    return policy.page === "open" ? (write ? "WR" : "RD") : write ? "WRA" : "RDA";
  }
  if (queue.slice(0, index).some((older) => older.bank === bank)) return undefined;
  const isWanted = queue.slice(index).some((other) => other.bank === bank && other.row === open);
  return isWanted && hits[bank]! < policy.hits ? undefined : "PREpb";
}

/** A command on the other bus in the same tick. Its choice moves the turn, even where it is of the same kind and does not issue. */
function sendBeside(state: PerBankSteppedState, first: Choice): void {
  const second = choose(state);
  if (second === undefined) return;
  if (isColumnCommand(second.command) !== isColumnCommand(first.command)) send(state, second);
  else if (second.request !== undefined) throw new Error(`two accesses could issue at ${state.now}: bursts are longer than that`);
}

function send(state: PerBankSteppedState, { command, bank, row, request }: Choice): void {
  const { device, now, counts, hits } = state;
  issue(device, command, { bank, row }, now);
  if (command === "ACT") counts.activates++;
  else if (command === "REFab") counts.refreshes++;
  else if (command === "REFpb") counts.bank_refreshes++;
  else if (command === "RD" || command === "RDA") counts.reads++;
  else if (command === "WR" || command === "WRA") counts.writes++;
  hits[bank] = request === undefined ? (command === "PREpb" ? 0 : hits[bank]!) : hits[bank]! + 1;
  if (command === "PREpb" || command === "RDA" || command === "WRA") {
    counts.precharges++;
    hits[bank] = 0;
  }
  if (request !== undefined) settle(state, request);
}

/** A read's data come for all who asked for the same. */
function settle(state: PerBankSteppedState, request: DramRequest): void {
  const pending = request.write ? state.pendingWrites : state.pendingReads;
  for (const other of pending.filter((one) => isSamePlace(one, request))) {
    pending.splice(pending.indexOf(other), 1);
    if (!other.write) tellCompletion(state.done, other.tag, state.now + state.part.readLatency);
  }
}

function countStandby({ device, part, standby }: PerBankSteppedState): void {
  for (let first = 0; first < part.banks; first += part.allBanks) {
    if (allBanks(part, first).some((bank) => device.open[bank] !== CLOSED)) standby.active++;
    else standby.idle++;
  }
}

// --- transactions ---

/** The first transaction, of the reads or while draining of the writes, whose command queue has room. A write waits for all reads of its place that came before. */
function moveTransaction(state: PerBankSteppedState): boolean {
  beginDraining(state);
  const { policy, reads, writes, queues, part } = state;
  const transactions = state.draining > 0 ? writes : reads;
  const queueOf = ({ bank }: DramRequest): DramRequest[] => queues[policy.queues === "bank" ? bank : Math.floor(bank / part.allBanks)]!;
  const index = transactions.findIndex((request) => queueOf(request).length < policy.commands);
  const request = transactions[index];
  if (request === undefined) return false;
  if (state.draining > 0) {
    if (state.pendingReads.some((read) => isSamePlace(read, request))) {
      state.draining = 0;
      return false;
    }
    state.draining--;
  }
  transactions.splice(index, 1);
  queueOf(request).push(request);
  return true;
}

function beginDraining(state: PerBankSteppedState): void {
  const { policy, writes, queues } = state;
  if (state.draining > 0 || policy.shared) return;
  const isFull = writes.length >= policy.transactions;
  if (isFull || (writes.length > policy.drain_above && queues.every((queue) => queue.length === 0))) state.draining = writes.length;
}
