/**
 * A small server for laws: banks with one page open each. Of what waits it serves the oldest whose page is open, else the oldest, which opens its page and takes longer. Out
 * of service, and all pages closed, in windows [k * interval, k * interval + duration), k >= 1. A word is a page times the banks, plus the bank.
 */

import type { Complete, PlainServer, Server, ServerMove, ServerSpec } from "../../src/engine/server.ts";

export interface PagesPlan {
  readonly banks: number;
  readonly hit: number;
  readonly miss: number;
  /** From the end of a service to its completion. */
  readonly lag: number;
  /** 0: no windows. */
  readonly interval: number;
  readonly duration: number;
}

interface Waiting {
  readonly seen: number;
  readonly word: number;
  readonly tag: number;
}

interface PagesState {
  queue: Waiting[];
  open: (number | null)[];
  now: number;
  free: number;
  /** Start of the last service, and the window before it. */
  last: number;
  epoch: number;
}

export function pagesSpec(plan: PagesPlan): ServerSpec {
  return {
    counters: ["hits", "misses"],
    least: plan.hit + plan.lag,
    interval: plan.interval,
    stride: plan.banks,
    family: 0,
    create: (now, counts) => createPages(plan, now, counts),
    createPlain: (now, counts) => createPlainPages(plan, now, counts),
  };
}

function serve(plan: PagesPlan, state: PagesState, at: number, counts: Float64Array, complete: Complete): void {
  const { queue, open } = state;
  const seen = queue.filter((waiting) => waiting.seen <= at);
  const isHit = ({ word }: Waiting): boolean => open[word % plan.banks] === Math.floor(word / plan.banks);
  const chosen = seen.find(isHit) ?? seen[0]!;
  const hit = isHit(chosen);
  counts[hit ? 0 : 1]!++;
  open[chosen.word % plan.banks] = Math.floor(chosen.word / plan.banks);
  queue.splice(queue.indexOf(chosen), 1);
  state.last = at;
  state.free = at + (hit ? plan.hit : plan.miss);
  complete(chosen.tag, state.free + plan.lag, at - chosen.seen);
}

const emptyState = ({ banks }: PagesPlan, now: number): PagesState => ({ queue: [], open: new Array(banks).fill(null), now, free: now, last: now, epoch: 0 });

function earliestOf({ hit, lag }: PagesPlan, { queue, now, free }: PagesState): number {
  return queue.length === 0 ? Number.POSITIVE_INFINITY : Math.max(now, free, queue[0]!.seen) + hit + lag;
}

function createPlainPages(plan: PagesPlan, now: number, counts: Float64Array): PlainServer {
  const state = emptyState(plan, now);
  const step = (at: number, complete: Complete): void => {
    if (plan.interval > 0 && at >= plan.interval && at % plan.interval < Math.max(1, plan.duration)) state.open.fill(null);
    if (plan.interval > 0 && at >= plan.interval && at % plan.interval < plan.duration) return;
    if (at >= state.free && state.queue.some(({ seen }) => seen <= at)) serve(plan, state, at, counts, complete);
  };
  return {
    take: (seen, word, tag) => state.queue.push({ seen, word, tag }),
    earliest: () => earliestOf(plan, state),
    run(until, complete) {
      for (; state.now < until; state.now++) step(state.now, complete);
    },
  };
}

function createPages(plan: PagesPlan, now: number, counts: Float64Array): Server {
  const { interval, duration } = plan;
  let state = emptyState(plan, now);
  return {
    take: (seen, word, tag) => state.queue.push({ seen, word, tag }),
    earliest: () => earliestOf(plan, state),
    run(until, complete) {
      while (state.queue.length > 0) {
        let at = Math.max(state.now, state.free, state.queue[0]!.seen);
        if (interval > 0 && at >= interval && at % interval < duration) at += duration - (at % interval);
        if (at >= until) break;
        const epoch = interval > 0 ? Math.floor(at / interval) : 0;
        if (epoch > state.epoch) state.open.fill(null);
        state.epoch = epoch;
        serve(plan, state, at, counts, complete);
      }
      state.now = Math.max(state.now, until);
    },
    save: () => structuredClone(state),
    restore(saved) {
      state = structuredClone(saved as PagesState);
    },
    repeats: (before, move) => repeats(plan, state, before as PagesState, move),
    shift(ticks, words) {
      state.queue = state.queue.map(({ seen, word, tag }) => ({ seen: seen + ticks, word: word + words, tag }));
      state.open = state.open.map((page) => (page === null ? null : page + words / plan.banks));
      state.now += ticks;
      state.free += ticks;
      state.last += ticks;
      if (interval > 0) state.epoch = Math.floor(state.last / interval);
    },
  };
}

function repeats({ banks, interval }: PagesPlan, now: PagesState, old: PagesState, { ticks, words, rank, rankBefore }: ServerMove): number {
  const isMoved = (waiting: Waiting, i: number): boolean => {
    const was = old.queue[i]!;
    return waiting.seen - was.seen === ticks && waiting.word - was.word === words && rank(waiting.tag) === rankBefore(was.tag);
  };
  if (words % banks !== 0 || now.queue.length !== old.queue.length || now.free - old.free !== ticks || now.last - old.last !== ticks) return 0;
  if (!now.queue.every(isMoved) || !now.open.every((page, b) => page === (old.open[b] === null ? null : old.open[b]! + words / banks))) return 0;
  if (interval === 0 || (ticks % interval === 0 && old.last >= interval)) return Number.POSITIVE_INFINITY;
  const epoch = Math.floor(old.last / interval);
  if (Math.floor(now.last / interval) !== epoch) return 0;
  return Math.ceil(((epoch + 1) * interval - now.last) / ticks) - 1;
}
