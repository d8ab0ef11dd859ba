/**
 * Ramulator 2.1 (commit c5b1c3a), to the tick: 50,000 lines of 64 bytes as fast as they are taken, and what it measured: the last tick, and the mean ticks
 * from the queue to the data. Measured by us with a driver of our own, which runs one tick before its first offer. `weft validate dram` has all rows.
 */

import { describe, expect, it } from "vitest";
import { partOf } from "../../../src/machine/dram/part.ts";
import { UNIFIED, type UnifiedPolicy } from "../../../src/memory/dram/controller.ts";
import { createMapping, locate } from "../../../src/memory/dram/mapping.ts";
import { unified } from "../../../src/memory/dram/unified.ts";

const DDR4 = { organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" };
const DDR5 = { organization: "DDR5_16Gb_x8", speed: "DDR5_4800AN" };
const HBM2 = { organization: "HBM2_8Gb", speed: "HBM2_2000Mbps" };
const rowHit: UnifiedPolicy = { ...UNIFIED, scheduler: "FR-FCFS-row-hit", read_entries: 64, write_entries: 64 };
const noRefresh: UnifiedPolicy = { ...UNIFIED, refresh: "none" };

// biome-ignore format: a table
const rows = [
  { part: DDR4, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 1, pattern: "seq",  last: 325395,  latency: 233.33 },
  { part: DDR4, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 1, pattern: "rand", last: 460495,  latency: 341.552 },
  { part: DDR4, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 1, pattern: "seqw", last: 326295,  latency: 0 },
  { part: DDR4, order: "MOP4CLXOR",  policy: UNIFIED,   ports: 1, pattern: "seq",  last: 213131,  latency: 163.733 },
  { part: DDR4, order: "RoBaRaCoCh", policy: noRefresh, ports: 1, pattern: "rand", last: 437429,  latency: 326.79 },
  { part: DDR5, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 1, pattern: "rand", last: 655381,  latency: 494.255 },
  { part: DDR5, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 1, pattern: "seqw", last: 1352879, latency: 0 },
  { part: DDR5, order: "MOP4CLXOR",  policy: rowHit,    ports: 1, pattern: "rand", last: 655620,  latency: 913.321 },
  { part: HBM2, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 2, pattern: "seq",  last: 197900,  latency: 78.801 },
  { part: HBM2, order: "MOP4CLXOR",  policy: UNIFIED,   ports: 2, pattern: "rand", last: 333892,  latency: 136.791 },
  { part: HBM2, order: "RoBaRaCoCh", policy: UNIFIED,   ports: 2, pattern: "seqw", last: 194194,  latency: 0 },
] as const;

const LINES = 50_000;
const RANGE_BYTES = 2 ** 30;
/** Ticks that the driver had run before its tick 1. */
const LEAD = 1;

describe("the unified controller on Ramulator 2.1's rows", () => {
  for (const { part, order, policy, ports, pattern, last, latency } of rows) {
    it(`${part.speed} ${order} ${policy.scheduler} ${policy.refresh} ${pattern}: ${last} ticks`, () => {
      expect(measure(part, order, policy, ports, pattern)).toEqual({ last, latency });
    });
  }
});

function measure(choice: typeof DDR4, order: string, policy: UnifiedPolicy, ports: number, pattern: string): { last: number; latency: number } {
  const part = partOf(choice);
  const mapping = createMapping(part, { channels: 1, order });
  const place = { channel: 0, bank: 0, row: 0, column: 0 };
  const state = unified.create(part, policy);
  const done = unified.completions(state);
  const each = 64 / part.access_bytes;
  const draw = mulberry32(12345);
  const taken: number[] = [];
  let line = 0;
  let tick = 1;
  unified.advance(state, tick + LEAD);
  for (let tag = 0; tag < LINES * each; tag++) {
    if (tag % each === 0) line = pattern === "rand" ? draw() % (RANGE_BYTES / 64) : tag / each;
    locate(mapping, line * 64 + (tag % each) * part.access_bytes, place);
    const request = { bank: place.bank, row: place.row, column: place.column, write: pattern === "seqw", tag };
    if (taken[tag - ports] === tick) unified.advance(state, ++tick + LEAD);
    while (!unified.accepts(state, request)) unified.advance(state, ++tick + LEAD);
    unified.enqueue(state, request);
    taken.push(tick);
  }
  while (done.count < taken.length) unified.step(state, Number.POSITIVE_INFINITY);
  const latencies = done.tags.map((tag, i) => (pattern === "seqw" ? 0 : done.ticks[i]! - LEAD - taken[tag]!));
  const mean = latencies.reduce((sum, ticks) => sum + ticks, 0) / latencies.length;
  return { last: done.ticks.reduce((most, at) => Math.max(most, at), 0) - LEAD, latency: Math.round(mean * 1000) / 1000 };
}

/** The generator of the cases (mulberry32, as they define it). */
function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}
