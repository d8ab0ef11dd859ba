import { describe, expect, it } from "vitest";
import type { Tally } from "../../src/fabric/datapath.ts";
import type { Node, Unit } from "../../src/fabric/fabric.ts";
import { operationsOf, sramBytesOf } from "../../src/units/operations.ts";
import { centreRows, dot, type Example, elementwise, groupBy, systolicGemm } from "../support/examples.ts";
import { affine, below, constant, input, nest, op, pcu, reads, scratch, sends, sum, tinyMachine, unit as unitWith } from "../support/fabrics.ts";

function unitOf({ fabric }: Example, id: string): { readonly unit: Unit; readonly words: ReadonlyMap<string, number> } {
  const section = fabric.sections[0]!;
  return { unit: section.units.find((unit) => unit.id === id)!, words: new Map(section.channels.map((channel) => [channel.id, channel.words])) };
}

const none: ReadonlyMap<string, Tally> = new Map();

function operations(example: Example, id: string, tallies = none): Readonly<Record<string, number>> {
  const { unit, words } = unitOf(example, id);
  return Object.fromEntries(operationsOf(unit, words, tallies).map(({ op: name, dtype, count }) => [`${name} ${dtype}`, count]));
}

const runningSum = (arg: number): Node => ({ kind: "scan", dtype: "f32", acc: "f32", fn: "add", arg, level: 0, lanes: true, exclusive: false });

const hashUnit = unitWith(
  "pmu",
  "h",
  [nest("h", [4], [], { kind: "hash", slots: 16, keyPort: "k", whenPort: "w", port: "e", keys: "keys" })],
  [scratch("keys", "i32", [10], 1), scratch("keys.slots", "i32", [16], 1)],
);
const hashed: ReadonlyMap<string, Tally> = new Map([["h", { lanes: 20, probes: 27, entries: 8 }]]);

describe("operationsOf", () => {
  it("counts each operation of each lane, and none twice", () => {
    expect(operations(elementwise(160), "axpy")).toEqual({ "mul f32": 160, "add f32": 160 });
  });

  it("counts only the lanes that guards leave, and one step a folded element", () => {
    expect(operations(dot(997), "dot")).toEqual({ "mul f32": 997, "add f32": 997 });
    expect(operations(centreRows(7, 37), "sum")).toEqual({ "add f32": 7 * 37 });
  });

  it("counts what follows a fold once an iteration of its level, and once for all lanes where it is the same in all", () => {
    const nodes = [input("a"), sum(0, 1, true), constant(2), op("mul", [1, 2]), op("exp", [3]), sum(0, 1, false), op("log", [5])];
    const unit = pcu("p", [3, 4], [reads("a", 2), sends("b", 1), sends("c", 1)], nodes, { b: 4, c: 6 }, { guards: [below(affine([0, 16], 1), 61)] });
    const counted = operationsOf(unit, new Map(Object.entries({ a: 16, b: 1, c: 16 })), none);
    expect(Object.fromEntries(counted.map(({ op: name, count }) => [name, count]))).toEqual({ add: 2 * 3 * 61, mul: 3, exp: 3, log: 3 * 13 });
  });

  it("counts what follows a fold once for each iteration that has ended, where a run was stopped", () => {
    const nodes = [input("a"), sum(0, 1, true), op("exp", [1]), sum(0, 1, false), op("log", [3])];
    const unit = pcu("p", [3, 4], [reads("a", 2), sends("b", 1), sends("c", 1)], nodes, { b: 2, c: 4 }, { guards: [below(affine([0, 16], 1), 61)] });
    const countAfter = (firings: number): Readonly<Record<string, number>> => {
      const fired = new Map(unit.nests.map(({ id }) => [id as string, firings]));
      const counted = operationsOf(unit, new Map(Object.entries({ a: 16, b: 1, c: 16 })), none, fired);
      return Object.fromEntries(counted.map(({ op: name, count }) => [name, count]));
    };
    expect(countAfter(0)).toEqual({ add: 0, exp: 0, log: 0 });
    expect(countAfter(3)).toEqual({ add: 2 * 48, exp: 0, log: 0 });
    expect(countAfter(4)).toEqual({ add: 2 * 61, exp: 1, log: 13 });
    expect(countAfter(7)).toEqual({ add: 2 * (61 + 48), exp: 1, log: 13 });
    expect(countAfter(12)).toEqual({ add: 2 * 3 * 61, exp: 3, log: 3 * 13 });
  });

  it("does not count what nobody reads", () => {
    const unit = pcu("p", [4], [reads("a", 1), sends("b", 1)], [input("a"), op("exp", [0]), op("neg", [0])], { b: 2 });
    expect(operationsOf(unit, new Map([["a", 16]]), none).map(({ op: name }) => name)).toEqual(["neg"]);
  });

  it("counts each multiply and each add of an array", () => {
    expect(operations(systolicGemm(8, 32, 16), "array")).toEqual({ "mul f32": 8 * 32 * 16, "add f32": 8 * 32 * 16 });
  });

  it("counts a step of a scan for each valid lane", () => {
    const unit = pcu("p", [3, 4], [reads("a", 2), sends("b", 1)], [input("a"), runningSum(0)], { b: 1 }, { guards: [below(affine([0, 16], 1), 61)] });
    expect(operationsOf(unit, new Map([["a", 16]]), none)).toEqual([{ op: "add", dtype: "f32", count: 3 * 61 }]);
  });

  it("counts what data decides as the nest's tally tells", () => {
    expect(operations(groupBy(500, 7), "one.table", new Map([["scatter", { lanes: 321, probes: 0, entries: 0 }]]))).toEqual({ "add i32": 321 });
    expect(operationsOf(hashUnit, new Map(), hashed)).toEqual([
      { op: "mul", dtype: "i32", count: 20 },
      { op: "eq", dtype: "i32", count: 27 },
    ]);
    expect(() => operations(groupBy(500, 7), "one.table")).toThrow("scatter did not tell what it did");
  });
});

