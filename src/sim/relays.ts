/**
 * Channels that share links of a packet network, as processes and resources of the engine. A link that more channels use than it has tracks is a resource that
 * takes as many tokens a cycle as it has tracks, in the order in which they ask (ties: by place in the section). On its route a channel has a *relay* before each
 * such link: a process that takes a token from the buffer of the router, asks the link for it, one at a time, and hands it on to the next relay or to the sinks behind, all at once where the
 * route branches: so a token crosses each shared link once, however many sinks it has. A relay takes a token only when there is room behind the link (credits per hop). Links that are not
 * shared in this sense cost nothing but time, as circuits do, and without contention a token arrives when it would on a circuit.
 *
 * Left out: channels that hold tokens when the section starts, and those of nests whose loops data counts (nobody knows how many tokens a relay would have to pass on); they go as on circuits.
 */

import type { UnitId } from "../base/units.ts";
import type { Behaviour } from "../engine/behaviour.ts";
import type { ChannelSpec, ProcessSpec, RequestSource, ResourceSpec } from "../engine/network.ts";
import type { Channel, Section } from "../fabric/fabric.ts";
import { tripPorts } from "../fabric/nests.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection, Placement, Route } from "../mapper/mapping.ts";

/** A relay's place among the channels of the engine. */
export interface RelayPlan {
  readonly name: string;
  /** An engine channel into which the source of its channel pushes: a relay passes on as many tokens. */
  readonly head: number;
  /** Index among the shared links of the section. */
  readonly link: number;
  readonly input: number;
  readonly outputs: readonly number[];
}

/** A link with too few tracks for all channels that use it. */
export interface SharedLink {
  readonly name: string;
  readonly tracks: number;
}

/** Segments of a channel's way: from the source or a relay to a relay or a sink. */
export interface Segment {
  /** Place among the relays of the channel; -1: the source. */
  readonly from: number;
  /** A relay; null: a sink. */
  readonly relay: number | null;
  readonly sink: number;
  readonly latency: number;
}

/** The way of one fabric channel: its relays, by link, and the segments between them. A relay stands behind those before it. */
export interface Way {
  readonly links: readonly number[];
  readonly segments: readonly Segment[];
}

export interface Sharing {
  readonly links: readonly SharedLink[];
  /** By id of the channels that have a relay. */
  readonly ways: ReadonlyMap<string, Way>;
}

const NOTHING_SHARED: Sharing = { links: [], ways: new Map() };

/** Which channels of a section wait for which links. */
export function shareLinks(section: Section, mapped: MappedSection, { network, grid }: Machine): Sharing {
  if (network.fidelity !== "packet") return NOTHING_SHARED;
  const tracks = { vector: network.vector_links, scalar: network.scalar_links, control: network.control_links };
  const routed = mapped.routes.flatMap((route) => {
    const channel = section.channels.find(({ id }) => id === route.channel)!;
    return canWait(channel, section) ? [{ route, channel }] : [];
  });
  const users = new Map<string, { readonly name: string; readonly tracks: number; count: number }>();
  for (const { route, channel } of routed) {
    for (const link of route.links) {
      const key = keyOf(channel, link);
      const user = users.get(key) ?? { name: nameOf(channel, link), tracks: tracks[channel.width], count: 0 };
      users.set(key, { ...user, count: user.count + 1 });
    }
  }
  const shared = [...users].filter(([, user]) => user.count > user.tracks);
  const numbers = new Map(shared.map(([key], i) => [key, i]));
  const switches = new Map(mapped.placement.map((place) => [place.unit, switchOf(place, grid.columns)]));
  const ways = routed.map(({ route, channel }) => [channel.id, wayOf(route, channel, numbers, switches, network.hop_cycles)] as const);
  return { links: shared.map(([, { name, tracks: most }]) => ({ name, tracks: most })), ways: new Map(ways.filter(([, { links }]) => links.length > 0)) };
}

