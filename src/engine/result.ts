/** What a run has counted so far, in the terms of network.ts. */

import { NETWORK_CLOCK, networkTick } from "./clock.ts";
import {
  ARRIVED,
  BLOCKED,
  BUSY,
  BUSY_SERVER,
  DRAWN,
  FIRED,
  HITS,
  KIND,
  LAST,
  MEMORY,
  PC,
  PF,
  PI,
  PORT,
  PORT_END,
  QF,
  RC,
  READY,
  SERVED,
  STARVED,
  STEERED,
  type State,
  TOTAL,
  WAITED,
} from "./layout.ts";
import type { ChannelCounters, NetworkResult, ProcessCounters, ResourceCounters } from "./network.ts";
import { completeService } from "./serve.ts";

/** How far a run under way has come: the latest start, and the firings done of those there are. */
export function progressOf({ spec, pf }: Pick<State, "spec" | "pf">): { readonly tick: number; readonly share: number } {
  let tick = 0;
  let fired = 0;
  let total = 0;
  for (let p = 0; p < spec.processes.length; p++) {
    tick = Math.max(tick, networkTick(Math.max(0, pf[p * PF + LAST]!), spec.processes[p]!.clock ?? NETWORK_CLOCK));
    fired += pf[p * PF + FIRED]!;
    total += pf[p * PF + TOTAL]!;
  }
  return { tick, share: total === 0 ? 1 : fired / total };
}

/** By process: what a run that was stopped had begun and not done. */
export interface Cut {
  /** Bursts that its source has given for a firing that has not started. */
  readonly drawn: number;
  /** Has it firings left? */
  readonly isUnfinished: boolean;
}

export function readCuts({ spec, pf, pi }: State): readonly Cut[] {
  return spec.processes.map((_, p) => ({ drawn: Math.max(0, pi[p * PI + DRAWN]!), isUnfinished: pf[p * PF + FIRED] !== pf[p * PF + TOTAL] }));
}

export function readResult(state: State): NetworkResult {
  const { spec, pf } = state;
  const processes = spec.processes.map((_, p) => readProcess(state, p));
  return {
    finished: processes.every(({ firings }, p) => firings === pf[p * PF + TOTAL]),
    ticks: lastTick(state),
    processes,
    channels: readChannels(state),
    resources: spec.resources.map((_, r) => readResource(state, r)),
    firings: processes.reduce((total, { firings }) => total + firings, 0),
  };
}

function readProcess({ pf, pi, count, portCount, fillCount, lateCount, byResource, free }: State, p: number): ProcessCounters {
  const c = p * PC;
  const perPort = (first: number) => Array.from(count.subarray(first + pi[p * PI + PORT]!, first + pi[p * PI + PORT_END]!));
  const perResource = (first: number) => (byResource[p]! < 0 ? [] : Array.from(count.subarray(byResource[p]! + first, byResource[p]! + first + free.length)));
  return {
    firings: pf[p * PF + FIRED]!,
    lastStart: pf[p * PF + LAST]!,
    busy: count[c + BUSY]!,
    starved: count[c + STARVED]!,
    blocked: count[c + BLOCKED]!,
    memory: count[c + MEMORY]!,
    waits: perPort(portCount),
    fill: perPort(fillCount),
    late: perPort(lateCount),
    memoryBy: perResource(0),
    lateBy: perResource(free.length),
  };
}

/** Counted from the firings, or at the ports of steered processes, since the engine's own ring counters wrap. */
function readChannels({ spec, pf, pi, tokens }: State): ChannelCounters[] {
  const counters = spec.channels.map(() => ({ pushed: 0, popped: 0 }));
  spec.processes.forEach(({ ports }, p) => {
    const fired = pf[p * PF + FIRED]!;
    const isSteered = pi[p * PI + KIND] === STEERED;
    ports.forEach(({ channel, kind, period }, j) => {
      const counted = tokens[pi[p * PI + PORT]! + j]!;
      if (kind.endsWith("-in")) counters[channel]!.popped = isSteered ? counted : Math.ceil(fired / period);
      else counters[channel]!.pushed = isSteered ? counted : Math.floor(fired / period);
    });
  });
  return counters;
}

function readResource({ spec, count, resourceCount, serverCount, free }: State, r: number): ResourceCounters {
  const c = resourceCount + r * RC;
  const own = spec.resources[r]!.server?.counters.length ?? 0;
  return {
    ...{ served: count[c + SERVED]!, busy: count[c + BUSY_SERVER]!, free: free[r]!, refreshHits: count[c + HITS]!, waited: count[c + WAITED]! },
    counts: Array.from(count.subarray(serverCount[r]!, serverCount[r]! + own)),
  };
}

/** The last completion of a resource is that of its free time. */
function lastTick({ spec, pf, pi, qf, crossings, free, count, resourceCount }: State): number {
  let last = 0;
  spec.processes.forEach(({ latency, clock = NETWORK_CLOCK }, p) => {
    if (pf[p * PF + FIRED] === 0) return;
    last = Math.max(last, networkTick(Math.max(pf[p * PF + READY]!, pf[p * PF + LAST]! + latency), clock));
    for (let q = pi[p * PI + PORT]!; q < pi[p * PI + PORT_END]!; q++) last = Math.max(last, networkTick(qf[q * QF + ARRIVED]!, crossings[q]?.to ?? clock));
  });
  spec.resources.forEach((resource, r) => {
    if (count[resourceCount + r * RC + SERVED]! > 0) last = Math.max(last, completeService(resource, free[r]!, 1));
  });
  return last;
}
