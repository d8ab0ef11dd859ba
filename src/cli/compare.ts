/** `weft compare`: one program on several machines and in several styles, side by side. */

import { availableParallelism } from "node:os";
import { UserError } from "../base/errors.ts";
import type { Style } from "../fabric/fabric.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import { type Comparison, compareSides } from "../report/compare.ts";
import { printComparison } from "../report/compare-text.ts";
import { type GpuSide, gpuVariants, gpuWaterfalls, sideOfGpu } from "../report/gpu-side.ts";
import { rooflineSvg } from "../report/roofline-svg.ts";
import type { Side } from "../report/sides.ts";
import { assertWritable, writeText } from "./files.ts";
import { gpuResult } from "./gpu-run.ts";
import type { SideJob } from "./jobs.ts";
import { inLanes } from "./lanes.ts";
import { type AnyMachine, kindOfMachine, readAnyMachine } from "./machines.ts";
import { parseSettings, type Settings, secondsOf, wholeNumber } from "./settings.ts";
import { inThread } from "./thread.ts";
import { type LoadedWorkload, loadWorkload } from "./workload.ts";

export interface CompareFlags {
  readonly workload: string;
  readonly machine: readonly string[];
  readonly set: readonly string[];
  readonly seed: string | undefined;
  readonly maxSeconds: string;
  readonly json: string | undefined;
  readonly svg: string | undefined;
}

/** What `compare` works on; the tests give it lanes of their own. */
export interface CompareParts {
  readonly side: (job: SideJob, label: string, signal: AbortSignal) => Promise<Side>;
  readonly lanes: number;
  readonly print: (text: string) => void;
}

const DEFAULTS: CompareParts = {
  side: inThread,
  lanes: availableParallelism(),
  print: (text) => void process.stdout.write(text),
};

/** What is at fault in the command line is told before anything runs; files are written at the end, whole. */
export async function compare(flags: CompareFlags, parts: Partial<CompareParts> = {}): Promise<void> {
  const all = { ...DEFAULTS, ...parts };
  const { workload, entries } = await planOf(flags);
  const { json, svg } = flags;
  for (const file of [json, svg]) if (file !== undefined) assertWritable(file);
  if (json === "-" && svg === "-") throw fault("only one of --json and --svg can be standard output", "--svg");
  const gpus = entries.map((entry) => ("length" in entry ? [] : gpuSides(workload, entry)));
  const ran = await runSides(
    entries.flatMap((entry) => ("length" in entry ? entry : [])),
    all,
  );
  const rdas = entries.map((entry) => ("length" in entry ? ran.splice(0, entry.length) : []));
  const sides = entries.flatMap((_, m) => [...rdas[m]!, ...gpus[m]!.map(({ side }) => side)]);
  const comparison = compareSides(
    sides,
    gpuWaterfalls(
      workload.program,
      gpus.flatMap((own) => own.slice(0, 1)),
      sides,
    ),
  );
  if (json !== undefined) writeText(json, `${JSON.stringify(comparison, null, 1)}\n`);
  if (svg !== undefined) writeText(svg, rooflineSvg(comparison.roofline, titleOf(comparison)));
  if (json !== "-" && svg !== "-") all.print(printComparison(comparison, process.stdout.isTTY === true && process.env.NO_COLOR === undefined));
}

function gpuSides(workload: LoadedWorkload, gpu: GpuMachine): readonly GpuSide[] {
  return gpuVariants(gpu).map((machine) => sideOfGpu(workload.program, machine, gpuResult(workload, machine)));
}

function titleOf({ workload, sides }: Comparison): string {
  return `${workload.name} on ${[...new Set(sides.map(({ machine }) => machine.name))].join(", ")}`;
}

/** In the order of the machines; the first to fail ends the others. */
async function runSides(jobs: readonly SideJob[], { side, lanes }: CompareParts): Promise<Side[]> {
  const stop = new AbortController();
  const sides: Side[] = [];
  try {
    await inLanes(jobs.length, lanes, async (nth) => {
      if (stop.signal.aborted) return;
      const job = jobs[nth]!;
      sides[nth] = await side(job, `${job.machine} ${job.style}`, stop.signal);
    });
  } catch (error) {
    stop.abort();
    throw error;
  }
  return sides;
}

/** What is to be run, in the order of the machines: jobs of accelerators, and GPUs, which take no time. */
interface Plan {
  readonly workload: LoadedWorkload;
  readonly entries: readonly (readonly SideJob[] | GpuMachine)[];
}

async function planOf({ workload, machine: machines, set, seed: given, maxSeconds: limit }: CompareFlags): Promise<Plan> {
  if (machines.length === 0) throw fault("expected at least one machine, found none", "--machine", "for instance --machine sn40l a100-80");
  const twice = machines.find((name, m) => machines.indexOf(name) !== m);
  if (twice !== undefined) throw fault(`${twice} is named twice`, "--machine");
  const settings = parseSettings(set);
  const seed = given === undefined ? null : wholeNumber("--seed", given, 0);
  const maxSeconds = secondsOf("--max-seconds", limit);
  const kinds = machines.map(kindOfMachine);
  const of = (kind: AnyMachine["kind"]): Settings => ({ ...settings, machine: settings.machine.filter(({ path }) => !isOnlyOf(path, kind, kinds)) });
  const entries = machines.map((machine, m) => {
    const own = of(kinds[m]!);
    const read = readAnyMachine(machine, own.machine);
    if (read.kind === "gpu") return read;
    return STYLES.map((style): SideJob => ({ kind: "side", ...{ workload, machine, style, settings: own, seed, maxSeconds } }));
  });
  return { workload: await loadWorkload(workload, { settings: settings.workload, ...(seed === null ? {} : { seed }) }), entries };
}

/** A setting of the other kind of machine, where one of that kind takes part. */
function isOnlyOf(path: string, kind: AnyMachine["kind"], kinds: readonly AnyMachine["kind"][]): boolean {
  const [key = ""] = path.split(".");
  const other = kind === "gpu" ? "rda" : "gpu";
  return kinds.includes(other) && KEYS[other].includes(key);
}

const KEYS: { readonly [K in AnyMachine["kind"]]: readonly string[] } = {
  gpu: ["sm", "l2", "hbm", "launch", "link", "power", "execution"],
  rda: ["grid", "pcu", "pmu", "ag", "network", "tiers", "reconfiguration_seconds"],
};

const STYLES: readonly Style[] = ["spatial", "kernel-by-kernel"];

function fault(message: string, path: string, hint?: string): UserError {
  return new UserError({ code: "bad-command-line", message, place: { path }, ...(hint === undefined ? {} : { hint }) });
}
