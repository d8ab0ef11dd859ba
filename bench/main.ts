/** Speed of the engine on one core: firings and requests a second, every firing individually. Run with `npm run bench`. */

import Table from "cli-table3";
import type { NetworkSpec } from "../src/engine/network.ts";
import { runNetwork } from "../src/engine/run.ts";
import { broadcastNetwork, chainNetwork, loadNetwork, nestedNetwork } from "./networks.ts";

interface Case {
  readonly name: string;
  readonly build: () => NetworkSpec;
}

const FIRINGS = 19_200_000;

const cases: readonly Case[] = [
  ...[10, 100, 1000].flatMap((length) =>
    [1, 4, 16].map((depth) => ({ name: `chain of ${length}, depth ${depth}`, build: () => chainNetwork(length, depth, FIRINGS / length) })),
  ),
  { name: "nested: a tile of 16 loaded, reduced, stored", build: () => nestedNetwork(16, FIRINGS / 5) },
  { name: "nested: inner trip 2", build: () => nestedNetwork(2, FIRINGS / 6) },
  { name: "broadcast to 4, joined", build: () => broadcastNetwork(4, FIRINGS / 6) },
  { name: "requests: 1 client, 4 resources", build: () => loadNetwork(1, 4, 4_000_000) },
  { name: "requests: 16 clients, 4 resources", build: () => loadNetwork(16, 4, 250_000) },
  { name: "requests: 64 clients, 128 resources", build: () => loadNetwork(64, 128, 60_000) },
];

const table = new Table({
  head: ["network", "firings", "seconds", "M firings/s", "M requests/s", "blocked share"],
  colAligns: ["left", "right", "right", "right", "right", "right"],
});
for (const { name, build } of cases) table.push(measure(name, build));
process.stdout.write(`${table.toString()}\n`);

function measure(name: string, build: () => NetworkSpec): string[] {
  const spec = build();
  const begin = performance.now();
  const { firings, processes, resources, ticks } = runNetwork(spec);
  const seconds = (performance.now() - begin) / 1000;
  const served = resources.reduce((total, resource) => total + resource.served, 0);
  const blocked = processes.reduce((total, process) => total + process.blocked, 0) / (ticks * processes.length);
  const rate = (events: number) => (events === 0 ? "" : (events / seconds / 1e6).toFixed(1));
  return [name, firings.toLocaleString("en"), seconds.toFixed(2), rate(firings), rate(served), `${(100 * blocked).toFixed(0)} %`];
}
