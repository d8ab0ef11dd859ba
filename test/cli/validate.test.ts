/** `weft validate` on suites that run in no time; the real ones take minutes and write VALIDATION.md. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { intensity, kernelByKernel, overBound } from "../../src/cli/figures.ts";
import { doJob, type StudyJob } from "../../src/cli/jobs.ts";
import { parseSettings } from "../../src/cli/settings.ts";
import type { Study } from "../../src/cli/study.ts";
import { type Case, type Expected, type RunSuite, SUITES, type Suite } from "../../src/cli/suites.ts";
import { validate } from "../../src/cli/validate.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import type { RunResult } from "../../src/result/result.ts";
import { root, temporaryFolder, weft } from "../support/cli.ts";
import { machineOf } from "../support/runs.ts";

/** A dot product so small that loading its configuration, 10,000 cycles, takes most of its time: 10,000 to 11,000 cycles. */
function study(name: string, expected: Expected, set: readonly string[] = []): Case {
  const figure = { what: "cycles", of: ({ cycles }: RunResult) => cycles, print: (value: number) => `${value}`, expected };
  return { name, workload: "dot", machine: "plasticine", set: ["n=64", ...set], figures: [figure] };
}

const suiteOf = (name: string, ...cases: readonly Case[]): RunSuite => ({ kind: "runs", name, leavesOut: ["the weather"], cases });
const published = (value: number, within: number): Expected => ({ kind: "published", value, within, source: "a paper" });
const simulated = (job: StudyJob): Promise<Study> => doJob(job, () => undefined) as Promise<Study>;
const benchmark = (name: string, set: readonly string[] = []): Case => ({
  ...study(name, { kind: "information" }, set),
  figures: [],
  published_units: { pcu: 11, pmu: 16, ag: 17 },
});

const good = suiteOf(
  "good",
  study("near", published(10_500, 0.05)),
  study("shown", { kind: "information" }, ["machine.tiers.ddr.channels=1"]),
  study("fast enough", { kind: "at most", value: 11_000, source: "asked" }),
);
const bad = suiteOf("bad", study("too few", { kind: "at least", value: 11_000, source: "asked" }), study("good all the same", published(10_500, 0.05)));

async function run(suites: readonly Suite[], name?: string, folder = temporaryFolder(), run: (job: StudyJob) => Promise<Study> = simulated) {
  const [printed, said]: [string[], string[]] = [[], []];
  const file = join(folder, "VALIDATION.md");
  const code = await validate(name, { suites, run, lanes: 2, file, say: (line) => said.push(line), print: (text) => printed.push(text) });
  return { code, table: printed.join(""), said, folder, text: readFileSync(file, "utf8") };
}

