/**
 * Parts: sections that follow each other become one of several metapipelines, where they fit the chip together and that is expected to take less time. What lies between them
 * stays at homes on the chip (homes.ts), nothing is configured between them, and later parts load while earlier ones compute.
 *
 *     section q, section scores, section out   ->   one section with parts q, scores and out, if its parts on smaller shares of the chip lose less time than two reconfigurations
 *
 * Where to cut is found by dynamic programming over the order of the sections, with the time of each possible section estimated from its parts' own plans; what is chosen is then planned.
 */

import type { Step } from "../fabric/fabric.ts";
import { onChipBytes, reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorNamed } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program } from "../pattern/program.ts";
import type { OperandRead } from "./body.ts";
import type { PlanContext } from "./context.ts";
import { type SectionPlan, sectionName } from "./controllers.ts";
import { type Group, makes, neededWhole } from "./group.ts";
import { memoryLatency } from "./joining.ts";
import { loadGenerators, product } from "./sizes.ts";
import type { StageShape } from "./stage.ts";
import { slotsFor, type Walks } from "./turns.ts";

/** One of the sections as they were: what it has, and its plan alone. */
export interface Alone {
  readonly group: Group;
  readonly plan: SectionPlan;
}

export interface PartsSetting {
  readonly program: Program;
  readonly machine: Machine;
  readonly linkShare: number;
  /** Does the schedule pin a cut among them? */
  isCut(groups: readonly Group[]): boolean;
  /** Tensors that somebody needs who is none of them. */
  leavingOf(groups: readonly Group[]): ReadonlySet<string>;
  /** Plans section `section` on a share of the machine's PCUs, PMUs and links, and so many address generators; a string says why that does not fit. */
  planPart(section: number, share: number, generators: number, context: Pick<PlanContext, "homes" | "leaving">): SectionPlan | string;
}

export interface Joined {
  readonly sections: readonly SectionPlan[];
  readonly steps: readonly Step[];
  /** By section as it was: the number of the one that it is, or is part of. */
  readonly now: readonly number[];
}

/** Sections inside loops stay as they are: their rounds share the chip already (residency.ts). */
export function joinParts(steps: readonly Step[], alone: readonly Alone[], setting: PartsSetting): Joined {
  const joined = new Map<number, SectionPlan>();
  const member = new Map<number, number>();
  for (const run of runsOf(steps, alone)) {
    for (const { first, last, plan } of cutRun(run, alone, setting)) {
      if (first === last) continue;
      joined.set(first, plan);
      for (let section = first; section <= last; section++) member.set(section, first);
    }
  }
  const sections: SectionPlan[] = [];
  const now: number[] = [];
  alone.forEach(({ plan }, section) => {
    const first = member.get(section) ?? section;
    now[section] = first < section ? now[first]! : sections.push(joined.get(section) ?? plan) - 1;
  });
  const renumbered = (list: readonly Step[]): readonly Step[] =>
    list.flatMap((step): readonly Step[] => {
      if (step.kind === "repeat") return [{ ...step, steps: renumbered(step.steps) }];
      return (member.get(step.section) ?? step.section) < step.section ? [] : [{ ...step, section: now[step.section]! }];
    });
  return { sections, steps: renumbered(steps), now };
}

/** Sections one after the other outside of loops, the rounds of none of which run on the chip. */
function runsOf(steps: readonly Step[], alone: readonly Alone[]): readonly (readonly number[])[] {
  const runs: number[][] = [[]];
  for (const step of steps) {
    if (step.kind === "section" && alone[step.section]!.group.loop === undefined) runs.at(-1)!.push(step.section);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 1);
}

interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly plan: SectionPlan;
}

/** The best cut of a run. What turns out not to fit, or to be slower than expected, is ruled out and the rest is cut anew. */
function cutRun(run: readonly number[], alone: readonly Alone[], setting: PartsSetting): readonly Stretch[] {
  /** By first and last: the time that a section of them is expected to take, and its plan once there is one. */
  const known = new Map<string, { readonly time: number; readonly plan: SectionPlan | null }>();
  const between = reconfigurationCycles(setting.machine) + 2 * memoryLatency(setting.machine);
  const members = (first: number, last: number): readonly number[] => run.slice(first, last + 1);
  const timeApart = (list: readonly number[]): number => list.reduce((sum, section) => sum + alone[section]!.plan.estimate.cycles + between, 0);
  for (let first = 0; first < run.length; first++) {
    for (let last = first; last < run.length; last++) {
      const list = members(first, last);
      const plan = first === last ? alone[run[first]!]!.plan : null;
      const together = canStand(list, alone, setting) ? timeTogether(list, alone, setting) + between : Number.POSITIVE_INFINITY;
      known.set(`${first} ${last}`, { time: plan === null ? together : timeApart(list), plan });
    }
  }
  for (;;) {
    const cut = leastCut(run.length, (first, last) => known.get(`${first} ${last}`)!.time);
    const open = cut.find(([first, last]) => known.get(`${first} ${last}`)!.plan === null);
    if (open === undefined) return cut.map(([first, last]) => ({ first: run[first]!, last: run[last]!, plan: known.get(`${first} ${last}`)!.plan! }));
    const list = members(...open);
    const plan = planTogether(list, alone, setting);
    const time = plan === null ? Number.POSITIVE_INFINITY : plan.estimate.cycles + between;
    known.set(open.join(" "), time < timeApart(list) ? { time, plan } : { time: Number.POSITIVE_INFINITY, plan: null });
  }
}

