/** Tables of CSV and JSON: which columns they have, and what their texts are. */

import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { csvTable, jsonTable, type Table } from "../../src/frontend/tables.ts";

const plain = ({ columns }: Table) => Object.fromEntries(columns);

function fault(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("a CSV table", () => {
  test("is named by its first line; empty cells are null", () => {
    const table = csvTable("code,size\nATL,1.5\nBOS,\n,-2e3\n", "a.csv");
    expect(plain(table)).toEqual({ code: ["ATL", "BOS", null], size: [1.5, null, -2000] });
    expect(table.lines).toEqual([2, 3, 4]);
  });

  test("has numbers, truths and days of dates where most cells are that, so that another stands out", () => {
    const [numbers, truths, dates] = ["1\n.5\nn/a", "true\nfalse", "2001-01-31\n2001/02/28 23:59\n2001-02-30"].map((cells) =>
      csvTable(`x\n${cells}`, "a.csv").columns.get("x"),
    );
    expect(numbers).toEqual([1, 0.5, "n/a"]);
    expect(truths).toEqual([true, false]);
    expect(dates).toEqual([11_353, 11_381, "2001-02-30"]);
  });

  test("has texts where most cells are, though some look like numbers", () => {
    expect(plain(csvTable("iata\n00M\n0E0\nATL\n", "a.csv"))).toEqual({ iata: ["00M", "0E0", "ATL"] });
  });

  test.each([
    ["", "a.csv: an empty file, expected the names of its columns in the first line"],
    ["a,b,a\n", 'a.csv:1: two columns are called "a"'],
    ["a,b\n1,2\n3\n", "a.csv:3: 1 field, but the first line names 2 columns; a field that holds a comma stands in quotes"],
  ])("is refused: %j", (text, words) => {
    expect(fault(() => csvTable(text, "a.csv"))).toBe(words);
  });
});

describe("a JSON table", () => {
  test("has a column for every key of its rows; what a row does not have is empty", () => {
    const rows = [{ a: 1, day: "2001-01-02" }, { a: null, b: true }, { day: "2001/01/03" }];
    expect(plain(jsonTable(JSON.stringify(rows), "a.json"))).toEqual({
      a: [1, null, null],
      day: [11_324, null, 11_325],
      b: [null, true, null],
    });
  });

  test("keeps texts of digits, as its numbers are numbers already", () => {
    expect(plain(jsonTable('[{ "zip": "00501" }]', "a.json"))).toEqual({ zip: ["00501"] });
  });

  test("has no columns that JavaScript adds", () => {
    const { columns } = jsonTable('[{ "__proto__": 1 }, { "constructor": 2 }]', "a.json");
    expect([...columns]).toEqual([
      ["__proto__", [1, null]],
      ["constructor", [null, 2]],
    ]);
  });

  test.each([
    ["{", /^a\.json: not valid JSON: /],
    ['{ "a": [1] }', /^a\.json: no list of rows, expected \[\{ column: value, \.\.\. \}, \.\.\.\]$/],
    ['[{ "a": 1 }, 2]', /^a\.json: row 1 is no mapping, expected \{ column: value, \.\.\. \}$/],
  ])("is refused: %j", (text, words) => {
    expect(fault(() => jsonTable(text, "a.json"))).toMatch(words);
  });
});
