/** Every mistake a user can make: one clear message with its place, exit code 2, no stack trace. The texts are golden. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { root, temporaryFolder } from "../support/cli.ts";
import { said } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const home = process.cwd();
afterAll(() => process.chdir(home));
const folder = temporaryFolder();

const SUITES: Readonly<Record<string, readonly string[]>> = {
  "command-line": [
    "",
    "rnu softmax",
    "run",
    "check",
    "run softmax extra",
    "run softmax --machin sn10",
    "run softmax --trace csv",
    "run softmax --out one --gpu h10",
    "run softmax --out one --gpu sn40l",
    "run softmax --machine",
    "run softmax --style spatail",
    "run softmax --engine warp",
    "compile softmax --emit assembly",
    "run softmax --seed -1",
    "run softmax --seed 1.5",
    "run softmax --max-cycles 0",
    "run softmax --max-cycles many",
    "run softmax --max-seconds 0",
    "run softmax --max-seconds -5",
    "run softmax --max-seconds 1min",
    "run softmax --max-memory 0",
    "run softmax --max-memory -2GB",
    "run softmax --max-memory 2GX",
    "run softmax --max-memory much",
    "run softmax --max-memory 1.5B",
    "run softmax --max-second 5",
    "run softmax --checkpoint",
    "run softmax --checkpoint -",
    "run softmax --checkpoint no/such/folder/x.ckpt",
    "run softmax --checkpoint .",
    "run softmax --resume no-such.ckpt",
    "run softmax --resume .",
    "run softmax --resume truncated.json",
    "run softmax --resume empty.ckpt",
    "run softmax --set rows",
    "run softmax --set =3",
    "run softmax --set rows=",
    "run softmax --json no/such/folder/x.json",
    "run softmax --json .",
  ],
  systolic: [
    "systolic",
    "systolic --gemm 1,2",
    "systolic --gemm 1,2,0",
    "systolic --gemm 8,8,8 --array 0x3",
    "systolic --gemm 8,8,8 --array wide",
    "systolic --gemm 8,8,8 --array 9000",
    "systolic --gemm 8,8,8 --dataflow rs",
    "systolic --gem 8,8,8",
    "systolic --gemm 2000000000,2000000000,2000000000",
    "systolic --layers nothing.csv",
    "systolic --layers no-layers.csv",
    "systolic --layers bad-layers.csv",
    "systolic --gemm 8,8,8 --json no/such/folder/x.json",
  ],
  workload: [
    "run softmx",
    "run nothing.yaml",
    "run softmax --set rowz=3 --set rows=-1 --set cols=1.5 --set dtype=f23",
    "run softmax --set rows=0 --set cols=1e15",
    "run softmax --set rows=many",
    "run softmax --set rows=2147483647 --set cols=2147483647",
    "check bad-yaml.yaml",
    "check bad-keys.yaml",
    "check bad-program.yaml",
    "run throws.ts",
    "run syntax.ts",
    "run no-export.ts",
    "run truncated.json",
  ],
  data: ["check no-data.yaml", "check no-column.yaml", "check truncated-data.yaml", "check too-few-rows.yaml", "run truncated-data.yaml"],
  machine: [
    "run softmax --machine plasticin",
    "run softmax --machine nothing.yaml",
    "run softmax --set machine.pcu.lane=32 --set machine.pcu.lanes=-16 --set machine.pcu.stages=2.5 --set machine.pmu.banks=1e30 --set machine.clock_hz=fast",
    "run softmax --set machine.energy=plastic",
    "check wrong-machine.yaml",
    "check bad-machine.yaml",
  ],
};

beforeAll(() => {
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  write("bad-yaml.yaml", "program: softmax\nparams: { rows: 3\n");
  write("bad-keys.yaml", "program: softmax\nparam: { rows: 3 }\nseed: -2\n");
  write("bad-program.yaml", "program: softmx\n");
  write("throws.ts", 'import { program } from "weft";\nexport default program("throws", { n: 4 }, () => {\n  throw new Error("out of ideas");\n});\n');
  write("syntax.ts", "export default (;\n");
  write("no-export.ts", "export const nothing = 1;\n");
  write("empty.ckpt", "");
  write("no-layers.csv", "Layer, M, N, K,\n\n");
  write("bad-layers.csv", "Layer, M, N, K,\na, 8, 8,\nb, 8, 8, -1,\nc, 8, 8, 8, 2:4,\nd, 3, 9, 5, 5, 1, 1, 1,\ne, 8, 8, 8,\n");
  write("truncated.json", '{"schemaVersion": 1, "name": "half');
  const flights = (rows: number, data: string): string => `program: flights\nparams: { rows: ${rows} }\ndata:\n  delay: { ${data} }\n`;
  write("no-data.yaml", flights(100, "file: gone.parquet, column: delay"));
  write("no-column.yaml", flights(100, "package: vega-datasets, file: data/flights-3m.parquet, column: dely"));
  write("truncated-data.yaml", flights(100, "file: half.parquet, column: delay"));
  write("too-few-rows.yaml", flights(3_000_001, "package: vega-datasets, file: data/flights-3m.parquet, column: delay"));
  const parquet = readFileSync(join(root, "node_modules/vega-datasets/data/flights-3m.parquet"));
  writeFileSync(join(folder, "half.parquet"), parquet.subarray(0, 5000));
  const machine = readFileSync(join(root, "configs/plasticine.yaml"), "utf8");
  write("wrong-machine.yaml", machine.replace("  stages: 6", "  stage: 6").replace("  lanes: 16", "  lanes: sixteen").replace("kind: rda", "kind: rad"));
  write("bad-machine.yaml", machine.replace("grid: {", "grid: {{"));
});

describe.each(Object.entries(SUITES))("faults of the %s", (suite, lines) => {
  it("say what is wrong, where, and what would be right", async () => {
    process.chdir(folder);
    const results: Awaited<ReturnType<typeof said>>[] = [];
    for (const line of lines) results.push(await said(line.split(" ").filter((word) => word !== "")));
    const transcript = lines.map((line, index) => `$ weft ${line}\n${results[index]?.stderr}`).join("\n");
    await expect(transcript).toMatchFileSnapshot(`../golden/cli/${suite}.txt`);
    for (const { code, stderr, stdout } of results) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).not.toMatch(/\n\s+at |Error:/);
    }
  });
});
