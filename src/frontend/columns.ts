/** Columns of a table -> values of a tensor: numbers as they are, texts as codes of their sorted dictionary, dates as days since 1970-01-01. */

import { type Place, UserError } from "../base/errors.ts";
import { elementsOf } from "../pattern/analysis.ts";
import { arrayFor, isFloat, rangeOf, roundFunction } from "../pattern/dtypes.ts";
import type { Tensor, Values } from "../pattern/program.ts";

export type Cell = number | bigint | string | boolean | Date | null | undefined;

const millisecondsPerDay = 86_400_000;

/** The first cells of `column`, as many as the tensor has elements. The dictionary is that of the whole column, so codes do not depend on the tensor. */
export function columnValues(column: readonly Cell[], tensor: Tensor, place: Place): Values {
  const length = elementsOf(tensor.shape);
  if (column.length < length)
    throw new UserError({
      code: "too-few-rows",
      message: `${column.length} rows, but the input "${tensor.name}" needs ${length}`,
      place,
      hint: "set a smaller size",
    });
  const toNumber = typeof column.find((cell) => cell !== null && cell !== undefined) === "string" ? encoder(column) : plainNumber;
  const values = arrayFor(tensor.dtype, length);
  const toDtype = roundFunction(tensor.dtype);
  const { lowest, highest } = rangeOf(tensor.dtype);
  const exact = !isFloat(tensor.dtype);
  for (let row = 0; row < length; row++) {
    const value = toNumber(column[row]);
    const fits = exact ? value >= lowest && value <= highest && Number.isInteger(value) : !Number.isNaN(value);
    if (!fits) throw badCell(column[row], row, tensor, place);
    values[row] = toDtype(value);
  }
  return values;
}

function badCell(cell: Cell, row: number, { name, dtype }: Tensor, place: Place): UserError {
  const found = cell === null || cell === undefined ? "empty" : typeof cell === "bigint" ? String(cell) : JSON.stringify(cell);
  const { lowest, highest } = rangeOf(dtype);
  const expected = isFloat(dtype) ? "a number" : `a whole number from ${lowest} to ${highest}`;
  return new UserError({ code: "bad-cell", message: `row ${row} is ${found}, expected ${expected}: the input "${name}" is ${dtype}`, place });
}

/** NaN where the cell is empty. */
function plainNumber(cell: Cell): number {
  if (cell === null || cell === undefined) return Number.NaN;
  return cell instanceof Date ? Math.floor(cell.getTime() / millisecondsPerDay) : Number(cell);
}

/** Codes 0, 1 ... in the order of code units. */
function encoder(column: readonly Cell[]): (cell: Cell) => number {
  const words = [...new Set(column)].filter((cell) => typeof cell === "string").sort((a, b) => (a < b ? -1 : 1));
  const codes = new Map<Cell, number>(words.map((word, code) => [word, code]));
  return (cell) => codes.get(cell) ?? Number.NaN;
}
