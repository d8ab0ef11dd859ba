import { describe, expect, it } from "vitest";
import { RunError, UserError } from "../../src/base/errors.ts";
import type { Fabric } from "../../src/fabric/fabric.ts";
import type { Machine } from "../../src/machine/machine.ts";
import type { RunCounters, UnitCounters } from "../../src/result/counters.ts";
import { type Progress, simulate } from "../../src/sim/simulate.ts";
import { centreRows, dot, elementwise, groupBy, systolicGemm } from "../support/examples.ts";
import {
  affine,
  fabricOf,
  input,
  load,
  mappingOf,
  nest,
  op,
  pcu,
  programOf,
  reads,
  run,
  scratch,
  sends,
  store,
  sum,
  tensor,
  tinyMachine,
  tinyTier,
  unit,
} from "../support/fabrics.ts";

const configuring = 1000;

/** A machine whose memory refreshes half of the time. */
const refreshing: Machine = { ...tinyMachine, tiers: { ddr: { ...tinyTier, refresh: { interval_clocks: 400, duration_clocks: 200 } } } };

const bursts = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** The sections one after the other. */
function inOrder(fabric: Fabric, sections: Fabric["sections"]): Fabric {
  return { ...fabric, sections, steps: sections.map((_, section) => ({ kind: "section", section })) };
}

function section(counters: RunCounters) {
  return counters.sections[0]!;
}

describe("time", () => {
  it("of one element is the depth of the pipeline, part by part", () => {
    const { fabric, inputs } = elementwise(1);
    // Load: 4 memory ticks of 1.25 ns are 5, seen at 5 + 50 latency, pushed after 2 more and one hop. Body: 2 and a hop. Store: 5 + 50 again, from its start.
    const memory = 5 + 50;
    const bodyStarts = memory + 2 + 1;
    const storeStarts = bodyStarts + 2 + 1;
    const { ticks } = section(run(fabric, inputs));
    // The store's request is seen by the memory at the next of its own ticks.
    const seen = Math.ceil(((storeStarts + configuring) * 4) / 5);
    expect(ticks).toBe(Math.ceil(((seen + 4) * 5) / 4) - configuring + 50);
  });

  it("includes the configuration before each section", () => {
    const counters = run(elementwise(100).fabric, elementwise(100).inputs);
    expect(section(counters).configuringTicks).toBe(configuring);
    expect(counters.ticks).toBe(configuring + section(counters).ticks);
  });

  it("is bounded by the bytes of the tier, and comes close to it when nothing else limits", () => {
    const { fabric, inputs } = elementwise(20_000);
    const { ticks, tiers } = section(run(fabric, inputs));
    const bytesPerTick = (2 * 64 * 0.8) / 4;
    const least = (2 * 80_000) / bytesPerTick;
    expect(ticks).toBeGreaterThan(least);
    expect(tiers.ddr!.busy_share).toBeCloseTo(least / ticks, 5);
  });

  it.each([
    { dtype: "f32", outstanding: 8, least: 2000, most: 2150 },
    { dtype: "i8", outstanding: 2, least: 2000, most: 2150 },
    { dtype: "f32", outstanding: 2, least: (2000 / 32) * 57, most: 2150 + (2000 / 32) * 60 },
  ] as const)(
    "of single words ($dtype, $outstanding outstanding) is bounded by the bursts under way, not by the words",
    ({ dtype, outstanding, least, most }) => {
      const [x, s] = [tensor("x", dtype, [2000], 0), tensor("s", dtype, [], 1 << 20)];
      const units = [
        load("a", x, [2000], [affine([1])], { lanes: 1 }),
        pcu("sum", [2000], [reads("a", 1), sends("b", 0)], [input("a", dtype), sum(0, 0, false, dtype)], { b: 1 }, { lanes: 1 }),
        store("b", s, [], [], { lanes: 1 }),
      ];
      const fabric = fabricOf([x, s], units, { a: { dtype }, b: { dtype } });
      const machine = { ...tinyMachine, ag: { ...tinyMachine.ag, outstanding } };
      const { ticks } = section(run(fabric, { x: new Float32Array(2000) }, { machine }));
      expect(ticks).toBeGreaterThan(least);
      expect(ticks).toBeLessThan(most);
    },
  );

  it("goes on with the tier's refresh across sections: the same section takes a different time where it begins in another phase", () => {
    const { fabric, inputs } = elementwise(64);
    const [one] = fabric.sections;
    const twice = run(inOrder(fabric, [one!, { ...one!, name: "again" }]), inputs, { machine: refreshing });
    expect(twice.sections[0]!.ticks).toBe(section(run(fabric, inputs, { machine: refreshing })).ticks);
    // Configured at 1000 and again at 1000 + ticks + 1000, of a period of 500: only the phase differs.
    const later = { ...refreshing, reconfiguration_seconds: (1000 + twice.sections[0]!.ticks + 1000) * 1e-9 };
    expect(twice.sections[1]!.ticks).toBe(section(run(fabric, inputs, { machine: later })).ticks);
    const phases = new Set(
      [0, 100, 200, 300, 400].map(
        (phase) => section(run(fabric, inputs, { machine: { ...refreshing, reconfiguration_seconds: (1000 + phase) * 1e-9 } })).ticks,
      ),
    );
    expect(phases.size).toBeGreaterThan(1);
  });

  it("is the same in both engines under refresh", () => {
    const { fabric, inputs } = centreRows(9, 50);
    expect(run(fabric, inputs, { machine: refreshing })).toEqual(run(fabric, inputs, { machine: refreshing, engine: "oracle" }));
    expect(section(run(fabric, inputs, { machine: refreshing })).ticks).toBeGreaterThan(section(run(fabric, inputs)).ticks);
  });

  it("ends at the limit: refused one tick below what the run takes", () => {
    const { fabric, inputs } = elementwise(100);
    const { ticks } = run(fabric, inputs);
    for (const engine of ["fast", "oracle"] as const) {
      expect(() => run(fabric, inputs, { engine, maxCycles: ticks })).not.toThrow();
      expect(() => run(fabric, inputs, { engine, maxCycles: ticks - 1 })).toThrow(RunError);
    }
  });
});