/** The cells of the row that begins with this name. */
function row(table: string, name: string): readonly string[] {
  const line = table.split("\n").find((one) => one.startsWith(`| ${name} `)) ?? "";
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

describe("weft validate", () => {
  it("says for each case what was measured, how far off that is, whether it is within its tolerance, and how long the host took", async () => {
    const { code, table, said } = await run([good]);
    expect(code).toBe(0);
    const [, machine, what, asked, measured, error, within, host] = row(table, "near");
    expect([machine, what, asked, within]).toEqual(["plasticine", "cycles", "10500 +- 5.0 % (a paper)", "yes"]);
    expect(error).toBe(`${Number(measured) < 10_500 ? "-" : "+"}${Math.abs((Number(measured) / 10_500 - 1) * 100).toFixed(1)} %`);
    expect(host).toMatch(/^\d+\.\d s$/);
    expect(row(table, "shown").slice(1, 4)).toEqual(["plasticine, tiers.ddr.channels=1", "cycles", "for information"]);
    expect(row(table, "shown").slice(5, 7)).toEqual(["", ""]);
    expect(row(table, "fast enough").slice(3, 4)).toEqual(["at most 11000 (asked)"]);
    expect(said.slice(0, 3)).toEqual(["good 1 of 3: near", "good 2 of 3: shown", "good 3 of 3: fast enough"]);
    expect(said[3]).toMatch(/^good: 3 cases in \d+\.\d s on this host$/);
  });

  it("ends with 1 if any figure is out of its tolerance, and still runs the others", async () => {
    const { code, table } = await run([good, bad]);
    expect(code).toBe(1);
    expect(row(table, "too few")[6]).toBe("no");
    expect(row(table, "good all the same")[6]).toBe("yes");
  });

  it("takes the bounds of a tolerance for within, and nothing beyond", async () => {
    const { cycles } = (await simulated(job)).result;
    const edges = [cycles, cycles - 1, cycles + 1].flatMap((value): Expected[] => [
      { kind: "at most", value, source: "" },
      { kind: "at least", value, source: "" },
    ]);
    const { table } = await run([
      suiteOf(
        "edges",
        ...edges.map((expected, index) => study(`edge ${index}`, expected)),
        study("inside", published(cycles * 0.8, 0.2501)),
        study("outside", published(cycles * 0.8, 0.2499)),
      ),
    ]);
    expect(edges.map((_, index) => row(table, `edge ${index}`)[6])).toEqual(["yes", "yes", "no", "yes", "yes", "no"]);
    expect(["inside", "outside"].map((name) => row(table, name)[6])).toEqual(["yes", "no"]);
  });

  it("counts a case that cannot be run as out of its tolerance, with the reason", async () => {
    const { code, table, text } = await run([
      suiteOf("broken", study("impossible", published(1, 1), ["n=6400", "machine.tiers.ddr.bytes=1 KiB"]), study("possible", published(10_500, 0.05))),
    ]);
    expect(code).toBe(1);
    expect(row(table, "impossible").slice(4, 7)).toEqual(["did not run", "", "no"]);
    expect(row(table, "possible")[6]).toBe("yes");
    expect(text).toMatch(/- impossible did not run: .*1024/);
  });

  it("does not simulate a plan that is expected to take more cycles than the case allows, and says so", async () => {
    const [short, long] = [study("short", published(10_500, 0.05)), study("long", published(10_500, 0.05), ["n=64000"])];
    const { code, table, text } = await run([suiteOf("slow", { ...short, most_cycles: 1000 }, { ...long, most_cycles: 1000 })]);
    expect(code).toBe(1);
    expect(row(table, "short")[6]).toBe("yes");
    expect(row(table, "long").slice(4, 7)).toEqual(["did not run", "", "no"]);
    expect(text).toMatch(/- long did not run: weft: stopped: its plan of 1 section is expected to take [\d,]+ cycles, and none over 1,000 is simulated here\n/);
  });

  it("runs a case kernel by kernel too where it asks for that, and reads the ratio", async () => {
    const figures = [kernelByKernel("time"), kernelByKernel("bytes off chip")];
    const { table } = await run([
      suiteOf("styles", { ...study("both", { kind: "information" }), workload: "softmax", set: ["rows=32", "cols=64"], figures, beside: "kernel-by-kernel" }),
    ]);
    const softmax = { ...job, workload: "softmax", settings: parseSettings(["rows=32", "cols=64"]) };
    const [spatial, other] = [await simulated(softmax), await simulated({ ...softmax, style: "kernel-by-kernel" })];
    const ratio = other.result.seconds / spatial.result.seconds;
    expect(ratio).toBeGreaterThan(2);
    expect(row(table, "both").slice(2, 5)).toEqual(["time kernel by kernel over this", "for information", `${ratio.toFixed(3)} x`]);
  });

  it("reads a time over the longer of operations and data, whatever bytes the plan moved", async () => {
    const { result, data_bytes } = await simulated(job);
    const machine = machineOf("plasticine");
    const ddr = result.tiers.ddr!;
    const ratioOf = (change: Partial<RunResult>): number => overBound({ kind: "information" }).of({ ...result, ...change }, machine, data_bytes, null);
    const least = (data_bytes / ddr.peak_bytes_per_second) * result.clock_hz;
    expect(ratioOf({})).toBeCloseTo(result.cycles / least, 9);
    expect(ratioOf({ tiers: { ...result.tiers, ddr: { ...ddr, read_bytes: 10 * ddr.read_bytes } } })).toBe(ratioOf({}));
    expect(ratioOf({ bounds_cycles: { ...result.bounds_cycles, compute: 5000 } })).toBe(result.cycles / 5000);
    expect(intensity({ kind: "information" }).of(result, machine, data_bytes, null)).toBe(128 / (ddr.read_bytes + ddr.write_bytes));
  });

  it("writes the same bytes again: neither date nor host time, the command, the limit of each case, and what is left out", async () => {
    const first = await run([good]);
    const again = await run([good], undefined, first.folder);
    expect(again.text).toBe(first.text);
    expect(first.text).toContain("Written by `weft validate good`");
    expect(first.text).not.toMatch(/host|\d{4}-\d\d-\d\d/);
    expect(first.text).toMatch(/- near: [\d,]+ cycles \(10\.\d+ us\) in one section; reconfiguration takes/);
    expect(first.text).toContain("- the weather.\n");
    expect(readdirSync(first.folder)).toEqual(["VALIDATION.md"]);
  });

  it("rewrites only the part of the suite it runs, and drops what is no suite", async () => {
    const { text, folder } = await run([good, bad]);
    writeFileSync(join(folder, "VALIDATION.md"), `${text.replaceAll("near", "NEAR").replaceAll("too few", "TOO FEW")}\n## gone\n\nOld.\n`);
    const { text: after } = await run([good, bad], "bad", folder);
    expect(after).toBe(text.replaceAll("near", "NEAR"));
  });

  it("refuses a suite that it does not know, with the nearest one, before it runs anything", async () => {
    await expect(run([good, bad], "godo")).rejects.toThrow(UserError);
    const { code, stdout, stderr } = await weft(["validate", "plastcine"], temporaryFolder());
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^weft: there is no suite "plastcine"; did you mean "plasticine"\? expected cycles, plasticine, .* or \w+\n$/),
    });
  });
});

