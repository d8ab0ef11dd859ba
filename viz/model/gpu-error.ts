/** How far the GPU model was off where it was measured: mean errors of VALIDATION.md, chapter gpu, which a test holds against that file. */

import type { KernelRun } from "../../src/gpu/run.ts";

export interface MeasuredError {
  /** As VALIDATION.md names it. */
  readonly name: string;
  /** Mean error, in percent. */
  readonly mean: number;
  readonly what: string;
}

const LAUNCHES: MeasuredError = { name: "V01, us", mean: 4.4, what: "small kernels launched one after the other" };

const BY_KIND: Readonly<Partial<Record<KernelRun["kind"], readonly MeasuredError[]>>> = {
  contraction: [{ name: "V03, ms", mean: 5.3, what: "products of matrices" }],
  rows: [{ name: "V04, us", mean: 7.8, what: "softmax" }],
  attention: [
    { name: "V05, TFLOP/s, FlashAttention-1", mean: 8.3, what: "FlashAttention-1" },
    { name: "V05, TFLOP/s, FlashAttention-2", mean: 5.6, what: "FlashAttention-2" },
  ],
  elementwise: [LAUNCHES],
};

/** Of the kinds of kernels that ran, each once. */
export function errorsOf(kernels: readonly KernelRun[]): readonly MeasuredError[] {
  return [...new Set([...kernels.flatMap(({ kind }) => BY_KIND[kind] ?? []), LAUNCHES])];
}

/** All of them were measured on A100. */
export function errorWords(machine: string, kernels: readonly KernelRun[]): string {
  const means = errorsOf(kernels).map(({ what, mean }) => `${what} ${mean} %`);
  const own = /^a100/.test(machine) ? "on A100, this GPU's kind" : `on A100; nothing of this kind was measured on ${machine}`;
  return `How far the model of GPUs is off, mean error of its times ${own}: ${means.join(", ")} (VALIDATION.md, chapter gpu).`;
}

export const ALL_ERRORS: readonly MeasuredError[] = [...new Set(Object.values(BY_KIND).flat())];
