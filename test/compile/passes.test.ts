/** Laws of the passes, on random programs: each keeps what the program means, and what comes out is well formed, the same every time, and plain data. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fuseFilters } from "../../src/compile/filters.ts";
import { compile, lowerProgram } from "../../src/compile/index.ts";
import { inlineElementwise } from "../../src/compile/inline.ts";
import { normalise } from "../../src/compile/normalise.ts";
import { prune } from "../../src/compile/prune.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import type { Program } from "../../src/pattern/program.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { programCases } from "../support/programs.ts";
import { differences, machineOf } from "../support/runs.ts";
import { placeCases } from "./places.ts";

const passes: Readonly<Record<string, readonly [given: (program: Program) => Program, pass: (program: Program) => Program]>> = {
  fuseFilters: [(program) => program, fuseFilters],
  prune: [(program) => program, prune],
  normalise: [(program) => program, normalise],
  inlineElementwise: [normalise, (program) => inlineElementwise(program).program],
  "all in order": [(program) => program, (program) => lowerProgram(program, "spatial").program],
};

describe.each(Object.entries(passes))("%s", (_name, [given, pass]) => {
  test("keeps the values of all outputs, and gives a well-formed program", () => {
    fc.assert(
      fc.property(fc.oneof(programCases(), placeCases()), ({ program, inputs }) => {
        const after = pass(given(program));
        expect(verifyProgram(after)).toEqual([]);
        expect(differences(program, inputs, outputsOf(after, interpret(after, inputs)))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("leaves its own result as it is", () => {
    fc.assert(
      fc.property(programCases(), ({ program }) => {
        const once = pass(given(program));
        expect(pass(once)).toEqual(once);
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(["plasticine", "sn40l"])("compile for %s", (name) => {
  const machine = machineOf(name);

  test("gives a fabric that its machine can hold, the same every time, as plain data", () => {
    fc.assert(
      fc.property(fc.oneof(programCases(), placeCases()), ({ program }) => {
        const { controllers, fabric } = compile(program, machine, { style: "spatial" });
        expect(verifyFabric(fabric, machine)).toEqual([]);
        const text = JSON.stringify([controllers, fabric]);
        expect(JSON.stringify(Object.values(compile(program, machine, { style: "spatial" })).slice(1))).toBe(text);
        expect(JSON.parse(text)).toEqual([controllers, fabric]);
      }),
      { numRuns: 100 },
    );
  });
});
