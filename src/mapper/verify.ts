/**
 * Checks a mapping against its fabric and a machine, from the mapping's own positions and links alone: every unit on a site of its kind and alone there, every route a tree
 * from its source to exactly its sinks with the hops it states, no link over its capacity; for sections that are on the chip together, all of them at once. Shares no code with the placer and the router but the list of sites.
 */

import type { Fault } from "../base/errors.ts";
import type { UnitId } from "../base/units.ts";
import type { Channel, Section } from "../fabric/fabric.ts";
import { configurationsOf } from "../fabric/nests.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection, Mapping, Placement, Route } from "./mapping.ts";
import { sitesOf } from "./sites.ts";

/** All that is wrong; none if it may be simulated. Places are key paths into the mapping. */
export function verifyMapping(mapping: Mapping, machine: Machine): readonly Fault[] {
  const { sections } = mapping.fabric;
  if (mapping.sections.length !== sections.length) {
    return [fault("section-count", "sections", `${mapping.sections.length} mapped sections, but the fabric has ${sections.length}`)];
  }
  const parts = sections.map((section, index): Part => ({ section, mapped: mapping.sections[index]!, path: `sections.${index}` }));
  const alone = parts.flatMap((part) => verifySection(part, machine));
  if (alone.length > 0) return alone;
  const shared = configurationsOf(mapping.fabric).filter((members) => members.length > 1);
  return shared.flatMap((members) =>
    verifyTogether(
      members.map((index) => parts[index]!),
      machine,
    ),
  );
}

/** A section, its mapping, and where that stands. */
interface Part {
  readonly section: Section;
  readonly mapped: MappedSection;
  readonly path: string;
}

function verifySection(part: Part, machine: Machine): readonly Fault[] {
  const { section, mapped, path } = part;
  const placing = [...placedOnce(section, mapped.placement, path), ...onSites(section, mapped.placement, machine, path)];
  if (placing.length > 0) return placing;
  const routing = [...routedOnce(section, mapped.routes, path), ...treesFit(section, mapped, machine, path)];
  return routing.length > 0 ? routing : [...withinCapacity([part], machine), ...qualityHolds(part, machine)];
}

/** Sections that each hold on their own: do they take sites of their own, and do their circuits fit the links beside each other? Packets are those of the section that runs. */
function verifyTogether(parts: readonly Part[], machine: Machine): readonly Fault[] {
  const apart = sitesApart(parts);
  return apart.length > 0 || machine.network.kind === "packet" ? apart : withinCapacity(parts, machine);
}

function sitesApart(parts: readonly Part[]): readonly Fault[] {
  const taken = new Map<string, string>();
  return parts.flatMap(({ section, mapped, path }) =>
    mapped.placement.flatMap(({ unit, x, y }, index) => {
      const who = `"${unit}" of section "${section.name}"`;
      const other = taken.get(nameOf(x, y));
      taken.set(nameOf(x, y), who);
      return other === undefined
        ? []
        : [fault("site-taken", `${path}.placement.${index}`, `${who} stands at ${nameOf(x, y)}, where ${other} is on the chip beside it`)];
    }),
  );
}

function placedOnce(section: Section, placement: readonly Placement[], path: string): readonly Fault[] {
  return onceEach(
    section.units.map((unit) => unit.id),
    placement.map((place) => place.unit),
    { path: `${path}.placement`, what: "unit" },
  );
}

function routedOnce(section: Section, routes: readonly Route[], path: string): readonly Fault[] {
  return onceEach(
    section.channels.filter((channel) => channel.kind === "stream").map((channel) => channel.id),
    routes.map((route) => route.channel),
    { path: `${path}.routes`, what: "stream channel" },
  );
}

function onceEach(expected: readonly string[], found: readonly string[], { path, what }: { path: string; what: string }): readonly Fault[] {
  const times = new Map(expected.map((id) => [id, 0]));
  for (const id of found) times.set(id, (times.get(id) ?? Number.NaN) + 1);
  return [...times]
    .filter(([, count]) => count !== 1)
    .map(([id, count]) =>
      fault("not-once", path, Number.isNaN(count) ? `"${id}" is no ${what} of the section` : `${what} "${id}" appears ${count} times, not once`),
    );
}

function onSites(section: Section, placement: readonly Placement[], machine: Machine, path: string): readonly Fault[] {
  const kindAt = new Map(sitesOf(machine).map((site) => [`${site.x} ${site.y}`, site.kind]));
  const kindOf = new Map(section.units.map((unit) => [unit.id, unit.kind]));
  const taken = new Map<string, UnitId>();
  return placement.flatMap(({ unit, x, y }, index) => {
    const at = `${path}.placement.${index}`;
    const spot = `${x} ${y}`;
    const other = taken.get(spot);
    taken.set(spot, unit);
    if (other !== undefined) return [fault("site-taken", at, `"${unit}" and "${other}" both stand at (${x}, ${y})`)];
    const [need, site] = [kindOf.get(unit), kindAt.get(spot)];
    return need === undefined || need === site
      ? []
      : [fault("wrong-site", at, `"${unit}" needs a site of kind ${need}, but (${x}, ${y}) is ${site === undefined ? "no site" : `of kind ${site}`}`)];
  });
}

