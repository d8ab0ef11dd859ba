/** Pins of a schedule beyond tiles and copies of outer loops: tiles of folded loops, lanes, buffers. Each is obeyed, or refused with the reason. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { explain } from "../../src/compile/explain.ts";
import { interpretControllers } from "../../src/compile/index.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import { cutTiles } from "../../src/compile/tiles.ts";
import type { Channel } from "../../src/fabric/fabric.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { input, map, reduce } from "../../src/pattern/builder.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import type { Program, Schedule } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import type { Prepared } from "../../src/sim/prepare.ts";
import { type ProgramCase, programCases, spine } from "../support/programs.ts";
import { differences, prepareOn, runOn } from "../support/runs.ts";
import { placeCases } from "./places.ts";
import { type Build, compileOn, linesOf, planOn, programOf, refusal, simdMachine, withPmu } from "./support.ts";

const gemm: Build = () => {
  const a = input("a", "i32", [64, 48]);
  const b = input("b", "i32", [48, 96]);
  return { c: map("c", [64, 96], (i, j) => reduce("add", [48], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
};

const dot: Build = () => {
  const a = input("a", "i32", [96]);
  const b = input("b", "i32", [96]);
  return { d: map("d", [], () => reduce("add", [96], (i) => s.mul(a.at(i), b.at(i))), { tier: "sram" }) };
};

const gram: Build = () => {
  const x = input("x", "i32", [24, 32]);
  const y = map("y", [24, 32], (r, c) => s.sub(x.at(r, c), 1));
  return { g: map("g", [32, 32], (i, j) => reduce("add", [24], (r) => s.mul(y.at(r, i), y.at(r, j)))) };
};

const refused = (schedule: Schedule, build = gemm, machine = simdMachine): string => refusal(() => compileOn(machine, build, schedule));

describe("a tile of a folded loop", () => {
  const cut = (build: Build, schedule: Schedule): Program => cutTiles(programOf(build, schedule));

  test("cuts the fold into folds of tiles and a fold of those, inside the kept loops that are tiled and outside of the others", () => {
    expect(linesOf(cut(gemm, { tile: { "c.0": 16, "c.2": 12 } }))).toEqual([
      expect.stringMatching(/^c\.part\[i, j, k\] = sum\(l < 12: a\[i, j \* 12 \+ l\] \* b\[j \* 12 \+ l, k\]\)$/),
      "c[i, j] = sum(k < 4: c.part[i, k, j])",
    ]);
  });

  test("of one element leaves no loop behind", () => {
    expect(linesOf(cut(gram, { tile: { "g.2": 1 } })).slice(1)).toEqual(["g.part[i, j, k] = y[i, j] * y[i, k]", "g[i, j] = sum(k < 24: g.part[k, i, j])"]);
  });

  test("makes an outer loop that all stages share, those that come before the fold included", () => {
    const { loops, stages } = planOn(simdMachine, gram, { tile: { "g.2": 1 }, par: { "g.2": 2 } });
    expect(loops).toMatchObject([{ name: "g.2", extent: 24, tile: 1, par: 2, trips: 12 }]);
    expect(stages.map(({ shape }) => shape.name)).toEqual(["y", "g.part", "g"]);
  });

  test("adds up scalars in registers and larger results in a PMU, one for each copy", () => {
    const units = (build: Build, schedule: Schedule): readonly string[] =>
      compileOn(simdMachine, build, schedule).fabric.sections[0]!.units.map(({ id }) => id);
    expect(units(dot, { tile: { "d.0": 32 }, par: { "d.0": 3 } }).filter((id) => id.includes("sums"))).toEqual([]);
    const tiles = { "c.0": 32, "c.1": 48, "c.2": 24 };
    expect(units(gemm, { tile: tiles, par: { "c.0": 1, "c.1": 1, "c.2": 2 } }).filter((id) => id.includes("sums"))).toEqual(["c.sums[0]", "c.sums[1]"]);
  });

  test("is told by explain, with its copies and where the sums are", () => {
    const schedule = { tile: { "c.0": 32, "c.1": 48, "c.2": 24 }, par: { "c.2": 2 } };
    const words = explain(compileOn(simdMachine, gemm, schedule), simdMachine);
    expect(words).toContain("one element at a time, 2 copies side by side, 1 turn each (c.2 in a schedule)");
    expect(words).toMatch(/adds up the turns of k in 2 buffers of a PMU; a tree joins the sums of 2 copies/);
    expect(explain(compileOn(simdMachine, dot, { tile: { "d.0": 32 } }), simdMachine)).toContain("adds up the turns of i in its registers");
  });

  test("is refused where it does not divide the loop, or where another folded loop has one", () => {
    expect(refused({ tile: { "c.2": 7 } })).toBe(
      "schedule.tile c.2: 7 does not divide the 48 elements of the folded loop; tiles of a folded loop are all of one size",
    );
    const two: Build = () => {
      const x = input("x", "i32", [8, 4, 6]);
      return { y: map("y", [8], (i) => reduce("add", [4, 6], (k, l) => x.at(i, k, l))) };
    };
    expect(refused({ tile: { "y.1": 2, "y.2": 3 } }, two)).toBe('schedule.tile y.2: another loop that "y" folds has a tile; only one can have');
  });

  test("is refused on what folds nothing", () => {
    expect(refused({ tile: { "y.2": 4 } }, gram)).toContain('schedule.tile: no outer loop is called "y.2"');
  });

  test("is needed for copies of a folded loop", () => {
    expect(refused({ par: { "c.2": 2 } })).toContain('schedule.par: no outer loop is called "c.2"');
  });

  test("is refused where there are fewer tiles than copies", () => {
    expect(refused({ tile: { "c.2": 24 }, par: { "c.2": 3 } })).toBe('schedule c.2: 3 is not a whole number from 1 to 2; loop "c.2" has 2 elements or tiles');
  });
});

describe("the sums of tiles", () => {
  const compiled = compileOn(simdMachine, gram, { tile: { "g.2": 1 }, par: { "g.2": 1 } });
  const [section] = compiled.fabric.sections;
  const withChannel = (which: (channel: Channel) => boolean, change: Partial<Channel>): readonly string[] => {
    const channels = section!.channels.map((channel) => (which(channel) ? { ...channel, ...change } : channel));
    return verifyFabric({ ...compiled.fabric, sections: [{ ...section!, channels }] }, simdMachine).map(({ code }) => code);
  };
  const isRing = ({ source, sinks }: Channel): boolean => sinks.every(({ nest }) => nest === source.nest);

  test("are read for a turn only after those of the turn before are written", () => {
    const cyclesOf = (rows: number): number => {
      const build: Build = () => {
        const x = input("x", "i32", [rows, 32]);
        const y = map("y", [rows, 32], (r, c) => s.sub(x.at(r, c), 1));
        return { g: map("g", [32, 32], (i, j) => reduce("add", [rows], (r) => s.mul(y.at(r, i), y.at(r, j)))) };
      };
      const program = programOf(build, { tile: { "g.2": 1 }, par: { "g.2": 1 }, lanes: { "g.1": 16 }, buffer: { "g.part": 2 } });
      return runOn(simdMachine, prepareOn(simdMachine, program), program, {}, "fast", false).sections[0]!.ticks;
    };
    const { pmu, pcu, network } = simdMachine;
    const write = 1;
    const turn = (32 * 32) / 16 + pmu.latency_cycles + pcu.stages + 2 * network.hop_cycles + write - 1;
    expect(cyclesOf(24) - cyclesOf(16)).toBe(8 * turn);
  });

  test("take a hand-over at the start of their ring, and no other channel does", () => {
    expect(withChannel(isRing, {})).toEqual([]);
    expect(withChannel(isRing, { initial: 0 })).toEqual(["dead-ring"]);
    expect(withChannel(isRing, { initial: 2 })).toEqual(["dead-ring"]);
    expect(withChannel((channel) => channel.kind === "buffer" && !isRing(channel), { initial: 1 })).toContain("no-ring");
  });

  test("are in the memory's own dtype", () => {
    const units = section!.units.map((unit) => ({
      ...unit,
      scratch: unit.scratch.map((scratch) => (scratch.name === "sums" ? { ...scratch, dtype: "f32" as const } : scratch)),
    }));
    const faults = verifyFabric({ ...compiled.fabric, sections: [{ ...section!, units }] }, simdMachine);
    expect(faults.map(({ message }) => message)).toContainEqual(expect.stringContaining("folds in i32, but sums holds f32"));
  });
});

describe("pinned lanes", () => {
  test("run along the loop that is named, as many as are wanted", () => {
    const lanesOf = (schedule: Schedule) =>
      planOn(simdMachine, gemm, schedule).stages.map(({ shape }) => [shape.loops.findIndex(({ name }) => name === shape.lane), shape.lanes]);
    expect(lanesOf({ lanes: { "c.2": 5 } })).toEqual([[2, 5]]);
    expect(lanesOf({ lanes: { "c.1": 3 } })).toEqual([[1, 3]]);
    const tile = { "c.0": 32, "c.1": 48, "c.2": 24 };
    expect(lanesOf({ tile, lanes: { "c.2": 4, "c.1": 2 } })).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  test("are told by explain", () => {
    expect(explain(compileOn(simdMachine, gemm, { lanes: { "c.2": 5 } }), simdMachine)).toContain("5 lanes along k");
  });

  test("are refused on a loop that cannot have them, in two loops of a stage, beyond the machine's, and where no such loop is", () => {
    expect(refused({ lanes: { "c.0": 4 } })).toBe('schedule.lanes c.0: lanes cannot run along this loop, only along "c.1" or "c.2"');
    expect(refused({ lanes: { "c.1": 4, "c.2": 4 } })).toBe('schedule.lanes c.2: lanes run along loop "c.1" already');
    expect(refused({ lanes: { "c.2": 17 } })).toBe("schedule.lanes c.2: 17 lanes of 16 that a PCU has for values of this width");
    expect(refused({ lanes: { "c.2": 0 } })).toBe("schedule.lanes c.2: 0 is not a whole number from 1");
    expect(refused({ lanes: { "c.9": 2 } })).toContain('schedule.lanes: no loop is called "c.9"; there are c.0, c.1, c.2');
    expect(refused({ tile: { "g.2": 1 }, lanes: { "g.2": 1 } }, gram)).toBe(
      'schedule.lanes g.2: its tile is one element, which leaves no loop to run across lanes; lanes of the parts stand under "g.part"',
    );
  });
});

describe("a pinned buffer", () => {
  test("takes the place of a stream, with as many tiles as are wanted", () => {
    const { stages } = planOn(simdMachine, dot, { tile: { "d.0": 32 }, buffer: { a: 3, "d.part": 4 } });
    expect(stages[0]!.operands.map(({ via }) => via)).toMatchObject([{ kind: "tier-buffer", hold: 1, box: [32], buffers: 3 }, { kind: "tier-buffer" }]);
    expect(stages[1]!.operands.map(({ via }) => via)).toMatchObject([{ kind: "stage-buffer", buffers: 4 }]);
  });

  test("keeps an operator apart from its reader", () => {
    const build: Build = () => {
      const x = input("x", "i32", [40, 50]);
      const y = map("y", [40, 50], (i, j) => s.add(x.at(i, j), 1));
      return { z: map("z", [40, 50], (i, j) => s.mul(y.at(i, j), y.at(i, j))) };
    };
    expect(planOn(simdMachine, build).stages).toHaveLength(1);
    expect(planOn(simdMachine, build, { buffer: { y: 2 } }).stages.map(({ shape }) => shape.name)).toEqual(["y", "z"]);
  });

  test("is told by explain", () => {
    expect(explain(compileOn(simdMachine, dot, { buffer: { a: 2 } }), simdMachine)).toMatch(
      /reads a: from 2 buffers of 96 in PMUs.*as the schedule wants it so/,
    );
  });

  test("is refused where nothing reads the tensor, where it is no number of buffers, and where a PMU cannot hold them", () => {
    expect(refused({ buffer: { x: 2 } })).toBe('schedule.buffer: no tensor that an operator reads is called "x"; there are a, b; did you mean "a"?');
    expect(refused({ buffer: { a: 0 } })).toBe("schedule.buffer a: 0 is not a whole number of buffers from 1");
    expect(refused({ tile: { "c.0": 64, "c.1": 96 }, buffer: { b: 9 } }, gemm, withPmu({ bytes: 131_072, count: 1 }))).toMatch(
      /a tile of "b" needs \d+ bytes of a PMU's 131072/,
    );
  });
});

describe("a scalar in sram", () => {
  test("leaves the chip as a register, without a burst", () => {
    const program = programOf(dot);
    const inputs = { a: Int32Array.from({ length: 96 }, (_, i) => i), b: new Int32Array(96).fill(2) };
    const { sections, outputs } = runOn(simdMachine, prepareOn(simdMachine, program), program, inputs);
    expect(outputs!.d).toEqual(Int32Array.of(96 * 95));
    expect(sections[0]!.tiers.ddr).toMatchObject({ write_bytes: 0 });
  });
});

// --- values ---

/** Divisors of folded loops, a few copies of them, lanes of innermost loops and buffers, as the dice fall. */
function scheduleFor(program: Program, dice: readonly number[]): Schedule {
  const [tile, par, lanes, buffer]: Record<string, number>[] = [{}, {}, {}, {}];
  let next = 0;
  const throwOne = (sides: number): number => dice[next++ % dice.length]! % sides;
  for (const operator of lowerProgram(program, "spatial").program.operators) {
    if (operator.kind !== "map" || operator.body.kind !== "reduce" || operator.body.over.length === 0) continue;
    const { name, domain, body } = operator;
    const k = throwOne(body.over.length);
    const { extent, count } = body.over[k]!;
    const sizes = Array.from({ length: extent }, (_, i) => i + 1).filter((size) => extent % size === 0);
    const size = sizes[throwOne(sizes.length)]!;
    if (count !== undefined || throwOne(4) === 0) continue;
    tile![`${name}.${domain.length + k}`] = size;
    par![`${name}.${domain.length + k}`] = 1 + throwOne(Math.min(3, extent / size));
    if (domain.length > 0 && throwOne(2) === 0) tile![`${name}.0`] = 1 + throwOne(domain[0]!.extent);
    if (domain.length > 0 && throwOne(2) === 0) lanes![`${name}.${domain.length - 1}`] = 1 + throwOne(8);
    if (throwOne(2) === 0) buffer![`${name}.part`] = 1 + throwOne(3);
  }
  return { tile: tile!, par: par!, lanes: lanes!, buffer: buffer! };
}

