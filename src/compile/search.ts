/**
 * Search: the tiles and copies of a group's outer loops, by the cost model of cost.ts. Every candidate is planned whole, so what is chosen also fits.
 * A schedule pins what it names and leaves the rest open.
 */

import type { Schedule } from "../pattern/program.ts";
import { searchedOnce } from "./alike.ts";
import { type Candidate, candidatesFor, choiceOf, isFree, mostPromising, tilesOf } from "./choices.ts";
import type { Choice, PlanContext } from "./context.ts";
import type { SectionPlan } from "./controllers.ts";
import { type Group, loopName } from "./group.ts";
import { pinned } from "./pins.ts";
import { planSection } from "./plan.ts";
import { product } from "./sizes.ts";

/** Plans tried for speed, then for size. Bounds the time of a search; the order of trials makes the result the same on every machine. */
const TRIALS = 6000;
const SMALLER_TRIALS = 2000;

/** Plans whose expected cycles are so near to each other count as alike. */
const ALIKE = 1.01;

/** The plan with the fewest expected cycles; among those within 1 % of it the one with the fewest units that was found. A string says why nothing fits. */
export function searchPlan(group: Group, context: PlanContext, schedule: Schedule): SectionPlan | string {
  const search = (): Found | null => searchChoice(group, context, schedule);
  const found = Object.keys(schedule).length === 0 ? searchedOnce("choice", group, context, search) : search();
  if (found === null) return whyNothingFits(mostPromising(candidatesFor(group, context, schedule, true), TRIALS), group, context, schedule);
  return planSection(group, found.choice, found.isWhole ? whole(context) : context);
}

interface Found {
  readonly choice: Choice;
  /** With each tile in one PMU. */
  readonly isWhole: boolean;
}

/** Null: nothing fits. */
function searchChoice(group: Group, context: PlanContext, schedule: Schedule): Found | null {
  const candidates = candidatesFor(group, context, schedule, false);
  const fastest = fastestWhole(candidates, group, context, TRIALS);
  if (fastest !== null) return { choice: chosen(leanest(fastest, candidates, group)), isWhole: fastest.context.whole !== undefined };
  const narrow = mostPromising(candidatesFor(group, context, schedule, true));
  const plan = fastestOf(narrow.slice(0, TRIALS), group, context, null, new Map()) ?? firstFit(narrow.slice(TRIALS), group, context);
  return plan === null ? null : { choice: chosen(plan), isWhole: false };
}

const chosen = ({ loops, stages }: SectionPlan): Choice => ({
  tile: loops.map(({ tile }) => tile),
  par: loops.map(({ par }) => par),
  split: stages[0]!.split,
});

/** No tile may lie in several PMUs. */
const whole = (context: PlanContext): PlanContext => ({ ...context, whole: { refused: false } });

/** The fewest cycles that a plan is expected to take; Infinity if none of the first `trials` choices fits. Whom `enough` cycles satisfy gets those of the first plan that takes no more. */
export function fewestCycles(group: Group, context: PlanContext, trials: number, enough = 0): number {
  const search = (): number =>
    fastestWhole(candidatesFor(group, context, {}, false), group, context, trials, enough)?.plan.estimate.cycles ?? Number.POSITIVE_INFINITY;
  return searchedOnce(`cycles ${trials} ${enough}`, group, context, search);
}

/** No plan of the group takes fewer cycles. Infinity: it has none. */
export const leastBound = (group: Group, context: PlanContext): number =>
  mostPromising(candidatesFor(group, context, {}, false), 1)[0]?.bound ?? Number.POSITIVE_INFINITY;

/** About so many cycles, from few plans: of each size of tiles, small ones first, and copies of the outer loops, the most copies of the innermost that fit. Infinity if nothing fits. */
export const roughCycles = (group: Group, context: PlanContext): number => searchedOnce("rough", group, context, () => findRoughCycles(group, context));

