import { describe, expect, it } from "vitest";
import { traceCsv } from "../../src/export/csv.ts";
import { kmeansBundle, roundsTogether, softmaxBundle } from "../support/traces.ts";

const STATES = ["busy", "starved", "blocked", "memory", "configuring"] as const;

type Row = Readonly<Record<string, string>>;

describe("a trace as CSV", () => {
  for (const [name, make] of [
    ["softmax", softmaxBundle],
    ["kmeans, its sections in turn", kmeansBundle],
    ["kmeans, its rounds put together", () => roundsTogether(kmeansBundle())],
  ] as const) {
    it(`of ${name} adds up to the report, by unit and state`, () => {
      const { report, trace, scene } = make();
      const rows = rowsOf(traceCsv({ report, trace, scene }));
      for (const unit of report.units) {
        const own = rows.filter((row) => row.section === unit.section && row.unit === unit.id);
        const sum = (column: string): number => own.reduce((total, row) => total + Number(row[column]), 0);
        for (const state of STATES) expect(sum(`${state}_cycles`)).toBe(unit[`${state}_cycles`]);
        expect(sum("idle_cycles")).toBe(unit.idle_cycles + unit.unattributed_cycles);
        expect(sum("firings")).toBe(unit.firings);
        expect(own.flatMap((row) => [row.begin_cycle, row.end_cycle]).slice(1, -1)).toEqual(own.slice(1).flatMap((row) => [row.begin_cycle, row.begin_cycle]));
        expect([own[0]!.begin_cycle, own.at(-1)!.end_cycle]).toEqual(["0", `${report.cycles}`]);
      }
      const moved = rows.filter(({ kind }) => kind === "ddr").reduce((total, row) => total + Number(row.bytes), 0);
      expect(moved).toBe(report.tiers.ddr!.read_bytes + report.tiers.ddr!.write_bytes);
    });
  }

  it("writes neighbours that are alike once", () => {
    const { report, trace, scene } = kmeansBundle();
    const rows = rowsOf(traceCsv({ report, trace, scene })).filter(({ kind }) => kind === "pcu");
    const long = rows.filter((row) => Number(row.end_cycle) - Number(row.begin_cycle) > trace.bin_cycles);
    expect(long.length).toBeGreaterThan(0);
    for (const row of long) expect((Number(row.end_cycle) - Number(row.begin_cycle)) % trace.bin_cycles).toBe(0);
  });

  it("quotes names with commas and quotes", () => {
    const bundle = softmaxBundle();
    const odd = { ...bundle.report, units: bundle.report.units.map((unit) => ({ ...unit, op: 'a,"b"' })) };
    expect(traceCsv({ ...bundle, report: odd })).toContain(',"a,""b""",');
  });
});

function rowsOf(csv: string): readonly Row[] {
  const [head, ...lines] = csv.trimEnd().split("\n");
  const names = head!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [names[i]!, value])));
}
