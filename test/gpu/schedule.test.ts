/** Which operators share a kernel, by the fusion of the machine's config. */

import { describe, expect, test } from "vitest";
import { planOf, type Step } from "../../src/gpu/plan.ts";
import { runGpu } from "../../src/gpu/run.ts";
import { input, map, program, reduce } from "../../src/pattern/builder.ts";
import type { Program } from "../../src/pattern/program.ts";
import { add, cast, constant, div, exp, ge, gt, le, lt, mul, select } from "../../src/pattern/scalars.ts";
import attention from "../../workloads/attention.ts";
import attentionBackward from "../../workloads/attention-backward.ts";
import decoder from "../../workloads/decoder.ts";
import gemmChain from "../../workloads/gemm-chain.ts";
import encoder from "../../workloads/gpu/encoder.ts";
import gpt from "../../workloads/gpu/gpt.ts";
import { workloads } from "../../workloads/index.ts";
import layernorm from "../../workloads/layernorm.ts";
import mlp from "../../workloads/mlp.ts";
import softmax from "../../workloads/softmax.ts";
import { gpu, gpuNames } from "../support/gpus.ts";

const kernelsIn = (steps: readonly Step[]) => steps.flatMap((step) => (step.kind === "kernel" ? [step.kernel] : []));
const kernelsOf = (one: Program, fusion: string) => kernelsIn(planOf(one, gpu("a100-40", { "execution.fusion": fusion, "execution.attention": "flash-2" })));
const namesOf = (one: Program, fusion: string) => kernelsOf(one, fusion).map(({ name }) => name);

test("operator: a kernel each", () => {
  expect(namesOf(softmax.build(), "operator")).toEqual(["max", "e", "sum", "y"]);
});

describe("library", () => {
  test.each([softmax, layernorm])("$name is one kernel", (definition) => {
    expect(kernelsOf(definition.build(), "library").map(({ kind }) => kind)).toEqual(["rows"]);
  });

  const product = (after: (c: ReturnType<typeof map>) => ReturnType<typeof map>) =>
    program("product", {}, () => {
      const [a, b] = [input("a", "f16", [48, 32]), input("b", "f16", [32, 64])];
      return { y: after(map("c", [48, 64], (i, j) => reduce("add", [32], (k) => mul(a.at(i, k), b.at(k, j))))) };
    }).build();

  test("a bias and a constant factor join their product", () => {
    expect(
      namesOf(
        product((c) => {
          const bias = input("bias", "f16", [64]);
          return map("y", [48, 64], (i, j) => add(c.at(i, j), bias.at(j)));
        }),
        "library",
      ),
    ).toEqual(["c+y"]);
    expect(
      namesOf(
        product((c) => map("y", [48, 64], (i, j) => mul(c.at(i, j), 0.5))),
        "library",
      ),
    ).toEqual(["c+y"]);
  });

  test("a residual does not, but where fusion is fused", () => {
    const residual = product((c) => {
      const x = input("x", "f16", [48, 64]);
      return map("y", [48, 64], (i, j) => add(c.at(i, j), x.at(i, j)));
    });
    expect(namesOf(residual, "library")).toEqual(["c", "y"]);
    expect(namesOf(residual, "fused")).toEqual(["c+y"]);
  });
});

describe("attention, fused,", () => {
  test("is one kernel", () => {
    expect(kernelsOf(attention.build(), "fused").map(({ kind }) => kind)).toEqual(["attention"]);
  });

  test.each([0, 1])("with its gradient is three, causal = %d", (causal) => {
    const kernels = kernelsOf(attentionBackward.build({ causal }), "fused");
    expect(kernels.map(({ kind, attention: found }) => [kind, found?.isBackward])).toEqual([
      ["attention", false],
      ["rows", undefined],
      ["attention", true],
    ]);
    expect(kernels.flatMap(({ attention: found }) => (found === null ? [] : [found.diagonal]))).toEqual(causal === 1 ? [0, 0] : [null, null]);
  });

  test.each([0, 192])("is found in a decoder with %d positions in its cache, with its mask", (cache) => {
    const found = kernelsOf(decoder.build({ cache }), "fused").flatMap(({ attention: one }) => one ?? []);
    expect(found.map(({ rows, columns, diagonal }) => [rows, columns, diagonal])).toEqual([[64, 64 + cache, cache]]);
  });

  test.each([encoder, gpt])("is found in $name", (definition) => {
    expect(kernelsOf(definition.build(), "fused").filter(({ kind }) => kind === "attention")).toHaveLength(1);
  });

  test.each([mlp, gemmChain])("is not $name", (definition) => {
    expect(kernelsOf(definition.build(), "fused").filter(({ kind }) => kind === "attention")).toEqual([]);
  });

  test.each([
    ["le", le, false, 0, 0],
    ["lt", lt, false, 0, -1],
    ["lt with one more", lt, false, 1, 0],
    ["ge", ge, true, 0, 0],
    ["gt", gt, true, 0, -1],
    ["gt with three more", gt, true, 3, 2],
  ] as const)("masked by %s", (_, compare, isTurned, more, diagonal) => {
    const masked = program("masked", {}, () => {
      const [q, k, v] = [input("q", "f16", [2, 64, 32]), input("k", "f16", [2, 64, 32]), input("v", "f16", [2, 64, 32])];
      const s = map("s", [2, 64, 64], (h, i, j) => reduce("add", [32], (d) => mul(q.at(h, i, d), k.at(h, j, d))));
      const seen = map("seen", [2, 64, 64], (h, i, j) => {
        const row = more === 0 ? i : add(i, more);
        return select(isTurned ? compare(row, j) : compare(j, row), s.at(h, i, j), constant("f16", Number.NEGATIVE_INFINITY));
      });
      const sum = map("sum", [2, 64], (h, i) => reduce("add", [64], (j) => exp(seen.at(h, i, j))));
      const p = map("p", [2, 64, 64], (h, i, j) => div(exp(seen.at(h, i, j)), sum.at(h, i)));
      return { y: map("y", [2, 64, 32], (h, i, d) => reduce("add", [64], (j) => mul(p.at(h, i, j), v.at(h, j, d)))) };
    }).build();
    expect(kernelsOf(masked, "fused").map(({ attention: found }) => found?.diagonal)).toEqual([diagonal]);
  });
});

