/**
 * Long folds: a fold of which no tile fits the chip, so that its operands would be read again and again, is cut into parts that do fit (split.ts), where that is
 * expected to be much faster; a long fold that streams at the rate of memory stays whole. The parts' results go through memory.
 *
 *     c[i, j] = sum_k a[k, i] * b[k, j], k < 4,000,000   ->   c.part[p, i, j] over 1,000 elements each;  c[i, j] = sum_p c.part[p, i, j]
 */

import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program } from "../pattern/program.ts";
import { allOperators } from "./blocks.ts";
import type { StageOperator } from "./body.ts";
import { NO_HOMES, type PlanContext } from "./context.ts";
import { alone } from "./group.ts";
import { reshape } from "./reshape.ts";
import { type Fold, isFold } from "./rewrite.ts";
import { fewestCycles } from "./search.ts";
import { product } from "./sizes.ts";
import { splitFold } from "./split.ts";
import { type StageShape, shapeOf } from "./stage.ts";

/** What planning asks beside the program and the machine. */
export type Setting = Pick<PlanContext, "sources" | "linkShare" | "tierOf">;

export function cutLongFolds(program: Program, machine: Machine, setting: Setting): Program {
  const scheduled = Object.keys({ ...program.schedule?.tile, ...program.schedule?.par, ...program.schedule?.lanes });
  const folds = allOperators(program.operators).filter(isFold);
  const long = folds.filter((fold) => isLong(fold, program, machine) && !scheduled.some((name) => name.startsWith(`${fold.name}.`)));
  return long.reduce((current, fold) => cutIfFaster(current, fold, machine, setting), program);
}

/** A row of the fold for each lane does not fit a PMU, twice. */
function isLong(fold: Fold, program: Program, machine: Machine): boolean {
  const { lanes, operands } = shapeOf(fold, program, machine);
  const word = Math.max(machine.pmu.word_bytes, ...operands.map(({ dtype }) => bytesOf(dtype)));
  return 2 * lanes * word * product(fold.body.over.map(({ extent }) => extent)) > machine.pmu.bytes;
}

/** A plan within this factor of what operations and bytes need is left alone; another must be this much faster to be taken. Steer the choice only. */
const NEAR_BOUND = 2;
const FASTER = 0.7;

/** Choices of tiles and copies tried for each piece of each cut: few, so that a cut is never thought better than it is. Of the whole fold all are tried. */
const TRIALS = 250;

function cutIfFaster(program: Program, fold: Fold, machine: Machine, setting: Setting): Program {
  const near = NEAR_BOUND * boundOf(shapeOf(fold, program, machine), program, machine, setting);
  const whole = timeOf(fold, program, machine, setting, Number.POSITIVE_INFINITY, near);
  if (whole <= near) return program;
  const before = new Set(allOperators(program.operators).map(({ name }) => name));
  let best = { program, time: whole * FASTER };
  for (const parts of partsWorthTrying(fold, machine)) {
    const cut = splitFold(program, fold.name, parts);
    const pieces = allOperators(cut.operators).filter(({ name }) => name === fold.name || !before.has(name)) as readonly StageOperator[];
    const time = pieces.reduce((sum, piece) => sum + timeOf(piece, cut, machine, setting, TRIALS), 0);
    if (time < best.time) best = { program: cut, time };
  }
  return best.program === program ? program : reshape(best.program);
}

/** Cycles of the best plan for the operator alone, or of one that takes `enough`; Infinity where there is none. */
function timeOf(operator: StageOperator, program: Program, machine: Machine, setting: Setting, trials: number, enough = 0): number {
  const shape = shapeOf(operator, program, machine);
  const shapes = shape.mode === "simd" ? [shape] : [shape, shapeOf(operator, program, { ...machine, pcu: { ...machine.pcu, modes: ["simd"] } })];
  const context = { ...setting, program, machine, leaving: new Set(writesOf(operator)), homes: NO_HOMES };
  return Math.min(...shapes.map((one) => fewestCycles(alone(one), context, trials, enough)));
}

/** No plan takes less: each tensor moves once, every PCU folds in each cycle. */
function boundOf({ loops, lanes, mode, operands, name }: StageShape, program: Program, machine: Machine, { tierOf }: Setting): number {
  const tensors = program.tensors.filter((tensor) => tensor.name === name || operands.some((operand) => operand.tensor === tensor.name));
  const memory = tensors.reduce((sum, tensor) => {
    const tier = machine.tiers[tierOf(tensor.name)]!;
    return sum + tensorBytes(tensor) / (tierBytesPerCycle(machine, tier) * tierServiceShare(tier));
  }, 0);
  const wide = lanes * (mode === "systolic" ? machine.pcu.stages : 1) * machine.pcu.count;
  return Math.max(memory, product(loops.map(({ extent }) => extent)) / wide);
}

/** Numbers of parts whose rows take a quarter of a PMU down to a lane's share of it, each a divisor of the fold where one is near. */
function partsWorthTrying({ body }: Fold, { pmu, pcu }: Machine): readonly number[] {
  const extent = Math.max(...body.over.map((index) => index.extent));
  const parts: number[] = [];
  for (let size = Math.floor(pmu.bytes / pmu.word_bytes / 4 / pcu.lanes); size >= pcu.lanes; size = Math.floor(size / 4)) {
    const least = Math.ceil(extent / size);
    const near = Array.from({ length: least }, (_, more) => least + more).find((count) => extent % count === 0);
    if (least > 1) parts.push(near ?? least);
  }
  return parts;
}
