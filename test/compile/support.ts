/** A vocabulary for tests of the compiler: programs in a line, machines with a little changed, and what a refusal says. */

import { UserError } from "../../src/base/errors.ts";
import type { StageOperator } from "../../src/compile/body.ts";
import { type Choice, NO_HOMES } from "../../src/compile/context.ts";
import type { SectionPlan } from "../../src/compile/controllers.ts";
import { formGroups, leaving } from "../../src/compile/group.ts";
import { type Compiled, compile } from "../../src/compile/index.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import { planSection } from "../../src/compile/plan.ts";
import { type StageShape, shapeOf } from "../../src/compile/stage.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { program } from "../../src/pattern/builder.ts";
import { printProgram } from "../../src/pattern/print.ts";
import type { Program, Schedule } from "../../src/pattern/program.ts";
import { tinyMachine } from "../support/fabrics.ts";

export type Build = Parameters<typeof program>[2];

export const programOf = (build: Build, schedule?: Schedule): Program => {
  const built = program("p", {}, build).build();
  return schedule === undefined ? built : { ...built, schedule };
};

/** 16 lanes x 6 stages, SIMD only, a grid with room for the search. */
export const simdMachine: Machine = {
  ...tinyMachine,
  grid: { columns: 8, rows: 4 },
  pcu: { ...tinyMachine.pcu, count: 16, counters: 6, modes: ["simd"] },
  pmu: { ...tinyMachine.pmu, count: 16, counters: 6 },
  ag: { ...tinyMachine.ag, count: 12 },
};

/** The same with systolic arrays. */
export const arrayMachine: Machine = { ...simdMachine, pcu: { ...simdMachine.pcu, modes: ["simd", "systolic"] } };

export const withPcu = (changes: Partial<Machine["pcu"]>, machine = simdMachine): Machine => ({ ...machine, pcu: { ...machine.pcu, ...changes } });
export const withPmu = (changes: Partial<Machine["pmu"]>, machine = simdMachine): Machine => ({ ...machine, pmu: { ...machine.pmu, ...changes } });
export const withAg = (changes: Partial<Machine["ag"]>, machine = simdMachine): Machine => ({ ...machine, ag: { ...machine.ag, ...changes } });

export const compileOn = (machine: Machine, build: Build, schedule?: Schedule): Compiled => compile(programOf(build, schedule), machine, { style: "spatial" });

/** The plan of the only section. */
export function planOn(machine: Machine, build: Build, schedule?: Schedule): SectionPlan {
  const { sections } = compileOn(machine, build, schedule).controllers;
  if (sections.length !== 1) throw new Error(`there are ${sections.length} sections`);
  return sections[0]!;
}

/** The stage that an operator becomes, the last one by default. */
export function stageOn(machine: Machine, build: Build, name?: string): StageShape {
  const source = programOf(build);
  const operator = source.operators.find((item) => item.name === name) ?? source.operators.at(-1)!;
  return shapeOf(operator as StageOperator, source, machine);
}

/** What planning a choice of tiles and copies for all stages together gives: a plan, or why there is none. */
export function planWith(machine: Machine, build: Build, choice: Choice, linkShare = 1): SectionPlan | string {
  const { program: lowered, sources } = lowerProgram(programOf(build), "spatial");
  const shapes = (lowered.operators as readonly StageOperator[]).map((operator) => shapeOf(operator, lowered, machine));
  const [group] = formGroups(shapes, () => true, true);
  return planSection(group!, choice, {
    program: lowered,
    machine,
    leaving: leaving(group!, new Set(Object.values(lowered.outputs)), shapes),
    sources,
    homes: NO_HOMES,
    linkShare,
    tierOf: () => "ddr",
  });
}

/** The operators' lines as printed, without the inputs. */
export const linesOf = (source: Program): readonly string[] =>
  printProgram(source)
    .split("\n")
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim());

/** What a refusal says. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}
