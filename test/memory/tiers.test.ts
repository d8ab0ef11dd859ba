import { expect, it } from "vitest";
import { tierTiming } from "../../src/machine/derived.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { type PlacedTier, placedTiers, tierResources } from "../../src/memory/tiers.ts";
import { tinyMachine, tinyTier } from "../support/fabrics.ts";

const both: Machine = { ...tinyMachine, tiers: { ddr: tinyTier, hbm: { ...tinyTier, channels: 3, refresh: { interval_clocks: 3900, duration_clocks: 208 } } } };

const fixed = ({ spec }: PlacedTier) => tierTiming(both, spec);

it("numbers the channels of hbm, then those of ddr", () => {
  expect(placedTiers(both).map(({ name, first }) => [name, first])).toEqual([
    ["hbm", 0],
    ["ddr", 3],
  ]);
  expect(tierResources(both, 0, fixed).map(({ name }) => name)).toEqual(["hbm channel 0", "hbm channel 1", "hbm channel 2", "ddr channel 0", "ddr channel 1"]);
});

it("counts service and refresh in ticks of the memory, latency in ticks of the fabric, and begins at the origin", () => {
  const [resource] = tierResources(both, 77, fixed);
  expect(resource).toEqual({
    name: "hbm channel 0",
    service: 4,
    latency: 50,
    clock: { numerator: 4, denominator: 5 },
    refresh: { interval: 3900, duration: 208 },
    origin: 77,
  });
});
