/**
 * Runs a mapping on its machine: step after step, sections that are not on the chip configured first, each run to its end; what they leave in memory is there for
 * the next. Repeats run their steps again and again, on the places that tensors have in each round.
 */

import { type Place, RunError, UserError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { Skipped } from "../engine/forward.ts";
import type { NetworkResult } from "../engine/network.ts";
import { runNetwork } from "../engine/run.ts";
import type { SavedState } from "../engine/saved.ts";
import type { Stock } from "../engine/tokens.ts";
import type { Fabric, RepeatStep, Section, Step, TensorLayout } from "../fabric/fabric.ts";
import { configurationOf } from "../fabric/nests.ts";
import { resolveSection } from "../fabric/resolve.ts";
import { reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import type { Dtype, Program, TensorValues, Values } from "../pattern/program.ts";
import type { RunCounters, SectionCounters } from "../result/counters.ts";
import { type BuildContext, type BuiltSection, buildSection, planCircuits, planSection } from "./build.ts";
import { addRun, countSection, type KnownWork, makeSums, type SectionSums } from "./count.ts";
import { diagnose } from "./deadlock.ts";
import { beginRepeat, endRound, findMovers, freePlaces, layoutNow, type Movers, makePlaces, type Places, valuesNow } from "./places.ts";
import { type Recorder, recordConfiguring, recordPast, recordRun } from "./record.ts";
import { runAgain, runSection } from "./run.ts";
import { type Slice, sliceFabric } from "./slice.ts";
import { goOn, type Snapshot } from "./snapshot.ts";
import { countersOf, pastLimit, pause, type Stop, stopAt, stoppedIn, tell, watchRun, weightOf } from "./watch.ts";

export interface SimulateOptions {
  readonly program: Program;
  /** Asked for only where data is needed: with values, or where data steers the time. */
  readonly inputs?: TensorValues | (() => TensorValues);
  readonly values: boolean;
  readonly engine: "fast" | "oracle";
  /** A run that would take longer ends in a RunStopped. */
  readonly maxCycles?: Cycles;
  /** Skip what recurs, exactly: true unless said. */
  readonly fastForward?: boolean;
  /** For progress alone: what a run of each section is expected to take, like fabric.sections. */
  readonly weights?: readonly number[];
  /** Called after each section's run, and every so often while the fast engine is at one. */
  readonly onProgress?: (progress: Progress) => void;
  /** Where a place in code that was bundled really is: messages name it. */
  readonly placeOf?: (place: Place) => Place;
  /** Asked very often. A run that is to stop ends in a RunStopped. */
  readonly shouldStop?: () => Stop | null;
  /** Called every so often, and before a RunStopped: what `take` gives, now and not later, a run can `resume`. */
  readonly onCheckpoint?: (take: () => Snapshot, isLast: boolean) => void;
  /** Of the same mapping, machine, inputs and `values`. */
  readonly resume?: Snapshot;
  /** Follows the run, for its trace: made for this run alone. Only with the fast engine. */
  readonly recorder?: Recorder;
}

export interface Progress {
  readonly section: string;
  /** Runs of sections done, the share of the one under way included. */
  readonly done: number;
  /** Runs that are expected in all: repeats that may end early count in full until they do. */
  readonly sections: number;
  /** So far. */
  readonly ticks: Cycles;
  /** Done of the whole run, by the weights, 0 .. 1. */
  readonly share: number;
}

/** A simulation under way. */
export interface Simulation {
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
  /** Configuration on the chip. */
  loaded: number | null;
  /** So far: also the point in time at which the next thing begins. */
  ticks: number;
  firings: number;
  /** Ticks of a period -> how many were skipped. */
  readonly periods: Map<number, number>;
  done: number;
  expected: number;
  /** The same by weight. */
  workDone: number;
  workExpected: number;
  /** Of the section under way: see Snapshot. */
  readonly position: number[];
  /** What is still to be gone of the position at which to resume, and the state of the section's run there. */
  readonly path: number[];
  engine: SavedState | null;
  /** Numbers of the rounds under way, by symbol. */
  readonly symbols: Record<string, number>;
  /** Rounds run so far, by name of the repeat. */
  readonly rounds: Record<string, number>;
  readonly sizes: Record<string, number>;
}

export function simulate(mapping: Mapping, machine: Machine, options: SimulateOptions): RunCounters {
  const simulation = begin(mapping, machine, options);
  if (options.resume !== undefined) resume(simulation, options.resume);
  runSteps(simulation, simulation.fabric.steps);
  return { ...countersOf(simulation, null), outputs: options.values ? outputsOf(simulation) : null };
}

function resume(simulation: Simulation, snapshot: Snapshot): void {
  goOn(simulation, snapshot);
  const { options, sections, machine } = simulation;
  const past = (): readonly SectionCounters[] => sections.map((sums) => countSection(sums, machine));
  if (options.recorder !== undefined) recordPast(options.recorder, past());
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
    sections: fabric.sections.map((_, s) => makeSums(planSection(s, mapping, machine, slice.sections[s]!), fabric, machine)),
    known: new WeakMap(),
    ...{ loaded: null, ticks: 0, firings: 0, periods: new Map() },
    ...{ done: 0, expected: runsOf(fabric.steps), workDone: 0, workExpected: runsOf(fabric.steps, options.weights) },
    ...{ position: [], path: [], engine: null },
    ...{ symbols: {}, rounds: {}, sizes: {} },
  };
}

/** Most runs of sections in these steps, each times its weight. */
function runsOf(steps: readonly Step[], weights?: readonly number[]): number {
  return steps.reduce((total, step) => total + (step.kind === "section" ? (weights?.[step.section] ?? 1) : step.times * runsOf(step.steps, weights)), 0);
}

/** A run that resumes goes down its path first. */
function runSteps(simulation: Simulation, steps: readonly Step[]): void {
  const { position, path } = simulation;
  for (let at = path.shift() ?? 0; at < steps.length; at++) {
    const step = steps[at]!;
    position.push(at);
    if (step.kind === "repeat") repeat(simulation, step);
    else runOnce(simulation, step.section);
    position.pop();
  }
}

function repeat(simulation: Simulation, step: RepeatStep): void {
  const { places, movers, symbols, rounds, position, path, options } = simulation;
  const { written, others } = movers.get(step)!;
  const resumed = path.shift();
  let round = resumed ?? 0;
  if (resumed === undefined) beginRepeat(places, step);
  for (let isDone = false; round < step.times && !isDone; round++) {
    if (round !== resumed) freePlaces(places, written, others);
    symbols[step.round] = round;
    position.push(round);
    runSteps(simulation, step.steps);
    position.pop();
    isDone = step.until !== undefined && valuesNow(places, step.until)[0] !== 0;
    endRound(places, step);
  }
  delete symbols[step.round];
  rounds[step.name] = (rounds[step.name] ?? 0) + round;
  simulation.expected -= (step.times - round) * runsOf(step.steps);
  simulation.workExpected -= (step.times - round) * runsOf(step.steps, options.weights);
}

function runOnce(simulation: Simulation, s: number): void {
  const { machine, known, options } = simulation;
  const sums = simulation.sections[s]!;
  pause(simulation, s);
  configure(simulation, s);
  const section = resolveSection(sums.plan.section, simulation.symbols, readSizes(simulation, sums.plan.sizes));
  const built = buildSection(sums.plan, section, contextOf(simulation, sums));
  const began = simulation.ticks;
  const { limits, askedBy } = watchRun(simulation, s, built, (result) => diagnoseRun(simulation, sums, section, built, result));
  const { stopped, counted, share, skipped } = runSection(built.network, limits);
  simulation.engine = null;
  if (counted !== null) {
    addRun(sums, built, counted, machine, known);
    simulation.ticks += counted.result.ticks;
    if (options.recorder !== undefined) recordRun(options.recorder, s, began, counted.result.ticks);
    simulation.firings += counted.result.firings;
    addSkipped(simulation, sums, skipped);
  }
  if (stopped !== null) throw stoppedIn(simulation, s, stopped === "asked" ? askedBy() : pastLimit(simulation), began, share);
  tell(simulation, s, simulation.ticks, 1);
  simulation.done++;
  simulation.workDone += weightOf(simulation, s);
}

function addSkipped(simulation: Simulation, sums: SectionSums, { firings, periods }: Skipped): void {
  sums.skipped += firings;
  for (const [cycles, times] of periods) simulation.periods.set(cycles, times + (simulation.periods.get(cycles) ?? 0));
}

/**
 * Of processes whose loops data counts nobody knows how many tokens they still want: they are named, and no more. What gets stuck with channels that share links also does
 * with circuits, which have no more slots: it is diagnosed on those.
 */
function diagnoseRun(simulation: Simulation, sums: SectionSums, section: Section, built: BuiltSection, result: NetworkResult): RunError {
  const counted = built.network.processes.filter(({ behaviour }) => behaviour?.steering !== undefined);
  if (counted.length > 0) {
    const names = counted.map(({ name }) => name).join(", ");
    return new RunError("deadlock", `section ${section.name} is in deadlock; it is not diagnosed, since data counts the loops of ${names}`);
  }
  const { fabric, machine, options, maxCycles, ticks: began } = simulation;
  if (sums.plan.relays.length > 0) {
    const circuits = { ...sums, plan: planCircuits(sums.plan, fabric, machine) };
    const { network, nests } = buildSection(circuits.plan, section, contextOf(simulation, circuits));
    return diagnoseRun(simulation, circuits, section, { network, nests }, runNetwork(network, { fastForward: true }));
  }
  const { program, engine, placeOf = (place) => place } = options;
  const again = (stocks: readonly Stock[]): Cycles | "stuck" | "limit" => {
    const { network } = buildSection(sums.plan, section, contextOf(simulation, sums));
    const channels = network.channels.map((channel, c) => ({ ...channel, ...stocks[c] }));
    return runAgain({ ...network, channels }, engine, maxCycles - began);
  };
  return diagnose({ plan: sums.plan, built, machine, program, placeOf, began, again }, result);
}

/** A section whose configuration is on the chip already stays as it is. */
function configure(simulation: Simulation, s: number): void {
  const { configuringTicks, maxCycles, options } = simulation;
  const sums = simulation.sections[s]!;
  const configuration = configurationOf(simulation.fabric, s);
  if (simulation.loaded === configuration) return;
  simulation.loaded = configuration;
  if (options.recorder !== undefined) recordConfiguring(options.recorder, s, simulation.ticks, configuringTicks);
  simulation.ticks += configuringTicks;
  sums.configurations++;
  sums.configuringTicks += configuringTicks;
  if (simulation.ticks > maxCycles) stopAt(simulation, s, pastLimit(simulation));
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

function contextOf({ fabric, machine, places, slice, ticks, dtypes }: Simulation, { plan, memory }: SectionSums): BuildContext {
  const needed = plan.tensors.filter((tensor) => slice.tensors.has(tensor));
  const { resources, services } = memory();
  return {
    ...{ machine, resources, services },
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
