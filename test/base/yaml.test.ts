/** YAML against any zod schema: places, overrides, unions, lists, records. The words of a whole config's faults are in test/golden/config. */

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type Fault, UserError } from "../../src/base/errors.ts";
import { type Override, parseYaml, printPath, readYaml } from "../../src/base/yaml.ts";

const workload = z.strictObject({
  program: z.string(),
  params: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
  dtype: z.enum(["f32", "bf16", "i32"]).optional(),
  loops: z.array(z.strictObject({ name: z.string(), tile: z.int().min(1) })).optional(),
  data: z.union([z.strictObject({ file: z.string(), column: z.string() }), z.strictObject({ seed: z.int() })]).optional(),
});

function faultsOf(text: string, overrides: readonly Override[] = [], schema: z.ZodType = workload): readonly Fault[] {
  try {
    parseYaml(text, "w.yaml", schema, overrides);
  } catch (error) {
    if (error instanceof UserError) return error.faults;
    throw error;
  }
  return [];
}

function set(path: string, value: string): Override {
  return { path, value, label: `--set ${path}=${value}` };
}

describe("values", () => {
  test("come out as the schema gives them, defaults filled in", () => {
    expect(parseYaml("program: gemm\ndtype: bf16\n", "w.yaml", workload)).toEqual({ program: "gemm", dtype: "bf16", params: {} });
  });

  test("an anchor's value is read where its alias stands", () => {
    expect(parseYaml("program: &p gemm\nparams: { a: *p }\n", "w.yaml", workload)).toEqual({ program: "gemm", params: { a: "gemm" } });
  });
});

describe("places", () => {
  test("a value's own position and key path, in lists too", () => {
    const [fault] = faultsOf("program: gemm\nloops:\n  - name: i\n    tile: 4\n  - name: j\n    tile: 0\n");
    expect(fault?.place).toEqual({ file: "w.yaml", line: 6, column: 11, path: "loops[1].tile" });
    expect(fault).toMatchObject({ code: "out-of-range", message: "expected at least 1, found 0" });
  });

  test("an unknown key stands at the key, a missing one at the mapping that lacks it", () => {
    const [missing, unknown] = faultsOf("program: gemm\nloops:\n  - nam: i\n    tile: 4\n");
    expect(missing).toMatchObject({ code: "missing-key", place: { line: 3, column: 5, path: "loops[0].name" } });
    expect(unknown).toMatchObject({ code: "unknown-key", place: { line: 3, column: 5, path: "loops[0].nam" }, hint: 'did you mean "name"?' });
  });

  test("a key without a value is placed at the key", () => {
    expect(faultsOf("program:\n")).toMatchObject([{ message: "expected text, found nothing", place: { line: 1, column: 1 } }]);
  });

  test("an alias is placed where it stands, not where its anchor does", () => {
    expect(faultsOf("program: gemm\nparams: { a: &x [1] }\ndtype: *x\n").at(-1)).toMatchObject({ place: { line: 3, column: 8, path: "dtype" } });
  });

  test("all faults come out, in the order of the file", () => {
    expect(faultsOf("prgram: gemm\ndtype: f23\nloops: 4\n").map(({ code }) => code)).toEqual(["missing-key", "unknown-key", "unknown-choice", "wrong-type"]);
  });

  test("key paths quote what would be misread", () => {
    expect(printPath(["tile", "gemm.0", 2, "x"])).toBe('tile."gemm.0"[2].x');
  });
});

