/**
 * Balance: where a section has too few units for as many copies of every stage, a stage that is faster than the slowest gets fewer, and each of them takes the tiles of several copies in turn.
 *
 *     scores: 12 copies, busy all the time      max, e, sum: 2 copies, each with the tiles of 6       out: 12 copies
 *
 * Stages that stream to each other have as many copies: they share out together. Others meet in tile buffers (stage-buffers.ts).
 */

import type { PlanContext } from "./context.ts";
import type { OuterLoop, StagePlan } from "./controllers.ts";
import type { Group } from "./group.ts";
import { stageCycles } from "./tally.ts";

/** Along outer loop `at`: how many copies' tiles one copy takes, by stage. */
export interface Shares {
  readonly at: number;
  readonly turns: readonly number[];
}

/** The loops with `turns` times fewer copies along loop `at`, and as many more turns each. */
export const withFewer = (loops: readonly OuterLoop[], at: number, turns: number): readonly OuterLoop[] =>
  turns === 1 ? loops : loops.map((loop, k) => (k === at ? { ...loop, par: loop.par / turns, trips: loop.trips * turns, turns } : loop));

/** Loops of a section of which a stage has fewer copies: `par` instead of `of`, each with the tiles of `turns` of those in turn. */
export const fewerCopies = ({ loops }: StagePlan, section: readonly OuterLoop[]): readonly { name: string; par: number; of: number; turns: number }[] =>
  loops.flatMap(({ name, par, trips }, k) => (par === section[k]!.par ? [] : [{ name, par, of: section[k]!.par, turns: trips / section[k]!.trips }]));

/** As few copies as keep up with the slowest stage, at most `most` times fewer; null where no stage can have fewer. The stages are those of a plan with even copies. */
export function sharesOf(stages: readonly StagePlan[], loops: readonly OuterLoop[], group: Group, { leaving }: PlanContext, most: number): Shares | null {
  const around = group.shared - (group.blocks ?? 0);
  const at = loops.findLastIndex(({ par, count }, k) => par > 1 && count === undefined && loops.slice(k + 1, around).every(({ trips }) => trips === 1));
  if (at < 0 || group.loop !== undefined || !stages.every(isPlain)) return null;
  const cycles = stages.map((stage) => stageCycles(stage, true));
  const slowest = Math.max(...cycles);
  const leaders = leadersOf(stages);
  const limits = stages.map((_, s) => {
    const together = stages.flatMap((stage, other) => (leaders[other] === leaders[s] ? [{ stage, cycles: cycles[other]! }] : []));
    if (!together.every(({ stage }) => takesAnyOrder(stage, around, leaving))) return 1;
    return Math.min(most, slowest / Math.max(...together.map((one) => one.cycles)));
  });
  const turns = divisorsWithin(loops[at]!.par, limits);
  return turns.every((turn) => turn === 1) ? null : { at, turns };
}

/** In a stage inside a loop over blocks, a block of each copy's tile comes before the next block of any: its counters say so many turns, but not which. */
function takesAnyOrder({ shape, loops, operands }: StagePlan, around: number, leaving: ReadonlySet<string>): boolean {
  if (loops.slice(around).every(({ trips }) => trips === 1)) return true;
  const isCounted = shape.body.nodes.some(({ kind }) => kind === "index");
  return !isCounted && !leaving.has(shape.name) && operands.every(({ via }) => via.kind === "stage-stream" || via.kind === "stage-buffer");
}

/** Does it hand on each tile by itself, with a body that only its own copy runs? */
const isPlain = ({ shape, split }: StagePlan): boolean => shape.operator.kind === "map" && shape.sums === null && split === 1;

/** By stage: the first of those that stream to each other, directly or through others. */
function leadersOf(stages: readonly StagePlan[]): readonly number[] {
  const leaders = stages.map((_, s) => s);
  stages.forEach(({ operands }, s) => {
    for (const { via } of operands) {
      if (via.kind !== "stage-stream") continue;
      const [one, other] = [leaders[s]!, leaders[stages.findIndex(({ shape }) => shape.name === via.from)]!];
      leaders.forEach((leader, i) => {
        if (leader === one || leader === other) leaders[i] = Math.min(one, other);
      });
    }
  });
  return leaders;
}

/** The largest divisors of a number within the limits, of which each divides all that are larger: copies meet without a remainder. */
function divisorsWithin(number: number, limits: readonly number[]): readonly number[] {
  const found = new Map<number, number>();
  let last = 1;
  for (const limit of limits.toSorted((a, b) => a - b)) {
    for (let divisor = last; divisor <= Math.min(number, limit); divisor += last) if (number % divisor === 0) found.set(limit, divisor);
    last = found.get(limit) ?? last;
    found.set(limit, last);
  }
  return limits.map((limit) => found.get(limit)!);
}