/** null where pins that are legal each alone do not fit together. */
function prepared(program: Program, machine: Machine): Prepared | null {
  try {
    return prepareOn(machine, program);
  } catch (error) {
    if (error instanceof UserError && error.faults.every((fault) => ["program-too-large", "unroutable", "illegal-schedule"].includes(fault.code))) return null;
    throw error;
  }
}

const cases = fc.oneof(programCases({ ...spine, extents: [1, 3, 8, 16, 20], mostSteps: 4 }), placeCases([1, 2, 4, 6, 8, 16]));
const thrown = fc.array(fc.nat(999), { minLength: 8, maxLength: 8 });

describe("whatever they pin, schedules", () => {
  test("change no value, in controllers and in both engines", () => {
    const fitted: boolean[] = [];
    const check = ({ program: plain, inputs }: ProgramCase, dice: readonly number[]): void => {
      const program = { ...plain, schedule: scheduleFor(plain, dice) };
      const result = prepared(program, simdMachine);
      fitted.push(result !== null);
      if (result === null) return;
      expect(differences(plain, inputs, outputsOf(plain, interpretControllers(result.controllers, inputs)))).toEqual([]);
      const fast = runOn(simdMachine, result, program, inputs);
      const slow = runOn(simdMachine, result, program, inputs, "oracle");
      expect(differences(plain, inputs, fast.outputs!)).toEqual([]);
      expect({ ...slow, outputs: null }).toEqual({ ...fast, outputs: null });
    };
    fc.assert(fc.property(cases, thrown, check), { numRuns: 80 });
    expect(fitted.filter(Boolean).length).toBeGreaterThan(fitted.length * 0.6);
  });
});
