/** Which changes `weft explain` runs first: those of which the cost model expects most, and where it sees no difference, those that relieve what limits the run. */

import type { RunResult } from "../result/result.ts";
import type { Change } from "./changes.ts";
import type { Trial } from "./trials.ts";

/** A change and what the run with it is expected to take, over what it is expected to take without. */
export interface Attempt {
  readonly change: Change;
  readonly ratio: number;
}

/** A change that was run. */
export interface Verified {
  readonly change: Change;
  readonly trial: Trial;
}

/** What is expected to take this much longer is not run. Above 1, as expectations err. */
const WORSE = 1.25;

/** Expectations nearer to each other than this are taken for equal. */
const ALIKE = 0.002;

/** Of the program and of the machine in turn, each the most promising first. What is about a section that takes next to no time is left out. */
export function inTurn(attempts: readonly Attempt[], result: RunResult): readonly Attempt[] {
  const worth = attempts.filter(({ change, ratio }) => ratio <= WORSE && shareOf(change, result) >= LEAST_SHARE);
  const rank = (attempt: Attempt): readonly [number, number] => [Math.round(attempt.ratio / ALIKE), relieves(attempt.change, result) ? 0 : 1];
  const sorted = worth.toSorted((a, b) => {
    const [[ratio, limit], [otherRatio, otherLimit]] = [rank(a), rank(b)];
    return ratio - otherRatio || limit - otherLimit || shareOf(b.change, result) - shareOf(a.change, result);
  });
  const [program, machine] = (["program", "machine"] as const).map((of) => sorted.filter(({ change }) => change.of === of)) as [Attempt[], Attempt[]];
  return Array.from({ length: Math.max(program.length, machine.length) }, (_, nth) => [...program.slice(nth, nth + 1), ...machine.slice(nth, nth + 1)]).flat();
}

/** Of the run's time: a section that takes less is not worth a try. */
const LEAST_SHARE = 0.02;

function shareOf({ section }: Change, { sections, cycles }: RunResult): number {
  const own = sections.find(({ name }) => name === section);
  return own === undefined || cycles === 0 ? 1 : own.cycles / cycles;
}

/** Does it relieve the limit of the section that takes longest? */
function relieves(change: Change, { sections }: RunResult): boolean {
  const longest = sections.reduce((most, one) => (one.cycles > most.cycles ? one : most));
  return change.relieves.includes(longest.limit.resource);
}
