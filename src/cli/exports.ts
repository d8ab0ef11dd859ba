/** What `weft run` writes of a run for other programs, for papers and for the terminal. */

import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { traceCsv } from "../export/csv.ts";
import { type Colours, heatmap } from "../export/heatmap.ts";
import { perfettoTrace } from "../export/perfetto.ts";
import { utilisationSvg } from "../export/utilisation-svg.ts";
import type { RunResult } from "../result/result.ts";
import { unpackBundle } from "../scene/pack.ts";
import { writeBytes, writeText } from "./files.ts";
import { readMachine } from "./machines.ts";
import type { Common } from "./target.ts";

/** Of `--trace`. */
export const TRACE_FORMATS = ["perfetto", "csv"] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** Into a folder that exists. Of a run without units, as on a GPU, there is nothing to draw. */
export function writeExports(folder: string, packed: Uint8Array, formats: readonly TraceFormat[]): void {
  const bundle = unpackBundle(inflateSync(packed));
  if (bundle.report.units.length > 0) writeText(join(folder, "utilisation.svg"), utilisationSvg(bundle));
  if (formats.includes("perfetto")) writeBytes(join(folder, "trace.pftrace"), Buffer.from(perfettoTrace(bundle)));
  if (formats.includes("csv")) writeText(join(folder, "trace.csv"), traceCsv(bundle));
}

/** The grid of the machine that ran it, in the colours of standard output. */
export function heatmapOf(result: RunResult, { machine, settings }: Common): string {
  return heatmap(result, readMachine(machine, settings.machine).grid, coloursOf(process.stdout, process.env));
}

function coloursOf({ isTTY }: Pick<NodeJS.WriteStream, "isTTY">, { NO_COLOR, COLORTERM = "" }: NodeJS.ProcessEnv): Colours {
  if (isTTY !== true || NO_COLOR !== undefined) return "plain";
  return /truecolor|24bit/.test(COLORTERM) ? "24-bit" : "256";
}
