/** Sections of several metapipelines: when they are made, what stands on the chip between their parts, and that address generators take turns. */

import { describe, expect, test } from "vitest";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import { slotsFor } from "../../src/compile/turns.ts";
import { checkFabric } from "../../src/fabric/verify.ts";
import { input, map, reduce, uniform } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import * as s from "../../src/pattern/scalars.ts";
import attentionBackward from "../../workloads/attention-backward.ts";
import { differences, machineOf, prepareOn, runOn } from "../support/runs.ts";
import { type Build, compileOn, programOf, simdMachine, withAg, withPmu } from "./support.ts";

/** b reads a at other places than those at which a is made: one metapipeline would make all of a for each of its tiles. */
const chain: Build = () => {
  const x = input("x", "i32", [30, 20]);
  const y = input("y", "i32", [20, 30]);
  const a = map("a", [30, 30], (i, j) => reduce("add", [20], (k) => s.mul(x.at(i, k), y.at(k, j))));
  return { b: map("b", [30, 30], (i, j) => reduce("add", [30], (k) => s.mul(a.at(i, k), a.at(k, j)))) };
};

/** c reads b, which reads a, each turned. */
const three: Build = () => {
  const x = input("x", "i32", [30, 40]);
  const w = input("w", "i32", [30, 30]);
  const a = map("a", [30, 40], (i, j) => s.add(x.at(i, j), 1));
  const sums = map("sums", [40], (j) => reduce("add", [30], (i) => a.at(i, j)));
  const b = map("b", [30, 40], (i, j) => reduce("add", [30], (k) => s.mul(s.mul(w.at(i, k), a.at(k, j)), sums.at(j))));
  return { c: map("c", [40], (j) => reduce("max", [30], (i) => s.sub(b.at(i, j), sums.at(39)))) };
};

/** Both parts read from memory. */
const weighted: Build = () => {
  const x = input("x", "i32", [100, 20]);
  const y = input("y", "i32", [20, 100]);
  const w = input("w", "i32", [100, 100]);
  const a = map("a", [100, 100], (i, j) => reduce("add", [20], (k) => s.mul(x.at(i, k), y.at(k, j))));
  return { b: map("b", [100, 100], (i, j) => reduce("add", [100], (k) => s.mul(w.at(i, k), a.at(k, j)))) };
};

const partsOn = (build: Build, machine = simdMachine, schedule = {}): readonly (readonly string[])[] =>
  compileOn(machine, build, schedule).controllers.sections.flatMap(({ parts = [] }) => parts.map(({ operators }) => operators));

