/** Channels against the ports they name, and token counts: over a whole run a channel's source pushes as often as each sink pops, where data does not decide it. */

import type { Fault } from "../base/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Channel, Endpoint, Nest, Port, Section, Unit } from "./fabric.ts";
import { faultAt, repeated } from "./faults.ts";
import { iterationsOf, scratchesOf, tripPorts } from "./nests.ts";

interface End {
  readonly end: Endpoint;
  readonly unit: Unit;
  readonly nest: Nest;
  readonly port: Port;
}

type Report = (code: string, message: string) => Fault;

export function channelFaults(section: Section, machine: Machine): Fault[] {
  const ends = endsByKey(section);
  return [
    ...repeated(section.channels.map(({ id }) => id)).map((id) => faultAt(section.name, "repeated-id", `two channels are called ${id}`)),
    ...section.channels.flatMap((channel) => oneChannelFaults(channel, ends, section, machine)),
    ...danglingFaults(section, ends),
  ];
}

const keyOf = ({ unit, nest, port }: Endpoint): string => `${unit}.${nest}.${port}`;

function endsByKey({ units }: Section): ReadonlyMap<string, End> {
  const ends = units.flatMap((unit) =>
    unit.nests.flatMap((nest) =>
      nest.ports.map((port): [string, End] => {
        const end = { unit: unit.id, nest: nest.id, port: port.name };
        return [keyOf(end), { end, unit, nest, port }];
      }),
    ),
  );
  return new Map(ends);
}

function oneChannelFaults(channel: Channel, ends: ReadonlyMap<string, End>, section: Section, machine: Machine): Fault[] {
  const report: Report = (code, message) => faultAt(`${section.name}.${channel.id}`, code, message);
  const faults = [...shapeFaults(channel, machine, report)];
  if (channel.sinks.length === 0) faults.push(report("no-sink", `${channel.id} has no sink`));
  const source = ends.get(keyOf(channel.source));
  const sinks = channel.sinks.flatMap((sink) => ends.get(keyOf(sink)) ?? []);
  for (const end of [channel.source, ...channel.sinks]) faults.push(...endFaults(channel, end, end === channel.source ? "out" : "in", ends, report));
  if (source !== undefined) for (const sink of sinks) faults.push(...pairFaults(channel, source, sink, machine, report));
  return faults;
}

function shapeFaults({ id, kind, width, dtype, words, depth, initial = 0, rate }: Channel, { network }: Machine, report: Report): Fault[] {
  const faults: Fault[] = [];
  if (!(Number.isInteger(depth) && depth >= 1)) faults.push(report("bad-depth", `${id} has a depth of ${depth}, it needs at least 1`));
  if (!(Number.isInteger(initial) && initial >= 0 && initial <= depth && (initial === 0 || kind === "buffer")))
    faults.push(report("bad-start", `${id} starts with ${initial} hand-overs; only a buffer channel can, with a whole number up to its depth of ${depth}`));
  if (!(rate > 0 && rate <= 1)) faults.push(report("bad-rate", `${id} has a rate of ${rate} tokens a tick, it must lie in (0, 1]`));
  if (kind === "buffer" && words !== 0) faults.push(report("bad-words", `${id} hands over buffers, but carries ${words} words; it must carry 0`));
  if (kind === "stream" && width === "scalar" && words !== 1)
    faults.push(report("bad-words", `${id} is a scalar channel, but carries ${words} words; it must carry 1`));
  const bytes = words * bytesOf(dtype);
  if (bytes > network.vector_bytes)
    faults.push(report("token-too-wide", `a token of ${id} has ${words} x ${dtype} = ${bytes} bytes, a vector has ${network.vector_bytes}`));
  return faults;
}

/** Does the port exist, and say the same as the channel? */
function endFaults(channel: Channel, end: Endpoint, direction: Port["direction"], ends: ReadonlyMap<string, End>, report: Report): Fault[] {
  const port = ends.get(keyOf(end))?.port;
  if (port === undefined) return [report("no-such-port", `${channel.id} names the port ${keyOf(end)}, which does not exist`)];
  const agrees = port.channel === channel.id && port.direction === direction && port.kind === channel.kind;
  if (agrees) return [];
  const found = `${port.kind}-${port.direction} of ${port.channel}`;
  return [report("port-disagrees", `${keyOf(end)} is a ${found}, but ${channel.id} takes it as its ${channel.kind}-${direction}`)];
}

