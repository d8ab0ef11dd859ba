/**
 * The compiler: Program x Machine -> Fabric. This list is the whole of it, in order.
 *
 *     Program:      fuseFilters, prune, normalise, inline        the same program, one loop nest an operator
 *     Controllers:  shape, group, search(plan)                   explicit tile loops, buffers, transfers, copies
 *     Fabric:       build, check                                 units and channels
 */

import { UserError } from "../base/errors.ts";
import type { Fabric, Style } from "../fabric/fabric.ts";
import { checkFabric } from "../fabric/verify.ts";
import type { Machine } from "../machine/machine.ts";
import type { Program } from "../pattern/program.ts";
import { checkProgram } from "../pattern/verify.ts";
import { buildSection } from "./build.ts";
import type { PlanContext } from "./context.ts";
import type { Controllers, SectionPlan } from "./controllers.ts";
import { fuseFilters } from "./filters.ts";
import { formGroups, type Group, leaving } from "./group.ts";
import { inlineElementwise } from "./inline.ts";
import { layOut } from "./layout.ts";
import { normalise } from "./normalise.ts";
import { prune } from "./prune.ts";
import { checkSchedule, fitsSomehow, searchPlan } from "./search.ts";
import { type StageShape, shapeOf } from "./stage.ts";

export type { Controllers } from "./controllers.ts";
export { interpretControllers } from "./interpret.ts";
export { printControllers } from "./print.ts";

export interface CompileOptions {
  readonly style: Style;
  /** Largest share of the network's links that a section may expect to take; smaller where a placement could not be routed. */
  readonly linkShare?: number;
}

/** Assumed: routed placements of full plasticine sections reach about this. */
export const DEFAULT_LINK_SHARE = 0.45;

export interface Compiled {
  /** After the program passes. */
  readonly program: Program;
  readonly controllers: Controllers;
  readonly fabric: Fabric;
}

export function compile(source: Program, machine: Machine, { style, linkShare = DEFAULT_LINK_SHARE }: CompileOptions): Compiled {
  checkProgram(source);
  const { program, sources } = lowerProgram(source, style);
  checkProgram(program);
  const controllers = planProgram(program, sources, machine, style, linkShare);
  const fabric: Fabric = {
    schemaVersion: 1,
    program: program.name,
    machine: machine.name,
    style,
    tensors: controllers.tensors,
    sections: controllers.sections.map((section) => buildSection(section, program, machine, (operator) => sources(operator).at(-1) ?? operator)),
  };
  checkFabric(fabric, machine);
  return { program, controllers, fabric };
}

/** The program passes, and for each operator that is left the source operators it stands for. */
export function lowerProgram(source: Program, style: Style): { program: Program; sources: (operator: string) => readonly string[] } {
  const filtered = prune(fuseFilters(prune(source)));
  const normal = normalise(filtered);
  const { program, merged } = style === "spatial" ? inlineElementwise(normal) : { program: normal, merged: {} };
  const names = source.operators.map((operator) => operator.name);
  const origin = (operator: string): string =>
    names.find((name) => operator === name) ?? longest(names.filter((name) => operator.startsWith(`${name}.`))) ?? operator;
  return { program, sources: (operator) => [...new Set([...(merged[operator] ?? []), operator].map(origin))] };
}

const longest = (names: readonly string[]): string | undefined => names.toSorted((a, b) => b.length - a.length)[0];

/** Groups the stages, lays out memory, and searches a plan for each group. */
function planProgram(program: Program, sources: (operator: string) => readonly string[], machine: Machine, style: Style, linkShare: number): Controllers {
  const everything = layOut(program, machine, new Set(program.tensors.map((tensor) => tensor.name)));
  const preferred = program.operators.map((operator) => shapeOf(operator, program, machine));
  const contextFor = (group: Group, tensors = everything): PlanContext => ({
    program,
    machine,
    leaving: leaving(group, program, preferred),
    sources,
    linkShare,
    tierOf: (tensor) => tensors.find((layout) => layout.tensor === tensor)?.tier ?? (machine.tiers.hbm === undefined ? "ddr" : "hbm"),
  });
  const pipelined = { ...machine, pcu: { ...machine.pcu, modes: ["simd" as const] } };
  const shapes = preferred.map((shape) => {
    if (shape.mode === "simd" || fitsSomehow(alone(shape), contextFor(alone(shape)))) return shape;
    return shapeOf(shape.operator, program, pipelined);
  });
  const joins = (group: Group): boolean => style === "spatial" || new Set(group.shapes.flatMap((shape) => sources(shape.name))).size === 1;
  const groups = formGroups(shapes, (group) => joins(group) && fitsSomehow(group, contextFor(group)), true);
  const schedule = program.schedule ?? {};
  checkSchedule(schedule, groups);
  const stored = new Set(groups.flatMap((group) => [...leaving(group, program, shapes)]));
  const tensors = layOut(program, machine, stored);
  const sections = groups.map((group): SectionPlan => {
    const plan = searchPlan(group, contextFor(group, tensors), schedule);
    if (typeof plan === "string") throw tooLarge(group, plan, machine);
    return plan;
  });
  return { schemaVersion: 1, program, machine: machine.name, style, tensors, sections };
}

const alone = (shape: StageShape): Group => ({ shapes: [shape], shared: shape.kept });

function tooLarge(group: Group, reason: string, machine: Machine): UserError {
  const names = group.shapes.map((shape: StageShape) => shape.name).join(", ");
  return new UserError({
    code: "program-too-large",
    place: { path: names },
    message: `"${names}" does not fit ${machine.name}: ${reason}`,
    hint: "make the extents smaller, change the schedule, or choose a larger machine",
  });
}
