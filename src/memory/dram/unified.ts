/**
 * The unified controller, fast: it goes from command to command and skips the ticks at which none can issue. stepped.ts says what it does and judges it:
 * a law demands the same completion of every request and the same counts. Here are its state and what its users ask of it; its course is in schedule.ts.
 */

import type { Instant } from "../../base/units.ts";
import type { Part } from "../../machine/dram/part.ts";
import {
  type CommandCounts,
  type Completions,
  type Controller,
  type DramRequest,
  noCommands,
  noCompletions,
  type PagePolicy,
  type Refresh,
  tellCompletion,
  type UnifiedPolicy,
} from "./controller.ts";
import { createQueues, hasWrite, join, type Queues, READS, WRITES } from "./queues.ts";
import { createRefresh, type RefreshState } from "./refresh.ts";
import { run } from "./schedule.ts";
import { tellRead } from "./serve.ts";
import { PREAB, RDA, REFAB, REFPB, type Tables, tablesOf, WRA } from "./tables.ts";

export interface UnifiedState {
  readonly part: Part;
  readonly policy: UnifiedPolicy;
  readonly tables: Tables;
  /** One command bus; two, with commands on both edges. */
  readonly oneBus: boolean;
  readonly edges: boolean;
  now: Instant;
  /** No command issues before it unless a request comes. */
  quietUntil: Instant;
  /** From when each entry of the tables may issue. */
  readonly ready: Float64Array;
  readonly queues: Queues;
  /** Entries for which a row was opened, in the order of that. */
  readonly active: Int32Array;
  activeCount: number;
  /** Refreshes and precharges that wait, in order: a command and a bank each. */
  readonly priority: number[];
  readonly refresh: RefreshState;
  writing: boolean;
  readonly highWater: number;
  readonly lowWater: number;
  readonly accesses: Int32Array;
  readonly closing: Uint8Array;
  lastData: Instant;
  /** The latest row command on a rising edge, for what may stand beside it on a falling one. */
  readonly rising: { command: number; bank: number; edge: Instant };
  /** Of each window: the times it counts from, a ring of each node, and where each ring stands. */
  readonly rings: readonly { readonly times: Float64Array; readonly at: Int32Array }[];
  readonly plan: Plan;
  readonly done: Completions;
  readonly counts: CommandCounts;
}

/** What can issue next, by bus: when, for which entry, which command. A maintenance command has no entry. */
export interface Plan {
  columnAt: Instant;
  columnEntry: number;
  columnActive: boolean;
  rowAt: Instant;
  rowEntry: number;
  rowCommand: number;
}

export const unified: Controller<UnifiedPolicy, UnifiedState> = {
  create,
  now: (state) => state.now,
  accepts,
  enqueue,
  advance: (state, until) => run(state, until, false),
  step: (state, until) => run(state, until, true),
  nextEvent: (state) => Math.max(state.now, state.quietUntil),
  nextCompletion,
  completions: (state) => state.done,
  counts: (state) => state.counts,
};

function create(part: Part, policy: UnifiedPolicy): UnifiedState {
  const tables = tablesFor(part, policy);
  const share = (fraction: number): number => Math.fround(Math.fround(fraction) * policy.write_entries);
  return {
    part,
    policy,
    tables,
    oneBus: part.standard.command_bus === "one",
    edges: part.standard.command_bus === "edges",
    now: 1,
    quietUntil: 1,
    ready: new Float64Array(tables.entries),
    queues: createQueues(part.banks, policy.read_entries + policy.write_entries + part.banks, tables, policy.scheduler === "FR-FCFS-row-hit"),
    active: new Int32Array(part.banks),
    activeCount: 0,
    priority: [],
    refresh: createRefresh(part, policy.refresh),
    writing: false,
    highWater: share(policy.drain.high),
    lowWater: share(policy.drain.low),
    accesses: new Int32Array(part.banks),
    closing: new Uint8Array(part.banks),
    lastData: 0,
    rising: { command: -1, bank: 0, edge: 0 },
    rings: tables.windows.map(({ back, nodes }) => ({
      times: new Float64Array(nodes * (back + 1)).fill(Number.NEGATIVE_INFINITY),
      at: new Int32Array(nodes),
    })),
    plan: { columnAt: 0, columnEntry: 0, columnActive: false, rowAt: 0, rowEntry: 0, rowCommand: 0 },
    done: noCompletions(),
    counts: noCommands(),
  };
}

/** What was made of a part, for every channel of it. */
const made = new WeakMap<Part, Map<string, Tables>>();

function tablesFor(part: Part, { page, refresh }: UnifiedPolicy): Tables {
  const known = made.get(part) ?? new Map<string, Tables>();
  const key = `${page.kind} ${refresh}`;
  const tables = known.get(key) ?? tablesOf(part, (command) => isUsed(page, refresh, command));
  made.set(part, known.set(key, tables));
  return tables;
}

/** Whether a policy ever issues a command. */
function isUsed(page: PagePolicy, refresh: Refresh, command: number): boolean {
  if (command === RDA || command === WRA) return page.kind === "closed";
  if (command === REFAB || command === PREAB) return refresh === "all-bank" || refresh === "staggered";
  return command !== REFPB || refresh === "per-bank" || refresh === "paired";
}

function accepts({ queues, policy }: UnifiedState, { write, bank, row, column }: DramRequest): boolean {
  const room = write ? queues.waiting[WRITES]! < policy.write_entries : queues.waiting[READS]! < policy.read_entries;
  return room || hasWrite(queues, bank, row, column);
}

function enqueue(state: UnifiedState, request: DramRequest): void {
  const { write, bank, row, column, tag } = request;
  if (hasWrite(state.queues, bank, row, column)) {
    if (write) tellCompletion(state.done, tag, state.now);
    else tellRead(state, tag, state.now);
    return;
  }
  if (!accepts(state, request)) throw new Error(`the ${write ? "write" : "read"} queue is full at ${state.now}`);
  join(state.queues, bank, row, column, write, tag, state.now);
  state.quietUntil = state.now;
}

function nextCompletion({ queues, active, activeCount, now, quietUntil, part }: UnifiedState): Instant {
  const from = Math.max(now, quietUntil);
  if (queues.waiting[WRITES]! > 0 || active.subarray(0, activeCount).some((entry) => queues.write[entry] === 1)) return from;
  return queues.waiting[READS]! + activeCount > 0 ? from + part.readLatency : Number.POSITIVE_INFINITY;
}
