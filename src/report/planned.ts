/** What a compiler's plan says of a run before it is simulated. */

import type { Controllers } from "../compile/controllers.ts";
import type { Step } from "../fabric/fabric.ts";

/** What the plans say, each section in all rounds of the loops around it; without the loading of configurations. */
export function plannedCycles({ sections, steps }: Pick<Controllers, "sections" | "steps">): number {
  const of = (list: readonly Step[]): number =>
    list.reduce((sum, step) => sum + (step.kind === "section" ? sections[step.section]!.estimate.cycles : step.times * of(step.steps)), 0);
  return of(steps);
}

/** Configurations that will be loaded: a section that is on the chip already, alone or with others, runs again without. */
export function plannedLoads({ configurations, steps }: Pick<Controllers, "configurations" | "steps">): number {
  let onChip: number | null = null;
  const load = (configuration: number): number => {
    const isThere = configuration === onChip;
    onChip = configuration;
    return isThere ? 0 : 1;
  };
  /** A second round tells of all after the first. */
  const of = (list: readonly Step[]): number =>
    list.reduce((sum, step) => {
      if (step.kind === "section") return sum + load(configurations[step.section]!);
      return sum + of(step.steps) + (step.times > 1 ? (step.times - 1) * of(step.steps) : 0);
    }, 0);
  return of(steps);
}
