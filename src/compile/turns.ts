/**
 * Turns: where the parts of a section have more address generators together than there are, generators of different parts become one that takes their walks in turn, in the order
 * of the parts. A walk begins when the one before it has ended, so loads of later parts fill their buffers while earlier parts still compute.
 *
 *     wq.load0, k.load0, wo.load0   ->   wq.load0: walks wq, then k, then wo
 */

import type { Channel, Endpoint, Nest, Section, Unit } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";

/** Generators that read and generators that write, each of one part. */
export interface Walks {
  readonly reads: number;
  readonly writes: number;
}

/** Slots for those that read and for those that write; null: not even in turn are there enough. A load that waits for a store would begin late, so they share none. */
export function slotsFor(parts: readonly Walks[], count: number): Walks | null {
  const sum = (of: (walks: Walks) => number): number => parts.reduce((total, walks) => total + of(walks), 0);
  const most = (of: (walks: Walks) => number): number => Math.max(0, ...parts.map(of));
  const writes = Math.min(
    sum((walks) => walks.writes),
    count -
      Math.min(
        count,
        most((walks) => walks.reads),
      ),
  );
  const reads = Math.min(
    sum((walks) => walks.reads),
    count - writes,
  );
  return writes >= most((walks) => walks.writes) && reads >= most((walks) => walks.reads) ? { reads, writes } : null;
}

/** `generators`: ids of the address generators of each part. */
export function takeTurns(section: Section, generators: readonly (readonly string[])[], { ag }: Machine): Section {
  if (generators.reduce((sum, ids) => sum + ids.length, 0) <= ag.count) return section;
  const byId = new Map(section.units.map((unit) => [unit.id, unit]));
  const isWriter = (id: string): boolean => byId.get(id)!.nests.every(({ work }) => work.kind === "store" || work.kind === "append");
  const split = generators.map((ids) => ({ reads: ids.filter((id) => !isWriter(id)), writes: ids.filter(isWriter) }));
  const slots = slotsFor(
    split.map(({ reads, writes }) => ({ reads: reads.length, writes: writes.length })),
    ag.count,
  );
  if (slots === null) return section;
  const readers = sharedOut(
    split.map(({ reads }) => reads),
    slots.reads,
  );
  const writers = sharedOut(
    split.map(({ writes }) => writes),
    slots.writes,
  );
  return oneAfterTheOther(section, [...readers, ...writers]);
}

/** Each part goes on where the one before ended, so that few wait for their neighbours in the program. */
function sharedOut(parts: readonly (readonly string[])[], slots: number): readonly (readonly string[])[] {
  const taken = Array.from({ length: slots }, (): string[] => []);
  let next = 0;
  for (const id of parts.flat()) taken[next++ % slots]!.push(id);
  return taken;
}

const TURN = "turn";

/** The section with one generator for each slot, in place of all that are in it. */
function oneAfterTheOther(section: Section, slots: readonly (readonly string[])[]): Section {
  const byId = new Map(section.units.map((unit) => [unit.id, unit]));
  const ownerOf = new Map(slots.flatMap((ids) => ids.map((id): [string, string] => [id, ids[0]!])));
  const turns: Channel[] = [];
  const shared = new Map<string, Unit>();
  for (const ids of slots) {
    const members = ids.map((id) => byId.get(id)!);
    const own = members.slice(1).map((after, i) => turnFrom(members[0]!.id, members[i]!.nests[0]!, after.nests[0]!));
    turns.push(...own);
    if (members.length > 0) shared.set(ids[0]!, { ...members[0]!, nests: members.map((member, i) => withTurns(member.nests[0]!, own[i - 1], own[i])) });
  }
  const moved = (end: Endpoint): Endpoint => ({ ...end, unit: ownerOf.get(end.unit) ?? end.unit });
  return {
    ...section,
    units: section.units.flatMap((unit) => (ownerOf.has(unit.id) ? (shared.get(unit.id) ?? []) : [unit])),
    channels: [...section.channels.map((channel) => ({ ...channel, source: moved(channel.source), sinks: channel.sinks.map(moved) })), ...turns],
  };
}

function turnFrom(unit: string, before: Nest, after: Nest): Channel {
  const source: Endpoint = { unit, nest: before.id, port: `${TURN}.out` };
  const sink: Endpoint = { unit, nest: after.id, port: `${TURN}.in` };
  return { id: `${before.id}>${after.id}.${TURN}`, kind: "buffer", width: "control", dtype: "bool", words: 0, depth: 1, source, sinks: [sink], rate: 1 };
}

/** The nest with a hand-over before its first firing and one behind its last. */
function withTurns(nest: Nest, before: Channel | undefined, after: Channel | undefined): Nest {
  const turn = (name: string, direction: "in" | "out", channel: Channel | undefined): Nest["ports"] =>
    channel === undefined ? [] : [{ name: `${TURN}.${name}`, channel: channel.id, direction, kind: "buffer", level: 0 }];
  return { ...nest, ports: [...turn("in", "in", before), ...nest.ports, ...turn("out", "out", after)] };
}
