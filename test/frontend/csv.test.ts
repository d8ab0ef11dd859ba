/** CSV as RFC 4180 has it. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { parseCsv } from "../../src/frontend/csv.ts";

const fieldsOf = (text: string) => parseCsv(text, "a.csv").map(({ fields }) => fields);
const linesOf = (text: string) => parseCsv(text, "a.csv").map(({ line }) => line);

function fault(text: string): string {
  try {
    parseCsv(text, "a.csv");
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("records", () => {
  test("end with a line feed, with or without a carriage return, or with the text", () => {
    expect(fieldsOf("a,b\r\n1,2\n3,4")).toEqual([
      ["a", "b"],
      ["1", "2"],
      ["3", "4"],
    ]);
    expect(fieldsOf("a\n1\n")).toEqual([["a"], ["1"]]);
    expect(fieldsOf("")).toEqual([]);
  });

  test("may begin after a byte order mark", () => {
    expect(fieldsOf("\ufeffa,b\n")).toEqual([["a", "b"]]);
  });

  test("know the line in which they begin, also behind quoted line ends", () => {
    expect(linesOf('a,b\n"1\n2\r\n3",4\n5,6\n')).toEqual([1, 2, 5]);
  });
});

describe("fields", () => {
  test("in quotes hold commas, quotes and line ends", () => {
    expect(fieldsOf('"W. H. ""Bud"" Barron","Dublin, GA","two\r\nlines",""""')).toEqual([['W. H. "Bud" Barron', "Dublin, GA", "two\r\nlines", '"']]);
  });

  test("that are empty are null, those in quotes empty texts; spaces stay", () => {
    expect(fieldsOf(',"", x \n')).toEqual([[null, "", " x "]]);
    expect(fieldsOf("a,\n\n,b")).toEqual([["a", null], [null], [null, "b"]]);
  });

  test("come back from whatever text was written", () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é") });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 1 }), { minLength: 1 }), fc.constantFrom("\n", "\r\n"), (records, end) => {
        expect(fieldsOf(records.map((record) => record.map(quoted).join(",") + end).join(""))).toEqual(records);
      }),
    );
  });

  test("may be long", () => {
    const long = '""'.repeat(1e5);
    expect(fieldsOf(`"${long}"`)[0]![0]).toHaveLength(1e5);
  });
});

describe("what breaks the rules is named with line and column", () => {
  test.each([
    ['a,b\n1,"2\n3,4\n', "a.csv:2:3: a quoted field has no closing quote"],
    ['a\n"1\n2"x\n', 'a.csv:3:3: expected a comma or the end of the line after a quoted field, found "x"'],
    ['a,b\n1,2"3\n', 'a.csv:2:4: found "\\"" in a field without quotes'],
    ["a\r1\r", 'a.csv:1:2: found "\\r" in a field without quotes'],
  ])("%j", (text, words) => {
    expect(fault(text).split(";")[0]).toBe(words);
  });
});
