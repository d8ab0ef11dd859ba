/** GPUs of configs/ for tests, as shipped and with other figures. */

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import type { GpuMachine } from "../../src/machine/gpu.ts";
import { loadGpu } from "../../src/machine/gpu-schema.ts";

export const gpuNames = ["a100-40", "a100-80", "h100", "h200", "v100"] as const;

/** A config with these settings over its own. */
export function gpu(name: string, settings: Readonly<Record<string, string>> = {}): GpuMachine {
  const text = readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), "utf8");
  return loadGpu(
    text,
    name,
    Object.entries(settings).map(([path, value]) => ({ path, value, label: path })),
  );
}

/** Any config with other sizes and any software. */
export function gpus(): fc.Arbitrary<GpuMachine> {
  const settings = fc.record({
    "sm.count": fc.integer({ min: 1, max: 200 }).map(String),
    "l2.bytes": fc.integer({ min: 2 ** 16, max: 2 ** 26 }).map(String),
    "execution.fusion": fc.constantFrom("operator", "library", "fused"),
    "execution.attention": fc.constantFrom("unfused", "flash-1", "flash-2", "flash-3"),
    "execution.epilogue": fc.constantFrom("any", "bias"),
    "execution.tf32": fc.constantFrom("true", "false"),
    "execution.start": fc.constantFrom("cold", "warm"),
    "launch.regime": fc.constantFrom("eager", "stream", "graph", "persistent"),
  });
  return fc.tuple(fc.constantFrom(...gpuNames), settings).map(([name, chosen]) => gpu(name, chosen));
}
