/** Derived figures against the published ones (ISCA 2017 4.2; MICRO 2024 Table II; Hot Chips 33). */

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  agPositions,
  cyclesOf,
  lanesFor,
  onChipBytes,
  peakFlopsPerCycle,
  peakFlopsPerSecond,
  reconfigurationCycles,
  tierBytesPerCycle,
  tierBytesPerSecond,
  tierServiceShare,
  tierTiming,
  unitPositions,
} from "../../src/machine/derived.ts";
import { describeMachine } from "../../src/machine/describe.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { loadMachine } from "../../src/machine/schema.ts";

function shipped(name: string): Machine {
  return loadMachine(readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), "utf8"), `configs/${name}.yaml`);
}

const [plasticine, rnn, sn10, sn40l] = [shipped("plasticine"), shipped("plasticine-rnn"), shipped("sn10"), shipped("sn40l")];
const [f64, f32, bf16, i8] = [8, 4, 2, 1];

describe("peaks", () => {
  test("Plasticine does 12.288 single-precision TFLOPS, published as 12.3", () => {
    expect(peakFlopsPerSecond(plasticine, f32, "simd")).toBe(12.288e12);
  });

  test("SN40L does 638.976 BF16 TFLOPS, published as 638, in either mode", () => {
    expect(peakFlopsPerSecond(sn40l, bf16, "systolic")).toBe(638.976e12);
    expect(peakFlopsPerSecond(sn40l, bf16, "simd")).toBe(638.976e12);
  });

  test("SN10 does more than 300 BF16 TFLOPS", () => {
    expect(peakFlopsPerSecond(sn10, bf16)).toBe(307.2e12);
  });

  test("a mode that the PCUs don't have does nothing", () => {
    expect(peakFlopsPerCycle(plasticine, f32, "systolic")).toBe(0);
  });

  test("lanes that pack narrow numbers take as many as their 32 bits, their packing and a vector hold", () => {
    expect([f64, f32, bf16, i8, 0.5].map((bytes) => lanesFor(rnn, bytes))).toEqual([8, 16, 32, 64, 64]);
    expect(lanesFor({ ...rnn, pcu: { ...rnn.pcu, packing: 2 } }, i8)).toBe(32);
  });

  test("wide dtypes use fewer lanes, narrow ones no more than there are", () => {
    expect([f64, f32, bf16, i8, 0.5].map((bytes) => lanesFor(sn40l, bytes))).toEqual([8, 16, 32, 32, 32]);
    expect([f64, f32, bf16].map((bytes) => lanesFor(plasticine, bytes))).toEqual([8, 16, 16]);
    expect(peakFlopsPerSecond(sn40l, f32)).toBe(319.488e12);
  });
});

describe("memory", () => {
  test("pin rates are the published ones", () => {
    expect(tierBytesPerSecond(plasticine.tiers.ddr!)).toBe(51.2e9);
    expect(tierBytesPerSecond(sn10.tiers.ddr!)).toBe(153.6e9);
    expect(tierBytesPerSecond(sn40l.tiers.hbm!)).toBe(1.792e12);
    expect(tierBytesPerSecond(sn40l.tiers.ddr!)).toBe(200e9);
  });

  test("scratchpads hold the published 16 MB, 320 MB and 520 MB", () => {
    expect([plasticine, sn10, sn40l].map((machine) => onChipBytes(machine) / 2 ** 20)).toEqual([16, 320, 520]);
  });

  test("DDR3-1600 on a 1 GHz fabric ticks 4 times in 5 cycles and serves a burst in 4 ticks", () => {
    expect(tierTiming(plasticine, plasticine.tiers.ddr!)).toEqual({
      service: 4,
      latency: 73,
      clock: { numerator: 4, denominator: 5 },
      refresh: { interval: 6240, duration: 280 },
    });
    expect(tierBytesPerCycle(plasticine, plasticine.tiers.ddr!)).toBe(51.2);
  });

  test("SN40L's clocks are exact ratios", () => {
    expect(tierTiming(sn40l, sn40l.tiers.hbm!).clock).toEqual({ numerator: 35, denominator: 32 });
    expect(tierTiming(sn40l, sn40l.tiers.ddr!).clock).toEqual({ numerator: 125, denominator: 128 });
  });

  test("refresh takes 280 of 6240 clocks; without refresh the channels always serve", () => {
    const { refresh: _, ...always } = plasticine.tiers.ddr!;
    expect(tierServiceShare(plasticine.tiers.ddr!)).toBe(1 - 280 / 6240);
    expect(tierServiceShare(always)).toBe(1);
    expect(tierTiming(plasticine, always)).not.toHaveProperty("refresh");
  });

  test("an AG with all its bursts under way streams a vector a cycle on sn40l", () => {
    const { latency, service, clock } = tierTiming(sn40l, sn40l.tiers.hbm!);
    expect(sn40l.ag.outstanding).toBeGreaterThan(latency + (service * clock.denominator) / clock.numerator);
  });
});

