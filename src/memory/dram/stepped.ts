/**
 * The unified controller in the plainest way: tick by tick, every queue entry looked at, every command asked of the device. Its semantics are those of
 * Ramulator 2.1 (src/ramulator/controller, commit c5b1c3a). It judges unified.ts, which shares no code with it but the refresh calendar, and serves the oracle.
 *
 * In a tick: refreshes fall due; the page policy may ask for a precharge; then each command slot takes the first that can issue of
 *  1. active: requests for which a row was opened; no other may close it before they had their access,
 *  2. priority: refreshes and precharges, in order; while any waits, nothing else begins,
 *  3. the reads or, in write mode, the writes, as the scheduler says.
 */

import type { Instant } from "../../base/units.ts";
import { isColumnCommand, type Part } from "../../machine/dram/part.ts";
import type { Command } from "../../machine/dram/standard.ts";
import {
  type CommandCounts,
  type Completions,
  type Controller,
  type DramRequest,
  noCommands,
  noCompletions,
  tellCompletion,
  type UnifiedPolicy,
} from "./controller.ts";
import { allBanks, CLOSED, createDevice, type DeviceState, earliestIssue, issue } from "./device.ts";
import { createRefresh, dueRefreshes, type RefreshState } from "./refresh.ts";

interface Waiting extends DramRequest {
  readonly arrived: Instant;
}

interface Maintenance {
  readonly command: "REFab" | "REFpb" | "PREpb";
  readonly bank: number;
}

export interface SteppedState {
  readonly part: Part;
  readonly policy: UnifiedPolicy;
  now: Instant;
  readonly device: DeviceState;
  readonly reads: Waiting[];
  readonly writes: Waiting[];
  readonly active: Waiting[];
  readonly priority: Maintenance[];
  readonly refresh: RefreshState;
  writing: boolean;
  /** Of each bank: accesses since its row was opened; whether a precharge was asked for. */
  readonly accesses: number[];
  readonly closing: boolean[];
  /** When the data of the last read are there: data leave in the order in which they were fetched. */
  lastData: Instant;
  /** The latest row command on a rising edge, for what may stand beside it on a falling one. */
  rising: { readonly command: Command; readonly bank: number; readonly edge: Instant } | undefined;
  readonly done: Completions;
  readonly counts: CommandCounts;
}

export const stepped: Controller<UnifiedPolicy, SteppedState> = {
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
  nextEvent: (state) => (isIdle(state) && state.policy.page.kind === "open" ? state.refresh.next : state.now),
  nextCompletion: (state) => (isIdle(state) ? Number.POSITIVE_INFINITY : state.now),
  completions: (state) => state.done,
  counts: (state) => state.counts,
};

function create(part: Part, policy: UnifiedPolicy): SteppedState {
  return {
    part,
    policy,
    now: 1,
    device: createDevice(part),
    reads: [],
    writes: [],
    active: [],
    priority: [],
    refresh: createRefresh(part, policy.refresh),
    writing: false,
    accesses: Array.from({ length: part.banks }, () => 0),
    closing: Array.from({ length: part.banks }, () => false),
    lastData: 0,
    rising: undefined,
    done: noCompletions(),
    counts: noCommands(),
  };
}

const isIdle = ({ reads, writes, active, priority }: SteppedState): boolean => reads.length + writes.length + active.length + priority.length === 0;

/** A queued write to the same place: a read takes its data, another write takes its place. */
const sameWrite = ({ writes }: SteppedState, { bank, row, column }: DramRequest): boolean =>
  writes.some((write) => write.bank === bank && write.row === row && write.column === column);

function accepts(state: SteppedState, request: DramRequest): boolean {
  const { reads, writes, policy } = state;
  if (sameWrite(state, request)) return true;
  return request.write ? writes.length < policy.write_entries : reads.length < policy.read_entries;
}

function enqueue(state: SteppedState, request: DramRequest): void {
  if (!accepts(state, request)) throw new Error(`the ${request.write ? "write" : "read"} queue is full at ${state.now}`);
  if (!sameWrite(state, request)) (request.write ? state.writes : state.reads).push({ ...request, arrived: state.now });
  else if (request.write) tellCompletion(state.done, request.tag, state.now);
  else tellRead(state, request.tag, state.now);
}

