import { describe, expect, test } from "vitest";
import { cast, input, map, mul, program, reduce } from "weft";
import { UserError } from "../../src/base/errors.ts";
import type { Override } from "../../src/base/yaml.ts";
import { type Coding, columnValues } from "../../src/frontend/columns.ts";
import type { Cell, Column } from "../../src/frontend/tables.ts";
import { bindWorkload, parseWorkload } from "../../src/frontend/workload.ts";
import type { Dtype, Tensor } from "../../src/pattern/program.ts";

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
      "program: scale\nparams: { n: 12 }\ndtype: bf16\ndata:\n  x: { file: x.parquet, column: c }\nschedule: { tile: { y.0: 4 }, par: { total.0: 2 }, cut: [total] }\nseed: 7\n";
    const file = parseWorkload(text, "w.yaml");
    expect(file).toMatchObject({ program: "scale", params: { n: 12, dtype: "bf16" }, seed: 7 });
    const bound = bind(text);
    expect(bound.program.params).toEqual({ n: 12, dtype: "bf16" });
    expect(bound.program.schedule).toEqual({ tile: { "y.0": 4 }, par: { "total.0": 2 }, cut: ["total"] });
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
      "w.yaml:4:6 params.n: n is -3, expected a whole number from 1 to 1099511627776",
    ]);
    expect(linesOf(() => bind("program: scale\ndtype: f23\n"))).toEqual(['w.yaml:2:8 dtype: dtype is "f23", which is no dtype; did you mean "f32"?']);
  });

  test("names inputs, loops and operators that the program does not have", () => {
    expect(linesOf(() => bind("program: scale\ndata: { z: { file: f.parquet, column: c } }\nschedule: { tile: { y.1: 4 } }\n"))).toEqual([
      'w.yaml:2:9 data.z: the program has no input "z"; did you mean "x"?',
      'w.yaml:3:21 schedule.tile."y.1": the program has no loop "y.1"; did you mean "y.0"?',
    ]);
    expect(linesOf(() => bind("program: scale\nschedule:\n  cut: [y, totl]\n"))).toEqual([
      'w.yaml:3:12 schedule.cut[1]: the program has no operator "totl"; did you mean "total"?',
    ]);
  });

  test("blames --set for what --set said", () => {
    expect(linesOf(() => bind("program: scale\nparams: { n: 3 }\n", [set("n", "1.5"), set("k", "2")]))).toEqual([
      "--set n=1.5: n is 1.5, expected a whole number from 1 to 1099511627776",
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
  const tensorOf = (dtype: Dtype, shape: readonly number[]): Tensor => ({ name: "x", dtype, shape, tier: "auto" });
  const column = (cells: readonly Cell[], name = "c"): Column => ({ file: "t.parquet", name, cells });
  const values = (cells: readonly Cell[], dtype: Dtype, length = cells.length, coding: Coding = {}): readonly number[] => [
    ...columnValues([column(cells)], tensorOf(dtype, [length]), { file: "w.yaml" }, coding),
  ];
  const airports: Column = { file: "a.csv", name: "iata", cells: ["LAX", "ATL", null, "BOS"], lines: [2, 3, 4, 5] };

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

  test("that are several stand side by side in the last dimension", () => {
    const columns = [column([1, 2, 3, 4, 5], "a"), column([10, 20, 30, 40], "b")];
    expect([...columnValues(columns, tensorOf("i32", [2, 2, 2]), {})]).toEqual([1, 10, 2, 20, 3, 30, 4, 40]);
  });

  test("become rows of another table's column, whatever types the two have", () => {
    expect(values(["BOS", "LAX", "LAX"], "i8", 3, { rowOf: airports })).toEqual([3, 0, 0]);
    expect(values([7n, 5n], "i32", 2, { rowOf: column([5, 6, 7]) })).toEqual([2, 0]);
  });

  test("have a number for what is missing, if one is given", () => {
    expect(values([1, null, undefined], "i8", 3, { missing: -1 })).toEqual([1, -1, -1]);
    expect(values(["BOS", "XYZ", null], "i8", 3, { rowOf: airports, missing: -1 })).toEqual([3, -1, -1]);
  });

  test("are refused where a cell does not fit, is empty or is missing", () => {
    const spot = (row: number): string => `w.yaml: t.parquet, row ${row}, column "c": found`;
    expect(linesOf(() => values([1, 300, 2, 301], "i8"))).toEqual([
      `${spot(1)} 300 (and 1 more like it), expected a whole number from -128 to 127: the input "x" is i8`,
    ]);
    expect(linesOf(() => values([1, 2.5], "i32"))).toEqual([`${spot(1)} 2.5, expected a whole number from -2147483648 to 2147483647: the input "x" is i32`]);
    expect(linesOf(() => values([1, null], "f32"))).toEqual([
      `${spot(1)} an empty cell, expected a number: the input "x" is f32; missing: -1 would stand in for it`,
    ]);
    expect(linesOf(() => values([1, [5]], "f32"))).toEqual([`${spot(1)} [5], expected a number: the input "x" is f32`]);
    expect(linesOf(() => values([1, 2], "f32", 3))).toEqual(['w.yaml: 2 rows, but the input "x" needs 3; set a smaller size']);
  });

  test("of texts are no floats, and have no more words than the dtype has codes", () => {
    expect(linesOf(() => values(["a", "b"], "f32"))).toEqual([
      'w.yaml: t.parquet, row 0, column "c": found "a" (and 1 more like it), expected a number: the input "x" is f32',
    ]);
    const words = Array.from({ length: 9 }, (_, word) => `${word}`);
    expect(values(words.slice(1), "i4")).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(linesOf(() => values(words, "i4"))).toEqual(['w.yaml: t.parquet, column "c": 9 codes, expected at most 8: the input "x" is i4; use a wider dtype']);
  });

  test("of mixed types are what most cells are, and refuse the others", () => {
    expect(linesOf(() => values(["a", 5, "b"], "i8"))).toEqual(['w.yaml: t.parquet, row 1, column "c": found 5, expected a text: the input "x" is i8']);
    expect(linesOf(() => values(["a", 5, 6], "i8"))).toEqual([
      'w.yaml: t.parquet, row 0, column "c": found "a", expected a whole number from -128 to 127: the input "x" is i8',
    ]);
  });

  test("are refused where another table does not have a cell, or has it twice", () => {
    expect(linesOf(() => values(["BOS", "XYZ", "ABC"], "i8", 3, { rowOf: airports }))).toEqual([
      'w.yaml: t.parquet, row 1, column "c": found "XYZ" (and 1 more like it), expected a cell of column "iata" of a.csv: the input "x" is i8; missing: -1 would stand in for it',
    ]);
    expect(linesOf(() => values(["BOS"], "i8", 1, { rowOf: { ...airports, cells: ["BOS", "LAX", null, "BOS"] } }))).toEqual([
      'w.yaml: a.csv:5, column "iata": found "BOS" again, which is in line 2 already; row_of needs a column of distinct cells',
    ]);
  });
});

describe("a binding", () => {
  const points = program("points", { n: 8 }, ({ n }) => {
    const [x, from] = [input("x", "f32", [n, 2]), input("from", "i32", [n])];
    return { y: map("y", [n], (i) => mul(x.at(i, 0), cast("f32", from.at(i)))) };
  });
  const faults = (data: string): readonly string[] => linesOf(() => bindWorkload(points, parseWorkload(`program: points\ndata: { ${data} }\n`, "w.yaml")));

  test("names one column or as many as the input has elements in a row", () => {
    expect(faults("x: { file: f.csv, columns: [a, b] }, from: { file: f.csv, column: a, row_of: { file: g.csv, column: b }, missing: 0 }")).toEqual([]);
    expect(faults("x: { file: f.csv, columns: [a, b, c] }")).toEqual([
      'w.yaml:2:36 data.x.columns: 3 columns, but the input "x" is [8, 2]; its last dimension is one element a column',
    ]);
    expect(faults("x: { file: f.csv }")).toEqual(['w.yaml:2:12 data.x: missing key "column", expected the name of one, or columns: [a, b]']);
    expect(faults("x: { file: f.csv, column: a, columns: [a] }")).toEqual(["w.yaml:2:12 data.x: both column and columns, expected one of them"]);
  });

  test("gives no rows to a float, and no number for what is missing that the input cannot hold", () => {
    expect(faults("x: { file: f.csv, column: a, row_of: { file: g.csv, column: b } }, from: { file: f.csv, column: a, missing: 0.5 }")).toEqual([
      'w.yaml:2:46 data.x.row_of: row_of gives whole numbers: the input "x" is f32',
      'w.yaml:2:117 data.from.missing: missing is 0.5, expected a whole number from -2147483648 to 2147483647: the input "from" is i32',
    ]);
  });
});
