/**
 * Speed of the engine on one core, every firing and every burst individually. The last column relates the rate to that of a plain loop over the same recurrence on this host, so that it
 * can be compared between hosts.
 */

import Table from "cli-table3";
import type { NetworkSpec } from "../src/engine/network.ts";
import { readResult } from "../src/engine/result.ts";
import { advance, createCourse, runNetwork } from "../src/engine/run.ts";
import { createState } from "../src/engine/state.ts";
import { broadcastNetwork, chainNetwork, computingChain, loadNetwork, nestedNetwork } from "./networks.ts";
import { count, timed } from "./timing.ts";

interface Case {
  readonly name: string;
  readonly build: () => NetworkSpec;
}

const FIRINGS = 19_200_000;

const cases: readonly Case[] = [
  ...[10, 100, 1000].flatMap((length) =>
    [1, 4, 16].map((depth) => ({ name: `chain of ${length}, depth ${depth}`, build: () => chainNetwork(length, depth, FIRINGS / length) })),
  ),
  { name: "nested, tiles of 64", build: () => nestedNetwork(64, FIRINGS / 5) },
  { name: "nested, tiles of 2", build: () => nestedNetwork(2, FIRINGS / 6) },
  { name: "broadcast to 4, joined", build: () => broadcastNetwork(4, FIRINGS / 6) },
  { name: "chain of 10, depth 4, 16 words of data", build: () => computingChain(10, 4, 16, FIRINGS / 100) },
  { name: "bursts: 1 client, 4 resources", build: () => loadNetwork(1, 4, 1, 4_000_000) },
  { name: "bursts: 16 clients, 4 resources", build: () => loadNetwork(16, 4, 1, 250_000) },
  { name: "bursts: 64 clients, 128 resources", build: () => loadNetwork(64, 128, 1, 60_000) },
  { name: "words, 16 a burst: 1 client, 4 resources", build: () => loadNetwork(1, 4, 16, FIRINGS / 2) },
  { name: "words, 16 a burst: 64 clients, 4 resources", build: () => loadNetwork(64, 4, 16, FIRINGS / 128) },
];

export function benchEngine(): string {
  const reference = referenceRate();
  const head = ["network", "firings", "bursts", "CPU s", "M firings/s", "M bursts/s", "blocked", "bytes/firing", "bytes/channel", "x plain loop"];
  const table = new Table({ head, colAligns: head.map((_, i) => (i === 0 ? "left" : "right")), style: { head: [], border: [] } });
  for (const { name, build } of cases) table.push(measure(name, build, reference));
  return `plain loop: ${(reference / 1e6).toFixed(0)} M steps/s\n${table.toString()}\n`;
}

/** The best of three, after the code has been warmed up by the first. */
function measure(name: string, build: () => NetworkSpec, reference: number): string[] {
  const tries = [1, 2, 3].map(() => timed(() => runNetwork(build())));
  const seconds = Math.min(...tries.map((attempt) => attempt.seconds));
  const { firings, processes, resources, ticks } = tries[0]!.value;
  const bursts = resources.reduce((total, resource) => total + resource.served, 0);
  const blocked = processes.reduce((total, process) => total + process.blocked, 0) / (ticks * processes.length);
  const millions = (events: number) => (events === 0 ? "" : (events / seconds / 1e6).toFixed(1));
  const ratio = (firings + bursts) / seconds / reference;
  const spec = build();
  const events = [count(firings), count(bursts), seconds.toFixed(2), millions(firings), millions(bursts), `${(100 * blocked).toFixed(0)} %`];
  return [name, ...events, allocated(spec).toFixed(2), (stateBytes(build()) / Math.max(1, spec.channels.length)).toFixed(0), ratio.toFixed(3)];
}

/** Steps a second of start[n] = max(start[n - 1] + ii, arrival[n]) on typed arrays. */
function referenceRate(): number {
  const arrivals = Float64Array.from({ length: 4096 }, (_, n) => 3 * n + (n % 7));
  const starts = new Float64Array(arrivals.length);
  const rounds = 20_000;
  const { seconds } = timed(() => {
    for (let round = 0; round < rounds; round++) {
      let ready = round;
      for (let n = 0; n < arrivals.length; n++) {
        const start = Math.max(ready, arrivals[n]!);
        starts[n] = start;
        ready = start + 3;
      }
    }
  });
  return (rounds * arrivals.length) / seconds;
}

/** Bytes that the run of a network allocates for each firing: what the heap has grown by while nothing was collected. */
function allocated(spec: NetworkSpec): number {
  const course = createCourse(createState(spec), false);
  const begin = process.memoryUsage().heapUsed;
  while (advance(course));
  return Math.max(0, process.memoryUsage().heapUsed - begin) / readResult(course.state).firings;
}

/** Of the typed arrays that hold the state of a network. */
function stateBytes(spec: NetworkSpec): number {
  return Object.values(createState(spec)).reduce((total: number, value) => total + (ArrayBuffer.isView(value) ? value.byteLength : 0), 0);
}
