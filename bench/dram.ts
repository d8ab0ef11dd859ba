/** The fast DRAM controllers alone: requests a CPU second of a source that offers one an accepted tick, as in the peers' max mode. Places are worked out before, outside the time. */

import { nextBelow, seedRandom } from "../src/base/random.ts";
import { memoryOfIni } from "../src/machine/dram/dramsim3.ts";
import { iniOf } from "../src/machine/dram/dramsim3-parts.ts";
import { type Part, type PartChoice, partOf } from "../src/machine/dram/part.ts";
import { type Controller, type DramRequest, UNIFIED } from "../src/memory/dram/controller.ts";
import { createMapping, locate } from "../src/memory/dram/mapping.ts";
import { perBank } from "../src/memory/dram/per-bank.ts";
import { PER_BANK } from "../src/memory/dram/per-bank-policy.ts";
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
/** Configurations of DRAMsim3, with its controller. */
const configurations = ["DDR4_8Gb_x8_3200", "HBM2_8Gb_x128"];
const PATTERNS = ["seq", "rand", "rand21"] as const;
type Pattern = (typeof PATTERNS)[number];
const REQUESTS = 400_000;
const RANGE_BYTES = 2 ** 30;

export async function benchDram(): Promise<string> {
  const rows = cases.flatMap(({ choice, order, perTick }) =>
    PATTERNS.map((pattern) => {
      const time = () => measure(unified, partOf(choice), UNIFIED, order, perTick, pattern);
      time();
      return time();
    }),
  );
  const others = configurations.flatMap((name) =>
    PATTERNS.map((pattern) => {
      const { part, mapping } = memoryOfIni(name, iniOf(name, { channels: "1" }));
      const time = () => measure(perBank, part, PER_BANK, mapping, 1, pattern);
      time();
      return time();
    }),
  );
  return ["| part | mapping | pattern | ticks | requests a CPU second |", "|---|---|---|---|---|", ...rows, ...others, ""].join("\n");
}

function measure<P, S>(controller: Controller<P, S>, part: Part, policy: P, order: string, perTick: number, pattern: Pattern): string {
  const requests = requestsOf(part, order, pattern);
  const { value: ticks, seconds } = timed(() => runAll(controller, part, policy, requests, perTick));
  return `| ${part.name} | ${order} | ${pattern} | ${count(ticks)} | ${count(Math.round(REQUESTS / seconds))} |`;
}

function requestsOf(part: Part, order: string, pattern: Pattern): readonly DramRequest[] {
  const mapping = createMapping(part, { channels: 1, order });
  const random = seedRandom(1);
  const place = { channel: 0, bank: 0, row: 0, column: 0 };
  return Array.from({ length: REQUESTS }, (_, tag) => {
    const access = pattern === "seq" ? tag : nextBelow(random, RANGE_BYTES / part.access_bytes);
    locate(mapping, (access * part.access_bytes) % RANGE_BYTES, place);
    return { bank: place.bank, row: place.row, column: place.column, write: pattern === "rand21" && nextBelow(random, 3) === 0, tag };
  });
}

function runAll<P, S>(controller: Controller<P, S>, part: Part, policy: P, requests: readonly DramRequest[], perTick: number): number {
  const state = controller.create(part, policy);
  const done = controller.completions(state);
  let sent = 0;
  let completed = 0;
  while (completed < requests.length) {
    const before = sent;
    while (sent < requests.length && sent < before + perTick && controller.accepts(state, requests[sent]!)) controller.enqueue(state, requests[sent++]!);
    if (sent < requests.length && controller.accepts(state, requests[sent]!)) controller.advance(state, controller.now(state) + 1);
    else controller.step(state, Number.POSITIVE_INFINITY);
    completed += done.count;
    done.count = 0;
  }
  return controller.now(state);
}
