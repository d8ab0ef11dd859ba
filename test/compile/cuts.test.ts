/** Cuts of a schedule: a section begins there, whatever could be fused; all else is as the compiler likes it, and no value changes. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allOperators } from "../../src/compile/blocks.ts";
import { stretchesOf } from "../../src/compile/cuts.ts";
import { explain } from "../../src/compile/explain.ts";
import { interpretControllers, printControllers } from "../../src/compile/index.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import { filter, input, iterate, map, reduce } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import type { Program } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import gemmChain from "../../workloads/gemm-chain.ts";
import { type ProgramCase, programCases, spine } from "../support/programs.ts";
import { differences, machineOf, prepareOn, runOn } from "../support/runs.ts";
import { arrayMachine, type Build, compileOn, linesOf, programOf, simdMachine } from "./support.ts";

/** Which the compiler makes one section of, and one stage of the last three. */
const chain: Build = () => {
  const x = input("x", "f32", [8, 40]);
  const first = map("first", [8, 40], (i, j) => s.mul(x.at(i, j), 2));
  const sum = map("sum", [8], (i) => reduce("add", [40], (j) => first.at(i, j)));
  const second = map("second", [8, 40], (i, j) => s.sub(first.at(i, j), sum.at(i)));
  const third = map("third", [8, 40], (i, j) => s.exp(second.at(i, j)));
  return { y: map("y", [8, 40], (i, j) => s.neg(third.at(i, j))) };
};

/** The sections' source operators. */
const sectionsOf = (cut: readonly string[], build = chain): readonly string[] =>
  compileOn(simdMachine, build, { cut }).controllers.sections.map(({ operators }) => operators.join(" "));

describe("a cut", () => {
  test("begins a section, and leaves the rest to the compiler", () => {
    expect(sectionsOf([])).toEqual(["first sum second third y"]);
    expect(sectionsOf(["second"])).toEqual(["first sum", "second third y"]);
    expect(sectionsOf(["first"])).toEqual(["first sum second third y"]);
    expect(sectionsOf(["y", "sum"])).toEqual(["first", "sum second third", "y"]);
    expect(sectionsOf(["sum", "second", "third", "y"])).toEqual(["first", "sum", "second", "third", "y"]);
  });

  test("keeps an operator out of its reader, also by way of one that becomes part of it", () => {
    const inlined = (cut: readonly string[]) => linesOf(lowerProgram(programOf(chain, { cut }), "spatial").program);
    expect(inlined([])).toHaveLength(3);
    expect(inlined(["third"])).toHaveLength(4);
    expect(inlined(["third"])).toContainEqual("y[i, j] = neg(exp(second[i, j]))");
  });

  test("makes a filter whole before its reader", () => {
    const filtered: Build = () => {
      const x = input("x", "f32", [50]);
      const large = filter("large", [50], (i) => ({ when: s.gt(x.at(i), 0), fields: { v: x.at(i) } }));
      return { y: map("y", [], () => reduce("add", [large], (r) => large.fields.v.at(r))) };
    };
    expect(sectionsOf([], filtered)).toEqual(["y"]);
    expect(sectionsOf(["y"], filtered)).toEqual(["large", "y"]);
  });

  test("parts what a pass makes of an operator from what stands before it", () => {
    const { sources, stretches } = lowerProgram(programOf(chain, { cut: ["sum"] }), "spatial");
    expect(["first", "sum", "sum.part", "y"].map((name) => stretches.of(name))).toEqual([0, 1, 1, 1]);
    expect(sources("sum.part")).toEqual(["sum"]);
  });

  test("in a loop keeps its rounds from being one section", () => {
    const loop: Build = () => {
      const [x, w] = [input("x", "f32", [32]), input("w", "f32", [32, 32])];
      const { state } = iterate("rounds", 4, { state: x }, ({ state }) => {
        const step = map("step", [32], (i) => reduce("add", [32], (k) => s.mul(w.at(i, k), state.at(k))));
        return { next: { state: map("next", [32], (i) => s.neg(step.at(i))) } };
      });
      return { y: state };
    };
    const words = (cut: readonly string[]) => explain(compileOn(simdMachine, loop, { cut }), simdMachine);
    expect(words([])).toContain("runs all 4 rounds of rounds");
    expect(words(["next"])).toContain("they are not one section, as the schedule pins a cut at next");
    expect(words(["step"])).toContain("runs all 4 rounds of rounds");
  });

  test("is what explain and the controllers give as the reason", () => {
    const compiled = compileOn(simdMachine, chain, { cut: ["second"] });
    expect(explain(compiled, simdMachine)).toContain("section 2, of second, third, y: it begins here, as the schedule pins a cut at second");
    expect(printControllers(compiled.controllers)).toContain("\n  begins at second: pinned by the schedule\n");
    expect(printControllers(compileOn(simdMachine, chain, { cut: ["first"] }).controllers)).not.toContain("pinned");
  });
});

test("cuts of the SN40L paper's example move the bytes that each section's operands and results take", () => {
  const [m, k, bytes] = [128, 32, 2];
  const [square, side] = [m * m * bytes, m * k * bytes];
  const movedBy = (cut: readonly string[]): number => {
    const program = { ...gemmChain.build({ m, n: m, k, p: k }), schedule: { cut } };
    const machine = machineOf("sn40l");
    const { sections } = runOn(machine, prepareOn(machine, program), program, generateInputs(program, 1), "fast", false);
    return sections.reduce((sum, { tiers }) => sum + tiers.hbm!.read_bytes + tiers.hbm!.write_bytes, 0);
  };
  const counted: readonly (readonly [cut: readonly string[], bytes: number])[] = [
    [["scaled", "transposed", "gemm1"], 6 * square + 4 * side],
    [["gemm1"], 2 * square + 4 * side],
    [[], 4 * side],
  ];
  for (const [cut, least] of counted) {
    expect(movedBy(cut) / least).toBeGreaterThanOrEqual(1);
    expect(movedBy(cut) / least).toBeLessThan(1.05);
  }
});

/** Do sections hold operators of one stretch only? */
function areParted(program: Program, sections: readonly { readonly operators: readonly string[] }[]): boolean {
  const { of } = stretchesOf(program);
  return sections.every(({ operators }) => new Set(operators.map(of)).size === 1);
}

test("random cuts part all sections and change no value", () => {
  const check = ({ program: plain, inputs }: ProgramCase, dice: readonly boolean[]): void => {
    const names = allOperators(plain.operators).map(({ name }) => name);
    const program = { ...plain, schedule: { cut: names.filter((_, k) => dice[k % dice.length]) } };
    const prepared = prepareOn(arrayMachine, program);
    expect(areParted(program, prepared.controllers.sections)).toBe(true);
    expect(differences(plain, inputs, outputsOf(plain, interpretControllers(prepared.controllers, inputs)))).toEqual([]);
    expect(differences(plain, inputs, runOn(arrayMachine, prepared, program, inputs).outputs!)).toEqual([]);
  };
  const cases = programCases({ ...spine, extents: [1, 3, 8, 17, 33], mostSteps: 5 });
  fc.assert(fc.property(cases, fc.array(fc.boolean(), { minLength: 3, maxLength: 8 }), check), { numRuns: 40 });
});
