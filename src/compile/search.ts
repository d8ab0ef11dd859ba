/**
 * Search: the tiles and copies of a group's outer loops, by the cost model of cost.ts. Every candidate is planned whole, so what is chosen also fits.
 * A schedule pins what it names and leaves the rest open.
 */

import { type Fault, UserError } from "../base/errors.ts";
import { suggest } from "../base/suggest.ts";
import type { Schedule } from "../pattern/program.ts";
import type { Choice, PlanContext } from "./context.ts";
import type { SectionPlan } from "./controllers.ts";
import { computeFloor, isLight, memoryFloor, stepOf } from "./floor.ts";
import { type Group, isRound, loopName } from "./group.ts";
import { planSection } from "./plan.ts";
import { product } from "./sizes.ts";
import type { StageShape } from "./stage.ts";

/** Plans tried for speed, then for size. Bounds the time of a search; the order of trials makes the result the same on every machine. */
const TRIALS = 6000;
const SMALLER_TRIALS = 2000;

/** Plans whose expected cycles are so near to each other count as alike. */
const ALIKE = 1.01;

/** The plan with the fewest expected cycles; among those within 1 % of it the one with the fewest units that was found. A string says why nothing fits. */
export function searchPlan(group: Group, context: PlanContext, schedule: Schedule): SectionPlan | string {
  const candidates = candidatesFor(group, context, schedule, false);
  const fastest = fastestWhole(candidates, group, context, TRIALS);
  if (fastest !== null) return leanest(fastest, candidates, group);
  const narrow = candidatesFor(group, context, schedule, true);
  return (
    fastestOf(narrow.slice(0, TRIALS), group, context, null, new Map()) ??
    firstFit(narrow.slice(TRIALS), group, context) ??
    whyNothingFits(narrow, group, context, schedule)
  );
}

/** The fewest cycles that a plan is expected to take; Infinity if none of the first `trials` choices fits. Whom `enough` cycles satisfy gets those of the first plan that takes no more. */
export function fewestCycles(group: Group, context: PlanContext, trials: number, enough = 0): number {
  return fastestWhole(candidatesFor(group, context, {}, false), group, context, trials, enough)?.plan.estimate.cycles ?? Number.POSITIVE_INFINITY;
}

/** About so many cycles, from few plans: of each size of tiles, small ones first, and copies of the outer loops, the most copies of the innermost that fit. Infinity if nothing fits. */
export function roughCycles(group: Group, context: PlanContext): number {
  const innermost = group.shared - (group.blocks ?? 0) - 1;
  const lists = new Map<string, Candidate[]>();
  for (const one of candidatesFor(group, context, {}, false)) {
    const key = [...one.choice.tile, ...one.choice.par.filter((_, k) => k !== innermost)].join(" ");
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [one]);
    else list.push(one);
  }
  const elements = (list: readonly Candidate[]): number => product(list[0]!.choice.tile) * product(list[0]!.choice.par.filter((_, k) => k !== innermost));
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
    const plan = planSection(group, better[middle]!.choice, context);
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
  const whole = { ...context, whole: { refused: false } };
  const outcomes: Outcomes = new Map();
  const one = fastestOf(candidates.slice(0, trials), group, whole, null, outcomes, enough);
  const refused = candidates.filter((candidate) => outcomes.get(candidate)?.refused);
  if (one !== null && (refused.length === 0 || one.estimate.cycles <= enough)) return { plan: one, context: whole, outcomes };
  const spread: Outcomes = new Map(outcomes);
  const other = fastestOf(refused, group, context, one, spread);
  if (one !== null && other!.estimate.cycles >= SPREAD * one.estimate.cycles) return { plan: one, context: whole, outcomes };
  return other === null ? null : { plan: other, context, outcomes: spread };
}

