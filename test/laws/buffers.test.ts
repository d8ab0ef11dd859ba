/** No workload is said to deadlock before it runs: none does. */

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { warnOfBuffers } from "../../src/sim/buffering.ts";
import { workloads } from "../../workloads/index.ts";
import { mappingOf } from "../support/fabrics.ts";
import { machineOf } from "../support/runs.ts";
import { sizes as others } from "./workload-sizes.ts";

const sizes: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  attention: { seq: 256, heads: 4, dim: 64 },
  dot: { n: 100_000 },
  flights: { rows: 100_000, origins: 300 },
  gemm: { m: 256, n: 384, k: 128 },
  softmax: { rows: 512, cols: 1000 },
  "tpch-q6": { n: 100_000 },
  ...Object.fromEntries(others.map(({ definition, params }) => [definition.name, params.at(-1)!])),
};

describe.each(["plasticine", "sn40l"])("on %s", (name) => {
  test.each(workloads.map((workload) => [workload.name, workload] as const))("%s", (_name, workload) => {
    const machine = machineOf(name);
    for (const style of ["spatial", "kernel-by-kernel"] as const) {
      const { fabric } = compile(workload.build(sizes[workload.name]), machine, { style });
      expect(warnOfBuffers(mappingOf(fabric), machine).filter((line) => line.includes("will deadlock"))).toEqual([]);
    }
  });
});
