/** Running a program all the way, for tests: compile, map, simulate, and compare with the interpreter. */

import { readFileSync } from "node:fs";
import { loadEnergyTable } from "../../src/energy/schema.ts";
import type { EnergyTable } from "../../src/energy/table.ts";
import type { Machine } from "../../src/machine/machine.ts";
import type { Mapping } from "../../src/mapper/mapping.ts";
import { bytesOf, isFloat, precisionOf } from "../../src/pattern/dtypes.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Dtype, Program, TensorValues } from "../../src/pattern/program.ts";
import { makeResult } from "../../src/report/make.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import type { HostResult, RunResult } from "../../src/result/result.ts";
import { type Prepared, prepare } from "../../src/sim/prepare.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { machineNamed } from "./counters.ts";

const machines = new Map<string, Machine>();

/** A machine of configs/, loaded once. */
export function machineOf(name: string): Machine {
  const known = machines.get(name) ?? machineNamed(name);
  machines.set(name, known);
  return known;
}

export function prepareOn(machine: Machine, program: Program): Prepared {
  return prepare(program, machine, { style: "spatial", seed: 1 });
}

/** What a run gives, whichever engine ran it; what that skipped is left out. */
export function runOn(
  machine: Machine,
  { mapping }: Prepared,
  program: Program,
  inputs: TensorValues,
  engine: "fast" | "oracle" = "fast",
  values = true,
  fastForward = false,
): RunCounters {
  return { ...simulate(mapping, machine, { program, inputs, values, engine, fastForward }), skipped: 0, periods: [], skippedIn: [] };
}

/** Elements of the outputs that differ from the interpreter's by more than `allowed` times the element's and the output's size; integers must be equal. */
export function differences(program: Program, inputs: TensorValues, outputs: TensorValues, allowed: (dtype: Dtype) => number = () => 0): readonly string[] {
  const expected = interpret(program, inputs);
  return Object.entries(program.outputs).flatMap(([output, tensor]) => {
    const { dtype } = program.tensors.find((item) => item.name === tensor)!;
    const want = [...expected[tensor]!];
    const have = [...outputs[output]!];
    if (want.length !== have.length) return [`${output} has ${have.length} elements of ${want.length}`];
    const scale = want.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
    const slack = isFloat(dtype) ? allowed(dtype) * scale : 0;
    const wrong = want.findIndex((value, i) => !(Object.is(value, have[i]) || value === have[i] || Math.abs(value - have[i]!) <= slack));
    return wrong < 0 ? [] : [`${output}[${wrong}] is ${have[wrong]}, not ${want[wrong]} (slack ${slack})`];
  });
}

/** Rounding steps of a dtype that re-associated folds of `terms` terms may differ by, relative to the largest output. */
export const roundings =
  (terms: number) =>
  (dtype: Dtype): number => {
    if (dtype === "i32" || dtype === "i16" || dtype === "i8" || dtype === "i4" || dtype === "bool") return 0;
    return 2 ** -precisionOf(dtype) * 4 + terms * 2 ** -24 * (bytesOf(dtype) > 4 ? 0 : 4);
  };

const HOST: HostResult = { wall_seconds: 1, firings: 0, skipped_firings: 0, periods: [], forward: [], simulated_cycles_per_second: 1, peak_rss_bytes: 1 };

/** The report of a run, as `--json` would have it, less the host's part. */
export function reportOf(machine: Machine, program: Program, mapping: Mapping, counters: RunCounters): RunResult {
  return makeResult({ version: "0", program, workloadHash: "0", seed: 1, machine, mapping, counters, energyTable: energyTableOf(machine), host: HOST });
}

const energyTables = new Map<string, EnergyTable>();

/** The machine's table of configs/energy/, loaded once. */
function energyTableOf({ energy }: Machine): EnergyTable {
  const file = new URL(`../../configs/energy/${energy}.yaml`, import.meta.url);
  const known = energyTables.get(energy) ?? loadEnergyTable(readFileSync(file, "utf8"), `${energy}.yaml`);
  energyTables.set(energy, known);
  return known;
}
