import { expect, test } from "vitest";
import { bankWords } from "../../src/compile/explain-banks.ts";
import { type TilesShape, tablesTurned, tilesRead, withPmu } from "../support/banks.ts";

const words = (shape: Partial<TilesShape>) =>
  bankWords(tilesRead({ tiles: 2, rows: 16, cols: 32, readers: ["columns"], ...shape }).fabric.sections[0]!, withPmu({}));

test("nothing is said of a memory whose rows are read by rows", () => {
  expect(words({ readers: ["rows"] })).toEqual([]);
});

test("what a layout costs, and what another would", () => {
  expect(words({ ii: 16 })).toEqual(["  memory tile lies in cyclic order over 16 banks: a vector takes up to 16 turns"]);
  expect(words({ lie: { strides: [33, 1] } })).toEqual([
    "  memory tile lies in cyclic order over 16 banks, rows of 32 words in 33: a vector takes 1 turn; with row after row in cyclic order it would take 16",
  ]);
  expect(words({ lie: { banking: "diagonal" } })).toEqual([
    "  memory tile lies diagonally over 16 banks: a vector takes 1 turn; with row after row in cyclic order it would take 16",
  ]);
  expect(words({ readers: ["rows"], lie: { banking: "block" } })).toEqual([
    "  memory tile lies in 16 blocks of 32 words, one a bank: a vector takes up to 16 turns",
  ]);
});

test("who queues at a port", () => {
  expect(words({ readers: ["rows", "rows"] })).toEqual(["  memory tile 2 nests queue at its read port"]);
  expect(words({ rows: 20 })).toEqual([
    "  memory tile lies in cyclic order over 16 banks: a vector takes up to 16 turns; a nest queues at its read port, as its turns differ",
  ]);
});

test("data decides about a table, and memories that are alike have one line", () => {
  const { units, ...section } = tablesTurned(3, 40, 20).fabric.sections[0]!;
  const twice = units.flatMap((unit) => (unit.kind === "pmu" ? [unit, { ...unit, id: `${unit.id}2` }] : [unit])) as typeof units;
  expect(bankWords({ ...section, channels: [], units: twice }, withPmu({}))).toEqual([
    "  memory table, and 1 like it, lies in cyclic order over 16 banks: data decides how many turns a vector takes; 2 nests queue at its read port",
  ]);
});
