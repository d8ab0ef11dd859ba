/**
 * Balance: where a section has too few units for as many copies of every stage, a stage that is faster than the slowest gets fewer, and each of them takes the tiles of several copies in turn.
 *
 *     scores: 12 copies, busy all the time      max, e, sum: 2 copies, each with the tiles of 6       out: 12 copies
 *
 * Stages that stream to each other have as many copies: they share out together. Others meet in tile buffers (stage-buffers.ts).
 */

import type { OuterLoop, StagePlan } from "./controllers.ts";
import { stageCycles } from "./cost.ts";
import type { Group } from "./group.ts";

/** Along outer loop `at`: how many copies' tiles one copy takes, by stage. */
export interface Shares {
  readonly at: number;
  readonly turns: readonly number[];
}

/** The loops with `turns` times fewer copies along loop `at`, and as many more turns each. */
export const withFewer = (loops: readonly OuterLoop[], at: number, turns: number): readonly OuterLoop[] =>
  loops.map((loop, k) => (k === at ? { ...loop, par: loop.par / turns, trips: loop.trips * turns } : loop));

/** Loops of a section of which a stage has fewer copies: `par` instead of `of`, each with the tiles of `turns` of those in turn. */
export const fewerCopies = ({ loops }: StagePlan, section: readonly OuterLoop[]): readonly { name: string; par: number; of: number; turns: number }[] =>
  loops.flatMap(({ name, par, trips }, k) => (par === section[k]!.par ? [] : [{ name, par, of: section[k]!.par, turns: trips / section[k]!.trips }]));

/** As few copies as keep up with the slowest stage, at most `most` times fewer; null where no stage can have fewer. The stages are those of a plan with even copies. */
export function sharesOf(stages: readonly StagePlan[], loops: readonly OuterLoop[], group: Group, most: number): Shares | null {
  const at = loops.findLastIndex(({ par, count }, k) => par > 1 && count === undefined && loops.slice(k + 1).every(({ trips }) => trips === 1));
  if (at < 0 || group.loop !== undefined || !stages.every(isPlain)) return null;
  const cycles = stages.map((stage) => stageCycles(stage, true));
  const slowest = Math.max(...cycles);
  const leaders = leadersOf(stages);
  const turns = stages.map((_, s) => {
    const together = Math.max(...cycles.filter((_, other) => leaders[other] === leaders[s]));
    return largestDivisor(loops[at]!.par, Math.min(most, slowest / together));
  });
  return turns.every((turn) => turn === 1) ? null : { at, turns };
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

function largestDivisor(number: number, most: number): number {
  for (let divisor = Math.floor(Math.min(number, most)); divisor > 1; divisor--) if (number % divisor === 0) return divisor;
  return 1;
}
