import { describe, expect, it } from "vitest";
import { heatmap } from "../../src/export/heatmap.ts";
import { kmeansBundle, softmaxBundle } from "../support/traces.ts";

describe("the heat map", () => {
  const { report, scene } = softmaxBundle();
  const { grid } = scene.machine;

  it("has a cell for each unit of the program, shaded by its busy share", () => {
    const text = heatmap(report, grid, "plain");
    const rows = text.split("\n").filter((line) => /^ *\d+ .*\|/.test(line));
    expect(rows).toHaveLength(grid.rows);
    const inside = rows.map((row) => row.slice(row.indexOf("|") + 1));
    const pcus = new Set(report.units.filter(({ kind }) => kind === "pcu").map(({ x, y }) => `${x} ${y}`));
    expect(inside.join("").split("c").length - 1).toBe(pcus.size);
    for (const { x, y, kind } of report.units) if (kind !== "ag") expect(inside[y]![x * 4]).toBe(kind === "pcu" ? "c" : "m");
  });

  it("writes the share in percent where there are colours", () => {
    const unit = report.units.find(({ kind }) => kind === "pcu")!;
    const busy = report.units.filter(({ x, y }) => x === unit.x && y === unit.y).reduce((sum, { busy_cycles }) => sum + busy_cycles, 0);
    const words = `c${`${Math.round((100 * busy) / report.cycles)}`.padStart(3)}`;
    for (const [colours, code] of [
      ["24-bit", "\x1b[48;2;"],
      ["256", "\x1b[48;5;"],
    ] as const) {
      const row = heatmap(report, grid, colours).split("\n")[unit.y + 4]!;
      expect(row).toContain(words);
      expect(row).toContain(code);
    }
  });

  it("fits 80 columns, whatever the grid", () => {
    for (const [columns, rows] of [
      [16, 8],
      [52, 40],
      [78, 40],
      [200, 100],
      [1, 1],
    ] as const) {
      const units = report.units.map((unit) => ({ ...unit, x: unit.x < 0 ? unit.x : unit.x % columns, y: unit.y % rows }));
      for (const colours of ["plain", "256", "24-bit"] as const) {
        const text = heatmap({ ...report, units }, { columns, rows }, colours);
        for (const line of text.split("\n")) expect(letters(line)).toBeLessThanOrEqual(80);
        expect(text.includes("a cell is")).toBe(columns > 75);
      }
    }
  });

  it("adds up what a place did in several sections", () => {
    const bundle = kmeansBundle();
    expect(heatmap(bundle.report, bundle.scene.machine.grid, "plain")).toContain("kmeans on plasticine");
    const busy = { ...report, units: report.units.map((unit) => ({ ...unit, busy_cycles: report.cycles })) };
    expect(heatmap(busy, grid, "plain")).toContain("c@@");
  });
});

const letters = (line: string): number => line.split("\x1b[").reduce((sum, part, i) => sum + (i === 0 ? part : part.replace(/^[\d;]*m/, "")).length, 0);