describe("syntax", () => {
  test.each([
    ["a: [1", "yaml-syntax"],
    ["a: 1\n---\nb: 2\n", "yaml-syntax"],
    ["a: *nowhere\n", "yaml-syntax"],
    ["a: !odd 1\n", "yaml-syntax"],
    ["program: x\nprogram: y\n", "duplicate-key"],
  ])("%j is refused with one fault", (text, code) => {
    expect(faultsOf(text).map((fault) => fault.code)).toEqual([code]);
  });

  test("a duplicate key is placed at the second and the rest is still checked", () => {
    expect(faultsOf("program: x\n'program': y\ndtype: no\n")).toMatchObject([
      { message: 'key "program" appears twice in one mapping', place: { line: 2, column: 1 } },
      { code: "unknown-choice", place: { line: 3 } },
    ]);
  });

  test("aliases that explode are refused", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x,x]",
      ..."bcdefg".split("").map((key, n) => `${key}: &${key} [${Array(10).fill(`*${"abcdef"[n]}`).join(",")}]`),
    ].join("\n");
    expect(faultsOf(bomb)).toMatchObject([{ code: "yaml-syntax" }]);
  });

  test("reading without a schema gives data and places", () => {
    const faults: Fault[] = [];
    const text = readYaml("a:\n  b: 1\n", "x.yaml", [set("a.b", "2")], faults);
    expect(text?.data).toEqual({ a: { b: 2 } });
    expect(text?.place(["a"], "key")).toEqual({ file: "x.yaml", line: 1, column: 1, path: "a" });
    expect(text?.place(["a", "b"])).toEqual({ path: "--set a.b=2" });
    expect(faults).toEqual([]);
  });
});

describe("unions", () => {
  test("of a scalar and a mapping: the faults are those of the branch that fits", () => {
    const schema = z.strictObject({ lanes: z.union([z.int(), z.strictObject({ value: z.int(), source: z.string() })]) });
    expect(faultsOf("lanes: { value: 1.5, sorce: x }\n", [], schema)).toMatchObject([
      { code: "missing-key", place: { path: "lanes.source" } },
      { message: "expected a whole number, found 1.5", place: { path: "lanes.value" } },
      { code: "unknown-key", hint: 'did you mean "source"?' },
    ]);
    expect(faultsOf("lanes: four\n", [], schema)).toMatchObject([{ message: 'expected a whole number, found "four"' }]);
  });

  test("where no branch fits, all are named", () => {
    expect(faultsOf("program: x\nparams: { n: true }\n")).toMatchObject([{ message: "expected a number or text, found true" }]);
  });
});

describe("overrides", () => {
  test("replace, add and make mappings on the way; values are YAML", () => {
    const value = parseYaml("program: gemm\n", "w.yaml", workload, [
      set("params.m", "4"),
      set("data", "{ seed: 7 }"),
      set("dtype", "f32"),
      set("program", "dot"),
    ]);
    expect(value).toEqual({ program: "dot", params: { m: 4 }, data: { seed: 7 }, dtype: "f32" });
  });

  test("reach keys with dots in quotes, and places in lists", () => {
    const text = "program: gemm\nloops: [{ name: i, tile: 4 }]\n";
    expect(parseYaml(text, "w.yaml", workload, [set('params."a.b"', "1"), set("loops.0.tile", "8")])).toMatchObject({
      params: { "a.b": 1 },
      loops: [{ tile: 8 }],
    });
  });

  test("work on an empty file", () => {
    expect(parseYaml("", "w.yaml", workload, [set("program", "dot")])).toEqual({ program: "dot", params: {} });
  });

  test("are to blame for what they spoil, the file for the rest", () => {
    expect(faultsOf("program: gemm\ndtype: f23\n", [set("dtpe", "f32"), set("params.n", "[1]")]).map(({ place }) => place)).toEqual([
      { file: "w.yaml", line: 2, column: 8, path: "dtype" },
      { path: "--set params.n=[1]" },
      { path: "--set dtpe=f32" },
    ]);
  });

  test("do not change what was parsed before", () => {
    const text = "program: gemm\nparams: &p { m: 1 }\n";
    expect(parseYaml(text, "w.yaml", workload, [set("params.m", "2")])).toMatchObject({ params: { m: 2 } });
    expect(parseYaml(text, "w.yaml", workload)).toMatchObject({ params: { m: 1 } });
  });
});
