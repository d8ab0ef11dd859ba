/** Tables of a groupBy that are larger than a PMU: several PMUs share them. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextBelow, seedRandom } from "../../src/base/random.ts";
import type { Section } from "../../src/fabric/fabric.ts";
import { count, groupBy, input, map, sum } from "../../src/pattern/builder.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { TensorValues } from "../../src/pattern/program.ts";
import { ge, mul } from "../../src/pattern/scalars.ts";
import { differences, machineOf, prepareOn, runOn } from "../support/runs.ts";
import { type Build, compileOn, planOn, programOf, refusal, stageOn, withAg, withPmu } from "./support.ts";

/** How many of n records have each of `keys` keys, and the sum of their values; records with a negative value count nowhere. */
const histogram =
  (n: number, keys: number): Build =>
  () => {
    const key = input("key", "i32", [n]);
    const value = input("value", "i32", [n]);
    return groupBy("group", [n], (i) => ({ when: ge(value.at(i), 0), key: key.at(i), keys, fields: { many: count(), total: sum(value.at(i)) } }));
  };

/** Keys in [0, keys), values in [-2, 8). */
function recordsOf(n: number, keys: number): TensorValues {
  const random = seedRandom(n, "records");
  return { key: Int32Array.from({ length: n }, () => nextBelow(random, keys)), value: Int32Array.from({ length: n }, () => nextBelow(random, 10) - 2) };
}

const countOf = ({ units }: Section) =>
  Object.fromEntries((["pcu", "pmu", "ag"] as const).map((kind) => [kind, units.filter((unit) => unit.kind === kind).length]));

/** PMUs of 100 words. */
const small = withPmu({ bytes: 400 });

describe("the shards of a table", () => {
  test("are one as long as a PMU holds it", () => {
    expect(stageOn(small, histogram(64, 100)).shards).toEqual([{ first: 0, size: 100 }]);
    expect(stageOn(small, () => ({ y: map("y", [4], (i) => i) })).shards).toEqual([]);
  });

  test("are as few as hold it, alike in size and whole vectors but for the last", () => {
    const sizes = (keys: number) => stageOn(small, histogram(64, keys)).shards.map(({ size }) => size);
    expect(sizes(101)).toEqual([64, 37]);
    expect(sizes(192)).toEqual([96, 96]);
    expect(sizes(193)).toEqual([80, 80, 33]);
    expect(stageOn(small, histogram(64, 193)).shards.map(({ first }) => first)).toEqual([0, 80, 160]);
  });

  test("go by the widest field", () => {
    const build: Build = () => {
      const value = input("value", "f64", [64]);
      return groupBy("group", [64], (i) => ({ key: i, keys: 64, fields: { many: count(), total: sum(value.at(i)) } }));
    };
    expect(stageOn(small, build)).toMatchObject({
      lanes: 8,
      shards: [
        { first: 0, size: 32 },
        { first: 32, size: 32 },
      ],
    });
  });
});

describe("a groupBy whose tables are in several PMUs", () => {
  test("has the units that its plan counts: a table and a store for each shard of each field", () => {
    for (const keys of [100, 101, 193]) {
      const { fabric, controllers } = compileOn(small, histogram(64, keys));
      const shards = controllers.sections[0]!.stages[0]!.shape.shards.length;
      expect(countOf(fabric.sections[0]!)).toEqual(controllers.sections[0]!.units);
      expect(controllers.sections[0]!.units).toMatchObject({ pmu: 2 * shards, ag: 2 + 2 * shards });
    }
  });

  test("is refused where there are too few PMUs, or address generators", () => {
    const withGenerators = (generators: number) => withAg({ count: generators }, small);
    expect(planOn(withGenerators(18), histogram(64, 8 * 96)).units).toMatchObject({ pmu: 16, ag: 18 });
    expect(refusal(() => planOn(withGenerators(20), histogram(64, 8 * 96 + 1)))).toContain("needs 18 PMUs of 16");
    expect(refusal(() => planOn(withGenerators(17), histogram(64, 8 * 96)))).toContain("needs 18 AGs of 17");
  });

  test("hands nothing on: its reader begins a section of its own", () => {
    const doubled =
      (keys: number): Build =>
      () => {
        const key = input("key", "i32", [64]);
        const { many } = groupBy("group", [64], (i) => ({ key: key.at(i), keys, fields: { many: count() } }));
        return { y: map("y", [keys], (k) => mul(many.at(k), 2)) };
      };
    expect(compileOn(small, doubled(100)).fabric.sections).toHaveLength(1);
    expect(compileOn(small, doubled(101)).fabric.sections).toHaveLength(2);
  });

  test("refuses a key beyond the whole table, by the operator's name", () => {
    const source = programOf(histogram(64, 193));
    const wrong = { ...recordsOf(64, 193), key: new Int32Array(64).fill(193), value: new Int32Array(64) };
    expect(() => runOn(small, prepareOn(small, source), source, wrong)).toThrow('operator "group": "group" meets the key 193, expected 0 to 192');
  });

  test("equals the interpreter for any number of records and keys, in both engines", () => {
    const machine = withAg({ count: 20 }, small);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 700 }), (n, keys) => {
        const source = programOf(histogram(n, keys));
        const inputs = recordsOf(n, keys);
        const prepared = prepareOn(machine, source);
        const fast = runOn(machine, prepared, source, inputs);
        expect(differences(source, inputs, fast.outputs!)).toEqual([]);
        expect(runOn(machine, prepared, source, inputs, "oracle")).toEqual(fast);
      }),
      { numRuns: 25 },
    );
  });

  test.each(["plasticine", "sn10", "sn40l"])("equals the interpreter for 200,000 keys on %s, in both engines", (name) => {
    const machine = machineOf(name);
    const source = programOf(histogram(5000, 200_000));
    const inputs = recordsOf(5000, 200_000);
    const prepared = prepareOn(machine, source);
    const stage = prepared.controllers.sections[0]!.stages[0]!;
    expect(stage.shape.shards.length).toBe(Math.ceil((200_000 * Math.max(4, machine.pmu.word_bytes)) / machine.pmu.bytes));
    expect(stage.shape.shards.length).toBeGreaterThan(1);
    expect(countOf(prepared.fabric.sections[0]!)).toEqual(prepared.controllers.sections[0]!.units);
    const expected = interpret(source, inputs);
    const [fast, slow] = (["fast", "oracle"] as const).map((engine) => {
      const { outputs, ...counted } = runOn(machine, prepared, source, inputs, engine);
      for (const [output, tensor] of Object.entries(source.outputs))
        expect(outputs![output]!.findIndex((value, at) => value !== expected[tensor]![at])).toBe(-1);
      return counted;
    });
    expect(slow).toEqual(fast);
  });
});
