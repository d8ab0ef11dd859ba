/** The networks that the bench measures: long runs with back-pressure, since stages differ in their initiation intervals. */

import type { Behaviour } from "../src/engine/behaviour.ts";
import type { ChannelSpec, NetworkSpec, PortSpec, ProcessSpec, RequestSource, ResourceSpec } from "../src/engine/network.ts";

const channel = (name: string, depth: number): ChannelSpec => ({ name, depth, latency: 2, words: 0 });
const port = (channel: number, kind: PortSpec["kind"], period = 1): PortSpec => ({ channel, kind, period });
const stage = (name: string, firings: number, ii: number, ports: readonly PortSpec[]): ProcessSpec => ({ name, firings, ii, latency: 4, ports });

/** Stages in a row; the last is the slowest, so that every FIFO fills. */
export function chainNetwork(length: number, depth: number, firings: number): NetworkSpec {
  const channels = Array.from({ length: length - 1 }, (_, c) => channel(`c${c}`, depth));
  const processes = Array.from({ length }, (_, p) => {
    const ports = [...(p > 0 ? [port(p - 1, "stream-in")] : []), ...(p < length - 1 ? [port(p, "stream-out")] : [])];
    return stage(`p${p}`, firings, p === length - 1 ? 3 : 1 + (p % 2), ports);
  });
  return { processes, channels, resources: [] };
}

/** A tile is written into a double buffer, read, multiplied by a factor that stays for the tile, and reduced to one token. */
export function nestedNetwork(trip: number, firings: number): NetworkSpec {
  const channels = ["in", "buffer", "read", "factor", "product", "sum"].map((name) => channel(name, name === "buffer" ? 2 : 4));
  const tiles = Math.floor(firings / trip);
  return {
    channels,
    resources: [],
    processes: [
      stage("source", tiles * trip, 1, [port(0, "stream-out")]),
      stage("factors", tiles, 1, [port(3, "stream-out")]),
      stage("write", tiles * trip, 1, [port(0, "stream-in"), port(1, "buffer-out", trip)]),
      stage("read", tiles * trip, 1, [port(1, "buffer-in", trip), port(2, "stream-out")]),
      stage("multiply", tiles * trip, 1, [port(2, "stream-in"), port(3, "stream-in", trip), port(4, "stream-out")]),
      stage("reduce", tiles * trip, 2, [port(4, "stream-in"), port(5, "stream-out", trip)]),
      stage("sink", tiles, 1, [port(5, "stream-in")]),
    ],
  };
}

/** One source, `width` branches, one process that joins them. */
export function broadcastNetwork(width: number, firings: number): NetworkSpec {
  const branches = Array.from({ length: width }, (_, b) => b);
  return {
    channels: branches.flatMap((b) => [channel(`out${b}`, 8), channel(`in${b}`, 8)]),
    resources: [],
    processes: [
      stage(
        "source",
        firings,
        1,
        branches.map((b) => port(2 * b, "stream-out")),
      ),
      ...branches.map((b) => stage(`branch${b}`, firings, 1 + (b % 2), [port(2 * b, "stream-in"), port(2 * b + 1, "stream-out")])),
      stage(
        "join",
        firings,
        2,
        branches.map((b) => port(2 * b + 1, "stream-in")),
      ),
    ],
  };
}

/** Clients that stream bursts interleaved over all resources, one every `words` firings, each client into a consumer of its own. */
export function loadNetwork(clients: number, resources: number, words: number, firings: number): NetworkSpec {
  const each = Array.from({ length: clients }, (_, c) => c);
  return {
    channels: each.map((c) => channel(`c${c}`, 16 * words)),
    resources: Array.from({ length: resources }, (_, r) => dram(`r${r}`)),
    processes: each.flatMap((c) => [
      { ...stage(`load${c}`, firings, 1, [port(c, "stream-out")]), requests: { outstanding: 64, source: interleaved(c, resources, words) } },
      stage(`use${c}`, firings, 1, [port(c, "stream-in")]),
    ]),
  };
}

/** A load and a store share a channel that refreshes every `interval`; between them a unit that takes five ticks, in which two bursts take eight. */
export function storeNetwork(interval: number, firings: number): NetworkSpec {
  const asks = { outstanding: 16, source: interleaved(0, 1, 1) };
  return {
    channels: [channel("in", 16), channel("out", 16)],
    resources: [{ ...dram("r"), clock: { numerator: 1, denominator: 1 }, refresh: { interval, duration: 350 } }],
    processes: [
      { ...stage("load", firings, 1, [port(0, "stream-out")]), requests: asks },
      stage("compute", firings, 5, [port(0, "stream-in"), port(1, "stream-out")]),
      { ...stage("store", firings, 1, [port(1, "stream-in")]), requests: { ...asks, source: interleaved(0, 1, 1) } },
    ],
  };
}

const dram = (name: string): ResourceSpec => ({
  name,
  service: 4,
  latency: 60,
  clock: { numerator: 4, denominator: 5 },
  refresh: { interval: 6240, duration: 208 },
  origin: 0,
});

function interleaved(first: number, resources: number, words: number): RequestSource {
  let at = first % resources;
  let word = 0;
  return {
    maxBursts: 1,
    next(_n, into) {
      into[0] = at;
      const asked = word === 0 ? 1 : 0;
      word = word + 1 === words ? 0 : word + 1;
      if (asked === 1) at = at + 1 === resources ? 0 : at + 1;
      return asked;
    },
    repeats: (firings) => (firings % (words * resources) === 0 ? Number.POSITIVE_INFINITY : 0),
    shift(calls) {
      at = (at + Math.floor((word + calls + words - 1) / words) - Math.floor((word + words - 1) / words)) % resources;
      word = (word + calls) % words;
    },
  };
}

/** A chain whose tokens carry words, each stage adding one to all of them. */
export function computingChain(length: number, depth: number, words: number, firings: number): NetworkSpec {
  const { processes, channels, resources } = chainNetwork(length, depth, firings);
  return {
    channels: channels.map((channel) => ({ ...channel, words })),
    processes: processes.map((process) => ({ ...process, behaviour: incrementer(process.ports) })),
    resources,
  };
}

function incrementer(ports: readonly PortSpec[]): Behaviour {
  const input = Math.max(
    0,
    ports.findIndex(({ kind }) => kind === "stream-in"),
  );
  const output = Math.max(
    0,
    ports.findIndex(({ kind }) => kind === "stream-out"),
  );
  return {
    fire(_, inputs, outputs) {
      const from = inputs[input]!;
      const to = outputs[output]!;
      for (let w = 0; w < from.length && w < to.length; w++) to[w] = from[w]! + 1;
      return 1;
    },
  };
}
