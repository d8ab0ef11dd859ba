import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaOf } from "../../src/energy/area.ts";
import { loadEnergyTable } from "../../src/energy/schema.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { printArea } from "../../src/report/area.ts";
import { machineNamed } from "../support/counters.ts";

const tableOf = (name: string) => loadEnergyTable(readFileSync(new URL(`../../configs/energy/${name}.yaml`, import.meta.url), "utf8"), `${name}.yaml`);
const plasticine = machineNamed("plasticine");
const table = tableOf("plasticine");
const area = areaOf(plasticine, table);

describe("the area of Plasticine", () => {
  it("is that of its paper (ISCA 2017, Table 5), part by part", () => {
    const { pcu, pmu, switch: switches, ag, coalescer } = area.kinds;
    expect(rounded(pcu.each)).toEqual({ fu: 0.622, registers: 0.144, fifos: 0.082, control: 0.001 });
    expect(rounded(pmu.each)).toEqual({ scratchpad: 0.477, fifos: 0.024, registers: 0.023, fu: 0.007, control: 0.001 });
    expect([pcu.each_mm2, pmu.each_mm2].map((mm2) => Number(mm2.toFixed(6)))).toEqual([0.849, 0.532]);
    expect(switches.total_mm2).toBeCloseTo(18.796, 6);
    expect(ag.total_mm2 + coalescer.total_mm2).toBeCloseTo(5.616, 9);
    expect(area.total_mm2).toBeCloseTo(112.796, 6);
  });

  it("is told in a table that adds up", () => {
    const text = printArea(area);
    expect(text).toContain("plasticine: 112.796 mm2 at 28 nm, 0.915 mm from unit to unit (energy table plasticine)");
    expect(text).toMatch(/ {2}PCU +64 +0\.849 +54\.336 +48\.2 %\n {4}fu +64 +0\.622 +39\.808 +35\.3 %/);
    expect(text).toMatch(/total +112\.796 +100\.0 %/);
  });
});

function rounded(parts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(parts).map(([name, mm2]) => [name, Number(mm2.toFixed(9))]));
}

const change = (changes: Partial<Machine>): Machine => ({ ...plasticine, ...changes });

describe("an area", () => {
  it("is the sum of its parts, on any machine", () => {
    const machines = fc.record({
      ...{ columns: fc.integer({ min: 1, max: 64 }), rows: fc.integer({ min: 1, max: 64 }), lanes: fc.constantFrom(1, 4, 16, 64) },
      ...{ stages: fc.integer({ min: 1, max: 20 }), bytes: fc.constantFrom(65_536, 262_144, 1 << 20), links: fc.integer({ min: 1, max: 8 }) },
      kind: fc.constantFrom("static" as const, "packet" as const),
    });
    fc.assert(
      fc.property(machines, ({ columns, rows, lanes, stages, bytes, links, kind }) => {
        const { pcu, pmu, network } = plasticine;
        const found = areaOf(
          change({
            ...{ grid: { columns, rows }, pcu: { ...pcu, count: columns, lanes, stages }, pmu: { ...pmu, count: columns * rows - columns, bytes } },
            network: { ...network, kind, vector_links: links },
          }),
          table,
        );
        const kinds = Object.values(found.kinds);
        for (const { count, each, each_mm2, total_mm2 } of kinds) {
          expect(each_mm2).toBe(Object.values(each).reduce((sum, part) => sum + part, 0));
          expect(total_mm2).toBe(count * each_mm2);
          for (const part of Object.values(each)) expect(part).toBeGreaterThan(0);
        }
        expect(found.total_mm2).toBeCloseTo(
          kinds.reduce((sum, { total_mm2 }) => sum + total_mm2, 0),
          6,
        );
      }),
      { numRuns: 100 },
    );
  });

  it("grows with what a unit has, part by part", () => {
    const { pcu, pmu, network, tiers } = plasticine;
    const wide = areaOf(change({ pcu: { ...pcu, lanes: 32 } }), table).kinds.pcu.each;
    expect([wide.fu! / 0.622, wide.registers! / 0.144, wide.fifos! / 0.082]).toEqual([2, 2, 1].map((times) => expect.closeTo(times, 9)));
    expect(areaOf(change({ pcu: { ...pcu, registers: 12 } }), table).kinds.pcu.each.registers).toBeCloseTo(0.288, 9);
    expect(areaOf(change({ pcu: { ...pcu, fifo_depth: 32 } }), table).kinds.pcu.each.fifos).toBeCloseTo(0.164, 9);
    expect(areaOf(change({ pmu: { ...pmu, bytes: 4 * pmu.bytes } }), table).kinds.pmu.each.scratchpad).toBeCloseTo(4 * 0.477, 9);
    const links = areaOf(change({ network: { ...network, vector_links: 4 } }), table).kinds.switch.each;
    expect(links.vector! / area.kinds.switch.each.vector!).toBeCloseTo(0.1046479572 / 0.05865116307, 6);
    const channels = areaOf(change({ tiers: { ddr: { ...tiers.ddr!, channels: 8 } } }), table).kinds.coalescer;
    expect(channels.total_mm2).toBeCloseTo(2 * 3.746, 9);
  });

  it("of a packet network is that of its routers", () => {
    const packet = areaOf(change({ network: { ...plasticine.network, kind: "packet" } }), table);
    expect(packet.kinds.switch.each.vector! / area.kinds.switch.each.vector!).toBeCloseTo(0.07039000693 / 0.05865116307, 6);
  });

  it("leaves an ideal network out, and says so", () => {
    const ideal = areaOf(change({ network: { ...plasticine.network, hop_cycles: 0 } }), table);
    expect(ideal.total_mm2).toBeCloseTo(112.796 - 18.796, 6);
    expect(ideal.leaves_out.at(-1)).toContain("the network, which is ideal");
    expect(printArea(ideal)).not.toContain("switch");
  });

  it("of the same machine falls from node to node", () => {
    const [old, mid, small] = ["plasticine", "sn10", "sn40l"].map((name) => areaOf(plasticine, tableOf(name)).total_mm2) as [number, number, number];
    expect(mid / old).toBeGreaterThan(0.1);
    expect(mid / old).toBeLessThan(0.25);
    expect(small).toBeLessThan(mid);
  });
});
