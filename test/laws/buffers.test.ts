/** No workload is said to deadlock before it runs: none does. */

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { warnOfBuffers } from "../../src/sim/buffering.ts";
import { workloads } from "../../workloads/index.ts";
import { mappingOf } from "../support/fabrics.ts";
import { machineOf } from "../support/runs.ts";
import { middleSizes } from "./workload-sizes.ts";

describe.each(["plasticine", "sn40l"])("on %s", (name) => {
  test.each(workloads.map((workload) => [workload.name, workload] as const))("%s", (_name, workload) => {
    const machine = machineOf(name);
    for (const style of ["spatial", "kernel-by-kernel"] as const) {
      const { fabric } = compile(workload.build(middleSizes[workload.name]), machine, { style });
      expect(warnOfBuffers(mappingOf(fabric), machine).filter((line) => line.includes("will deadlock"))).toEqual([]);
    }
  });
});
