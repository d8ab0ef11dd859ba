/** `weft run`: one simulation, reported as tables, JSON or a folder with a page that shows it. */

import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { printJson } from "../report/json.ts";
import { printReport } from "../report/table.ts";
import type { RunResult } from "../result/result.ts";
import { tryForPage, withTries } from "./actions.ts";
import { heatmapOf, type TraceFormat, writeExports } from "./exports.ts";
import { JobFailed } from "./failure.ts";
import { assertFolder, assertWritable, writeText } from "./files.ts";
import type { RunJob } from "./jobs.ts";
import { kindOfMachine } from "./machines.ts";
import { PAGE, writeOutput } from "./output.ts";
import { bytesOf, secondsOf, wholeNumber } from "./settings.ts";
import { type TargetFlags, targetOf } from "./target.ts";
import { inThread } from "./thread.ts";

export interface RunFlags extends TargetFlags {
  readonly values: boolean;
  readonly engine: RunJob["engine"];
  readonly fastForward: boolean;
  readonly maxCycles: string | undefined;
  readonly maxSeconds: string | undefined;
  readonly maxMemory: string | undefined;
  readonly checkpoint: string | undefined;
  readonly resume: string | undefined;
  readonly json: string | undefined;
  readonly out: string | undefined;
  /** A GPU's config, or "none". */
  readonly gpu: string;
  readonly trace: readonly TraceFormat[];
  readonly heatmap: boolean;
  /** Changes that are run for the page, and runs for the depth of each of some channels. */
  readonly tries: string;
}

/** A run that is stopped is reported as far as it came, and fails after that. */
export async function run(flags: RunFlags): Promise<void> {
  const job = jobOf(flags);
  const { json, out, checkpoint } = flags;
  refuseUnfit(flags);
  if (json !== undefined) assertWritable(json);
  if (out !== undefined) assertFolder(out);
  if (checkpoint !== undefined) assertWritable(checkpoint);
  const gpu = flags.gpu === "none" ? null : flags.gpu;
  const tries = wholeNumber("--tries", flags.tries, 0, 10_000);
  const maxSeconds = flags.maxSeconds === undefined ? Number.POSITIVE_INFINITY : secondsOf("--max-seconds", flags.maxSeconds);
  try {
    const done = out === undefined ? { result: await inThread(job), packed: null } : await inThread({ ...job, kind: "output", gpu });
    const packed = done.packed === null || tries === 0 ? done.packed : await withTries(done.packed, (bundle) => tryForPage(flags, bundle, tries, maxSeconds));
    writeResult(done.result, packed, flags);
  } catch (error) {
    if (error instanceof JobFailed && error.partial !== null) writeResult(error.partial, error.packed, flags);
    throw error;
  }
}

function jobOf(flags: RunFlags): RunJob {
  const { values, engine, fastForward, maxCycles, maxSeconds, maxMemory, checkpoint, resume } = flags;
  if (checkpoint === "-") throw new UserError({ code: "bad-file", message: 'expected a file, found "-"', place: { path: "--checkpoint" } });
  return {
    kind: "run",
    ...targetOf(flags),
    ...{ values, engine, fastForward },
    maxCycles: maxCycles === undefined ? null : wholeNumber("--max-cycles", maxCycles, 1),
    limits: {
      maxSeconds: maxSeconds === undefined ? null : secondsOf("--max-seconds", maxSeconds),
      maxBytes: maxMemory === undefined ? null : bytesOf("--max-memory", maxMemory),
    },
    checkpoint: checkpoint ?? null,
    resume: resume ?? null,
  };
}

/** Flags that would do nothing, or that a terminal could not tell apart. */
function refuseUnfit({ trace, out, heatmap, json, machine, tries }: RunFlags): void {
  const fault = (path: string, message: string, hint: string): UserError => new UserError({ code: "bad-command-line", message, place: { path }, hint });
  if (trace.length > 0 && out === undefined) throw fault("--trace", "a trace is written into the folder of --out, and none is given", "add --out runs/one");
  if (tries !== "0" && out === undefined)
    throw fault("--tries", "what changes gain is told in the page of --out, and none is written", "add --out runs/one, or use weft explain");
  if (tries !== "0" && kindOfMachine(machine) === "gpu") throw fault("--tries", "changes are tried on machines with a grid", "leave it out");
  if (heatmap && json === "-") throw fault("--heatmap", "standard output is the JSON's with --json -", "write the JSON into a file");
  const gridless = heatmap ? "--heatmap" : "--trace";
  if ((heatmap || trace.length > 0) && kindOfMachine(machine) === "gpu")
    throw fault(gridless, "a GPU has no units in places", "name a machine with a grid: plasticine, sn40l");
}

function writeResult(result: RunResult, packed: Uint8Array | null, flags: RunFlags): void {
  const { json, out, trace, heatmap } = flags;
  if (out !== undefined && packed !== null) {
    writeOutput(out, { result, packed });
    writeExports(out, packed, trace);
    process.stderr.write(`weft: the page is ${join(out, PAGE)}\n`);
  }
  if (json !== undefined) writeText(json, printJson(result));
  if (json !== "-") process.stdout.write(printReport(result, coloured()));
  if (heatmap) process.stdout.write(`\n${heatmapOf(result, targetOf(flags))}`);
}

function coloured(): boolean {
  return process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
}
