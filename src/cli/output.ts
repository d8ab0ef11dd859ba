/** What `weft run --out` writes of a run: the report, the trace, and the page with both in it. */

import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { gpuOf } from "../scene/gpu.ts";
import { makeScene } from "../scene/make.ts";
import { packBundle } from "../scene/pack.ts";
import type { SceneAction } from "../scene/scene.ts";
import { createRecorder, type Recorder, traceOf } from "../sim/record.ts";
import { printJson } from "../report/json.ts";
import { printReport } from "../report/table.ts";
import type { RunCounters } from "../result/counters.ts";
import type { RunResult } from "../result/result.ts";
import { makeFolder, packageRoot, readText, writeBytes, writeText } from "./files.ts";
import type { OutputJob, Progress, Watch } from "./jobs.ts";

/** A result, and what its page is made from: deflated, so that it travels and stands cheaply. */
export interface RunOutput {
  readonly result: RunResult;
  readonly packed: Uint8Array;
}

/** Writes the folder: report.json, report.txt, trace.bin and index.html. */
export function writeOutput(folder: string, { result, packed }: RunOutput): void {
  makeFolder(folder);
  writeText(join(folder, "report.json"), printJson(result));
  writeText(join(folder, "report.txt"), printReport(result));
  writeBytes(join(folder, "trace.bin"), Buffer.from(packed));
  writeText(join(folder, PAGE), pageOf([packed]));
}

export const PAGE = "index.html";

/** A page that shows the run, or two side by side: it needs no other file, and asks for none. */
export function pageOf(packed: readonly Uint8Array[]): string {
  const runs = packed.map((bytes) => `<script class="weft-run" type="text/plain">${Buffer.from(bytes).toString("base64")}</script>`);
  return readText(join(packageRoot, "dist/page.html")).replace("<!--RUNS-->", () => runs.join("\n"));
}