function pairFaults(channel: Channel, source: End, sink: End, machine: Machine, report: Report): Fault[] {
  const faults: Fault[] = [];
  const isKnown = [source, sink].every(({ nest, port }) => tripPorts({ loops: nest.loops.slice(0, port.level) }).length === 0);
  const pushed = iterationsOf(source.nest, source.port.level);
  const popped = iterationsOf(sink.nest, sink.port.level);
  const [pushedBy, poppedBy] = [sizedLoops(source), sizedLoops(sink)];
  if (isKnown && pushedBy !== poppedBy)
    faults.push(report("token-count", `${keyOf(source.end)} pushes to ${channel.id} ${pushedBy}, ${keyOf(sink.end)} pops ${poppedBy}`));
  if (isKnown && pushed !== popped)
    faults.push(report("token-count", `${keyOf(source.end)} pushes ${pushed} tokens to ${channel.id}, ${keyOf(sink.end)} pops ${popped}`));
  if (channel.kind === "buffer") faults.push(...bufferFaults(channel, source, sink, report));
  else faults.push(...fifoFaults(channel, sink, machine, report));
  return faults;
}

/** By which lengths the tokens of an end are counted: both ends go by the same, so that their counts agree whatever the lengths turn out to be. */
function sizedLoops({ nest, port }: End): string {
  const sized = nest.loops.slice(0, port.level).flatMap(({ trip, size }) => (size === undefined || trip === 1 ? [] : [`${size.tensor} / ${size.per}`]));
  return sized.length === 0 ? "a fixed number" : `by ${sized.sort().join(" and ")}`;
}

function fifoFaults(channel: Channel, { unit }: End, machine: Machine, report: Report): Fault[] {
  const bound = machine[unit.kind].fifo_depth;
  if (channel.depth <= bound) return [];
  return [report("fifo-too-deep", `${channel.id} needs ${channel.depth} slots at ${unit.id}, a FIFO of a ${unit.kind.toUpperCase()} has ${bound}`)];
}

function bufferFaults(channel: Channel, source: End, sink: End, report: Report): Fault[] {
  if (source.unit !== sink.unit)
    return [report("buffer-leaves-unit", `${channel.id} hands over a buffer from ${source.unit.id} to ${sink.unit.id}; it must stay in one unit`)];
  if (source.unit.kind === "ag") return [];
  const given = scratchesOf(source.nest);
  const taken = scratchesOf(sink.nest);
  const name = taken.find((one) => given.includes(one));
  if (name === undefined)
    return [report("buffer-memory", `${channel.id} hands over ${given.join(", ") || "no memory"}, ${keyOf(sink.end)} takes ${taken.join(", ") || "none"}`)];
  const buffers = source.unit.scratch.find((scratch) => scratch.name === name)?.buffers ?? 0;
  if (source.nest === sink.nest) return ringFaults(channel, source, report);
  const startFaults = startFaultsOf(channel, source, buffers, report);
  if (startFaults.length > 0 || channel.depth <= buffers) return startFaults;
  return [report("buffer-count", `${channel.id} hands over up to ${channel.depth} buffers, ${name} of ${source.unit.id} has ${buffers}`)];
}

/** A nest that hands over to itself: it begins with what stands there at the start, and finds room for what it hands over. */
function ringFaults({ id, depth, initial = 0 }: Channel, source: End, report: Report): Fault[] {
  if (initial >= 1 && initial < depth) return [];
  return [report("dead-ring", `${id} hands over from ${keyOf(source.end)} to itself with ${initial} of ${depth} at the start`)];
}

/** Buffers that are handed over at the start are those before the writer's first. */
function startFaultsOf({ id, initial }: Channel, source: End, buffers: number, report: Report): Fault[] {
  const { work } = source.nest;
  if (initial !== undefined && work.kind !== "write") return [report("no-ring", `${id} begins with ${initial} hand-overs, but ends in another nest`)];
  const first = work.kind === "write" ? (work.first ?? 0) : 0;
  if (first === (initial ?? 0) % Math.max(1, buffers)) return [];
  const message = `${id} starts with ${initial ?? 0} of ${buffers} buffers handed over, but ${keyOf(source.end)} begins with buffer ${first}`;
  return [report("buffer-order", message)];
}

/** Ports that no channel, or more than one end of a channel, names. */
function danglingFaults({ name, channels }: Section, ends: ReadonlyMap<string, End>): Fault[] {
  const named = new Map<string, number>();
  for (const end of channels.flatMap(({ source, sinks }) => [source, ...sinks])) named.set(keyOf(end), (named.get(keyOf(end)) ?? 0) + 1);
  return [...ends].flatMap(([key, { port }]) => {
    const times = named.get(key) ?? 0;
    return times === 1
      ? []
      : [faultAt(`${name}.${key}`, "dangling-port", `${key} is an end of ${times} channels (it asks for ${port.channel}); it must be an end of one`)];
  });
}
