import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sramCost } from "../../src/energy/costs.ts";
import { leastSquares, logLine, powerFit } from "../../src/energy/fits.ts";
import { loadEnergyTable } from "../../src/energy/schema.ts";

describe("least squares", () => {
  it("finds the coefficients of what is linear", () => {
    const number = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(number, number, number), ([a, b, c]) => {
        const x = [0, 1, 2, 3, 4].map((i) => [1, i, i * i]);
        const found = leastSquares(
          x,
          x.map(([one, i, square]) => a * one! + b * i! + c * square!),
        );
        [a, b, c].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
      }),
    );
  });

  it("lies between points that no line meets", () => {
    expect(leastSquares([[1], [1], [1], [1]], [1, 2, 3, 6])[0]).toBeCloseTo(3, 12);
  });

  it("refuses columns that depend on each other", () => {
    expect(() =>
      leastSquares(
        [
          [1, 2],
          [2, 4],
          [3, 6],
        ],
        [1, 2, 3],
      ),
    ).toThrow("depend on each other");
  });
});

describe("powers", () => {
  it("are met exactly where the points are on them", () => {
    const points = [1, 2, 4, 8].flatMap((a) => [1, 3].map((b) => [a, b]));
    const y = points.map(([a, b]) => 5 * a! ** 1.5 * b! ** -0.5);
    expect(powerFit(points, y, [3, 2])).toBeCloseTo(5 * 3 ** 1.5 * 2 ** -0.5, 9);
  });

  it("come within 17 % of each row of CACTI", () => {
    const table = loadEnergyTable(readFileSync(new URL("../../configs/energy/plasticine.yaml", import.meta.url), "utf8"), "plasticine.yaml");
    expect(table.sram.rows.length).toBe(14);
    for (const row of table.sram.rows) {
      const { read, write } = sramCost(table.sram, row, row.nm);
      for (const [found, published] of [
        [read, row.read_pJ],
        [write, row.write_pJ],
      ] as const) {
        const ratio = (found * row.bits) / 8 / published;
        expect(Math.max(ratio, 1 / ratio)).toBeLessThan(1.17);
      }
    }
  });
});

describe("a line through published points", () => {
  const points = [
    [8, 2],
    [2, 1],
    [32, 16],
  ] as const;

  it("meets them, in any order", () => {
    for (const [x, y] of points) expect(logLine(points, x)).toBeCloseTo(y, 12);
  });

  it("is straight in the logarithms between and beyond them", () => {
    expect(logLine(points, 4)).toBeCloseTo(Math.SQRT2, 12);
    expect(logLine(points, 1)).toBeCloseTo(Math.SQRT1_2, 12);
    expect(logLine(points, 128)).toBeCloseTo(128, 9);
  });
});
