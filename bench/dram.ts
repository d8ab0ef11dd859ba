/** The fast DRAM controller alone: requests a CPU second of a source that offers one an accepted tick, as in the peers' max mode. Places are worked out before, outside the time. */

import { nextBelow, seedRandom } from "../src/base/random.ts";
import { type PartChoice, partOf } from "../src/machine/dram/part.ts";
import { type DramRequest, UNIFIED } from "../src/memory/dram/controller.ts";
import { createMapping, locate } from "../src/memory/dram/mapping.ts";
import { unified } from "../src/memory/dram/unified.ts";
import { count, timed } from "./timing.ts";

const cases: readonly { readonly choice: PartChoice; readonly order: string; readonly perTick: number }[] = [
  { choice: { organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" }, order: "RoBaRaCoCh", perTick: 1 },
  { choice: { organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" }, order: "MOP4CLXOR", perTick: 1 },
  { choice: { organization: "DDR5_16Gb_x8", speed: "DDR5_4800AN" }, order: "RoBaRaCoCh", perTick: 1 },
  { choice: { organization: "HBM2_8Gb", speed: "HBM2_2000Mbps" }, order: "RoBaRaCoCh", perTick: 2 },
  { choice: { organization: "HBM2_8Gb", speed: "HBM2_2000Mbps" }, order: "MOP4CLXOR", perTick: 2 },
  { choice: { organization: "HBM3_16Gb_8hi", speed: "HBM3_6400Mbps" }, order: "RoBaRaCoCh", perTick: 2 },
];
const REQUESTS = 400_000;
const RANGE_BYTES = 2 ** 30;

export async function benchDram(): Promise<string> {
  const rows = cases.flatMap(({ choice, order, perTick }) =>
    (["seq", "rand", "rand21"] as const).map((pattern) => {
      measure(choice, order, perTick, pattern);
      return measure(choice, order, perTick, pattern);
    }),
  );
  return ["| part | mapping | pattern | ticks | requests a CPU second |", "|---|---|---|---|---|", ...rows, ""].join("\n");
}

function measure(choice: PartChoice, order: string, perTick: number, pattern: "seq" | "rand" | "rand21"): string {
  const requests = requestsOf(choice, order, pattern);
  const { value: ticks, seconds } = timed(() => runAll(choice, requests, perTick));
  return `| ${choice.organization} ${choice.speed} | ${order} | ${pattern} | ${count(ticks)} | ${count(Math.round(REQUESTS / seconds))} |`;
}

function requestsOf(choice: PartChoice, order: string, pattern: "seq" | "rand" | "rand21"): readonly DramRequest[] {
  const part = partOf(choice);
  const mapping = createMapping(part, { channels: 1, order });
  const random = seedRandom(1);
  const place = { channel: 0, bank: 0, row: 0, column: 0 };
  return Array.from({ length: REQUESTS }, (_, tag) => {
    const access = pattern === "seq" ? tag : nextBelow(random, RANGE_BYTES / part.access_bytes);
    locate(mapping, (access * part.access_bytes) % RANGE_BYTES, place);
    return { bank: place.bank, row: place.row, column: place.column, write: pattern === "rand21" && nextBelow(random, 3) === 0, tag };
  });
}

function runAll(choice: PartChoice, requests: readonly DramRequest[], perTick: number): number {
  const state = unified.create(partOf(choice), UNIFIED);
  const done = unified.completions(state);
  let sent = 0;
  let completed = 0;
  while (completed < requests.length) {
    const before = sent;
    while (sent < requests.length && sent < before + perTick && unified.accepts(state, requests[sent]!)) unified.enqueue(state, requests[sent++]!);
    if (sent < requests.length && unified.accepts(state, requests[sent]!)) unified.advance(state, unified.now(state) + 1);
    else unified.step(state, Number.POSITIVE_INFINITY);
    completed += done.count;
    done.count = 0;
  }
  return unified.now(state);
}