function canWait({ kind, initial, source }: Channel, section: Section): boolean {
  const nest = section.units.find(({ id }) => id === source.unit)!.nests.find(({ id }) => id === source.nest)!;
  return kind === "stream" && initial === undefined && tripPorts(nest).length === 0;
}

type Link = Route["links"][number];

const keyOf = ({ width }: Channel, link: Link): string => `${width} ${link.join(" ")}`;

const nameOf = ({ width }: Channel, [x, y, x2, y2]: Link): string => `${width} link ${x},${y} to ${x2},${y2}`;

/** How far along the tree a switch is, and the last relay before it. */
interface Stop {
  readonly hops: number;
  readonly relay: number;
  /** Hop at the end of which that relay's link has been crossed; 0: no relay. */
  readonly relayHop: number;
}

/** A link's token asks for it after the cycle in the router before it, and is on the next router's doorstep a hop after it asked. */
function wayOf({ links: tree }: Route, channel: Channel, numbers: ReadonlyMap<string, number>, switches: ReadonlyMap<UnitId, string>, hop: number): Way {
  const links: number[] = [];
  const segments: Segment[] = [];
  const stops = new Map<string, Stop>([[switches.get(channel.source.unit)!, { hops: 0, relay: -1, relayHop: 0 }]]);
  for (const link of tree) {
    const before = stops.get(`${link[0]} ${link[1]}`)!;
    const hops = before.hops + 1;
    const shared = numbers.get(keyOf(channel, link));
    if (shared !== undefined) {
      segments.push({ from: before.relay, relay: links.length, sink: -1, latency: asksAt(hops, hop) - (before.relay < 0 ? 0 : asksAt(before.relayHop, hop)) });
      links.push(shared);
    }
    const relay = shared === undefined ? before.relay : links.length - 1;
    stops.set(`${link[2]} ${link[3]}`, { hops, relay, relayHop: shared === undefined ? before.relayHop : hops });
  }
  channel.sinks.forEach(({ unit }, sink) => {
    const stop = stops.get(switches.get(unit)!)!;
    const whole = Math.max(1, stop.hops) * hop;
    segments.push({ from: stop.relay, relay: null, sink, latency: stop.relay < 0 ? whole : whole - asksAt(stop.relayHop, hop) });
  });
  return { links, segments };
}

/** Address generators further out stand at the last switch of their row. */
const switchOf = ({ x, y }: Placement, columns: number): string => `${Math.max(-1, Math.min(columns, x))} ${y}`;

const asksAt = (hops: number, hop: number): number => (hops - 1) * hop + 1;

// --- as parts of a network ---

/** Resources behind `origin` as all others are. */
export function linkResources(links: readonly SharedLink[]): readonly ResourceSpec[] {
  return links.map(({ name, tracks }) => ({ name, service: 1, latency: -1, clock: { numerator: tracks, denominator: 1 }, origin: 0 }));
}

/** `tokens`: that its channel carries in this run; `resource`: of its link. */
export function relayProcess({ name, input, outputs }: RelayPlan, channels: readonly ChannelSpec[], tokens: number, resource: number): ProcessSpec {
  const words = channels[input]!.words;
  return {
    name,
    firings: tokens,
    ...{ ii: 1, latency: 0 },
    ports: [{ channel: input, kind: "stream-in", period: 1 }, ...outputs.map((channel) => ({ channel, kind: "stream-out" as const, period: 1 }))],
    requests: { outstanding: 1, source: onlyFrom(resource) },
    ...(words > 0 && { behaviour: COPY }),
  };
}

/** Each firing asks the same resource. */
function onlyFrom(resource: number): RequestSource {
  return {
    maxBursts: 1,
    next: (_n, into) => {
      into[0] = resource;
      return 1;
    },
    repeats: () => Number.MAX_SAFE_INTEGER,
    shift: () => undefined,
  };
}

/** Sinks that need no data have channels without words. */
const COPY: Behaviour = {
  fire: (_n, inputs, outputs) => {
    for (let port = 1; port < outputs.length; port++) if (outputs[port]!.length > 0) outputs[port]!.set(inputs[0]!);
    return 1;
  },
};