describe("counters", () => {
  const shownWaits = ({ nests, shown }: UnitCounters) => nests[shown]!.waits;
  const total = ({ busy, starved, blocked, memory, idle }: UnitCounters): number => busy + starved + blocked + memory + idle;

  it("show states of every unit that add up to the section's ticks, and waits to its states", () => {
    for (const { fabric, inputs } of [dot(997), centreRows(7, 37), systolicGemm(7, 21, 19), groupBy(500, 7)]) {
      const { ticks, units } = section(run(fabric, inputs));
      for (const unitCounters of units) {
        expect(total(unitCounters), unitCounters.id).toBe(ticks);
        expect(unitCounters.idle).toBeGreaterThanOrEqual(0);
        for (const state of ["starved", "blocked", "memory"] as const) {
          const waits = shownWaits(unitCounters).reduce((ticksWaited, wait) => ticksWaited + (wait.state === state ? wait.ticks : 0), 0);
          expect(waits, `${unitCounters.id} ${state}`).toBe(unitCounters[state]);
        }
      }
    }
  });

  it("count whole bursts, once each", () => {
    const { fabric, inputs } = elementwise(1003);
    expect(section(run(fabric, inputs)).tiers.ddr).toMatchObject({ read_bytes: bursts(4 * 1003), write_bytes: bursts(4 * 1003) });
    expect(section(run(dot(997).fabric, dot(997).inputs)).tiers.ddr).toMatchObject({ read_bytes: 2 * bursts(4 * 997), write_bytes: 64 });
  });

  it("count tokens times links, by width, and what share of the tracks they take", () => {
    const { fabric, inputs } = centreRows(7, 37);
    const { network, ticks } = section(run(fabric, inputs));
    // a: 21 tokens over 2 links (two sinks); b and c: 21 over 1; s: 7 over 1.
    expect(network).toMatchObject({ vector_hops: 21 * 2 + 21 + 21, scalar_hops: 7 });
    // Vector link 0-1 carries a, b and c; link 1-2 carries a; scalar link 0-1 carries s. 3 tracks each.
    expect(network.busy_share).toBeCloseTo((63 + 21 + 7) / 3 / ticks / 3, 12);
  });

  it("name the firings of all nests, and show the busiest nest of a unit", () => {
    const { fabric, inputs } = groupBy(500, 7);
    const table = section(run(fabric, inputs)).units.find(({ id }) => id === "one.table")!;
    expect(table.firings).toBe(32 + 1);
    // 7 keys in 16 banks: every vector of 16 records meets in some bank, so busy is longer than one tick a firing.
    expect(table.busy).toBeGreaterThan(33);
  });

  it("tell an address generator that waits for memory from one that is starved", () => {
    const narrow = { ...tinyMachine, ag: { ...tinyMachine.ag, outstanding: 1 } };
    const { fabric, inputs } = elementwise(1000);
    const units = section(run(fabric, inputs, { machine: narrow })).units;
    const waits = shownWaits(units[0]!);
    expect(waits.map(({ state, channel }) => [state, channel])).toEqual([0, 1].map((channel) => ["memory", `ddr channel ${channel}`]));
    expect(waits.reduce((sum, { ticks }) => sum + ticks, 0)).toBe(units[0]!.memory);
    expect(units[0]!.memory).toBeGreaterThan(50 * 60);
    expect(shownWaits(units[1]!).map(({ state, channel }) => [state, channel])).toEqual([["starved", "a"]]);
  });
});

