import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseYaml } from "../../src/base/yaml.ts";
import { energyOf, energyOfSection } from "../../src/energy/energy.ts";
import { type EnergyTable, energyTableSchema } from "../../src/energy/table.ts";
import { dtypes } from "../../src/pattern/dtypes.ts";
import type { Dtype } from "../../src/pattern/program.ts";
import { machineNamed, run, section, unit } from "../support/counters.ts";

const folder = new URL("../../configs/energy/", import.meta.url);
const tableOf = (name: string): EnergyTable =>
  parseYaml(readFileSync(new URL(`${name}.yaml`, folder), "utf8"), `${name}.yaml`, energyTableSchema) as EnergyTable;
const machine = machineNamed("plasticine");
const table = tableOf("plasticine");
const withoutF64: EnergyTable = { ...table, compute_pJ: { ...table.compute_pJ, mul: { f32: table.compute_pJ.mul.f32! } } };
const PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;

describe("energy", () => {
  it("charges every event by its row", () => {
    const events = section({
      units: [
        unit("a", "pcu", {
          operations: [
            { op: "mul", dtype: "f32", count: 1000 },
            { op: "max", dtype: "i32", count: 10 },
          ],
          sram_read_bytes: 64,
          sram_write_bytes: 32,
        }),
      ],
      tiers: { ddr: { read_bytes: 100, write_bytes: 28, busy_share: 0.5, commands: null, channels: [] } },
      network: { vector_hops: 3, scalar_hops: 5, busy_share: 0.1 },
      configuringTicks: 0,
      ticks: 2000,
    });
    const energy = energyOfSection(events, machine, table);
    expect(energy.compute).toBeCloseTo(1000 * 2.839 + 10 * 0.07357, 9);
    expect(energy.sram).toBeCloseTo(64 * 0.3255 + 32 * 0.5215, 9);
    expect(energy.network).toBeCloseTo(3 * 512 * 0.01334 + 5 * 0.3816, 9);
    expect(energy.hbm).toBe(0);
    expect(energy.ddr).toBeCloseTo(128 * 8 * 20.31, 6);
    expect(energy.static).toBeCloseTo(7.17 * 2e-6 * 1e12, 3);
  });

  it("adds up: parts to the total, sections to the run, to the last digit", () => {
    const count = fc.integer({ min: 0, max: 1e9 });
    const oneSection = fc.record({ ops: count, hops: count, bytes: count, sram: count, ticks: count }).map(({ ops, hops, bytes, sram, ticks }) =>
      section({
        units: [unit("a", "pcu", { operations: [{ op: "exp", dtype: "bf16", count: ops }], sram_read_bytes: sram, sram_write_bytes: ops })],
        tiers: { ddr: { read_bytes: bytes, write_bytes: hops, busy_share: 0, commands: null, channels: [] } },
        network: { vector_hops: hops, scalar_hops: ticks, busy_share: 0 },
        ticks,
      }),
    );
    fc.assert(
      fc.property(fc.array(oneSection, { maxLength: 5 }), (sections) => {
        const whole = energyOf(run(sections), machine, table);
        const each = sections.map((one) => energyOfSection(one, machine, table));
        expect(PARTS.reduce((sum, part) => sum + whole[part], 0)).toBe(whole.total);
        for (const part of PARTS) expect(each.reduce((sum, one) => sum + one[part], 0)).toBe(whole[part]);
      }),
      { numRuns: 100 },
    );
  });

  it("follows the width of the machine's vectors", () => {
    const wide = { ...machine, network: { ...machine.network, vector_bytes: 128 } };
    const events = section({ network: { vector_hops: 100, scalar_hops: 0, busy_share: 0 } });
    expect(energyOfSection(events, wide, table).network).toBe(2 * energyOfSection(events, machine, table).network);
  });

  it("refuses an operation that the table has no row for, and names the row", () => {
    const events = section({ units: [unit("a", "pcu", { operations: [{ op: "mul", dtype: "f64", count: 1 }] })] });
    expect(() => energyOfSection(events, machine, withoutF64)).toThrow('plasticine.yaml compute_pJ.mul.f64: energy table "plasticine" has no figure');
  });

  it("refuses bytes on a tier that the table has no row for", () => {
    const events = section({ tiers: { hbm: { read_bytes: 1, write_bytes: 0, busy_share: 0, commands: null, channels: [] } } });
    expect(() => energyOfSection(events, machine, table)).toThrow("tier_pJ_per_bit.hbm");
  });

  it("does not ask for a row of what did not happen", () => {
    const events = section({
      units: [unit("a", "pcu", { operations: [{ op: "mul", dtype: "f64", count: 0 }] })],
      tiers: { hbm: { read_bytes: 0, write_bytes: 0, busy_share: 0, commands: null, channels: [] } },
    });
    expect(energyOfSection(events, machine, withoutF64).compute).toBe(0);
  });
});

