/** Results of GPU runs, and waterfalls from them to spatial runs. */

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOTHING_SPARED, runGpu, type Spared } from "../../src/gpu/run.ts";
import type { GpuMachine } from "../../src/machine/gpu.ts";
import { loadGpu } from "../../src/machine/gpu-schema.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import type { Program } from "../../src/pattern/program.ts";
import { makeGpuResult } from "../../src/report/gpu.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import { runResultSchema } from "../../src/result/schema.ts";
import attention from "../../workloads/attention.ts";
import decoder from "../../workloads/decoder.ts";
import layernorm from "../../workloads/layernorm.ts";
import mlp from "../../workloads/mlp.ts";
import sgd from "../../workloads/sgd.ts";

const gpu = (name: string): GpuMachine => loadGpu(readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), "utf8"), name);
const MACHINES = ["a100-80", "h100", "v100"].map(gpu);
const host = { wall_seconds: 1, peak_rss_bytes: 1 };

const reported = (program: Program, machine: GpuMachine) =>
  makeGpuResult({ version: "0", program, workloadHash: "h", seed: 1, machine, run: runGpu(program, machine), host });

describe("a result", () => {
  test.each([attention, decoder, layernorm, mlp, sgd].map((workload) => [workload.name, workload as Definition] as const))(
    "of %s holds together and fits the schema on every GPU and in every fusion",
    (_, workload) => {
      for (const machine of MACHINES) {
        for (const fusion of ["operator", "library", "fused"] as const) {
          const result = reported(workload.build(), { ...machine, execution: { ...machine.execution, fusion } });
          expect(brokenInvariants(result)).toEqual([]);
          expect(runResultSchema.safeParse(result).error).toBeUndefined();
        }
      }
    },
  );

  test("counts each launch of a loop's rounds", () => {
    const program = (sgd as Definition).build();
    const machine = MACHINES[0]!;
    const { kernels } = runGpu(program, machine);
    const result = reported(program, machine);
    expect(result.launches).toBe(kernels.reduce((sum, { launches }) => sum + launches, 0));
    expect(result.launches).toBeGreaterThan(kernels.length);
    expect(result.launch_seconds * machine.clock_hz).toBeCloseTo(
      kernels.reduce((sum, { launches, launch_cycles }) => sum + launches * launch_cycles, 0),
      3,
    );
  });

  test("says that a board would slow down where it takes more power than it may", () => {
    const machine = { ...MACHINES[0]!, power: { ...MACHINES[0]!.power, limit_W: 70 } };
    expect(reported(mlp.build(), machine).warnings.join()).toContain("above the board's limit of 70 W");
    expect(reported(mlp.build(), MACHINES[0]!).warnings.join()).not.toContain("above the board's limit");
  });

  test("says where exchanges between GPUs take most of the time", () => {
    const machine = { ...MACHINES[0]!, link: { ...MACHINES[0]!.link, gpus: 8, latency_seconds: 1e-3 } };
    expect(reported(mlp.build({ rows: 4 }), machine).limit).toMatchObject({
      resource: "link",
      sentence: expect.stringContaining("exchanges between GPUs take"),
    });
  });

  test("names the assumed figures of what decides", () => {
    expect(reported(mlp.build({ rows: 4 }), gpu("h100")).warnings.join()).toContain("machine.hbm.achievable_share");
  });
});

describe("what a run is spared", () => {
  const sparings = fc.record({ launches: fc.boolean(), roundTrips: fc.boolean(), latency: fc.boolean(), underfill: fc.boolean(), quantisation: fc.boolean() });

  test("never makes it slower, but for outputs that HBM takes at once", () => {
    const program = attention.build({ seq: 96, heads: 3, dim: 40 });
    fc.assert(
      fc.property(sparings, fc.constantFrom(...MACHINES), (spared: Spared, machine) => {
        const kept = { ...spared, launches: false };
        expect(runGpu(program, machine, spared).cycles).toBeLessThanOrEqual(runGpu(program, machine, kept).cycles);
        expect(runGpu(program, machine, { ...kept, latency: true }).cycles).toBeLessThanOrEqual(runGpu(program, machine, kept).cycles);
        expect(runGpu(program, machine, { ...kept, quantisation: true }).cycles).toBeLessThanOrEqual(runGpu(program, machine, kept).cycles);
      }),
      { numRuns: 30 },
    );
  });

  test("of everything, what is left is not below the bound of its products", () => {
    for (const machine of MACHINES) {
      const all: Spared = { launches: true, roundTrips: true, latency: true, underfill: true, quantisation: true };
      for (const program of [attention.build(), mlp.build(), layernorm.build()]) {
        const { kernels, cycles } = runGpu(program, machine, all);
        expect(cycles).toBeGreaterThanOrEqual(Math.floor(kernels.reduce((sum, { bound_cycles }) => sum + bound_cycles, 0)));
      }
    }
  });

  test("of launches, is exactly their time", () => {
    const program = decoder.build();
    const [whole, spared] = [runGpu(program, MACHINES[1]!), runGpu(program, MACHINES[1]!, { ...NOTHING_SPARED, launches: true })];
    expect(whole.cycles - spared.cycles).toBe(whole.kernels.reduce((sum, { launches, launch_cycles }) => sum + launches * launch_cycles, 0));
  });
});
