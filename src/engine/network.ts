/**
 * What the engine runs: processes that fire, bounded channels between them, and resources that several processes contend for.
 * A Kahn network: no process peeks or asks which input came first. Knows no hardware.
 * Both the fast engine (run.ts) and the slow oracle (sim/oracle.ts) take this; its comments are their common specification.
 *
 * Timing of firing n of a process (prev = start of firing n-1; P = the port's period):
 *   ready  = n == 0 ? 0 : prev + ii(n-1)
 *   tin    = latest arrival of the tokens it pops, tout = latest time of the slots it reserves, tmem = time of the outstanding slot it takes, if it has bursts
 *   start  = max(ready, tin, tout, tmem)
 *   starved += max(0, tin - ready)                         on the input with the latest arrival (ties: lowest port)
 *   memory  += max(0, min(tmem, start) - max(ready, tin))  (only firings with bursts)
 *   blocked += start - max(ready, tin, tmem)               on the output with the latest slot (ties: lowest port)
 *   stream-in   pops when n % P == 0; its slot is free at start + 1
 *   stream-out  reserves and pushes when n % P == P - 1; the token arrives at start + latency + the channel's latency
 *   buffer-in   pops (acquires) when n % P == 0, frees the slot when n % P == P - 1, at start + 1 of that firing
 *   buffer-out  reserves when n % P == 0, pushes when n % P == P - 1
 * A firing with bursts sends them at `start`; every token it pushes arrives at (completion of its last burst) + latency + the channel's
 * latency. Outstanding slots count what is under way: the k-th firing that has bursts takes the slot of the (k - outstanding)-th one that had
 * some, free at the completion of that one's last burst + 1; the first `outstanding` of them find theirs free at time 0. A firing without bursts
 * takes no slot and frees none: tmem does not exist for it, and its tokens arrive at start + latency + the channel's latency, in
 * their order behind those still awaited.
 * Which resource a wait for memory goes back to: the one that completed last among the bursts of the firing waited for, by parts of a network tick on which the ticks of all processes stand (ties: lowest resource). Ticks of
 * `memory` go to the resource of the firing whose slot is awaited. A token that a firing with bursts pushed was under way for `flight` = completion of
 * its last burst (as its process sees it) - start, in ticks of its consumer, rounded up; of the ticks that its consumer is starved for it, as the input with the latest arrival, the last min(tin - ready, flight) are late, and go to that resource.
 * The time of a run ends with the last of: start + ii, start + latency, completions, arrivals.
 *
 * Clocks: all times of a process (ready, start, ii, latency, what it waited) count ticks of its own clock, tick t standing at network time t * denominator / numerator;
 * a channel's latency counts network ticks. A time that a process sees from elsewhere (an arrival, a slot freed, a completion) is the first tick of its own clock
 * that is not before: rounded up once, from the exact time at which it was written. With P the producer's ticks per network tick and C the consumer's, the token of a firing
 * arrives at ceil(((start + latency) / P + the channel's latency) * C) of the consumer's ticks, and a slot freed at start + 1 of the consumer is free at
 * ceil((start + 1) / C * P) of the producer's. Ticks of a run, and the latest start that a run allows, are the network's; each of the times with which a run
 * can end (an arrival in its consumer's clock, a completion in the network's) becomes one by rounding up.
 *
 * Steered processes (Behaviour.steering): a port has a level in place of a period. Let iterations of levels >= B begin at a firing and those of levels >= E end, both only
 * as far as D, the deepest level that is entered; "n % P == 0" above becomes "B <= level <= D", "n % P == P - 1" becomes "E <= level <= D". B is 0 at first, and later
 * the E of the firing before. D and E are asked from the steering, level by level from B inwards, each when the tokens popped at the levels so far are there; asking takes no
 * time, and all that the firing pops counts in tin. An iteration whose loop turns 0 times is one firing at which nothing inside it happens. The process is done after
 * the firing with E = 0.
 */

import type { Behaviour } from "./behaviour.ts";
import type { ServerSpec } from "./server.ts";

export type PortKind = "stream-in" | "stream-out" | "buffer-in" | "buffer-out";

export interface PortSpec {
  /** Index into `channels`. */
  readonly channel: number;
  readonly kind: PortKind;
  /** Firings for one iteration of the level at which the port acts. Divides the process's firings. 1 where the process is steered. */
  readonly period: number;
  /** Only of steered processes: loops outside the level at which the port acts. 0: once in all. */
  readonly level?: number;
}

/** A clock's ticks per tick of the network, in lowest terms. */
export interface Clock {
  readonly numerator: number;
  readonly denominator: number;
}

export interface ProcessSpec {
  readonly name: string;
  /** How often it fires in all. 0 is allowed. A steered process: at most; one that goes on beyond is a bug in its steering. */
  readonly firings: number;
  /** Its own clock. Absent: the network's. */
  readonly clock?: Clock;
  /** Ticks between two starts, >= 1. A behaviour may lengthen single firings. */
  readonly ii: number;
  /** Ticks from start to push, >= 0. */
  readonly latency: number;
  readonly ports: readonly PortSpec[];
  readonly requests?: RequestSpec;
  /** What its tokens carry and how its datapath computes. Absent: time only. */
  readonly behaviour?: Behaviour;
}

export interface RequestSpec {
  /** Firings with bursts that may be under way at one time, >= 1. Firings without any do not count. */
  readonly outstanding: number;
  /** Ticks of service that each of its bursts takes of a resource without a server, >= 1. Absent: as many as the resource says. */
  readonly service?: number;
  readonly source: RequestSource;
}

