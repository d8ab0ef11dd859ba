import { describe, expect, it } from "vitest";
import type { Unit } from "../../src/fabric/fabric.ts";
import { operationsOf, sramBytesOf } from "../../src/units/operations.ts";
import { centreRows, dot, type Example, elementwise, groupBy, systolicGemm } from "../support/examples.ts";
import { affine, below, constant, input, op, pcu, reads, sends, sum, tinyMachine } from "../support/fabrics.ts";

function unitOf({ fabric }: Example, id: string): { readonly unit: Unit; readonly words: ReadonlyMap<string, number> } {
  const section = fabric.sections[0]!;
  return { unit: section.units.find((unit) => unit.id === id)!, words: new Map(section.channels.map((channel) => [channel.id, channel.words])) };
}

function operations(example: Example, id: string): Readonly<Record<string, number>> {
  const { unit, words } = unitOf(example, id);
  return Object.fromEntries(operationsOf(unit, words).map(({ op: name, dtype, count }) => [`${name} ${dtype}`, count]));
}

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
    const counted = operationsOf(unit, new Map(Object.entries({ a: 16, b: 1, c: 16 })));
    expect(Object.fromEntries(counted.map(({ op: name, count }) => [name, count]))).toEqual({ add: 2 * 3 * 61, mul: 3, exp: 3, log: 3 * 13 });
  });

  it("does not count what nobody reads", () => {
    const unit = pcu("p", [4], [reads("a", 1), sends("b", 1)], [input("a"), op("exp", [0]), op("neg", [0])], { b: 2 });
    expect(operationsOf(unit, new Map([["a", 16]])).map(({ op: name }) => name)).toEqual(["neg"]);
  });

  it("counts each multiply and each add of an array, and each combination of a table", () => {
    expect(operations(systolicGemm(8, 32, 16), "array")).toEqual({ "mul f32": 8 * 32 * 16, "add f32": 8 * 32 * 16 });
    expect(operations(groupBy(500, 7), "one.table")).toEqual({ "add i32": 500 });
  });
});

describe("sramBytesOf", () => {
  it("counts the valid words that a PMU reads and writes, by their bytes in the scratchpad", () => {
    expect(sramBytesOf(unitOf(centreRows(7, 37), "rows").unit, tinyMachine)).toEqual({ read: 7 * 37 * 4, write: 7 * 37 * 4 });
    const wide = { ...tinyMachine, pmu: { ...tinyMachine.pmu, word_bytes: 8 } };
    expect(sramBytesOf(unitOf(centreRows(7, 37), "rows").unit, wide)).toEqual({ read: 7 * 37 * 8, write: 7 * 37 * 8 });
  });

  it("counts a table's words as read and written, and then drained", () => {
    expect(sramBytesOf(unitOf(groupBy(500, 7), "one.table").unit, tinyMachine)).toEqual({ read: (500 + 7) * 4, write: 500 * 4 });
  });

  it("counts no accumulators of a PCU", () => {
    expect(sramBytesOf(unitOf(systolicGemm(8, 32, 16), "array").unit, tinyMachine)).toEqual({ read: 0, write: 0 });
  });
});
