import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/cli/settings.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import { runGpu } from "../../src/gpu/run.ts";
import { makeGpuResult } from "../../src/report/gpu.ts";
import { ALL_ERRORS, errorWords } from "../../viz/model/gpu-error.ts";
import { blockName, blocksOf, hbmRate } from "../../viz/model/gpu-timeline.ts";
import { gpu } from "../support/gpus.ts";

async function sideOn(machine: string, workload: string, set: readonly string[] = []) {
  const { program, hash, seed } = await loadWorkload(workload, { settings: parseSettings(set).workload });
  const own = gpu(machine);
  const run = runGpu(program, own);
  return {
    kernels: run.kernels,
    result: makeGpuResult({ version: "0", program, workloadHash: hash, seed, machine: own, run, host: { wall_seconds: 0, peak_rss_bytes: 0 } }),
  };
}

describe("blocks of a GPU's run", () => {
  it.each([
    ["softmax", []],
    ["lstm", []],
    ["bfs", []],
    ["pagerank", []],
    ["mergesort", []],
  ] as const)("of %s follow each other without a hole, and have all launches, gaps and bytes of the result", async (workload, set) => {
    const side = await sideOn("a100-40", workload, set);
    const blocks = blocksOf(side);
    expect([blocks[0]!.gap, blocks.at(-1)!.end]).toEqual([0, side.result.cycles]);
    blocks.forEach((block, b) => {
      expect(block.gap).toBe(blocks[b - 1]?.end ?? 0);
      expect(block.start).toBeGreaterThanOrEqual(block.gap);
      expect(block.end).toBeGreaterThanOrEqual(block.start);
      const inside = block.kernels.reduce((sum, { launches, cycles, launch_cycles }) => sum + launches * (cycles + launch_cycles), 0);
      expect(inside).toBe(block.end - block.gap);
    });
    const sum = (of: (block: (typeof blocks)[number]) => number): number => blocks.reduce((total, block) => total + of(block), 0);
    const { hbm } = side.result.tiers;
    expect(sum(({ launches }) => launches)).toBe(side.result.launches);
    expect(sum(({ launch_cycles }) => launch_cycles)).toBeCloseTo(side.result.launch_seconds * side.result.clock_hz, 3);
    expect(sum(({ hbm_read_bytes, hbm_write_bytes }) => hbm_read_bytes + hbm_write_bytes)).toBeCloseTo(hbm!.read_bytes + hbm!.write_bytes, 3);
  });

  it("are one for all rounds of a loop that recur", async () => {
    const side = await sideOn("a100-40", "lstm");
    const rounds = blocksOf(side).filter(({ launches }) => launches > 1);
    expect(rounds.length).toBeGreaterThan(0);
    expect(blockName(rounds[0]!)).toMatch(/^\d+ kernels, round by round$|^\S+$/);
    expect(hbmRate(rounds[0]!, side.result.clock_hz)).toBeLessThan(side.result.tiers.hbm!.peak_bytes_per_second);
  });
});

describe("what is said of the GPU model's error", () => {
  const validation = readFileSync(new URL("../../VALIDATION.md", import.meta.url), "utf8");

  it.each(ALL_ERRORS)("is what VALIDATION.md says of $name", ({ name, mean }) => {
    const line = validation.split("\n").find((text) => text.startsWith(`- ${name}: `) && text.includes("mean error"));
    expect(line).toContain(`mean error ${mean.toFixed(1)} %`);
  });

  it("names the kinds of kernels that ran, and a GPU of which nothing was measured", async () => {
    const { kernels } = await sideOn("a100-40", "softmax");
    expect(errorWords("a100-40", kernels)).toContain("softmax 7.8 %");
    expect(errorWords("h100", kernels)).toContain("nothing of this kind was measured on h100");
  });
});