describe("a benchmark", () => {
  it("has a row with its time beside the plan's and the bound, and our units beside the published ones", async () => {
    const { table, text } = await run([suiteOf("paper", benchmark("product"), good.cases[0]!)]);
    const { result, expected_cycles, on_chip } = await simulated(job);
    const cells = row(table, "product");
    expect(cells[1]).toMatch(new RegExp(`^${result.cycles.toLocaleString("en")} cycles, 10\\.\\d+ us$`));
    expect(cells[2]).toMatch(new RegExp(`^${Math.round(expected_cycles).toLocaleString("en")} \\(-\\d\\.\\d %\\)$`));
    expect([cells[3], cells[4]]).toEqual(["11, ddr", "0.1 %"]);
    expect(on_chip).toEqual({ pcu: 1, pmu: 0, ag: 3 });
    expect(cells.slice(7, 11)).toEqual(["1.12 x", "1 / 0 / 3", "11 / 16 / 17", "1"]);
    const { total, hbm, ddr } = result.energy_pJ;
    expect(cells[11]).toBe(`${((total - hbm - ddr) / 1e12 / result.seconds).toFixed(1)} W`);
    expect(cells[12]).toMatch(/^\d+\.\d s$/);
    expect(text).not.toContain("| host |");
  });

  it("expects of a plan the loading of the configuration and what the cost model says", async () => {
    const { result, expected_cycles } = await simulated(job);
    expect(expected_cycles).toBeGreaterThan(10_000);
    expect(expected_cycles).toBeLessThan(result.cycles);
  });

  it("is flagged over 3 times its bound, with the report's reason, and not below", async () => {
    const { table } = await run([suiteOf("paper", benchmark("short"), benchmark("long", ["n=2000000"]))]);
    expect(row(table, "short").slice(5, 7)).toEqual(["reconfiguration", expect.stringMatching(/^reconfiguration takes 9\d\.\d % of 10,\d+ cycles$/)]);
    expect(row(table, "long").slice(5, 7)).toEqual(["ddr", ""]);
  });

  it("ends with 1 where it cannot be run, or beats its bound", async () => {
    const broken = await run([suiteOf("paper", benchmark("impossible", ["machine.tiers.ddr.bytes=1 B"]), benchmark("possible"))]);
    expect(broken.code).toBe(1);
    expect(row(broken.table, "impossible").slice(1)).toEqual(["did not run", "", "", "", "", "", "", "", "11 / 16 / 17", "", "", ""]);
    const bound = async (ddr: number) => {
      const { result, ...rest } = await simulated(job);
      return run([suiteOf("paper", benchmark("product"))], undefined, temporaryFolder(), async () => ({
        ...{ ...rest, result: { ...result, bounds_cycles: { ...result.bounds_cycles, ddr: result.cycles + ddr } } },
      }));
    };
    expect([(await bound(0.5)).code, (await bound(1)).code]).toEqual([0, 1]);
  });
});