/** The plans of fewest expected cycles, at most `count`; of equals the one of fewer units first. What a search by simulation tries: a smaller count gives the first of them. */
export function bestPlans(group: Group, context: PlanContext, schedule: Schedule, count: number): readonly SectionPlan[] {
  let best: readonly SectionPlan[] = [];
  for (const { choice, bound } of candidatesFor(group, context, schedule, false).slice(0, TRIALS)) {
    if (best.length === count && bound > best.at(-1)!.estimate.cycles) break;
    const plan = planSection(group, choice, context);
    if (typeof plan === "string" || (best.length === count && plan.estimate.cycles > best.at(-1)!.estimate.cycles)) continue;
    best = [...best, plan].toSorted((a, b) => a.estimate.cycles - b.estimate.cycles || size(a) - size(b)).slice(0, count);
  }
  return best;
}

/** A choice, and no plan of it takes less than `bound` cycles. */
interface Candidate {
  readonly choice: Choice;
  readonly bound: number;
  readonly copies: number;
}

/** The most promising first. `narrow`: tiles narrower than the lanes too, where nothing else fits. */
function candidatesFor(group: Group, context: PlanContext, schedule: Schedule, narrow: boolean): readonly Candidate[] {
  const floor = memoryFloor(group, context);
  const all = [...choices(group, context, schedule, narrow)].map((choice) => {
    const { cycles, isCrowded } = computeFloor(group, choice, context);
    return { choice, bound: Math.max(floor, cycles), copies: product(choice.par) * choice.split, isCrowded };
  });
  const fitting = all.filter(({ isCrowded }) => !isCrowded);
  return (fitting.length > 0 ? fitting : all).sort((a, b) => a.bound - b.bound || a.copies - b.copies);
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
    const plan = planSection(group, candidate.choice, context);
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
    const plan = planSection(group, candidate.choice, context);
    if (typeof plan !== "string" && plan.estimate.cycles <= limit && size(plan) < size(best)) best = plan;
  }
  return best;
}

