import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costsOf } from "../../src/energy/costs.ts";
import { energyDetailOf, energyOf, energyOfSection } from "../../src/energy/energy.ts";
import { loadEnergyTable } from "../../src/energy/schema.ts";
import type { EnergyTable } from "../../src/energy/table.ts";
import { dtypes } from "../../src/pattern/dtypes.ts";
import type { Dtype } from "../../src/pattern/program.ts";
import type { SectionCounters } from "../../src/result/counters.ts";
import { machineNamed, run, section, unit } from "../support/counters.ts";

const folder = new URL("../../configs/energy/", import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(`${name}.yaml`, folder), "utf8");
const tableOf = (name: string): EnergyTable => loadEnergyTable(textOf(name), `${name}.yaml`);
const machine = machineNamed("plasticine");
const table = tableOf("plasticine");
const costs = costsOf(machine, table);
const withoutF64: EnergyTable = { ...table, compute_pJ: { ...table.compute_pJ, mul: { f32: table.compute_pJ.mul.f32! } } };
const PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;
const figure = (pJ: number) => ({ pJ, source: "test" });
const byCommand: EnergyTable = {
  ...table,
  tier_pJ: {
    ddr: {
      ...table.tier_pJ.ddr,
      command: {
        ...{ activate: figure(1000), read: figure(300), write: figure(400), refresh: figure(20_000), bank_refresh: figure(3000) },
        background: { W: 0.25, source: "test" },
      },
    },
  },
};
const commands = { activates: 7, precharges: 7, reads: 11, writes: 5, refreshes: 3, bank_refreshes: 2 };

/** One of every event that a table of Plasticine has a row for. */
const everything: SectionCounters = section({
  units: [
    unit("a", "pcu", {
      busy: 900,
      operations: [
        { op: "mul", dtype: "f32", count: 1000 },
        { op: "max", dtype: "i32", count: 10 },
      ],
    }),
    unit("m", "pmu", { busy: 800, sram_read_bytes: 640, sram_write_bytes: 320 }),
    unit("l", "ag", { busy: 700 }),
  ],
  tiers: { ddr: { read_bytes: 100, write_bytes: 28, busy_share: 0.5, commands: null, channels: [] } },
  network: { vector_hops: 3, scalar_hops: 5, busy_share: 0.1 },
  configuringTicks: 0,
  ticks: 2000,
});

