/** Laws of the whole path on random programs: values == interpreter, fast == oracle, on several machines. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { programCases, spine } from "../support/programs.ts";
import { differences, machineOf, prepareOn, runOn } from "../support/runs.ts";

describe.each(["plasticine", "sn10", "sn40l"])("random programs on %s", (name) => {
  const machine = machineOf(name);

  test("compute what the interpreter computes", () => {
    fc.assert(
      fc.property(programCases(spine), ({ program, inputs }) => {
        const { outputs } = runOn(machine, prepareOn(machine, program), program, inputs);
        expect(differences(program, inputs, outputs!)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("take the same time on the fast engine as on the oracle, in every counter", () => {
    fc.assert(
      fc.property(programCases({ ...spine, extents: [1, 3, 8, 17] }), ({ program, inputs }) => {
        const prepared = prepareOn(machine, program);
        expect(runOn(machine, prepared, program, inputs)).toEqual(runOn(machine, prepared, program, inputs, "oracle"));
      }),
      { numRuns: 100 },
    );
  });
});
