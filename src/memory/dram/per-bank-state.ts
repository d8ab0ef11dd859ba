/**
 * The state of the fast controller with a queue a bank (per-bank.ts).
 *
 * Hot path: requests stand in slots of typed arrays. Of each bank it is kept which commands may come next (`readAt`, `writeAt`, `closes`) and from when at the
 * earliest (`bound`): other banks' commands only delay them, so that is looked at again only when it has passed.
 */

import type { Instant } from "../../base/units.ts";
import type { Part } from "../../machine/dram/part.ts";
import type { Command } from "../../machine/dram/standard.ts";
import { type CommandCounts, type Completions, noCommands, noCompletions } from "./controller.ts";
import { CLOSED } from "./device.ts";
import { type DueRefresh, type PerBankPolicy, refreshInterval } from "./per-bank-policy.ts";
import { createSlots, NONE, type Slots } from "./slots.ts";
import { createTimetable, type Timetable } from "./timetable.ts";

// Numbers of commands in the timetable.
export const ACT = 0;
export const PRE = 1;
export const READ = 2;
export const WRITE = 3;
export const REFAB = 4;
export const REFPB = 5;
const OPEN_PAGE: readonly Command[] = ["ACT", "PREpb", "RD", "WR", "REFab", "REFpb"];
const CLOSED_PAGE: readonly Command[] = ["ACT", "PREpb", "RDA", "WRA", "REFab", "REFpb"];

/** Transactions on their way to their command queues: a list for each of those, linked through slots; and which of those have room for their first. */
export interface Line {
  count: number;
  readonly next: Int32Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Command queues for which some wait, and that have room: `movableCount` of them; and where each stands there, or NONE. */
  readonly movable: Int32Array;
  readonly movableAt: Int32Array;
  movableCount: number;
}

export interface PerBankState {
  readonly part: Part;
  readonly policy: PerBankPolicy;
  readonly table: Timetable;
  readonly slots: Slots;
  now: Instant;
  /** Nothing happens before this tick unless a request comes in. */
  wake: Instant;
  readonly reads: Line;
  readonly writes: Line;
  /** Reads whose data were not told yet. */
  unread: number;
  /** Writes still to be drained. */
  draining: number;
  /** Banks of a command queue, and how many requests each queue holds, and all of them. */
  readonly size: number;
  readonly held: Int32Array;
  queued: number;
  /** The bank, or queue of banks, that issued last. */
  turn: number;
  /** Of each bank: the slots of its requests in their order, `commands` places a bank; how many, and how many of them writes. */
  readonly list: Int32Array;
  readonly count: Int32Array;
  readonly writesIn: Int32Array;
  /** The open row, or CLOSED; accesses since it was opened. */
  readonly open: Int32Array;
  readonly hits: Int32Array;
  /** Places of the first read and of the first write that may access the open row, or NONE; 1 where the first request may have the row closed. */
  readonly readAt: Int32Array;
  readonly writeAt: Int32Array;
  readonly closes: Uint8Array;
  readonly bound: Float64Array;
  /** 1 while a refresh is under way for which the bank stands still: then its bound is Infinity. */
  readonly still: Uint8Array;
  /** What was chosen last: a bank and the place of a request. */
  chosenBank: number;
  chosenAt: number;
  /** The earliest tick at which a command that could not issue in this tick may. */
  soonest: Instant;
  readonly due: DueRefresh[];
  /** The first of them is under way. */
  refreshing: boolean;
  refreshes: number;
  nextDue: Instant;
  /** Of each rank: banks with an open row, and since when there is one. */
  readonly openBanks: Int32Array;
  readonly activeSince: Float64Array;
  activeTicks: number;
  readonly done: Completions;
  readonly counts: CommandCounts;
}

export function createPerBank(part: Part, policy: PerBankPolicy): PerBankState {
  const { banks, allBanks } = part;
  const { commands, transactions } = policy;
  const size = policy.queues === "bank" ? 1 : allBanks;
  const capacity = 2 * transactions + (banks / size) * commands + 1;
  const words = (length = banks): Int32Array => new Int32Array(length);
  const ranks = banks / allBanks;
  return {
    part,
    policy,
    table: createTimetable(part, policy.page === "open" ? OPEN_PAGE : CLOSED_PAGE),
    slots: createSlots(capacity),
    now: 0,
    wake: 0,
    reads: createLine(capacity, banks / size),
    writes: createLine(capacity, banks / size),
    unread: 0,
    draining: 0,
    size,
    held: words(banks / size),
    queued: 0,
    turn: 0,
    list: words(banks * commands),
    count: words(),
    writesIn: words(),
    open: words().fill(CLOSED),
    hits: words(),
    readAt: words().fill(NONE),
    writeAt: words().fill(NONE),
    closes: new Uint8Array(banks),
    bound: new Float64Array(banks).fill(Number.POSITIVE_INFINITY),
    still: new Uint8Array(banks),
    chosenBank: 0,
    chosenAt: 0,
    soonest: Number.POSITIVE_INFINITY,
    due: [],
    refreshing: false,
    refreshes: 0,
    nextDue: refreshInterval(part, policy),
    openBanks: words(ranks),
    activeSince: new Float64Array(ranks),
    activeTicks: 0,
    done: noCompletions(),
    counts: noCommands(),
  };
}

function createLine(capacity: number, queues: number): Line {
  const nowhere = (): Int32Array => new Int32Array(queues).fill(NONE);
  return {
    count: 0,
    next: new Int32Array(capacity),
    first: nowhere(),
    last: nowhere(),
    movable: new Int32Array(queues),
    movableAt: nowhere(),
    movableCount: 0,
  };
}

/** The slot waits for that command queue, behind the others. */
export function join(line: Line, queue: number, slot: number): void {
  line.next[slot] = NONE;
  if (line.first[queue] === NONE) line.first[queue] = slot;
  else line.next[line.last[queue]!] = slot;
  line.last[queue] = slot;
  line.count++;
}

/** The first that waits for that command queue goes. */
export function leave(line: Line, queue: number): void {
  line.first[queue] = line.next[line.first[queue]!]!;
  line.count--;
}

/** Keeps `movable` true of a command queue to which someone came, or in which room was taken or given. */
export function noteRoom(line: Line, queue: number, hasRoom: boolean): void {
  const { movable, movableAt } = line;
  const at = movableAt[queue]!;
  const isMovable = hasRoom && line.first[queue] !== NONE;
  if (isMovable === (at !== NONE)) return;
  if (isMovable) {
    movableAt[queue] = line.movableCount;
    movable[line.movableCount++] = queue;
  } else {
    const other = movable[--line.movableCount]!;
    movable[at] = other;
    movableAt[other] = at;
    movableAt[queue] = NONE;
  }
}

/** The command queue with room for which the oldest of those that wait for such waits, or NONE. */
export function oldestMovable({ movable, movableCount, first }: Line, order: Float64Array): number {
  if (movableCount === 0) return NONE;
  let oldest = movable[0]!;
  for (let index = 1; index < movableCount; index++) {
    const queue = movable[index]!;
    if (order[first[queue]!]! < order[first[oldest]!]!) oldest = queue;
  }
  return oldest;
}
