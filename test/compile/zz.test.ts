import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import { programCases } from "../support/programs.ts";
import { differences, machineOf } from "../support/runs.ts";

test.each(["plasticine", "sn40l"])("%s", (name) => {
  fc.assert(
    fc.property(programCases(), ({ program, inputs }) => {
      const { controllers } = compile(program, machineOf(name), { style: "spatial" });
      expect(differences(program, inputs, outputsOf(program, interpretControllers(controllers, inputs)))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
