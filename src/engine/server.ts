/**
 * What may stand behind a resource in place of a fixed rate: it takes bursts in the order of the resource, sees a word of each, and completes them in an order of its
 * own. Knows the ticks of its resource's clock and nothing else. The state of a run saves, compares and shifts it like all else.
 */

/** A kind of server. Plain, and the same for all resources that it stands behind. */
export interface ServerSpec {
  /** What it counts beside what the engine does, in order. Sums only: fast-forward multiplies them. */
  readonly counters: readonly string[];
  /** No burst completes sooner than so many ticks after it is seen, >= 1. */
  readonly least: number;
  /** Ticks after which something returns in it that no burst causes, and which a period therefore spans whole or not at all. 0: nothing does. */
  readonly interval: number;
  /** Words recur for it only where they have moved by a multiple of this; 0: where nothing is known of it, or they do not. Decides when to compare, not what recurs. */
  readonly stride: number;
  /** Resources of one family get words that move together. */
  readonly family: number;
  /** At tick `now` of the resource, with nothing to do. Adds what it counts to `counts`. */
  create(now: number, counts: Float64Array): Server;
  /** Its slow twin, for the oracle. */
  createPlain(now: number, counts: Float64Array): PlainServer;
}

/** Told of each burst once its completion is decided, in any order: at which tick it completes, and for how many ticks it waited for others. */
export type Complete = (tag: number, tick: number, waited: number) => void;

export interface PlainServer {
  /** A burst seen at tick `at`: not before those that it took already, nor before a tick that it has run through. */
  take(at: number, word: number, tag: number): void;
  /** No burst that it holds completes before this tick. Infinity: it holds none. */
  earliest(): number;
  /** Runs through all ticks before `until`. */
  run(until: number, complete: Complete): void;
}

export interface Server extends PlainServer {
  /** All that decides what it does from here on, as plain data that nothing changes any more. */
  save(): unknown;
  restore(saved: unknown): void;
  /** How often what it did since may come again: 0 where its state is not the one saved before moved on so. */
  repeats(before: unknown, move: ServerMove): number;
  /** Moves its state on. */
  shift(ticks: number, words: number): void;
}

/** What a period moves: times by `ticks`, words by `words`, and tags as said: those of the same rank are alike. */
export interface ServerMove {
  readonly ticks: number;
  readonly words: number;
  readonly rank: (tag: number) => number;
  readonly rankBefore: (tag: number) => number;
}
