/** Loops whose trip counts are read from a port, in a whole fabric: a product with a matrix in compressed rows. */

import { describe, expect, it } from "vitest";
import type { Section } from "../../src/fabric/fabric.ts";
import { printFabric } from "../../src/fabric/print.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import { run, tinyMachine } from "../support/fabrics.ts";
import { sparseProduct } from "../support/indirect-examples.ts";

const lengths = [3, 0, 5, 1, 0, 0, 8, 2, 0];

describe("a product with compressed rows", () => {
  it.each([
    { name: "element by element", example: () => sparseProduct(lengths, 40) },
    { name: "in vectors", example: () => sparseProduct(lengths, 40, 8) },
    { name: "of empty rows but one", example: () => sparseProduct([0, 0, 0, 4], 10) },
    { name: "of rows of one length", example: () => sparseProduct([6, 6, 6], 10, 4) },
  ])("gives what a plain loop gives $name, in the same time with and without values, by both engines", ({ example }) => {
    const { fabric, inputs, answers } = example();
    expect(verifyFabric(fabric, tinyMachine)).toEqual([]);
    const fast = run(fabric, inputs);
    expect(Array.from(fast.outputs!.y!)).toEqual(answers.y);
    expect(run(fabric, inputs, { engine: "oracle" })).toEqual(fast);
    expect(run(fabric, inputs, { values: false }).sections).toEqual(fast.sections);
  });

  it("counts firings and operations by the rows that really are", () => {
    const { fabric, inputs } = sparseProduct(lengths, 40, 8);
    const dot = run(fabric, inputs).sections[0]!.units.find(({ id }) => id === "dot")!;
    // 19 turns of 8 lanes, and a firing for each of the 4 empty rows.
    expect(dot.firings).toBe(19 + 4);
    expect(dot.operations).toEqual([
      { op: "mul", dtype: "f32", count: 19 * 8 },
      { op: "add", dtype: "f32", count: 19 * 8 },
    ]);
  });

  it("is the product with constant loops where all rows are of one length", () => {
    const { fabric, inputs } = sparseProduct([6, 6, 6], 10, 4);
    const constant = structuredClone(fabric);
    for (const { nests } of constant.sections[0]!.units) for (const { loops } of nests) for (const loop of loops) delete (loop as { port?: string }).port;
    expect(run(constant, inputs)).toEqual(run(fabric, inputs));
  });

  it("takes time by the rows' lengths, not by the longest that could be", () => {
    const ticks = (most: number) => {
      const { fabric, inputs } = sparseProduct(lengths, 40, 1, most);
      return run(fabric, inputs).ticks;
    };
    expect(ticks(10_000)).toBe(ticks(8));
  });

  it("refuses a length that is out of range, in the words of the operator", () => {
    const { fabric, inputs } = sparseProduct([3, 2], 40, 1, 3);
    expect(() => run(fabric, { ...inputs, lengths: Int32Array.of(4, 1) })).toThrow('"op" turns its loop body1 4 times, expected 0 to 3');
    expect(() => run(fabric, { ...inputs, lengths: Int32Array.of(3, -1) })).toThrow('"op" turns its loop body1 -1 times, expected 0 to 3');
  });

  it("is a deadlock that names its ring where the rows are longer than the elements", () => {
    const { fabric, inputs } = sparseProduct([3, 2], 40, 1, 3);
    expect(() => run(fabric, { ...inputs, lengths: Int32Array.of(3, 3) })).toThrow("deadlock");
  });

  it("prints where a trip count comes from", () => {
    expect(printFabric(sparseProduct(lengths, 40).fabric)).toContain("nest body: [body0 < 9, body1 < token of n <= 8] x 1 lanes");
  });
});

describe("the verifier", () => {
  type Change = (section: Section) => unknown;
  const faultsAfter = (change: Change): readonly string[] => {
    const fabric = structuredClone(sparseProduct(lengths, 40).fabric);
    change(fabric.sections[0]!);
    return verifyFabric(fabric, tinyMachine).map(({ code, message }) => `${code}: ${message}`);
  };
  const setPort = ({ units }: Section, unit: string, port: string) => Object.assign(units.find(({ id }) => id === unit)!.nests[0]!.loops.at(-1)!, { port });

  it.each<readonly [string, Change]>([
    ["no-such-port: dot.body: the work uses z as a stream-in, which does not exist", (section) => setPort(section, "dot", "z")],
    ["bad-level: dot.body: loop body1 is counted by v of level 2; it must act at level 1 or outside", (section) => setPort(section, "dot", "v")],
    [
      "bad-size: dot.body: loop body1 is counted by n, whose tokens are 1 x f32; they must be one i32",
      ({ channels }) => Object.assign(channels.find(({ id }) => id === "n")!, { dtype: "f32" }),
    ],
    ["bad-trip: load.v.load: loop load0 is counted by v; a load nest has no such loops", (section) => setPort(section, "load.v", "v")],
  ])("says %s", (message, change) => {
    expect(faultsAfter(change)).toContain(message);
  });
});
