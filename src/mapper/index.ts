/**
 * Place and route: gives every unit of a fabric a site and every stream channel a tree of links. Sections that are on the chip together are mapped together, on sites and
 * links of their own; all others one by one, each with the whole machine.
 */

import { type Fault, UserError } from "../base/errors.ts";
import { seedRandom } from "../base/random.ts";
import type { Channel, Fabric, Section } from "../fabric/fabric.ts";
import { configurationOf } from "../fabric/nests.ts";
import type { Machine } from "../machine/machine.ts";
import { anneal } from "./anneal.ts";
import type { MappedSection, Mapping } from "./mapping.ts";
import { mazeOf } from "./maze.ts";
import { meshOf } from "./mesh.ts";
import { placementProblem } from "./problem.ts";
import { qualityOf } from "./quality.ts";
import { type RoutedSection, routeSection } from "./section-routes.ts";
import { type Site, sitesOf, unitKinds } from "./sites.ts";
import { constructivePlacement } from "./start.ts";
import { unroutable } from "./unroutable.ts";

export { printMapping } from "./print.ts";
export { verifyMapping } from "./verify.ts";

export interface MapOptions {
  readonly seed: number;
  /** Multiplies the moves that annealing tries; 0 keeps the constructive placement, 1 is the default. */
  readonly effort?: number;
}

/** Same fabric, machine and options: same mapping to the byte. Throws a UserError when units outnumber sites or a link stays over its capacity. */
export function mapFabric(fabric: Fabric, machine: Machine, { seed, effort = 1 }: MapOptions): Mapping {
  const sites = sitesOf(machine);
  const configurations = configurationsOf(fabric);
  refuseTooManyUnits(configurations.map(join), machine, sites);
  const mapped = new Map(configurations.flatMap((sections) => mapTogether(sections, machine, sites, { seed, effort })));
  return { schemaVersion: 1, fabric, seed, sections: fabric.sections.map((section) => mapped.get(section)!) };
}

/** Lists of sections that are on the chip together. */
function configurationsOf(fabric: Fabric): readonly (readonly Section[])[] {
  const lists = new Map<number, Section[]>();
  for (const [s, section] of fabric.sections.entries()) {
    const number = configurationOf(fabric, s);
    lists.set(number, [...(lists.get(number) ?? []), section]);
  }
  return [...lists.values()];
}

/** Sections as one, with the number of its section before the name of each unit, nest and channel. */
function join(sections: readonly Section[]): Section {
  if (sections.length === 1) return sections[0]!;
  const parts = sections.map((section, s) => renamed(section, (name) => `${s}/${name}`));
  return {
    name: sections.map(({ name }) => name).join(", "),
    operators: parts.flatMap(({ operators }) => operators),
    units: parts.flatMap(({ units }) => units),
    channels: parts.flatMap(({ channels }) => channels),
  };
}

function renamed(section: Section, rename: (name: string) => string): Section {
  const end = <E extends { readonly unit: string }>(item: E): E => ({ ...item, unit: rename(item.unit) });
  const units = section.units.map((unit) => ({ ...unit, id: rename(unit.id) }));
  const channels = section.channels.map((channel) => ({ ...channel, id: rename(channel.id), source: end(channel.source), sinks: channel.sinks.map(end) }));
  return { ...section, units, channels };
}

function mapTogether(
  sections: readonly Section[],
  machine: Machine,
  sites: readonly Site[],
  options: Required<MapOptions>,
): readonly (readonly [Section, MappedSection])[] {
  const whole = mapSection(join(sections), machine, sites, options);
  if (sections.length === 1) return [[sections[0]!, whole]];
  return sections.map((section, s) => {
    const mine = (name: string): boolean => name.startsWith(`${s}/`);
    const own = (name: string): string => name.slice(`${s}/`.length);
    const placement = whole.placement.filter(({ unit }) => mine(unit)).map((place) => ({ ...place, unit: own(place.unit) }));
    const routes = whole.routes.filter(({ channel }) => mine(channel)).map((route) => ({ ...route, channel: own(route.channel) }));
    return [section, { placement, routes, quality: qualityOf(section, machine, routes) }];
  });
}

function refuseTooManyUnits(sections: readonly Section[], machine: Machine, sites: readonly Site[]): void {
  const faults = sections.flatMap((section) =>
    unitKinds.flatMap((kind): readonly Fault[] => {
      const need = section.units.filter((unit) => unit.kind === kind).length;
      const bound = sites.filter((site) => site.kind === kind).length;
      if (need <= bound) return [];
      const message = `section "${section.name}" needs ${need} ${kind} units, but ${machine.name} has room for ${bound}`;
      return [{ code: "too-many-units", message, hint: "lower the parallel factors in the workload's schedule, or take a larger machine" }];
    }),
  );
  if (faults.length > 0) throw new UserError(faults);
}

/** Times a section is placed before it counts as unroutable. Each time, the channels on overfull links pull twice as hard. */
const mostPlacements = 3;

function mapSection(section: Section, machine: Machine, sites: readonly Site[], { seed, effort }: Required<MapOptions>): MappedSection {
  const maze = mazeOf(meshOf(machine));
  const urgency = new Map<Channel, number>();
  for (let attempt = 1; ; attempt++) {
    const problem = placementProblem(section, sites, (channel) => urgency.get(channel) ?? 1);
    const moves = effort * movesFor(section.units.length);
    const { siteOf } = anneal(problem, constructivePlacement(problem), { random: seedRandom(seed, "place", section.name, attempt), moves });
    const positions = section.units.map((_, unit) => sites[siteOf[unit]!]!);
    const routed = routeSection(maze, section, machine, positions);
    if (routed.overloads.length === 0) return mappedSection(section, machine, positions, routed);
    if (attempt === mostPlacements) throw new UserError(unroutable(section, machine, routed));
    for (const { channels } of routed.overloads) for (const channel of channels) urgency.set(channel, 2 ** attempt);
  }
}

/** Grows faster than the units, as annealing needs: 250 for each of a hundred and fifty units, 675 for each of two thousand. */
function movesFor(units: number): number {
  return Math.ceil(10_000 + 15 * units * Math.sqrt(units));
}

function mappedSection(section: Section, machine: Machine, positions: readonly Site[], { routes }: RoutedSection): MappedSection {
  const placement = section.units.map((unit, index) => ({ unit: unit.id, x: positions[index]!.x, y: positions[index]!.y }));
  return { placement, routes, quality: qualityOf(section, machine, routes) };
}
