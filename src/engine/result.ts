/** What a run has counted so far, in the terms of network.ts. */

import {
  ARRIVED,
  BLOCKED,
  BUSY,
  BUSY_SERVER,
  DRAWN,
  FIRED,
  HITS,
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
  type State,
  TOTAL,
  WAITED,
} from "./layout.ts";
import type { ChannelCounters, NetworkResult, ProcessCounters, ResourceCounters } from "./network.ts";
import { completeService } from "./serve.ts";

/** How far a run under way has come: the latest start, and the firings done of those there are. */
export function progressOf({ spec, pf }: State): { readonly tick: number; readonly share: number } {
  let tick = 0;
  let fired = 0;
  let total = 0;
  for (let p = 0; p < spec.processes.length; p++) {
    tick = Math.max(tick, pf[p * PF + LAST]!);
    fired += pf[p * PF + FIRED]!;
    total += pf[p * PF + TOTAL]!;
  }
  return { tick, share: total === 0 ? 1 : fired / total };
}

/** Bursts that a source has given for a firing that has not started, by process. */
export function drawnAhead({ spec, pi }: State): readonly number[] {
  return spec.processes.map((_, p) => Math.max(0, pi[p * PI + DRAWN]!));
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

function readProcess({ pf, pi, count, portCount }: State, p: number): ProcessCounters {
  const c = p * PC;
  return {
    firings: pf[p * PF + FIRED]!,
    lastStart: pf[p * PF + LAST]!,
    busy: count[c + BUSY]!,
    starved: count[c + STARVED]!,
    blocked: count[c + BLOCKED]!,
    memory: count[c + MEMORY]!,
    waits: Array.from(count.subarray(portCount + pi[p * PI + PORT]!, portCount + pi[p * PI + PORT_END]!)),
  };
}

/** Counted from the firings, since the engine's own ring counters wrap. */
function readChannels({ spec, pf }: State): ChannelCounters[] {
  const counters = spec.channels.map(() => ({ pushed: 0, popped: 0 }));
  spec.processes.forEach(({ ports }, p) => {
    const fired = pf[p * PF + FIRED]!;
    for (const { channel, kind, period } of ports) {
      if (kind.endsWith("-in")) counters[channel]!.popped = Math.ceil(fired / period);
      else counters[channel]!.pushed = Math.floor(fired / period);
    }
  });
  return counters;
}

function readResource({ count, resourceCount, free }: State, r: number): ResourceCounters {
  const c = resourceCount + r * RC;
  return { served: count[c + SERVED]!, busy: count[c + BUSY_SERVER]!, free: free[r]!, refreshHits: count[c + HITS]!, waited: count[c + WAITED]! };
}

/** Completions of a resource never fall, so that its last one is that of its free time. */
function lastTick({ spec, pf, pi, qf, free, count, resourceCount }: State): number {
  let last = 0;
  spec.processes.forEach(({ latency }, p) => {
    if (pf[p * PF + FIRED] === 0) return;
    last = Math.max(last, pf[p * PF + READY]!, pf[p * PF + LAST]! + latency);
    for (let q = pi[p * PI + PORT]!; q < pi[p * PI + PORT_END]!; q++) last = Math.max(last, qf[q * QF + ARRIVED]!);
  });
  spec.resources.forEach((resource, r) => {
    if (count[resourceCount + r * RC + SERVED]! > 0) last = Math.max(last, completeService(resource, free[r]!));
  });
  return last;
}
