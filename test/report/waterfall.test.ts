import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { styleWaterfall } from "../../src/report/style-waterfall.ts";
import { checked, waterfallOf, waterfallOfSteps } from "../../src/report/waterfall.ts";
import { printWaterfall } from "../../src/report/waterfall-text.ts";
import { tier } from "../support/counters.ts";
import { lasting, sideOf } from "../support/sides.ts";

const total = (parts: readonly { readonly ps: number }[]): number => parts.reduce((sum, { ps }) => sum + ps, 0);

describe("a waterfall", () => {
  it("adds up to the difference to the last picosecond, each part within one of what was found", () => {
    const parts = fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 1e13 }), (found, more) => {
        const sum = found.reduce((a, b) => a + b, 0);
        const to_ps = more + Math.max(0, Math.round(sum));
        const ends = { from: "a", to: "b", from_ps: to_ps - Math.round(sum), to_ps };
        const made = waterfallOf(
          ends,
          found.map((ps, i) => ({ name: `${i}`, ps, why: "" })),
        );
        expect(total(made.parts)).toBe(to_ps - ends.from_ps);
        made.parts.forEach(({ ps }, i) => {
          expect(Number.isSafeInteger(ps)).toBe(true);
          expect(Math.abs(ps - found[i]!)).toBeLessThan(2.01);
        });
      }),
    );
  });

  it("of ablations has what each step gains over the one before", () => {
    const steps = [
      { name: "no launches", time_ps: 70, why: "" },
      { name: "one pass", time_ps: 75, why: "" },
      { name: "spatial", time_ps: 20, why: "" },
    ];
    expect(waterfallOfSteps({ from: "a", to: "b", from_ps: 100, to_ps: 20 }, steps).parts.map(({ ps }) => ps)).toEqual([-30, 5, -55]);
    expect(() => waterfallOfSteps({ from: "a", to: "b", from_ps: 100, to_ps: 19 }, steps)).toThrow("adds up to -80 of -81 ps");
  });

  it("refuses parts that do not account for all, and picoseconds that are not whole", () => {
    const ends = { from: "a", to: "b", from_ps: 1000, to_ps: 400 };
    expect(() => waterfallOf(ends, [{ name: "x", ps: -500, why: "" }])).toThrow("add up to -500 ps of -600");
    expect(() => waterfallOf(ends, [{ name: "x", ps: Number.NaN, why: "" }])).toThrow("NaN");
    expect(() => checked({ ...ends, parts: [{ name: "x", ps: -600.5, why: "" }] })).toThrow("no whole number");
    expect(() => checked({ ...ends, parts: [{ name: "x", ps: -601, why: "" }] })).toThrow("adds up to -601 of -600 ps");
  });

  it("is drawn with signs, each bar where the one before ends", () => {
    const drawn = printWaterfall({
      ...{ from: "before", to: "after", from_ps: 4000, to_ps: 2000 },
      parts: [
        { name: "less", ps: -3000, why: "gone" },
        { name: "more", ps: 1000, why: "new" },
      ],
    });
    const bars = drawn.split("\n").slice(1, 5);
    expect(bars.map((line) => /[#+-]+$/.exec(line)?.[0].length)).toEqual([40, 30, 10, 20]);
    expect(bars[1]).toMatch(/ {2}less +-3 ns +-{30}$/);
    expect(bars[2]!.indexOf("++")).toBe(bars[1]!.lastIndexOf(" -") + 1);
    expect(drawn).toContain("50.0 % less time, 2 x as fast");
  });
});

describe("from kernel by kernel to spatial", () => {
  const kernels = sideOf("kernel-by-kernel", [lasting(["a"], 3000), lasting(["b"], 2000)]);
  const spatial = sideOf("spatial", [lasting(["a", "b"], 2500, { tiers: { ddr: tier("ddr", [0.9], { read_bytes: 20_000, write_bytes: 0 }) } })]);
  const { parts, from_ps, to_ps } = styleWaterfall(kernels, spatial);
  const part = (name: string): number | undefined => parts.find((one) => one.name === name)?.ps;

  it("takes configurations and bytes at their own rates, and all parts add up", () => {
    expect([from_ps, to_ps]).toEqual([5_200_000, 2_600_000]);
    expect(total(parts)).toBe(to_ps - from_ps);
    expect(part("reconfiguration")).toBe(-100_000);
    const bytesPerSecond = kernels.result.tiers.ddr!.peak_bytes_per_second;
    expect(Math.abs(part("DDR round trips")! + (60_000 / bytesPerSecond) * 1e12)).toBeLessThan(2);
    expect(part("HBM round trips")).toBeUndefined();
  });

  it("says of each part what it is, with its figures", () => {
    expect(parts[0]!.why).toBe("1 configuration loaded instead of 2: 100 ns, was 200 ns");
    expect(parts.find(({ name }) => name === "DDR round trips")!.why).toContain("20 kB instead of 80 kB");
  });
});
