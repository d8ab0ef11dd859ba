/** The work behind the search for depths: one question, answered by runs. Runs in a worker thread. */

import { type DepthAnswer, type DepthQuestion, leastDepth } from "../sim/depths.ts";
import { prepare } from "../sim/prepare.ts";
import { simulate } from "../sim/simulate.ts";
import { type Common, load } from "./target.ts";

export interface DepthJob extends Common {
  readonly kind: "depth";
  readonly question: DepthQuestion;
  /** Seed of the run's placement. */
  readonly placement: number;
  /** Cycles of the run as it is. */
  readonly before: number;
  /** Most runs. */
  readonly budget: number;
}

export async function answerDepth({ question, placement, before, budget, ...target }: DepthJob): Promise<DepthAnswer> {
  const { machine, workload } = await load(target);
  const { program } = workload;
  const { mapping } = prepare(program, machine, { style: target.style, seed: placement });
  const inputs = await workload.inputs();
  const run = (some: typeof mapping): number => simulate(some, machine, { program, inputs, values: false, engine: "fast" }).ticks;
  return leastDepth(question, { mapping, machine, before }, run, budget);
}
