/** Routes of a placed section: the nets of each width, routed by route.ts, as the mapping states them. */

import type { UnitId } from "../base/units.ts";
import type { Channel, Section } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { Route } from "./mapping.ts";
import type { Maze, Net } from "./maze.ts";
import { directions, linkEnds, switchAt } from "./mesh.ts";
import { streamChannels } from "./problem.ts";
import { linkCapacity, linkDemand, routeNets, type Width } from "./route.ts";
import type { Site } from "./sites.ts";

export interface RoutedSection {
  /** In the order of the section's stream channels. */
  readonly routes: readonly Route[];
  /** Links over their capacity, worst first: none if all fits. */
  readonly overloads: readonly Overload[];
}

export interface Overload {
  readonly width: Width;
  readonly link: Route["links"][number];
  readonly need: number;
  readonly capacity: number;
  readonly channels: readonly Channel[];
}

const widths: readonly Width[] = ["vector", "scalar", "control"];

/** `positions` are the sites of the section's units, in their order. */
export function routeSection(maze: Maze, section: Section, machine: Machine, positions: readonly Site[]): RoutedSection {
  const switches = new Map(section.units.map((unit, index) => [unit.id, switchAt(maze.mesh, positions[index]!.switchX, positions[index]!.y)]));
  const channels = streamChannels(section);
  const parts = widths.map((width) =>
    routeWidth(
      maze,
      machine,
      channels.filter((channel) => channel.width === width),
      switches,
    ),
  );
  const routes = new Map(parts.flatMap((part) => part.routes.map((route) => [route.channel, route])));
  return { routes: channels.map((channel) => routes.get(channel.id)!), overloads: worstFirst(parts.flatMap((part) => part.overloads)) };
}

export function worstFirst(overloads: readonly Overload[]): readonly Overload[] {
  return overloads.toSorted((a, b) => b.need - b.capacity - (a.need - a.capacity));
}

function routeWidth(maze: Maze, machine: Machine, channels: readonly Channel[], switches: ReadonlyMap<UnitId, number>): RoutedSection {
  if (channels.length === 0) return { routes: [], overloads: [] };
  const width = channels[0]!.width;
  const capacity = linkCapacity(machine, width);
  const nets = channels.map((channel): Net => {
    const source = switches.get(channel.source.unit)!;
    const sinks = [...new Set(channel.sinks.map((sink) => switches.get(sink.unit)!))].filter((sink) => sink !== source);
    return { source, sinks, demand: linkDemand(machine, channel) };
  });
  const { trees, load, overfull } = routeNets(maze, nets, capacity);
  const overloads = overfull.map((link) => ({
    width,
    link: linkEnds(maze.mesh, link),
    need: load[link]!,
    capacity,
    channels: channels.filter((_, index) => trees[index]!.includes(link)),
  }));
  return { routes: channels.map((channel, index) => routeOf(maze, channel, nets[index]!, trees[index]!, switches)), overloads };
}

/** A sink on the source's own switch is one hop away all the same: a channel takes at least one. */
function routeOf({ mesh, targets }: Maze, channel: Channel, net: Net, tree: Int32Array, switches: ReadonlyMap<UnitId, number>): Route {
  const depth = new Map([[net.source, 0]]);
  for (const link of tree) depth.set(targets[link]!, depth.get(Math.floor(link / directions))! + 1);
  return {
    channel: channel.id,
    hops: channel.sinks.map((sink) => Math.max(1, depth.get(switches.get(sink.unit)!)!)),
    links: Array.from(tree, (link) => linkEnds(mesh, link)),
  };
}