describe.each(gpuNames)("on %s", (name) => {
  test.each(["operator", "library", "fused"])("every workload runs as %s, in few records", (fusion) => {
    for (const regime of ["stream", "eager"]) {
      const machine = gpu(name, { "execution.fusion": fusion, "launch.regime": regime });
      for (const workload of workloads) {
        const { cycles, kernels } = runGpu(workload.build(), machine);
        expect([workload.name, cycles > 0 && Number.isInteger(cycles), kernels.length < 2000]).toEqual([workload.name, true, true]);
      }
    }
  });
});

test("attention of a dtype that tensor cores lack is no kernel of its own, and ends", () => {
  for (const [name, dtype] of [
    ["h100", "f32"],
    ["v100", "bf16"],
    ["a100-80", "f64"],
  ] as const) {
    const machine = { ...gpu(name), execution: { ...gpu(name).execution, fusion: "fused" as const } };
    const { kernels } = runGpu(attention.build({ seq: 64, heads: 2, dim: 32, dtype }), machine);
    expect([dtype, kernels.some(({ kind }) => kind === "attention")]).toEqual([dtype, dtype === "f64"]);
  }
});

describe("bytes and rates", () => {
  const a100 = gpu("a100-80");
  const mixed = (left: "i8" | "bf16", right: "bf16" | "f32") =>
    program("mixed", {}, () => {
      const [a, b] = [input("a", left, [512, 512]), input("b", right, [512, 512])];
      return { c: map("c", [512, 512], (i, j) => reduce("add", [512], (k) => mul(cast(right, a.at(i, k)), b.at(k, j)))) };
    }).build();

  test("a product of two dtypes runs at the rate of the wider factor, and reads each factor at its own width", () => {
    const [ints, floats] = [runGpu(mixed("i8", "bf16"), a100).kernels[0]!, runGpu(mixed("bf16", "f32"), a100).kernels[0]!];
    expect([ints.factors, ints.hbm_read_bytes]).toEqual(["bf16", 512 * 512 * 3]);
    expect([floats.factors, floats.tensor_macs, floats.lane_macs]).toEqual(["f32", 0, 512 ** 3]);
  });

  test("a row that data chooses moves its sectors, a single element one of its own", () => {
    const rows = (columns: number) =>
      program("rows", {}, () => {
        const [ids, table] = [input("ids", "i32", [4096]), input("table", "bf16", [100_000, columns])];
        return { y: map("y", [4096, columns], (i, j) => table.at(ids.at(i), j)) };
      }).build();
    const read = (columns: number): number => runGpu(rows(columns), a100).kernels[0]!.hbm_read_bytes - 4096 * 4;
    expect(read(64)).toBe(4096 * 128);
    expect(read(1)).toBe(4096 * 32);
  });

  test("a row that data chooses is no view, also where fusion is fused", () => {
    const one = program("rows", {}, () => {
      const [ids, table] = [input("ids", "i32", [4096]), input("table", "bf16", [100_000, 64])];
      const chosen = map("chosen", [4096, 64], (i, j) => table.at(ids.at(i), j));
      return { y: map("y", [4096], (i) => reduce("max", [64], (j) => chosen.at(i, j))) };
    }).build();
    const { kernels } = runGpu(one, { ...a100, execution: { ...a100.execution, fusion: "fused" } });
    expect(kernels.map(({ name }) => name)).toEqual(["chosen", "y"]);
    expect(kernels[0]!.hbm_read_bytes).toBe(4096 * (128 + 4));
  });

  test("an SM on which no block fits is a fault of its config", () => {
    expect(() => runGpu(mixed("i8", "bf16"), { ...a100, sm: { ...a100.sm, threads: 16 } })).toThrow(/no block of the kernel c fits an SM/);
  });
});
