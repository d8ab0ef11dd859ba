/** Fast-forward: what it leaves of runs that grow. CPU seconds, firings that were really made, and the periods that were skipped most. */

import Table from "cli-table3";
import type { NetworkSpec } from "../src/engine/network.ts";
import { readResult } from "../src/engine/result.ts";
import { advance, createCourse } from "../src/engine/run.ts";
import { createState } from "../src/engine/state.ts";
import { chainNetwork, loadNetwork, storeNetwork } from "./networks.ts";
import { count, timed } from "./timing.ts";

const cases: readonly { readonly name: string; readonly tokens: readonly number[]; readonly build: (tokens: number) => NetworkSpec }[] = [
  { name: "200 units in a row", tokens: [1e6, 1e7, 1e8, 1e9, 1e10], build: (tokens) => chainNetwork(200, 4, tokens) },
  { name: "load, compute, store; refresh every 3900", tokens: [1e6, 1e7, 1e8, 1e9, 1e10], build: (tokens) => storeNetwork(3900, tokens) },
  { name: "load, compute, store; refresh every 3907", tokens: [1e6, 1e7, 1e8, 1e9, 1e10], build: (tokens) => storeNetwork(3907, tokens) },
  { name: "16 loads on 4 channels", tokens: [1e6, 1e8, 1e10], build: (tokens) => loadNetwork(16, 4, 1, tokens) },
];

export function benchForward(): string {
  const head = ["network", "tokens", "CPU s", "firings", "made one by one", "skipped", "periods in ticks, and how often"];
  const table = new Table({ head, colAligns: head.map((_, i) => (i === 0 || i === head.length - 1 ? "left" : "right")), style: { head: [], border: [] } });
  for (const { name, tokens, build } of cases) for (const number of tokens) table.push(measure(name, number, build(number)));
  return `${table.toString()}\n`;
}

function measure(name: string, tokens: number, spec: NetworkSpec): string[] {
  const { value, seconds } = timed(() => {
    const course = createCourse(createState(spec), true);
    while (advance(course));
    return course;
  });
  const { firings } = readResult(value.state);
  const { skipped } = value;
  const most = [...skipped.periods].sort(([a, m], [b, n]) => b * n - a * m).slice(0, 3);
  const share = `${((100 * skipped.firings) / firings).toFixed(3)} %`;
  const periods = most.map(([ticks, times]) => `${count(ticks)} x ${count(times)}`).join(", ");
  return [name, count(tokens), seconds.toFixed(3), count(firings), count(firings - skipped.firings), share, periods];
}
