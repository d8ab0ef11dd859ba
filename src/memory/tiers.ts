/** The off-chip tiers as resources of the engine: each channel serves bursts at a fixed rate, after a fixed latency, out of service while it refreshes. */

import type { Instant } from "../base/units.ts";
import type { ResourceSpec } from "../engine/network.ts";
import { tierTiming } from "../machine/derived.ts";
import type { Machine, TierSpec } from "../machine/machine.ts";

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

/** One resource for each channel of each tier. `origin`: tick at which this network's time begins on the tiers' own, so that refresh goes on. */
export function tierResources(machine: Machine, origin: Instant): ResourceSpec[] {
  return placedTiers(machine).flatMap(({ name, spec }) =>
    Array.from({ length: spec.channels }, (_, channel) => ({ name: channelName(name, channel), ...tierTiming(machine, spec), origin })),
  );
}
