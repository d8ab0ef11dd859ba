/**
 * Sections that are on the chip together, as one section for placer and router, and what those make of it apart again.
 *
 *     "a": x -> y, "b": x -> z   ->   0/x -> 0/y, 1/x -> 1/z
 */

import type { Channel, Endpoint, Fabric, Section, Unit } from "../fabric/fabric.ts";
import { configurationsOf } from "../fabric/nests.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection } from "./mapping.ts";
import { qualityOf } from "./quality.ts";

/** The sections of one configuration. */
export interface Together {
  /** Positions in fabric.sections. */
  readonly members: readonly number[];
  readonly sections: readonly Section[];
  /** The same as they stand in the whole: with a number before the name of each unit and channel where there are several. */
  readonly parts: readonly Section[];
  /** All of them as one, part after part. */
  readonly whole: Section;
}

/** In the order of configurationsOf. */
export function joinConfigurations(fabric: Fabric): readonly Together[] {
  return configurationsOf(fabric).map((members) => {
    const sections = members.map((section) => fabric.sections[section]!);
    if (sections.length === 1) return { members, sections, parts: sections, whole: sections[0]! };
    const parts = sections.map(numbered);
    return { members, sections, parts, whole: joinParts(parts) };
  });
}

function joinParts(parts: readonly Section[]): Section {
  return {
    name: parts.map(({ name }) => name).join(", "),
    operators: [...new Set(parts.flatMap(({ operators }) => operators))],
    units: parts.flatMap(({ units }) => units),
    channels: parts.flatMap(({ channels }) => channels),
  };
}

function numbered(section: Section, s: number): Section {
  const units = section.units.map((unit): Unit => ({ ...unit, id: prefix(s) + unit.id }));
  return { ...section, units, channels: section.channels.map((channel) => renamed(channel, (name) => prefix(s) + name)) };
}

function prefix(section: number): string {
  return `${section}/`;
}

function renamed(channel: Channel, rename: (name: string) => string): Channel {
  const end = (at: Endpoint): Endpoint => ({ ...at, unit: rename(at.unit) });
  return { ...channel, id: rename(channel.id), source: end(channel.source), sinks: channel.sinks.map(end) };
}

/** The mapping of each of the sections, from that of the whole. */
export function splitMapped({ sections }: Together, mapped: MappedSection, machine: Machine): readonly MappedSection[] {
  if (sections.length === 1) return [mapped];
  return sections.map((section, s) => {
    const isOwn = (name: string): boolean => name.startsWith(prefix(s));
    const own = (name: string): string => name.slice(prefix(s).length);
    const placement = mapped.placement.flatMap((place) => (isOwn(place.unit) ? [{ ...place, unit: own(place.unit) }] : []));
    const routes = mapped.routes.flatMap((route) => (isOwn(route.channel) ? [{ ...route, channel: own(route.channel) }] : []));
    return { placement, routes, quality: qualityOf(section, machine, routes) };
  });
}

/** The mapping of the whole, from that of each section. */
export function joinMapped({ sections, whole }: Together, parts: readonly MappedSection[], machine: Machine): MappedSection {
  if (sections.length === 1) return parts[0]!;
  const placement = parts.flatMap((part, s) => part.placement.map((place) => ({ ...place, unit: prefix(s) + place.unit })));
  const routes = parts.flatMap((part, s) => part.routes.map((route) => ({ ...route, channel: prefix(s) + route.channel })));
  const quality = qualityOf(whole, machine, routes);
  if (linksAreShared(machine)) return { placement, routes, quality };
  return { placement, routes, quality: { ...quality, busiest_link_share: Math.max(...parts.map((part) => part.quality.busiest_link_share)) } };
}

/** Do sections that are on the chip together share the tracks of a link? Circuits stand all the time; packets are those of the section that runs. */
export function linksAreShared({ network }: Machine): boolean {
  return network.kind === "static";
}

/** `section "a"`, or `sections "a", "b", on the chip together,`. */
export function titleOf({ sections }: Together): string {
  const names = sections.map(({ name }) => `"${name}"`).join(", ");
  return sections.length === 1 ? `section ${names}` : `sections ${names}, on the chip together,`;
}

/** A channel of the whole as its section names it: `c (u -> v)`, and of which section where there are several. */
export function channelTitle({ sections }: Together, channel: Channel): string {
  if (sections.length === 1) return ends(channel);
  const { name } = sections[Number.parseInt(channel.id, 10)]!;
  return `${ends(renamed(channel, (joined) => joined.slice(joined.indexOf("/") + 1)))} of "${name}"`;
}

function ends({ id, source, sinks }: Channel): string {
  return `${id} (${source.unit} -> ${sinks.map((sink) => sink.unit).join(", ")})`;
}
