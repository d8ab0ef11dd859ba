/** A section as the placer sees it: units and nets as numbers. A net is a stream channel that joins two or more units, each a pin once. */

import type { Channel, Section } from "../fabric/fabric.ts";
import { channelsOnRings } from "./rings.ts";
import type { Site, UnitKind } from "./sites.ts";

export interface PlacementProblem {
  readonly kinds: readonly UnitKind[];
  readonly sites: readonly Site[];
  /** Pins of net n, source first: pins[netStart[n] .. netStart[n + 1]). */
  readonly netStart: Int32Array;
  readonly pins: Int32Array;
  /** Nets of unit u: unitNets[unitStart[u] .. unitStart[u + 1]). */
  readonly unitStart: Int32Array;
  readonly unitNets: Int32Array;
  /** Whole number > 0 by which a net's half perimeter counts. */
  readonly weights: Int32Array;
  /** Whole number >= 0 by which each column and row from a net's source to each of its sinks counts. */
  readonly stars: Int32Array;
}

/** Channels to be placed and routed: all but those of buffers, which stay inside a unit. */
export function streamChannels(section: Section): readonly Channel[] {
  return section.channels.filter((channel) => channel.kind === "stream");
}

/** `urgency` multiplies the weight of a channel: 1, or more for those that were in the way of others. `near`: sinks count by their way from the source, and not only by the tree's links. */
export function placementProblem(section: Section, sites: readonly Site[], urgency: (channel: Channel) => number, near: boolean): PlacementProblem {
  const indexOf = new Map(section.units.map((unit, index) => [unit.id, index]));
  const onRings = channelsOnRings(section);
  const weightOf = (channel: Channel): number => urgency(channel) * (onRings.has(channel) ? ringWeight : 1);
  const nets = streamChannels(section)
    .map((channel) => ({ channel, pins: [...new Set([channel.source, ...channel.sinks].map((end) => indexOf.get(end.unit)!))] }))
    .filter((net) => net.pins.length > 1);
  const netsOfUnit: number[][] = section.units.map(() => []);
  for (const [net, { pins }] of nets.entries()) for (const unit of pins) netsOfUnit[unit]!.push(net);
  return {
    kinds: section.units.map((unit) => unit.kind),
    sites,
    netStart: offsets(nets.map((net) => net.pins)),
    pins: Int32Array.from(nets.flatMap((net) => net.pins)),
    unitStart: offsets(netsOfUnit),
    unitNets: Int32Array.from(netsOfUnit.flat()),
    weights: Int32Array.from(nets, (net) => Math.round(100 * treeFactor(net.pins.length) * weightOf(net.channel))),
    stars: Int32Array.from(nets, (net) => (near && net.pins.length > 2 ? Math.round(100 * starFactor * net.channel.rate * weightOf(net.channel)) : 0)),
  };
}

/** What a channel on a ring counts over another. It steers placement only: of 1, 2, 3, 4, 6 and 16, the LSTMs of `weft validate rnn` together are fastest with 4. */
const ringWeight = 4;

/**
 * What the way to a sink of a broadcast counts at one token a tick over a link of its tree. Near sinks wait for the credits of far ones: where ways differ by more than FIFOs hide, as
 * they do where rows and columns of copies that cross are not placed as such, all of them do. It steers placement only: of 0, 0.1, 0.3, 0.5, 1 and 2, GEMMs of 16 x 64 and 26 x 32
 * arrays on sn40l have no ring that holds them back from 1 on, and routes as short.
 */
const starFactor = 1;

function offsets(lists: readonly (readonly number[])[]): Int32Array {
  const starts = new Int32Array(lists.length + 1);
  for (const [index, list] of lists.entries()) starts[index + 1] = starts[index]! + list.length;
  return starts;
}

/** Links of a tree over its bounding box's half perimeter: 1 up to three pins, then it grows as the square root of the pins (their mean distance shrinks as its inverse). */
function treeFactor(pins: number): number {
  return Math.max(1, 0.15 + 0.39 * Math.sqrt(pins));
}

/** Sum over nets of weight * half perimeter of the switches at which its pins sit and of star * distances from its source; whole, hence exact. `siteOf` gives each unit's site. */
export function placementCost(problem: PlacementProblem, siteOf: Int32Array): number {
  let cost = 0;
  for (let net = 0; net < problem.weights.length; net++) {
    const sites = Array.from(problem.pins.subarray(problem.netStart[net], problem.netStart[net + 1]), (unit) => problem.sites[siteOf[unit]!]!);
    cost += problem.weights[net]! * (span(sites.map((site) => site.switchX)) + span(sites.map((site) => site.y)));
    cost += problem.stars[net]! * sites.reduce((sum, site) => sum + distance(site, sites[0]!), 0);
  }
  return cost;
}

function distance(one: Site, other: Site): number {
  return Math.abs(one.switchX - other.switchX) + Math.abs(one.y - other.y);
}

function span(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
