/** The schema of `weft compare --json`. Unknown keys are refused, so that a drift between type and schema shows. */

import * as z from "zod";
import type { Comparison } from "./compare.ts";

const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const ratio = amount.nullable();
const ps = z.number().int();

const moved = z.strictObject({ read_bytes: count, write_bytes: count });
const operations = z.strictObject({ flops: count, int_ops: count, special_ops: count });
const limit = z.strictObject({ resource: z.string(), sentence: z.string() });
const machine = z.strictObject({ name: z.string(), hash: z.string(), kind: z.string() });

const section = z.strictObject({
  name: z.string(),
  ops: z.array(z.string()),
  runs: count,
  cycles: count,
  seconds: amount,
  tiers: z.strictObject({ hbm: moved.optional(), ddr: moved.optional() }),
  operations,
  operations_per_byte: ratio,
  limit,
});

const simulated = z.strictObject({
  tiers: z.strictObject({ sram: moved.optional(), hbm: moved.optional(), ddr: moved.optional() }),
  operations,
  operations_per_byte: ratio,
  energy_pJ: amount,
  power_watts: amount,
  edp_joule_seconds: amount,
  limit,
  sections: z.array(section),
});

const side = z.strictObject({
  name: z.string(),
  machine,
  style: z.string(),
  regime: z.string().nullable(),
  fidelity: z.strictObject({ dram: z.string(), network: z.string() }),
  provenance: z.enum(["simulated", "expected, not simulated"]),
  cycles: count,
  clock_hz: amount,
  seconds: amount,
  speed: amount,
  launches: count,
  launch_seconds: amount,
  simulated: simulated.nullable(),
});

const waterfall = z.strictObject({
  from: z.string(),
  to: z.string(),
  from_ps: ps,
  to_ps: ps,
  parts: z.array(z.strictObject({ name: z.string(), ps, why: z.string() })),
});

const retiming = z.strictObject({
  machine: z.string(),
  assumed_seconds: amount,
  reconfiguration_seconds: z.array(amount),
  rows: z.array(z.strictObject({ side: z.string(), launches: count, seconds: z.array(amount) })),
  sentence: z.string(),
});

const point = z.strictObject({
  side: z.string(),
  machine: z.string(),
  style: z.string(),
  name: z.string(),
  ops: z.array(z.string()),
  operations_per_byte: ratio,
  operations_per_second: amount,
  seconds: amount,
});

const roofs = z.strictObject({
  name: z.string(),
  peak_flops_per_second: amount,
  tiers: z.array(z.strictObject({ name: z.string(), bytes_per_second: amount })),
});

export const comparisonSchema = z.strictObject({
  schemaVersion: z.literal(1),
  weft: z.strictObject({ version: z.string() }),
  workload: z.strictObject({ name: z.string(), hash: z.string(), params: z.record(z.string(), z.union([z.number(), z.string()])), seed: z.number() }),
  sides: z.array(side).min(1),
  waterfalls: z.array(waterfall),
  reconfiguration: retiming.nullable(),
  roofline: z.strictObject({ machines: z.array(roofs), points: z.array(point), arrows: z.array(z.strictObject({ from: count, to: count })) }),
  warnings: z.array(z.string()),
  host: z.strictObject({ sides: z.array(z.strictObject({ side: z.string(), wall_seconds: amount })) }),
});

/** A comparison read back from JSON; throws zod's error where it is not one. */
export function parseComparison(json: unknown): Comparison {
  return comparisonSchema.parse(json) as Comparison;
}
