/** A mapping as people read it: for each section a map of the grid, then its units and routes. Sections that are on the chip together share one map. */

import type { Section, Unit } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection, Mapping, MappingQuality, Route } from "./mapping.ts";
import { type Site, sitesOf } from "./sites.ts";
import { joinConfigurations, joinMapped, type Together } from "./together.ts";

export function printMapping(mapping: Mapping, machine: Machine): string {
  const head = `mapping of ${mapping.fabric.program} (${mapping.fabric.style}) onto ${machine.name}, seed ${mapping.seed}`;
  const configurations = joinConfigurations(mapping.fabric).map((together) => printConfiguration(together, mapping, machine));
  return `${[head, ...configurations].join("\n\n")}\n`;
}

function printConfiguration(together: Together, mapping: Mapping, machine: Machine): string {
  const { members, sections, whole } = together;
  const parts = members.map((section) => mapping.sections[section]!);
  if (sections.length === 1) return printSection(whole, parts[0]!, mapLines(whole, parts[0]!, machine));
  const mapped = joinMapped(together, parts, machine);
  const head = `${sections.length} sections on the chip together: ${whole.name}`;
  const overview = [head, ...[qualityLine(mapped.quality), ...mapLines(whole, mapped, machine)].map(indent)].join("\n");
  return [overview, ...sections.map((section, s) => printSection(section, parts[s]!, []))].join("\n\n");
}

function printSection(section: Section, mapped: MappedSection, map: readonly string[]): string {
  return [
    `section ${section.name}: ${section.operators.join(", ")}`,
    ...[qualityLine(mapped.quality), ...map, "units"].map(indent),
    ...unitLines(section, mapped).map((line) => `    ${line}`),
    "  routes",
    ...routeLines(section, mapped).map((line) => `    ${line}`),
  ].join("\n");
}

function qualityLine({ wirelength_hops, longest_route_hops, busiest_link_share }: MappingQuality): string {
  return `wirelength ${hops(wirelength_hops)}, longest route ${hops(longest_route_hops)}, busiest link ${(100 * busiest_link_share).toFixed(1)} % full`;
}

function indent(line: string): string {
  return `  ${line}`;
}

const letters = "abcdefghijklmnopqrstuvwxyz";

/** A letter for each operator: small for PCUs and address generators, capital for PMUs. A dot is a free PCU, a colon a free PMU, a dash a free address generator. */
function mapLines(section: Section, { placement }: MappedSection, machine: Machine): readonly string[] {
  const units = new Map(section.units.map((unit) => [unit.id, unit]));
  const unitAt = new Map(placement.map(({ unit, x, y }) => [`${x} ${y}`, units.get(unit)!]));
  const operators = [...new Set(section.units.map((unit) => unit.operator))];
  const letterOf = (unit: Unit): string => letters[operators.indexOf(unit.operator) % letters.length]!;
  const sites = sitesOf(machine);
  const left = Math.min(0, ...sites.map((site) => site.x));
  const width = Math.max(...sites.map((site) => site.x)) - left + 1;
  const cells = Array.from({ length: machine.grid.rows }, () => new Array<string>(width).fill(" "));
  for (const site of sites) cells[site.y]![site.x - left] = cellOf(site, unitAt.get(`${site.x} ${site.y}`), letterOf);
  const legend = operators.map((operator, index) => `${letters[index % letters.length]} ${operator}`).join(", ");
  return [...cells.map((row) => row.join(" ").trimEnd()), `${legend} (capital: PMU; free: . PCU, : PMU, - AG)`];
}

const freeCell: { readonly [K in Unit["kind"]]: string } = { pcu: ".", pmu: ":", ag: "-" };

function cellOf(site: Site, unit: Unit | undefined, letterOf: (unit: Unit) => string): string {
  if (unit === undefined) return freeCell[site.kind];
  return unit.kind === "pmu" ? letterOf(unit).toUpperCase() : letterOf(unit);
}

function unitLines(section: Section, { placement }: MappedSection): readonly string[] {
  const at = new Map(placement.map(({ unit, x, y }) => [unit, `(${x}, ${y})`]));
  const wide = Math.max(0, ...section.units.map((unit) => unit.id.length));
  return section.units.map((unit) => `${unit.id.padEnd(wide)}  ${unit.kind.padEnd(3)}  ${at.get(unit.id)!.padEnd(8)}  ${unit.label}`);
}

function routeLines(section: Section, { routes }: MappedSection): readonly string[] {
  const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
  const wide = Math.max(0, ...routes.map((route) => route.channel.length));
  return routes.map((route) => {
    const { width, source, sinks } = channels.get(route.channel)!;
    const ends = sinks.map((sink, index) => `${sink.unit} in ${hops(route.hops[index]!)}`).join(", ");
    return `${route.channel.padEnd(wide)}  ${width.padEnd(7)}  ${source.unit} -> ${ends}; ${path(route)}`;
  });
}

function hops(count: number): string {
  return count === 1 ? "1 hop" : `${count} hops`;
}

/** Links that follow one another are written as one path; a branch begins a new one. */
function path({ links }: Route): string {
  if (links.length === 0) return "inside its switch";
  let text = "";
  let end = "";
  for (const [x, y, x2, y2] of links) {
    const from = `(${x}, ${y})`;
    text += from === end ? "" : `${text === "" ? "" : " | "}${from}`;
    end = `(${x2}, ${y2})`;
    text += ` ${end}`;
  }
  return text;
}
