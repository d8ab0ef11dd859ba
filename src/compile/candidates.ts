/** Whole programs that a search by simulation may try beside the compiler's own choice: as schedules, so that whoever finds one better can write it into a workload. */

import type { Program, Schedule } from "../pattern/program.ts";
import { partsOf, type SectionPlan } from "./controllers.ts";
import type { Compiled } from "./index.ts";
import { bestPlans } from "./search.ts";

/**
 * At most `count` schedules: the first has the best other choice of each section, the second the next best ... Where a section has no more, it stays open. A smaller count
 * gives the first of them. What the program's own schedule pins stays pinned.
 */
export function candidateSchedules(compiled: Pick<Compiled, "program" | "controllers" | "searched">, count: number): readonly Schedule[] {
  const choices = otherChoices(compiled, count);
  const most = Math.min(count, Math.max(0, ...choices.map((others) => others.length)));
  return Array.from({ length: most }, (_, nth) => mergeSchedules([...choices.map((others) => others[nth] ?? {}), compiled.program.schedule ?? {}]));
}

/** By section: what pins the best other choices of tiles and copies there, at most `count`. */
export function otherChoices(
  { program: { schedule }, controllers, searched }: Pick<Compiled, "program" | "controllers" | "searched">,
  count: number,
): readonly (readonly Schedule[])[] {
  const parts = controllers.sections.flatMap(partsOf);
  const choices = searched.map(({ group, context }, part) => {
    const own = JSON.stringify(scheduleOf(parts[part]!));
    const others = bestPlans(group, context, schedule ?? {}, count + 1).map((plan) => JSON.stringify(scheduleOf(plan)));
    return [...new Set(others)]
      .filter((other) => other !== own)
      .slice(0, count)
      .map((other) => JSON.parse(other) as Schedule);
  });
  let first = 0;
  return controllers.sections.map((section) => {
    const own = choices.slice(first, first + partsOf(section).length);
    first += own.length;
    const most = Math.max(0, ...own.map((others) => others.length));
    return Array.from({ length: most }, (_, nth) => mergeSchedules(own.map((others) => others[nth] ?? {})));
  });
}

/** What pins the tiles and copies of a section. The round of a loop, which none can name, is left out. */
export function scheduleOf({ loops, loop, parts }: SectionPlan): Schedule {
  if (parts !== undefined) return mergeSchedules(parts.map(scheduleOf));
  const own = loops.slice(loop === undefined ? 0 : 1);
  if (own.length === 0) return {};
  return { tile: Object.fromEntries(own.map(({ name, tile }) => [name, tile])), par: Object.fromEntries(own.map(({ name, par }) => [name, par])) };
}

/** All pins of all of them; of two that pin one thing the later counts. */
export function mergeSchedules(schedules: readonly Schedule[]): Schedule {
  const kinds = ["tile", "par", "lanes", "buffer"] as const;
  const merged = kinds.map((kind) => [kind, Object.assign({}, ...schedules.map((schedule) => schedule[kind])) as Record<string, number>] as const);
  const cut = schedules.findLast((schedule) => schedule.cut !== undefined)?.cut;
  return { ...Object.fromEntries(merged.filter(([, pins]) => Object.keys(pins).length > 0)), ...(cut !== undefined && { cut }) };
}

/** The program with another schedule. */
export const scheduled = (program: Program, schedule: Schedule): Program => ({ ...program, schedule });
