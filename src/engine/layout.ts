/**
 * The state of a run as a few flat arrays, so that it can be copied, compared and shifted. Hot path: times are Float64 (exact to 2^53), ring
 * counters are Int32 that wrap, rings are powers of two; measured with `npm run bench`. A channel is two rings of times: tokens
 * (arrival) and free slots (time free); `depth` slots are free at time 0.
 */

import type { Crossing } from "./clock.ts";
import type { Heap } from "./heap.ts";
import type { NetworkSpec, RequestSource } from "./network.ts";
import type { Recording } from "./record.ts";
import type { Complete, Server } from "./server.ts";

/**
 * Per process, floats. QUIET: the first firing at which a port that is not fast acts. LIMIT: the latest start allowed, in ticks of its own. STRIDE: parts of the state's
 * grid in such a tick. TOTAL of a steered process is a bound until it is done.
 */
export const FIRED = 0;
export const TOTAL = 1;
export const II = 2;
export const READY = 3;
export const LAST = 4;
export const QUIET = 5;
export const LIMIT = 6;
export const STRIDE = 7;
export const PF = 8;

/**
 * Per process, ints. Ports PORT .. PORT_END; fast ports (period 1, both ends in one clock) FAST_IN .. FAST_OUT .. FAST_END of `fast`; outstanding slots SLOT0 .. SLOT_END, next one CURRENT.
 * DRAWN: bursts of the next firing, which stand in `bursts`; -1: its source has not been asked yet. Of a steered process, for the next firing: BEGINS, the outermost
 * level that begins, REACH, the deepest level asked about so far, ENDS, the outermost level that ends; -1: its steering has not been asked to the end yet.
 */
export const PORT = 0;
export const PORT_END = 1;
export const FAST_IN = 2;
export const FAST_OUT = 3;
export const FAST_END = 4;
export const SLOT0 = 5;
export const SLOT_END = 6;
export const CURRENT = 7;
export const RANK = 8;
export const KIND = 9;
export const DRAWN = 10;
export const BEGINS = 11;
export const REACH = 12;
export const ENDS = 13;
export const PI = 16;

/** What a process needs beside time. */
export const TIMED = 0;
export const REQUESTING = 1;
/** This and more: it has a behaviour. */
export const COMPUTING = 2;
export const STEERED = 3;

/** Per port, ints. Offsets of its channel's rings and counters, what it does at its next event, rank of the process at the other end. */
export const TOKENS = 0;
export const SLOTS = 1;
export const MASK = 2;
export const COUNTERS = 3;
export const ACT = 4;
export const OTHER = 5;
export const FAST = 6;
export const TOGGLE = 7;
export const QI = 8;

/** Per port, floats. NEXT: firing of its next event. DELAY: start (or completion) to arrival, where both ends have one clock. ARRIVED: last arrival of a token it pushed, in the clock of the other end. */
export const NEXT = 0;
export const PERIOD = 1;
export const DELAY = 2;
export const ARRIVED = 3;
export const QF = 4;

/** Per channel, ints: tokens popped, tokens whose time is known (a prefix), slots taken, slots freed, tokens pushed. PUSHED differs from KNOWN only behind requests: tokens of known time may stand behind one whose time is not known. */
export const POPPED = 0;
export const KNOWN = 1;
export const TAKEN = 2;
export const FREED = 3;
export const PUSHED = 4;
export const CI = 8;

/** What a port does at an event. */
export const POP = 1;
export const FREE = 2;
export const TAKE = 4;
export const PUSH = 8;

/** Additive counters per process and per resource; one per port (its waits) between them. */
export const BUSY = 0;
export const STARVED = 1;
export const BLOCKED = 2;
export const MEMORY = 3;
export const PC = 4;
export const SERVED = 0;
export const BUSY_SERVER = 1;
export const HITS = 2;
export const WAITED = 3;
export const RC = 4;

