import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/cli/settings.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import type { Planned } from "../../src/report/rda-side.ts";
import type { RunResult } from "../../src/result/result.ts";
import { gpuOf } from "../../src/scene/gpu.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { RunStopped } from "../../src/sim/watch.ts";
import { gpu } from "../support/gpus.ts";
import { machineOf, prepareOn, reportOf, runOn } from "../support/runs.ts";

const { program, inputs } = await loadWorkload("softmax", { settings: parseSettings(["rows=16", "cols=64"]).workload });
const machine = machineOf("plasticine");
const prepared = prepareOn(machine, program);
const values = (await inputs())();
const planned: Planned = { machine, program, controllers: prepared.controllers };
const whole = reportOf(machine, program, prepared.mapping, runOn(machine, prepared, program, values));

describe("a run beside a GPU", () => {
  const beside = gpuOf(planned, whole, gpu("a100-40"));

  it("has each side's kernels, which make up its time, and this run as the last side", () => {
    expect(beside.why).toBeNull();
    expect(beside.sides.map(({ regime }) => regime)).toEqual(["library, stream", "fused, graph"]);
    expect(beside.comparison.sides.map(({ name }) => name)).toEqual([...beside.sides.map(({ name }) => name), "plasticine spatial"]);
    for (const { kernels, result } of beside.sides) {
      const last = kernels.at(-1)!;
      expect(last.start + last.cycles).toBe(result.cycles);
      expect(kernels.reduce((sum, kernel) => sum + kernel.launches, 0)).toBe(result.launches);
    }
  });

  it("has a waterfall from each of the GPU's sides to the run, as the command line makes it", () => {
    const { waterfalls, sides } = beside.comparison;
    expect(waterfalls.map(({ from, to }) => [from, to])).toEqual(beside.sides.map(({ name }) => [name, "plasticine spatial"]));
    for (const { from_ps, to_ps, parts } of waterfalls) expect(parts.reduce((sum, { ps }) => sum + ps, from_ps)).toBe(to_ps);
    expect(sides.at(-1)).toMatchObject({ cycles: whole.cycles, provenance: "simulated" });
  });

  it("is the same twice", () => {
    expect(gpuOf(planned, whole, gpu("a100-40"))).toEqual(beside);
  });

  it("without a GPU is the run alone, with its roofs and points", () => {
    const { name, why, sides, comparison } = gpuOf(planned, whole, null);
    expect([name, why, sides]).toEqual([null, "no GPU was asked for (--gpu NAME)", []]);
    expect(comparison.sides.map(({ name: side }) => side)).toEqual(["plasticine spatial"]);
    expect(comparison.roofline.points).toHaveLength(whole.sections.length);
  });

  it("says in words that no kernel fits an SM, and is the run alone", () => {
    const { name, why, sides } = gpuOf(planned, whole, gpu("a100-40", { "sm.threads": "32" }));
    expect([name, sides]).toEqual(["a100-40", []]);
    expect(why).toMatch(/^a100-40 has no run of this program: no block of the kernel \S+ fits an SM/);
  });

  it("that was stopped has the GPU's sides, and of its own what was expected: no waterfall", () => {
    const { name, sides, comparison } = gpuOf(planned, stopped(), gpu("a100-40"));
    expect([name, sides.length, comparison.waterfalls]).toEqual(["a100-40", 2, []]);
    expect(comparison.sides.at(-1)).toMatchObject({ provenance: "expected, not simulated", simulated: null });
  });
});

function stopped(): RunResult {
  try {
    simulate(prepared.mapping, machine, {
      program,
      inputs: values,
      values: false,
      engine: "fast",
      fastForward: false,
      maxCycles: Math.round(whole.cycles / 2),
    });
  } catch (error) {
    if (error instanceof RunStopped) return reportOf(machine, program, prepared.mapping, error.counters);
    throw error;
  }
  throw new Error("the run was not stopped");
}
