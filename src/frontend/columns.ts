/**
 * Columns of a table -> values of a tensor: numbers as they are, dates as days since 1970-01-01, texts as codes of their sorted dictionary, or any
 * cell as its row in a column of another table. Scaling is the program's business.
 */

import { type Place, UserError } from "../base/errors.ts";
import { elementsOf } from "../pattern/analysis.ts";
import { arrayFor, isFloat, rangeOf, roundFunction } from "../pattern/dtypes.ts";
import type { Dtype, Tensor, Values } from "../pattern/program.ts";
import { type Cell, type Column, millisecondsPerDay } from "./tables.ts";

export interface Coding {
  /** Cells become their rows in this column. */
  readonly rowOf?: Column;
  /** Stands in for empty cells, and for those that `rowOf` does not have. */
  readonly missing?: number;
}

/**
 * The first rows of `columns`, as many as fill the tensor; of several, the cells of a row stand side by side. The dictionary of texts is that of the
 * whole column, so codes do not depend on the tensor.
 */
export function columnValues(columns: readonly Column[], tensor: Tensor, place: Place, coding: Coding = {}): Values {
  const rows = elementsOf(tensor.shape) / columns.length;
  const values = arrayFor(tensor.dtype, rows * columns.length);
  const toDtype = roundFunction(tensor.dtype);
  const rowOf = coding.rowOf === undefined ? undefined : rowsIn(coding.rowOf, place);
  for (const [position, column] of columns.entries()) {
    const reading = rowOf ?? readingOf(column, tensor.dtype);
    if (reading.codes > rangeOf(tensor.dtype).highest + 1) throw tooManyCodes(coding.rowOf ?? column, reading.codes, tensor, place);
    const numbers = numbersOf(column, rows, reading, tensor, place, coding);
    for (let row = 0; row < rows; row++) values[row * columns.length + position] = toDtype(numbers[row]!);
  }
  return values;
}

/** Whether a tensor of this dtype can be bound to the number; a float rounds and overflows as it does anywhere. */
export function fits(dtype: Dtype, value: number): boolean {
  const { lowest, highest } = rangeOf(dtype);
  return isFloat(dtype) ? !Number.isNaN(value) : value >= lowest && value <= highest && Number.isInteger(value);
}

/** What `fits`, in words. */
export function fitting(dtype: Dtype): string {
  const { lowest, highest } = rangeOf(dtype);
  return isFloat(dtype) ? "a number" : `a whole number from ${lowest} to ${highest}`;
}

// --- cells into numbers ---

interface Reading {
  /** NaN where the cell is none of what is expected. */
  toNumber(cell: Cell): number;
  /** In words: "a number". */
  readonly expected: string;
  /** How many different numbers it gives, from 0 on; 0: it takes numbers as they are. */
  readonly codes: number;
}

/** The numbers of the first `rows` cells; those that the tensor cannot hold are counted and refused together. */
function numbersOf(column: Column, rows: number, reading: Reading, tensor: Tensor, place: Place, coding: Coding): Float64Array {
  if (column.cells.length < rows) throw tooFewRows(column, rows, tensor, place);
  const numbers = new Float64Array(rows);
  const absent = coding.missing ?? Number.NaN;
  let bad = 0;
  let firstBad = 0;
  for (let row = 0; row < rows; row++) {
    const cell = column.cells[row];
    const read = isEmpty(cell) ? absent : reading.toNumber(cell);
    const value = coding.rowOf !== undefined && Number.isNaN(read) ? absent : read;
    numbers[row] = value;
    if (!fits(tensor.dtype, value) && bad++ === 0) firstBad = row;
  }
  if (bad > 0) throw badCells(column, firstBad, bad, reading, tensor, place, coding);
  return numbers;
}

