/**
 * Laws of scratchpads whose words lie over the banks in other ways than the machines of configs/ have them, on random programs: values == interpreter, with values
 * as without, fast == oracle, states that add up; and more ports are no slower beyond what a queue can reorder. LAWS_PROGRAMS=n draws n programs a layout.
 */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import type { Machine, PmuSpec } from "../../src/machine/machine.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import type { Prepared } from "../../src/sim/prepare.ts";
import { programCases, type RandomCase } from "../support/programs.ts";
import { differences, machineOf, prepareOn, reportOf, runOn } from "../support/runs.ts";

const PROGRAMS = Number(process.env.LAWS_PROGRAMS ?? 6);
const TIMEOUT = 60_000 + PROGRAMS * 5000;

const plasticine = machineOf("plasticine");
const withPmu = (changes: Partial<PmuSpec>): Machine => ({ ...plasticine, pmu: { ...plasticine.pmu, ...changes } });

/** Null where the machine is too small for the program. */
function prepared(machine: Machine, { program }: RandomCase): Prepared | null {
  try {
    return prepareOn(machine, program);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

const cases = programCases({ mostSteps: 4, extents: [1, 2, 3, 7, 16, 17, 33] });

describe.each([
  ["in blocks", withPmu({ banking: ["block"] })],
  ["hashed", withPmu({ banking: ["hashed"] })],
  ["in a diagonal layout", withPmu({ banking: ["diagonal"] })],
  ["in few banks, with two ports each", withPmu({ banking: ["hashed", "diagonal"], banks: 4, read_ports: 2, write_ports: 2 })],
] as const)("random programs, with words %s,", (_name, machine) => {
  test(
    "mean the same, and count the same on both engines",
    () => {
      const law = (item: RandomCase): void => {
        const plan = prepared(machine, item);
        if (plan === null) return;
        const { program, inputs } = item;
        expect(verifyFabric(plan.fabric, machine)).toEqual([]);
        const counters = runOn(machine, plan, program, inputs);
        expect(differences(program, inputs, counters.outputs!)).toEqual([]);
        expect(runOn(machine, plan, program, inputs, "fast", false)).toEqual({ ...counters, outputs: null });
        expect(runOn(machine, plan, program, inputs, "oracle")).toEqual(counters);
        expect(brokenInvariants(reportOf(machine, program, plan.mapping, counters))).toEqual([]);
      };
      fc.assert(fc.property(cases, law), { numRuns: PROGRAMS });
    },
    TIMEOUT,
  );
});

/** What first come, first served can lose by another order. */
const REORDERED = 1.02;

test(
  "more ports are no slower",
  () => {
    const law = (item: RandomCase): void => {
      const plan = prepared(plasticine, item);
      if (plan === null) return;
      const ticks = [1, 2, 4].map((ports) => {
        const machine = withPmu({ read_ports: ports, write_ports: ports });
        return runOn(machine, plan, item.program, item.inputs, "fast", false).ticks;
      });
      for (const [i, more] of ticks.slice(1).entries()) expect(more).toBeLessThanOrEqual(ticks[i]! * REORDERED);
    };
    fc.assert(fc.property(cases, law), { numRuns: 2 * PROGRAMS });
  },
  TIMEOUT,
);