function findRoughCycles(group: Group, context: PlanContext): number {
  const innermost = group.shared - (group.blocks ?? 0) - 1;
  const lists = new Map<string, Candidate[]>();
  for (const one of mostPromising(candidatesFor(group, context, {}, false))) {
    const { tile, par } = choiceOf(one);
    const key = [...tile, ...par.filter((_, k) => k !== innermost)].join(" ");
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [one]);
    else list.push(one);
  }
  const elements = (list: readonly Candidate[]): number => product(list[0]!.point.map(({ tile, par }, k) => (k === innermost ? tile : tile * par)));
  return [...lists.values()]
    .toSorted((a, b) => elements(a) - elements(b))
    .reduce((best, list) => mostThatFit(list, best, group, context), Number.POSITIVE_INFINITY);
}

/** Cycles of the first of the candidates that fits, if the last does that is better than `best`. */
function mostThatFit(candidates: readonly Candidate[], best: number, group: Group, context: PlanContext): number {
  const better = candidates.filter(({ bound }) => bound < best);
  let cycles = best;
  for (let low = 0, high = better.length; low < high; ) {
    const middle = high === better.length ? high - 1 : (low + high) >> 1;
    const plan = planSection(group, choiceOf(better[middle]!), context);
    if (typeof plan === "string") low = middle + 1;
    else {
      cycles = Math.min(cycles, plan.estimate.cycles);
      high = middle;
    }
  }
  return cycles;
}

/** A plan whose tiles lie in several PMUs must be expected to take less than this share of one whose tiles are whole. Assumed: their loads are more than the cost model knows of. */
const SPREAD = 0.9;

/** What came of a candidate: Infinity where it does not fit. */
interface Outcome {
  readonly cycles: number;
  readonly size: number;
  /** A tile would have had to lie in several PMUs: only such a plan is another where it may. */
  readonly refused: boolean;
}

type Outcomes = Map<Candidate, Outcome>;

interface Fastest {
  readonly plan: SectionPlan;
  readonly context: PlanContext;
  /** Of the candidates that were planned in this context. */
  readonly outcomes: Outcomes;
}

/** With tiles in one PMU each, but where others are expected to be clearly faster or nothing else fits. */
function fastestWhole(candidates: readonly Candidate[], group: Group, context: PlanContext, trials: number, enough = 0): Fastest | null {
  const inOne = whole(context);
  const outcomes: Outcomes = new Map();
  const first = mostPromising(candidates, trials);
  const one = fastestOf(first, group, inOne, null, outcomes, enough);
  const refused = first.filter((candidate) => outcomes.get(candidate)?.refused);
  if (one !== null && (refused.length === 0 || one.estimate.cycles <= enough)) return { plan: one, context: inOne, outcomes };
  const spread: Outcomes = new Map(outcomes);
  const other = fastestOf(refused, group, context, one, spread);
  if (one !== null && other!.estimate.cycles >= SPREAD * one.estimate.cycles) return { plan: one, context: inOne, outcomes };
  return other === null ? null : { plan: other, context, outcomes: spread };
}

/** The plans of fewest expected cycles, at most `count`; of equals the one of fewer units first. What a search by simulation tries: a smaller count gives the first of them. */
export function bestPlans(group: Group, context: PlanContext, schedule: Schedule, count: number): readonly SectionPlan[] {
  let best: readonly SectionPlan[] = [];
  for (const candidate of mostPromising(candidatesFor(group, context, schedule, false), TRIALS)) {
    if (best.length === count && candidate.bound > best.at(-1)!.estimate.cycles) break;
    const plan = planSection(group, choiceOf(candidate), context, best.length === count ? best.at(-1)!.estimate.cycles : undefined);
    if (typeof plan === "string" || (best.length === count && plan.estimate.cycles > best.at(-1)!.estimate.cycles)) continue;
    best = [...best, plan].toSorted((a, b) => a.estimate.cycles - b.estimate.cycles || size(a) - size(b)).slice(0, count);
  }
  return best;
}

/** The first of the fastest, if it is faster than `best`; records what came of each. */
function fastestOf(
  candidates: readonly Candidate[],
  group: Group,
  context: PlanContext,
  best: SectionPlan | null,
  outcomes: Outcomes,
  enough = 0,
): SectionPlan | null {
  let fastest = best;
  for (const candidate of candidates) {
    if (fastest !== null && (candidate.bound * ALIKE >= fastest.estimate.cycles || fastest.estimate.cycles <= enough)) break;
    if (context.whole !== undefined) context.whole.refused = false;
    const plan = planSection(group, choiceOf(candidate), context, fastest === null ? undefined : fastest.estimate.cycles * ALIKE);
    const isPlan = typeof plan !== "string";
    const [cycles, units] = isPlan ? [plan.estimate.cycles, size(plan)] : [Number.POSITIVE_INFINITY, 0];
    outcomes.set(candidate, { cycles, size: units, refused: context.whole?.refused === true });
    if (isPlan && (fastest === null || cycles < fastest.estimate.cycles)) fastest = plan;
  }
  return fastest;
}

