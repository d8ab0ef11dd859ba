/** What `weft run --out` writes of a run: the report, the trace, and the page with both in it. */

import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { printJson } from "../report/json.ts";
import { printReport } from "../report/table.ts";
import type { RunCounters } from "../result/counters.ts";
import type { RunResult } from "../result/result.ts";
import { bundleOf } from "../scene/bundle.ts";
import { packBundle } from "../scene/pack.ts";
import type { RunBundle } from "../scene/scene.ts";
import { createRecorder, type Recorder } from "../sim/record.ts";
import { makeFolder, packageRoot, readText, writeBytes, writeText } from "./files.ts";
import type { OutputJob, Watch } from "./jobs.ts";
import { readGpuBeside } from "./machines.ts";

/** A result, and what its page is made from: deflated, so that it travels and stands cheaply. */
export interface RunOutput {
  readonly result: RunResult;
  readonly packed: Uint8Array;
}

/** Watches a run for what its page needs of it. */
export function makeWatch(job: Omit<OutputJob, "kind" | "gpu">, gpu: string | null): RunWatch {
  const gpuMachine = gpu === null ? null : readGpuBeside(gpu);
  const seen: { plan?: Parameters<NonNullable<Watch["begins"]>>[0]; recorder?: Recorder; counters?: RunCounters } = {};
  return {
    begins: (plan) => {
      seen.plan = plan;
      if (job.engine === "fast") seen.recorder = createRecorder(plan.prepared.mapping, plan.machine);
    },
    recorder: () => seen.recorder,
    counted: (counters) => {
      seen.counters = counters;
    },
    packed: (report) => {
      const { plan, recorder, counters } = seen as Required<typeof seen>;
      const { program, machine, prepared, workload } = plan;
      const { placeOf } = workload;
      const parts = { program, machine, prepared, counters, report, gpu: gpuMachine, ...(placeOf && { placeOf }) };
      return packRun(bundleOf(parts, recorder ?? null));
    },
  };
}

export interface RunWatch extends Watch {
  /** Once the report is there. */
  readonly packed: (report: RunResult) => Uint8Array;
}

export function packRun(bundle: RunBundle): Uint8Array {
  return deflateSync(packBundle(bundle));
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
