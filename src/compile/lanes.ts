/** Lanes that a schedule pins: which loop of an operator runs across them, and how many there are. */

import { UserError } from "../base/errors.ts";
import type { Index, Schedule } from "../pattern/program.ts";

export interface LanePin {
  /** As the schedule writes it. */
  readonly name: string;
  /** Name of the index. */
  readonly loop: string;
  readonly lanes: number;
}

/** `candidates`: positions of the loops that can run across lanes. */
export function lanePin(operator: string, loops: readonly Index[], candidates: readonly number[], pins: Schedule["lanes"]): LanePin | null {
  const all = loops.flatMap(({ name: loop }, position) => {
    const name = `${operator}.${position}`;
    const lanes = pins?.[name];
    return lanes === undefined ? [] : [{ name, loop, lanes, position }];
  });
  const [pin, other] = all;
  if (pin === undefined) return null;
  if (other !== undefined) throw refusal(other.name, `lanes run along loop "${pin.name}" already`);
  const { name, lanes, position } = pin;
  if (!(Number.isInteger(lanes) && lanes >= 1)) throw refusal(name, `${lanes} is not a whole number from 1`);
  if (!candidates.includes(position)) throw refusal(name, `lanes cannot run along this loop, only along ${namesOf(operator, candidates)}`);
  return pin;
}

export function tooManyLanes({ name, lanes }: LanePin, most: number): UserError {
  return refusal(name, `${lanes} lanes of ${most} that a PCU has for values of this width`);
}

function namesOf(operator: string, candidates: readonly number[]): string {
  const names = [...new Set(candidates)].filter((position) => position >= 0).map((position) => `"${operator}.${position}"`);
  return names.length === 0 ? "none" : names.join(" or ");
}

function refusal(name: string, message: string): UserError {
  return new UserError({ code: "illegal-schedule", place: { path: `schedule.lanes ${name}` }, message });
}
