/** What stands behind the address generators of a section: the channels of the tiers, at the pace that the section's own accesses reach. */

import type { ResourceSpec } from "../engine/network.ts";
import type { Fabric, Section } from "../fabric/fabric.ts";
import { phasesOf } from "../fabric/phases.ts";
import { resolveSection, roundsOf, sizesOf } from "../fabric/resolve.ts";
import { tierTiming } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { measurePhases, type PhasedPace } from "../memory/phases.ts";
import { type Stream, streamOf } from "../memory/streams.ts";
import { placedTiers, type TierName, tierResources } from "../memory/tiers.ts";
import type { SectionPlan } from "./build.ts";

export interface SectionMemory {
  /** Their origin is each run's. */
  readonly resources: readonly ResourceSpec[];
  /** For each nest, unit by unit: ticks of service of its bursts; undefined: the resource's. */
  readonly services: readonly (number | undefined)[];
  /** Of tiers of fidelity "stream". */
  readonly paces: ReadonlyMap<TierName, PhasedPace>;
}

/** Measured when it is first asked for, once for all runs of the section, those of other simulations of the same fabric included: it depends on what was compiled alone. */
export function memoryOf(plan: SectionPlan, fabric: Fabric, machine: Machine): () => SectionMemory {
  return () => {
    const last = measured.get(plan.section);
    if (last?.machine === machine && last.tensors === fabric.tensors) return last.memory;
    const memory = makeMemory(plan, fabric, machine);
    measured.set(plan.section, { machine, tensors: fabric.tensors, memory });
    return memory;
  };
}

/** What was measured last of a section, and of what. */
const measured = new WeakMap<Section, { readonly machine: Machine; readonly tensors: Fabric["tensors"]; readonly memory: SectionMemory }>();

function makeMemory(plan: SectionPlan, fabric: Fabric, machine: Machine): SectionMemory {
  const accesses = accessesOf(plan, fabric, machine);
  const paces = new Map<TierName, PhasedPace>();
  for (const tier of placedTiers(machine)) {
    if (tier.spec.fidelity !== "stream") continue;
    const phases = new Map<number, Stream[]>();
    for (const { tier: name, phase, stream } of accesses) if (name === tier.name) phases.set(phase, [...(phases.get(phase) ?? []), stream]);
    paces.set(tier.name, measurePhases(machine, tier, phases));
  }
  const services: (number | undefined)[] = [];
  for (const { nest, tier, phase } of accesses) services[nest] = paces.get(tier)?.services.get(phase);
  return { resources: tierResources(machine, 0, (tier) => paces.get(tier.name)?.timing ?? tierTiming(machine, tier.spec)), services, paces };
}

/** What a nest asks of a tier. `nest`: its position, unit by unit. */
interface MemoryAccess {
  readonly nest: number;
  readonly tier: TierName;
  readonly phase: number;
  readonly stream: Stream;
}

/** The section in its first round, its collections as long as they can be, its tensors where the compiler put them. */
function accessesOf({ section }: SectionPlan, { tensors }: Fabric, machine: Machine): readonly MemoryAccess[] {
  const rounds = Object.fromEntries(roundsOf(section).map((round) => [round, 0]));
  const sizes = Object.fromEntries(sizesOf(section).map((size) => [size, Number.MAX_SAFE_INTEGER]));
  const resolved = resolveSection(section, rounds, sizes);
  const phases = phasesOf(resolved);
  const nests = resolved.units.flatMap((unit) => unit.nests);
  return nests.flatMap((nest, position): readonly MemoryAccess[] => {
    const { work } = nest;
    const layout = "tensor" in work ? tensors.find(({ tensor }) => tensor === work.tensor) : undefined;
    const tier = placedTiers(machine).find(({ name }) => name === layout?.tier);
    const stream = layout === undefined || tier === undefined ? null : streamOf(nest, layout, tier);
    return stream === null ? [] : [{ nest: position, tier: tier!.name, phase: phases.get(nest)!, stream }];
  });
}