/** As fast but for 1 %, with fewer units. */
function leanest({ plan: fastest, context, outcomes }: Fastest, candidates: readonly Candidate[], group: Group): SectionPlan {
  let best = fastest;
  const limit = fastest.estimate.cycles * ALIKE;
  const lean = candidates.filter(({ bound }) => bound <= limit).sort((a, b) => a.copies - b.copies || a.bound - b.bound);
  for (const candidate of lean.slice(0, SMALLER_TRIALS)) {
    if (candidate.copies * group.shapes.length > size(best)) break;
    const known = outcomes.get(candidate);
    if (known !== undefined && (known.cycles > limit || known.size >= size(best))) continue;
    const plan = planSection(group, choiceOf(candidate), context, limit);
    if (typeof plan !== "string" && plan.estimate.cycles <= limit && size(plan) < size(best)) best = plan;
  }
  return best;
}

/** What the choice tried last lacks, or the schedule leaves. */
function whyNothingFits(candidates: readonly Candidate[], group: Group, context: PlanContext, schedule: Schedule): string {
  const last = candidates.at(-1);
  const plan = last && planSection(group, choiceOf(last), context);
  return typeof plan === "string" ? plan : whyNoChoice(group, context, schedule);
}

/** Why a schedule leaves nothing to plan: more copies than tiles, or than there are PCUs. */
function whyNoChoice(group: Group, { machine }: PlanContext, schedule: Schedule): string {
  const pars = group.shapes[0]!.loops.slice(0, group.shared).map(({ extent }, k) => {
    const par = pinned(schedule.par, group, k, extent)?.[0] ?? 1;
    const turns = Math.max(...tilesOf(group, k, schedule, false).map((tile) => Math.ceil(extent / tile)));
    return { par, turns, name: loopName(group, group.shapes.find((shape) => shape.sums !== null) ?? group.shapes[0]!, k) };
  });
  const short = pars.find(({ par, turns }) => par > turns);
  if (short !== undefined) return `its schedule wants ${short.par} copies of loop "${short.name}", which has at most ${short.turns} tiles`;
  return `its schedule wants ${product(pars.map(({ par }) => par))} copies, there are ${machine.pcu.count} PCUs`;
}

function firstFit(rest: readonly Candidate[], group: Group, context: PlanContext): SectionPlan | null {
  for (const candidate of rest) {
    const plan = planSection(group, choiceOf(candidate), context);
    if (typeof plan !== "string") return plan;
  }
  return null;
}

/** Does the smallest choice fit? What grows a group asks this. */
export const fitsSomehow = (group: Group, context: PlanContext): boolean => whyUnfit(group, context) === null;

/** What the smallest choice lacks; null: nothing. Where loops are so many that units lack counters, a choice whose innermost loops have a copy for each tile may still fit. */
export function whyUnfit(group: Group, context: PlanContext): string | null {
  const once = group.shapes[0]!.loops.slice(0, group.shared);
  const tile = once.map((index) =>
    index === group.loop?.round ? 1 : Math.min(index.extent, group.shapes.some((shape) => shape.lane === index.name) ? group.shapes[0]!.lanes : 1),
  );
  const par = tile.map(() => 1);
  const lackOf = (): string | null => {
    const plan = planSection(group, { tile, par, split: 1 }, context);
    return typeof plan === "string" ? plan : null;
  };
  const smallest = lackOf();
  let lack = smallest;
  for (let k = once.length - 1; k >= 0 && lack !== null; k--) {
    if (!isFree(group, k)) continue;
    par[k] = Math.ceil(once[k]!.extent / tile[k]!);
    if (product(par) > context.machine.pcu.count) break;
    lack = lackOf();
  }
  return lack === null ? null : smallest;
}

const size = ({ units }: SectionPlan): number => units.pcu + units.pmu + units.ag;
