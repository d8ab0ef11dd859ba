/** How good a mapping is, from its routes alone. */

import type { Channel, Section } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappingQuality, Route } from "./mapping.ts";
import { streamChannels } from "./problem.ts";
import { linkCapacity, linkDemand, type Width } from "./route.ts";

/** `routes` may be in any order. */
export function qualityOf(section: Section, machine: Machine, routes: readonly Route[]): MappingQuality {
  const busiest = busiestLink(section, machine, routes);
  return {
    wirelength_hops: routes.reduce((sum, route) => sum + route.links.length, 0),
    longest_route_hops: routes.reduce((longest, route) => Math.max(longest, ...route.hops), 0),
    busiest_link_share: busiest === null ? 0 : busiest.need / busiest.capacity,
  };
}

/** The link that is fullest, of equals the first; null where no channel takes one. */
export function busiestLink(section: Section, machine: Machine, routes: readonly Route[]): LinkLoad | null {
  const share = ({ need, capacity }: LinkLoad): number => need / capacity;
  return linkLoads(section, machine, routes).reduce<LinkLoad | null>((most, load) => (most === null || share(load) > share(most) ? load : most), null);
}

export interface LinkLoad {
  readonly width: Width;
  readonly link: Route["links"][number];
  /** Tracks: of circuits whole ones, of a packet link the channels' rates. */
  readonly need: number;
  readonly capacity: number;
}

/** Every link that carries something, once for each width. */
export function linkLoads(section: Section, machine: Machine, routes: readonly Route[]): readonly LinkLoad[] {
  const channels = new Map<string, Channel>(streamChannels(section).map((channel) => [channel.id, channel]));
  const loads = new Map<string, LinkLoad>();
  for (const route of routes) {
    const channel = channels.get(route.channel);
    if (channel === undefined) continue;
    const { width } = channel;
    for (const link of route.links) {
      const key = `${width} ${link.join(" ")}`;
      const need = (loads.get(key)?.need ?? 0) + linkDemand(machine, channel);
      loads.set(key, { width, link, need, capacity: linkCapacity(machine, width) });
    }
  }
  return [...loads.values()];
}
