import { describe, expect, it } from "vitest";
import { compareSides } from "../../src/report/compare.ts";
import { comparisonSchema } from "../../src/report/compare-schema.ts";
import { printComparison } from "../../src/report/compare-text.ts";
import { retimingOf } from "../../src/report/retiming.ts";
import type { Side } from "../../src/report/sides.ts";
import { lasting, sideOf } from "../support/sides.ts";

const kernels = sideOf("kernel-by-kernel", [lasting(["a"], 3000), lasting(["b"], 2000)]);
const spatial = sideOf("spatial", [lasting(["a", "b"], 2500)]);
const stopped: Side = { ...spatial, expected: { cycles: 7000, launches: 3, launch_seconds: 3e-7 } };

describe("a comparison", () => {
  const comparison = compareSides([spatial, kernels]);

  it("fits its schema, and measures all sides against the first", () => {
    expect(comparisonSchema.safeParse(JSON.parse(JSON.stringify(comparison))).error).toBeUndefined();
    expect(comparison.sides.map(({ speed }) => speed)).toEqual([1, 0.5]);
    expect(comparison.sides[1]!.simulated!.sections.map(({ name, seconds }) => [name, seconds])).toEqual([
      ["a", 3.1e-6],
      ["b", 2.1e-6],
    ]);
    expect(comparison.sides[0]!.simulated!.operations_per_byte).toBe(0.1);
  });

  it("fits a terminal of 110 columns", () => {
    const text = printComparison(compareSides([spatial, kernels, { ...spatial, machine: "other" }, { ...kernels, machine: "other" }]));
    expect(text.split("\n").filter((line) => line.length > 110)).toEqual([]);
    expect(text).toContain("speed");
  });

  it("marks what was expected and not simulated wherever it stands, and draws no waterfall from it", () => {
    const made = compareSides([stopped, kernels]);
    expect(made.sides[0]).toMatchObject({ provenance: "expected, not simulated", cycles: 7000, launches: 3, simulated: null });
    expect(made.waterfalls).toEqual([]);
    expect(made.roofline.points.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(made.warnings[0]).toContain("plasticine spatial was stopped");
    expect(comparisonSchema.safeParse(JSON.parse(JSON.stringify(made))).error).toBeUndefined();
    const text = printComparison(made);
    expect(text).toMatch(/figures +expected, +simulated\n +not simulated/);
    expect(text).toMatch(/energy +not simulated/);
    expect(text).toContain("its time is what its plan expects, not simulated");
  });
});

describe("other reconfiguration times", () => {
  it("keep what the sections took, and load each configuration for so long", () => {
    const { rows, assumed_seconds, sentence } = retimingOf([spatial, kernels])!;
    expect(assumed_seconds).toBeCloseTo(1e-7, 12);
    expect(rows[0]!.seconds[0]).toBeCloseTo(2.5e-6, 12);
    expect(rows[1]!.seconds[0]).toBeCloseTo(5e-6, 12);
    expect(rows[1]!.seconds.at(-1)).toBeCloseTo(2e-3 + 5e-6, 12);
    expect(sentence).toBe("plasticine spatial is faster, whatever reconfiguration takes, than plasticine kernel-by-kernel");
  });

  it("find the one at which spatial stops being faster than a machine that loads none", () => {
    const gpu: Side = { ...kernels, machine: "gpu", kind: "gpu" };
    expect(retimingOf([spatial, gpu])!.sentence).toBe(
      "plasticine spatial is faster, as long as a configuration takes less than 2.7 us, than gpu kernel-by-kernel",
    );
    const slow = sideOf("spatial", [lasting(["y"], 9000)]);
    expect(retimingOf([slow, gpu])!.sentence).toBe("plasticine spatial is slower, whatever reconfiguration takes, than gpu kernel-by-kernel");
    expect(retimingOf([slow, kernels])!.sentence).toBe(
      "plasticine spatial is faster only where a configuration takes more than 4 us than plasticine kernel-by-kernel",
    );
    expect(retimingOf([kernels])).toBeNull();
  });
});