/** What the choice tried last lacks, or the schedule leaves. */
function whyNothingFits(candidates: readonly Candidate[], group: Group, context: PlanContext, schedule: Schedule): string {
  const last = candidates.at(Math.min(candidates.length, TRIALS) - 1);
  const plan = last && planSection(group, last.choice, context);
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
  for (const { choice } of rest) {
    const plan = planSection(group, choice, context);
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

function* choices(group: Group, context: PlanContext, schedule: Schedule, narrow: boolean): Generator<Choice> {
  const loops = group.shapes[0]!.loops.slice(0, group.shared);
  const most = context.machine.pcu.count;
  const axes = loops.map((index, k) => {
    const free = isFree(group, k) || k === spreadLoop(group, context);
    return tilesOf(group, k, schedule, narrow).flatMap((tile) => {
      const turns = Math.ceil(index.extent / tile);
      const pars = pinned(schedule.par, group, k, index.extent)?.filter((par) => par <= turns) ?? (free ? parCandidates(turns, most) : [1]);
      return pars.map((par) => ({ tile, par }));
    });
  });
  const splits = loops.length === 0 ? parCandidates(splitTurns(group), most) : [1];
  for (const split of splits) {
    for (const point of combine(axes, most)) yield { tile: point.map((axis) => axis.tile), par: point.map((axis) => axis.par), split };
  }
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
function isFree(group: Group, k: number): boolean {
  const around = group.shared - (group.blocks ?? 0);
  const inside = group.shapes[0]!.loops.slice(k + 1, around).filter(({ extent }) => extent > 1).length;
  return inside < COPIED && k < around && !isRound(group, k);
}

function tilesOf(group: Group, k: number, schedule: Schedule, narrow: boolean): readonly number[] {
  const { extent } = group.shapes[0]!.loops[k]!;
  const lanes = !narrow && group.shapes.some((shape) => shape.loops[k]?.name === shape.lane && !isLight(shape, group)) ? group.shapes[0]!.lanes : 1;
  return pinned(schedule.tile, group, k, extent) ?? (isFree(group, k) ? tileCandidates(extent, lanes) : [1]);
}

function* combine(axes: readonly (readonly { tile: number; par: number }[])[], most: number): Generator<{ tile: number; par: number }[]> {
  if (axes.length === 0) {
    yield [];
    return;
  }
  for (const head of axes[0]!) {
    for (const rest of combine(axes.slice(1), most / head.par)) if (head.par <= most) yield [head, ...rest];
  }
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

/** What the schedule says of loop k, by the name of any operator of the group: `gemm.0`. */
function pinned(table: Readonly<Record<string, number>> | undefined, group: Group, k: number, most: number): readonly number[] | null {
  if (table === undefined) return null;
  const pins = group.shapes.flatMap((shape) => {
    const name = loopName(group, shape, k);
    const value = table[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const other = pins.find(({ value }) => !Object.is(value, pins[0]!.value));
  if (other !== undefined) throw disagree(pins[0]!, other);
  for (const { name, value } of pins) {
    if (Number.isInteger(value) && value >= 1 && value <= most) return [value];
    throw new UserError({
      code: "illegal-schedule",
      place: { path: `schedule ${name}` },
      message: `${value} is not a whole number from 1 to ${most}`,
      hint: `loop "${name}" has ${most} elements or tiles`,
    });
  }
  return null;
}

interface Pin {
  readonly name: string;
  readonly value: number;
}

const disagree = (one: Pin, other: Pin): UserError =>
  new UserError({
    code: "illegal-schedule",
    place: { path: `schedule ${other.name}` },
    message: `${other.value}, but "${one.name}" has ${one.value}: they are one loop, which the stages of a section share`,
  });

/** Every name in a schedule stands for something that it can pin: a loop that some group shares, a loop of a stage, a tensor that a stage reads, one of the source's `operators`. */
export function checkSchedule({ tile, par, lanes, buffer, cut }: Schedule, groups: readonly Group[], operators: readonly string[]): void {
  const outer = groups.flatMap((group) => group.shapes.flatMap((shape) => loopNames(group, shape, group.shared)));
  const all = groups.flatMap((group) => group.shapes.flatMap((shape) => loopNames(group, shape, shape.loops.length)));
  const read = [...new Set(groups.flatMap(({ shapes }) => shapes.flatMap(({ operands }) => operands.map(({ tensor }) => tensor))))];
  const faults = [
    ...unknownNames("tile", Object.keys(tile ?? {}), outer, "outer loop"),
    ...unknownNames("par", Object.keys(par ?? {}), outer, "outer loop"),
    ...unknownNames("lanes", Object.keys(lanes ?? {}), all, "loop"),
    ...unknownNames("buffer", Object.keys(buffer ?? {}), read, "tensor that an operator reads"),
    ...(cut === undefined || Array.isArray(cut) ? unknownNames("cut", cut ?? [], operators, "operator") : [noList(cut)]),
    ...Object.entries(buffer ?? {}).flatMap(([name, buffers]) => (Number.isInteger(buffers) && buffers >= 1 ? [] : [badBuffers(name, buffers)])),
  ];
  if (faults.length > 0) throw new UserError(faults);
}

/** Of the stage's first loops, but for the round. */
const loopNames = (group: Group, shape: StageShape, count: number): readonly string[] =>
  Array.from({ length: count }, (_, k) => k).flatMap((k) => (isRound(group, k) ? [] : [loopName(group, shape, k)]));

function unknownNames(kind: keyof Schedule, pins: readonly string[], names: readonly string[], what: string): readonly Fault[] {
  return pins
    .filter((name) => !names.includes(name))
    .map((name) => {
      const near = suggest(name, names);
      return {
        code: "illegal-schedule",
        place: { path: `schedule.${kind}` },
        message: `no ${what} is called "${name}"; ${names.length === 0 ? "this program has none" : `there are ${names.join(", ")}`}`,
        ...(near === undefined ? {} : { hint: `did you mean "${near}"?` }),
      };
    });
}

const noList = (cut: unknown): Fault => ({
  code: "illegal-schedule",
  place: { path: "schedule.cut" },
  message: `${JSON.stringify(cut)} is no list of names of operators`,
});

function badBuffers(name: string, buffers: number): Fault {
  return { code: "illegal-schedule", place: { path: `schedule.buffer ${name}` }, message: `${buffers} is not a whole number of buffers from 1` };
}