function tellRead(state: SteppedState, tag: number, at: Instant): void {
  state.lastData = Math.max(state.lastData, at);
  tellCompletion(state.done, tag, state.lastData);
}

/** Runs tick `now`. Returns whether a command issued. */
function tick(state: SteppedState): boolean {
  state.priority.push(...dueRefreshes(state.part, state.refresh, state.now));
  closeRows(state);
  const issued = slotsOf(state).map((slot) => runSlot(state, slot));
  state.now++;
  return issued.includes(true);
}

/** The command buses of a tick: any command, or column commands and then row commands. */
type Slot = "any" | "column" | "row";

function slotsOf({ part, now }: SteppedState): readonly Slot[] {
  const { command_bus } = part.standard;
  if (command_bus === "one") return ["any"];
  return command_bus === "edges" && !isRising(now) ? ["row"] : ["column", "row"];
}

const isRising = (now: Instant): boolean => now % 2 === 1;

/** Page policy: asks for a precharge of each bank whose row had its accesses, as soon as it may be precharged. */
function closeRows(state: SteppedState): void {
  const { policy, part, accesses, closing, device, now, priority } = state;
  if (policy.page.kind === "open") return;
  for (let bank = 0; bank < part.banks; bank++) {
    if (accesses[bank]! < policy.page.accesses || closing[bank]) continue;
    if (earliestIssue(device, "PREpb", { bank, row: CLOSED }, now) > now) continue;
    priority.push({ command: "PREpb", bank });
    closing[bank] = true;
  }
}

function runSlot(state: SteppedState, slot: Slot): boolean {
  return (slot !== "row" && serveActive(state, slot)) || servePriority(state, slot) || (state.priority.length === 0 && serveQueue(state, slot));
}

function serveActive(state: SteppedState, slot: Slot): boolean {
  const index = pick(state, state.active, slot, () => true);
  if (index < 0) return false;
  serve(state, state.active, index);
  return true;
}

function servePriority(state: SteppedState, slot: Slot): boolean {
  const first = state.priority[0];
  if (first === undefined) return false;
  const { bank } = first;
  const command = maintenanceCommand(state, first);
  if (!fits(state, slot, command, bank) || closesActive(state, command, bank) || !isReady(state, command, { bank, row: CLOSED })) return false;
  send(state, command, { bank, row: CLOSED });
  if (command === first.command) state.priority.shift();
  return true;
}

/** A refresh needs its banks closed first. */
function maintenanceCommand({ device, part }: SteppedState, { command, bank }: Maintenance): Command {
  if (command === "REFab") return allBanks(part, bank).every((other) => device.open[other] === CLOSED) ? "REFab" : "PREab";
  return device.open[bank] === CLOSED ? command : "PREpb";
}

function serveQueue(state: SteppedState, slot: Slot): boolean {
  setMode(state);
  const queue = state.writing ? state.writes : state.reads;
  const index = pick(state, queue, slot, (request) => !closesActive(state, nextCommand(state, request), request.bank));
  if (index < 0) return false;
  serve(state, queue, index);
  return true;
}

function setMode(state: SteppedState): void {
  const { reads, writes, policy, writing } = state;
  const share = (part: number): number => Math.fround(Math.fround(part) * policy.write_entries);
  if (!writing) state.writing = writes.length > share(policy.drain.high) || reads.length === 0;
  else state.writing = !(writes.length < share(policy.drain.low) && reads.length > 0);
}

/** The index of the request to serve, or -1: the first to have come of those whose command may issue now. */
function pick(state: SteppedState, queue: readonly Waiting[], slot: Slot, allowed: (request: Waiting) => boolean): number {
  const { scheduler } = state.policy;
  let best = -1;
  for (const [index, request] of (scheduler === "FCFS" ? queue.slice(0, 1) : queue).entries()) {
    const command = nextCommand(state, request);
    if (!fits(state, slot, command, request.bank) || !allowed(request)) continue;
    if (scheduler === "FR-FCFS-row-hit" && closesOlderHit(state, queue, request, command)) continue;
    if (best >= 0 && queue[best]!.arrived <= request.arrived) continue;
    if (isReady(state, command, request)) best = index;
  }
  return best;
}

