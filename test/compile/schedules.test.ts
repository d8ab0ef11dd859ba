/** Random schedules: whatever tiles and copies one pins, the values stay the interpreter's and the network runs to its end. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { interpretControllers } from "../../src/compile/index.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import type { Program, Schedule } from "../../src/pattern/program.ts";
import type { Prepared } from "../../src/sim/prepare.ts";
import { type ProgramCase, programCases, spine } from "../support/programs.ts";
import { differences, prepareOn, runOn } from "../support/runs.ts";
import { placeCases } from "./places.ts";
import { arrayMachine, simdMachine, withPmu } from "./support.ts";

/** Tiles and copies for about two thirds of the outer loops, legal for each loop by itself. */
function scheduleFor({ controllers }: Prepared, dice: readonly number[]): Schedule {
  const tile: Record<string, number> = {};
  const par: Record<string, number> = {};
  for (const [k, loop] of controllers.sections.flatMap((section) => section.loops).entries()) {
    const [a, b] = [dice[(2 * k) % dice.length]!, dice[(2 * k + 1) % dice.length]!];
    const size = 1 + (a % loop.extent);
    if (a % 3 > 0) tile[loop.name] = size;
    if (a % 3 > 0 && b % 3 > 0) par[loop.name] = 1 + (b % Math.min(3, Math.ceil(loop.extent / size)));
  }
  return { tile, par };
}

/** null where tiles and copies that are legal each alone do not fit together. */
function prepared(program: Program, machine: Machine): Prepared | null {
  try {
    return prepareOn(machine, program);
  } catch (error) {
    if (error instanceof UserError && error.faults.every((fault) => ["program-too-large", "unroutable"].includes(fault.code))) return null;
    throw error;
  }
}

const cases = fc.oneof(programCases({ ...spine, extents: [1, 3, 8, 17, 33], mostSteps: 5 }), placeCases());
const dice = fc.array(fc.nat(999), { minLength: 8, maxLength: 8 });

describe.each([
  ["pipelines", simdMachine],
  ["arrays", arrayMachine],
  ["small scratchpads", withPmu({ bytes: 4096 })],
])("on %s", (_name, machine) => {
  test("change no value", () => {
    const fitted: boolean[] = [];
    const check = ({ program: plain, inputs }: ProgramCase, thrown: readonly number[]): void => {
      const open = prepared(plain, machine);
      const program = open === null ? plain : { ...plain, schedule: scheduleFor(open, thrown) };
      const result = prepared(program, machine);
      fitted.push(result !== null);
      if (result === null) return;
      expect(differences(plain, inputs, outputsOf(plain, interpretControllers(result.controllers, inputs)))).toEqual([]);
      const { outputs } = runOn(machine, result, program, inputs);
      expect(differences(plain, inputs, outputs!)).toEqual([]);
    };
    fc.assert(fc.property(cases, dice, check), { numRuns: 40 });
    expect(fitted.filter(Boolean).length).toBeGreaterThan(fitted.length * 0.7);
  });
});