describe("cases side by side", () => {
  it("stand in the table in their own order, and a case begins as soon as one before it has ended", async () => {
    const done = (await simulated(job)) satisfies Study;
    const ends: (() => void)[] = [];
    const began: string[] = [];
    const wait = (job: StudyJob): Promise<Study> => {
      began.push(job.settings.workload[0]!.value);
      return new Promise((resolve) => ends.push(() => resolve(done)));
    };
    const cases = ["1", "2", "3", "4"].map((n) => ({ ...benchmark(`n${n}`), set: [`n=${n}`] }));
    const running = run([suiteOf("paper", ...cases)], undefined, temporaryFolder(), wait);
    for (const [end, expected] of [
      [1, "123"],
      [2, "1234"],
      [3, "1234"],
    ] as const) {
      await vi.waitFor(() => expect(ends.length).toBeGreaterThan(end));
      ends[end]!();
      await vi.waitFor(() => expect(began.join("")).toBe(expected));
    }
    ends[0]!();
    const { table } = await running;
    expect([...table.matchAll(/\| n(\d) /g)].map((match) => match[1])).toEqual(["1", "2", "3", "4"]);
  });
});

const job: StudyJob = {
  ...{ kind: "study", workload: "dot", machine: "plasticine", style: "spatial", seed: null, values: false, engine: "fast", maxCycles: null },
  settings: { workload: [{ path: "n", value: "64", label: "" }], machine: [] },
};

describe("the suites", () => {
  it("name workloads and parameters that exist, and a source for each figure", async () => {
    const cases = SUITES.flatMap((suite) => (suite.kind === "runs" ? suite.cases : []));
    expect(cases.length).toBeGreaterThan(4);
    for (const { workload, set, figures } of cases) {
      const { program } = await loadWorkload(workload);
      for (const setting of set.filter((one) => !one.startsWith("machine."))) expect(Object.keys(program.params)).toContain(setting.split("=")[0]);
      for (const { expected } of figures) if (expected.kind !== "information") expect(expected.source.length).toBeGreaterThan(10);
    }
  });

  it("are all in VALIDATION.md, as the command writes them", () => {
    const text = readFileSync(join(root, "VALIDATION.md"), "utf8");
    for (const suite of SUITES) {
      expect(text).toContain(`## ${suite.name}\n\nWritten by \`weft validate ${suite.name}\``);
      for (const line of suite.leavesOut) expect(text).toContain(`- ${line}.\n`);
      if (suite.kind === "comparison") expect(text).toContain(`${suite.title}\n`);
      else for (const one of suite.cases) expect(text).toContain(`| ${one.name} `);
    }
  });
});
