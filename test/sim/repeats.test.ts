/** Repeats, on hand-made fabrics: what carried tensors hold, where they are, when a repeat ends, and what a round costs. */

import { describe, expect, it } from "vitest";
import type { Fabric, Loop, RepeatStep, Section, Step, TensorLayout } from "../../src/fabric/fabric.ts";
import type { TensorValues } from "../../src/pattern/program.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import { type Progress, simulate } from "../../src/sim/simulate.ts";
import {
  affine,
  constant,
  input,
  load,
  mappingOf,
  nest,
  op,
  pcu,
  programOf,
  type Run,
  reads,
  run,
  sectionOf,
  sends,
  store,
  sum,
  tensor,
  tinyMachine,
  unit,
} from "../support/fabrics.ts";

const N = 40;
const walk = [affine([16], 1)];
const names = ["x", "z", "a", "b", "c", "d", "e"] as const;

/** Vectors of N, one behind the other, and a condition. */
const vectors: Readonly<Record<(typeof names)[number], TensorLayout>> = Object.fromEntries(
  names.map((name, i) => [name, tensor(name, "f32", [N], i * 256)] as const),
) as never;
const done = tensor("done", "bool", [], 4096);
const tensors: readonly TensorLayout[] = [...Object.values(vectors), done];

type Name = (typeof names)[number];

/** to = factor * first + second. */
function combine(name: string, to: Name, first: Name, second: Name, factor = 1): Section {
  const units = [
    load("f", vectors[first], [3], walk),
    load("s", vectors[second], [3], walk),
    pcu("sum", [3], [reads("f", 1), reads("s", 1), sends("o", 1)], [constant(factor), input("f"), op("mul", [0, 1]), input("s"), op("add", [2, 3])], { o: 4 }),
    store("o", vectors[to], [3], walk),
  ];
  return { ...sectionOf(units), name };
}

/** done = the sum of a vector is above a limit. */
function above(name: string, of: Name, limit: number): Section {
  const units = [
    load("v", vectors[of], [3], walk),
    pcu("total", [3], [reads("v", 1), sends("t", 0)], [input("v"), sum(0, 0, true), constant(limit), op("gt", [1, 2], "bool")], { t: 3 }),
    store("t", done, [], [], { lanes: 1 }),
  ];
  return { ...sectionOf(units, { t: { words: 1, dtype: "bool" } }), name };
}

function fabric(sections: readonly Section[], steps: readonly Step[], more: readonly TensorLayout[] = []): Fabric {
  return { schemaVersion: 1, program: "test", machine: "tiny", style: "spatial", tensors: [...tensors, ...more], sections, steps };
}

const section = (index: number): Step => ({ kind: "section", section: index });

function repeat(
  name: string,
  times: number,
  carries: readonly (readonly [to: string, init: string, from: string])[],
  steps: readonly Step[],
  until?: string,
): RepeatStep {
  const carried = carries.map(([to, init, from]) => ({ to, init, from }));
  return { kind: "repeat", name, round: `${name}.round`, times, ...(until === undefined ? {} : { until }), carries: carried, steps };
}

const inputs = { x: Float32Array.from({ length: N }, (_, i) => i + 1), z: Float32Array.from({ length: N }, (_, i) => 100 - i) };

/** The first elements of the tensors named after the run, with the fast engine; fast and oracle, with and without values, must tell the same. */
function check(one: Fabric, given: TensorValues = inputs, options: Run = {}): RunCounters {
  const before = Object.fromEntries(Object.entries(given).map(([name, values]) => [name, values.slice()]));
  const fast = run(one, given, options);
  expect(given, "inputs are not written").toEqual(before);
  expect(run(one, given, { ...options, engine: "oracle" })).toEqual(fast);
  expect(run(one, given, { ...options, values: false })).toEqual({ ...fast, outputs: null });
  return fast;
}

const first = ({ outputs }: RunCounters, name: string): number => outputs![name]![0]!;

