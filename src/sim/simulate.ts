/**
 * Runs a mapping on its machine: step after step, sections that are not on the chip configured first, each run to its end; what they leave in memory is there for
 * the next. Repeats run their steps again and again, on the places that tensors have in each round.
 */

import { type Place, RunError, UserError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { NetworkResult, ResourceSpec } from "../engine/network.ts";
import type { Stock } from "../engine/tokens.ts";
import type { Fabric, RepeatStep, Section, Step, TensorLayout } from "../fabric/fabric.ts";
import { configurationOf } from "../fabric/nests.ts";
import { resolveSection } from "../fabric/resolve.ts";
import { reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { tierResources } from "../memory/tiers.ts";
import type { Dtype, Program, TensorValues, Values } from "../pattern/program.ts";
import type { RunCounters } from "../result/counters.ts";
import { type BuildContext, type BuiltSection, buildSection, planSection } from "./build.ts";
import { addRun, countSection, type KnownWork, makeSums, type SectionSums } from "./count.ts";
import { diagnose } from "./deadlock.ts";
import { beginRepeat, endRound, findMovers, freePlaces, layoutNow, type Movers, makePlaces, type Places, valuesNow } from "./places.ts";
import { runAgain, runSection } from "./run.ts";
import { type Slice, sliceFabric } from "./slice.ts";

export interface SimulateOptions {
  readonly program: Program;
  /** Asked for only where data is needed: with values, or where data steers the time. */
  readonly inputs?: TensorValues | (() => TensorValues);
  readonly values: boolean;
  readonly engine: "fast" | "oracle";
  /** Skips periods that recur, with the same result; yes unless said. Only the fast engine can. */
  readonly fastForward?: boolean;
  /** A run that would take longer ends in a RunError. */
  readonly maxCycles?: Cycles;
  /** Called after each section's run, and every so often while the fast engine is at one. */
  readonly onProgress?: (progress: Progress) => void;
  /** Where a place in code that was bundled really is: messages name it. */
  readonly placeOf?: (place: Place) => Place;
}

export interface Progress {
  readonly section: string;
  /** Runs of sections done, the share of the one under way included. */
  readonly done: number;
  /** Runs that are expected in all: repeats that may end early count in full until they do. */
  readonly sections: number;
  /** So far. */
  readonly ticks: Cycles;
}

/** A simulation under way. */
interface Simulation {
  readonly fabric: Fabric;
  readonly machine: Machine;
  readonly options: SimulateOptions;
  readonly configuringTicks: Cycles;
  readonly maxCycles: Cycles;
  readonly slice: Slice;
  /** Values of the inputs that are needed. */
  readonly given: TensorValues;
  readonly places: Places;
  readonly movers: Movers;
  readonly dtypes: Readonly<Record<string, Dtype>>;
  /** Like fabric.sections. */
  readonly sections: readonly SectionSums[];
  readonly known: KnownWork;
  /** Their origin is each run's. */
  readonly resources: readonly ResourceSpec[];
  /** Configuration on the chip. */
  loaded: number | null;
  /** So far: also the point in time at which the next thing begins. */
  ticks: number;
  firings: number;
  skipped: number;
  /** Ticks of a period -> how many were skipped. */
  readonly periods: Map<number, number>;
  done: number;
  expected: number;
  /** Numbers of the rounds under way, by symbol. */
  readonly symbols: Record<string, number>;
  /** Rounds run so far, by name of the repeat. */
  readonly rounds: Record<string, number>;
  readonly sizes: Record<string, number>;
}

export function simulate(mapping: Mapping, machine: Machine, options: SimulateOptions): RunCounters {
  const simulation = begin(mapping, machine, options);
  runSteps(simulation, simulation.fabric.steps);
  const { ticks, sections, firings, skipped, periods, sizes, rounds } = simulation;
  return {
    ticks,
    sections: sections.map((sums) => countSection(sums, machine)),
    outputs: options.values ? outputsOf(simulation) : null,
    ...{ firings, skipped, periods: [...periods], sizes, rounds },
  };
}

function begin(mapping: Mapping, machine: Machine, options: SimulateOptions): Simulation {
  const { fabric } = mapping;
  const slice = sliceFabric(fabric, options.values);
  const given = givenTo(slice, options);
  return {
    ...{ fabric, machine, options, slice, given },
    configuringTicks: reconfigurationCycles(machine),
    maxCycles: options.maxCycles ?? Number.POSITIVE_INFINITY,
    places: makePlaces(fabric, given),
    movers: findMovers(fabric),
    dtypes: Object.fromEntries(fabric.tensors.map(({ tensor, dtype }) => [tensor, dtype])),
    sections: fabric.sections.map((_, s) => makeSums(planSection(s, mapping, machine, slice.sections[s]!), machine)),
    known: new WeakMap(),
    resources: tierResources(machine, 0),
    ...{ loaded: null, ticks: 0, firings: 0, skipped: 0, periods: new Map(), done: 0, expected: runsOf(fabric.steps) },
    ...{ symbols: {}, rounds: {}, sizes: {} },
  };
}

/** Most runs of sections in these steps. */
function runsOf(steps: readonly Step[]): number {
  return steps.reduce((total, step) => total + (step.kind === "section" ? 1 : step.times * runsOf(step.steps)), 0);
}

function runSteps(simulation: Simulation, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === "repeat") repeat(simulation, step);
    else runOnce(simulation, step.section);
  }
}