/** Stretches of least time in all; of equals the longest last one. */
function leastCut(count: number, timeOf: (first: number, last: number) => number): readonly (readonly [first: number, last: number])[] {
  const best: { time: number; cut: readonly (readonly [number, number])[] }[] = [{ time: 0, cut: [] }];
  for (let last = 0; last < count; last++) {
    let found = { time: Number.POSITIVE_INFINITY, cut: best[last]!.cut };
    for (let first = 0; first <= last; first++) {
      const time = best[first]!.time + timeOf(first, last);
      if (time < found.time) found = { time, cut: [...best[first]!.cut, [first, last]] };
    }
    best.push(found);
  }
  return best[count]!.cut;
}

/** Is there a home for all that goes from one to another? What is appended, a table in several PMUs and what must be whole in memory have none; nor have collections. */
function canStand(list: readonly number[], alone: readonly Alone[], { isCut, machine, program }: PartsSetting): boolean {
  const groups = list.map((section) => alone[section]!.group);
  if (isCut(groups) || groups.some(({ blocks }) => blocks !== undefined)) return false;
  if (groups.some(({ shapes }) => shapes.some(({ loops }) => loops.some(({ count }) => count !== undefined)))) return false;
  return groups.every(({ shapes }, position) => {
    const makers = groups.slice(0, position).flatMap((group) => group.shapes);
    const made = (tensor: string): boolean => makers.some((shape) => makes(shape, tensor));
    if (shapes.some((shape) => neededWhole(shape).some(made))) return false;
    const isTooLarge = (operand: OperandRead, shape: StageShape): boolean => leastBytes(operand, shape, program) > onChipBytes(machine);
    if (shapes.some((shape) => shape.operands.some((operand) => made(operand.tensor) && isTooLarge(operand, shape)))) return false;
    const read = shapes.flatMap(({ operands }) => operands.map(({ tensor }) => tensor));
    return makers.every((shape) => (shape.operator.kind !== "flatMap" && shape.shards.length <= 1) || !read.some((tensor) => makes(shape, tensor)));
  });
}

/** Of what the stage reads of an operand's tensor, each element once: so much stands on the chip, however it is cut. What it looks for outside the tensor does not. */
function leastBytes({ at, dtype, tensor }: OperandRead, { loops }: StageShape, program: Program): number {
  const names = at.flatMap(({ of }) => Object.keys(of));
  if (new Set(names).size < names.length) return 0;
  const extentOf = (name: string): number => loops.find((loop) => loop.name === name)?.extent ?? 1;
  const { shape } = tensorNamed(program, tensor);
  return product(at.map(({ of }, d) => Math.min(shape[d]!, Math.max(1, ...Object.keys(of).map(extentOf))))) * bytesOf(dtype);
}

/** Tensors that go from one group to a later one. */
function homesOf(groups: readonly Group[]): ReadonlySet<string> {
  const read = (from: number): ReadonlySet<string> =>
    new Set(groups.slice(from).flatMap(({ shapes }) => shapes.flatMap(({ operands }) => operands.map(({ tensor }) => tensor))));
  return new Set(groups.flatMap(({ shapes }, position) => [...read(position + 1)].filter((tensor) => shapes.some((shape) => makes(shape, tensor)))));
}

/** Of the machine, as its plan alone has it. */
const sizeOf = ({ units }: SectionPlan, { pcu, pmu }: Machine): number => Math.max(units.pcu / pcu.count, units.pmu / pmu.count);

/**
 * By plan: its share of the chip. What it takes, where that is no more than is fair, and of what all leave as much again. Where all could keep up with what else decides their time, that is
 * so much more than they need for it; else time that falls as 1 / share is least in all where shares go with its root.
 */
