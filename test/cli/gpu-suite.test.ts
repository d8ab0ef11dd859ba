/** `weft validate gpu`: every figure that was measured has its row, what is asked of them is met, and a model that is off does not meet it. */

import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { isMet, type Row, readFigures } from "../../src/cli/comparison.ts";
import { type GpuBench, gpuBench, gpuWith, readGpuCases } from "../../src/cli/gpu-bench.ts";
import { fittedConstants, printFitted } from "../../src/cli/gpu-fitted.ts";
import { deepBenchGemms, deepBenchIsHere, gemmErrors } from "../../src/cli/gpu-gemms.ts";
import { attentionOf, FUSED_RATIO, METHODS } from "../../src/cli/gpu-kernels.ts";
import { fittedByCase, KNEE, kneeOf, STREAMED } from "../../src/cli/gpu-memory.ts";
import { languageModel } from "../../src/cli/gpu-networks.ts";
import { ORDER, orderOf, orderRows } from "../../src/cli/gpu-order.ts";
import { compareGpu, GPU_SUITE } from "../../src/cli/gpu-suite.ts";
import { gpuNames } from "../../src/cli/machines.ts";
import { SUITES } from "../../src/cli/suites.ts";

const cases = readGpuCases();
const shared = new URL("../../../shared/cases/gpu/cases.json", import.meta.url);
const silent = (): void => undefined;

let run: GpuBench;
let rows: readonly Row[];

beforeAll(async () => {
  run = await gpuBench();
  rows = compareGpu(cases, run, silent);
}, 120_000);

const expectedOf = (...columns: readonly string[]): readonly number[] =>
  rows.filter(({ what, case: name }) => columns.includes(what) && name !== "the measured curve's").flatMap(({ expected }) => expected ?? []);

describe("the cases", () => {
  it.skipIf(!existsSync(shared))("are copied as they are (skipped where ../shared/cases is absent)", () => {
    expect(readFigures("gpu-cases.json")).toEqual(JSON.parse(readFileSync(shared, "utf8")));
  });

  it("have a row for each measured figure", () => {
    const { V01, V02, V03, V04, V05, V06, V07, V08 } = cases;
    expect(expectedOf("V01, us")).toEqual(
      Object.values(V01.measured)
        .flat()
        .map(({ us }) => us),
    );
    expect(expectedOf("V01, fixed cost, ns")).toEqual([2613, 1317, 1271]);
    expect(expectedOf("V02, GB/s")).toEqual(V02.measured.map(({ GBps }) => GBps));
    expect(expectedOf("V03, ms")).toEqual(V03.measured.map(({ ms }) => ms));
    expect(expectedOf("V04, us")).toEqual(V04.measured.map(({ us }) => us));
    for (const method of METHODS) {
      const measured = V05.measured.filter((one) => one.method === method).map(({ TFLOPs }) => TFLOPs);
      expect(expectedOf(attentionOf(method))).toEqual(measured);
    }
    expect(expectedOf(FUSED_RATIO).length).toBe(20);
    expect(expectedOf("V06, ms")).toEqual(V06.measured.map(({ ms }) => ms));
    expect(expectedOf("V07, ms, PyTorch")).toEqual(V07.measured.map(({ pytorch_eager_ms }) => pytorch_eager_ms));
    expect(expectedOf("V07, ms, AITemplate")).toEqual(V07.measured.map(({ aitemplate_ms }) => aitemplate_ms));
    expect(expectedOf("V08, W")).toEqual(V08.measured.map(({ W }) => W));
    expect(expectedOf(STREAMED)).toEqual(V08.measured.map(({ GBps }) => GBps));
  });

  it("have no other figures than those and what follows from them", () => {
    for (const { M, N, K, ms, TFLOPs } of cases.V03.measured) expect(Math.abs((2 * M * N * K) / ms / 1e9 / TFLOPs - 1)).toBeLessThan(0.002);
    for (const { flop_per_byte, GBps, GFLOPs } of cases.V08.measured) expect(Math.abs(flop_per_byte * GBps - GFLOPs)).toBeLessThan(0.5 * flop_per_byte + 0.5);
  });
});