function repeat(simulation: Simulation, step: RepeatStep): void {
  const { places, movers, symbols, rounds } = simulation;
  const { written, others } = movers.get(step)!;
  let round = 0;
  beginRepeat(places, step);
  for (let isDone = false; round < step.times && !isDone; round++) {
    freePlaces(places, written, others);
    symbols[step.round] = round;
    runSteps(simulation, step.steps);
    isDone = step.until !== undefined && valuesNow(places, step.until)[0] !== 0;
    endRound(places, step);
  }
  delete symbols[step.round];
  rounds[step.name] = (rounds[step.name] ?? 0) + round;
  simulation.expected -= (step.times - round) * runsOf(step.steps);
}

function runOnce(simulation: Simulation, s: number): void {
  const { machine, options, maxCycles, known } = simulation;
  const sums = simulation.sections[s]!;
  const { name } = sums.plan.section;
  configure(simulation, s);
  const section = resolveSection(sums.plan.section, simulation.symbols, readSizes(simulation, sums.plan.sizes));
  const built = buildSection(sums.plan, section, contextOf(simulation, sums));
  const before = simulation.ticks;
  const report = (tick: Cycles, share: number): void => {
    options.onProgress?.({ section: name, done: simulation.done + share, sections: simulation.expected, ticks: before + tick });
  };
  const result = withinLimit(simulation, name, () =>
    runSection(name, built.network, {
      ...{ engine: options.engine, fastForward: options.fastForward ?? true, maxTicks: maxCycles - before, maxCycles },
      report: ({ tick, share }) => report(tick, share),
      diagnose: (result) => diagnoseRun(simulation, sums, section, built, result),
    }),
  );
  addRun(sums, built, result, machine, known);
  simulation.ticks += result.ticks;
  simulation.firings += result.firings;
  simulation.skipped += result.skipped.firings;
  for (const [cycles, times] of result.skipped.periods) simulation.periods.set(cycles, times + (simulation.periods.get(cycles) ?? 0));
  report(result.ticks, 1);
  simulation.done++;
}

/** Of processes whose loops data counts nobody knows how many tokens they still want: they are named, and no more. */
function diagnoseRun(simulation: Simulation, sums: SectionSums, section: Section, built: BuiltSection, result: NetworkResult): RunError {
  const counted = built.network.processes.filter(({ behaviour }) => behaviour?.steering !== undefined);
  if (counted.length > 0) {
    const names = counted.map(({ name }) => name).join(", ");
    return new RunError("deadlock", `section ${section.name} is in deadlock; it is not diagnosed, since data counts the loops of ${names}`);
  }
  const { machine, options, maxCycles, ticks: began } = simulation;
  const { program, engine, placeOf = (place) => place } = options;
  const again = (stocks: readonly Stock[]): Cycles | "stuck" | "limit" => {
    const { network } = buildSection(sums.plan, section, contextOf(simulation, sums));
    const channels = network.channels.map((channel, c) => ({ ...channel, ...stocks[c] }));
    return runAgain({ ...network, channels }, engine, maxCycles - began);
  };
  return diagnose({ plan: sums.plan, built, machine, program, placeOf, began, again }, result);
}

/** Says of a run that takes too long which section it was in, which round, and at which cycle that began. */
function withinLimit<T>({ ticks, symbols, maxCycles }: Simulation, section: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RunError) || error.code !== "limit") throw error;
    const rounds = Object.entries(symbols).map(([round, number]) => `, ${round} ${number}`);
    throw new RunError("limit", `section ${section}${rounds.join("")}, which began at cycle ${ticks}, was not done at ${maxCycles} cycles`);
  }
}

/** A section whose configuration is on the chip already stays as it is. */
function configure(simulation: Simulation, s: number): void {
  const { configuringTicks, maxCycles } = simulation;
  const sums = simulation.sections[s]!;
  const configuration = configurationOf(simulation.fabric, s);
  if (simulation.loaded === configuration) return;
  simulation.loaded = configuration;
  simulation.ticks += configuringTicks;
  sums.configurations++;
  sums.configuringTicks += configuringTicks;
  if (simulation.ticks <= maxCycles) return;
  throw new RunError("limit", `section ${sums.plan.section.name} is configured at cycle ${simulation.ticks}, past the limit of ${maxCycles} cycles`);
}

/** Real lengths of the collections that a section runs over, as the sections before have left them. */
function readSizes({ places, sizes }: Simulation, names: readonly string[]): Readonly<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const name of names) {
    const size = valuesNow(places, name)[0]!;
    values[name] = size;
    sizes[name] = Math.max(size, sizes[name] ?? size);
  }
  return values;
}

function contextOf({ fabric, machine, resources, places, slice, ticks, dtypes }: Simulation, { plan }: SectionSums): BuildContext {
  const needed = plan.tensors.filter((tensor) => slice.tensors.has(tensor));
  return {
    ...{ machine, resources },
    origin: ticks,
    fabric: { ...fabric, tensors: plan.tensors.map((tensor) => layoutNow(places, tensor)) },
    tensors: Object.fromEntries(needed.map((tensor) => [tensor, valuesNow(places, tensor)])),
    dtypes,
  };
}

// --- what comes in and goes out ---

function givenTo(slice: Slice, { program, inputs, values }: SimulateOptions): TensorValues {
  const outputs = new Set(values ? Object.values(program.outputs) : []);
  const names = program.inputs.filter((name) => slice.tensors.has(name) || outputs.has(name));
  const all = names.length === 0 ? {} : typeof inputs === "function" ? inputs() : (inputs ?? {});
  return Object.fromEntries(names.map((name): [string, Values] => [name, inputOf(program, name, all)]));
}

function inputOf(program: Program, name: string, all: TensorValues): Values {
  const tensor = program.tensors.find((candidate) => candidate.name === name)!;
  const values = all[name];
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
function outputsOf({ options, places, given }: Simulation): TensorValues {
  return Object.fromEntries(Object.entries(options.program.outputs).map(([name, tensor]) => [name, given[tensor] ?? valuesNow(places, tensor)]));
}
