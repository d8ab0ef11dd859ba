/** `weft systolic`: the cycles of layers on a systolic array, counted by the engine. */

import { UserError } from "../base/errors.ts";
import type { ArraySize, Dataflow } from "../units/systolic.ts";
import { assertWritable, readText, writeText } from "./files.ts";
import { type Layer, parseLayers, parseProduct } from "./layers.ts";
import { printSystolic } from "./systolic-count.ts";
import { inThread } from "./thread.ts";

export interface SystolicFlags {
  readonly array: string;
  readonly dataflow: Dataflow | "all";
  readonly gemm: readonly string[];
  readonly layers: readonly string[];
  readonly json: string | undefined;
}

export const DATAFLOWS: readonly Dataflow[] = ["os", "ws", "is"];

export async function systolicCommand({ array, dataflow, gemm, layers: files, json }: SystolicFlags): Promise<void> {
  const size = parseArray(array);
  const layers = [...gemm.map((text) => parseProduct(text, "--gemm")), ...files.flatMap(readLayers)];
  if (layers.length === 0) throw new UserError({ code: "bad-command-line", message: "systolic needs a layer", hint: "--gemm 100,70,33 or --layers FILE.csv" });
  if (json !== undefined) assertWritable(json);
  const report = await inThread({ kind: "systolic", array: size, dataflows: dataflow === "all" ? DATAFLOWS : [dataflow], layers });
  if (json !== undefined) writeText(json, `${JSON.stringify(report, null, 1)}\n`);
  if (json !== "-") process.stdout.write(printSystolic(report));
}

const readLayers = (file: string): readonly Layer[] => parseLayers(readText(file), file);

/** Rows and columns beyond which the engine would take minutes. */
const MOST = 8192;

/** `32x64`: rows, columns. `32`: both. */
function parseArray(text: string): ArraySize {
  const [, rows, columns = rows] = /^(\d+)(?:x(\d+))?$/i.exec(text.trim()) ?? [];
  const size = { rows: Number(rows), columns: Number(columns) };
  if ([size.rows, size.columns].every((side) => side >= 1 && side <= MOST)) return size;
  throw new UserError({
    code: "bad-array",
    message: `expected ROWSxCOLUMNS, each from 1 to ${MOST}, found ${JSON.stringify(text)}`,
    place: { path: "--array" },
    hint: "for instance 32x32 or 16x128",
  });
}