function readingOf(column: Column, dtype: Dtype): Reading {
  const filled = column.cells.filter((cell) => !isEmpty(cell));
  const texts = filled.filter((cell) => typeof cell === "string");
  // A code is no quantity, so no float.
  if (isFloat(dtype) || 2 * texts.length <= filled.length) return { expected: fitting(dtype), codes: 0, toNumber: plainNumber };
  const words = [...new Set(texts as readonly string[])].sort((a, b) => (a < b ? -1 : 1));
  const codes = new Map<Cell, number>(words.map((word, code) => [word, code]));
  return { expected: "a text", codes: words.length, toNumber: (cell) => codes.get(cell) ?? Number.NaN };
}

function plainNumber(cell: Cell): number {
  if (cell instanceof Date) return daysOf(cell);
  return typeof cell === "object" || typeof cell === "string" ? Number.NaN : Number(cell);
}

const daysOf = (date: Date): number => Math.floor(date.getTime() / millisecondsPerDay);

function rowsIn(column: Column, place: Place): Reading {
  const rows = new Map<string, number>();
  for (const [row, cell] of column.cells.entries()) {
    if (isEmpty(cell)) continue;
    const key = keyOf(cell);
    const other = rows.get(key);
    if (other !== undefined) throw ambiguous(column, other, row, place);
    rows.set(key, row);
  }
  const expected = `a cell of column ${JSON.stringify(column.name)} of ${column.file}`;
  return { expected, codes: column.cells.length, toNumber: (cell) => rows.get(keyOf(cell)) ?? Number.NaN };
}

/** Equal for cells that mean the same in files of different types: 5, 5n and "5". */
const keyOf = (cell: Cell): string => String(cell instanceof Date ? daysOf(cell) : cell);

const isEmpty = (cell: Cell): cell is null | undefined => cell === null || cell === undefined;

// --- faults ---

function tooFewRows({ cells }: Column, rows: number, { name }: Tensor, place: Place): UserError {
  const message = `${cells.length} rows, but the input "${name}" needs ${rows}`;
  return new UserError({ code: "too-few-rows", message, place, hint: "set a smaller size" });
}

function tooManyCodes(column: Column, codes: number, { name, dtype }: Tensor, place: Place): UserError {
  const message = `${column.file}, column ${JSON.stringify(column.name)}: ${codes} codes, expected at most ${rangeOf(dtype).highest + 1}: the input "${name}" is ${dtype}`;
  return new UserError({ code: "too-many-codes", message, place, hint: "use a wider dtype" });
}

function badCells(column: Column, row: number, count: number, { expected }: Reading, { name, dtype }: Tensor, place: Place, coding: Coding): UserError {
  const more = count === 1 ? "" : ` (and ${count - 1} more like it)`;
  const found = `${spotOf(column, row)}: found ${inWords(column.cells[row])}${more}`;
  const stands = coding.missing === undefined && (coding.rowOf !== undefined || isEmpty(column.cells[row]));
  return new UserError({
    code: "bad-cell",
    message: `${found}, expected ${expected}: the input "${name}" is ${dtype}`,
    place,
    ...(stands ? { hint: "missing: -1 would stand in for it" } : {}),
  });
}

function ambiguous(column: Column, row: number, again: number, place: Place): UserError {
  const message = `${spotOf(column, again)}: found ${inWords(column.cells[again])} again, which is in ${column.lines === undefined ? `row ${row}` : `line ${column.lines[row]}`} already`;
  return new UserError({ code: "bad-cell", message, place, hint: "row_of needs a column of distinct cells" });
}

/** `airports.csv:3, column "iata"`, or `flights.parquet, row 2, column "delay"` where there are no lines. */
function spotOf({ file, name, lines }: Column, row: number): string {
  return `${file}${lines === undefined ? `, row ${row}` : `:${lines[row]}`}, column ${JSON.stringify(name)}`;
}

function inWords(cell: Cell): string {
  if (isEmpty(cell)) return "an empty cell";
  if (cell instanceof Date) return cell.toISOString().slice(0, 10);
  return typeof cell === "bigint" || typeof cell === "number" ? String(cell) : JSON.stringify(cell);
}