/** What brings a request nearer to its data: its access where its row is open, else what opens it. */
function nextCommand({ device }: SteppedState, { bank, row, write }: DramRequest): Command {
  const open = device.open[bank];
  if (open === CLOSED) return "ACT";
  if (open !== row) return "PREpb";
  return write ? "WR" : "RD";
}

const isReady = (state: SteppedState, command: Command, target: { readonly bank: number; readonly row: number }): boolean =>
  earliestIssue(state.device, command, target, state.now) === state.now;

/** Some bank that the command would close has a request for which its row was opened. */
function closesActive({ active, part }: SteppedState, command: Command, bank: number): boolean {
  if (command === "PREpb") return active.some((request) => request.bank === bank);
  if (command === "PREab") return active.some((request) => allBanks(part, bank).includes(request.bank));
  return false;
}

/** A precharge for this request would close a row that a request of this queue hits which came no later. */
function closesOlderHit({ device }: SteppedState, queue: readonly Waiting[], request: Waiting, command: Command): boolean {
  const isHit = ({ bank, row, arrived }: Waiting): boolean => bank === request.bank && device.open[bank] === row && arrived <= request.arrived;
  return command === "PREpb" && queue.some(isHit);
}

/** Whether the command goes over the bus of this slot; on a falling edge PRE only, and not beside a row command for the same bank (JESD238, command pairing). */
function fits({ part, now, rising }: SteppedState, slot: Slot, command: Command, bank: number): boolean {
  if (slot !== "any" && isColumnCommand(command) !== (slot === "column")) return false;
  if (part.standard.command_bus !== "edges" || isRising(now)) return true;
  if (command !== "PREpb" && command !== "PREab") return false;
  if (rising === undefined || rising.edge !== now) return true;
  const each = part.banks / (part.levels.find(({ level }) => level === "pseudochannel")?.count ?? 1);
  if (Math.floor(rising.bank / each) !== Math.floor(bank / each)) return true;
  return rising.command !== "PREab" && rising.command !== "REFab" && command === "PREpb" && rising.bank !== bank;
}

function serve(state: SteppedState, queue: Waiting[], index: number): void {
  const request = queue[index]!;
  const command = withPrecharge(state, nextCommand(state, request), request);
  send(state, command, request);
  if (command === "PREpb") return;
  queue.splice(index, 1);
  if (command === "ACT") state.active.push(request);
  else if (request.write) tellCompletion(state.done, request.tag, state.now);
  else tellRead(state, request.tag, state.now + state.part.readLatency);
}

/** Page policy: the access that closes its row, where the row had its accesses, the precharging form may issue too and no other request had the row opened. */
function withPrecharge(state: SteppedState, command: Command, request: Waiting): Command {
  const { page } = state.policy;
  if (page.kind === "open" || !isColumnCommand(command) || state.accesses[request.bank]! < page.accesses) return command;
  if (state.active.some((other) => other.bank === request.bank && other !== request)) return command;
  const closing = command === "RD" ? "RDA" : "WRA";
  return isReady(state, closing, request) ? closing : command;
}

function send(state: SteppedState, command: Command, target: { readonly bank: number; readonly row: number }): void {
  const { device, part, counts, now } = state;
  const closed = command === "PREab" ? allBanks(part, target.bank) : command === "PREpb" || command === "RDA" || command === "WRA" ? [target.bank] : [];
  counts.precharges += closed.filter((bank) => device.open[bank] !== CLOSED).length;
  issue(device, command, target, now);
  for (const bank of closed) {
    state.accesses[bank] = 0;
    state.closing[bank] = false;
  }
  if (command === "RD" || command === "WR") state.accesses[target.bank] = state.accesses[target.bank]! + 1;
  if (command === "ACT") counts.activates++;
  else if (command === "RD" || command === "RDA") counts.reads++;
  else if (command === "WR" || command === "WRA") counts.writes++;
  else if (command === "REFab") counts.refreshes++;
  else if (command === "REFpb") counts.bank_refreshes++;
  if (isRising(now) && !isColumnCommand(command)) state.rising = { command, bank: target.bank, edge: now + (command === "ACT" ? 3 : 1) };
}
