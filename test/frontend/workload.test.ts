import { describe, expect, test } from "vitest";
import { input, map, mul, program, reduce } from "weft";
import { UserError } from "../../src/base/errors.ts";
import type { Override } from "../../src/base/yaml.ts";
import { type Cell, columnValues } from "../../src/frontend/columns.ts";
import { bindWorkload, parseWorkload } from "../../src/frontend/workload.ts";
import type { Dtype } from "../../src/pattern/program.ts";

const definition = program("scale", { n: 8, dtype: "f32" }, ({ n, dtype }) => {
  const x = input("x", dtype, [n]);
  return { y: map("y", [n], (i) => mul(x.at(i), 2)), total: map("total", [], () => reduce("add", [n], (i) => x.at(i))) };
});

const bind = (text: string, overrides: readonly Override[] = []) => bindWorkload(definition, parseWorkload(text, "w.yaml"), overrides);
const set = (path: string, value: string): Override => ({ path, value, label: `--set ${path}=${value}` });

function linesOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("a workload file", () => {
  test("sets parameters, dtype, data and schedule", () => {
    const text =
      "program: scale\nparams: { n: 12 }\ndtype: bf16\ndata:\n  x: { file: x.parquet, column: c }\nschedule: { tile: { y.0: 4 }, par: { total.0: 2 } }\nseed: 7\n";
    const file = parseWorkload(text, "w.yaml");
    expect(file).toMatchObject({ program: "scale", params: { n: 12, dtype: "bf16" }, seed: 7 });
    const bound = bind(text);
    expect(bound.program.params).toEqual({ n: 12, dtype: "bf16" });
    expect(bound.program.schedule).toEqual({ tile: { "y.0": 4 }, par: { "total.0": 2 } });
    expect(bound.data).toEqual({ x: { file: "x.parquet", column: "c" } });
  });

  test("may say nothing but its program, and yields to --set", () => {
    expect(bind("program: scale").program.params).toEqual({ n: 8, dtype: "f32" });
    expect(bind("program: scale\nparams: { n: 12 }", [set("n", "5"), set("dtype", "i8")]).program.params).toEqual({ n: 5, dtype: "i8" });
  });

  test("is refused with line, column and key, all faults at once", () => {
    expect(linesOf(() => parseWorkload("program: scale\nparms: {}\nseed: -1\n", "w.yaml"))).toEqual([
      'w.yaml:2:1 parms: unknown key "parms"; did you mean "params"?',
      expect.stringMatching(/^w\.yaml:3:7 seed: /),
    ]);
    expect(linesOf(() => bind("program: scale\nparams:\n  m: 3\n  n: -3\n"))).toEqual([
      'w.yaml:3:3 params.m: the workload has no parameter "m"; did you mean "n"?',
      "w.yaml:4:6 params.n: n is -3, expected a whole number from 1 to 2147483647",
    ]);
    expect(linesOf(() => bind("program: scale\ndtype: f23\n"))).toEqual(['w.yaml:2:8 dtype: dtype is "f23", which is no dtype; did you mean "f32"?']);
  });

  test("names inputs and loops that the program does not have", () => {
    expect(linesOf(() => bind("program: scale\ndata: { z: { file: f.parquet, column: c } }\nschedule: { tile: { y.1: 4 } }\n"))).toEqual([
      'w.yaml:2:9 data.z: the program has no input "z"; did you mean "x"?',
      'w.yaml:3:21 schedule.tile."y.1": the program has no loop "y.1"; did you mean "y.0"?',
    ]);
  });

  test("blames --set for what --set said", () => {
    expect(linesOf(() => bind("program: scale\nparams: { n: 3 }\n", [set("n", "1.5"), set("k", "2")]))).toEqual([
      "--set n=1.5: n is 1.5, expected a whole number from 1 to 2147483647",
      '--set k=2: the workload has no parameter "k"; did you mean "n"?',
    ]);
  });

  test("whose sizes are too large together is refused by the verifier", () => {
    const square = program("square", { n: 8 }, ({ n }) => ({ x: input("x", "f32", [n, n]) }));
    expect(linesOf(() => bindWorkload(square, undefined, [set("n", "2000000000")]))).toContain(
      'tensor "x": 2000000000 x 2000000000 elements are more than 1099511627776',
    );
  });
});

describe("columns", () => {
  const values = (column: readonly Cell[], dtype: Dtype, length = column.length): readonly number[] => [
    ...columnValues(column, { name: "x", dtype, shape: [length], tier: "auto" }, { file: "w.yaml" }),
  ];

  test("of texts become codes of the sorted dictionary of the whole column", () => {
    expect(values(["LAX", "ATL", "LAX", "BOS"], "i32")).toEqual([2, 0, 2, 1]);
    expect(values(["LAX", "ATL", "LAX", "BOS"], "i8", 2)).toEqual([2, 0]);
  });

  test("of numbers, big integers, bools and dates become numbers", () => {
    expect(values([1, 2.5], "f32")).toEqual([1, 2.5]);
    expect(values([-5n, 1688n], "i16")).toEqual([-5, 1688]);
    expect(values([true, false], "bool")).toEqual([1, 0]);
    expect(values([new Date("1994-01-01"), new Date("1969-12-31T23:00:00Z")], "i32")).toEqual([8766, -1]);
  });

  test("are refused where a cell does not fit, is empty or is missing", () => {
    expect(linesOf(() => values([1, 300], "i8"))).toEqual(['w.yaml: row 1 is 300, expected a whole number from -128 to 127: the input "x" is i8']);
    expect(linesOf(() => values([1, 2.5], "i32"))).toEqual([
      'w.yaml: row 1 is 2.5, expected a whole number from -2147483648 to 2147483647: the input "x" is i32',
    ]);
    expect(linesOf(() => values([1, null], "f32"))).toEqual(['w.yaml: row 1 is empty, expected a number: the input "x" is f32']);
    expect(linesOf(() => values(["a", undefined], "i32"))).toEqual([
      'w.yaml: row 1 is empty, expected a whole number from -2147483648 to 2147483647: the input "x" is i32',
    ]);
    expect(linesOf(() => values([1, 2], "f32", 3))).toEqual(['w.yaml: 2 rows, but the input "x" needs 3; set a smaller size']);
  });
});
