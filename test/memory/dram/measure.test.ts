/** Measuring a memory: what is counted, and laws of what comes out. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ini, memoryOfIni } from "../../../src/machine/dram/dramsim3.ts";
import { dramsim3PartNames, iniOf } from "../../../src/machine/dram/dramsim3-parts.ts";
import { policyOfIni } from "../../../src/memory/dram/dramsim3.ts";
import { createMapping } from "../../../src/memory/dram/mapping.ts";
import { createMemory, type Measurement, measure } from "../../../src/memory/dram/measure.ts";
import { perBank } from "../../../src/memory/dram/per-bank.ts";
import { perBankStepped } from "../../../src/memory/dram/per-bank-stepped.ts";
import { parseMode, parsePattern } from "../../../src/memory/dram/streams.ts";

function measured(
  ini: Ini,
  pattern: string,
  source: string,
  accesses: number,
  ports = 1,
  controller: typeof perBank | typeof perBankStepped = perBank,
): Measurement {
  const { part, channels, mapping } = memoryOfIni("a part", ini);
  const places = createMapping(part, { channels, order: mapping });
  const spec = { pattern: parsePattern(pattern, part), range_bytes: 2 ** 28, access_bytes: part.access_bytes, seed: 7 };
  const mode = parseMode(source, ports);
  if (controller === perBank) return measure(createMemory(perBank, part, policyOfIni(ini), places, channels), spec, mode, accesses);
  return measure(createMemory(perBankStepped, part, policyOfIni(ini), places, channels), spec, mode, accesses);
}

const part = fc.constantFrom(...dramsim3PartNames);
const pattern = fc.constantFrom("seq", "seqw", "rand", "rand21", "triad", "stride:8192", "stride_same_bank_new_row");
const source = fc.constantFrom("max", "idle", "rate:0.03", "rate:0.3", "rate:1.7");
const single = (name: string, system: { readonly [key: string]: string } = {}): Ini => iniOf(name, { channels: "1", ...system });

describe("a measurement", () => {
  it("of one read at a time on an open row has the latency of the row's access, and a tick of the queue", () => {
    const { mean_latency_ticks, latencies, first_accepted, span_ticks } = measured(single("DDR4_8Gb_x8_3200"), "seq", "idle", 20);
    expect([latencies[1 + 26], latencies[1 + 22 + 26], first_accepted]).toEqual([19, 1, 1]);
    expect(mean_latency_ticks).toBe((19 * 27 + 49) / 20);
    expect(span_ticks).toBe(19 * 28 + 49 + 1);
  });

  it("moves no more than the pins take, counts every access, and does not depend on how the controller skips", () => {
    fc.assert(
      fc.property(part, pattern, source, fc.integer({ min: 1, max: 4 }), (name, what, from, ports) => {
        const found = measured(single(name), what, from, 150, ports);
        const { burst } = memoryOfIni(name, single(name)).part;
        expect((found.commands.reads + found.commands.writes - 1) * burst).toBeLessThanOrEqual(found.span_ticks);
        expect(found.reads + found.writes).toBe(150);
        expect(found.latencies.reduce((sum, count) => sum + (count ?? 0), 0)).toBe(found.reads);
        expect(found.mean_latency_from_generation_ticks).toBeGreaterThanOrEqual(found.mean_latency_ticks);
        expect(measured(single(name), what, from, 150, ports, perBankStepped)).toEqual(found);
      }),
      { numRuns: 15 },
    );
  });

  it("of independent channels adds up: twice the channels take a random stream in at most about the time", () => {
    const of = (channels: string): number => measured(iniOf("HBM2_8Gb_x128", { channels }), "rand", "max", 4000, 8).span_ticks;
    expect(of("2")).toBeLessThan(1.02 * of("1"));
    expect(of("8")).toBeLessThan(1.02 * of("4"));
  });

  it("does not get slower with deeper command queues, but for what reordering may cost", () => {
    const of = (cmd_queue_size: string): number => measured(single("DDR4_8Gb_x8_2400", { cmd_queue_size }), "rand", "max", 4000).span_ticks;
    expect(of("4")).toBeLessThan(1.05 * of("1"));
    expect(of("16")).toBeLessThan(1.05 * of("4"));
  });
});