export interface State {
  readonly spec: NetworkSpec;
  /** Process of each rank: the order of visits. Any order gives the same times. */
  readonly order: Int32Array;
  /** One bit per rank: something near it has changed since its last visit. */
  readonly dirty: Int32Array;
  readonly pf: Float64Array;
  readonly pi: Int32Array;
  readonly qi: Int32Array;
  readonly qf: Float64Array;
  readonly ci: Int32Array;
  /** Port numbers, by process: first those that pop, then those that push. */
  readonly fast: Int32Array;
  /** All rings. -1: a token whose time is not known yet. */
  readonly time: Float64Array;
  /** All additive counters. Ports start at `portCount`, resources at `resourceCount`. */
  readonly count: Float64Array;
  readonly portCount: number;
  readonly resourceCount: number;
  /** Per port, in `count`: waits before the first firing, and waits for late tokens. */
  readonly fillCount: number;
  readonly lateCount: number;
  /** Per process, in `count`: memory waits by resource, then late ticks by resource. -1: it has no requests. */
  readonly byResource: Int32Array;
  /** Per port: 1 if it pops what a process with requests pushes. */
  readonly awaits: Uint8Array;
  /** Beside the token of each ring position of a channel that a process with requests writes (they come first): how long its bursts were under way (0: none), and the resource of the last. */
  readonly flight: Float64Array;
  readonly flightLast: Int32Array;
  /** Outstanding slots of all processes: time free (-1: under way), bursts under way, start, latest completion and its resource, process. */
  readonly slotFree: Float64Array;
  readonly slotPending: Int32Array;
  readonly slotStart: Float64Array;
  readonly slotDone: Float64Array;
  readonly slotLast: Int32Array;
  readonly slotProcess: Int32Array;
  /** Per process: ticks of service of its bursts; 0: the resource's. */
  readonly service: Float64Array;
  /** Ring position of the token that the firing in slot g pushed at port j of its process, -1: none, at [slotPush0[p] + (g - SLOT0) * ports + j]. */
  readonly slotPush: Int32Array;
  readonly slotPush0: Int32Array;
  /** Per port: how times cross to the process at the other end, where that has another clock. */
  readonly crossings: readonly (Crossing | null)[];
  /** Per port of a steered process: tokens popped or pushed. */
  readonly tokens: Float64Array;
  /** Parts of a network tick in which times of requests and `slotDone` count: all ticks of processes stand on them. */
  readonly grid: number;
  /** Per resource: time at which it is free, in server ticks on its own axis; its pending bursts. */
  readonly free: Float64Array;
  readonly pending: readonly Heap[];
  /** Per resource: its server and what that calls, and where its counters stand in `count`. Null, -1: it has none. */
  readonly servers: readonly (PlacedServer | null)[];
  readonly serverCount: Int32Array;
  /** Per process: who says which bursts it sends, and where, with what word; words: per port: words of the token popped last, or to be pushed; per channel: words of its tokens. */
  readonly sources: readonly (RequestSource | undefined)[];
  readonly bursts: readonly Int32Array[];
  readonly words: readonly Float64Array[];
  readonly inputs: readonly (readonly Float64Array[])[];
  readonly outputs: readonly (readonly Float64Array[])[];
  readonly data: readonly Float64Array[];
  /** What a question leaves for the act that follows: latest arrival and its port, latest slot and its port. */
  readonly asked: Float64Array;
  /** Room for one batch of firings. */
  readonly starts: Float64Array;
  readonly slots: Float64Array;
  readonly inPort: Int32Array;
  readonly outPort: Int32Array;
  /** Ports beyond the last that stand in for a missing one: their channel has all it needs at time 0. */
  readonly noInput: number;
  readonly noOutput: number;
  readonly maxTicks: number;
  /** What follows the run; null: nothing does. */
  readonly recording: Recording | null;
}

export interface PlacedServer {
  readonly server: Server;
  readonly complete: Complete;
}