describe("time", () => {
  test("a time takes the whole cycles that cover it, and binary fractions add none", () => {
    expect(cyclesOf(sn40l, 100e-9)).toBe(160);
    expect(cyclesOf(sn40l, 100.1e-9)).toBe(161);
    expect(cyclesOf(sn10, 130e-9)).toBe(163);
    expect(cyclesOf(plasticine, 0)).toBe(0);
    expect([plasticine, sn10, sn40l].map(reconfigurationCycles)).toEqual([10_000, 42_500, 8_000]);
  });

  test("whole numbers of cycles come back from seconds", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 40 }), (cycles, steps) => {
        const machine = { ...plasticine, clock_hz: steps * 125e6 };
        expect(cyclesOf(machine, cycles / machine.clock_hz)).toBe(cycles);
      }),
    );
  });
});

describe("grid", () => {
  test("as many PCUs as PMUs make a checkerboard with a PCU at the origin", () => {
    for (const machine of [plasticine, sn10, sn40l]) {
      const { pcu, pmu } = unitPositions(machine);
      expect(pcu).toHaveLength(machine.pcu.count);
      expect(pmu).toHaveLength(machine.pmu.count);
      expect(pcu.every(({ x, y }) => (x + y) % 2 === 0)).toBe(true);
      expect(pmu.every(({ x, y }) => (x + y) % 2 === 1)).toBe(true);
    }
  });

  test("every position of the grid has one unit, whatever the counts; AGs stand outside, no two in one place, rows evenly used", () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, fc.nat(1000), fc.integer({ min: 1, max: 60 }), (columns, rows, share, ags) => {
        fc.pre(columns * rows > 1);
        const pcus = 1 + (share % (columns * rows - 1));
        const machine: Machine = {
          ...plasticine,
          grid: { columns, rows },
          pcu: { ...plasticine.pcu, count: pcus },
          pmu: { ...plasticine.pmu, count: columns * rows - pcus },
          ag: { ...plasticine.ag, count: ags },
        };
        const { pcu, pmu } = unitPositions(machine);
        expect(pcu).toHaveLength(pcus);
        expect(new Set([...pcu, ...pmu].map(({ x, y }) => y * columns + x)).size).toBe(columns * rows);
        expect([...pcu, ...pmu].every(({ x, y }) => x >= 0 && x < columns && y >= 0 && y < rows)).toBe(true);
        const edge = agPositions(machine);
        expect(new Set(edge.map(({ x, y }) => `${x},${y}`)).size).toBe(ags);
        expect(edge.every(({ x, y }) => (x < 0 || x >= columns) && y >= 0 && y < rows)).toBe(true);
        const perRow = Array.from({ length: rows }, (_, row) => edge.filter(({ x, y }) => x < 0 && y === row).length);
        expect(Math.max(...perRow) - Math.min(...perRow)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("Plasticine's 34 AGs need a second layer, SN10's 64 fill both edges", () => {
    expect(Math.min(...agPositions(plasticine).map(({ x }) => x))).toBe(-3);
    expect(new Set(agPositions(sn10).map(({ x }) => x))).toEqual(new Set([-1, 40]));
    expect(agPositions(plasticine).slice(0, 3)).toEqual([
      { x: -1, y: 0 },
      { x: 16, y: 0 },
      { x: -1, y: 1 },
    ]);
  });
});

test("a machine described", async () => {
  const text = [plasticine, sn10, sn40l].flatMap(describeMachine).join("\n");
  await expect(`${text}\n`).toMatchFileSnapshot(new URL("../golden/config/described.txt", import.meta.url).pathname);
});
