/**
 * Phases of a section: what is handed over whole, once, parts what must have ended before from what begins then. Nests of one phase may be under way together.
 *
 *     load w -> buffer, handed over once -> product <- load x       w moves in phase 0, x in phase 1
 */

import type { Channel, Nest, Section } from "./fabric.ts";
import { iterationsOf } from "./nests.ts";

interface Way {
  readonly to: Nest;
  /** Nothing passes before its source has ended. */
  readonly whole: boolean;
  /** Its source cannot end before its sink has begun. */
  readonly holds: boolean;
}

/** By nest: hand-overs that come one after the other before the most of its work. What streams into something that waits, waits with it. */
export function phasesOf(section: Section): ReadonlyMap<Nest, number> {
  const ways = waysOf(section);
  const begins = new Map([...ways.keys()].map((nest) => [nest, 0]));
  const order = inOrder(ways);
  for (const nest of order) for (const { to, whole } of ways.get(nest)!) begins.set(to, Math.max(begins.get(to)!, begins.get(nest)! + Number(whole)));
  const goes = new Map(begins);
  for (const nest of order.toReversed()) {
    const held = ways.get(nest)!.flatMap(({ to, holds }) => (holds ? [goes.get(to)!] : []));
    goes.set(nest, Math.max(goes.get(nest)!, ...held));
  }
  return goes;
}

/** Those that close a ring are left out: they hold what they begin with. */
function waysOf({ units, channels }: Section): ReadonlyMap<Nest, readonly Way[]> {
  const nests = new Map(units.map(({ id, nests }) => [id, new Map(nests.map((nest) => [nest.id, nest]))]));
  const ways = new Map<Nest, Way[]>(units.flatMap((unit) => unit.nests.map((nest) => [nest, []])));
  for (const channel of channels) {
    if ((channel.initial ?? 0) > 0) continue;
    const source = nests.get(channel.source.unit)!.get(channel.source.nest)!;
    for (const sink of channel.sinks) {
      const to = nests.get(sink.unit)!.get(sink.nest)!;
      const times = Math.min(timesOf(source, channel.source.port), timesOf(to, sink.port));
      if (to !== source) ways.get(source)!.push({ to, whole: isWhole(channel, times), holds: channel.kind === "stream" || times > channel.depth });
    }
  }
  return ways;
}

const isWhole = ({ kind }: Channel, times: number): boolean => kind === "buffer" && times === 1;

/** How often a port of the nest acts. */
function timesOf(nest: Nest, port: string): number {
  return iterationsOf(nest, nest.ports.find(({ name }) => name === port)!.level);
}

/** Sources before sinks. */
function inOrder(ways: ReadonlyMap<Nest, readonly Way[]>): readonly Nest[] {
  const waiting = new Map([...ways.keys()].map((nest) => [nest, 0]));
  for (const { to } of [...ways.values()].flat()) waiting.set(to, waiting.get(to)! + 1);
  const order = [...ways.keys()].filter((nest) => waiting.get(nest) === 0);
  for (const nest of order) {
    for (const { to } of ways.get(nest)!) {
      waiting.set(to, waiting.get(to)! - 1);
      if (waiting.get(to) === 0) order.push(to);
    }
  }
  return order;
}
