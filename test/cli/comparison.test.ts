/** Suites of `weft validate` that run no workload: what is within, what was asked of the rows together, and how that is told. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ComparisonSuite, type Demand, errorOf, isMet, isRowWithin, type Row } from "../../src/cli/comparison.ts";
import { printRows } from "../../src/cli/comparison-tables.ts";
import { makeRowTeller } from "../../src/cli/progress.ts";
import type { Suite } from "../../src/cli/suites.ts";
import { validate } from "../../src/cli/validate.ts";
import { temporaryFolder } from "../support/cli.ts";

const row = (fields: Partial<Row>): Row => ({
  group: "",
  case: "a",
  what: "cycles",
  expected: 100,
  source: "a paper",
  measured: 100,
  tolerance: 0.05,
  ...fields,
});

const rows: readonly Row[] = [
  row({ group: "DDR4", case: "random", what: "bandwidth, GB/s", expected: 10, measured: 10.4 }),
  row({ group: "DDR4", case: "random", what: "latency, ns", expected: 50, measured: 56, tolerance: 0.1, note: "no refresh here" }),
  row({ group: "DDR4", case: "stream", what: "bandwidth, GB/s", expected: 20, measured: 20 }),
  row({ group: "DDR4", case: "stream", what: "latency, ns", expected: 40, measured: 42, tolerance: 0.1 }),
  row({ group: "HBM2", case: "stream", what: "bandwidth, GB/s", expected: 200, measured: 190 }),
  row({ group: "HBM2", case: "stream", what: "row hits", expected: null, measured: 12_345 }),
];

const suiteOf = (name: string, demands: readonly Demand[]): ComparisonSuite => ({
  ...{ kind: "comparison", name, title: "Memory against a paper's.", leavesOut: ["the weather"], demands, rows: () => rows },
});

async function run(suites: readonly Suite[], name?: string) {
  const printed: string[] = [];
  const file = join(temporaryFolder(), "VALIDATION.md");
  const compare = async (suite: ComparisonSuite) => suite.rows(() => undefined);
  const code = await validate(name, { suites, compare, file, say: () => undefined, print: (text) => printed.push(text) });
  return { code, printed: printed.join(""), text: readFileSync(file, "utf8") };
}

describe("a row", () => {
  it("is within up to its tolerance and not beyond, on both sides", () => {
    const within = (measured: number, tolerance: number): boolean => isRowWithin(row({ measured, tolerance }));
    expect([within(103.125, 1 / 32), within(96.875, 1 / 32)]).toEqual([true, true]);
    expect([within(103.126, 1 / 32), within(96.874, 1 / 32), within(101, 0), within(100, 0)]).toEqual([false, false, false, true]);
  });

  it("is not within where what should be 0 is not, or where it is no number", () => {
    expect([errorOf(row({ expected: 0, measured: 0 })), errorOf(row({ expected: 0, measured: 1 }))]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect([isRowWithin(row({ measured: Number.NaN })), isRowWithin(row({ expected: null, measured: Number.NaN }))]).toEqual([false, false]);
  });
});

describe("a demand", () => {
  it("on a share counts a case only if all its figures are within, or of one figure only that", () => {
    const met = (least: number, what?: string): boolean => isMet({ kind: "share within", least, ...(what === undefined ? {} : { what }) }, rows);
    expect([met(2 / 3), met(0.67)]).toEqual([true, false]);
    expect([met(1, "bandwidth, GB/s"), met(0.5, "latency, ns"), met(0.51, "latency, ns")]).toEqual([true, true, false]);
  });

  it("on the mean error takes the sizes of errors, whatever their sign", () => {
    const met = (most: number): boolean => isMet({ kind: "mean error", most, what: "bandwidth, GB/s" }, rows);
    expect([met(0.0301), met(0.0299)]).toEqual([true, false]);
  });

  it("is not met by rows that are not there", () => {
    expect(isMet({ kind: "share within", least: 0 }, [])).toBe(false);
    expect(isMet({ kind: "mean error", most: 1, what: "area" }, rows)).toBe(false);
  });
});

describe("the tables", () => {
  it("have a line for each case with its figures side by side, a table for each group, and in words what holds of all", () => {
    expect(
      `${printRows(rows, [
        { kind: "share within", least: 0.9 },
        { kind: "mean error", most: 0.1, what: "latency, ns" },
      ])}`,
    ).toBe(`### DDR4

| case   | bandwidth, GB/s | weft | error  | latency, ns | weft | error   | within |
| ------ | --------------- | ---- | ------ | ----------- | ---- | ------- | ------ |
| random | 10              | 10.4 | +4.0 % | 50          | 56   | +12.0 % | no     |
| stream | 20              | 20   | 0      | 40          | 42   | +5.0 %  | yes    |

### HBM2

| case   | bandwidth, GB/s | weft | error  | row hits | within |
| ------ | --------------- | ---- | ------ | -------- | ------ |
| stream | 200             | 190  | -5.0 % | 12,345   | yes    |

- bandwidth, GB/s: 3 of 3 within 5.0 %; mean error 3.0 %, largest -5.0 % (HBM2, stream).
- latency, ns: 1 of 2 within 10.0 %; mean error 8.5 %, largest +12.0 % (DDR4, random).

- asked: at least 90.0 % of the cases within their tolerances; 2 of 3 are, 66.7 %: no.
- asked: mean error of latency, ns at most 10.0 %; it is 8.5 %: yes.

- DDR4, random: no refresh here.

- source of bandwidth, GB/s and latency, ns: a paper.
`);
  });

  it("show what is expected without a tolerance beside its error, and judge it nowhere", () => {
    const shown = [row({ case: "a", measured: 102 }), row({ case: "b", measured: 150, tolerance: null })];
    expect(printRows(shown, [])).toBe(`| case | cycles | weft | error   | within |
| ---- | ------ | ---- | ------- | ------ |
| a    | 100    | 102  | +2.0 %  | yes    |
| b    | 100    | 150  | +50.0 % |        |

- cycles: 1 of 1 within 5.0 %; mean error 2.0 %, largest +2.0 % (a).

- source of cycles: a paper.
`);
    expect(isMet({ kind: "share within", least: 1 }, shown)).toBe(true);
    expect(isMet({ kind: "mean error", most: 1 }, [shown[1]!])).toBe(false);
    expect([isRowWithin(shown[1]!), isRowWithin(row({ measured: Number.NaN, tolerance: null }))]).toEqual([true, false]);
  });

  it("tell the same note once, with the first of its cases", () => {
    const noted = ["a", "b", "c", "d", "e"].map((name) => row({ case: name, note: "no refresh" }));
    expect(printRows(noted, [])).toContain("\n- a; b; c; 2 more: no refresh.\n");
  });
});

describe("weft validate", () => {
  it("ends with 0 if every demand is met, else with 1, and writes the chapter either way", async () => {
    const good = suiteOf("good", [{ kind: "share within", least: 0.5 }]);
    const bad = suiteOf("bad", [...good.demands, { kind: "mean error", most: 0.01 }]);
    expect((await run([good])).code).toBe(0);
    const { code, printed, text } = await run([good, bad]);
    expect(code).toBe(1);
    expect(printed).toContain("| random |");
    expect(text).toContain("## bad\n\nWritten by `weft validate bad`");
    expect(text).toContain("\n\nMemory against a paper's.\n\n### DDR4\n\n| case ");
    expect(text).toContain("What is left out:\n\n- the weather.\n");
    expect((await run([good, bad], "good")).code).toBe(0);
    expect((await run([{ ...good, given: () => "### Given\n\nWater.\n" }])).text).toContain(
      "- source of bandwidth, GB/s and latency, ns: a paper.\n\n### Given\n\nWater.\n\nWhat is left out:",
    );
  });
});

describe("progress", () => {
  it("is told at most every two seconds", () => {
    let now = 0;
    const said: string[] = [];
    const tell = makeRowTeller(
      () => now,
      (line) => said.push(line),
    );
    for (now = 0; now < 5; now++) tell(now, 5, `case ${now}`);
    expect(said).toEqual(["3 of 5: case 2", "5 of 5: case 4"]);
  });
});
