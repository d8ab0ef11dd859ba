/**
 * Residency: the sections of a loop's rounds stand on the chip together where they fit, so that no round waits for a reconfiguration.
 *
 *     repeat 50: section a, section b   ->   a on one part of the chip, b on the rest, if that is expected to take less time than 100 reconfigurations
 *
 * The outermost loop whose sections fit is taken; where they do not fit even on smaller shares of the chip, the loops inside it are tried.
 */

import type { RepeatStep, Step } from "../fabric/fabric.ts";
import { reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { SectionPlan } from "./controllers.ts";

/** Plans section `section` on a share of the machine's units and links; a string says why that does not fit. */
export type PlanOnShare = (section: number, share: number) => SectionPlan | string;

export interface Resident {
  readonly sections: readonly SectionPlan[];
  /** By section: sections of one number are on the chip together. */
  readonly configurations: readonly number[];
}

export function shareChip(steps: readonly Step[], sections: readonly SectionPlan[], planOn: PlanOnShare, machine: Machine, linkShare: number): Resident {
  const plans = [...sections];
  const configurations = sections.map((_, section) => section);
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      if (step.kind === "section") continue;
      const together = fitTogether(step, plans, planOn, machine, linkShare);
      if (together === null) visit(step.steps);
      for (const [section, plan] of together ?? []) {
        plans[section] = plan;
        configurations[section] = together!.keys().next().value!;
      }
    }
  };
  visit(steps);
  return { sections: plans, configurations };
}

/** How often each section of a loop runs. */
function runsOf({ steps, times }: RepeatStep): ReadonlyMap<number, number> {
  const runs = new Map<number, number>();
  for (const step of steps) {
    const inside: Iterable<readonly [number, number]> = step.kind === "section" ? [[step.section, 1]] : runsOf(step);
    for (const [section, count] of inside) runs.set(section, (runs.get(section) ?? 0) + count * times);
  }
  return runs;
}

/** Plans with which all sections of the loop fit at once and are expected to be faster; null where there are none. */
function fitTogether(
  repeat: RepeatStep,
  plans: readonly SectionPlan[],
  planOn: PlanOnShare,
  machine: Machine,
  linkShare: number,
): ReadonlyMap<number, SectionPlan> | null {
  const runs = runsOf(repeat);
  const own = new Map([...runs.keys()].map((section) => [section, plans[section]!]));
  if (fits(own, machine, linkShare)) return own;
  const apart = timeOf(own, runs) + reconfigurationCycles(machine) * [...runs.values()].reduce((sum, count) => sum + count, 0);
  for (const shares of [fairShares(own, runs), evenShares(own)]) {
    const smaller = new Map([...shares].map(([section, share]) => [section, planOn(section, share)]));
    if (!isPlanned(smaller)) continue;
    if (fits(smaller, machine, linkShare) && timeOf(smaller, runs) < apart) return smaller;
  }
  return null;
}

const isPlanned = (plans: ReadonlyMap<number, SectionPlan | string>): plans is ReadonlyMap<number, SectionPlan> =>
  [...plans.values()].every((plan) => typeof plan !== "string");

function fits(plans: ReadonlyMap<number, SectionPlan>, machine: Machine, linkShare: number): boolean {
  const total = (of: (plan: SectionPlan) => number): number => [...plans.values()].reduce((sum, plan) => sum + of(plan), 0);
  const hasRoom = (["pcu", "pmu", "ag"] as const).every((kind) => total(({ units }) => units[kind]) <= machine[kind].count);
  return hasRoom && total(({ estimate }) => estimate.link_share) <= linkShare;
}

const timeOf = (plans: ReadonlyMap<number, SectionPlan>, runs: ReadonlyMap<number, number>): number =>
  [...plans].reduce((sum, [section, { estimate }]) => sum + estimate.cycles * runs.get(section)!, 0);

/** The sum of times that fall as 1 / share is least where shares go with the root of the time. */
function fairShares(plans: ReadonlyMap<number, SectionPlan>, runs: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const weights = [...plans].map(([section, { estimate }]) => [section, Math.sqrt(estimate.compute_cycles * runs.get(section)! + 1)] as const);
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return new Map(weights.map(([section, weight]) => [section, weight / total]));
}

const evenShares = (plans: ReadonlyMap<number, SectionPlan>): ReadonlyMap<number, number> =>
  new Map([...plans.keys()].map((section) => [section, 1 / plans.size]));
