/** Tensor parallelism over several GPUs: what is cut, and what they exchange. */

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shareOf } from "../../src/gpu/parallel.ts";
import { runGpu } from "../../src/gpu/run.ts";
import type { GpuMachine } from "../../src/machine/gpu.ts";
import { loadGpu } from "../../src/machine/gpu-schema.ts";
import { tensorBytes, tensorNamed } from "../../src/pattern/analysis.ts";
import type { Program } from "../../src/pattern/program.ts";
import { checkProgram } from "../../src/pattern/verify.ts";
import attention from "../../workloads/attention.ts";
import decoder from "../../workloads/decoder.ts";
import gemm from "../../workloads/gemm.ts";
import mlp from "../../workloads/mlp.ts";
import softmax from "../../workloads/softmax.ts";

const base = loadGpu(readFileSync(new URL("../../configs/a100-80.yaml", import.meta.url), "utf8"), "a100-80");
const gpus = (count: number, link: Partial<GpuMachine["link"]> = {}): GpuMachine => ({ ...base, link: { ...base.link, gpus: count, ...link } });
const shapeIn = (program: Program, name: string): readonly number[] => tensorNamed(program, name).shape;
const block = decoder.build({ hidden: 256, heads: 8, ffn: 512, seq: 4, cache: 32 });

describe("a share", () => {
  test("of one GPU is the program itself", () => {
    const program = mlp.build();
    expect(shareOf(program, 1).program).toBe(program);
  });

  test.each([2, 4, 8])("of a decoder block on %d GPUs has two all-reduces, of what attention and the MLP add to each position", (count) => {
    const { program, exchanges } = shareOf(block, count);
    expect([...exchanges].map(([name, { kind, bytes }]) => [name, kind, bytes])).toEqual([
      ["attended", "all-reduce", 4 * 256 * 2],
      ["fed", "all-reduce", 4 * 256 * 2],
    ]);
    expect(shapeIn(program, "wq")).toEqual([256, 8 / count, 32]);
    expect(shapeIn(program, "wo")).toEqual([8 / count, 32, 256]);
    expect(shapeIn(program, "keyCache")).toEqual([8 / count, 32, 32]);
    expect(shapeIn(program, "gate")).toEqual([256, 512 / count]);
    expect(shapeIn(program, "down")).toEqual([512 / count, 256]);
    expect(shapeIn(program, "y")).toEqual([4, 256]);
  });

  test("of an MLP cuts each weight once, and is a program of its own", () => {
    const { program, exchanges } = shareOf(mlp.build({ rows: 8, hidden: 64, ffn: 96 }), 4);
    expect([shapeIn(program, "gate"), shapeIn(program, "up"), shapeIn(program, "down")]).toEqual([
      [64, 24],
      [64, 24],
      [24, 64],
    ]);
    expect([...exchanges.keys()]).toEqual(["y"]);
    expect(() => checkProgram(program)).not.toThrow();
  });

  test("of heads that do not divide evenly is that of the GPU with most of them", () => {
    expect(shapeIn(shareOf(decoder.build({ hidden: 96, heads: 6, ffn: 128, seq: 2 }), 4).program, "wq")).toEqual([96, 2, 16]);
  });

  test("of a product by itself is some columns of the result, which stay apart", () => {
    const { program, exchanges } = shareOf(gemm.build({ m: 8, n: 64, k: 16 }), 2);
    expect(shapeIn(program, "c")).toEqual([8, 32]);
    expect(exchanges.size).toBe(0);
  });

  test("of what has no product with an input is all of it", () => {
    const { program, exchanges } = shareOf(softmax.build({ rows: 64, cols: 64 }), 4);
    expect([shapeIn(program, "y"), exchanges.size]).toEqual([[64, 64], 0]);
  });
});

describe("a run", () => {
  test("reads each weight once between them", () => {
    const bytes = (count: number): number => runGpu(block, gpus(count)).kernels.reduce((sum, { hbm_read_bytes }) => sum + hbm_read_bytes, 0);
    const weights = ["wq", "wk", "wv", "wo", "gate", "up", "down"].reduce((sum, name) => sum + tensorBytes(tensorNamed(block, name)), 0);
    expect(bytes(1) - bytes(4)).toBeGreaterThanOrEqual(0.75 * weights * 0.99);
  });

  test("waits for an all-reduce before what it completes is read, also where kernels are fused", () => {
    const fused = { ...gpus(2), execution: { ...base.execution, fusion: "fused" as const } };
    const names = runGpu(block, fused).kernels.map(({ name }) => name);
    const at = names.indexOf("all-reduce of attended");
    expect(at).toBeGreaterThan(0);
    expect(names[at - 1]).toContain("attended");
    expect(names[at - 1]).not.toContain("middle");
    expect(names.slice(at + 1).join()).toContain("middle");
  });

  test("is never slower with more bandwidth or less latency between GPUs", () => {
    const program = attention.build({ seq: 64, heads: 4, dim: 32 });
    fc.assert(
      fc.property(
        fc.constantFrom(2, 3, 4, 8),
        fc.constantFrom(block, mlp.build({ rows: 32 }), program),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (count, one, more) => {
          const cycles = (link: Partial<GpuMachine["link"]>): number => runGpu(one, gpus(count, link)).cycles;
          expect(cycles({ bytes_per_second: base.link.bytes_per_second * more })).toBeLessThanOrEqual(cycles({}));
          expect(cycles({ latency_seconds: base.link.latency_seconds / more })).toBeLessThanOrEqual(cycles({}));
        },
      ),
      { numRuns: 20 },
    );
  });

  test("takes two passes of the ring for an all-reduce", () => {
    const { kernels } = runGpu(block, gpus(4, { latency_seconds: 1e-6, bytes_per_second: 1e9 }));
    const [exchange] = kernels.filter(({ kind }) => kind === "all-reduce");
    expect(exchange!.link_bytes).toBe((2 * 3 * 4 * 256 * 2) / 4);
    expect(exchange!.cycles).toBe(Math.ceil((2e-6 + exchange!.link_bytes / 1e9) * base.clock_hz));
  });
});
