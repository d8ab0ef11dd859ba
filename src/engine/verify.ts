/** Refuses a network that breaks the rules of network.ts. Such a network is a bug in weft, hence plain errors. */

import type { ChannelSpec, NetworkSpec, PortSpec, ProcessSpec, ResourceSpec } from "./network.ts";

/** Throws at the first fault found, naming the process, channel or resource. */
export function verifyNetwork(spec: NetworkSpec): void {
  for (const channel of spec.channels) verifyChannel(channel);
  for (const resource of spec.resources) verifyResource(resource);
  for (const process of spec.processes) verifyProcess(process, spec);
  verifyEnds(spec);
}

function verifyChannel({ name, depth, latency, words, initial = 0 }: ChannelSpec): void {
  demand(isInteger(depth, 1), `channel ${name}: depth ${depth}, must be an integer >= 1`);
  demand(isInteger(latency, 1), `channel ${name}: latency ${latency}, must be an integer >= 1`);
  demand(isInteger(initial, 0) && initial <= depth, `channel ${name}: ${initial} tokens at the start, must be an integer from 0 to its depth ${depth}`);
  demand(isInteger(words, 0), `channel ${name}: ${words} words, must be an integer >= 0`);
}

function verifyResource({ name, service, latency, clock, refresh, server, origin }: ResourceSpec): void {
  demand(isInteger(service, 1), `resource ${name}: service ${service}, must be an integer >= 1`);
  const least = service === 1 && clock.denominator === 1 ? -1 : 0;
  demand(isInteger(latency, least), `resource ${name}: latency ${latency}, must be an integer >= ${least}`);
  demand(isInteger(origin, 0), `resource ${name}: origin ${origin}, must be an integer >= 0`);
  const { numerator, denominator } = clock;
  demand(isInteger(numerator, 1) && isInteger(denominator, 1), `resource ${name}: clock ${numerator} / ${denominator}, must be integers >= 1`);
  demand(numerator * denominator <= Number.MAX_SAFE_INTEGER, `resource ${name}: clock ${numerator} / ${denominator} is too fine a ratio to be exact`);
  if (server !== undefined) {
    demand(refresh === undefined, `resource ${name}: its server refreshes by itself`);
    demand(isInteger(server.least, 1), `resource ${name}: least ${server.least} of its server, must be an integer >= 1`);
  }
  if (refresh === undefined) return;
  demand(
    isInteger(refresh.duration, 0) && isInteger(refresh.interval, 1) && refresh.duration < refresh.interval,
    `resource ${name}: refresh of ${refresh.duration} every ${refresh.interval}, must be integers with 0 <= duration < interval`,
  );
}

function verifyProcess(process: ProcessSpec, spec: NetworkSpec): void {
  const { name, firings, ii, latency, ports, requests } = process;
  demand(isInteger(firings, 0), `process ${name}: ${firings} firings, must be an integer >= 0`);
  demand(isInteger(ii, 1), `process ${name}: ii ${ii}, must be an integer >= 1`);
  verifyClock(process);
  demand(isInteger(latency, 0), `process ${name}: latency ${latency}, must be an integer >= 0`);
  for (const port of ports) verifyPort(process, port, spec);
  if (requests === undefined) return;
  demand(isInteger(requests.outstanding, 1), `process ${name}: ${requests.outstanding} outstanding, must be an integer >= 1`);
  demand(isInteger(requests.service ?? 1, 1), `process ${name}: service ${requests.service}, must be an integer >= 1`);
  demand(isInteger(requests.source.maxBursts, 0), `process ${name}: maxBursts ${requests.source.maxBursts}, must be an integer >= 0`);
}

/** Small enough that products of three are exact. */
const MOST_CLOCK = 2 ** 17;

function verifyClock({ name, clock }: ProcessSpec): void {
  if (clock === undefined) return;
  const { numerator, denominator } = clock;
  const fits = [numerator, denominator].every((part) => isInteger(part, 1) && part <= MOST_CLOCK);
  demand(fits, `process ${name}: clock ${numerator} / ${denominator}, must be integers from 1 to ${MOST_CLOCK}`);
}

function verifyPort({ name, firings, behaviour }: ProcessSpec, { channel, period, level }: PortSpec, spec: NetworkSpec): void {
  const target = spec.channels[channel];
  demand(target !== undefined, `process ${name}: a port names channel ${channel} of ${spec.channels.length}`);
  const loops = behaviour?.steering?.loops;
  const named = `process ${name}: the port on ${target?.name}`;
  if (loops === undefined) demand(level === undefined, `${named} has a level, but the process is not steered`);
  else
    demand(isInteger(level ?? -1, 0) && level! <= loops && period === 1, `${named} has level ${level} and period ${period}, must be from 0 to ${loops} and 1`);
  const divides = isInteger(period, 1) && firings % period === 0;
  demand(divides, `process ${name}: period ${period} of the port on ${target?.name} does not divide ${firings} firings`);
}

function verifyEnds(spec: NetworkSpec): void {
  const ends = spec.channels.map(() => ({ in: [] as string[], out: [] as string[] }));
  for (const { ports } of spec.processes) {
    for (const { channel, kind } of ports) {
      const [family, direction] = kind.split("-") as [string, "in" | "out"];
      ends[channel]?.[direction].push(family);
    }
  }
  ends.forEach((end, c) => {
    const name = spec.channels[c]?.name;
    demand(end.out.length === 1, `channel ${name}: ${end.out.length} ports push into it, must be 1`);
    demand(end.in.length === 1, `channel ${name}: ${end.in.length} ports pop from it, must be 1`);
    demand(end.in[0] === end.out[0], `channel ${name}: a ${end.out[0]} port pushes and a ${end.in[0]} port pops`);
  });
}

const isInteger = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;

function demand(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
