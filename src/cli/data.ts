/** Data that workload files bind inputs to: columns of .parquet, .csv and .json files, of an npm package or beside the workload. */

import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, join, resolve } from "node:path";
import { type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { type Place, printFault, UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { columnValues } from "../frontend/columns.ts";
import { type Cell, type Column, csvTable, jsonTable, type Table } from "../frontend/tables.ts";
import { type Binding, columnsOf, type Source } from "../frontend/workload.ts";
import { elementsOf } from "../pattern/analysis.ts";
import type { Tensor, Values } from "../pattern/program.ts";
import { packageRoot, readText } from "./files.ts";

/** Reads what an input is bound to; `place`: of a key of the binding. */
export type InputReader = (binding: Binding, tensor: Tensor, place: (...keys: readonly string[]) => Place) => Promise<Values>;

/** How many of a column's first rows are wanted, where it holds texts and where it does not. */
interface Wanted {
  readonly rows: number;
  readonly texts: number;
}

const all: Wanted = { rows: Number.POSITIVE_INFINITY, texts: Number.POSITIVE_INFINITY };

/** For the inputs of one workload file, which stands in the folder `base`: a .csv or .json file is read once for all of them. */
export function inputReader(base: string): InputReader {
  const tables = new Map<string, Table>();
  const columnOf = async (source: Source, name: string, wanted: Wanted, place: Place): Promise<Column> => {
    const { path, label } = fileOf(source, base, place);
    if (extname(path) === ".parquet") return { file: label, name, cells: await readParquet(path, label, name, wanted, place) };
    const table = tables.get(path) ?? readTable(path, label, place);
    tables.set(path, table);
    return columnOfTable(table, name, place);
  };
  return async (binding, tensor, place) => {
    const names = columnsOf(binding);
    const { row_of, missing } = binding;
    const rows = elementsOf(tensor.shape) / names.length;
    // A dictionary is made of all texts of a column.
    const wanted = { rows, texts: row_of === undefined ? all.texts : rows };
    const columns: Column[] = [];
    for (const name of names) columns.push(await columnOf(binding, name, wanted, place()));
    const rowOf = row_of && (await columnOf(row_of, row_of.column, all, place("row_of")));
    return columnValues(columns, tensor, place(), { ...(rowOf && { rowOf }), ...(missing !== undefined && { missing }) });
  };
}

/** As messages name it. */
export function labelOf({ package: from, file }: Source): string {
  return from === undefined ? file : `${from}/${file}`;
}

// --- files ---

function fileOf(source: Source, base: string, place: Place): { readonly path: string; readonly label: string } {
  const { package: from } = source;
  const path = pathOf(source, base);
  const label = labelOf(source);
  if (path === undefined) {
    const hint = `npm install ${from}, or bind a file`;
    throw new UserError({ code: "missing-data", message: `no npm package ${JSON.stringify(from)} is installed`, place, hint });
  }
  if (!existsSync(path)) throw new UserError({ code: "missing-data", message: `no such data file: ${label}`, place });
  return { path, label };
}

function pathOf({ package: name, file }: Source, base: string): string | undefined {
  if (name === undefined) return resolve(base, file);
  const roots = [base, packageRoot].flatMap((directory) => createRequire(join(directory, "here.js")).resolve.paths(name) ?? []);
  const root = roots.find((directory) => existsSync(join(directory, name)));
  return root === undefined ? undefined : join(root, name, file);
}

// --- .csv and .json ---

const readers: Readonly<Record<string, (text: string, file: string) => Table>> = { ".csv": csvTable, ".json": jsonTable };

function readTable(path: string, label: string, place: Place): Table {
  const read = readers[extname(path)];
  if (read === undefined) throw new UserError({ code: "unknown-format", message: `${label} is no .parquet, .csv or .json file`, place });
  try {
    return read(readText(path), label);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.faults.map(({ code, ...fault }) => ({ code, message: printFault({ code, ...fault }), place })));
  }
}

function columnOfTable({ file, columns, lines }: Table, name: string, place: Place): Column {
  const cells = columns.get(name);
  if (cells === undefined) throw unknownColumn(file, name, [...columns.keys()], place);
  return { file, name, cells, ...(lines && { lines }) };
}

function unknownColumn(file: string, name: string, names: readonly string[], place: Place): UserError {
  return new UserError({ code: "unknown-column", message: `${file} has no column ${JSON.stringify(name)}`, place, hint: suggestion(name, names) });
}

// --- .parquet ---

async function readParquet(path: string, label: string, column: string, wanted: Wanted, place: Place): Promise<readonly Cell[]> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const file = {
      byteLength: size,
      slice: async (start: number, end = size) => {
        const bytes = new Uint8Array(end - start);
        await handle.read(bytes, 0, end - start, start);
        return bytes.buffer;
      },
    };
    const metadata = await parquetMetadataAsync(file);
    const names = metadata.schema.filter(({ num_children }) => num_children === undefined).map(({ name }) => name);
    if (!names.includes(column)) throw unknownColumn(label, column, names, place);
    return await readCells(file, metadata, column, wanted);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    throw new UserError({ code: "bad-data", message: `${label} is no readable Parquet file (${reason})`, place, hint: "it may be truncated; fetch it again" });
  } finally {
    await handle.close();
  }
}

async function readCells(file: Parameters<typeof parquetRead>[0]["file"], metadata: FileMetaData, column: string, wanted: Wanted): Promise<readonly Cell[]> {
  const isText = metadata.schema.some(({ name, type }) => name === column && type === "BYTE_ARRAY");
  const last = Math.min(isText ? wanted.texts : wanted.rows, Number(metadata.num_rows));
  // Filled at once: chunks may come in any order, and writing past the end would make a slow, sparse array.
  const cells: Cell[] = new Array<Cell>(last).fill(null);
  await parquetRead({
    ...{ file, metadata, compressors, columns: [column], rowStart: 0, rowEnd: last },
    onChunk: ({ columnData, rowStart }) => {
      for (let row = 0; row < columnData.length && rowStart + row < last; row++) cells[rowStart + row] = columnData[row] as Cell;
    },
  });
  return cells;
}