describe("sramBytesOf", () => {
  it("counts the valid words that a PMU reads and writes, by their bytes in the scratchpad", () => {
    expect(sramBytesOf(unitOf(centreRows(7, 37), "rows").unit, tinyMachine, none)).toEqual({ read: 7 * 37 * 4, write: 7 * 37 * 4 });
    const wide = { ...tinyMachine, pmu: { ...tinyMachine.pmu, word_bytes: 8 } };
    expect(sramBytesOf(unitOf(centreRows(7, 37), "rows").unit, wide, none)).toEqual({ read: 7 * 37 * 8, write: 7 * 37 * 8 });
  });

  it("counts a table's words as read and written, and then drained", () => {
    const tallies = new Map([["scatter", { lanes: 321, probes: 0, entries: 0 }]]);
    expect(sramBytesOf(unitOf(groupBy(500, 7), "one.table").unit, tinyMachine, tallies)).toEqual({ read: (321 + 7) * 4, write: 321 * 4 });
  });

  it("counts a word for each valid lane of a gather", () => {
    const of = nest("g", [4], [], { kind: "gather", scratch: "t", indexPort: "i", port: "e" }, { guards: [below(affine([16], 1), 50)] });
    const gather = unitWith("pmu", "g", [of], [scratch("t", "f32", [100], 1)]);
    expect(sramBytesOf(gather, tinyMachine, none)).toEqual({ read: 50 * 4, write: 0 });
  });

  it("counts a slot for each probe, its key where it has one, and both for a new key", () => {
    expect(sramBytesOf(hashUnit, tinyMachine, hashed)).toEqual({ read: (27 + 19) * 4, write: (8 + 8) * 4 });
  });

  it("counts no accumulators of a PCU", () => {
    expect(sramBytesOf(unitOf(systolicGemm(8, 32, 16), "array").unit, tinyMachine, none)).toEqual({ read: 0, write: 0 });
  });
});
