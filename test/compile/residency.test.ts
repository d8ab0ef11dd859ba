/** Sections of a loop's rounds on the chip together, and where tables and records stand. */

import { describe, expect, test } from "vitest";
import { filter, input, iterate, map, reduce, scan, uniform } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import * as s from "../../src/pattern/scalars.ts";
import { differences, prepareOn, runOn } from "../support/runs.ts";
import { type Build, compileOn, programOf, simdMachine, withAg, withPmu } from "./support.ts";

/** Two sections a round: the second reads a table that the first makes. */
const rounds: Build = () => {
  const x = input("x", "i32", [40]);
  const next = input("next", "i32", [40], { data: uniform(0, 39) });
  return iterate("walk", 6, { at: x }, ({ at }) => {
    const twice = map("twice", [40], (i) => s.add(at.at(i), 1));
    return { next: { at: map("moved", [40], (i) => twice.at(next.at(i))) } };
  });
};

const configurationsOf = (build: Build, machine = simdMachine): readonly number[] => compileOn(machine, build).controllers.configurations;

describe("the sections of a loop's rounds", () => {
  test("stand on the chip together, and are configured once", () => {
    expect(configurationsOf(rounds)).toEqual([0, 0]);
    const source = programOf(rounds);
    const run = runOn(simdMachine, prepareOn(simdMachine, source), source, generateInputs(source, 1));
    expect(run.sections.map(({ runs, configurations }) => [runs, configurations])).toEqual([
      [6, 1],
      [6, 0],
    ]);
  });

  test("are configured apart where there are not units enough for both", () => {
    const few = withAg({ count: 4 });
    const together = configurationsOf(rounds, few);
    expect(new Set(together).size).toBe(2);
    const source = programOf(rounds);
    const inputs = generateInputs(source, 1);
    const run = runOn(few, prepareOn(few, source), source, inputs);
    expect(run.sections.map(({ configurations }) => configurations)).toEqual([6, 6]);
    expect(differences(source, inputs, run.outputs!)).toEqual([]);
  });

  test("outside of loops each section has the chip to itself", () => {
    const two: Build = () => {
      const x = input("x", "i32", [40]);
      const y = scan("y", "add", [40], (i) => x.at(i));
      return { y, z: map("z", [40], (i) => y.at(s.sub(39, i))), w: map("w", [], () => reduce("max", [40], (i) => x.at(i))) };
    };
    const configurations = configurationsOf(two);
    expect(new Set(configurations).size).toBe(configurations.length);
  });
});

describe("a gather's table", () => {
  const looked =
    (elements: number, reads: number): Build =>
    () => {
      const table = input("table", "i32", [elements]);
      const at = input("at", "i32", [reads], { data: uniform(0, elements - 1) });
      return { y: map("y", [reads], (i) => table.at(at.at(i))) };
    };
  const placeOf = (build: Build, machine = simdMachine) => compileOn(machine, build).controllers.sections[0]!.stages[0]!.table;

  test("stands in a PMU where it fits and is read often, else in memory", () => {
    expect(placeOf(looked(500, 1000))).toBe("pmu");
    expect(placeOf(looked(5000, 3))).toBe("memory");
    expect(placeOf(looked(5000, 5000), withPmu({ bytes: 4096 }))).toBe("memory");
  });

  test("that is made in the same program is whole before it is read", () => {
    const build: Build = () => {
      const x = input("x", "i32", [50]);
      const t = map("t", [50], (i) => s.mul(x.at(i), 3));
      return { y: map("y", [50], (i) => t.at(s.mod(s.mul(i, 7), 50))) };
    };
    expect(compileOn(simdMachine, build).controllers.sections).toHaveLength(2);
  });
});

test("what walks over a collection begins when its length is known, and takes as long as there are records", () => {
  const build =
    (limit: number): Build =>
    () => {
      const x = input("x", "i32", [2000], { data: uniform(0, 999) });
      const kept = filter("kept", [2000], (i) => ({ when: s.lt(x.at(i), limit), fields: { v: x.at(i) } }));
      return { y: map("y", [kept], (r) => s.mul(kept.at(r).v, 2)) };
    };
  const ticks = [10, 500, 1000].map((limit) => {
    const source = programOf(build(limit));
    const inputs = generateInputs(source, 3);
    const run = runOn(simdMachine, prepareOn(simdMachine, source), source, inputs);
    expect(differences(source, inputs, run.outputs!)).toEqual([]);
    expect(run.sizes["kept.size"]).toBe(Array.from(inputs.x!).filter((value) => value < limit).length);
    return run.sections.at(-1)!.ticks;
  });
  expect(ticks[0]!).toBeLessThan(ticks[1]! / 2);
  expect(ticks[1]!).toBeLessThan(ticks[2]!);
});
