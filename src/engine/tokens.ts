/**
 * How far a network gets, whatever its times. Tokens and slots alone decide it: a firing never takes from another process what that one needs, so there is one last
 * state, the same in every order; latencies, memory and data only delay. Counts are of firings, so that a process moves in one step as far as its channels let it.
 */

import type { ChannelSpec, NetworkSpec, PortSpec } from "./network.ts";

/** One end of a channel. */
export interface End {
  readonly process: number;
  readonly port: number;
  readonly spec: PortSpec;
}

export interface Ends {
  readonly producer: End;
  readonly consumer: End;
}

/** What there is of a channel when nothing has fired. */
export type Stock = Pick<ChannelSpec, "depth" | "initial">;

/** Both ends of each channel. */
export function endsOf({ processes, channels }: NetworkSpec): readonly Ends[] {
  const ends = channels.map((): { producer?: End; consumer?: End } => ({}));
  processes.forEach(({ ports }, process) => {
    ports.forEach((spec, port) => {
      ends[spec.channel]![isInput(spec) ? "consumer" : "producer"] = { process, port, spec };
    });
  });
  return ends as readonly Ends[];
}

export const isInput = ({ kind }: PortSpec): boolean => kind === "stream-in" || kind === "buffer-in";

/** Tokens that a port has pushed or slots that it has freed after so many firings of its process. */
export function given({ kind, period }: PortSpec, fired: number): number {
  return kind === "stream-in" ? Math.ceil(fired / period) : Math.floor(fired / period);
}

/** Tokens that a port has popped or slots that it has reserved by then. */
export function taken({ kind, period }: PortSpec, fired: number): number {
  return kind === "stream-out" ? Math.floor(fired / period) : Math.ceil(fired / period);
}

/** Tokens (to its consumer) or slots (to its producer) that a channel has offered so far, those of the start included. */
export function offered({ producer, consumer }: Ends, { depth, initial = 0 }: Stock, end: End, fired: ArrayLike<number>): number {
  return end === consumer ? initial + given(producer.spec, fired[producer.process]!) : depth - initial + given(consumer.spec, fired[consumer.process]!);
}

/** Firings that a port allows its process in all when it is offered so much. */
export function allowance({ kind, period }: PortSpec, offer: number): number {
  return kind === "stream-out" ? offer * period + period - 1 : offer * period;
}

/** Steps after which the search for the last state is given up. */
const MOST_STEPS = 4_000_000;

/** Firings of each process in the last state; null where it is too far away to be found. `stocks`: like the channels, whose own stand in the spec. */
export function lastFirings(spec: NetworkSpec, stocks: readonly Stock[] = spec.channels): Float64Array | null {
  const ends = endsOf(spec);
  const fired = new Float64Array(spec.processes.length);
  const waiting = spec.processes.map((_, p) => p);
  const isWaiting = new Uint8Array(spec.processes.length).fill(1);
  for (let steps = 0; waiting.length > 0; steps++) {
    if (steps === MOST_STEPS) return null;
    const p = waiting.pop()!;
    isWaiting[p] = 0;
    const reach = reachOf(spec, ends, stocks, fired, p);
    if (reach <= fired[p]!) continue;
    fired[p] = reach;
    for (const { channel } of spec.processes[p]!.ports) {
      const { producer, consumer } = ends[channel]!;
      const other = producer.process === p ? consumer.process : producer.process;
      if (isWaiting[other] === 0) {
        isWaiting[other] = 1;
        waiting.push(other);
      }
    }
  }
  return fired;
}

function reachOf({ processes }: NetworkSpec, ends: readonly Ends[], stocks: readonly Stock[], fired: Float64Array, p: number): number {
  let reach = processes[p]!.firings;
  for (const port of processes[p]!.ports) {
    const both = ends[port.channel]!;
    const end = isInput(port) ? both.consumer : both.producer;
    reach = Math.min(reach, allowance(port, offered(both, stocks[port.channel]!, end, fired)));
  }
  return reach;
}
