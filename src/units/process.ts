/** A nest as a process of the engine: how often it fires, when its ports act, what it asks of the memory, what it computes. */

import type { Behaviour } from "../engine/behaviour.ts";
import type { PortSpec, ProcessSpec, RequestSpec } from "../engine/network.ts";
import type { Wire } from "../fabric/datapath.ts";
import type { Fabric, Nest, Port, TensorLayout, Unit } from "../fabric/fabric.ts";
import { firingsOf, periodOf, tripPorts } from "../fabric/nests.ts";
import type { Machine } from "../machine/machine.ts";
import { appendSource, fetchSource } from "../memory/indirect.ts";
import { PORT_QUEUE, type PortSource } from "../memory/ports.ts";
import { type CountingSource, requestSource } from "../memory/requests.ts";
import { placedTiers, type TierName } from "../memory/tiers.ts";

/** A port of a nest tied to one channel of the engine. A broadcast is one tie for each sink. */
export interface Tie {
  readonly port: Port;
  /** Index among the engine's channels. */
  readonly channel: number;
  readonly wire: Wire;
}

/** Traffic of an address generator's nest. */
export interface Traffic {
  readonly tier: TierName;
  readonly direction: "read" | "write";
  readonly source: CountingSource;
}

export interface ProcessParts {
  readonly ties: readonly Tie[];
  readonly traffic: Traffic | null;
  /** Ticks of service of its bursts; undefined: the resource's. */
  readonly service?: number | undefined;
  /** Of a nest that queues at ports of its PMU. */
  readonly queue: PortSource | null;
  readonly behaviour: Behaviour | null;
}

/** Two nests of a unit never wait for each other but through channels and ports, so each is a process of its own. The turns at a port are those of the ii, which the latency has in it. */
export function processOf(unit: Unit, nest: Nest, machine: Machine, { ties, traffic, service, queue, behaviour }: ProcessParts): ProcessSpec {
  const atPorts: RequestSpec | null = queue && { outstanding: PORT_QUEUE, source: queue };
  const requests: RequestSpec | null =
    traffic === null ? atPorts : { outstanding: machine.ag.outstanding, ...(service !== undefined && { service }), source: traffic.source };
  return {
    name: `${unit.id}.${nest.id}`,
    firings: firingsOf(nest),
    ii: nest.ii,
    latency: queue === null ? nest.latency : Math.max(0, nest.latency - nest.ii),
    ports: ties.map(({ port, channel }): PortSpec => ({ channel, kind: `${port.kind}-${port.direction}`, ...actsOf(nest, port) })),
    ...(requests && { requests }),
    ...(behaviour && { behaviour }),
  };
}

function actsOf(nest: Nest, { level }: Port): Pick<PortSpec, "period" | "level"> {
  return tripPorts(nest).length > 0 ? { period: 1, level } : { period: periodOf(nest, level) };
}

/** What a nest asks of the tiers: null for all but those of address generators, and where they serve a register. `wires`: like the ports of its process. */
export function trafficOf({ operator }: Unit, nest: Nest, wires: readonly Wire[], fabric: Fabric, machine: Machine): Traffic | null {
  const { work } = nest;
  if (!("tensor" in work)) return null;
  const layout = layoutOf(fabric, work.tensor);
  if (layout.tier === "sram") return null;
  const tier = placedTiers(machine).find(({ name }) => name === layout.tier)!;
  switch (work.kind) {
    case "load":
      return { tier: tier.name, direction: "read", source: requestSource(nest, work.access, layout, tier, false) };
    case "store":
      return { tier: tier.name, direction: "write", source: requestSource(nest, work.access, layout, tier, true) };
    case "fetch":
      return { tier: tier.name, direction: "read", source: fetchSource(operator, nest, work, wires, layout, tier, machine.ag) };
    case "append":
      return { tier: tier.name, direction: "write", source: appendSource(operator, nest, work, wires, layout, tier) };
  }
}

function layoutOf(fabric: Fabric, tensor: string): TensorLayout {
  return fabric.tensors.find((layout) => layout.tensor === tensor)!;
}
