/** Laws of the passes, on random programs: each keeps what the program means, and what comes out is well formed, the same every time, and plain data. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allOperators } from "../../src/compile/blocks.ts";
import { fuseFilters } from "../../src/compile/filters.ts";
import { liftGathers } from "../../src/compile/gathers.ts";
import { compile } from "../../src/compile/index.ts";
import { inlineElementwise } from "../../src/compile/inline.ts";
import { normalise } from "../../src/compile/normalise.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import { prune } from "../../src/compile/prune.ts";
import { splitFold } from "../../src/compile/split.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import { affine, bodiesOf, readsOf } from "../../src/pattern/analysis.ts";
import { filter, input, iterate, map, reduce } from "../../src/pattern/builder.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import { visitNodes } from "../../src/pattern/nodes.ts";
import type { Operator, Program, TensorValues } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { programCases, spine } from "../support/programs.ts";
import { differences, machineOf } from "../support/runs.ts";
import { irregularCases } from "./irregular.ts";
import { placeCases } from "./places.ts";
import { linesOf, programOf } from "./support.ts";

const cases = () => fc.oneof(programCases(spine), placeCases(), irregularCases(), irregularCases());

function expectSame(after: Program, before: Program, inputs: TensorValues): void {
  expect(verifyProgram(after)).toEqual([]);
  expect(differences(before, inputs, outputsOf(after, interpret(after, inputs)))).toEqual([]);
}

const flat = (program: Program): Program => liftGathers(normalise(program));
const inlined = (program: Program): Program => inlineElementwise(program).program;

const passes: Readonly<Record<string, readonly [given: (program: Program) => Program, pass: (program: Program) => Program]>> = {
  prune: [(program) => program, prune],
  normalise: [(program) => program, normalise],
  liftGathers: [normalise, liftGathers],
  fuseFilters: [flat, fuseFilters],
  inlineElementwise: [flat, inlined],
  "all in order": [(program) => program, (program) => lowerProgram(program, "spatial").program],
};

describe.each(Object.entries(passes))("%s", (_name, [given, pass]) => {
  test("keeps the values of all outputs, and gives a well-formed program", () => {
    fc.assert(
      fc.property(cases(), ({ program, inputs }) => expectSame(pass(given(program)), program, inputs)),
      { numRuns: 200 },
    );
  });

  test("leaves its own result as it is", () => {
    fc.assert(
      fc.property(cases(), ({ program }) => {
        const once = pass(given(program));
        expect(pass(once)).toBe(once);
      }),
      { numRuns: 100 },
    );
  });
});

/** What is wrong with an operator that the stages should be able to take. */
function shapeFaults(operator: Operator): readonly string[] {
  const faults: string[] = [];
  const bodies = operator.kind === "map" && operator.body.kind === "reduce" ? [operator.body.body] : bodiesOf(operator);
  visitNodes(bodies, (node) => {
    if (node.kind === "reduce") faults.push(`${operator.name} has a reduction inside`);
    if (node.kind === "read" && node.at.some((place) => affine(place) === null)) faults.push(`${operator.name} gathers from ${node.tensor}`);
  });
  return faults;
}

