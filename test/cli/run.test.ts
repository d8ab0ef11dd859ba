import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workloadNames } from "../../src/cli/workload.ts";
import type { RunResult } from "../../src/result/result.ts";
import { runResultSchema } from "../../src/result/schema.ts";
import { ended, start, temporaryFolder, weft } from "../support/cli.ts";

const small = ["--set", "rows=8", "--set", "cols=16"];

describe("weft run", () => {
  it("prints tables to standard output and words to standard error", async () => {
    const { code, stdout, stderr } = await weft(["run", "softmax", ...small], temporaryFolder());
    expect(code).toBe(0);
    expect(stdout).toContain("softmax rows=8 cols=16 dtype=f32 on plasticine (spatial)");
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toContain("weft: simulating softmax on plasticine\n");
  });

  it("writes a result that fits its schema, alone on standard output for -", async () => {
    const { code, stdout } = await weft(["run", "softmax", ...small, "--values", "--json", "-"], temporaryFolder());
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as RunResult;
    expect(runResultSchema.safeParse(result).error).toBeUndefined();
    expect(result.workload.params).toEqual({ rows: 8, cols: 16, dtype: "f32" });
    expect(result.outputs.y?.checksum).toMatch(/^[0-9a-f]{16}$/);
  });

  it("gives the same bytes again, but for host, and other values for another seed", async () => {
    const folder = temporaryFolder();
    const runs = ["1", "1", "2"].map((seed, index) => weft(["run", "softmax", ...small, "--values", "--seed", seed, "--json", `${index}.json`], folder));
    expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0, 0]);
    const [first, again, other] = ["0.json", "1.json", "2.json"].map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as RunResult) as [
      RunResult,
      RunResult,
      RunResult,
    ];
    const { host: _, ...one } = first;
    const { host: __, ...two } = again;
    expect(JSON.stringify(two)).toBe(JSON.stringify(one));
    expect(other.outputs.y?.checksum).not.toBe(first.outputs.y?.checksum);
  });

  it("writes a folder with the JSON and the tables, and leaves no draft behind", async () => {
    const folder = temporaryFolder();
    expect((await weft(["run", "softmax", ...small, "--out", "runs/one"], folder)).code).toBe(0);
    expect(readdirSync(join(folder, "runs/one")).sort()).toEqual(["index.html", "report.json", "report.txt", "trace.bin", "utilisation.svg"]);
  });

  it("writes traces for other viewers into that folder, and says that it needs one", async () => {
    const folder = temporaryFolder();
    expect((await weft(["run", "softmax", ...small, "--out", "one", "--trace", "perfetto", "--trace", "csv"], folder)).code).toBe(0);
    const { units } = JSON.parse(readFileSync(join(folder, "one/report.json"), "utf8")) as RunResult;
    expect(readFileSync(join(folder, "one/trace.pftrace")).length).toBeGreaterThan(1000);
    const busy = units.reduce((sum, { busy_cycles }) => sum + busy_cycles, 0);
    const [head, ...lines] = readFileSync(join(folder, "one/trace.csv"), "utf8").trimEnd().split("\n");
    const column = head!.split(",").indexOf("busy_cycles");
    const rows = lines.map((line) => line.split(",")).filter(([section]) => section !== "");
    expect(rows.reduce((sum, row) => sum + Number(row[column]), 0)).toBe(busy);
    const { code, stderr } = await weft(["run", "softmax", ...small, "--trace", "csv"], folder);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "weft: --trace: a trace is written into the folder of --out, and none is given; add --out runs/one\n",
    });
  });

  it("prints the grid shaded by busy shares", async () => {
    const { code, stdout } = await weft(["run", "softmax", ...small, "--heatmap"], temporaryFolder());
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n7 +\|( · {2}){16}\|/);
    expect((await weft(["run", "softmax", "--machine", "h100", "--heatmap"], temporaryFolder())).stderr).toContain("--heatmap: a GPU has no units in places");
  });

  it("lets the machine be changed, and says that the figure is assumed then", async () => {
    const settings = ["--set", "machine.reconfiguration_seconds=1", "--json", "-"];
    const result = JSON.parse((await weft(["run", "softmax", ...small, ...settings], temporaryFolder())).stdout) as RunResult;
    expect(result.cycles).toBeGreaterThan(1e9);
    expect(result.limit.resource).toBe("reconfiguration");
    expect(result.warnings.join()).toContain("reconfiguration_seconds");
  });

  it("runs a program of the user's own", async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "twice.ts"),
      'import { input, map, mul, program } from "weft";\nexport default program("twice", { n: 100 }, ({ n }) => {\n  const x = input("x", "f32", [n]);\n  return { y: map("y", [n], (i) => mul(x.at(i), 2)) };\n});\n',
    );
    const { code, stdout, stderr } = await weft(["run", "twice.ts", "--values", "--set", "n=37"], folder);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain("twice n=37 on plasticine");
  });

  it("takes a reader that closes the pipe for no mistake", async () => {
    const child = start(["list"], temporaryFolder());
    child.stdout?.destroy();
    const { code, stderr } = await ended(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("weft compile", () => {
  it.each([
    ["program", "program softmax(rows = 8, cols = 16"],
    ["controllers", "section "],
    ["fabric", "nest "],
    ["mapping", "wirelength"],
  ])("prints the %s", async (emit, words) => {
    const { code, stdout } = await weft(["compile", "softmax", ...small, "--emit", emit], temporaryFolder());
    expect(code).toBe(0);
    expect(stdout).toContain(words);
  });
});

describe("weft list and check", () => {
  it("name all workloads with their parameters, in a sentence each, and all machines", async () => {
    const { code, stdout } = await weft(["list"], temporaryFolder());
    expect(code).toBe(0);
    for (const words of [
      "\n  gemm: Matrix product c = a b.\n    m=2048  n=2048  k=2048  dtype=f32\n",
      "\n  flights: Three million flights of 2001",
      "\n    rows=3000000  origins=229  late=15 [-2000, 2000]\n    delay, origin from vega-datasets/data/flights-3m.parquet\n",
      "\n    state, latitude from vega-datasets/data/airports.csv\n",
      "sn40l: 1040 PCUs",
      "plasticine: 64 PCUs",
      ...(await workloadNames()).map((name) => `\n  ${name}: `),
    ])
      expect(stdout).toContain(words);
  });

  it("find no fault in what comes with weft", async () => {
    const root = new URL("../..", import.meta.url).pathname;
    for (const file of [
      "configs/plasticine.yaml",
      "configs/sn10.yaml",
      "configs/sn40l.yaml",
      "workloads/flights.yaml",
      "workloads/kmeans-airports.yaml",
      "workloads/gemm.ts",
    ]) {
      const { code, stderr, stdout } = await weft(["check", file], root);
      expect({ file, code, stderr }).toEqual({ file, code: 0, stderr: "" });
      expect(stdout).toContain("without faults");
    }
  });
});
