/**
 * Joining: is one section of more stages worth it? What stays on the chip moves no bytes, but all stages of a section share its outer loops and its units.
 *
 *     centred, covariance   ->   two sections: the second reads centred whole, so that one section would have no loop to copy
 */

import { reconfigurationCycles, tierTiming } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { COPIED } from "./choices.ts";
import type { PlanContext } from "./context.ts";
import { alone, type Group } from "./group.ts";
import { fewestCycles, leastBound } from "./search.ts";

/** Choices tried to see how fast a group is. Bounds the time of a compilation. */
const TRIALS = 2000;

/** A section that is expected to take this much longer than two is not made. Above 1, as what stays on the chip is sure to be saved and times are guesses. Steers the choice only. */
const SLOWER = 1.25;

export const memoryLatency = (machine: Machine): number =>
  Math.min(...[machine.tiers.hbm, machine.tiers.ddr].flatMap((tier) => (tier === undefined ? [] : [tierTiming(machine, tier).latency])));

/** Tells of a group why the one `before` is better without its last stage: as two sections, with what lies between them, it would take much less time. Null where it would not; nor is it asked where no stage loses a loop that could be copied. */
export function whySlower(machine: Machine, contextFor: (group: Group) => PlanContext): (group: Group, before: Group) => string | null {
  const known = new Map<string, number>();
  /** Whom `enough` cycles satisfy may get those of any plan that takes no more. */
  const timeOf = (group: Group, enough = 0): number => {
    const key = group.shapes.map(({ name }) => name).join(" ");
    const time = known.get(key) ?? fewestCycles(group, contextFor(group), TRIALS, enough);
    if (time > enough) known.set(key, time);
    return time;
  };
  return (group, before) => {
    const last = group.shapes.at(-1)!;
    if (group.shared >= before.shared && group.shared >= Math.min(COPIED, last.shareable)) return null;
    const between = reconfigurationCycles(machine) + 2 * memoryLatency(machine);
    const sure = SLOWER * (leastBound(before, contextFor(before)) + between);
    const together = timeOf(group, sure);
    if (together <= sure) return null; // however long the group before takes, and this one at best
    const least = timeOf(before) + between;
    if (together <= SLOWER * least) return null; // whatever the last stage alone takes, which is long to find out
    const apart = least + timeOf(alone(last));
    if (!Number.isFinite(apart) || together <= SLOWER * apart) return null;
    const expected = Number.isFinite(together) ? `is expected to take ${Math.round(together)} cycles` : "has no plan among the first that were tried";
    return `one section with the one before ${expected}, and two are expected to take ${Math.round(apart)}`;
  };
}