describe("lowerProgram", () => {
  test.each(["spatial", "kernel-by-kernel"] as const)("leaves folds of plain bodies and affine reads alone, in the style %s", (style) => {
    fc.assert(
      fc.property(cases(), ({ program, inputs }) => {
        const lowered = lowerProgram(program, style);
        expect(allOperators(lowered.program.operators).flatMap(shapeFaults)).toEqual([]);
        expectSame(lowered.program, program, inputs);
        const names = allOperators(program.operators).map(({ name }) => name);
        for (const { name } of allOperators(lowered.program.operators)) for (const source of lowered.sources(name)) expect(names).toContain(source);
      }),
      { numRuns: 100 },
    );
  });

  const vector = () => {
    const x = input("x", "f32", [8]);
    const b = input("b", "i32", [8]);
    const double = map("double", [8], (i) => s.mul(x.at(i), 2));
    const { v } = iterate("steps", 3, { v: double }, (carried, round) => {
      const shifted = map("shifted", [8], (i) => carried.v.at(s.mod(s.add(b.at(i), round), 8)));
      const centred = map("centred", [8], (i) =>
        s.sub(
          shifted.at(i),
          reduce("max", [8], (k) => carried.v.at(k)),
        ),
      );
      return { next: { v: map("bounded", [8], (i) => s.max(centred.at(i), -9)) } };
    });
    return { v };
  };

  test("says what each pass did, from one program to the next", () => {
    const source = programOf(vector);
    const { program, passes: records } = lowerProgram(source, "spatial");
    expect(records[0]!.before).toBe(source);
    for (const [position, record] of records.entries()) expect(record.after).toBe(records[position + 1]?.before ?? program);
    expect(records.filter(({ before, after }) => before !== after).map(({ pass }) => pass)).toEqual(["normalise", "gathers", "inline"]);
    expect(linesOf(program).filter((line) => line.includes("="))).toEqual([
      "double[i] = x[i] * 2",
      "shifted[i] = element (b[i] + steps.round) mod 8 of steps.v",
      "centred.1 = max(i < 8: steps.v[i])",
      "bounded[i] = max(shifted[i] - centred.1, -9)",
    ]);
  });

  test("knows which source operators each is made of, inside an iterate too", () => {
    const { sources } = lowerProgram(programOf(vector), "spatial");
    expect(sources("bounded")).toEqual(["centred", "bounded"]);
    expect(sources("centred.1")).toEqual(["centred"]);
    expect(sources("steps")).toEqual(["steps"]);
    expect(lowerProgram(programOf(vector), "kernel-by-kernel").sources("bounded")).toEqual(["bounded"]);
  });

  test("keeps what was merged when its reader is merged later", () => {
    const source = programOf(() => {
      const d = input("d", "i32", [50]);
      const twice = map("twice", [50], (i) => s.mul(d.at(i), 2));
      const late = filter("late", [50], (i) => ({ when: s.gt(d.at(i), 15), fields: { d: twice.at(i) } }));
      const more = map("more", [late], (r) => s.add(late.at(r).d, 1));
      return { total: map("total", [], () => reduce("add", [late], (r) => more.at(r))) };
    });
    const { program, sources } = lowerProgram(source, "spatial");
    expect(linesOf(program)).toEqual(["total = sum(i < 50: select(d[i] > 15, d[i] * 2 + 1, 0))"]);
    expect(sources("total")).toEqual(["more", "total"]);
  });
});

describe("splitFold", () => {
  test("keeps the values of every fold that it cuts", () => {
    fc.assert(
      fc.property(cases(), fc.integer({ min: 2, max: 5 }), ({ program, inputs }, parts) => {
        const before = flat(program);
        const folds = allOperators(before.operators).filter((operator) => longestLoop(operator) >= parts);
        const after = folds.reduce((current, { name }) => splitFold(current, name, parts), before);
        expectSame(after, program, inputs);
        expect(allOperators(after.operators).flatMap(shapeFaults)).toEqual([]);
        expect(folds.length === 0 || after.operators.some((operator) => readsOf(operator).some(({ tensor }) => tensor.endsWith(".part")))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

const longestLoop = (operator: Operator): number =>
  operator.kind === "map" && operator.body.kind === "reduce" ? Math.max(0, ...operator.body.over.map(({ extent }) => extent)) : 0;

describe.each(["plasticine", "sn40l"])("compile for %s", (name) => {
  const machine = machineOf(name);

  test("gives a fabric that its machine can hold, the same every time, as plain data", () => {
    fc.assert(
      fc.property(fc.oneof(programCases(spine), placeCases()), ({ program }) => {
        const { controllers, fabric } = compile(program, machine, { style: "spatial" });
        expect(verifyFabric(fabric, machine)).toEqual([]);
        const text = JSON.stringify([controllers, fabric]);
        const again = compile(program, machine, { style: "spatial" });
        expect(JSON.stringify([again.controllers, again.fabric])).toBe(text);
        expect(JSON.parse(text)).toEqual([controllers, fabric]);
      }),
      { numRuns: 30 },
    );
  });
});
