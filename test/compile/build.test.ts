import { describe, expect, test } from "vitest";
import { buildSection } from "../../src/compile/build.ts";
import type { Choice } from "../../src/compile/context.ts";
import { layOut } from "../../src/compile/layout.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import type { Fabric, Section, Unit } from "../../src/fabric/fabric.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { mapFabric } from "../../src/mapper/index.ts";
import { groupBy, input, map, reduce, sum } from "../../src/pattern/builder.ts";
import type { Dtype } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { wholeInputs } from "../support/programs.ts";
import { differences } from "../support/runs.ts";
import { arrayMachine, type Build, planWith, programOf, simdMachine } from "./support.ts";

/** The section of this choice, after it has been verified, run with values and compared with the interpreter. */
function built(machine: Machine, build: Build, choice: Choice): Section {
  const plan = planWith(machine, build, choice);
  if (typeof plan === "string") throw new Error(plan);
  const source = programOf(build);
  const { program } = lowerProgram(source, "spatial");
  const section = buildSection(plan, program, machine, (operator) => operator);
  const tensors = layOut(program, machine, new Set(Object.values(program.outputs)));
  const fabric: Fabric = {
    schemaVersion: 1,
    program: "p",
    machine: machine.name,
    style: "spatial",
    tensors,
    sections: [section],
    steps: [{ kind: "section", section: 0 }],
  };
  expect(verifyFabric(fabric, machine)).toEqual([]);
  const inputs = wholeInputs(source, 7);
  const { outputs } = simulate(mapFabric(fabric, machine, { seed: 1 }), machine, { program: source, inputs, values: true, engine: "fast" });
  expect(differences(source, inputs, outputs!)).toEqual([]);
  expect({ pcu: units(section, "pcu").length, pmu: units(section, "pmu").length }).toEqual({ pcu: plan.units.pcu, pmu: plan.units.pmu });
  expect(units(section, "ag").length).toBeLessThanOrEqual(plan.units.ag);
  return section;
}

const units = (section: Section, kind: Unit["kind"]): readonly Unit[] => section.units.filter((unit) => unit.kind === kind);
const names = (section: Section, kind: Unit["kind"]): readonly string[] => units(section, kind).map((unit) => unit.id);
const nest = (section: Section, id: string) => section.units.flatMap((unit) => unit.nests).find((item) => item.id === id)!;

