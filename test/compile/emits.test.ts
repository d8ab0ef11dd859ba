import { expect, test } from "vitest";
import { serialiseEmits } from "../../src/compile/emits.ts";
import { flatMap, input } from "../../src/pattern/builder.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import type { Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { checkProgram } from "../../src/pattern/verify.ts";
import { wholeInputs } from "../support/programs.ts";
import { differences, machineOf, prepareOn, runOn } from "../support/runs.ts";
import { type Build, programOf } from "./support.ts";

const records =
  (emits: number, fields: number): Build =>
  () => {
    const x = input("x", "i32", [45]);
    const emit = (i: Expr, q: number) => ({
      when: s.gt(x.at(i), q - 2),
      fields: Object.fromEntries(Array.from({ length: fields }, (_, f) => [`f${f}`, s.add(s.mul(x.at(i), f + 1), q)])),
    });
    return { b: flatMap("b", [45], (i) => Array.from({ length: emits }, (_, q) => emit(i!, q))) };
  };

test("keeps the records of many emits in their order, and leaves few as they are", () => {
  const before = programOf(records(5, 2));
  const after = checkProgram(serialiseEmits(before));
  expect(after.operators[0]).toMatchObject({ emits: [{}], domain: [{}, { extent: 5 }] });
  const inputs = wholeInputs(before, 4);
  expect(outputsOf(after, interpret(after, inputs))).toEqual(outputsOf(before, interpret(before, inputs)));
  const few = programOf(records(2, 3));
  expect(serialiseEmits(few)).toBe(few);
});

test.each([
  ["plasticine", 4, 1],
  ["plasticine", 3, 3],
  ["sn40l", 9, 1],
  ["sn40l", 5, 2],
])("on %s, %i emits of %i fields can be routed", (name, emits, fields) => {
  const source = programOf(records(emits, fields));
  const inputs = wholeInputs(source, 4);
  const machine = machineOf(name);
  expect(differences(source, inputs, runOn(machine, prepareOn(machine, source), source, inputs).outputs!)).toEqual([]);
});
