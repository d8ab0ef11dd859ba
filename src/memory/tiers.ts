/** The off-chip tiers as resources of the engine: each channel serves bursts at a fixed rate, after a fixed latency, out of service while it refreshes; or a DRAM controller serves it. */

import type { Instant } from "../base/units.ts";
import type { ResourceSpec } from "../engine/network.ts";
import { type TierTiming, tierTiming } from "../machine/derived.ts";
import type { Machine, TierSpec } from "../machine/machine.ts";
import { dramServer } from "./dram-server.ts";

export type TierName = "hbm" | "ddr";

/** A tier of a machine and where its channels stand among the resources. */
export interface PlacedTier {
  readonly name: TierName;
  readonly spec: TierSpec;
  /** Resource index of its channel 0; the others follow. */
  readonly first: number;
}

/** Tiers in the order of their resources: hbm, then ddr. */
export function placedTiers({ tiers }: Machine): readonly PlacedTier[] {
  const placed: PlacedTier[] = [];
  let first = 0;
  for (const name of ["hbm", "ddr"] as const) {
    const spec = tiers[name];
    if (spec === undefined) continue;
    placed.push({ name, spec, first });
    first += spec.channels;
  }
  return placed;
}

export const channelName = (tier: TierName, channel: number): string => `${tier} channel ${channel}`;

/** How the channels of a tier serve in a section: by its name. */
export type Pace = (tier: PlacedTier) => TierTiming;

/** One resource for each channel of each tier. `origin`: tick at which this network's time begins on the tiers' own, so that refresh goes on. `paceOf`: of tiers without a server. */
export function tierResources(machine: Machine, origin: Instant, paceOf: Pace): ResourceSpec[] {
  return placedTiers(machine).flatMap((tier) => {
    const { name, spec, first } = tier;
    const timing = spec.fidelity === "detailed" ? { ...bare(tierTiming(machine, spec)), server: dramServer(spec.dram!, first) } : paceOf(tier);
    return Array.from({ length: spec.channels }, (_, channel) => ({ name: channelName(name, channel), ...timing, origin }));
  });
}

/** The server refreshes by itself. */
function bare({ refresh: _, ...timing }: TierTiming): TierTiming {
  return timing;
}
