/** Products of matrices that nothing was fitted to: DeepBench's on V100. Their file is not weft's to copy; where it is absent, there are no rows. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseCsv } from "../frontend/csv.ts";
import type { Row } from "./comparison.ts";
import { packageRoot, readText } from "./files.ts";
import { type GpuBench, gpuWith, secondsOf } from "./gpu-bench.ts";

const FILE = join(packageRoot, "../shared/cases/gpu/deepbench_V100_gemm.csv");

export const deepBenchIsHere = existsSync(FILE);

export interface MeasuredGemm {
  readonly dtype: "f16" | "f32";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly seconds: number;
}

/** sheet, section, app, M, N, K, transA, transB, time_ms, TFLOPS; sheets are of f32, and of f16 with sums of f32. */
export function deepBenchGemms(): readonly MeasuredGemm[] {
  const [, ...records] = parseCsv(readText(FILE), FILE);
  return records.map(({ fields: [sheet, , , m, n, k, , , ms] }) => ({
    ...{ dtype: /FP16/.test(`${sheet}`) ? "f16" : "f32", m: Number(m), n: Number(n), k: Number(k), seconds: Number(ms) / 1e3 },
  }));
}

/** Relative errors of the model, in the order of the products. */
export function gemmErrors(gemms: readonly MeasuredGemm[], run: GpuBench): readonly number[] {
  const machine = gpuWith("v100", { "execution.start": "warm" });
  return gemms.map(({ dtype, m, n, k, seconds }) => secondsOf(run("gemm", { m, n, k, dtype }, machine), machine) / seconds - 1);
}

/** For information: what the model is off by on average. */
export function compareGemms(run: GpuBench): readonly Row[] {
  if (!deepBenchIsHere) return [];
  const gemms = deepBenchGemms();
  return (["f32", "f16"] as const).flatMap((dtype): readonly Row[] => {
    const chosen = gemms.filter((one) => one.dtype === dtype);
    const errors = gemmErrors(chosen, run);
    const mean = (values: readonly number[]): number => (100 * values.reduce((sum, value) => sum + value, 0)) / values.length;
    const common = {
      group: "DeepBench on V100: products of matrices",
      case: `${chosen.length} of ${dtype}`,
      expected: null,
      source: "DeepBench",
      tolerance: null,
    };
    return [
      { ...common, what: "mean error, %", measured: mean(errors.map(Math.abs)), note: NOTE },
      { ...common, what: "mean error with its sign, %", measured: mean(errors) },
      { ...common, what: "largest error, %", measured: 100 * Math.max(...errors.map(Math.abs)) },
    ];
  });
}

const NOTE =
  "M x N x K from 8 to 500,000, each one launch in a stream; no constant was fitted to any of them. Most off are those of some 10 us, which the model takes for a third of that, and those of f16 with a short side and K of 500,000, which reach half of the memory's bandwidth or less";
