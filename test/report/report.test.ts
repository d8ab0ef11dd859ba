import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadEnergyTable } from "../../src/energy/schema.ts";
import type { Operator, Program } from "../../src/pattern/program.ts";
import { printJson } from "../../src/report/json.ts";
import { makeResult, type RunParts } from "../../src/report/make.ts";
import { printReport } from "../../src/report/table.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import type { Cause, RunResult } from "../../src/result/result.ts";
import { parseResult, runResultSchema } from "../../src/result/schema.ts";
import { machineNamed, mappingOf, run, section, squares, tier, unit, wait } from "../support/counters.ts";

const machine = machineNamed("plasticine");
const tableFile = new URL("../../configs/energy/plasticine.yaml", import.meta.url);
const energyTable = loadEnergyTable(readFileSync(tableFile, "utf8"), "plasticine.yaml");
const host = { wall_seconds: 0.5, firings: 3000, skipped_firings: 0, periods: [], forward: [], simulated_cycles_per_second: 2200, peak_rss_bytes: 1e8 };

function resultOf(counters: RunCounters, changes: Partial<RunParts> = {}): RunResult {
  return makeResult({
    version: "0.0.0",
    program: squares,
    workloadHash: "0123456789abcdef",
    seed: 1,
    machine,
    mapping: mappingOf(counters),
    counters,
    energyTable,
    host,
    ...changes,
  });
}

