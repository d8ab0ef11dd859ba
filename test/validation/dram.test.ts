/** A sample of the rows of `weft validate dram`, and that the figures it is held against are those that were measured. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { errorOf, isRowWithin, readFigures } from "../../src/cli/comparison.ts";
import { compareDram, type DramFigures } from "../../src/cli/dram-suite.ts";

const figures = readFigures("dram.json") as DramFigures;
const rowsWhere = (wanted: (name: string, lines: number) => boolean) =>
  compareDram(
    figures,
    () => undefined,
    ([config, pattern, mode, , lines]) => wanted(`${config} ${pattern} ${mode}`, lines),
  );

describe("the DRAM models", () => {
  it("agree with DRAMsim3 to the last digit it tells, in bandwidth, latency and energy", () => {
    const names = ["DDR4_8Gb_x8_3200 seq idle", "DDR4_8Gb_x8_3200 rand rate:0.2", "DDR4_8Gb_x8_3200_bgLow seqw max", "HBM2_8Gb_x128_1ch seq rate:0.4"];
    const rows = rowsWhere((name) => names.includes(name));
    expect(rows.length).toBe(11);
    for (const row of rows) expect(Math.abs(errorOf(row) ?? 1), `${row.group} ${row.case} ${row.what}`).toBeLessThan(1e-4);
  });

  it("agree with Ramulator 2.1 within 5 % of bandwidth and 10 % of latency, on idle and on busy channels", () => {
    const rows = rowsWhere((name) => /AllBank_c1_q32 (seq|rand) (idle|rate:0\.1)$/.test(name) || name.includes("FRFCFSRowHit"));
    expect(rows.length).toBeGreaterThan(12);
    expect(rows.filter((row) => !isRowWithin(row))).toEqual([]);
  });
});

interface Measured {
  readonly results: readonly {
    readonly key: string;
    readonly pattern: string;
    readonly mode: string;
    readonly bw_GBs: number;
    readonly read_lat_avg_ns: number;
  }[];
}

describe("the figures of test/validation/data/dram.json", () => {
  for (const peer of ["dramsim3", "ramulator2"] as const) {
    const file = fileURLToPath(new URL(`../../../shared/cases/dram/${peer}.json`, import.meta.url));
    const isHere = existsSync(file);
    const where = isHere ? "" : " (skipped: there is no folder ../shared/cases/dram)";
    it.skipIf(!isHere)(`are those of ${peer}.json, row by row${where}`, () => {
      const { results } = JSON.parse(readFileSync(file, "utf8")) as Measured;
      const told = figures[peer].rows.map(([key, pattern, mode, , , , bandwidth, latency]) => [
        key,
        pattern,
        mode.replace(/^rate:.*/, "rate"),
        bandwidth,
        latency,
      ]);
      expect(told).toEqual(results.map((row) => [row.key, row.pattern, row.mode.replace(/^rate:.*/, "rate"), row.bw_GBs, row.read_lat_avg_ns]));
    });
  }
});