describe.each(readdirSync(folder).map((file) => file.replace(".yaml", "")))("the energy table %s", (name) => {
  const own = tableOf(name);

  it("is called like its file and serves the machine of that name", () => {
    expect(own.name).toBe(name);
    expect(machineNamed(name).energy).toBe(name);
    expect(Object.keys(own.tier_pJ_per_bit).sort()).toEqual(Object.keys(machineNamed(name).tiers).sort());
  });

  it("has a figure for every dtype and every class of operations", () => {
    for (const rows of Object.values(own.compute_pJ)) expect(Object.keys(rows).sort()).toEqual([...dtypes].sort());
  });

  it("derives figures from others as their sources say", () => {
    const derived = CLASSES.flatMap((row) => dtypes.map((dtype) => ({ row, dtype, ...own.compute_pJ[row][dtype]! })));
    const found = { neighbours: 0, sums: 0 };
    for (const { row, dtype, pJ, source } of derived) {
      const neighbour = /^assumed: ([\d.]+) times (\w+) of this row/.exec(source);
      const sum = /(\d) mul \+ (\d) add of this table$/.exec(source);
      if (neighbour !== null) expect(pJ / (Number(neighbour[1]) * own.compute_pJ[row][neighbour[2] as Dtype]!.pJ)).toBeCloseTo(1, 3);
      if (sum !== null) expect(pJ / (Number(sum[1]) * own.compute_pJ.mul[dtype]!.pJ + Number(sum[2]) * own.compute_pJ.add[dtype]!.pJ)).toBeCloseTo(1, 3);
      if (source === "assumed: as an i8 addition") expect(pJ).toBe(own.compute_pJ.add.i8!.pJ);
      found.neighbours += neighbour === null ? 0 : 1;
      found.sums += sum === null ? 0 : 1;
    }
    expect(found).toEqual({ neighbours: 9, sums: 2 * dtypes.length });
  });

  it("scales as its sources say: on a log-log line through two nodes", () => {
    const scaled = Object.values(own.compute_pJ)
      .flatMap((rows) => Object.values(rows))
      .map(({ pJ, source }) => ({ pJ, match: SCALED.exec(source) }));
    const found = scaled.filter(({ match }) => match !== null);
    expect(found.length).toBeGreaterThanOrEqual(own.process_nm === 7 ? 0 : 8);
    for (const { pJ, match } of found) {
      const [to, at45, at7] = (match as RegExpExecArray).slice(1).map(Number) as [number, number, number];
      expect(to).toBe(own.process_nm);
      expect(pJ / (at45 * (at7 / at45) ** (Math.log(45 / to) / Math.log(45 / 7)))).toBeCloseTo(1, 3);
    }
  });
});

const CLASSES = ["add", "mul", "div", "special", "logic"] as const;
const SCALED = /^scaled to (\d+) nm on the log-log line through ([\d.]+) pJ \(.*45 nm.*\) and ([\d.]+) pJ/;

describe("scaling", () => {
  it("makes no operation dearer at a smaller node", () => {
    const [old, mid, small] = ["plasticine", "sn10", "sn40l"].map(tableOf) as [EnergyTable, EnergyTable, EnergyTable];
    for (const row of CLASSES) {
      for (const dtype of dtypes) {
        const [a, b, c] = [old, mid, small].map((one) => one.compute_pJ[row][dtype]?.pJ) as [number, number, number];
        expect(a).toBeGreaterThan(b);
        expect(b).toBeGreaterThan(c);
      }
    }
  });
});