const gemm =
  (m: number, n: number, k: number): Build =>
  () => {
    const a = input("a", "f32", [m, k]);
    const b = input("b", "f32", [k, n]);
    return { c: map("c", [m, n], (i, j) => reduce("add", [k], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
  };

describe("ragged tiles", () => {
  const choices: readonly (readonly [tile: readonly number[], par: readonly number[]])[] = [
    [
      [7, 16],
      [2, 1],
    ],
    [
      [16, 50],
      [1, 1],
    ],
    [
      [5, 33],
      [2, 2],
    ],
    [
      [23, 20],
      [1, 2],
    ],
    [
      [1, 48],
      [3, 1],
    ],
  ];
  test.each(choices)("of %j in %j copies compute what the whole would, as a pipeline and as an array", (tile, par) => {
    built(simdMachine, gemm(23, 50, 9), { tile, par, split: 1 });
    built(arrayMachine, gemm(23, 50, 9), { tile, par, split: 1 });
  });

  test("are cut by guards where they overhang, and have none where they don't", () => {
    const cut = built(simdMachine, gemm(8, 40, 4), { tile: [4, 20], par: [1, 2], split: 1 });
    expect(nest(cut, "c.store[0]").guards).toEqual([{ value: { constant: 0, loops: [0, 0, 16], lane: 1 }, limit: 20 }]);
    const even = built(simdMachine, gemm(8, 64, 4), { tile: [4, 32], par: [1, 2], split: 1 });
    expect(nest(even, "c.store[0]").guards).toEqual([]);
  });

  test("keep what overhangs a fold out of it", () => {
    const rows: Build = () => {
      const x = input("x", "f32", [9, 37]);
      return { y: map("y", [9], (i) => reduce("min", [37], (k) => x.at(i, k))) };
    };
    const section = built(simdMachine, rows, { tile: [4], par: [2], split: 1 });
    expect(nest(section, "y[1]").guards).toEqual([{ value: { constant: 0, loops: [0, 0, 16], lane: 1 }, limit: 37 }]);
  });
});

describe("copies", () => {
  test("of a unit are one for each copy of the loops that it depends on", () => {
    const section = built(simdMachine, gemm(16, 64, 8), { tile: [4, 32], par: [2, 2], split: 1 });
    expect(names(section, "pcu")).toEqual(["c[0,0]", "c[0,1]", "c[1,0]", "c[1,1]"]);
    expect(names(section, "pmu").filter((id) => id.startsWith("c.a"))).toEqual(["c.a0[0,0]", "c.a0[1,0]"]);
    expect(names(section, "pmu").filter((id) => id.startsWith("c.b"))).toEqual(["c.b1[0,0]", "c.b1[0,1]"]);
    const broadcast = section.channels.find((channel) => channel.source.nest === "c.b1[0,1]/read")!;
    expect(broadcast.sinks.map((sink) => sink.unit)).toEqual(["c[0,1]", "c[1,1]"]);
  });

  test("gather their tiles in a PMU, from where one generator stores them", () => {
    const section = built({ ...simdMachine, ag: { ...simdMachine.ag, count: 5 } }, gemm(16, 96, 8), { tile: [4, 16], par: [1, 6], split: 1 });
    expect(names(section, "pmu").filter((id) => id.startsWith("c.collect"))).toEqual(["c.collect[0]", "c.collect[1]"]);
    expect(nest(section, "c.collect[0]/read").ports.filter((port) => port.kind === "buffer")).toHaveLength(3);
  });
});

describe("a split fold", () => {
  const dot =
    (n: number, dtype: Dtype): Build =>
    () => {
      const x = input("x", dtype, [n]);
      const y = input("y", dtype, [n]);
      return { d: map("d", [], () => reduce("add", [n], (i) => s.mul(x.at(i), y.at(i)))) };
    };
  const split = (parts: number): Choice => ({ tile: [], par: [], split: parts });
  const machine = {
    ...simdMachine,
    ag: { ...simdMachine.ag, count: 40 },
    grid: { columns: 8, rows: 8 },
    pcu: { ...simdMachine.pcu, count: 32 },
    pmu: { ...simdMachine.pmu, count: 32 },
  };

  test.each([2, 3, 4, 5, 7, 13])("of %i parts computes what one would, whatever is left over", (parts) => {
    for (const n of [1000, 997, parts * 16, parts * 16 - 1, parts * 32 + 1]) built(machine, dot(n, "f32"), split(parts));
  });

  test("is combined by a tree of PCUs, in the accumulator's dtype until the end", () => {
    const section = built(machine, dot(1000, "bf16"), split(7));
    expect(names(section, "pcu").filter((id) => id.includes("tree"))).toEqual(["d.tree0.0", "d.tree0.1", "d.tree1.0"]);
    const into = section.channels.filter((channel) => channel.sinks[0]!.unit.startsWith("d.tree"));
    expect(new Set(into.map((channel) => channel.dtype))).toEqual(new Set(["f32"]));
    expect(section.channels.find((channel) => channel.source.unit === "d.tree1.0")!).toMatchObject({ dtype: "bf16", words: 1 });
  });

  test("has a scratchpad for each part that reads others' elements, and one for all that read the same", () => {
    const strided: Build = () => {
      const x = input("x", "f32", [3, 40]);
      const w = input("w", "f32", [3, 4]);
      return { d: map("d", [], () => reduce("add", [40, 3], (i, k) => s.mul(x.at(k, i), w.at(k, 2)))) };
    };
    const section = built(machine, strided, split(4));
    expect(names(section, "pmu")).toEqual(["d.x0[0]", "d.w1", "d.x0[1]", "d.x0[2]", "d.x0[3]"]);
    expect(names(section, "ag").filter((id) => id.startsWith("x."))).toEqual(["x.load0"]);
  });
});

describe("a groupBy", () => {
  test("has tables that the lanes scatter into, and hands them over once", () => {
    const group: Build = () => {
      const x = input("x", "i32", [77]);
      return groupBy("g", [77], (i) => ({
        key: s.and(x.at(i), 3),
        keys: 20,
        when: s.gt(x.at(i), -2),
        fields: { a: sum(x.at(i)), b: { fn: "max", value: i } },
      }));
    };
    const section = built(simdMachine, group, { tile: [], par: [], split: 1 });
    expect(names(section, "pmu")).toEqual(["g.a", "g.b"]);
    expect(nest(section, "g.a/scatter").guards).toEqual([{ value: { constant: 0, loops: [16], lane: 1 }, limit: 77 }]);
    expect(nest(section, "g.b/read").loops).toEqual([{ name: "key", trip: 2 }]);
  });
});

describe("channels", () => {
  test("are scalar where one word travels between scalar ports, and as deep as the shallowest FIFO", () => {
    const rows: Build = () => {
      const x = input("x", "f32", [20, 30]);
      const most = map("most", [20], (i) => reduce("max", [30], (k) => x.at(i, k)));
      return { y: map("y", [20, 30], (i, j) => s.sub(x.at(i, j), most.at(i))) };
    };
    const machine = { ...simdMachine, pmu: { ...simdMachine.pmu, fifo_depth: 9 } };
    const { channels } = built(machine, rows, { tile: [2], par: [1], split: 1 });
    expect(channels.find((channel) => channel.source.unit === "most")).toMatchObject({ width: "scalar", words: 1, depth: 16 });
    expect(channels.find((channel) => channel.sinks.some((sink) => sink.nest === "y.x0/write"))).toMatchObject({ width: "vector", words: 16, depth: 9 });
    expect(channels.filter((channel) => channel.kind === "buffer").map((channel) => [channel.width, channel.words, channel.depth])).toEqual([
      ["control", 0, 2],
      ["control", 0, 3],
    ]);
    for (const { rate } of channels) expect(rate > 0 && rate <= 1).toBe(true);
  });
});
