/** `weft run`: one simulation, reported as tables, JSON or a folder with both. */

import { join } from "node:path";
import { printJson } from "../report/json.ts";
import { printReport } from "../report/table.ts";
import { assertFolder, assertWritable, makeFolder, writeText } from "./files.ts";
import type { Common, RunJob } from "./jobs.ts";
import { parseSettings, wholeNumber } from "./settings.ts";
import { inThread } from "./thread.ts";

/** What `run`, `compile` and `explain` have in common, as yargs gives it. */
export interface TargetFlags {
  readonly workload: string;
  readonly machine: string;
  readonly style: Common["style"];
  readonly set: readonly string[];
  readonly seed: string | undefined;
}

export interface RunFlags extends TargetFlags {
  readonly values: boolean;
  readonly engine: RunJob["engine"];
  readonly maxCycles: string | undefined;
  readonly json: string | undefined;
  readonly out: string | undefined;
}

export async function run(flags: RunFlags): Promise<void> {
  const { json, out, values, engine } = flags;
  const job: RunJob = {
    kind: "run",
    ...targetOf(flags),
    values,
    engine,
    maxCycles: flags.maxCycles === undefined ? null : wholeNumber("--max-cycles", flags.maxCycles, 1),
  };
  if (json !== undefined) assertWritable(json);
  if (out !== undefined) assertFolder(out);
  const result = await inThread(job);
  if (out !== undefined) {
    makeFolder(out);
    writeText(join(out, "result.json"), printJson(result));
    writeText(join(out, "report.txt"), printReport(result));
  }
  if (json !== undefined) writeText(json, printJson(result));
  if (json !== "-") process.stdout.write(printReport(result, coloured()));
}

export function targetOf({ workload, machine, style, set, seed }: TargetFlags): Common {
  return { workload, machine, style, settings: parseSettings(set), seed: seed === undefined ? null : wholeNumber("--seed", seed, 0) };
}

function coloured(): boolean {
  return process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
}
