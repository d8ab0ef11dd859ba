/** Runs a mapping on its machine: section after section, each configured and then run to its end; what they leave in memory is there for the next. */

import { RunError, UserError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { NetworkResult, NetworkSpec } from "../engine/network.ts";
import { progressOf, readResult } from "../engine/result.ts";
import { runRound } from "../engine/run.ts";
import { createState } from "../engine/state.ts";
import { findWaits } from "../engine/waiting.ts";
import type { Fabric, TensorLayout } from "../fabric/fabric.ts";
import { reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { arrayFor } from "../pattern/dtypes.ts";
import type { Program, TensorValues, Values } from "../pattern/program.ts";
import type { RunCounters, SectionCounters } from "../result/counters.ts";
import { buildSection } from "./build.ts";
import { countSection } from "./count.ts";
import { describeWaits } from "./deadlock.ts";
import { runOracle } from "./oracle.ts";
import { type Slice, sliceFabric } from "./slice.ts";

export interface SimulateOptions {
  readonly program: Program;
  /** Asked for only where data is needed: with values, or where data steers the time. */
  readonly inputs?: TensorValues | (() => TensorValues);
  readonly values: boolean;
  readonly engine: "fast" | "oracle";
  /** A run that would take longer ends in a RunError. */
  readonly maxCycles?: Cycles;
  /** Called after each section, and every so often while the fast engine runs one. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly section: string;
  /** Sections done, the share of the one under way included. */
  readonly done: number;
  readonly sections: number;
  /** So far. */
  readonly ticks: Cycles;
}

export function simulate(mapping: Mapping, machine: Machine, options: SimulateOptions): RunCounters {
  const { fabric } = mapping;
  const slice = sliceFabric(fabric, options.values);
  const tensors = allocate(fabric, slice, options);
  const dtypes = Object.fromEntries(fabric.tensors.map(({ tensor, dtype }) => [tensor, dtype]));
  const configuringTicks = reconfigurationCycles(machine);
  const sections: SectionCounters[] = [];
  let ticks = 0;
  let firings = 0;
  fabric.sections.forEach((section, s) => {
    ticks += configuringTicks;
    if (ticks > (options.maxCycles ?? Number.POSITIVE_INFINITY)) {
      throw new RunError("limit", `section ${section.name} is configured at cycle ${ticks}, past the limit of ${options.maxCycles} cycles`);
    }
    const built = buildSection(s, { mapping, machine, origin: ticks, slice: slice.sections[s]!, tensors, dtypes });
    const before = ticks;
    const report: Report = ({ tick, share }) => {
      options.onProgress?.({ section: section.name, done: s + share, sections: fabric.sections.length, ticks: before + tick });
    };
    const result = runSection(section.name, built.network, options, (options.maxCycles ?? Number.POSITIVE_INFINITY) - ticks, report);
    sections.push(countSection(section, mapping.sections[s]!, built, result, machine, configuringTicks));
    ticks += result.ticks;
    firings += result.firings;
    report({ tick: result.ticks, share: 1 });
  });
  return { ticks, sections, outputs: options.values ? outputsOf(options.program, tensors) : null, firings };
}

type Report = (progress: ReturnType<typeof progressOf>) => void;

function runSection(name: string, network: NetworkSpec, { engine, maxCycles }: SimulateOptions, maxTicks: Cycles, report: Report): NetworkResult {
  const result = engine === "oracle" ? runOracle(network, { maxTicks }) : runFast(name, network, maxTicks, report);
  if (!result.finished) throw new RunError("deadlock", `section ${name} is in deadlock: ${unfinished(network, result)}`);
  if (result.ticks > maxTicks) throw new RunError("limit", `section ${name} was not done at ${maxCycles} cycles`);
  return result;
}

/** Rounds of the engine between two reports: some milliseconds. */
const REPORT_ROUNDS = 1024;

function runFast(name: string, network: NetworkSpec, maxTicks: Cycles, report: Report): NetworkResult {
  const state = createState(network, { maxTicks });
  for (let round = 1; runRound(state); round++) if (round % REPORT_ROUNDS === 0) report(progressOf(state));
  const waits = findWaits(state);
  if (waits.length > 0) throw new RunError("deadlock", `section ${name} is in deadlock: ${describeWaits(network, waits)}`);
  return readResult(state);
}

/** The oracle does not say who waits for whom, only who has not finished. */
function unfinished({ processes }: NetworkSpec, result: NetworkResult): string {
  const late = processes.filter(({ firings }, p) => result.processes[p]!.firings < firings);
  return `${late.map(({ name }) => name).join(", ")} cannot finish`;
}

/** Arrays of the tensors whose values are needed: inputs as they come, the others zero. */
function allocate(fabric: Fabric, slice: Slice, { program, inputs, values }: SimulateOptions): TensorValues {
  const wanted = fabric.tensors.filter(({ tensor }) => slice.tensors.has(tensor));
  const outputs = new Set(values ? Object.values(program.outputs) : []);
  const fromOutside = program.inputs.filter((name) => slice.tensors.has(name) || outputs.has(name));
  const given = fromOutside.length === 0 ? {} : typeof inputs === "function" ? inputs() : (inputs ?? {});
  const own = wanted.filter(({ tensor }) => !program.inputs.includes(tensor));
  return Object.fromEntries([
    ...own.map((layout): [string, Values] => [layout.tensor, arrayFor(layout.dtype, elements(layout))]),
    ...fromOutside.map((name): [string, Values] => [name, inputOf(program, name, given)]),
  ]);
}

function inputOf(program: Program, name: string, given: TensorValues): Values {
  const tensor = program.tensors.find((candidate) => candidate.name === name)!;
  const values = given[name];
  if (values === undefined) throw new UserError({ code: "missing-input", message: `the run needs the values of ${name}, but got none` });
  if (values.length === elements(tensor)) return values;
  throw new UserError({
    code: "input-length",
    message: `${name} has ${values.length} values, its shape [${tensor.shape.join(", ")}] holds ${elements(tensor)}`,
  });
}

function elements({ shape }: Pick<TensorLayout, "shape">): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** An output that is also an input is handed on as it came. */
function outputsOf({ outputs }: Program, tensors: TensorValues): TensorValues {
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensors[tensor]!]));
}
