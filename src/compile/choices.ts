/**
 * Choices: the tiles and copies of a group's outer loops that a search may try, each with the least cycles that a plan of it can take. There may be a hundred thousand of them, so
 * what the stages take along a loop is counted once for each tile and copies of it, and only the first are put in order (bench compile).
 */

import type { Schedule } from "../pattern/program.ts";
import type { Choice, PlanContext } from "./context.ts";
import { isCrowded, isLight, memoryFloor, stepOf, stepsAlong } from "./floor.ts";
import { depthOf, type Group, isRound } from "./group.ts";
import { pinned } from "./pins.ts";
import { product } from "./sizes.ts";

/** A choice, and no plan of it takes less than `bound` cycles. */
export interface Candidate {
  readonly point: readonly Option[];
  readonly split: number;
  readonly bound: number;
  readonly copies: number;
}

/** Of one loop: a tile and copies, and what a copy of each stage takes along it. */
interface Option {
  readonly tile: number;
  readonly par: number;
  readonly steps: readonly number[];
}

export const choiceOf = ({ point, split }: Candidate): Choice => ({ tile: point.map(({ tile }) => tile), par: point.map(({ par }) => par), split });

/** In no order. `narrow`: tiles narrower than the lanes too, where nothing else fits. Those that take too many PCUs only where all do. */
export function candidatesFor(group: Group, context: PlanContext, schedule: Schedule, narrow: boolean): readonly Candidate[] {
  const { machine } = context;
  const floor = memoryFloor(group, context);
  const axes = axesOf(group, context, schedule, narrow);
  const inside = group.shapes.map((shape) => product(shape.loops.slice(axes.length).map((_, k) => stepsAlong(shape, axes.length + k, machine))));
  const fitting: Candidate[] = [];
  const crowded: Candidate[] = [];
  const visit = (point: readonly Option[], copies: number, steps: readonly number[], split: number): void => {
    const options = axes[point.length];
    if (options === undefined) {
      const cycles = split === 1 ? steps : steps.map((own) => own / split);
      const one = { point, split, bound: Math.max(floor, ...cycles), copies: copies * split };
      (isCrowded(group, cycles, one.copies, machine) ? crowded : fitting).push(one);
      return;
    }
    for (const option of options) {
      if (copies * option.par > machine.pcu.count) continue;
      const next = steps.map((own, s) => own * option.steps[s]!);
      visit([...point, option], copies * option.par, next, split);
    }
  };
  for (const split of axes.length === 0 ? parCandidates(splitTurns(group), machine.pcu.count) : [1]) visit([], 1, inside, split);
  return fitting.length > 0 ? fitting : crowded;
}

/** The most promising `count` of the candidates, the best first: those of the least bound and, of equals, of the fewest copies. */
export function mostPromising(candidates: readonly Candidate[], count = candidates.length): readonly Candidate[] {
  const order = (a: Candidate, b: Candidate): number => a.bound - b.bound || a.copies - b.copies;
  if (candidates.length <= count) return candidates.toSorted(order);
  const limit = nth(
    candidates.map(({ bound }) => bound),
    count - 1,
  );
  const below = candidates.filter(({ bound }) => bound < limit);
  const level = candidates.filter(({ bound }) => bound === limit);
  const most = nth(
    level.map(({ copies }) => copies),
    count - below.length - 1,
  );
  return [...below, ...level.filter(({ copies }) => copies <= most)].sort(order).slice(0, count);
}

/** The number that stands at a place once they are sorted. */
const nth = (numbers: readonly number[], place: number): number => Float64Array.from(numbers).sort()[place]!;

