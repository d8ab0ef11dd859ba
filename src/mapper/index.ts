/**
 * Place and route: gives every unit of a fabric a site and every stream channel a tree of links. Sections that are on the chip together are mapped together, on sites and
 * circuits of their own; all others one by one, each with the whole machine.
 */

import { type Fault, UserError } from "../base/errors.ts";
import { seedRandom } from "../base/random.ts";
import type { Channel, Fabric, Section } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { anneal, movesFor } from "./anneal.ts";
import type { MappedSection, Mapping } from "./mapping.ts";
import { type Maze, mazeOf } from "./maze.ts";
import { meshOf } from "./mesh.ts";
import { placementProblem } from "./problem.ts";
import { qualityOf } from "./quality.ts";
import { type RoutedSection, routeSection, worstFirst } from "./section-routes.ts";
import { type Site, sitesOf, unitKinds } from "./sites.ts";
import { constructivePlacement } from "./start.ts";
import { joinConfigurations, linksAreShared, splitMapped, type Together, titleOf } from "./together.ts";
import { unroutable } from "./unroutable.ts";
import { verifyMapping } from "./verify.ts";

export { printMapping } from "./print.ts";
export { verifyMapping };

export interface MapOptions {
  readonly seed: number;
  /** Multiplies the moves that annealing tries; 0 keeps the constructive placement, 1 is the default. */
  readonly effort?: number;
}

/** Same fabric, machine and options: same mapping to the byte. Throws a UserError when units outnumber sites or a link stays over its capacity. */
export function mapFabric(fabric: Fabric, machine: Machine, { seed, effort = 1 }: MapOptions): Mapping {
  const sites = sitesOf(machine);
  const configurations = joinConfigurations(fabric);
  refuseTooManyUnits(configurations, machine, sites);
  const mapped = new Array<MappedSection>(fabric.sections.length);
  for (const together of configurations) {
    const parts = splitMapped(together, mapTogether(together, machine, sites, { seed, effort }), machine);
    for (const [s, part] of parts.entries()) mapped[together.members[s]!] = part;
  }
  return checked({ schemaVersion: 1, fabric, seed, sections: mapped }, machine);
}

/** A mapping that breaks a rule is a bug, and must never be simulated. */
function checked(mapping: Mapping, machine: Machine): Mapping {
  const [fault] = verifyMapping(mapping, machine);
  if (fault !== undefined) throw new Error(`the mapper broke its own rules: ${fault.message}`);
  return mapping;
}

function refuseTooManyUnits(configurations: readonly Together[], machine: Machine, sites: readonly Site[]): void {
  const faults = configurations.flatMap((together) =>
    unitKinds.flatMap((kind): readonly Fault[] => {
      const need = together.whole.units.filter((unit) => unit.kind === kind).length;
      const bound = sites.filter((site) => site.kind === kind).length;
      if (need <= bound) return [];
      const needs = together.sections.length === 1 ? "needs" : "need";
      const message = `${titleOf(together)} ${needs} ${need} ${kind} units, but ${machine.name} has room for ${bound}`;
      return [{ code: "too-many-units", message, hint: "lower the parallel factors in the workload's schedule, or take a larger machine" }];
    }),
  );
  if (faults.length > 0) throw new UserError(faults);
}

/**
 * Times a section is placed before it counts as unroutable. Each time, the channels on overfull links pull twice as hard. Only the first placement keeps sinks near to their sources: all others
 * are for sections that need every track there is.
 */
const mostPlacements = 4;

function mapTogether(together: Together, machine: Machine, sites: readonly Site[], { seed, effort }: Required<MapOptions>): MappedSection {
  const section = together.whole;
  const maze = mazeOf(meshOf(machine));
  const urgency = new Map<Channel, number>();
  for (let attempt = 1; ; attempt++) {
    const problem = placementProblem(section, sites, (channel) => urgency.get(channel) ?? 1, attempt === 1);
    const moves = effort * movesFor(section.units.length);
    const { siteOf } = anneal(problem, constructivePlacement(problem), { random: seedRandom(seed, "place", section.name, attempt), moves });
    const positions = section.units.map((_, unit) => sites[siteOf[unit]!]!);
    const routed = routeTogether(maze, together, machine, positions);
    if (routed.overloads.length === 0) return mappedSection(section, machine, positions, routed);
    if (attempt === mostPlacements) throw new UserError(unroutable(together, machine, routed));
    for (const { channels } of routed.overloads) for (const channel of channels) urgency.set(channel, 2 ** attempt);
  }
}

/** `positions`: of the units of the whole. */
function routeTogether(maze: Maze, { whole, parts }: Together, machine: Machine, positions: readonly Site[]): RoutedSection {
  if (linksAreShared(machine)) return routeSection(maze, whole, machine, positions);
  let first = 0;
  const routed = parts.map((part) => {
    const end = first + part.units.length;
    const own = positions.slice(first, end);
    first = end;
    return routeSection(maze, part, machine, own);
  });
  return { routes: routed.flatMap(({ routes }) => routes), overloads: worstFirst(routed.flatMap(({ overloads }) => overloads)) };
}

function mappedSection(section: Section, machine: Machine, positions: readonly Site[], { routes }: RoutedSection): MappedSection {
  const placement = section.units.map((unit, index) => ({ unit: unit.id, x: positions[index]!.x, y: positions[index]!.y }));
  return { placement, routes, quality: qualityOf(section, machine, routes) };
}
