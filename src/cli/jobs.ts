/** The work behind the commands: from names and flags to a result, every stage a function call. Runs in a worker thread. */

import { inFile, RunError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import type { Controllers } from "../compile/controllers.ts";
import { explain } from "../compile/explain.ts";
import { printControllers } from "../compile/index.ts";
import { printFabric } from "../fabric/print.ts";
import type { Machine } from "../machine/machine.ts";
import { printMapping } from "../mapper/index.ts";
import { printProgram } from "../pattern/print.ts";
import { grouped } from "../report/format.ts";
import { makeResult } from "../report/make.ts";
import { plannedCycles } from "../report/planned.ts";
import { type Planned, sideOf } from "../report/rda-side.ts";
import type { Side } from "../report/sides.ts";
import type { RunCounters } from "../result/counters.ts";
import type { RunResult } from "../result/result.ts";
import { warnOfBuffers } from "../sim/buffering.ts";
import type { DepthAnswer } from "../sim/depths.ts";
import { hostOf } from "../sim/host.ts";
import { type Prepared, prepare } from "../sim/prepare.ts";
import type { Recorder } from "../sim/record.ts";
import { type SimulateOptions, simulate } from "../sim/simulate.ts";
import { sliceFabric } from "../sim/slice.ts";
import { RunStopped, type Stop } from "../sim/watch.ts";
import { type Change, type ChangesJob, type EstimatesJob, estimateChanges, listChanges } from "./changes.ts";
import { assertSameRun, type Checkpoint, type Identity, makeKeeper, readCheckpoint, whereFrom } from "./checkpoint.ts";
import { shownPath } from "./code.ts";
import type { ComparisonSuite, Row } from "./comparison.ts";
import { answerDepth, type DepthJob } from "./depth-job.ts";
import { type DramChoice, type DramReport, runDram, type StreamChoice } from "./dram-memory.ts";
import { failureOf, JobFailed } from "./failure.ts";
import { version } from "./files.ts";
import { gpuOutput, gpuRun } from "./gpu-run.ts";
import { kindOfMachine, readEnergyTable } from "./machines.ts";
import { makeWatch, type RunOutput } from "./output.ts";
import { makeRowTeller, makeTeller } from "./progress.ts";
import { type HostLimits, NO_LIMITS, type StopRequest, stopAsked, wordsFor } from "./stop.ts";
import { dataBytes, expectedCycles, mostOnChip, type Study } from "./study.ts";
import { SUITES } from "./suites.ts";
import { countLayers, type SystolicJob, type SystolicReport } from "./systolic-count.ts";
import { type Common, load } from "./target.ts";
import { type Candidates, type CandidatesJob, listCandidates, type Trial, type TrialJob, tryChoice } from "./trials.ts";
import type { LoadedWorkload } from "./workload.ts";

export interface RunJob extends Common {
  readonly kind: "run";
  readonly values: boolean;
  readonly engine: "fast" | "oracle";
  readonly maxCycles: number | null;
  /** True unless said. */
  readonly fastForward?: boolean;
  /** None unless said. */
  readonly limits?: HostLimits;
  /** Files. */
  readonly checkpoint?: string | null;
  readonly resume?: string | null;
}

/** A run, and beside it what was expected of it. */
export interface StudyJob extends Omit<RunJob, "kind"> {
  readonly kind: "study";
  /** A plan that is expected to take more cycles is not simulated: the job fails and says so. None unless said. */
  readonly mostCycles?: number;
  /** Seconds after which this run is stopped, whatever the command did before. None unless said. */
  readonly ownSeconds?: number;
}

/** A run with all that a page shows of it. */
export interface OutputJob extends Omit<RunJob, "kind"> {
  readonly kind: "output";
  /** A GPU on which the same program is shown beside it; null: none. */
  readonly gpu: string | null;
}

/** One side of a comparison. */
export interface SideJob extends Common {
  readonly kind: "side";
  /** Of this run, compiling included: after them it is stopped, and what its plan expects stands in for the rest. */
  readonly maxSeconds: number;
}

/** `explanation` is what `weft explain` prints. */
export type Emit = "program" | "controllers" | "fabric" | "mapping" | "explanation";

export interface CompileJob extends Common {
  readonly kind: "compile";
  readonly emit: Emit;
}

/** The rows of a suite of `weft validate`, by its name. */
export interface ComparisonJob {
  readonly kind: "comparison";
  readonly suite: string;
}

/** A stream of accesses on a memory. */
export interface DramJob {
  readonly kind: "dram";
  readonly choice: DramChoice;
  readonly stream: StreamChoice;
}

export type Job =
  | RunJob
  | OutputJob
  | StudyJob
  | SideJob
  | CompileJob
  | ComparisonJob
  | SystolicJob
  | DramJob
  | CandidatesJob
  | TrialJob
  | ChangesJob
  | EstimatesJob
  | DepthJob;

/** Words for people while a job runs. */
export type Progress = (line: string) => void;

/** How the thread that waits for a job and the job's own reach each other while it runs. */
export interface Link {
  /** Tells that from now on the job answers a request to stop. */
  readonly answers: () => void;
  readonly request: StopRequest;
}

export type Done =
  | RunResult
  | RunOutput
  | Study
  | Side
  | string
  | readonly Row[]
  | SystolicReport
  | DramReport
  | Candidates
  | Trial
  | readonly Change[]
  | readonly (number | null)[]
  | DepthAnswer;

export function doJob(job: Job, progress: Progress, link?: Link): Promise<Done> {
  switch (job.kind) {
    case "run":
      return runJob(job, progress, link);
    case "output":
      return outputJob(job, progress, link);
    case "study":
      return studyJob(job, progress, link);
    case "side":
      return sideJob(job, progress, link);
    case "compile":
      return compileJob(job, progress);
    case "comparison":
      return comparisonJob(job, progress);
    case "systolic":
      return Promise.resolve(countLayers(job, makeRowTeller(seconds, progress)));
    case "dram":
      return Promise.resolve(runDram(job.choice, job.stream));
    case "candidates":
      return listCandidates(job);
    case "trial":
      return tryChoice(job);
    case "changes":
      return listChanges(job);
    case "estimates":
      return estimateChanges(job, makeRowTeller(seconds, progress));
    case "depth":
      return answerDepth(job);
  }
}

async function runJob(job: RunJob, progress: Progress, link?: Link): Promise<RunResult> {
  if (kindOfMachine(job.machine) === "gpu") return gpuRun(job);
  return (await studyJob({ ...job, kind: "study" }, progress, link)).result;
}

/** The run, and the bundle of its page; of a run that was stopped, too. */
async function outputJob({ gpu, ...job }: OutputJob, progress: Progress, link?: Link): Promise<RunOutput> {
  if (kindOfMachine(job.machine) === "gpu") return gpuOutput({ ...job, kind: "run" });
  const watch = makeWatch(job, gpu);
  try {
    const { result } = await studyJob({ ...job, kind: "study" }, progress, link, watch);
    return { result, packed: watch.packed(result) };
  } catch (error) {
    throw error instanceof JobFailed && error.partial !== null ? new JobFailed(error.failure, error.partial, watch.packed(error.partial)) : error;
  }
}

/** A run that takes too long is no failure here: it is told as what its plan expects. */
async function sideJob({ maxSeconds, ...target }: SideJob, progress: Progress, link?: Link): Promise<Side> {
  const plan: { known?: Planned } = {};
  const study: StudyJob = { ...target, kind: "study", values: false, engine: "fast", maxCycles: null, ownSeconds: maxSeconds };
  const watch: Watch = {
    begins: (planned) => {
      plan.known = planned;
    },
  };
  const partial = await studyJob(study, progress, link, watch).then(
    ({ result }) => result,
    (error: unknown) => {
      if (error instanceof JobFailed && error.partial?.partial?.reason === "max-seconds") return error.partial;
      throw error;
    },
  );
  return sideOf(plan.known!, partial);
}

/** Who wants to know of a run more than its result. */
export interface Watch {
  /** Told the plan before it is simulated. */
  readonly begins?: (planned: Planned & { readonly workload: LoadedWorkload; readonly prepared: Prepared }) => void;
  readonly recorder?: () => Recorder | undefined;
  /** Told what was counted before the result is made of it. */
  readonly counted?: (counters: RunCounters) => void;
}

async function studyJob(job: StudyJob, progress: Progress, link?: Link, watch: Watch = {}): Promise<Study> {
  const began = performance.now();
  const { machine, workload } = await load(job);
  const { program, seed } = workload;
  const energyTable = readEnergyTable(machine);
  const resumed = job.resume == null ? null : resumedFrom(job.resume, identityOf(job, machine, workload));
  progress(`compiling, placing and routing ${program.name} for ${machine.name}`);
  const prepared = inFile(shownPath(workload.path), () => prepare(program, machine, { style: job.style, seed }));
  const { mapping, controllers } = prepared;
  refuseLong(job, controllers);
  watch.begins?.({ machine, program, controllers, workload, prepared });
  const recorder = watch.recorder?.();
  if (job.ownSeconds === undefined) for (const warning of warnOfBuffers(mapping, machine)) progress(`warning: ${warning}`);
  const inputs = await workload.inputs();
  const identify = (): Identity => ({ ...identityOf(job, machine, workload), mapping: hashOf(mapping) });
  if (resumed !== null) assertSameRun(job.resume!, resumed.identity, identify());
  progress(`simulating ${program.name} on ${machine.name}${resumed === null ? "" : `: ${whereFrom(resumed.snapshot)}`}`);
  const { limits, checkpoint, maxCycles } = job;
  const teller = makeTeller(seconds);
  const options: SimulateOptions = {
    ...{ program, inputs, values: job.values, engine: job.engine, fastForward: job.fastForward ?? true },
    weights: controllers.sections.map(({ estimate }) => estimate.cycles),
    ...(maxCycles !== null && { maxCycles }),
    ...(workload.placeOf && { placeOf: workload.placeOf }),
    shouldStop: () => (link && stopAsked(link.request, limits ?? NO_LIMITS)) ?? overdue(began, job.ownSeconds),
    ...(checkpoint != null && { onCheckpoint: makeKeeper(checkpoint, identify(), seconds, progress) }),
    ...(resumed && { resume: resumed.snapshot }),
    ...(recorder && { recorder }),
    onProgress: (now) => {
      const line = teller(now);
      if (line !== null) progress(line);
    },
  };
  const slice = options.fastForward === true && job.engine === "fast" ? sliceFabric(mapping.fabric, job.values) : null;
  const report = (counters: RunCounters): RunResult => {
    watch.counted?.(counters);
    const host = hostOf({ wall_seconds: (performance.now() - began) / 1000, peak_rss_bytes: process.resourceUsage().maxRSS * 1024 }, counters, slice);
    return makeResult({ version, program, workloadHash: workload.hash, seed, machine, mapping, counters, energyTable, host });
  };
  link?.answers();
  const counters = inFile(shownPath(workload.path), () => untilStopped(() => simulate(mapping, machine, options), report));
  const result = report(counters);
  return { result, expected_cycles: expectedCycles(controllers, result), on_chip: mostOnChip(mapping), data_bytes: dataBytes(program) };
}

function overdue(began: number, seconds = Number.POSITIVE_INFINITY): Stop | null {
  if (performance.now() - began < seconds * 1000) return null;
  return { reason: "max-seconds", words: wordsFor("max-seconds", { ...NO_LIMITS, maxSeconds: seconds }, 0) };
}

function refuseLong({ mostCycles = Number.POSITIVE_INFINITY }: StudyJob, controllers: Controllers): void {
  const planned = Math.round(plannedCycles(controllers));
  if (planned <= mostCycles) return;
  const count = controllers.sections.length;
  const plan = `its plan of ${count} section${count === 1 ? "" : "s"} is expected to take ${grouped(planned)} cycles`;
  throw new JobFailed(failureOf(new RunError("limit", `${plan}, and none over ${grouped(mostCycles)} is simulated here`)));
}

const seconds = (): number => performance.now() / 1000;

/** A run that is stopped fails with the report of what it has done. */
function untilStopped(run: () => RunCounters, report: (counters: RunCounters) => RunResult): RunCounters {
  try {
    return run();
  } catch (error) {
    throw error instanceof RunStopped ? new JobFailed(failureOf(error), report(error.counters)) : error;
  }
}

function identityOf({ style, values, engine }: StudyJob, machine: Machine, { name, hash, seed }: LoadedWorkload): Omit<Identity, "mapping"> {
  const { sources: _, ...figures } = machine;
  return {
    ...{ weft: version, workload: `${name} ${hash}`, machine: `${machine.name} ${hashOf(figures)}`, style, engine },
    ...{ seed: `${seed}`, values: `${values}` },
  };
}

function resumedFrom(file: string, now: Partial<Identity>): Checkpoint {
  const found = readCheckpoint(file);
  assertSameRun(file, found.identity, now);
  return found;
}

/** The stage asked for, printed, as `run` would take it. */
async function compileJob(job: CompileJob, progress: Progress): Promise<string> {
  const { machine, workload } = await load(job);
  if (job.emit === "program") return printProgram(workload.program);
  progress(`compiling, placing and routing ${workload.name} for ${machine.name}`);
  const prepared = inFile(shownPath(workload.path), () => prepare(workload.program, machine, { style: job.style, seed: workload.seed }));
  const { controllers, fabric, mapping } = prepared;
  if (job.emit === "explanation") return [explain(prepared, machine), ...warnOfBuffers(mapping, machine)].join("\n");
  if (job.emit === "controllers") return printControllers(controllers);
  if (job.emit === "fabric") return printFabric(fabric);
  return printMapping(mapping, machine);
}

async function comparisonJob({ suite: name }: ComparisonJob, progress: Progress): Promise<readonly Row[]> {
  const suite = SUITES.find((one): one is ComparisonSuite => one.kind === "comparison" && one.name === name);
  if (suite === undefined) throw new Error(`there is no suite of comparisons ${name}`);
  return suite.rows(makeRowTeller(seconds, progress));
}