describe("data", () => {
  it("stays in memory from section to section", () => {
    const first = elementwise(50).fabric;
    const again = elementwise(50).fabric.sections[0]!;
    const [x, y] = first.tensors as [Fabric["tensors"][0], Fabric["tensors"][0]];
    const z = tensor("z", "f32", [50], 1 << 21);
    const walk = [affine([16], 1)];
    const second = fabricOf([], [load("a", y, [4], walk), again.units[1]!, store("b", z, [4], walk)]).sections[0]!;
    const fabric = inOrder({ ...first, tensors: [x, y, z] }, [first.sections[0]!, { ...second, name: "second" }]);
    const { inputs } = elementwise(50);
    const { outputs } = run(fabric, inputs);
    expect(Array.from(outputs!.z!)).toEqual(Array.from(inputs.x!, (v) => 2 * (2 * v + 1) + 1));
  });

  it("is handed on where an output is an input", () => {
    const { fabric, inputs } = elementwise(20);
    const { outputs } = simulate(mappingOf(fabric), tinyMachine, { program: programOf(fabric, ["x"], ["x", "y"]), inputs, values: true, engine: "fast" });
    expect(outputs!.x).toBe(inputs.x);
  });

  it("is asked for only where it is needed", () => {
    const never = (): never => {
      throw new Error("asked");
    };
    const timed = elementwise(20).fabric;
    const options = { inputs: never, values: false, engine: "fast" } as const;
    expect(() => simulate(mappingOf(timed), tinyMachine, { ...options, program: programOf(timed, ["x"], ["y"]) })).not.toThrow();
    const steered = groupBy(20, 3).fabric;
    expect(() => simulate(mappingOf(steered), tinyMachine, { ...options, program: programOf(steered, ["k", "v"], ["count"]) })).toThrow("asked");
  });

  it("is refused where it is missing or of another length", () => {
    const { fabric } = elementwise(20);
    expect(() => run(fabric, { x: new Float32Array(19) })).toThrow(
      new UserError({ code: "input-length", message: "x has 19 values, its shape [20] holds 20" }),
    );
    const program = programOf(fabric, ["x"], ["y"]);
    expect(() => simulate(mappingOf(fabric), tinyMachine, { program, values: true, engine: "fast" })).toThrow("the run needs the values of x, but got none");
  });
});

describe("progress", () => {
  it("is told after each section", () => {
    const { fabric, inputs } = elementwise(20);
    const told: Progress[] = [];
    const { ticks } = simulate(mappingOf(fabric), tinyMachine, {
      program: programOf(fabric, ["x"], ["y"]),
      inputs,
      values: true,
      engine: "fast",
      onProgress: (p) => told.push(p),
    });
    expect(told).toEqual([{ section: "section", done: 1, sections: 1, share: 1, ticks }]);
  });
});

