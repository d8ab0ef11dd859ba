/**
 * Tables of files, column by column: the texts of CSV and JSON files here, Parquet where files are read. CSV has no types, and JSON no dates: a
 * column's texts are numbers, days or truths where most of its cells are, so that a cell that is not stands out instead of turning the column into text.
 */

import { UserError } from "../base/errors.ts";
import { parseCsv } from "./csv.ts";

export const millisecondsPerDay = 86_400_000;

/** Of objects only a Date is a value; what else a JSON file holds is refused where a tensor needs it. */
export type Cell = number | bigint | string | boolean | object | null | undefined;

export interface Table {
  /** As messages name it. */
  readonly file: string;
  readonly columns: ReadonlyMap<string, readonly Cell[]>;
  /** Line of each row, in files that people read by line. */
  readonly lines?: readonly number[];
}

export interface Column {
  /** Of its table. */
  readonly file: string;
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly lines?: readonly number[];
}

/** A CSV file: the first record names the columns, and every other has as many fields. */
export function csvTable(text: string, file: string): Table {
  const [head, ...records] = parseCsv(text, file);
  const names = head?.fields.map((field) => field ?? "") ?? [];
  if (names.length === 0)
    throw new UserError({ code: "bad-data", message: "an empty file, expected the names of its columns in the first line", place: { file } });
  const twice = names.find((name, position) => names.indexOf(name) < position);
  if (twice !== undefined) throw new UserError({ code: "bad-data", message: `two columns are called ${JSON.stringify(twice)}`, place: { file, line: 1 } });
  const uneven = records.find(({ fields }) => fields.length !== names.length);
  if (uneven !== undefined)
    throw new UserError({
      code: "bad-data",
      message: `${counted(uneven.fields.length, "field")}, but the first line names ${counted(names.length, "column")}`,
      place: { file, line: uneven.line },
      hint: "a field that holds a comma stands in quotes",
    });
  const cells = names.map(
    (name, position) =>
      [
        name,
        typed(
          records.map(({ fields }) => fields[position]),
          fromText,
        ),
      ] as const,
  );
  return { file, columns: new Map(cells), lines: records.map(({ line }) => line) };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A JSON file that is a list of mappings, one a row; a key that a row does not have is an empty cell. */
export function jsonTable(text: string, file: string): Table {
  const rows = parsed(text, file);
  if (!Array.isArray(rows)) throw new UserError({ code: "bad-data", message: "no list of rows, expected [{ column: value, ... }, ...]", place: { file } });
  const other = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
  if (other >= 0) throw new UserError({ code: "bad-data", message: `row ${other} is no mapping, expected { column: value, ... }`, place: { file } });
  const names = new Set((rows as readonly object[]).flatMap((row) => Object.keys(row)));
  const cellsOf = (name: string): readonly Cell[] => rows.map((row: Record<string, Cell>) => (Object.hasOwn(row, name) ? row[name] : null));
  return { file, columns: new Map([...names].map((name) => [name, typed(cellsOf(name), daysOf)])) };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError({ code: "json-syntax", message: `not valid JSON: ${(error as Error).message}`, place: { file } });
  }
}

// --- types of texts ---

type Reading = (text: string) => Cell;

/** The cells with what `read` makes of texts, where it makes something of most of them. */
function typed(cells: readonly Cell[], read: Reading): readonly Cell[] {
  const filled = cells.filter((cell) => cell !== null && cell !== undefined);
  const readable = filled.filter((cell) => typeof cell === "string" && read(cell) !== undefined).length;
  return 2 * readable <= filled.length ? cells : cells.map((cell) => (typeof cell === "string" ? (read(cell) ?? cell) : cell));
}

function fromText(text: string): Cell {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : daysOf(text);
}

/** Days since 1970-01-01 of `2001-01-31` or `2001/01/31`; a time behind it is left out. */
function daysOf(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})[-/](\d\d)[-/](\d\d)([T ]\d\d:\d\d.*)?$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const isDate = month >= 1 && month <= 12 && day >= 1 && Date.UTC(year, month - 1, day) < Date.UTC(year, month, 1);
  return isDate ? Date.UTC(year, month - 1, day) / millisecondsPerDay : undefined;
}
