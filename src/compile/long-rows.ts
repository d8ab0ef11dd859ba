/**
 * Long rows: a chain of folds over rows of which a PMU cannot hold several tiles is made in blocks (rescale.ts), in those that are expected to be fastest, where that is faster than to hold its rows whole.
 *
 *     softmax(q k^T) v, 65,536 scores in a row   ->   the same in 16 blocks of 4,096 scores
 */

import type { Machine } from "../machine/machine.ts";
import { tensorsReadBy } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Operator, Program } from "../pattern/program.ts";
import { allOperators } from "./blocks.ts";
import type { StageOperator } from "./body.ts";
import { NO_HOMES } from "./context.ts";
import type { Stretches } from "./cuts.ts";
import type { Setting } from "./folds.ts";
import { formGroups, type Group, leaving } from "./group.ts";
import { type Rescaled, rescale } from "./rescale.ts";
import { type Fold, isFold } from "./rewrite.ts";
import { fitsSomehow, roughCycles } from "./search.ts";
import { shapeOf } from "./stage.ts";

export function rescaleLongRows(program: Program, machine: Machine, setting: Setting, stretches: Stretches): Rescaled {
  const long = allOperators(program.operators).filter(
    (operator): operator is Fold =>
      isFold(operator) && operator.body.fn === "max" && operator.body.over.length === 1 && isLong(operator.body.over[0]!.extent, operator, machine),
  );
  return long.reduce<Rescaled>((before, fold) => {
    const after = fastestBlocks(before.program, fold, machine, setting, stretches);
    return after === null ? before : { program: after.program, blocks: [...before.blocks, ...after.blocks], merged: { ...before.merged, ...after.merged } };
  }, unchanged(program));
}

export const unchanged = (program: Program): Rescaled => ({ program, blocks: [], merged: {} });

/** Tiles, of as many rows as an array has each, that a PMU should hold: two buffers of what several copies make. Steers the choice only. */
const TILES = 8;

/** Are rows of so many elements too long for that? */
function isLong(extent: number, { body }: Fold, { pcu, pmu }: Machine): boolean {
  return TILES * pcu.stages * Math.max(pmu.word_bytes, bytesOf(body.dtype)) * extent > pmu.bytes;
}

/** Blocks must be expected to take less than this share of the time of whole rows. Steers the choice only. */
const FASTER = 0.95;

/** Smaller blocks than such as take so much longer than the best are not tried. Steers the choice only. */
const SLOWER = 1.1;

/** Halves of the row, halves of those and so on from the first that is not long on, as long as they are not expected to get much slower; whole vectors. */
function fastestBlocks(program: Program, fold: Fold, machine: Machine, setting: Setting, { cuts }: Stretches): Rescaled | null {
  const { lanes } = shapeOf(fold, program, machine);
  let best: { readonly cut: Rescaled; readonly time: number } | null = null;
  for (let size = fold.body.over[0]!.extent / 2; Number.isInteger(size) && size >= lanes; size /= 2) {
    if (isLong(size, fold, machine)) continue;
    const cut = rescale(program, fold.name, size);
    const changed = changedBy(program, cut.program);
    if (changed.before.length === 0 || cuts.length > 0 || isScheduled(program, changed.before)) return null;
    const time: number = timeOf(changed.after, cut, machine, setting);
    if (best !== null && time > SLOWER * best.time) break;
    if (time < (best?.time ?? Number.POSITIVE_INFINITY)) best = { cut, time };
  }
  if (best === null) return null;
  const whole = timeOf(changedBy(program, best.cut.program).before, unchanged(program), machine, setting);
  return best.time < FASTER * whole ? best.cut : null;
}

function changedBy(before: Program, after: Program): { readonly before: readonly StageOperator[]; readonly after: readonly StageOperator[] } {
  const missing = (from: Program, other: Program): readonly StageOperator[] => {
    const known = new Set<Operator>(allOperators(other.operators));
    return allOperators(from.operators).filter((operator): operator is StageOperator => operator.kind !== "iterate" && !known.has(operator));
  };
  return { before: missing(before, after), after: missing(after, before) };
}

const isScheduled = ({ schedule }: Program, operators: readonly Operator[]): boolean =>
  [schedule?.tile, schedule?.par, schedule?.lanes, schedule?.buffer].some((pins) =>
    Object.keys(pins ?? {}).some((name) => operators.some((operator) => name === operator.name || name.startsWith(`${operator.name}.`))),
  );

/** Cycles that the sections of the operators are expected to take. */
function timeOf(operators: readonly StageOperator[], { program, blocks }: Rescaled, machine: Machine, setting: Setting): number {
  const shapes = operators.map((operator) => shapeOf(operator, program, machine));
  const others = allOperators(program.operators).filter((operator) => operator.kind !== "iterate" && !operators.includes(operator));
  const kept = new Set([...Object.values(program.outputs), ...others.flatMap((operator) => [...tensorsReadBy(operator)])]);
  const contextFor = (group: Group) => ({ ...setting, program, machine, leaving: leaving(group, kept, shapes), homes: NO_HOMES });
  const groups = formGroups(shapes, (group) => fitsSomehow(group, contextFor(group)), true, new Set(blocks));
  return groups.reduce((sum, group) => sum + roughCycles(group, contextFor(group)), 0);
}