function sharesOf(plans: readonly SectionPlan[], machine: Machine): readonly number[] {
  const sizes = plans.map((plan) => sizeOf(plan, machine));
  const work = plans.map(({ estimate }, p) => (estimate.compute_cycles + 1) * sizes[p]!);
  const needs = plans.map(({ estimate }, p) => work[p]! / estimate.cycles);
  const isEnough = needs.reduce((sum, need) => sum + need, 0) <= 1;
  const weights = isEnough ? needs : work.map(Math.sqrt);
  const shares = plans.map(() => 0);
  let open = [...plans.keys()];
  for (let left = 1; open.length > 0; ) {
    const total = open.reduce((sum, p) => sum + weights[p]!, 0);
    const fair = open.map((p) => (left * weights[p]!) / total);
    const small = open.filter((p, o) => sizes[p]! <= fair[o]!);
    for (const [o, p] of open.entries()) shares[p] = small.length === 0 ? fair[o]! : small.includes(p) ? sizes[p]! : 0;
    left -= small.reduce((sum, p) => sum + sizes[p]!, 0);
    open = small.length === 0 ? [] : open.filter((p) => !small.includes(p));
  }
  const all = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / all);
}

/** What the parts are expected to take one after the other, each on its share. */
function timeTogether(list: readonly number[], alone: readonly Alone[], { machine }: PartsSetting): number {
  const plans = list.map((section) => alone[section]!.plan);
  const shares = sharesOf(plans, machine);
  return plans.reduce((sum, plan, p) => {
    const { cycles, compute_cycles } = plan.estimate;
    return sum + Math.max(cycles, (compute_cycles * sizeOf(plan, machine)) / shares[p]!);
  }, 0);
}

/** Each as if it had the chip alone or, where they do not fit it so, on its share: with as many address generators as there are, as those leave which write, or as half of those do. */
function planTogether(list: readonly number[], alone: readonly Alone[], setting: PartsSetting): SectionPlan | null {
  const { machine, linkShare, leavingOf, planPart } = setting;
  const groups = list.map((section) => alone[section]!.group);
  const context = { homes: homesOf(groups), leaving: leavingOf(groups) };
  const planOn = (shares: readonly number[], generators: number): readonly SectionPlan[] | null => {
    const parts: SectionPlan[] = [];
    for (const [p, section] of list.entries()) {
      const plan = planPart(section, shares[p]!, generators, context);
      if (typeof plan === "string") return null;
      parts.push(plan);
    }
    return parts;
  };
  const joinOf = (parts: readonly SectionPlan[] | null): SectionPlan | null => {
    const plan = parts === null ? null : together(parts, machine);
    return plan !== null && plan.estimate.link_share <= linkShare ? plan : null;
  };
  const { count } = machine.ag;
  const whole = planOn(new Array<number>(list.length).fill(1), count);
  if (whole === null) return null;
  const joined = joinOf(whole);
  if (joined !== null) return joined;
  const shares = sharesOf(whole, machine);
  const writes = Math.max(...whole.map((part) => walksOf(part).writes));
  for (const left of new Set([0, writes, Math.ceil(writes / 2)])) {
    const plan = joinOf(planOn(shares, count - left));
    if (plan !== null) return plan;
  }
  return null;
}

/** One section of the parts; null where they do not fit at once. */
function together(parts: readonly SectionPlan[], machine: Machine): SectionPlan | null {
  const sum = (of: (part: SectionPlan) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const [pcu, pmu, ag] = [sum(({ units }) => units.pcu), sum(({ units }) => units.pmu), sum(({ units }) => units.ag)];
  if (pcu > machine.pcu.count || pmu > machine.pmu.count || slotsFor(parts.map(walksOf), machine.ag.count) === null) return null;
  const operators = [...new Set(parts.flatMap((part) => part.operators))];
  return {
    name: sectionName(operators),
    operators,
    loops: [],
    parts,
    stages: parts.flatMap(({ stages }) => stages),
    units: { pcu, pmu, ag: Math.min(ag, machine.ag.count) },
    estimate: {
      cycles: sum(({ estimate }) => estimate.cycles),
      compute_cycles: sum(({ estimate }) => estimate.compute_cycles),
      memory_cycles: sum(({ estimate }) => estimate.memory_cycles),
      generator_cycles: sum(({ estimate }) => estimate.generator_cycles),
      tier_bytes: sum(({ estimate }) => estimate.tier_bytes),
      link_share: sum(({ estimate }) => estimate.link_share),
    },
  };
}

/** Address generators of a part. */
function walksOf({ stages, units }: SectionPlan): Walks {
  const fetches = stages.reduce((sum, { table, loops }) => sum + (table === "memory" ? product(loops.map(({ par }) => par)) : 0), 0);
  const reads = loadGenerators(stages) + fetches;
  return { reads, writes: units.ag - reads };
}
