/** The schema of `--json`: what a reader of results may rely on. Unknown keys are refused, so that a drift between type and schema shows. */

import * as z from "zod";
import type { RunResult } from "./result.ts";

const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);
const dtype = z.enum(["f64", "f32", "bf16", "f16", "fp8e4m3", "fp8e5m2", "i32", "i16", "i8", "i4", "bool"]);

const tier = z.strictObject({ read_bytes: count, write_bytes: count, achieved_bytes_per_second: amount, peak_bytes_per_second: amount });
const moved = z.strictObject({ read_bytes: count, write_bytes: count });
const operations = z.strictObject({ flops: count, int_ops: count, special_ops: count });
const bounds = z.strictObject({ compute: amount, hbm: amount, ddr: amount, network: amount });
const limit = z.strictObject({ resource: z.string(), sentence: z.string() });

const step = z.strictObject({ unit: z.string(), state: z.enum(["starved", "blocked", "memory", "busy"]), channel: z.string() });
const cause = z.strictObject({
  state: z.enum(["starved", "blocked", "memory", "idle"]),
  channel: z.string(),
  root: z.string(),
  path: z.array(step).max(9),
  cycles: count,
});

const unit = z.strictObject({
  id: z.string(),
  kind: z.enum(["pcu", "pmu", "ag"]),
  x: z.number().int(),
  y: z.number().int(),
  op: z.string(),
  section: z.string(),
  firings: count,
  busy_cycles: count,
  starved_cycles: count,
  blocked_cycles: count,
  memory_cycles: count,
  configuring_cycles: count,
  idle_cycles: count,
  unattributed_cycles: count,
  bank_conflict_cycles: count,
  causes: z.array(cause),
});

const position = z.strictObject({ x: z.number().int(), y: z.number().int() });
const routes = z.strictObject({
  wirelength_hops: count,
  longest_route_hops: count,
  busiest_link: z.nullable(
    z.strictObject({ width: z.enum(["vector", "scalar", "control"]), from: position, to: position, used_tracks: amount, tracks: count }),
  ),
});

const grid = z.strictObject({
  ...{ kind: z.string(), tiling: z.string(), blocks: count, slots: count, waves: count, idle_cycles: amount },
  needs_cycles: z.strictObject({ tensor: amount, lanes: amount, l2: amount, hbm: amount }),
  ...{ l2_read_bytes: count, l2_write_bytes: count },
});

const section = z.strictObject({
  name: z.string(),
  ops: z.array(z.string()),
  runs: count,
  cycles: count,
  configuring_cycles: count,
  units: z.strictObject({ pcu: count, pmu: count, ag: count }),
  operations,
  tiers: z.strictObject({ hbm: moved.optional(), ddr: moved.optional() }),
  bounds_cycles: bounds,
  limit,
  routes,
  grid: grid.optional(),
});

const host = z.strictObject({
  wall_seconds: amount,
  firings: count,
  skipped_firings: count,
  periods: z.array(count),
  forward: z.nullable(z.array(z.strictObject({ section: z.string(), firings: count, skipped_firings: count, computing_nests: count }))),
  simulated_cycles_per_second: amount,
  peak_rss_bytes: count,
});

const energy = z.strictObject({ total: amount, compute: amount, sram: amount, network: amount, hbm: amount, ddr: amount, static: amount });

const tierEnergy = z.strictObject({ read: amount, write: amount, activate: amount, refresh: amount, background: amount });
const sectionEnergy = z.strictObject({
  name: z.string(),
  energy_pJ: energy,
  detail_pJ: z.strictObject({
    compute: z.strictObject({ operations: amount, pcu: amount, ag: amount }),
    sram: z.strictObject({ read: amount, write: amount, pmu: amount }),
    network: z.strictObject({ switches: amount, wires: amount }),
    hbm: tierEnergy,
    ddr: tierEnergy,
    static: z.strictObject({ chip: amount }),
  }),
});
const energyDetail = z.strictObject({ table: z.string(), process_nm: z.number().positive(), sections: z.array(sectionEnergy) });

const partial = z.strictObject({
  reason: z.enum(["interrupted", "max-cycles", "max-seconds", "max-memory"]),
  section: z.string(),
  share_done: share,
});

export const runResultSchema = z.strictObject({
  schemaVersion: z.literal(1),
  weft: z.strictObject({ version: z.string() }),
  workload: z.strictObject({ name: z.string(), hash: z.string(), params: z.record(z.string(), z.union([z.number(), z.string()])), seed: z.number() }),
  machine: z.strictObject({ name: z.string(), hash: z.string(), kind: z.string() }),
  style: z.string(),
  fidelity: z.strictObject({ dram: z.string(), network: z.string() }),
  partial: partial.nullable(),
  cycles: count,
  seconds: amount,
  clock_hz: amount,
  ops: operations,
  kernels: count,
  launches: count,
  launch_seconds: amount,
  tiers: z.strictObject({ sram: tier.optional(), hbm: tier.optional(), ddr: tier.optional() }),
  units: z.array(unit),
  utilization: z.strictObject({ pcu: share, pmu: share, ag: share, network: share }),
  bounds_cycles: bounds,
  limit,
  energy_pJ: energy,
  energy_detail: energyDetail,
  sections: z.array(section),
  outputs: z.record(z.string(), z.strictObject({ shape: z.array(count), dtype, checksum: z.string().nullable() })),
  warnings: z.array(z.string()),
  host,
});

/** A result read back from JSON; throws zod's error where it is not one. */
export function parseResult(json: unknown): RunResult {
  return runResultSchema.parse(json) as RunResult;
}