describe("the suite gpu", () => {
  it("is among the suites, and all that it asks is met", () => {
    expect(SUITES).toContain(GPU_SUITE);
    expect(GPU_SUITE.demands.filter((demand) => !isMet(demand, rows))).toEqual([]);
  });

  it("fails a model that takes twice as long in all that is asked but ratios, the knee and the order", () => {
    const slow: GpuBench = (workload, parameters, machine) => {
      const ran = run(workload, parameters, machine);
      return { ...ran, cycles: ran.cycles * 2, kernels: ran.kernels.map((kernel) => ({ ...kernel, cycles: kernel.cycles * 2 })) };
    };
    const off = compareGpu(cases, slow, silent);
    expect(GPU_SUITE.demands.filter((demand) => isMet(demand, off)).map(({ what }) => what)).toEqual([KNEE, FUSED_RATIO, ORDER]);
  }, 60_000);

  it("has the plateaus of V02 and the small batches of V07 judged, the rest of those tables for information", () => {
    const judged = (what: string): number => rows.filter((row) => row.what === what && row.tolerance !== null).length;
    expect([judged("V02, GB/s"), judged("V07, ms, PyTorch"), judged(STREAMED)]).toEqual([14, 4, 0]);
  });

  it("takes the mean of the first and the last step of decoding within 0.1 % of all steps", () => {
    const { pass, generate } = languageModel(cases, run);
    let all = pass(8, 60, 0);
    for (let cache = 60; cache < 79; cache++) all += pass(8, 1, cache);
    expect(Math.abs(generate(8, 60, 20) / all - 1)).toBeLessThan(0.001);
    expect(generate(8, 60, 1)).toBe(pass(8, 60, 0));
  });

  it("finds the knee halfway between the plateaus, straight between the points", () => {
    const points = [
      [4000, 5000],
      [16_000, 5000],
      [30_000, 4000],
      [50_000, 2000],
      [80_000, 1000],
      [800_000, 1000],
    ] as const;
    expect(kneeOf(points.map(([footprint_kB, GBps]) => ({ footprint_kB, GBps })))).toBeCloseTo(40, 9);
  });

  it("reads the fixed costs out of the case's words", () => {
    expect(fittedByCase("a within 15% (fit: {'stream': '2613.0 ns', 'cudagraph': '1317.5 ns'})", "cudagraph")).toBe(1317.5);
    expect(fittedByCase("nothing", "stream")).toBeNaN();
  });
});

describe("the order", () => {
  const timing = (name: string, measured: number, weft: number) => ({ case: name, measured, weft });

  it("counts pairs that are more than 10 % apart, and a tie in the model as wrong", () => {
    expect(orderOf([timing("a", 1, 10), timing("a", 1.1, 9)])).toEqual({ pairs: 0, same: 0 });
    expect(orderOf([timing("a", 1, 10), timing("a", 1.11, 9)])).toEqual({ pairs: 1, same: 0 });
    expect(orderOf([timing("a", 2, 9), timing("a", 1, 9)])).toEqual({ pairs: 1, same: 0 });
    expect(orderOf([timing("a", 2, 9.1), timing("a", 1, 9), timing("a", 3, 9.05)])).toEqual({ pairs: 3, same: 2 });
  });

  it("is told within each case, within all, and over all", () => {
    const found = orderRows([timing("a", 1, 1), timing("a", 2, 2), timing("b", 4, 4), timing("b", 8, 3)]).filter(({ what }) => what === ORDER);
    expect(found.map(({ case: name, measured, tolerance }) => [name, Math.round(measured), tolerance])).toEqual([
      ["within a", 100, null],
      ["within b", 0, null],
      ["all pairs within a case", 50, 0.05],
      ["all pairs", 83, 0.05],
    ]);
  });
});

describe("the fitted constants", () => {
  it("are all that a config says were fitted, each with its case", () => {
    const found = new Set(fittedConstants().map(({ machine, key }) => `${machine} ${key}`));
    for (const name of gpuNames()) {
      for (const [key, { text }] of Object.entries(gpuWith(name).sources)) {
        if (/^fitted|fitted there/.test(text)) expect(found).toContain(`${name} ${key}`);
      }
    }
    for (const { source } of fittedConstants()) expect(source).toMatch(/V0\d/);
  });

  it("are printed with their values, those of several machines together", () => {
    expect(printFitted()).toMatch(/\| l2\.usable_share +\| 0\.7 +\| a100-80 +\| fitted to V02/);
    expect(printFitted()).toMatch(/\| launch\.graph_seconds +\| 1\.05 us +\| a100-80 /);
    expect(printFitted()).toMatch(/\| sm\.overlap +\| 0\.85 +\| a100-40, a100-80 +\| fitted to V08/);
    expect(printFitted()).toMatch(/\n- v100: .*l2\.usable_share 0\.7/);
  });
});

describe.skipIf(!deepBenchIsHere)("DeepBench's products on V100 (skipped where ../shared/cases is absent)", () => {
  it("are 160 of each dtype, and off by a fifth or less on average with nothing fitted to them", () => {
    const gemms = deepBenchGemms();
    for (const dtype of ["f32", "f16"] as const) {
      const chosen = gemms.filter((one) => one.dtype === dtype);
      expect(chosen.length).toBe(160);
      expect(gemmErrors(chosen, run).reduce((sum, error) => sum + Math.abs(error), 0) / 160).toBeLessThan(0.21);
    }
    expect(gemms[0]).toEqual({ dtype: "f32", m: 1760, n: 16, k: 1760, seconds: 0.038 / 1e3 });
  });
});