describe("deadlock", () => {
  /** A row must be whole before its sum is known, but the FIFO beside the sum holds less than a row. */
  function tooShallow(): Fabric {
    const [rows, vectors] = [2, 64];
    const [x, y] = [tensor("x", "f32", [rows, 16 * vectors], 0), tensor("y", "f32", [rows, 16 * vectors], 1 << 20)];
    const walk = [affine([1, 0]), affine([0, 16], 1)];
    const units = [
      load("a", x, [rows, vectors], walk),
      pcu("sum", [rows, vectors], [reads("a", 2), sends("s", 1)], [input("a"), sum(0, 1, true)], { s: 1 }),
      pcu("centre", [rows, vectors], [reads("a", 2), reads("s", 1), sends("c", 2)], [input("a"), input("s"), op("sub", [0, 1])], { c: 2 }),
      store("c", y, [rows, vectors], walk),
    ];
    return fabricOf([x, y], units, { s: { words: 1 } });
  }

  it("names the ring: who waits on which channel for whom", () => {
    const fabric = tooShallow();
    const deadlock = (): unknown => run(fabric, {}, { values: false });
    expect(deadlock).toThrow(RunError);
    expect(deadlock).toThrow(/section section is in deadlock: .*\n.*load\.a\.load waits for one of \d+ slots on a\[1\] towards centre\.body/);
    expect(deadlock).toThrow(/centre\.body waits for a token on s from sum\.body/);
    expect(deadlock).toThrow(/sum\.body waits for a token on a\[0\] from load\.a\.load/);
  });

  it("is found by the oracle too", () => {
    expect(() => run(tooShallow(), {}, { values: false, engine: "oracle" })).toThrow(/deadlock: [\s\S]*centre\.body waits for a token on s from sum\.body/);
  });
});

describe("without values", () => {
  it("data flows backward through memories and sections to whatever steers a scatter", () => {
    const n = 96;
    const walk = [affine([16], 1)];
    const [k, mid, out] = [tensor("k", "i32", [n], 0), tensor("mid", "i32", [n], 4096), tensor("out", "i32", [8], 8192)];
    const row = { dims: walk, shape: [n] };
    const buffered = unit(
      "pmu",
      "tile",
      [
        nest("write", [6], [reads("a", 1), { ...sends("t", 0), kind: "buffer" }], { kind: "write", scratch: "s", access: row, port: "a" }),
        nest("read", [6], [{ ...reads("t", 0), kind: "buffer" }, sends("b", 1)], { kind: "read", scratch: "s", access: row, port: "b" }),
      ],
      [scratch("s", "i32", [n], 1)],
    );
    const i32 = { dtype: "i32" } as const;
    const first = fabricOf([], [load("a", k, [6], walk), buffered, store("b", mid, [6], walk)], { a: i32, b: i32, t: { depth: 1 } }).sections[0]!;
    const table = unit(
      "pmu",
      "table",
      [
        nest("scatter", [6], [reads("k", 1), reads("v", 1), { ...sends("u", 0), kind: "buffer" }], {
          ...{ kind: "scatter", scratch: "s", keyPort: "k", valuePort: "v", fn: "add", acc: "i32" },
        }),
        nest("read", [1], [{ ...reads("u", 0), kind: "buffer" }, sends("o", 1)], { kind: "read", scratch: "s", access: { dims: walk, shape: [8] }, port: "o" }),
      ],
      [scratch("s", "i32", [8], 1)],
    );
    const units = [load("k", mid, [6], walk), load("v", mid, [6], walk), table, store("o", out, [1], walk)];
    const second = { ...fabricOf([], units, { k: i32, v: i32, o: i32, u: { depth: 1 } }).sections[0]!, name: "second" };
    const fabric = inOrder(fabricOf([k, mid, out], []), [first, second]);
    const spread = { k: Int32Array.from({ length: n }, (_, i) => i % 8) };
    const same = { k: new Int32Array(n).fill(5) };
    for (const inputs of [spread, same]) expect({ ...run(fabric, inputs), outputs: null }).toEqual(run(fabric, inputs, { values: false }));
    expect(run(fabric, same, { values: false }).ticks).toBeGreaterThan(run(fabric, spread, { values: false }).ticks);
  });
});
