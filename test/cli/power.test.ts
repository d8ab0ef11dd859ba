/** `weft validate power`: the paper's accounting, its fit, and what it makes of units; the mapping of all benchmarks is the command's own work. */

import { describe, expect, it } from "vitest";
import { readFigures } from "../../src/cli/comparison.ts";
import { readMachine } from "../../src/cli/machines.ts";
import { areaRows, coefficientRows, fitAccounting, POWER_SUITE, type PowerFigures, powerOf, powerRows, publishedUnits } from "../../src/cli/power-suite.ts";
import { SUITES } from "../../src/cli/suites.ts";
import { workloadNames } from "../../src/cli/workload.ts";

const figures = readFigures("plasticine-power.json") as PowerFigures;
const machine = readMachine("plasticine");
const accounting = fitAccounting(figures, machine);

describe("the paper's accounting of power", () => {
  it("is fitted to the published rows and their published units, and gives each within 0.3 %", () => {
    expect(figures.rows.length).toBe(13);
    for (const row of figures.rows) expect(powerOf(accounting, publishedUnits(row, machine)) / row.W).toBeCloseTo(1, 2.3);
  });

  it("has the coefficients of the fit, and PIR's where PIR has them", () => {
    expect(accounting.chip).toBeCloseTo(7.17, 2);
    expect(accounting.pcu * 1000).toBeCloseTo(224.1, 1);
    expect(accounting.pmu * 1000).toBeCloseTo(300.2, 1);
    expect(accounting.ag * 1000).toBeCloseTo(281.7, 1);
    const within = coefficientRows(figures, machine).map(({ case: name, expected, measured }) => [
      name,
      expected !== null && Math.abs(measured / expected - 1) < 0.01,
    ]);
    expect(within).toEqual([
      ["PCU", true],
      ["PMU", true],
      ["AG", false],
      ["chip, nothing in use", false],
    ]);
  });

  it("finds the coefficients of rows that it was given", () => {
    const made = { chip: 3, pcu: 0.5, pmu: 0.25, ag: 0.125 };
    const rows = figures.rows.map((row) => ({ ...row, W: powerOf(made, publishedUnits(row, machine)) }));
    const found = fitAccounting({ rows }, machine);
    for (const key of ["chip", "pcu", "pmu", "ag"] as const) expect(found[key]).toBeCloseTo(made[key], 9);
  });

  it("depends on no benchmark's own row beyond the fit: with a row left out it gives that row within 0.5 %", () => {
    for (const left of figures.rows) {
      const rest = fitAccounting({ rows: figures.rows.filter((row) => row !== left) }, machine);
      expect(Math.abs(powerOf(rest, publishedUnits(left, machine)) / left.W - 1)).toBeLessThan(0.005);
    }
  });
});

describe("the suite power", () => {
  it("judges the units of the mapper by the accounting alone, and shows both beside each other", () => {
    const same = figures.rows.map((row) => publishedUnits(row, machine));
    const rows = powerRows(figures, machine, same);
    expect(rows.filter(({ what, measured, expected }) => what === "W by the accounting" && Math.abs(measured / expected! - 1) < 0.005).length).toBe(13);
    expect(rows.some(({ note }) => note !== undefined)).toBe(false);
    const none = powerRows(
      figures,
      machine,
      same.map(() => ({ pcu: 0, pmu: 0, ag: 0 })),
    );
    for (const { what, measured } of none) if (what === "W by the accounting") expect(measured).toBe(accounting.chip);
    const dot = none.filter((row) => row.case === "inner product");
    expect(dot.flatMap(({ what, measured }) => (what.includes("s of the paper") ? [measured] : []))).toEqual([11, 16, 16]);
    expect(dot[0]!.note).toContain("as few copies as the memory's bandwidth needs");
  });

  it("has the area of the paper's Table 5 to the last printed digit, and does not hide that of the variant", () => {
    const rows = areaRows(figures);
    const table5 = rows.filter(({ what }) => what === "mm2");
    expect(table5.length).toBe(14);
    for (const { measured, expected } of table5) expect(Number(measured.toFixed(3))).toBe(Number(expected!.toFixed(3)));
    expect(rows.at(-1)).toMatchObject({ case: "plasticine-rnn", what: "chip, mm2", expected: 494.37 });
  });

  it("is among the suites, and its benchmarks among the workloads", async () => {
    const names = await workloadNames();
    expect(SUITES).toContain(POWER_SUITE);
    for (const { workload } of figures.rows) expect(names).toContain(workload);
  });
});
