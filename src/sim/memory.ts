/** What stands behind the address generators of a section: the channels of the tiers, at the pace that the section's own accesses reach. */

import type { ResourceSpec } from "../engine/network.ts";
import type { Fabric, Section } from "../fabric/fabric.ts";
import { resolveSection, roundsOf, sizesOf } from "../fabric/resolve.ts";
import { tierTiming } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { measurePace, type StreamPace, timingOf } from "../memory/pace.ts";
import { streamOf } from "../memory/streams.ts";
import { type PlacedTier, placedTiers, type TierName, tierResources } from "../memory/tiers.ts";
import type { SectionPlan } from "./build.ts";

export interface SectionMemory {
  /** Their origin is each run's. */
  readonly resources: readonly ResourceSpec[];
  /** Of tiers of fidelity "stream". */
  readonly paces: ReadonlyMap<TierName, StreamPace>;
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
  const paces = new Map<TierName, StreamPace>();
  for (const tier of placedTiers(machine)) if (tier.spec.fidelity === "stream") paces.set(tier.name, paceOf(plan, fabric, machine, tier));
  const resources = tierResources(machine, 0, (tier) => {
    const pace = paces.get(tier.name);
    return pace === undefined ? tierTiming(machine, tier.spec) : timingOf(machine, tier, pace);
  });
  return { resources, paces };
}

/** The section in its first round, its collections as long as they can be, its tensors where the compiler put them. */
function paceOf({ section }: SectionPlan, { tensors }: Fabric, machine: Machine, tier: PlacedTier): StreamPace {
  const rounds = Object.fromEntries(roundsOf(section).map((round) => [round, 0]));
  const sizes = Object.fromEntries(sizesOf(section).map((size) => [size, Number.MAX_SAFE_INTEGER]));
  const nests = resolveSection(section, rounds, sizes).units.flatMap((unit) => unit.nests);
  const streams = nests.flatMap((nest) => {
    const layout = "tensor" in nest.work ? tensors.find(({ tensor }) => "tensor" in nest.work && tensor === nest.work.tensor) : undefined;
    return layout?.tier === tier.name ? (streamOf(nest, layout, tier) ?? []) : [];
  });
  return measurePace(machine, tier, streams);
}