describe("a repeat", () => {
  it("carries what the body writes from round to round", () => {
    const doubling = fabric([combine("double", "b", "a", "a")], [repeat("loop", 5, [["a", "x", "b"]], [section(0)])]);
    const counters = check(doubling);
    expect(Array.from(counters.outputs!.a!)).toEqual(Array.from(inputs.x, (value) => value * 2 ** 5));
    expect(counters.rounds).toEqual({ loop: 5 });
  });

  it("leaves what it carries to the sections after it", () => {
    const sections = [combine("double", "b", "a", "a"), combine("after", "c", "a", "x")];
    const counters = check(fabric(sections, [repeat("loop", 4, [["a", "x", "b"]], [section(0)]), section(1)]));
    expect(first(counters, "c")).toBe(16 + 1);
  });

  it("swaps and rotates carried tensors at one time", () => {
    const swap = [repeat("swap", 3, [["a", "x", "b"], ["b", "z", "a"]], [section(0)])]; // biome-ignore format: pairs
    const swapped = check(fabric([combine("look", "c", "a", "b", 2)], swap));
    expect([first(swapped, "a"), first(swapped, "b"), first(swapped, "c")]).toEqual([100, 1, 2 * 1 + 100]);
    // Fibonacci: (a, b) becomes (b, a + b).
    const rotate = [repeat("rotate", 10, [["a", "x", "b"], ["b", "x", "c"]], [section(0)])]; // biome-ignore format: pairs
    expect(first(check(fabric([combine("add", "c", "a", "b")], rotate)), "b")).toBe(144);
  });

  it("gives two carried tensors one place where both take what one section writes, and still loses nothing", () => {
    const both = [repeat("both", 3, [["a", "x", "c"], ["b", "z", "c"]], [section(0)])]; // biome-ignore format: pairs
    // c = a + b, then both are c: 101, 202, 404.
    const counters = check(fabric([combine("add", "c", "a", "b")], both));
    expect([first(counters, "a"), first(counters, "b")]).toEqual([404, 404]);
  });

  it("may carry a tensor that the body does not write", () => {
    const constantly = [repeat("loop", 3, [["a", "x", "z"], ["b", "x", "c"]], [section(0)])]; // biome-ignore format: pairs
    // c = a + b with a = x, z, z: 1 + 1, 100 + 2, 100 + 102.
    expect(first(check(fabric([combine("add", "c", "a", "b")], constantly)), "b")).toBe(202);
  });

  it("nests: an inner one starts anew from what the outer one carries, and both keep their values apart", () => {
    // Outer: a from x, next b. Inner: b from a, next c = b + a. So each outer round makes a (1 + 3) a.
    const inner = repeat("inner", 3, [["b", "a", "c"]], [section(0)]);
    const counters = check(fabric([combine("add", "c", "b", "a")], [repeat("outer", 4, [["a", "x", "b"]], [inner])]));
    expect(Array.from(counters.outputs!.a!)).toEqual(Array.from(inputs.x, (value) => value * 4 ** 4));
    expect(counters.rounds).toEqual({ outer: 4, inner: 12 });
    expect(counters.sections[0]).toMatchObject({ runs: 12, configurations: 1 });
  });

  it("nests: an inner one whose start the outer body writes, and which hands that start on, is not overwritten", () => {
    // d = 2 a + x; the inner repeat hands d on as b; the outer one makes it a. e becomes b + a while a is still the old one: 31 + 15.
    const inner = repeat("inner", 2, [["b", "d", "b"]], [section(1)]);
    const sections = [combine("write", "d", "a", "x", 2), combine("look", "c", "b", "a")];
    const outer = repeat("outer", 4, [["a", "x", "b"], ["e", "x", "c"]], [section(0), inner]); // biome-ignore format: pairs
    const counters = check(fabric(sections, [outer]));
    expect([first(counters, "a"), first(counters, "e")]).toEqual([31, 46]);
  });

  it("ends after the round in which its condition is true, with and without values", () => {
    const sections = [combine("double", "b", "a", "a"), above("check", "b", 10 * N)];
    const early = repeat("loop", 1000, [["a", "x", "b"]], [section(0), section(1)], "done");
    const total = inputs.x.reduce((all, value) => all + value, 0);
    const rounds = Math.floor(Math.log2((10 * N) / total)) + 1;
    const few = { x: inputs.x.map((value) => value / 64), z: inputs.z };
    expect(check(fabric(sections, [early])).rounds).toEqual({ loop: Math.max(1, rounds) });
    expect(check(fabric(sections, [early]), few).rounds).toEqual({ loop: rounds + 6 });
  });

  it("goes on to its last round where the condition never is true", () => {
    const sections = [combine("double", "b", "a", "a"), above("check", "b", 3e38)];
    expect(check(fabric(sections, [repeat("loop", 7, [["a", "x", "b"]], [section(0), section(1)], "done")])).rounds).toEqual({ loop: 7 });
  });

  it("knows the number of its round", () => {
    // A row of a matrix for each round: m[round] = a, a = 2 a.
    const matrix = tensor("m", "f32", [4, N], 8192);
    const row = [{ ...affine([0]), rounds: { "loop.round": 1 } }, affine([16], 1)];
    const save = { ...sectionOf([load("v", vectors.a, [3], walk), store("v", matrix, [3], row)]), name: "save" };
    const counters = check(fabric([save, combine("double", "b", "a", "a")], [repeat("loop", 4, [["a", "x", "b"]], [section(0), section(1)])], [matrix]));
    expect([0, 1, 2, 3].map((round) => counters.outputs!.m![round * N + 2]!)).toEqual([3, 6, 12, 24]);
  });
});