describe("energy", () => {
  it("charges every event by its row", () => {
    const energy = energyOfSection(everything, machine, table);
    const scaled = (at45: number, at7: number): number => at45 * (at7 / at45) ** (Math.log(45 / 28) / Math.log(45 / 7));
    expect(energy.compute).toBeCloseTo(1000 * scaled(3.7, 1.31) + 10 * scaled(0.1, 0.03) + 900 * (0.06642 * 576 + 0.01252 * 1728) + 700 * 31.4111, 6);
    expect(energy.sram).toBeCloseTo(640 * costs.sram_byte.read + 320 * costs.sram_byte.write + 800 * (17.5 + 0.008142 * 1664), 6);
    const wire = 0.12 * (0.075 / 0.12) ** (Math.log(40 / 28) / Math.log(40 / 10));
    expect(energy.network).toBeCloseTo(3 * 6.8312 + 5 * 0.38086 + (3 * 512 + 5 * 32) * wire * Math.sqrt((112.796 - 5.616) / 128), 6);
    expect(energy.hbm).toBe(0);
    expect(energy.ddr).toBeCloseTo(128 * 8 * 20.31, 6);
    expect(energy.static).toBeCloseTo(7.17 * 2e-6 * 1e12, 2);
  });

  it("charges a memory by its commands where the table does, and what it draws besides", () => {
    const channels = ["a", "b"].map((name) => ({ name, busy_share: 0, queued_share: 0 }));
    const events = section({ tiers: { ddr: { read_bytes: 0, write_bytes: 0, busy_share: 0, channels, commands } }, configuringTicks: 500, ticks: 1500 });
    const { detail_pJ } = energyDetailOf(run([events]), machine, byCommand).sections[0]!;
    expect(detail_pJ.ddr).toEqual({ read: 3300, write: 2000, activate: 7000, refresh: 66_000, background: 1e6 });
  });

  it("charges it by bit where the run counted no commands, or the table has no figures for them", () => {
    const bits = { read: 100 * 8 * 20.31, write: 28 * 8 * 20.31, activate: 0, refresh: 0, background: 0 };
    const ddr = (events: SectionCounters, rows: EnergyTable) => energyDetailOf(run([events]), machine, rows).sections[0]!.detail_pJ.ddr;
    expect(ddr(everything, byCommand)).toEqual(bits);
    const counted = section({ ...everything, tiers: { ddr: { ...everything.tiers.ddr!, commands } } });
    expect(ddr(counted, { ...table, tier_pJ: { ddr: { bit: table.tier_pJ.ddr!.bit! } } })).toEqual(bits);
    expect(ddr(counted, byCommand)).not.toEqual(bits);
  });

  it("has a command of Plasticine's memory cost what its currents say", () => {
    const command = table.tier_pJ.ddr!.command!;
    const energy = (milliamperes_clocks: number): number => 8 * 1.35 * milliamperes_clocks * 1.25;
    expect(command.activate.pJ).toBeCloseTo(energy(67 * 39 - 51 * 28 - 36 * 11), 6);
    expect([command.read.pJ, command.write.pJ]).toEqual([energy((125 - 51) * 4), energy((125 - 51) * 4)].map((pJ) => expect.closeTo(pJ, 6)));
    expect([command.refresh.pJ, command.bank_refresh.pJ]).toEqual([energy((245 - 51) * 280), energy((245 - 51) * 35)].map((pJ) => expect.closeTo(pJ, 6)));
    expect(command.background.W).toBeCloseTo((8 * 1.35 * 51) / 1000, 9);
  });

  it("adds up: details to parts, parts to totals, sections to the run, to the last digit", () => {
    const count = fc.integer({ min: 0, max: 1e9 });
    const oneSection = fc.record({ ops: count, hops: count, bytes: count, sram: count, ticks: count }).map(({ ops, hops, bytes, sram, ticks }) =>
      section({
        units: [
          unit("a", "pcu", { busy: hops, operations: [{ op: "exp", dtype: "bf16", count: ops }], sram_read_bytes: sram, sram_write_bytes: ops }),
          unit("b", "pmu", { busy: bytes }),
          unit("c", "ag", { busy: sram }),
        ],
        tiers: { ddr: { read_bytes: bytes, write_bytes: hops, busy_share: 0, channels: [], commands: { ...commands, activates: ops } } },
        network: { vector_hops: hops, scalar_hops: ticks, busy_share: 0 },
        ticks,
      }),
    );
    fc.assert(
      fc.property(fc.array(oneSection, { maxLength: 5 }), fc.constantFrom(table, byCommand), (sections, rows) => {
        const whole = energyOf(run(sections), machine, rows);
        const detail = energyDetailOf(run(sections), machine, rows).sections;
        const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
        expect(total(PARTS.map((part) => whole[part]))).toBe(whole.total);
        for (const part of PARTS) {
          expect(total(detail.map((one) => one.energy_pJ[part]))).toBe(whole[part]);
          for (const one of detail) expect(total(Object.values(one.detail_pJ[part]))).toBe(one.energy_pJ[part]);
          expect(whole[part]).toBeGreaterThanOrEqual(0);
        }
        expect(detail.map(({ energy_pJ }) => energy_pJ)).toEqual(sections.map((one) => energyOfSection(one, machine, rows)));
      }),
      { numRuns: 100 },
    );
  });

  it("refuses an operation that the table has no row for, and names the row", () => {
    const events = section({ units: [unit("a", "pcu", { operations: [{ op: "mul", dtype: "f64", count: 1 }] })] });
    expect(() => energyOfSection(events, machine, withoutF64)).toThrow('plasticine.yaml compute_pJ.mul.f64: energy table "plasticine" has no figure');
  });

  it("refuses bytes on a tier that the table has no row for", () => {
    const events = section({ tiers: { hbm: { read_bytes: 1, write_bytes: 0, busy_share: 0, commands: null, channels: [] } } });
    expect(() => energyOfSection(events, machine, table)).toThrow("tier_pJ.hbm.bit");
  });

  it("does not ask for a row of what did not happen", () => {
    const events = section({
      units: [unit("a", "pcu", { busy: 0, operations: [{ op: "mul", dtype: "f64", count: 0 }] })],
      tiers: { hbm: { read_bytes: 0, write_bytes: 0, busy_share: 0, commands: null, channels: [] } },
    });
    expect(energyOfSection(events, machine, withoutF64).compute).toBe(0);
  });
});

