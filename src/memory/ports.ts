/**
 * The read and write ports of a PMU as resources. A nest that has its ports to itself, and takes as many turns at the banks in each firing, keeps them by its ii. All others queue
 * (fabric/ports.ts): a port serves one turn a tick, whole vectors in the order in which they come (ties: by order of the nests).
 */

import type { RequestSource, ResourceSpec } from "../engine/network.ts";
import { type BankMap, makeBankWalk, turnsHere } from "../fabric/banks.ts";
import type { NestBehaviour } from "../fabric/datapath.ts";
import type { Access, Nest, Section } from "../fabric/fabric.ts";
import { mapOf, queuesOf } from "../fabric/ports.ts";
import { advance, firingNumber, seek } from "../fabric/walk.ts";
import type { Machine } from "../machine/machine.ts";
import { latticeOf, repeatsOf } from "./recurrence.ts";

/** Where a nest queues: the resources that are its ports; one or, where it reads and writes, two. */
export interface PortUse {
  readonly ports: readonly number[];
  readonly map: BankMap;
}

export interface SectionPorts {
  /** Of those at which someone queues; their resources follow each other. */
  readonly names: readonly string[];
  /** Nest by nest, unit by unit: null where none queues. */
  readonly uses: readonly (PortUse | null)[];
}

/** `first`: number of the first port's resource. */
export function planPorts({ units, channels }: Section, machine: Machine, first: number): SectionPorts {
  const names: string[] = [];
  const uses = units.flatMap((unit): (PortUse | null)[] => {
    const queues = unit.kind === "pmu" ? queuesOf(unit, channels, machine) : unit.nests.map(() => []);
    const known = new Map<string, number>();
    const portOf = (name: string): number => {
      const port = known.get(name) ?? first + names.push(`${unit.id} ${name}`) - 1;
      known.set(name, port);
      return port;
    };
    return queues.map((ports, n) => (ports.length === 0 ? null : { ports: ports.map(portOf), map: mapOf(unit, unit.nests[n]!, machine)! }));
  });
  return { names, uses };
}

/** The ports as resources of the engine, in the fabric's own clock. */
export function portResources({ names }: SectionPorts): readonly Omit<ResourceSpec, "origin">[] {
  return names.map((name) => ({ name, service: 1, latency: 0, clock: { numerator: 1, denominator: 1 } }));
}

/** Vectors of a nest that stand before its ports: so many that one is always there when the one before is through. */
export const PORT_QUEUE = 2;

/** What a nest asked of its ports. */
export interface PortSource extends RequestSource {
  /** Vectors so far, and the turns that they took. */
  vectors(): number;
  turns(): number;
  /** At which each of its vectors queues. */
  readonly ports: number;
}

interface Asked {
  vectors: number;
  turns: number;
}

/** The source of a nest that queues. `behaviour`: of one whose data decides which banks it goes to. */
export function portSource(nest: Nest, use: PortUse, behaviour: NestBehaviour | null): PortSource {
  const asked: Asked = { vectors: 0, turns: 0 };
  const counted = { maxBursts: nest.lanes * use.ports.length, vectors: () => asked.vectors, turns: () => asked.turns, ports: use.ports.length };
  if ("access" in nest.work) return { ...counted, ...walkedTurns(nest, nest.work.access, use, asked) };
  const turnsOf = behaviour!.turns!;
  return {
    ...counted,
    next: (_n, into, inputs) => ask(asked, turnsOf(inputs), use, into),
    repeats: () => 0,
    shift: () => {
      throw new Error("turns that data decides cannot be foretold: their process cannot leap");
    },
  };
}

function ask(asked: Asked, turns: number, { ports }: PortUse, into: Int32Array): number {
  count(asked, turns);
  ports.forEach((port, i) => {
    into.fill(port, i * turns, (i + 1) * turns);
  });
  return ports.length * turns;
}

/** Turns of a regular walk. Where the banks are linear in the place, firings that move alike take the same turns, wherever they are. */
function walkedTurns(nest: Nest, access: Access, use: PortUse, asked: Asked): Pick<PortSource, "next" | "repeats" | "shift"> {
  const along = makeBankWalk(nest, access, use.map);
  const { walk, step, stride } = along;
  const lattice = latticeOf(walk);
  const isAlike = lattice.cuts.length === 0 && (step !== null || stride === 0);
  const rotation = step !== null || stride === 0 ? 1 : Number.POSITIVE_INFINITY;
  const skip = (firings: number): void => {
    for (let n = 0; n < firings; n++, advance(walk)) count(asked, turnsHere(along));
  };
  return {
    next: (_n, into) => {
      const bursts = ask(asked, turnsHere(along), use, into);
      advance(walk);
      return bursts;
    },
    repeats: (firings) => (isAlike ? Number.POSITIVE_INFINITY : repeatsOf(lattice, firingNumber(walk), firings, rotation)),
    shift: (calls, period) => {
      const periods = Math.floor(calls / period);
      skip(calls - periods * period);
      if (periods === 0) return;
      const [from, { vectors, turns }] = [firingNumber(walk), { ...asked }];
      skip(period);
      asked.vectors = vectors + periods * (asked.vectors - vectors);
      asked.turns = turns + periods * (asked.turns - turns);
      seek(walk, from + periods * period);
    },
  };
}

function count(asked: Asked, turns: number): void {
  if (turns > 0) asked.vectors++;
  asked.turns += turns;
}