describe("sizes", () => {
  const size = tensor("size", "i32", [], 8192);
  const next = tensor("next", "i32", [], 8256);
  const start = tensor("start", "i32", [], 8320);

  /** Copies as many elements of x as the size says. */
  function copy(): Section {
    const loops: readonly Loop[] = [{ name: "i", trip: 3, size: { tensor: "size", per: 16 } }];
    const guards = [{ value: affine([16], 1), limit: N, size: "size" }];
    const units = [load("v", vectors.x, [3], walk, { guards }), store("v", vectors.c, [3], walk, { guards })];
    return sectionOf(units.map((one) => ({ ...one, nests: one.nests.map((own) => ({ ...own, loops })) })));
  }

  function subtract(by: number): Section {
    const i32 = { dtype: "i32", words: 1 } as const;
    const body = pcu("body", [], [reads("s", 0), sends("n", 0)], [input("s", "i32"), constant(by, "i32"), op("sub", [0, 1], "i32")], { n: 2 }, { lanes: 1 });
    const units = [load("s", size, [], [], { lanes: 1 }), body, store("n", next, [], [], { lanes: 1 })];
    return { ...sectionOf(units, { s: i32, n: i32 }), name: "less" };
  }

  const shrinking = fabric([copy(), subtract(20)], [repeat("loop", 2, [["size", "start", "next"]], [section(0), section(1)])], [size, next, start]);
  const given = (length: number) => ({ ...inputs, start: Int32Array.of(length) });

  it("are read when a section starts: loops turn and guards let through as many as there are, with and without values", () => {
    const counters = check(shrinking, given(N));
    expect(counters.sizes).toEqual({ size: N });
    const [copying] = counters.sections;
    expect(copying!.units.map(({ firings }) => firings)).toEqual([3 + 2, 3 + 2]);
    expect(check(shrinking, given(21)).sections[0]!.units.map(({ firings }) => firings)).toEqual([2 + 1, 2 + 1]);
    expect(Array.from(check(shrinking, given(17)).outputs!.c!)).toEqual(Array.from(inputs.x, (value, i) => (i < 17 ? value : 0)));
  });

  it("that are smaller take less time and fewer bytes", () => {
    const bytes = (length: number) => run(shrinking, given(length)).sections[0]!.tiers.ddr!.read_bytes;
    expect([bytes(40), bytes(32), bytes(16)]).toEqual([192 + 128, 128 + 64, 64 + 0]);
    expect(run(shrinking, given(16)).ticks).toBeLessThan(run(shrinking, given(40)).ticks);
  });
});

describe("configuration", () => {
  it("is done once for a section that runs again and again, and at each change for two that take turns, once for two that share a configuration", () => {
    const [double, add] = [combine("double", "b", "a", "a"), combine("add", "d", "b", "x")];
    const alone = run(fabric([double], [repeat("loop", 5, [["a", "x", "b"]], [section(0)])]), inputs);
    expect(alone.sections[0]).toMatchObject({ runs: 5, configurations: 1, configuringTicks: 1000 });
    const turns = run(fabric([double, add], [repeat("loop", 5, [["a", "x", "b"]], [section(0), section(1)])]), inputs);
    expect(turns.sections.map(({ runs, configurations, configuringTicks }) => [runs, configurations, configuringTicks])).toEqual([
      [5, 5, 5000],
      [5, 5, 5000],
    ]);
    const together = [double, add].map((one) => ({ ...one, configuration: 0 }));
    const beside = run(fabric(together, [repeat("loop", 5, [["a", "x", "b"]], [section(0), section(1)])]), inputs);
    expect(beside.sections.map(({ runs, configurations }) => [runs, configurations])).toEqual([
      [5, 1],
      [5, 0],
    ]);
    expect(beside.ticks).toBe(turns.ticks - 9 * 1000);
    for (const { ticks, sections } of [alone, turns, beside]) {
      expect(sections.reduce((total, one) => total + one.ticks + one.configuringTicks, 0)).toBe(ticks);
    }
  });
});