/** Every figure of a table by its path, doubled one at a time. */
function doubled(value: unknown, path: readonly string[], whole: object): readonly (readonly [string, EnergyTable])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const here = [...path, key];
    if (typeof part !== "number" || ["schemaVersion", "process_nm", "nm", "bytes", "bits", "links", "factor"].includes(key)) return doubled(part, here, whole);
    return [[here.join("."), changed(whole, here, part * 2) as EnergyTable] as const];
  });
}

function changed(value: unknown, [key, ...rest]: readonly string[], to: number): unknown {
  if (key === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

describe("each coefficient", () => {
  const operations = dtypes.flatMap((dtype) => (["add", "mul", "div", "exp", "and"] as const).map((op) => ({ op, dtype, count: 1 })));
  const all = section({
    ...everything,
    units: [...everything.units, unit("all", "pcu", { operations })],
    tiers: { ddr: { read_bytes: 64, write_bytes: 64, busy_share: 0, channels: [{ name: "a", busy_share: 0, queued_share: 0 }], commands } },
  });
  const packet = { ...machine, network: { ...machine.network, kind: "packet" as const } };

  it.each([
    ["on circuits, by bit", machine, { ...table, tier_pJ: { ddr: { bit: table.tier_pJ.ddr!.bit! } } }],
    ["on circuits, by command", machine, { ...table, tier_pJ: { ddr: { command: table.tier_pJ.ddr!.command! } } }],
    ["in a packet network", packet, { ...table, tier_pJ: { ddr: { command: table.tier_pJ.ddr!.command! } } }],
  ] as const)("bites (%s)", (_, on, rows) => {
    const before = JSON.stringify(energyOfSection(all, on, rows));
    const idle = doubled(rows, [], rows).filter(([path, more]) => isAsked(path, on) && JSON.stringify(energyOfSection(all, on, more)) === before);
    expect(idle.map(([path]) => path)).toEqual([]);
  });

  /** Rows of the other kind of network, and of more links than the machine has, are not asked. */
  function isAsked(path: string, { network }: typeof machine): boolean {
    const row = /^network\.(static|packet)\.rows\.(\d+)/.exec(path);
    if (row === null) return true;
    const { links } = table.network[row[1] as "static" | "packet"].rows[Number(row[2])]!;
    return row[1] === network.kind && [network.vector_links, network.scalar_links].includes(links) && isWidth(Number(row[2]), row[1]);
  }

  /** Vectors are as wide as the widest rows, words as the narrowest; each asks for its own number of links. */
  function isWidth(index: number, kind: "static" | "packet"): boolean {
    const { links, bits } = table.network[kind].rows[index]!;
    return (links === 2 && bits === 512) || (links === 4 && bits === 32);
  }
});

describe("a machine's costs", () => {
  const cost = (changes: Partial<typeof machine>, rows = table) => costsOf({ ...machine, ...changes }, rows);

  it("follow the width of its vectors", () => {
    const wide = cost({ network: { ...machine.network, vector_bytes: 128 } });
    expect(wide.vector_hop.switch / costs.vector_hop.switch).toBeCloseTo(2, 0);
    expect(wide.vector_hop.wire).toBeGreaterThan(2 * costs.vector_hop.wire);
    expect(wide.scalar_hop.switch).toBe(costs.scalar_hop.switch);
  });

  it("are those of routers where its network is packet-switched", () => {
    expect(costs.vector_hop.switch).toBeCloseTo(6.8312, 9);
    expect(cost({ network: { ...machine.network, kind: "packet" } }).vector_hop.switch).toBeCloseTo(14.559, 9);
  });

  it("rise with the bytes of a bank, and with the bits of its word less than in proportion for reads", () => {
    const large = cost({ pmu: { ...machine.pmu, bytes: 4 * machine.pmu.bytes } });
    expect(large.sram_byte.read / costs.sram_byte.read).toBeGreaterThan(1.5);
    const narrow = cost({ pmu: { ...machine.pmu, bytes: 2 * machine.pmu.bytes, banks: 32 }, network: { ...machine.network, vector_bytes: 128 } });
    expect(narrow.sram_byte.read).toBeCloseTo(costs.sram_byte.read, 9);
    const wide = cost({ pmu: { ...machine.pmu, word_bytes: 8 } });
    expect(wide.sram_byte.read).toBeLessThan(costs.sram_byte.read);
    expect(2 * wide.sram_byte.read).toBeGreaterThan(costs.sram_byte.read);
  });

  it("rise with lanes, stages, registers and ports of a unit that works", () => {
    expect(cost({ pcu: { ...machine.pcu, lanes: 32 } }).active.pcu - costs.active.pcu).toBeCloseTo(0.06642 * 576, 9);
    expect(cost({ pmu: { ...machine.pmu, vector_in: 4 } }).active.pmu - costs.active.pmu).toBeCloseTo(0.008142 * 512, 9);
  });

  it("come to what PIR gives a unit in use, where all its functional units multiply and add by turns", () => {
    const each = (table.compute_pJ.mul.f32!.pJ + table.compute_pJ.add.f32!.pJ) / 2;
    expect((96 * each + costs.active.pcu) / 224).toBeCloseTo(1, 1);
  });
});

describe.each(readdirSync(folder).map((file) => file.replace(".yaml", "")))("the energy table %s", (name) => {
  const own = tableOf(name);

  it("is called like its file and serves the machine of that name", () => {
    expect(own.name).toBe(name);
    expect(machineNamed(name).energy).toBe(name);
    expect(Object.keys(own.tier_pJ).sort()).toEqual(Object.keys(machineNamed(name).tiers).sort());
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
      if (source === "assumed: as an i8 addition") expect(pJ / own.compute_pJ.add.i8!.pJ).toBeCloseTo(1, 3);
      found.neighbours += neighbour === null ? 0 : 1;
      found.sums += sum === null ? 0 : 1;
    }
    expect(found).toEqual({ neighbours: 9, sums: 2 * dtypes.length });
  });

  it("states the same switches and routers as the others, at their own node", () => {
    const rowsIn = (text: string): readonly string[] => text.split("\n").filter((line) => line.includes("{ links:"));
    expect(rowsIn(textOf(name)).length).toBe(20);
    expect(rowsIn(textOf(name))).toEqual(rowsIn(textOf("plasticine")));
  });
});

const CLASSES = ["add", "mul", "div", "special", "logic"] as const;

describe("scaling", () => {
  it("makes no operation, switch or wire dearer at a smaller node", () => {
    const [old, mid, small] = ["plasticine", "sn10", "sn40l"].map(tableOf) as [EnergyTable, EnergyTable, EnergyTable];
    const falls = (of: (one: EnergyTable) => number | undefined): void => {
      const [a, b, c] = [old, mid, small].map(of) as [number, number, number];
      expect(a).toBeGreaterThan(b);
      expect(b).toBeGreaterThan(c);
    };
    for (const row of CLASSES) for (const dtype of dtypes) falls((one) => one.compute_pJ[row][dtype]?.pJ);
    falls(({ network }) => network.wire_bit_mm.pJ);
    falls(({ network }) => network.packet.rows[0]?.pJ);
    falls(({ area }) => area.pcu.fu.mm2);
    falls(({ area }) => area.pmu.scratchpad_byte.mm2);
  });
});