function treesFit(section: Section, mapped: MappedSection, machine: Machine, path: string): readonly Fault[] {
  const { columns, rows } = machine.grid;
  const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
  const switches = new Map(mapped.placement.map(({ unit, x, y }) => [unit, nameOf(Math.min(columns, Math.max(-1, x)), y)]));
  const inMesh = (x: number, y: number): boolean => Number.isInteger(x) && Number.isInteger(y) && x >= -1 && x <= columns && y >= 0 && y < rows;
  return mapped.routes.flatMap((route, index) => {
    const channel = channels.get(route.channel);
    const at = `${path}.routes.${index}`;
    if (channel === undefined) return [];
    const stray = route.links.find(([x, y, x2, y2]) => !inMesh(x, y) || !inMesh(x2, y2) || Math.abs(x - x2) + Math.abs(y - y2) !== 1);
    if (stray !== undefined) return [fault("no-link", at, `the machine has no link from (${stray[0]}, ${stray[1]}) to (${stray[2]}, ${stray[3]})`)];
    return treeFits(channel, route, switches, at);
  });
}

function nameOf(x: number, y: number): string {
  return `(${x}, ${y})`;
}

function treeFits(channel: Channel, route: Route, switches: ReadonlyMap<UnitId, string>, at: string): readonly Fault[] {
  const source = switches.get(channel.source.unit)!;
  const parents = new Map<string, string>();
  for (const [x, y, x2, y2] of route.links) {
    const to = nameOf(x2, y2);
    if (to === source || parents.has(to)) return [fault("no-tree", at, `route of "${channel.id}" enters ${to} more often than a tree does`)];
    parents.set(to, nameOf(x, y));
  }
  const ends = channel.sinks.map((sink) => switches.get(sink.unit)!);
  const depths = ends.map((end) => depthOf(end, source, parents));
  const lost = depths.indexOf(undefined);
  if (lost >= 0) return [fault("not-reached", at, `route of "${channel.id}" does not lead from ${source} to its sink at ${ends[lost]}`)];
  const used = new Set([...parents.values(), ...ends]);
  const loose = [...parents.keys()].find((node) => !used.has(node));
  if (loose !== undefined) return [fault("loose-end", at, `route of "${channel.id}" ends at ${loose}, where it has no sink`)];
  const loop = [...parents.keys()].find((node) => depthOf(node, source, parents) === undefined);
  if (loop !== undefined) return [fault("no-tree", at, `route of "${channel.id}" has links at ${loose ?? loop} that do not hang from its source`)];
  const hops = depths.map((depth) => Math.max(1, depth!));
  if (hops.join() === route.hops.join()) return [];
  return [fault("wrong-hops", at, `route of "${channel.id}" states ${route.hops.join(", ")} hops, its links make ${hops.join(", ")}`)];
}

/** Links from the source, undefined if the node does not hang from it. */
function depthOf(node: string, source: string, parents: ReadonlyMap<string, string>): number | undefined {
  let depth = 0;
  for (let at: string | undefined = node; at !== source; depth++) {
    at = parents.get(at);
    if (at === undefined || depth > parents.size) return undefined;
  }
  return depth;
}

/** Load of every link in channels (static) or tokens a tick (packet), by width: what all these sections take of it. */
function linkUse(parts: readonly Part[], machine: Machine): readonly { readonly name: string; readonly need: number; readonly bound: number }[] {
  const { network } = machine;
  const bounds = { vector: network.vector_links, scalar: network.scalar_links, control: network.control_links };
  const use = new Map<string, { readonly name: string; readonly need: number; readonly bound: number }>();
  for (const { section, mapped } of parts) {
    const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
    for (const route of mapped.routes) {
      const { width, rate } = channels.get(route.channel)!;
      for (const [x, y, x2, y2] of route.links) {
        const name = `${width} link from ${nameOf(x, y)} to ${nameOf(x2, y2)}`;
        use.set(name, { name, need: (use.get(name)?.need ?? 0) + (network.kind === "static" ? 1 : rate), bound: bounds[width] });
      }
    }
  }
  return [...use.values()];
}

/** Sums of rates may be off by rounding. */
const rounding = 1e-8;

function withinCapacity(parts: readonly Part[], machine: Machine): readonly Fault[] {
  const unit = machine.network.kind === "static" ? "channels" : "tokens a tick";
  const whose = parts.length === 1 ? "" : ` of sections ${parts.map(({ section }) => `"${section.name}"`).join(", ")} together`;
  return linkUse(parts, machine)
    .filter(({ need, bound }) => need > bound + rounding)
    .map(({ name, need, bound }) =>
      fault("link-overfull", `${parts[0]!.path}.routes`, `the ${name} carries ${need} ${unit}${whose}, its capacity is ${bound}`),
    );
}

function qualityHolds(part: Part, machine: Machine): readonly Fault[] {
  const { routes, quality } = part.mapped;
  const facts = {
    wirelength_hops: routes.flatMap((route) => route.links).length,
    longest_route_hops: Math.max(0, ...routes.flatMap((route) => route.hops)),
    busiest_link_share: Math.max(0, ...linkUse([part], machine).map(({ need, bound }) => need / bound)),
  };
  return (["wirelength_hops", "longest_route_hops", "busiest_link_share"] as const)
    .filter((figure) => Math.abs(facts[figure] - quality[figure]) > rounding)
    .map((figure) => fault("wrong-quality", `${part.path}.quality.${figure}`, `states ${quality[figure]}, the routes make ${facts[figure]}`));
}

function fault(code: string, path: string, message: string): Fault {
  return { code, message, place: { path } };
}
