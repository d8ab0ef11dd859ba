/** Small questions about sections, nests, units and channels that verifier, datapath, timing and report all ask. */

import type { Channel, Fabric, Nest, Port, Section, Work } from "./fabric.ts";

/** The key of a lane that takes no part in a scatter: the lowest i32. */
export const NO_KEY = -(2 ** 31);

/** How often a nest fires in all; at most, where trip counts are read from ports. */
export function firingsOf(nest: Pick<Nest, "loops">): number {
  return iterationsOf(nest, nest.loops.length);
}

/** How often something at `level` happens in all: the trips of the loops outside it. */
export function iterationsOf(nest: Pick<Nest, "loops">, level: number): number {
  return nest.loops.slice(0, level).reduce((product, loop) => product * loop.trip, 1);
}

/** Firings in one iteration of `level`. */
export function periodOf(nest: Pick<Nest, "loops">, level: number): number {
  return nest.loops.slice(level).reduce((product, loop) => product * loop.trip, 1);
}

/** Number of the configuration that a section belongs to; one of its own, below 0, where it shares none. */
export function configurationOf({ sections }: Pick<Fabric, "sections">, section: number): number {
  return sections[section]!.configuration ?? -1 - section;
}

/** Positions of the sections that are on the chip together, a list for each configuration. */
export function configurationsOf(fabric: Pick<Fabric, "sections">): readonly (readonly number[])[] {
  const lists = new Map<number, number[]>();
  for (const section of fabric.sections.keys()) {
    const number = configurationOf(fabric, section);
    const list = lists.get(number);
    if (list === undefined) lists.set(number, [section]);
    else list.push(section);
  }
  return [...lists.values()];
}

export function channelsById(section: Section): ReadonlyMap<string, Channel> {
  return new Map(section.channels.map((channel) => [channel.id, channel]));
}

/** Ports from which trip counts are read. */
export function tripPorts({ loops }: Pick<Nest, "loops">): readonly string[] {
  return loops.flatMap(({ port }) => (port === undefined ? [] : [port]));
}

/** Input ports whose words decide times: of the nest's own firings, or of the bursts it asks for. */
export function steeringPorts(nest: Nest): readonly string[] {
  return [...tripPorts(nest), ...workSteeringPorts(nest)];
}

function workSteeringPorts({ work }: Nest): readonly string[] {
  switch (work.kind) {
    case "scatter":
      return [work.keyPort];
    case "gather":
    case "fetch":
      return [work.indexPort];
    case "append":
      return work.emits.map(({ whenPort }) => whenPort);
    case "hash":
      return [work.keyPort, work.whenPort];
    case "compute":
    case "systolic":
    case "load":
    case "store":
    case "write":
    case "fold":
    case "read":
      return [];
  }
}

/** The scratch memories that a nest hands over or takes. */
export function scratchesOf({ work }: Nest): readonly string[] {
  return "scratch" in work ? [work.scratch] : [];
}

/** The scratch memory, i32 [slots], in which a hash nest keeps the number of each slot's key. */
export function slotTableOf({ keys }: Extract<Work, { readonly kind: "hash" }>): string {
  return `${keys}.slots`;
}

/** Is it an end of a channel from the nest to itself? */
export const isRing = ({ ports }: Nest, { channel, direction }: Port): boolean =>
  ports.some((other) => other.channel === channel && other.direction !== direction);

/** Does it take what is in its scratch memory, rather than fill it? */
export function takesScratch({ work }: Nest): boolean {
  return work.kind === "read" || work.kind === "gather";
}

/** Ports by name that carry data into or out of the nest's work. */
export function dataPorts({ work }: Nest): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
  switch (work.kind) {
    case "compute":
      return { inputs: work.nodes.flatMap((node) => (node.kind === "input" ? [node.port] : [])), outputs: work.outputs.map((output) => output.port) };
    case "systolic":
      return { inputs: [work.lanePort, work.stagePort], outputs: [] };
    case "load":
      return { inputs: [], outputs: [work.port] };
    case "read":
      return { inputs: work.rest === undefined ? [] : [work.rest], outputs: [work.port] };
    case "store":
    case "write":
    case "fold":
      return { inputs: [work.port], outputs: [] };
    case "scatter":
      return { inputs: [work.keyPort, work.valuePort], outputs: [] };
    case "gather":
    case "fetch":
      return { inputs: [work.indexPort], outputs: [work.port] };
    case "append":
      return {
        inputs: work.emits.flatMap(({ whenPort, valuePort }) => [whenPort, valuePort]),
        outputs: work.sizePort === undefined ? [] : [work.sizePort],
      };
    case "hash":
      return { inputs: [work.keyPort, work.whenPort], outputs: [work.port] };
  }
}
