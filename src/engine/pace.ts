/**
 * Paths that part and meet again, token by token, where one takes longer than the slots of the other last: the process at which they part then fires no faster than
 * the slots come back. A lower bound from the network's own latencies, before the run; memory may add to it.
 */

import type { NetworkSpec } from "./network.ts";
import { endsOf } from "./tokens.ts";

export interface Slowdown {
  /** Where the paths part and where they meet. */
  readonly from: number;
  readonly to: number;
  /** Ticks from a firing of `from` until `to` can fire on the longest path, and back over the path with the fewest slots. */
  readonly ticks: number;
  /** Slots of that path, and its first channel. */
  readonly slots: number;
  readonly channel: number;
  /** Ticks between two firings that both ends could do otherwise. */
  readonly ii: number;
}

interface Step {
  readonly channel: number;
  readonly to: number;
  readonly ticks: number;
  readonly depth: number;
}

interface Reach {
  readonly ticks: number;
  readonly slots: number;
  readonly hops: number;
  /** First channel of the path with the fewest slots. */
  readonly channel: number;
}

/** For each process with several outputs, the place where its paths meet that slows it down most. */
export function findSlowdowns(spec: NetworkSpec): readonly Slowdown[] {
  const steps = stepsOf(spec);
  const order = inOrder(steps);
  return steps.flatMap((own, from) => {
    if (own.length < 2) return [];
    const slowdowns = [...reachedFrom(from, steps, order)].flatMap(([to, reach]) => slowdownAt(spec, from, to, reach));
    return slowdowns.length === 0 ? [] : [slowdowns.reduce((worst, one) => (one.ticks / one.slots > worst.ticks / worst.slots ? one : worst))];
  });
}

/** Channels that carry a token for each firing of either end, by producer. */
function stepsOf(spec: NetworkSpec): readonly (readonly Step[])[] {
  const steps = spec.processes.map((): Step[] => []);
  endsOf(spec).forEach(({ producer, consumer }, channel) => {
    const [source, sink] = [spec.processes[producer.process]!, spec.processes[consumer.process]!];
    const { depth, latency, initial = 0 } = spec.channels[channel]!;
    const isEven = producer.spec.period === 1 && consumer.spec.period === 1 && source.firings === sink.firings && initial === 0;
    if (isEven) steps[producer.process]!.push({ channel, to: consumer.process, ticks: source.latency + latency, depth });
  });
  return steps;
}

/** Producers before consumers; what stands in a ring is left out. */
function inOrder(steps: readonly (readonly Step[])[]): readonly number[] {
  const waiting = steps.map(() => 0);
  for (const { to } of steps.flat()) waiting[to]!++;
  const order = [...steps.keys()].filter((p) => waiting[p] === 0);
  for (const p of order) for (const { to } of steps[p]!) if (--waiting[to]! === 0) order.push(to);
  return order;
}

/** What is known of each process that `from` reaches on several ways. */
function reachedFrom(from: number, steps: readonly (readonly Step[])[], order: readonly number[]): ReadonlyMap<number, Reach> {
  const reached = new Map<number, Reach>([[from, { ticks: 0, slots: 0, hops: 0, channel: -1 }]]);
  const met = new Map<number, Reach>();
  for (const p of order.slice(order.indexOf(from))) {
    const here = reached.get(p);
    if (here === undefined) continue;
    for (const { channel, to, ticks, depth } of steps[p]!) {
      const path: Reach = { ticks: here.ticks + ticks, slots: here.slots + depth, hops: here.hops + 1, channel: p === from ? channel : here.channel };
      const other = reached.get(to);
      const fewer = other !== undefined && other.slots < path.slots ? other : path;
      reached.set(to, other === undefined ? path : { ...fewer, ticks: Math.max(path.ticks, other.ticks) });
      if (other !== undefined) met.set(to, reached.get(to)!);
    }
  }
  return met;
}

function slowdownAt({ processes }: NetworkSpec, from: number, to: number, { ticks, slots, hops, channel }: Reach): readonly Slowdown[] {
  const ii = Math.max(processes[from]!.ii, processes[to]!.ii);
  const isSlower = ticks + hops > slots * ii && processes[from]!.firings > slots;
  return isSlower ? [{ from, to, ticks: ticks + hops, slots, channel, ii }] : [];
}