export interface RequestSource {
  /** Most bursts a firing can have. */
  readonly maxBursts: number;
  /**
   * Called once for each firing, in order (n = 0, 1, 2 ...), when the tokens that firing pops are there: one may have been asked about that does not fire
   * in the end. It is called before the behaviour of that firing (after its steering), and after those of all firings before it. Writes the resource of each burst into `into`, returns their number
   * (0 is allowed), and into `words` what a server there is told of it: an integer; the same of two bursts of a firing only where they are all the same to it.
   * `inputs`: as the behaviour of that firing will see them; empty for a process without behaviour.
   */
  next(n: number, into: Int32Array, inputs: readonly Float64Array[], words: Float64Array): number;
  /** For fast-forward: at least how many of the next calls will each give what the call `firings` (at least 1) before it gave, its words moved by `moves`. 0 where nothing is known. */
  repeats(firings: number): number;
  /** Absent: it asks no server. */
  readonly words?: SourceWords;
  /** As if `calls` more calls had been made, each of which gives what the call `period` before it gave. */
  shift(calls: number, period: number): void;
}

/** All its bursts go to servers of one family. */
export interface SourceWords {
  readonly family: number;
  /** By how much the words of the next calls differ from those of the calls `firings` before them, as far as `repeats` says. */
  moves(firings: number): number;
  /** After how many firings words may have moved by a multiple of `stride`; 0: not known. Decides when to compare, not what recurs. */
  period(stride: number): number;
}

export interface ChannelSpec {
  readonly name: string;
  /** Slots, >= 1. */
  readonly depth: number;
  /** Ticks, >= 1. */
  readonly latency: number;
  /** Tokens that stand in it at time 0, at most `depth`; their words are 0. What a ring of channels starts with. Absent: none. */
  readonly initial?: number;
  /** Numbers that a token carries when processes have behaviours (0: none). */
  readonly words: number;
}

/**
 * A server with a clock of its own: serves one burst after the other. A request made at time t of the network (no whole tick where the process has another clock) is seen
 * at ceil((t + origin) * clock.numerator / clock.denominator) of the server's ticks; service starts at max(that, free), pushed out of a refresh
 * window [k * interval, k * interval + duration), k >= 1; a service under way when a window begins finishes. It completes
 * `service` ticks later (of a request whose process says how many, those), at network time completion * denominator / numerator - origin + latency; who sees it rounds up to his own clock.
 * Order: by time of request, then by index of the process, then by word.
 * Where a `server` stands behind it, that decides the completions: each burst is given to it in this order when it is seen, and a burst of which it says that it completes
 * at a tick does so as above. It holds the channel for `service` ticks, wherever they lie; it has waited for as long as the server says.
 */
export interface ResourceSpec {
  readonly name: string;
  readonly service: number;
  /**
   * Ticks of the network's clock added to each completion. -1, for a service of one tick that the network's clock is a whole number of: a burst completes in the tick of the network in which
   * its service begins (its clients have no clock of their own).
   */
  readonly latency: number;
  readonly clock: Clock;
  readonly refresh?: { readonly interval: number; readonly duration: number };
  readonly server?: ServerSpec;
  /** Network tick at which this run starts on the resource's own time axis (refresh phase). */
  readonly origin: number;
}

export interface NetworkSpec {
  readonly processes: readonly ProcessSpec[];
  /** Each channel has exactly one port that pushes and one that pops, of the same family (stream or buffer). A broadcast is several channels. */
  readonly channels: readonly ChannelSpec[];
  readonly resources: readonly ResourceSpec[];
}

/** What a run counted. Arrays are indexed like the spec's. */
export interface NetworkResult {
  /** All processes fired all their firings. Otherwise nothing can move any more. */
  readonly finished: boolean;
  /** End of the run in ticks of the network. */
  readonly ticks: number;
  readonly processes: readonly ProcessCounters[];
  readonly channels: readonly ChannelCounters[];
  readonly resources: readonly ResourceCounters[];
  /** Sum over processes. */
  readonly firings: number;
}

export interface ProcessCounters {
  readonly firings: number;
  /** Start of the last firing in its own clock, -1 if none. */
  readonly lastStart: number;
  /** Ticks of its own clock: busy + starved + blocked + memory == lastStart + (ii of the last firing); the rest of the run it was idle. */
  readonly busy: number;
  readonly starved: number;
  readonly blocked: number;
  readonly memory: number;
  /** Per port: share of starved (inputs) or blocked (outputs) that this port decided. */
  readonly waits: readonly number[];
  /** Per port: of its waits, those of an input before the first firing. */
  readonly fill: readonly number[];
  /** Per port: of its waits, those for a token that was late because its bursts were under way. */
  readonly late: readonly number[];
  /** Per resource: share of `memory` that goes back to it. Empty without requests. */
  readonly memoryBy: readonly number[];
  /** Per resource: late ticks of those that pop this process's tokens. Empty without requests. */
  readonly lateBy: readonly number[];
}

export interface ChannelCounters {
  readonly pushed: number;
  readonly popped: number;
}

export interface ResourceCounters {
  readonly served: number;
  /** In server ticks. */
  readonly busy: number;
  /** The end of its last service; of a server the latest completion. */
  readonly free: number;
  /** Services that a refresh window pushed back. */
  readonly refreshHits: number;
  /** Sum over requests of (service start - time seen), in server ticks. */
  readonly waited: number;
  /** What its server counted: like ServerSpec.counters. */
  readonly counts: readonly number[];
}
