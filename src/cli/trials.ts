/** The work behind `weft search`: what may be tried, and one try. Runs in worker threads. */

import { inFile, RunError, UserError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import { candidateSchedules, mergeSchedules, scheduled, scheduleOf } from "../compile/candidates.ts";
import { compile } from "../compile/index.ts";
import type { Schedule } from "../pattern/program.ts";
import { prepare } from "../sim/prepare.ts";
import { simulate } from "../sim/simulate.ts";
import { shownPath } from "./code.ts";
import { version } from "./files.ts";
import { type Common, load } from "./target.ts";

export interface CandidatesJob extends Common {
  readonly kind: "candidates";
  /** Most choices to name, the compiler's own not counted. */
  readonly count: number;
}

export interface Candidates {
  /** Of what is searched: a search of another identity cannot go on from this one. Hashes are of what the names stand for. */
  readonly identity: SearchIdentity;
  readonly schedules: readonly Schedule[];
}

export interface SearchIdentity {
  readonly weft: string;
  readonly workload: string;
  readonly machine: string;
  readonly style: string;
  readonly seed: number;
}

export interface TrialJob extends Common {
  readonly kind: "trial";
  /** Null: the compiler's own choice. */
  readonly schedule: Schedule | null;
  /** Seed of the placement. */
  readonly placement: number;
}

/** A choice and what the engine counted with it. */
export interface Trial {
  /** All that was chosen. */
  readonly schedule: Schedule;
  readonly placement: number;
  /** Null: it does not fit, cannot be routed or does not end; `why` says so. */
  readonly cycles: number | null;
  readonly why: string | null;
  readonly sections: readonly TrialSection[];
}

export interface TrialSection {
  readonly name: string;
  /** Of the source. */
  readonly operators: readonly string[];
  readonly schedule: Schedule;
  /** Of all its runs, without configuring. */
  readonly cycles: number;
  readonly configuring_cycles: number;
  /** What the compiler's cost model says of them. */
  readonly expected_cycles: number;
}

export async function listCandidates(job: CandidatesJob): Promise<Candidates> {
  const { machine, workload } = await load(job);
  const { sources: _, ...figures } = machine;
  const { name, hash, seed, program } = workload;
  const compiled = inFile(shownPath(workload.path), () => compile(program, machine, { style: job.style }));
  return {
    identity: { weft: version, workload: `${name} ${hash}`, machine: `${machine.name} ${hashOf(figures)}`, style: job.style, seed },
    schedules: candidateSchedules(compiled, job.count),
  };
}

/** A choice that cannot be run is an outcome, not a failure: the others still count. */
export async function tryChoice(job: TrialJob): Promise<Trial> {
  const { machine, workload } = await load(job);
  const { schedule, placement } = job;
  const program = schedule === null ? workload.program : scheduled(workload.program, schedule);
  const inputs = await workload.inputs();
  try {
    const { mapping, controllers } = prepare(program, machine, { style: job.style, seed: placement });
    const { ticks, sections } = simulate(mapping, machine, { program, inputs, values: false, engine: "fast" });
    const tried = sections.map((section, s): TrialSection => {
      const plan = controllers.sections[s]!;
      const { name, operators, ticks: cycles, configuringTicks: configuring_cycles, runs } = section;
      return { name, operators, schedule: scheduleOf(plan), cycles, configuring_cycles, expected_cycles: Math.round(runs * plan.estimate.cycles) };
    });
    const chosen = mergeSchedules([...tried.map((section) => section.schedule), program.schedule ?? {}]);
    return { schedule: chosen, placement, cycles: ticks, why: null, sections: tried };
  } catch (error) {
    if (!(error instanceof UserError || error instanceof RunError)) throw error;
    const why = error instanceof UserError ? error.faults.map(({ message }) => message).join("; ") : error.message;
    return { schedule: schedule ?? {}, placement, cycles: null, why: why.replaceAll("\n", " "), sections: [] };
  }
}
