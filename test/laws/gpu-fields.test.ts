/** Every figure of a GPU's config bites: changed, some run takes other cycles or moves other bytes. The fields are found by walking the configs. */

import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { runGpu } from "../../src/gpu/run.ts";
import { input, map, program } from "../../src/pattern/builder.ts";
import type { Dtype, Expr, Program } from "../../src/pattern/program.ts";
import { add, div, exp, log, mul, sigmoid, sqrt, tanh } from "../../src/pattern/scalars.ts";
import attention from "../../workloads/attention.ts";
import attentionBackward from "../../workloads/attention-backward.ts";
import gemm from "../../workloads/gemm.ts";
import encoder from "../../workloads/gpu/encoder.ts";
import softmax from "../../workloads/softmax.ts";
import { gpu } from "../support/gpus.ts";

/** Nothing of a run is computed from them. */
const EXEMPT: Readonly<Record<string, string>> = {
  name: "a title for reports",
  schemaVersion: "of the file's form; there is one",
  kind: "says which models the file is for",
  "hbm.bytes": "a program that is too large is refused by whoever runs it",
};
/** Figures of power change no run: they are energy's. */
const isExempt = (path: string): boolean => path in EXEMPT || path.startsWith("power.");

type Settings = Readonly<Record<string, string>>;

/** Beside which other settings a figure shows, the ones of the config aside. */
const BESIDE: readonly Settings[] = [
  {},
  { "execution.fusion": "fused" },
  { "execution.fusion": "fused", "execution.attention": "flash-1" },
  { "execution.fusion": "fused", "execution.attention": "flash-2" },
  { "execution.tf32": "true" },
  { "launch.regime": "eager" },
  { "launch.regime": "graph" },
  { "launch.regime": "persistent" },
  { "link.gpus": "2" },
];

const steps = (name: string, dtype: Dtype, step: (value: Expr) => Expr): Program =>
  program(name, {}, () => {
    const x = input("x", dtype, [2 ** 20]);
    return { y: map("y", [2 ** 20], (i) => Array.from({ length: 20 }).reduce<Expr>(step, x.at(i))) };
  }).build();

const programs: readonly Program[] = [
  ...(["f64", "f32", "bf16", "f16", "fp8e4m3", "fp8e5m2", "i8", "i32"] as const).map((dtype) => gemm.build({ m: 1024, n: 1024, k: 1024, dtype })),
  gemm.build({ m: 16, n: 512, k: 4096, dtype: "f16" }),
  ...([exp, log, sqrt, tanh, sigmoid] as const).map((step, s) => steps(`special${s}`, "f32", step)),
  steps("div", "f32", (value) => div(3, value)),
  ...(["f64", "f32", "i32", "f16"] as const).map((dtype) => steps(dtype, dtype, (value) => add(mul(value, value), 1))),
  softmax.build({ rows: 4096, cols: 1000 }),
  softmax.build({ rows: 512, cols: 5000 }),
  encoder.build(),
  attention.build(),
  attentionBackward.build({ seq: 2048 }),
];

const WORDS: Readonly<Record<string, readonly string[]>> = {
  "launch.regime": ["eager", "graph"],
  "execution.fusion": ["operator", "fused"],
  "execution.epilogue": ["bias"],
  "execution.attention": ["unfused", "flash-1", "flash-3", "flash-2"],
  "execution.start": ["warm"],
};

function leavesOf(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, path === "" ? key : `${path}.${key}`));
}

function changesOf(path: string, value: unknown): readonly string[] {
  if (typeof value === "number") return [value / 2, value * 2, value / 16, 1].map(String);
  return typeof value === "boolean" ? [`${!value}`] : (WORDS[path] ?? []);
}

describe.each(["a100-80", "h100"])("of %s,", (name) => {
  const { sources: _, ...figures } = gpu(name);
  const shown = new Map<string, string>();
  const observe = (one: Program, settings: Settings): string | undefined => {
    try {
      return JSON.stringify(runGpu(one, gpu(name, settings)));
    } catch (error) {
      if (error instanceof UserError) return undefined;
      throw error;
    }
  };
  const before = (one: Program, p: number, beside: Settings): string | undefined => {
    const key = JSON.stringify([p, beside]);
    const known = shown.get(key) ?? observe(one, beside);
    if (known !== undefined) shown.set(key, known);
    return known;
  };

  test.each(leavesOf(figures).filter(([path]) => !isExempt(path)))("%s bites", (path, value) => {
    const bites = BESIDE.some((beside) =>
      programs.some((one, p) =>
        changesOf(path, value).some((next) => {
          const after = observe(one, { ...beside, [path]: next });
          return after !== undefined && after !== before(one, p, beside);
        }),
      ),
    );
    expect(bites).toBe(true);
  });
});
