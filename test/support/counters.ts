/** Hand-made counters for tests of what comes after a simulation: one section, one load -> compute -> store chain, every figure overridable. */

import { readFileSync } from "node:fs";
import type { Channel, Fabric } from "../../src/fabric/fabric.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { loadMachine } from "../../src/machine/schema.ts";
import type { Mapping } from "../../src/mapper/mapping.ts";
import type { Program } from "../../src/pattern/program.ts";
import type { NestCounters, RunCounters, SectionCounters, TierCounters, UnitCounters, Wait } from "../../src/result/counters.ts";

/** A machine of configs/, as it is. */
export function machineNamed(name: string): Machine {
  const file = new URL(`../../configs/${name}.yaml`, import.meta.url);
  return loadMachine(readFileSync(file, "utf8"), `${name}.yaml`);
}

/** With one nest, busy for all of 1,000 ticks, unless told otherwise; its states are those of its waits. */
export function unit(id: string, kind: UnitCounters["kind"], changes: Partial<UnitCounters & Pick<NestCounters, "waits" | "late">> = {}): UnitCounters {
  const { waits = [], late = [], ...rest } = changes;
  const ticks = (state: Wait["state"]) => waits.reduce((sum, wait) => sum + (wait.state === state ? wait.ticks : 0), 0);
  const states = { busy: rest.busy ?? 1000, starved: ticks("starved"), blocked: ticks("blocked"), memory: ticks("memory"), idle: 0 };
  const counts = { firings: 1000, operations: [], sram_read_bytes: 0, sram_write_bytes: 0, bank_conflicts: 0 };
  return {
    id,
    kind,
    operator: "y",
    x: 0,
    y: 0,
    ...counts,
    ...states,
    shown: 0,
    nests: [{ id, firings: 1000, bursts: 0, busy: states.busy, waits, late }],
    ...rest,
  };
}

/** `other`: the unit at the other end, whose nest has its name; none for memory. */
export function wait(state: Wait["state"], channel: string, ticks: number, other?: string, changes: Partial<Wait> = {}): Wait {
  const end = other === undefined ? null : { unit: other, nest: other };
  return { state, channel, ticks, other: end, fill: 0, late: 0, contended: 0, firings_per_token: 1, ...changes };
}

/** A tier of which `busy` is the share of the section that each channel was serving. */
export function tier(name: string, busy: readonly number[], bytes = { read_bytes: 40_000, write_bytes: 0 }): TierCounters {
  const channels = busy.map((busy_share, channel) => ({ name: `${name} channel ${channel}`, busy_share, queued_share: 0 }));
  return { ...bytes, busy_share: busy.reduce((sum, share) => sum + share, 0) / busy.length, commands: null, channels };
}

export function section(changes: Partial<SectionCounters> = {}): SectionCounters {
  return {
    name: "y",
    operators: ["y"],
    runs: 1,
    configurations: 1,
    configuringTicks: 100,
    ticks: 1000,
    units: [
      unit("load", "ag", { busy: 200, waits: [wait("memory", "ddr channel 0", 800)] }),
      unit("work", "pcu", {
        busy: 250,
        waits: [wait("starved", "in", 750, "load")],
        operations: [{ op: "mul", dtype: "f32", count: 4000 }],
      }),
      unit("store", "ag", { busy: 100, idle: 10, waits: [wait("starved", "out", 890, "work")] }),
    ],
    tiers: { ddr: tier("ddr", [0.9]) },
    network: { vector_hops: 500, scalar_hops: 20, busy_share: 0.1 },
    ...changes,
  };
}

export function run(sections: readonly SectionCounters[] = [section()], outputs: RunCounters["outputs"] = null): RunCounters {
  const ticks = sections.reduce((sum, one) => sum + one.configuringTicks + one.ticks, 0);
  return { ticks, partial: null, sections, outputs, firings: 3000, ...{ skipped: 0, periods: [], skippedIn: [] }, sizes: {}, rounds: {} };
}

/** y[i] = x[i] * x[i] over 4,000 elements. */
export const squares: Program = {
  schemaVersion: 1,
  name: "squares",
  params: { n: 4000, dtype: "f32" },
  inputs: ["x"],
  tensors: [
    { name: "x", dtype: "f32", shape: [4000], tier: "auto" },
    { name: "y", dtype: "f32", shape: [4000], tier: "auto" },
  ],
  operators: [{ kind: "map", name: "y", domain: [{ name: "i", extent: 4000 }], body: square() }],
  outputs: { y: "y" },
};

function square(): Extract<Program["operators"][number], { kind: "map" }>["body"] {
  const x = { kind: "read", dtype: "f32", tensor: "x", at: [{ kind: "index", dtype: "i32", index: "i" }] } as const;
  return { kind: "op", dtype: "f32", op: "mul", args: [x, x] };
}

/** load -> work -> store, one mapped section for each section of counters. */
export function mappingOf(counters: RunCounters): Mapping {
  const fabric: Fabric = {
    schemaVersion: 1,
    program: "squares",
    machine: "plasticine",
    style: "spatial",
    tensors: [],
    sections: counters.sections.map(({ name, operators }) => ({
      name,
      operators,
      units: [],
      channels: [channel("in", "load", ["work"]), channel("out", "work", ["store"])],
    })),
    steps: counters.sections.map((_, section) => ({ kind: "section", section })),
  };
  const quality = { wirelength_hops: 2, longest_route_hops: 1, busiest_link_share: 0.5 };
  const routes = [
    { channel: "in", hops: [1], links: [[-1, 0, 0, 0]] },
    { channel: "out", hops: [1], links: [[0, 0, -1, 0]] },
  ] as const;
  return { schemaVersion: 1, fabric, seed: 1, sections: counters.sections.map(() => ({ placement: [], routes, quality })) };
}

export function channel(id: string, source: string, sinks: readonly string[]): Channel {
  const end = (name: string) => ({ unit: name, nest: name, port: "p" });
  return { id, kind: "stream", width: "vector", dtype: "f32", words: 16, depth: 16, source: end(source), sinks: sinks.map(end), rate: 1 };
}
