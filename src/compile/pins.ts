/** Pins: what a schedule says of a group's loops, and what in it stands for nothing. */

import { type Fault, UserError } from "../base/errors.ts";
import { suggest } from "../base/suggest.ts";
import type { Schedule } from "../pattern/program.ts";
import { type Group, isRound, loopName } from "./group.ts";
import type { StageShape } from "./stage.ts";

/** What the schedule says of loop k, by the name of any operator of the group: `gemm.0`. */
export function pinned(table: Readonly<Record<string, number>> | undefined, group: Group, k: number, most: number): readonly number[] | null {
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