describe("sections that follow each other", () => {
  test("become one of several metapipelines, with what lies between them on the chip", () => {
    const { fabric, controllers } = compileOn(simdMachine, chain);
    expect(partsOn(chain)).toEqual([["a"], ["b"]]);
    expect(fabric.sections).toHaveLength(1);
    expect(controllers.configurations).toEqual([0]);
    expect(fabric.tensors.map(({ tensor }) => tensor)).not.toContain("a");
    expect(
      fabric.sections[0]!.units.filter(({ kind, nests }) => kind === "ag" && nests.some(({ work }) => work.kind === "store" && work.tensor === "a")),
    ).toEqual([]);
  });

  test.each([
    ["two parts", chain, simdMachine],
    ["three", three, simdMachine],
    ["with few address generators", weighted, withAg({ count: 3 })],
    ["with homes in several PMUs", chain, withPmu({ bytes: 2048, count: 12 })],
  ] as const)("have the values of the program: %s", (_, build, machine) => {
    const source = programOf(build);
    const inputs = generateInputs(source, 1);
    const { controllers } = compileOn(machine, build);
    const planned = interpretControllers(controllers, inputs);
    expect(differences(source, inputs, Object.fromEntries(Object.entries(source.outputs).map(([name, tensor]) => [name, planned[tensor]!])))).toEqual([]);
    expect(differences(source, inputs, runOn(machine, prepareOn(machine, source), source, inputs).outputs!)).toEqual([]);
    expect(partsOn(build, machine).length).toBeGreaterThan(1);
  });

  test("fill homes with no more streams than a PMU has inputs, where copies send numbers and what gathers them sends vectors", () => {
    const { pcu, pmu, ...rest } = machineOf("plasticine");
    const machine = { ...rest, pcu: { ...pcu, count: 41 }, pmu: { ...pmu, bytes: pmu.bytes / 4, count: pmu.count + pcu.count - 41 } };
    const { controllers } = compile(attentionBackward.build({ seq: 62, heads: 5, dim: 23 }), machine, { style: "spatial" });
    const homes = controllers.sections.flatMap(({ stages }) => stages.flatMap(({ stores }) => stores.filter(({ to }) => to.includes("home"))));
    expect(homes.filter(({ collect }) => collect.some((members) => members > 1)).map(({ tensor }) => tensor)).toContain("dp");
  });

  test("keep in memory too what is an output", () => {
    const both: Build = () => {
      const x = input("x", "i32", [30, 20]);
      const y = input("y", "i32", [20, 30]);
      const a = map("a", [30, 30], (i, j) => reduce("add", [20], (k) => s.mul(x.at(i, k), y.at(k, j))));
      return { a, b: map("b", [30, 30], (i, j) => reduce("add", [30], (k) => s.mul(a.at(i, k), a.at(k, j)))) };
    };
    const { controllers } = compileOn(simdMachine, both);
    const stores = controllers.sections.flatMap(({ stages }) => stages.flatMap((stage) => stage.stores));
    expect(stores.find(({ tensor }) => tensor === "a")!.to).toEqual(["memory", "home"]);
  });

  test("are one too where the second looks for the first's tensor far outside it", () => {
    const behind: Build = () => {
      const [x, y, w] = [input("x", "i32", [30, 20]), input("y", "i32", [20, 30]), input("w", "i32", [8000])];
      const a = map("a", [30, 30], (i, j) => reduce("add", [20], (k) => s.mul(x.at(i, k), y.at(k, j))));
      return { b: map("b", [30], (i) => reduce("add", [8000], (j) => s.mul(w.at(j), a.padded(s.sub(j, 7970), i)))) };
    };
    const machine = withPmu({ bytes: 8192, count: 16 });
    expect(partsOn(behind, machine)).toEqual([["a"], ["b"]]);
    const source = programOf(behind);
    const inputs = generateInputs(source, 1);
    expect(differences(source, inputs, runOn(machine, prepareOn(machine, source), source, inputs).outputs!)).toEqual([]);
  });

  test("stay apart where a schedule cuts them, and where each operator is a section", () => {
    expect(partsOn(chain, simdMachine, { cut: ["b"] })).toEqual([]);
    expect(compileOn(simdMachine, chain, { cut: ["b"] }).fabric.sections).toHaveLength(2);
  });

  test("stay apart where the second needs a table whole in memory", () => {
    const looked: Build = () => {
      const x = input("x", "i32", [40]);
      const at = input("at", "i32", [40], { data: uniform(0, 39) });
      const a = map("a", [40], (i) => s.add(x.at(i), 1));
      return { b: map("b", [40], (i) => a.at(at.at(i))) };
    };
    expect(partsOn(looked)).toEqual([]);
  });

  test("stay apart where the chip has no room for both", () => {
    expect(partsOn(chain, withPmu({ count: 2 }))).toEqual([]);
  });
});

describe("address generators", () => {
  test("take turns where the parts have more together than there are", () => {
    const few = withAg({ count: 3 });
    const { fabric } = compileOn(few, weighted);
    const own = fabric.sections.map(({ units }) => units.filter(({ kind }) => kind === "ag"));
    expect(partsOn(weighted, few).length).toBeGreaterThan(1);
    expect(Math.max(...own.map((units) => units.length))).toBeLessThanOrEqual(3);
    expect(own.flat().some(({ nests }) => nests.length > 1)).toBe(true);
    expect(() => checkFabric(fabric, few)).not.toThrow();
  });

  test("that read and that write share none, and no part has more than there are", () => {
    expect(
      slotsFor(
        [
          { reads: 3, writes: 1 },
          { reads: 2, writes: 1 },
        ],
        8,
      ),
    ).toEqual({ reads: 5, writes: 2 });
    expect(
      slotsFor(
        [
          { reads: 3, writes: 1 },
          { reads: 2, writes: 1 },
        ],
        5,
      ),
    ).toEqual({ reads: 3, writes: 2 });
    expect(
      slotsFor(
        [
          { reads: 3, writes: 1 },
          { reads: 2, writes: 2 },
        ],
        4,
      ),
    ).toBe(null);
    expect(
      slotsFor(
        [
          { reads: 0, writes: 1 },
          { reads: 0, writes: 1 },
        ],
        1,
      ),
    ).toEqual({ reads: 0, writes: 1 });
  });
});