describe("counters", () => {
  it("are sums over the runs, shares weighted by ticks", () => {
    const double = combine("double", "b", "a", "a");
    const [once] = run(fabric([combine("double", "b", "x", "x")], [section(0)]), inputs).sections;
    const [often] = run(fabric([double], [repeat("loop", 6, [["a", "x", "b"]], [section(0)])]), inputs).sections;
    expect(often!.tiers.ddr!.read_bytes).toBe(6 * once!.tiers.ddr!.read_bytes);
    expect(often!.network.vector_hops).toBe(6 * once!.network.vector_hops);
    expect(often!.units.map(({ firings, operations }) => [firings, operations])).toEqual(
      once!.units.map(({ firings, operations }) => [6 * firings, operations.map((one) => ({ ...one, count: 6 * one.count }))]),
    );
    for (const { busy, starved, blocked, memory, idle } of often!.units) expect(busy + starved + blocked + memory + idle).toBe(often!.ticks);
    // Bursts of 4 ticks at 0.8 of the clock, on two channels.
    const bursts = (often!.tiers.ddr!.read_bytes + often!.tiers.ddr!.write_bytes) / 64;
    expect(often!.tiers.ddr!.busy_share).toBeCloseTo((bursts * 5) / 2 / often!.ticks, 12);
  });

  it("tell progress in runs of sections, and no longer expect the rounds that an early end has saved", () => {
    const sections = [combine("double", "b", "a", "a"), above("check", "b", 3000), combine("after", "c", "a", "a")];
    const one = fabric(sections, [repeat("loop", 10, [["a", "x", "b"]], [section(0), section(1)], "done"), section(2)]);
    const told: Progress[] = [];
    const onProgress = (progress: Progress): number => told.push(progress);
    simulate(mappingOf(one), tinyMachine, { program: programOf(one, ["x", "z"], ["a"]), inputs, values: false, engine: "fast", onProgress });
    expect(told.map(({ section: name, done: runs, sections: expected }) => [name, runs, expected])).toEqual([
      ...[1, 3].flatMap((run) => [["double", run, 21], ["check", run + 1, 21]]), // biome-ignore format: pairs
      ["after", 5, 5],
    ]);
  });
});

describe("slices", () => {
  it("follow data through carried tensors of nested repeats to whatever steers a fetch, and leave the rest alone", () => {
    const i32 = { dtype: "i32" } as const;
    const indices = (name: string, at: number): TensorLayout => tensor(name, "i32", [N], at);
    const [start, now, next, table, out] = [
      indices("start", 8192),
      indices("now", 8448),
      indices("next", 8704),
      indices("table", 8960),
      tensor("out", "f32", [N], 9216),
    ];
    // next[i] = table[now[i]]: follows links; out[i] = z[now[i]]: only carried, its values are not needed for times.
    const follow = sectionOf(
      [
        load("i", now, [3], walk),
        unit("ag", "fetch.t", [nest("fetch", [3], [reads("i", 1), sends("t", 1)], { kind: "fetch", tensor: "table", indexPort: "i", port: "t" }, guarded)]),
        store("t", next, [3], walk),
      ],
      { i: i32, t: i32 },
    );
    const look = sectionOf(
      [
        load("i", now, [3], walk),
        unit("ag", "fetch.z", [nest("fetch", [3], [reads("i", 1), sends("v", 1)], { kind: "fetch", tensor: "z", indexPort: "i", port: "v" }, guarded)]),
        store("v", out, [3], walk),
      ],
      { i: i32 },
    );
    const steps = [repeat("outer", 2, [["now", "start", "next"]], [repeat("inner", 3, [["a", "x", "x"]], [section(1)]), section(0)])];
    const one = fabric([follow, { ...look, name: "look" }], steps, [start, now, next, table, out]);
    const data = (turn: number) => ({
      ...inputs,
      start: Int32Array.from({ length: N }, (_, i) => i),
      table: Int32Array.from({ length: N }, (_, i) => (i * turn) % N),
    });
    const near = check(one, data(0));
    const far = check(one, data(17));
    expect(Array.from(far.outputs!.now!)).toEqual(Array.from({ length: N }, (_, i) => (i * 17 * 17) % N));
    expect(far.sections[1]!.tiers.ddr!.read_bytes).toBeGreaterThan(near.sections[1]!.tiers.ddr!.read_bytes);
    const { x: _x, z: _z, ...needed } = data(3);
    const timed = simulate(mappingOf(one), tinyMachine, {
      program: programOf(one, ["x", "z", "start", "table"], []),
      inputs: needed,
      values: false,
      engine: "fast",
    });
    expect(timed.ticks).toBe(run(one, data(3)).ticks);
  });
});

const guarded = { guards: [{ value: affine([16], 1), limit: N }] };

describe("many rounds", () => {
  it("take little time and no memory each", () => {
    const one = fabric([combine("double", "b", "a", "a", 0)], [repeat("loop", 10_000, [["a", "x", "b"]], [section(0)])]);
    const { sections, rounds } = run(one, inputs, { values: false });
    expect(rounds).toEqual({ loop: 10_000 });
    expect(sections[0]!.runs).toBe(10_000);
  });
});
