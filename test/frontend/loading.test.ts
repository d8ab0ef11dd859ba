/** Loading as the command line does it: from names and files, with data. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { interpret } from "weft";
import { type LoadOptions, loadWorkload, workloadNames } from "../../src/cli/workload.ts";
import { programToJson } from "../../src/pattern/json.ts";
import { workloads } from "../../workloads/index.ts";

let folder: string;
const flightsFile = new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weft-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const set = (path: string, value: string): NonNullable<LoadOptions["settings"]>[number] => ({ path, value, label: `--set ${path}=${value}` });

async function refusal(nameOrPath: string, options?: LoadOptions): Promise<string> {
  const loaded = await loadWorkload(nameOrPath, options).catch((error: Error) => error);
  if (loaded instanceof Error) return loaded.message.replaceAll(folder, "DIR");
  const read = await loaded.inputs().catch((error: Error) => error);
  return read instanceof Error ? read.message.replaceAll(folder, "DIR") : "nothing was refused";
}

const mine = `
  import { exp, input, map, program } from "weft";
  import { half } from "./half.ts";
  export default program("mine", { n: 4 }, ({ n }) => {
    const x = input("x", "f32", [n]);
    return { y: map("y", [n], (i) => exp(half(x.at(i)))) };
  });`;

describe("workloads are found", () => {
  test("by name, those that come with weft", async () => {
    expect(await workloadNames()).toEqual(expect.arrayContaining(workloads.map(({ name }) => name)));
    const { name, program, seed } = await loadWorkload("gemm", { settings: [set("m", "3"), set("dtype", "bf16")] });
    expect([name, program.params, seed]).toEqual(["gemm", { m: 3, n: 2048, k: 2048, dtype: "bf16" }, 1]);
  });

  test("as a user's .ts file, with what it imports, by path and by name", async () => {
    write("half.ts", `import { mul } from "weft"; export const half = (x: Parameters<typeof mul>[0]) => mul(x, 0.5);`);
    const path = write("mine.ts", mine);
    const loaded = await loadWorkload(path, { settings: [set("n", "9")] });
    expect(loaded.program.tensors.map(({ shape }) => shape)).toEqual([[9], [9]]);
    const inputs = (await loaded.inputs())();
    expect(interpret(loaded.program, inputs).y![8]).toBeCloseTo(Math.exp(inputs.x![8]! / 2), 6);
    expect((await loadWorkload("mine", { directories: [folder] })).program.params).toEqual({ n: 4 });
    expect(await workloadNames([folder])).toContain("mine");
  });

  test("as a .yaml file that names a program beside it or one that comes with weft", async () => {
    const beside = await loadWorkload(write("beside.yaml", "program: mine.ts\nparams: { n: 5 }\nseed: 3\n"));
    expect([beside.program.params, beside.seed]).toEqual([{ n: 5 }, 3]);
    const known = await loadWorkload(write("known.yaml", "program: dot\nparams: { n: 5 }\nschedule: { tile: { dot.0: 5 } }\n"));
    expect(known.program.schedule).toEqual({ tile: { "dot.0": 5 } });
  });

  test("as a .json program", async () => {
    const { program, hash } = await loadWorkload("dot", { settings: [set("n", "5")] });
    const back = await loadWorkload(write("dot.json", JSON.stringify(programToJson(program))));
    expect(back.program).toEqual(program);
    expect(back.hash).toBe(hash);
    expect(back.definition).toBeUndefined();
  });

  test("with a hash that tells sizes apart, and a seed that tells values apart", async () => {
    const [five, six, again] = await Promise.all(["5", "6", "5"].map((n) => loadWorkload("dot", { settings: [set("n", n)] })));
    expect(five!.hash).toBe(again!.hash);
    expect(five!.hash).not.toBe(six!.hash);
    const other = await loadWorkload("dot", { settings: [set("n", "5")], seed: 2 });
    expect((await other.inputs())().a).not.toEqual((await five!.inputs())().a);
    expect(other.hash).toBe(five!.hash);
  });

  test("without memory for inputs that nobody asks for", async () => {
    const { program, inputs } = await loadWorkload("dot", { settings: [set("n", "768000000")] });
    const before = process.memoryUsage().arrayBuffers;
    await inputs();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    expect(program.tensors[0]!.shape).toEqual([768_000_000]);
  });
});

describe("flights", () => {
  test("are the real ones: the first rows of the file, airports as codes of the sorted dictionary of all 229", async () => {
    const { program, inputs } = await loadWorkload("flights", { settings: [set("rows", "1000")] });
    const { delay, origin } = (await inputs())() as Record<string, Int32Array>;
    expect([...delay!.slice(0, 5)]).toEqual([33, 19, 14, -13, 1]);
    expect(Math.max(...origin!)).toBeLessThan(229);
    const { "group.count": count } = interpret(program, { delay: delay!, origin: origin! });
    expect([...count!].reduce((total, value) => total + value, 0)).toBe([...delay!].filter((minutes) => minutes > 15).length);
  });

  test("have a hash without a machine's paths", async () => {
    const [one, other] = await Promise.all([
      loadWorkload("flights"),
      loadWorkload(write("flights.yaml", readFileSync(new URL("../../workloads/flights.yaml", import.meta.url)))),
    ]);
    expect(one.hash).toBe(other.hash);
  });
});

describe("data", () => {
  const fly = `
    import { input, map, program } from "weft";
    export default program("fly", { n: 3 }, ({ n }) => {
      const [hop, day, place] = [input("hop", "i32", [n, 2]), input("day", "i32", [n]), input("place", "f32", [2, 2])];
      return { y: map("y", [n], (i) => hop.at(i, 1)), day, place };
    });`;

  test("of .json and .csv files beside the workload: dates, rows of another table, several columns", async () => {
    write("fly.ts", fly);
    write("hubs.csv", "\ufeffiata,latitude,longitude\r\nATL,33.5,-84.5\r\nLAS,36,-115\r\n");
    const hops = [
      ["LAS", "ATL"],
      ["ATL", "LAS"],
      ["ATL", "OGG"],
      ["never", "read"],
    ].map(([from, to], day) => ({ from, to, day: `2001-01-0${day + 1} 12:30` }));
    write("hops.json", JSON.stringify(hops));
    const bindings = [
      "hop: { file: hops.json, columns: [from, to], row_of: { file: hubs.csv, column: iata }, missing: -1 }",
      "day: { file: hops.json, column: day }",
      "place: { file: ./hubs.csv, columns: [latitude, longitude] }",
    ];
    const { inputs, data } = await loadWorkload(write("fly.yaml", `program: fly.ts\ndata:\n${bindings.map((line) => `  ${line}\n`).join("")}`));
    const { hop, day, place } = (await inputs())();
    expect([...hop!]).toEqual([1, 0, 0, 1, 0, -1]);
    expect([...day!]).toEqual([11323, 11324, 11325]);
    expect([...place!]).toEqual([33.5, -84.5, 36, -115]);
    expect(Object.keys(data)).toEqual(["hop", "day", "place"]);
  });

  test("that is coded in another way gives another hash", async () => {
    const hashOf = async (coding: string): Promise<string> =>
      (await loadWorkload(write("coded.yaml", `program: flights\ndata: { origin: { file: hops.json, column: from${coding} } }\n`))).hash;
    const [plain, rows, missing] = [await hashOf(""), await hashOf(", row_of: { file: hubs.csv, column: iata }"), await hashOf(", missing: 0")];
    expect(new Set([plain, rows, missing]).size).toBe(3);
  });
});

describe("one clear message", () => {
  test("for a workload that is not there", async () => {
    expect(await refusal("flihgts")).toBe('no workload is called "flihgts"; did you mean "flights"?');
    expect(await refusal(join(folder, "none.ts"))).toBe("DIR/none.ts: no such workload file");
    expect(await refusal(write("lost.yaml", "program: flihgts\n"))).toBe(
      'DIR/lost.yaml:1:10 program: no workload is called "flihgts"; did you mean "flights"?',
    );
  });

  test("for code that is wrong", async () => {
    expect(await refusal(write("syntax.ts", 'import { program } from "weft";\nexport default program(;\n'))).toBe('DIR/syntax.ts:2:24: Unexpected ";"');
    expect(await refusal(write("import.ts", 'import { a } from "./nowhere.ts";\nexport default a;\n'))).toBe(
      'DIR/import.ts:1:19: Could not resolve "./nowhere.ts"',
    );
    expect(await refusal(write("empty.ts", "export const a = 1;\n"))).toBe(
      "DIR/empty.ts: no default export, expected a program; write: export default program(name, parameters, build)",
    );
    expect(await refusal(write("throws.ts", 'import { program } from "weft";\nexport default program("t", {}, () => nope);\n'))).toBe(
      "DIR/throws.ts:2:39: the workload's code failed: nope is not defined",
    );
  });

  test("for parameters that are wrong", async () => {
    expect(await refusal("dot", { settings: [set("n", "-4"), set("m", "1"), set("dtype", "f31")] })).toBe(
      [
        "--set n=-4: n is -4, expected a whole number from 1 to 1099511627776",
        '--set m=1: the workload has no parameter "m"; did you mean "n"?',
        '--set dtype=f31: dtype is "f31", which is no dtype; did you mean "f32"?',
      ].join("\n"),
    );
    expect(await refusal("softmax", { settings: [set("dtype", "i8")] })).toBe('workloads/softmax.ts:7:46 operator "e": exp of i8: expected a float');
  });

  test("for a .json that is no program", async () => {
    expect(await refusal(write("broken.json", "{"))).toMatch(/^DIR\/broken\.json: not valid JSON: /);
    expect(await refusal(write("other.json", '{"schemaVersion": 1}'))).toMatch(/^DIR\/other\.json name: /);
    expect(await refusal(join(folder, "dot.json"), { settings: [set("n", "3")] })).toBe("--set n=3: a .json program is built already and has no parameters");
  });

  test("for data that is missing, truncated, of another kind or too short", async () => {
    const flights = (file: string, column = "delay", rows = 10): string =>
      write("data.yaml", `program: flights\nparams: { rows: ${rows} }\ndata:\n  delay: { file: ${file}, column: ${column} }\n`);
    const place = "DIR/data.yaml:4:10 data.delay";
    expect(await refusal(flights("none.parquet"))).toBe(`${place}: no such data file: none.parquet`);
    expect(await refusal(flights("half.ts"))).toBe(`${place}: half.ts is no .parquet, .csv or .json file`);
    const bytes = readFileSync(flightsFile);
    write("cut.parquet", bytes.subarray(0, 100_000));
    expect(await refusal(flights("cut.parquet"))).toMatch(/data\.delay: cut\.parquet is no readable Parquet file \(.+\); it may be truncated; fetch it again$/);
    write("empty.parquet", "");
    expect(await refusal(flights("empty.parquet"))).toMatch(/data\.delay: empty\.parquet is no readable Parquet file/);
    const hole = Uint8Array.from(bytes).fill(0, 1000, 2_000_000);
    write("hole.parquet", hole);
    expect(await refusal(flights("hole.parquet"))).toMatch(/data\.delay: hole\.parquet is no readable Parquet file/);
    write("real.parquet", bytes);
    expect(await refusal(flights("real.parquet", "dely"))).toBe(`${place}: real.parquet has no column "dely"; did you mean "delay"?`);
    expect(await refusal(flights("real.parquet", "delay", 3_000_001))).toBe(`${place}: 3000000 rows, but the input "delay" needs 3000001; set a smaller size`);
  });
});
