/**
 * How the channels of a tier serve a section whose loads and stores come in phases: each phase at the pace that its own bursts reach together. The clock, the refresh and the latency of
 * the channels are those of the phase that moves most; a burst of another takes so much more or less service that the phase has its own rate.
 */

import type { TierTiming } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { measurePace, type StreamPace, timingOf } from "./pace.ts";
import type { Stream } from "./streams.ts";
import type { PlacedTier } from "./tiers.ts";

export interface PhasedPace {
  readonly timing: TierTiming;
  /** Ticks of service of a burst, by phase; of a phase that is not in it as the timing says. */
  readonly services: ReadonlyMap<number, number>;
  /** Rows opened and closed for each burst, on average. */
  readonly activates: number;
  readonly precharges: number;
}

/** Of a section that asks for nothing. */
const NOTHING = { phase: 0, bursts: 1, streams: [] as readonly Stream[] };

/** A phase with less than this share of the bursts goes at the pace of the largest: what it takes decides nothing. */
const LEAST_SHARE = 1 / 256;

/** `phases`: its streams, which are used up, by phase. */
export function measurePhases(machine: Machine, tier: PlacedTier, phases: ReadonlyMap<number, readonly Stream[]>): PhasedPace {
  const sized = [...phases].map(([phase, streams]) => ({
    phase,
    streams,
    bursts: streams.reduce((sum, { firings, meanBursts }) => sum + firings * meanBursts, 0),
  }));
  const all = sized.reduce((sum, { bursts }) => sum + bursts, 0);
  const large = sized.filter(({ bursts }) => bursts >= all * LEAST_SHARE);
  const known = (large.length === 0 ? [NOTHING] : large).map(({ phase, streams, bursts }) => ({ phase, bursts, pace: measurePace(machine, tier, streams) }));
  const main = known.reduce((most, one) => (one.bursts > most.bursts ? one : most));
  const others = known.filter((one) => one !== main && one.pace !== main.pace);
  const finer = refine(others.map(({ pace }) => main.pace.bursts * ticksBeside(pace, main.pace)));
  const { ticks, bursts } = main.pace;
  const measured = known.reduce((sum, { bursts }) => sum + bursts, 0);
  const mean = (of: (pace: StreamPace) => number): number => known.reduce((sum, { bursts, pace }) => sum + bursts * of(pace), 0) / measured;
  return {
    timing: timingOf(machine, tier, { ...main.pace, ticks: finer * ticks, bursts: finer * bursts }),
    services: new Map(others.map(({ phase, pace }) => [phase, Math.round(finer * bursts * ticksBeside(pace, main.pace))])),
    activates: mean(({ activates }) => activates),
    precharges: mean(({ precharges }) => precharges),
  };
}

/** Ticks a burst that reach between refreshes like `main`'s the rate that a pace has between its own. */
function ticksBeside({ ticks, bursts, refresh }: StreamPace, main: StreamPace): number {
  return ((ticks / bursts) * openShare(main.refresh)) / openShare(refresh);
}

const openShare = (refresh: StreamPace["refresh"]): number => (refresh === null ? 1 : 1 - refresh.duration / refresh.interval);

/** Largest deviation of a service from what it stands for, and the finest ticks that are tried for it: they decide how soon a state can recur. */
const PRECISION = 0.005;
const FINEST = 32;

/** Ticks into which one is cut so that whole ones stand for all of these. */
function refine(services: readonly number[]): number {
  for (let finer = 1; ; finer++) {
    const isNear = (service: number): boolean => Math.abs(Math.round(finer * service) / (finer * service) - 1) <= PRECISION;
    if (finer === FINEST || services.every(isNear)) return finer;
  }
}
