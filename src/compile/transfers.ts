/** Allocate: address generators for the loads, and for the stores the PMUs that gather the tiles of several copies. */

import { tierBytesPerCycle } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, tensorNamed, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program } from "../pattern/program.ts";
import { scratchLayout } from "./banking.ts";
import type { PlanContext } from "./context.ts";
import type { OuterLoop, StagePlan, StorePlan } from "./controllers.ts";
import { estimate, leastCycles } from "./cost.ts";
import type { ChipLoop, Group } from "./group.ts";
import { copiesOf, handovers, loadGenerators, loadVectors, loopsAround, pmuInputs, product, resultOf } from "./sizes.ts";
import { GENERATOR_LOAD, type Tally, tallyOf } from "./tally.ts";

/** Loads and stores: with enough generators that the first tiles, for which all wait, arrive soon, or as many as there are. The stages have no stores yet and as few generators as they can. */
export function planTransfers(
  stages: readonly StagePlan[],
  loops: readonly OuterLoop[],
  group: Group,
  context: PlanContext,
  limit: number,
): readonly StagePlan[] | string {
  const { machine } = context;
  if (loadGenerators(stages) > machine.ag.count) return TOO_FEW;
  const tally = tallyOf(stages.map(withMostGenerators), loops, context, group.loop !== undefined);
  if (limit < Number.POSITIVE_INFINITY && leastCycles(tally, leastWritten(group, context), machine) > limit) return TOO_SLOW;
  const { cycles } = estimate(tally, machine);
  return servedWith(stages, cycles, group, context, true) ?? servedWith(stages, cycles, group, context, false) ?? TOO_FEW;
}

const TOO_FEW = "loads and stores need more address generators than there are";

/** Of a plan that is expected to take more cycles than its search has any use for. */
export const TOO_SLOW = "there are faster plans";

/** Of what leaves the section for memory and is walked there: tables, records and single numbers apart. */
function leastWritten({ shapes, loop }: Group, { leaving, program, tierOf }: PlanContext): Tally["bytes"] {
  const bytes = { hbm: 0, ddr: 0 };
  if (loop !== undefined) return bytes;
  for (const { operator, kept } of shapes) {
    if (kept === 0) continue;
    for (const tensor of writesOf(operator)) if (leaving.has(tensor)) bytes[tierOf(tensor)] += tensorBytes(tensorNamed(program, tensor));
  }
  return bytes;
}

/** null: too few generators. */
function servedWith(stages: readonly StagePlan[], cycles: number, group: Group, context: PlanContext, eager: boolean): readonly StagePlan[] | string | null {
  const served = stages.map((stage) => serveLoads(stage, cycles, context, eager));
  const used = loadGenerators(served);
  if (used > context.machine.ag.count) return null;
  const stored = planStores(served, context.machine.ag.count - used, cycles, context);
  if (typeof stored === "string") return eager ? null : stored;
  const { loop } = group;
  return loop === undefined ? stored : stored.map((stage) => ({ ...stage, stores: stage.stores.map((store) => ({ ...store, into: nameAfter(store, loop) })) }));
}

/** Under which name the world outside a loop on the chip knows what it leaves. */
const nameAfter = ({ tensor }: StorePlan, { results }: ChipLoop): string => results.find(({ from }) => from === tensor)!.to;

/** Share of a section that may pass before its first tiles are there, where more generators could help. Steers the choice only. */
const FIRST_TILES = 0.02;

/** One for each copy: a section is not paced by generators that it has not been given yet. */
const withMostGenerators = (stage: StagePlan): StagePlan => ({
  ...stage,
  operands: stage.operands.map((plan, position) =>
    plan.via.kind === "tier-buffer" ? { ...plan, via: { ...plan.via, generators: copiesOf(stage.shape.operands[position]!, stage.shape, stage.loops) } } : plan,
  ),
});

/** As few address generators as keep up with the section. */
function serveLoads(stage: StagePlan, cycles: number, context: PlanContext, eager: boolean): StagePlan {
  const { machine, tierOf } = context;
  const { loops } = stage;
  const operands = stage.operands.map((plan, position) => {
    if (plan.via.kind !== "tier-buffer" || plan.via.preset) return plan;
    const atHome = plan.home !== undefined;
    const operand = stage.shape.operands[position]!;
    const copies = copiesOf(operand, stage.shape, loops);
    const vectors = loadVectors(operand, stage.shape, plan.via, loops);
    const steady = vectors / (GENERATOR_LOAD * cycles);
    const first = eager && !atHome ? vectors / handovers(plan.via, loops) / (FIRST_TILES * cycles) : 0;
    const useful = tierBytesPerCycle(machine, machine.tiers[tierOf(operand.tensor)]!) / machine.network.vector_bytes;
    const generators = fewestGenerators(copies, Math.ceil(Math.min(Math.max(steady, Math.min(first, useful)), machine.ag.count)));
    return { ...plan, via: { ...plan.via, generators } };
  });
  return { ...stage, operands };
}

