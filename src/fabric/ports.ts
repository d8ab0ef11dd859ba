/**
 * Who queues at the read and write ports of a PMU. Ports are given to nests in turn, readers and writers apart; a nest that folds into a memory reads and writes it. Nests that share a
 * port queue, but for two that hand over one buffer: of those one works while the other waits. So does a nest whose turns at the banks differ from firing to firing, as its ii cannot
 * say them. A vector of one word takes its port as any other.
 */

import type { Machine } from "../machine/machine.ts";
import { type BankMap, bankMapOf, paceOf } from "./banks.ts";
import type { Channel, Nest, Unit } from "./fabric.ts";

type Direction = "read" | "write";

interface Client {
  readonly nest: Nest;
  readonly directions: readonly Direction[];
  readonly map: BankMap | null;
  /** Its turns differ from firing to firing, and its shape alone says how. */
  readonly isUneven: boolean;
}

/** Names of the ports at which each nest of a PMU queues. */
export function queuesOf(unit: Unit, channels: readonly Channel[], machine: Machine): readonly (readonly string[])[] {
  const clients = unit.nests.map((nest) => clientOf(unit, nest, machine));
  const queues = clients.map((): string[] => []);
  for (const direction of ["read", "write"] as const) {
    const count = machine.pmu[`${direction}_ports`];
    const own = clients.flatMap(({ directions }, n) => (directions.includes(direction) ? [n] : []));
    for (let port = 0; port < count; port++) {
      const sharers = own.filter((_, i) => i % count === port);
      const name = `${direction} port${count === 1 ? "" : ` ${port}`}`;
      const meet = sharers.some((a) => sharers.some((b) => a < b && !alternate(clients[a]!.nest, clients[b]!.nest, unit, channels)));
      for (const n of sharers) if (meet || (clients[n]!.isUneven && queues[n]!.length === 0)) queues[n]!.push(name);
    }
  }
  return queues;
}

function clientOf(unit: Unit, nest: Nest, machine: Machine): Client {
  const map = mapOf(unit, nest, machine);
  const isUneven = map !== null && "access" in nest.work && !paceOf(nest, nest.work.access, map).isSteady;
  return { nest, directions: directionsOf(nest), map, isUneven };
}

/** How the scratch memory of a nest lies over the banks; null where it works on none. */
export function mapOf(unit: Unit, { work }: Nest, { pmu }: Machine): BankMap | null {
  return "scratch" in work ? bankMapOf(unit.scratch.find(({ name }) => name === work.scratch)!, pmu.banks) : null;
}

/** A hash shares its unit with nobody. */
function directionsOf({ work }: Nest): readonly Direction[] {
  switch (work.kind) {
    case "read":
    case "gather":
      return ["read"];
    case "write":
      return ["write"];
    case "fold":
    case "scatter":
      return ["read", "write"];
    case "hash":
    case "compute":
    case "systolic":
    case "load":
    case "store":
    case "fetch":
    case "append":
      return [];
  }
}

/** Do they hand over one buffer? Then one works while the other waits. */
function alternate(a: Nest, b: Nest, unit: Unit, channels: readonly Channel[]): boolean {
  const joins = (from: Nest, to: Nest, { kind, depth, initial = 0, source, sinks }: Channel): boolean =>
    kind === "buffer" &&
    depth === 1 &&
    initial === 0 &&
    source.unit === unit.id &&
    source.nest === from.id &&
    sinks.some((sink) => sink.unit === unit.id && sink.nest === to.id);
  return channels.some((channel) => joins(a, b, channel) || joins(b, a, channel));
}
