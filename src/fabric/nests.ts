/** Small questions about nests, units and channels that verifier, datapath, timing and report all ask. */

import type { Channel, Nest, Section } from "./fabric.ts";

/** How often a nest fires in all. */
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

export function channelsById(section: Section): ReadonlyMap<string, Channel> {
  return new Map(section.channels.map((channel) => [channel.id, channel]));
}

/** Firings are steered by data: their times cannot be known without values. */
export function isDataDependent(nest: Nest): boolean {
  return nest.work.kind === "scatter";
}

/** The scratch memory that a nest reads or writes, if any. */
export function scratchOf(nest: Nest): string | undefined {
  const { work } = nest;
  return work.kind === "compute" || work.kind === "load" || work.kind === "store" ? undefined : work.scratch;
}

/** Ports by name that carry data into or out of the nest's work. */
export function dataPorts(nest: Nest): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
  const { work } = nest;
  switch (work.kind) {
    case "compute":
      return { inputs: work.nodes.flatMap((node) => (node.kind === "input" ? [node.port] : [])), outputs: work.outputs.map((output) => output.port) };
    case "systolic":
      return { inputs: [work.lanePort, work.stagePort], outputs: [] };
    case "load":
    case "read":
      return { inputs: [], outputs: [work.port] };
    case "store":
    case "write":
      return { inputs: [work.port], outputs: [] };
    case "scatter":
      return { inputs: [work.keyPort, work.valuePort], outputs: [] };
  }
}