describe("a result", () => {
  const result = resultOf(run());

  it("fits its schema, and comes back from JSON as it was", () => {
    expect(runResultSchema.safeParse(result).error).toBeUndefined();
    expect(parseResult(JSON.parse(printJson(result)))).toEqual(result);
  });

  it("has the keys of the contract in their order", () => {
    expect(Object.keys(result).join(" ")).toBe(
      "schemaVersion weft workload machine style fidelity partial cycles seconds clock_hz ops kernels launches launch_seconds tiers units utilization bounds_cycles limit energy_pJ energy_detail sections outputs warnings host",
    );
  });

  it("is the same to the byte for the same run, but for what is under host", () => {
    const again = resultOf(run(), { host: { ...host, wall_seconds: 9 } });
    expect(printJson({ ...again, host })).toBe(printJson(result));
  });

  it("says how good the place of each section is", () => {
    expect(result.sections[0]!.routes).toEqual({
      wirelength_hops: 2,
      longest_route_hops: 1,
      busiest_link: { width: "vector", from: { x: -1, y: 0 }, to: { x: 0, y: 0 }, used_tracks: 1, tracks: 2 },
    });
    expect(printReport(result)).toContain("1 of 2 vector");
  });

  it("counts configuring as part of the cycles and of the launch time", () => {
    expect(result.cycles).toBe(1100);
    expect(result.launch_seconds).toBeCloseTo(100e-9, 15);
    expect(result.kernels).toBe(1);
  });

  it("gives every unit the cycles of the whole run: in other sections it is idle", () => {
    const two = resultOf(run([section(), section({ name: "z", configuringTicks: 50, ticks: 1000 })]));
    for (const {
      section: name,
      busy_cycles,
      starved_cycles,
      blocked_cycles,
      memory_cycles,
      configuring_cycles,
      idle_cycles,
      unattributed_cycles,
    } of two.units) {
      expect(busy_cycles + starved_cycles + blocked_cycles + memory_cycles + configuring_cycles + idle_cycles).toBe(2150);
      expect(unattributed_cycles).toBe(0);
      expect(configuring_cycles).toBe(name === "z" ? 50 : 100);
    }
  });

  it("counts the operations of the program and bounds the run by them", () => {
    expect(result.ops).toEqual({ flops: 4000, int_ops: 0, special_ops: 0 });
    expect(result.bounds_cycles.compute).toBeCloseTo(4000 / 12288, 9);
    expect(result.bounds_cycles.ddr).toBeCloseTo(40_000 / 51.2, 6);
    expect(result.bounds_cycles.hbm).toBe(0);
    expect(result.bounds_cycles.network).toBeCloseTo(500 / (2 * (17 * 8 + 18 * 7)) / machine.network.vector_links, 9);
  });

  it("counts runs of sections as kernels, and only what was loaded as launches", () => {
    const often = resultOf(run([section({ runs: 50 }), section({ name: "z", runs: 7, configurations: 3 })]));
    expect([often.kernels, often.launches]).toEqual([57, 4]);
    expect(often.sections.map(({ runs }) => runs)).toEqual([50, 7]);
    expect(often.limit.sentence).toContain("loading 4 configurations takes");
    expect(printReport(often)).toMatch(/z +7 +1,100/);
  });

  describe("of a program with loops and collections", () => {
    // In each round y[i] = x[i] * carried over the n elements that a collection has, of 1,000.
    const at = [{ kind: "index", dtype: "i32", index: "i" }] as const;
    const factors = ["x", "carried"].map((tensor) => ({ kind: "read", dtype: "f32", tensor, at }) as const);
    const body: Operator = {
      ...{ kind: "map", name: "next", domain: [{ name: "i", extent: 1000, count: "some.size" }] },
      body: { kind: "op", dtype: "f32", op: "mul", args: factors },
    };
    const round = { name: "r", extent: 8 };
    const loop: Operator = { kind: "iterate", name: "loop", times: 8, round, carries: [{ to: "carried", init: "x", from: "next" }], body: [body] };
    const program: Program = { ...squares, operators: [loop], outputs: { y: "carried" } };
    const work = (count: number) => unit("work", "pcu", { busy: 1000, operations: [{ op: "mul", dtype: "f32", count }] });
    const flops = (done: number, sizes: RunCounters["sizes"], rounds: RunCounters["rounds"]): number =>
      resultOf({ ...run([section({ units: [work(done)] })]), sizes, rounds }, { program }).ops.flops;

    it("counts the operations of the rounds that ran over the lengths that there were", () => {
      expect(flops(1e6, { "some.size": 100 }, { loop: 3 })).toBe(300);
      expect(flops(1e6, {}, {})).toBe(8000);
    });

    it("counts no more than the datapaths did: then lengths have changed from round to round", () => {
      expect(flops(120, { "some.size": 100 }, { loop: 3 })).toBe(120);
    });

    it("warns of a bound that is much larger than what was there", () => {
      const warnings = (size: number) => resultOf({ ...run(), sizes: { "some.size": size } }, { program }).warnings.join("\n");
      expect(warnings(250)).toContain("some.size was 250 at most, its collection is planned for 1000");
      expect(warnings(251)).not.toContain("some.size");
      expect(warnings(0)).toContain("some.size was 0 at most");
    });
  });

  it("charges special functions to the stages where there is no tail unit, and to the tail where there is one", () => {
    const exponentials = run([section({ units: [unit("work", "pcu", { operations: [{ op: "exp", dtype: "f32", count: 64_000 }] })] })]);
    const tail = { ...machine, pcu: { ...machine.pcu, tail: true } };
    expect(resultOf(exponentials).sections[0]?.bounds_cycles.compute).toBeCloseTo((64_000 * machine.pcu.special_stages) / (64 * 16 * 6), 9);
    expect(resultOf(exponentials, { machine: tail }).sections[0]?.bounds_cycles.compute).toBeCloseTo(64_000 / (64 * 16), 9);
  });

  it("takes the share of all units on the machine as utilization", () => {
    expect(result.utilization.pcu).toBeCloseTo(250 / 1100 / 64, 12);
    expect(result.utilization.ag).toBeCloseTo(300 / 1100 / 34, 12);
    expect(result.utilization.pmu).toBe(0);
  });

  it("has a checksum of an output where values were computed", () => {
    expect(result.outputs).toEqual({ y: { shape: [4000], dtype: "f32", checksum: null } });
    const sums = [0, 1].map((last) => resultOf(run([section()], { y: Float32Array.of(1, 2, last) })).outputs.y?.checksum);
    expect(sums[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(sums[0]).not.toBe(sums[1]);
  });
});

describe("the limit", () => {
  it("is the tier that serves for most of the time, with the numbers of the run", () => {
    const { resource, sentence } = resultOf(run()).limit;
    expect(resource).toBe("ddr");
    expect(sentence).toContain("ddr takes 81.8 % of 1,100 cycles (bound 781 cycles, 71.0 %)");
    expect(sentence).toContain("(1 of 64) are on average 25.0 % busy and 75.0 % starved;");
    expect(sentence).toContain("loading the configuration takes 9.1 %");
  });

  it("is the busiest PCU where one works all the time", () => {
    const { resource, sentence } = resultOf(
      run([section({ configuringTicks: 10, units: [unit("slow", "pcu"), unit("fast", "pcu", { busy: 10, waits: [wait("blocked", "in", 990, "slow")] })] })]),
    ).limit;
    expect(resource).toBe("compute");
    expect(sentence).toContain("the busiest pcu, slow, is busy 99.0 % of 1,010 cycles");
  });

  it("says what bank conflicts take, at the PMU where they take most", () => {
    const table = (id: string, bank_conflicts: number) => unit(id, "pmu", { bank_conflicts });
    const said = (...units: readonly ReturnType<typeof table>[]) => resultOf(run([section({ units })])).limit.sentence;
    expect(said(table("a", 300), table("b", 440))).toContain("; bank conflicts take 40.0 % of the time at b, the most of 2 pmus;");
    expect(said(table("a", 330))).toContain("; bank conflicts take 30.0 % of the time at a;");
    expect(said(table("a", 10))).not.toContain("bank conflicts");
  });

  it("is reconfiguration where loading takes most of the time", () => {
    expect(resultOf(run([section({ configuringTicks: 5000 })])).limit.resource).toBe("reconfiguration");
  });

  it("is latency where nothing is busy for half of the time", () => {
    const units = [unit("load", "ag", { busy: 10, idle: 990 }), unit("work", "pcu", { busy: 5, waits: [wait("starved", "in", 995, "load", { fill: 995 })] })];
    const waiting = section({ units, tiers: { ddr: tier("ddr", [0.01], { read_bytes: 64, write_bytes: 0 }) } });
    expect(resultOf(run([waiting])).limit).toMatchObject({ resource: "latency" });
  });
});

describe("causes", () => {
  const rootsOf = (counters: RunCounters): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries(resultOf(counters).units.map(({ id, causes }) => [id, causes.map(({ root }) => root)]));

  it("lead a starved unit through starved ones to the memory tier", () => {
    expect(rootsOf(run())).toEqual({ load: ["ddr (bandwidth)"], work: ["ddr (bandwidth)"], store: ["ddr (bandwidth)", "drain"] });
  });

  it("lead a blocked unit to the busy one that holds it up", () => {
    const held = section({
      units: [
        unit("load", "ag", { busy: 100, waits: [wait("blocked", "in", 900, "work")] }),
        unit("work", "pcu", { busy: 100, waits: [wait("blocked", "out", 900, "store")] }),
        unit("store", "ag", { busy: 1000 }),
      ],
    });
    expect(rootsOf(run([held]))).toEqual({ load: ["store"], work: ["store"], store: [] });
  });

  it("call it latency where the waits lead back in a ring", () => {
    const ring = section({
      units: [
        unit("load", "ag", { busy: 0, waits: [wait("blocked", "in", 1000, "work")] }),
        unit("work", "pcu", { busy: 0, waits: [wait("starved", "in", 1000, "load")] }),
      ],
    });
    expect(resultOf(run([ring])).warnings).toContainEqual(
      "100.0 % of the cycles waited are units waiting for each other around channels in: more depth there may help",
    );
    expect(rootsOf(run([ring]))).toEqual({ load: ["latency of ring in"], work: ["latency of ring in"] });
  });
});

describe("warnings", () => {
  it("name the assumed figures of the resource that decides", () => {
    const sn40l = machineNamed("sn40l");
    const figure = { pJ: 4, source: "test" };
    const table = { ...energyTable, tier_pJ: { ...energyTable.tier_pJ, hbm: { bit: { read: figure, write: figure } } } };
    const slow = resultOf(run([section({ configuringTicks: 9000 })]), { machine: sn40l, energyTable: table });
    expect(slow.warnings).toContainEqual("reconfiguration decides, and these figures of sn40l are assumed: reconfiguration_seconds");
  });

  it("say what the models leave out", () => {
    const { warnings } = resultOf(run());
    expect(warnings.join("\n")).toContain("at the mean rate and latency that its controller reaches");
    expect(warnings.join("\n")).toContain("energy (plasticine) leaves out loading of configurations");
    expect(warnings.join("\n")).not.toContain("packet network");
  });

  it("count the nests whose ragged tiles are timed as full ones", () => {
    const counters = run();
    const mapping = mappingOf(counters);
    const nest = { id: "n", loops: [], lanes: 1, ii: 1, latency: 1, ports: [], work: { kind: "compute", nodes: [], outputs: [] } } as const;
    const guards = [{ value: { constant: 0, loops: [], lane: 1 }, limit: 5 }];
    const units = [
      {
        id: "work",
        kind: "pcu",
        operator: "y",
        label: "y",
        nests: [
          { ...nest, guards },
          { ...nest, guards: [] },
        ],
        scratch: [],
        stages: 1,
        registers: 1,
      },
    ] as const;
    const fabric = { ...mapping.fabric, sections: mapping.fabric.sections.map((one) => ({ ...one, units })) };
    expect(resultOf(counters, { mapping: { ...mapping, fabric } }).warnings).toContainEqual(
      "1 of 2 loop nests overhang an extent; their ragged tiles are timed as full ones",
    );
  });
});

describe("invariants", () => {
  const result = resultOf(run());

  const withCause = (cause: Cause): RunResult => ({ ...result, units: [{ ...result.units[0]!, causes: [...result.units[0]!.causes, cause] }] });

  it("hold of a true result", () => {
    expect(brokenInvariants(result)).toEqual([]);
  });

  it.each<[string, RunResult, string]>([
    ["states that do not add up", { ...result, units: [{ ...result.units[0]!, busy_cycles: 1 }] }, "add up to 901 of 1100 cycles"],
    [
      "causes that explain more than was waited",
      withCause({ state: "memory", channel: "ddr channel 0", root: "ddr (bandwidth)", path: [], cycles: 1 }),
      "801 of 800 memory",
    ],
    ["causes that explain less", { ...result, units: [{ ...result.units[0]!, causes: [] }] }, "0 of 800 memory"],
    ["idle cycles without a cause", withCause({ state: "idle", channel: "", root: "drain", path: [], cycles: 1 }), "1 of 0 idle"],
    [
      "cycles without a state",
      { ...result, units: [{ ...result.units[0]!, busy_cycles: 190, unattributed_cycles: 10 }] },
      "10 cycles of unit load of section y are attributed to no cause",
    ],
    ["energy that does not add up", { ...result, energy_pJ: { ...result.energy_pJ, ddr: 0 } }, "the parts of energy_pJ"],
    ["a run faster than its bound", { ...result, bounds_cycles: { ...result.bounds_cycles, compute: 1101 } }, "below its compute bound of 1101"],
    ["a number that is none", { ...result, utilization: { ...result.utilization, pcu: Number.NaN } }, "result.utilization.pcu is NaN"],
    ["a negative count", { ...result, kernels: -1 }, "result.kernels is -1"],
    ["runs that do not add up", { ...result, kernels: 2 }, "the runs of the sections add up to 1 of 2 kernels"],
    ["more launches than runs", { ...result, launches: 2 }, "2 configurations were loaded for 1 kernels"],
    ["sections that do not add up", { ...result, sections: [] }, "the sections add up to 0 of 1100"],
  ])("refuse %s", (_, broken, sentence) => {
    expect(brokenInvariants(broken).join("\n")).toContain(sentence);
  });

  it("make a contradicting run a bug, not a report", () => {
    expect(() => resultOf({ ...run(), ticks: 1200 })).toThrow("the result contradicts itself");
  });
});

describe("the tables", () => {
  const text = printReport(resultOf(run()));

  it("are plain text with no escape codes and no trailing blanks", () => {
    expect(text).not.toContain("\u001b");
    expect(text.split("\n").filter((line) => line !== line.trimEnd())).toEqual([]);
    expect(printReport(resultOf(run()), true)).toContain("\u001b");
  });

  it("show the headline figures", () => {
    expect(text).toContain("squares n=4000 dtype=f32 on plasticine (spatial)");
    expect(text).toMatch(/cycles +1,100 \(1\.1 us at 1 GHz\)/);
    expect(text).toMatch(/bound +781 by ddr, 71\.0 % of the cycles/);
    expect(text).toMatch(/ddr +40 kB +0 B +36\.4 GB\/s +51\.2 GB\/s +71\.0 %/);
    expect(text).toMatch(/y +pcu +1 +1 k +22\.7 % +68\.2 %/);
    expect(text).toMatch(/y +4000 +f32 +not computed/);
  });

  it("sum up what is too long to read", () => {
    const many = resultOf(run(Array.from({ length: 40 }, (_, index) => section({ name: `s${index}` }))));
    expect(printReport(many)).toContain("... 16 more sections");
  });
});