function axesOf(group: Group, context: PlanContext, schedule: Schedule, narrow: boolean): readonly (readonly Option[])[] {
  const { machine } = context;
  return group.shapes[0]!.loops.slice(0, group.shared).map(({ extent }, k) => {
    const free = isFree(group, k) || k === spreadLoop(group, context);
    return tilesOf(group, k, schedule, narrow).flatMap((tile) => {
      const turns = Math.ceil(extent / tile);
      const pars = pinned(schedule.par, group, k, extent)?.filter((par) => par <= turns) ?? (free ? parCandidates(turns, machine.pcu.count) : [1]);
      return pars.map((par) => ({
        tile,
        par,
        steps: group.shapes.map((shape) => (k < depthOf(group, shape) ? stepsAlong(shape, k, machine, tile, par) : stepsAlong(shape, k, machine))),
      }));
    });
  });
}

/** Innermost shared loops that are tiled and copied. */
export const COPIED = 2;

/** The outermost loop, one element at a time, where all copies of the innermost loops would leave most of the machine idle; -1: there is none, or they do not. */
function spreadLoop(group: Group, { machine }: PlanContext): number {
  const loops = group.shapes[0]!.loops.slice(0, group.shared);
  const k = loops.findIndex(({ extent }, position) => extent > 1 && !isRound(group, position));
  if (k < 0 || isFree(group, k)) return -1;
  const stepsOf = (position: number): number => Math.max(...group.shapes.map((shape) => stepOf(shape, shape.loops[position]!.name, machine)));
  const most = loops.map(({ extent }, position) => (isFree(group, position) ? Math.ceil(extent / stepsOf(position)) : 1));
  return 2 * product(most) * group.shapes.length <= machine.pcu.count ? k : -1;
}

/** The innermost shared loops that turn more than once, but for those over blocks, are tiled and copied; the others take one element at a time. */
export function isFree(group: Group, k: number): boolean {
  const around = group.shared - (group.blocks ?? 0);
  const inside = group.shapes[0]!.loops.slice(k + 1, around).filter(({ extent }) => extent > 1).length;
  return inside < COPIED && k < around && !isRound(group, k);
}

/** Tiles of loop k. */
export function tilesOf(group: Group, k: number, schedule: Schedule, narrow: boolean): readonly number[] {
  const { extent } = group.shapes[0]!.loops[k]!;
  const lanes = !narrow && group.shapes.some((shape) => shape.loops[k]?.name === shape.lane && !isLight(shape, group)) ? group.shapes[0]!.lanes : 1;
  return pinned(schedule.tile, group, k, extent) ?? (isFree(group, k) ? tileCandidates(extent, lanes) : [1]);
}

/** Turns of the loop that a fold over everything can be split along. 1: it cannot. */
function splitTurns(group: Group): number {
  const [shape, other] = group.shapes;
  if (other !== undefined || shape!.kept > 0 || shape!.operator.kind !== "map" || shape!.loops.length === 0 || shape!.mode === "systolic") return 1;
  const first = shape!.loops[0]!;
  return Math.ceil(first.extent / (first.name === shape!.lane ? shape!.lanes : 1));
}

/** Powers of two and three quarters of them, the whole, and what divides it into few equal parts. */
function tileCandidates(extent: number, lanes: number): readonly number[] {
  const sizes = new Set<number>([extent]);
  for (let power = lanes; power < extent; power *= 2) {
    sizes.add(power);
    if ((power * 3) / 2 < extent && ((power * 3) / 2) % lanes === 0) sizes.add((power * 3) / 2);
  }
  for (let parts = 2; parts <= 12 && extent / parts >= lanes; parts++) sizes.add(Math.ceil(extent / parts / lanes) * lanes);
  return [...sizes].filter((tile) => tile <= extent).toSorted((a, b) => a - b);
}

/** Copies worth trying: fewer turns with each; and a few more, so many that stages can share them out evenly. */
function parCandidates(turns: number, most: number): readonly number[] {
  const pars = new Set<number>();
  for (let par = 1; par <= Math.min(turns, most); par++) {
    const trips = Math.ceil(turns / par);
    if (par <= 8 || Math.ceil(turns / (par - 1)) > trips) for (const one of [par, Math.min(turns, Math.ceil(par / 8) * 8)]) pars.add(one);
  }
  return [...pars].filter((par) => par <= 8 || par % 2 === 0 || par === turns);
}
