import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scratchLayout } from "../../src/compile/banking.ts";
import { bankMapOf, bankOf } from "../../src/fabric/banks.ts";
import type { Banking } from "../../src/machine/machine.ts";
import { input, map } from "../../src/pattern/builder.ts";
import { type Build, compileOn, simdMachine, withPmu } from "./support.ts";

const offering = (...banking: readonly Banking[]) => withPmu({ banking });

describe("scratchLayout", () => {
  test("packs rows that are read along the last dimension", () => {
    expect(scratchLayout([40, 16], 4, simdMachine, "rows")).toEqual({ bytes: 40 * 16 * 4, lie: { strides: [16, 1] } });
  });

  test("gives no word less than the scratchpad's smallest", () => {
    expect(scratchLayout([40, 16], 1, simdMachine, "rows").bytes).toBe(40 * 16 * 4);
    expect(scratchLayout([40, 16], 8, simdMachine, "rows").bytes).toBe(40 * 16 * 8);
  });

  test("in cyclic order pads what is read along other dimensions, too, to odd sizes", () => {
    expect(scratchLayout([40, 16], 4, simdMachine, "columns")).toEqual({ bytes: 40 * 17 * 4, lie: { strides: [17, 1] } });
    expect(scratchLayout([3, 4, 16], 4, simdMachine, "columns")).toEqual({ bytes: 3 * 69 * 4, lie: { strides: [69, 17, 1] } });
    expect(scratchLayout([40, 15], 4, simdMachine, "columns").lie.strides).toEqual([15, 1]);
  });

  test("lays out diagonally what would need padding, and in cyclic order what would need more of it then", () => {
    const machine = offering("cyclic", "diagonal");
    expect(scratchLayout([40, 16], 4, machine, "columns")).toEqual({ bytes: 40 * 16 * 4, lie: { strides: [16, 1], banking: "diagonal" } });
    expect(scratchLayout([40, 17], 4, machine, "columns")).toEqual({ bytes: 40 * 17 * 4, lie: { strides: [17, 1] } });
    expect(scratchLayout([40, 16], 4, machine, "rows")).toEqual({ bytes: 40 * 16 * 4, lie: { strides: [16, 1] } });
  });

  test("hashes what data addresses, where that is offered", () => {
    expect(scratchLayout([100], 4, offering("cyclic", "hashed"), "numbers")).toEqual({ bytes: 400, lie: { banking: "hashed" } });
    expect(scratchLayout([100], 4, offering("cyclic"), "numbers")).toEqual({ bytes: 400, lie: {} });
  });

  test("takes the first of those that are as good", () => {
    expect(scratchLayout([64], 4, offering("hashed", "cyclic"), "rows").lie.banking).toBe("hashed");
    expect(scratchLayout([64], 4, offering("cyclic", "hashed"), "rows").lie.banking).toBeUndefined();
  });

  test("lets a vector along any dimension through in one turn, in cyclic order and diagonally", () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.constantFrom<Banking>("cyclic", "diagonal"), (shape, scheme) => {
        const machine = offering(scheme);
        const { bytes, lie } = scratchLayout(shape, 4, machine, "columns");
        const map = bankMapOf({ shape, ...lie }, machine.pmu.banks);
        shape.forEach((extent, d) => {
          const words = Array.from({ length: Math.min(16, extent) }, (_, l) => bankOf(map, l * map.strides[d]!));
          expect(new Set(words).size).toBe(words.length);
        });
        expect(bytes).toBeGreaterThanOrEqual(4 * shape.reduce((product, extent) => product * extent, 1));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a nest of a PMU", () => {
  const turned: Build = () => {
    const x = input("x", "f32", [64, 64]);
    return { y: map("y", [64, 64], (i, j) => x.at(j, i)) };
  };
  const nestsOn = (...banking: readonly Banking[]) =>
    compileOn(offering(...banking), turned, { tile: { "y.0": 16, "y.1": 64 } })
      .fabric.sections[0]!.units.filter(({ kind }) => kind === "pmu")
      .flatMap(({ nests }) => nests);

  test("goes at the pace of its turns at the banks, and a vector is whole with the last of them", () => {
    const { latency_cycles } = simdMachine.pmu;
    for (const { ii, latency, work } of nestsOn("cyclic")) expect([ii, latency]).toEqual([1, work.kind === "read" ? latency_cycles : 1]);
    const slow = nestsOn("block").filter(({ ii }) => ii > 1);
    expect(slow.length).toBeGreaterThan(0);
    for (const { ii, latency, work } of slow) expect(latency).toBe((work.kind === "read" ? latency_cycles : 1) + ii - 1);
  });
});