/** Divisors of the copies whose product is the smallest that reaches `need`. */
function fewestGenerators(copies: readonly number[], need: number): readonly number[] {
  if (need <= 1) return copies.map(() => 1);
  let best = copies;
  const visit = (k: number, chosen: readonly number[]) => {
    if (k === copies.length) {
      if (product(chosen) >= need && product(chosen) < product(best)) best = chosen;
      return;
    }
    for (let divisor = 1; divisor <= copies[k]!; divisor++) if (copies[k]! % divisor === 0) visit(k + 1, [...chosen, divisor]);
  };
  visit(0, []);
  return best;
}

function planStores(stages: readonly StagePlan[], generators: number, cycles: number, context: PlanContext): readonly StagePlan[] | string {
  const { leaving, homes, machine, program } = context;
  const total = stages.flatMap((stage) => writesOf(stage.shape.operator)).filter((tensor) => leaving.has(tensor)).length;
  const share = Math.floor(generators / Math.max(1, total));
  const next: StagePlan[] = [];
  for (const stage of stages) {
    const stores: StorePlan[] = [];
    for (const [field, tensor] of writesOf(stage.shape.operator).entries()) {
      const to = [...(leaving.has(tensor) ? (["memory"] as const) : []), ...(homes.has(tensor) ? (["home"] as const) : [])];
      if (to.length === 0 || stage.results[field] === null) continue;
      const store = storeOf({ tensor, field, to }, stage, loopsAround(stage, stage.loops), share, cycles, machine, program);
      if (typeof store === "string") return store;
      stores.push(store);
    }
    next.push({ ...stage, stores });
  }
  return next;
}

/** `generators`: address generators that it may take. At a home it may take the inputs of a PMU but one, which is for what that has not; what was gathered comes in vectors. */
function storeOf(
  store: Pick<StorePlan, "tensor" | "field" | "to">,
  stage: StagePlan,
  loops: readonly OuterLoop[],
  generators: number,
  cycles: number,
  machine: Machine,
  program: Program,
): StorePlan | string {
  const { tensor, to } = store;
  const copies = loops.map((loop) => loop.par);
  const result = resultOf(stage, tensor);
  const most = Number.POSITIVE_INFINITY;
  const streams = (inputs: number): number => Math.min(to.includes("memory") ? generators : most, to.includes("home") ? inputs : most);
  const direct = streams(pmuInputs(result.words, machine).ports - 1);
  const share = streams(machine.pmu.vector_in - 1);
  const few = to.includes("memory") ? direct / 4 : direct;
  if (product(copies) <= Math.max(1, few)) return { ...store, collect: loops.map(() => 1), buffers: 0 };
  const dtype = tensorNamed(program, tensor).dtype;
  const tokens = product(result.loops.map((loop) => loop.trip)) * product(loops.map((loop) => loop.trips));
  const once = loops.every((loop) => loop.trips === 1);
  const bytesFor = (members: number) => scratchLayout([members, ...result.shape], bytesOf(dtype), machine, "rows").bytes * (once ? 1 : 2);
  const fits = (members: number): boolean => members <= machine.pmu.vector_in && bytesFor(members) <= machine.pmu.bytes;
  const keepsUp = (members: number): boolean => tokens * members <= GATHER_LOAD * cycles;
  const collect = to.includes("home") ? leastCollected(copies, share, fits) : mostCollected(copies, (members) => fits(members) && keepsUp(members));
  const groups = product(copies) / product(collect);
  if (groups <= share) return { ...store, collect, buffers: product(collect) > 1 ? (once ? 1 : 2) : 0 };
  const what = to.includes("home") ? "inputs of a PMU" : "address generators";
  return `${product(copies)} copies store "${tensor}": gathered by as many as a PMU can take they still need ${groups} ${what} of ${share}`;
}

/** Share of its time that a gathering PMU may be busy with reading. Steers the choice only. */
const GATHER_LOAD = 0.5;

/** Divisors of the copies with the least product that leaves at most so many groups: a home is filled the sooner, the more streams there are. */
function leastCollected(copies: readonly number[], groups: number, allowed: (members: number) => boolean): readonly number[] {
  const collect = fewestGenerators(copies, product(copies) / groups);
  return allowed(product(collect)) ? collect : copies.map(() => 1);
}

/** Divisors of the copies with the largest product that `allowed` grants. */
function mostCollected(copies: readonly number[], allowed: (members: number) => boolean): readonly number[] {
  let best: readonly number[] = copies.map(() => 1);
  const visit = (k: number, chosen: readonly number[]) => {
    if (!allowed(product(chosen)) && product(chosen) > 1) return;
    if (k < 0) {
      if (product(chosen) > product(best)) best = chosen;
      return;
    }
    for (let divisor = 1; divisor <= copies[k]!; divisor++) if (copies[k]! % divisor === 0) visit(k - 1, [divisor, ...chosen]);
  };
  visit(copies.length - 1, []);
  return best;
}
