import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/cli/settings.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import { runGpu } from "../../src/gpu/run.ts";
import { gpuPeakFlops } from "../../src/machine/gpu.ts";
import { narrowestBytes } from "../../src/report/bounds.ts";
import { makeGpuResult } from "../../src/report/gpu.ts";
import { gpuVariants, sideOfGpu } from "../../src/report/gpu-side.ts";
import { gpu } from "../support/gpus.ts";

describe("a GPU as a side", () => {
  it("has the peak of the program's narrowest floats as its roof, though masks are narrower", async () => {
    const { program, hash, seed } = await loadWorkload("decoder", {
      settings: parseSettings(["seq=16", "cache=16", "heads=1", "hidden=128", "ffn=64"]).workload,
    });
    const machine = gpu("a100-40");
    const run = runGpu(program, machine);
    const result = makeGpuResult({ version: "0", program, workloadHash: hash, seed, machine, run, host: { wall_seconds: 0, peak_rss_bytes: 0 } });
    expect(narrowestBytes(program)).toBe(1);
    expect(sideOfGpu(program, machine, result).side.roofs.peak_flops_per_second).toBe(gpuPeakFlops(machine, "bf16"));
    expect(gpuPeakFlops(machine, "bf16")).toBeGreaterThan(3e14);
  });

  it("that does not fuse is shown fused and in a graph, too", () => {
    expect(gpuVariants(gpu("a100-40")).map(({ execution, launch }) => [execution.fusion, launch.regime])).toEqual([
      ["library", "stream"],
      ["fused", "graph"],
    ]);
    const fused = gpu("a100-40", { "execution.fusion": "fused" });
    expect(gpuVariants(fused)).toEqual([fused]);
  });
});
