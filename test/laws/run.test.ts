/** Laws of a run, on random programs and on machines that differ in one figure. DESIGN.md, "Laws". */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Machine, TierSpec } from "../../src/machine/machine.ts";
import { bytesOf } from "../../src/pattern/dtypes.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import type { RunResult } from "../../src/result/result.ts";
import type { Prepared } from "../../src/sim/prepare.ts";
import { simulate } from "../../src/sim/simulate.ts";
import softmax from "../../workloads/softmax.ts";
import { programCases, spine } from "../support/programs.ts";
import { machineOf, prepareOn, reportOf, runOn } from "../support/runs.ts";

const RUNS = { numRuns: 40 };
const extents = [1, 2, 7, 16, 33];
const small = programCases({ extents });
const names = fc.constantFrom("plasticine", "sn40l");

/** Every time constant that is not counted in fabric cycles, scaled; clocks with them. */
function scaledClocks(machine: Machine, factor: number): Machine {
  const tier = (spec: TierSpec): TierSpec => ({ ...spec, clock_hz: spec.clock_hz * factor, latency_seconds: spec.latency_seconds / factor });
  return { ...machine, clock_hz: machine.clock_hz * factor, reconfiguration_seconds: machine.reconfiguration_seconds / factor, tiers: tiersOf(machine, tier) };
}

const tiersOf = ({ tiers }: Machine, change: (spec: TierSpec) => TierSpec): Machine["tiers"] => ({
  ...(tiers.hbm === undefined ? {} : { hbm: change(tiers.hbm) }),
  ...(tiers.ddr === undefined ? {} : { ddr: change(tiers.ddr) }),
});

function holdsPhysics(report: RunResult): void {
  expect(brokenInvariants(report)).toEqual([]);
  for (const bound of Object.values(report.bounds_cycles)) expect(report.cycles).toBeGreaterThanOrEqual(bound);
  for (const unit of report.units) expect(unit.unattributed_cycles).toBe(0);
  const { total, ...parts } = report.energy_pJ;
  expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 3);
  expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
}

describe("a run", () => {
  test("moves at least the bytes of what it reads and writes, and whole bursts", () => {
    fc.assert(
      fc.property(programCases({ ...spine, extents }), names, ({ program, inputs }, name) => {
        const machine = machineOf(name);
        const prepared = prepareOn(machine, program);
        const { sections } = runOn(machine, prepared, program, inputs);
        const moved = (kind: "read_bytes" | "write_bytes") => sections.reduce((sum, { tiers }) => sum + (tiers.hbm?.[kind] ?? 0) + (tiers.ddr?.[kind] ?? 0), 0);
        const size = (tensor: string) => {
          const { dtype, shape } = program.tensors.find((item) => item.name === tensor)!;
          return Math.ceil(shape.reduce((product, extent) => product * extent, 1) * bytesOf(dtype));
        };
        const written = [...new Set(Object.values(program.outputs))].filter((tensor) => !program.inputs.includes(tensor));
        expect(moved("write_bytes")).toBeGreaterThanOrEqual(written.reduce((sum, tensor) => sum + size(tensor), 0));
        const burst = machine.tiers.hbm?.burst_bytes ?? machine.tiers.ddr!.burst_bytes;
        expect(moved("read_bytes") % burst).toBe(0);
        expect(moved("write_bytes") % burst).toBe(0);
      }),
      RUNS,
    );
  });

  test("is never faster than physics, its parts add up to wholes, its energy is the sum of its parts, and its report is the same again, with values or without", () => {
    fc.assert(
      fc.property(small, names, ({ program, inputs }, name) => {
        const machine = machineOf(name);
        const report = ({ mapping }: Prepared, counters: RunCounters) => reportOf(machine, program, mapping, counters);
        const prepared = prepareOn(machine, program);
        const told = report(prepared, runOn(machine, prepared, program, inputs));
        holdsPhysics(told);
        const again = prepareOn({ ...machine, tiers: { ...machine.tiers } }, program);
        expect(JSON.stringify(report(again, runOn(machine, again, program, inputs)))).toBe(JSON.stringify(told));
        expect({ ...report(prepared, runOn(machine, prepared, program, inputs, "fast", false)), outputs: null }).toEqual({ ...told, outputs: null });
      }),
      RUNS,
    );
  });

  test("takes the same cycles when every time constant is scaled by one factor", () => {
    fc.assert(
      fc.property(small, names, fc.constantFrom(2, 4, 0.5), ({ program, inputs }, name, factor) => {
        const machine = machineOf(name);
        const other = scaledClocks(machine, factor);
        expect(runOn(other, prepareOn(other, program), program, inputs).ticks).toBe(runOn(machine, prepareOn(machine, program), program, inputs).ticks);
      }),
      RUNS,
    );
  });

  test("is not slower with more channels by more than 2 % and 200 cycles, the same units doing the same", () => {
    fc.assert(
      fc.property(small, names, ({ program, inputs }, name) => {
        const machine = machineOf(name);
        const prepared = prepareOn(machine, program);
        const wide = { ...machine, tiers: tiersOf(machine, (spec) => ({ ...spec, channels: spec.channels * 2 })) };
        const before = runOn(machine, prepared, program, inputs).ticks;
        expect(runOn(wide, prepared, program, inputs).ticks).toBeLessThanOrEqual(before * 1.02 + 200);
      }),
      RUNS,
    );
  });
});

describe("with memory that never makes anyone wait", () => {
  const machine = machineOf("plasticine");
  const endless = {
    ...machine,
    tiers: {
      ddr: {
        ...machine.tiers.ddr!,
        channels: 64,
        clock_hz: 8_000_000_000,
        burst_clocks: 1,
        latency_seconds: 0,
        refresh: undefined,
        dram: undefined,
        fidelity: undefined,
      },
    },
  } as unknown as Machine;

  test.each([1, 2, 5])("a map of %i more vectors a copy takes just as many cycles more", (more) => {
    const cols = 16;
    const cyclesOf = (rows: number) => {
      const program = { ...softmax.build({ rows, cols, dtype: "f32" }), schedule: { tile: { "max.0": 1 }, par: { "max.0": 1 } } };
      const { mapping } = prepareOn(endless, program);
      return simulate(mapping, endless, { program, values: false, engine: "fast" }).ticks;
    };
    const step = (cyclesOf(400 + 100 * more) - cyclesOf(400)) / (100 * more);
    expect(step).toBe((cyclesOf(500) - cyclesOf(400)) / 100);
  });
});
