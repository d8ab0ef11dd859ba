/**
 * Which nests must run with data. With values: all. Without: those whose data decides times or rounds somewhere, found backward from the data-dependent nests, the
 * sizes of collections and the conditions that end repeats, through channels, scratch memories and tensors off chip, until nothing is added.
 */

import type { Channel, Fabric, Nest, RepeatStep, Section, Step, Unit } from "../fabric/fabric.ts";
import { neededLevels } from "../fabric/liveness.ts";
import { scratchesOf, steeringPorts, takesScratch } from "../fabric/nests.ts";
import { sizesOf } from "../fabric/resolve.ts";

export interface Slice {
  /** By section: keys of nests that need a behaviour, and of input ports whose channel carries data. */
  readonly sections: readonly SectionSlice[];
  /** Tensors off chip whose values are needed. */
  readonly tensors: ReadonlySet<string>;
}

export interface SectionSlice {
  readonly nests: ReadonlySet<string>;
  readonly inputs: ReadonlySet<string>;
}

export function nestKey(unit: string, nest: string): string {
  return `${unit} ${nest}`;
}

export function portKey(unit: string, nest: string, port: string): string {
  return `${unit} ${nest} ${port}`;
}

export function sliceFabric(fabric: Fabric, values: boolean): Slice {
  const repeats = repeatsOf(fabric.steps);
  const tensors = new Set<string>(values ? fabric.tensors.map(({ tensor }) => tensor) : []);
  for (const { until } of repeats) if (until !== undefined) tensors.add(until);
  for (const section of fabric.sections) for (const size of sizesOf(section)) tensors.add(size);
  const sections = fabric.sections.map((section) => makeSearch(section, tensors));
  for (const search of sections) for (const unit of search.section.units) for (const nest of unit.nests) seed(search, unit, nest, values);
  const carries = repeats.flatMap((repeat) => repeat.carries);
  const writers = writersOf(sections);
  // A set passes on what is added while it is walked.
  for (const tensor of tensors) {
    for (const { search, unit, nest } of writers.get(tensor) ?? []) needInputs(search, unit, nest);
    for (const { to, init, from } of carries) if (to === tensor) tensors.add(init).add(from);
  }
  return { sections, tensors };
}

/** All of them, those inside others included. */
function repeatsOf(steps: readonly Step[]): readonly RepeatStep[] {
  return steps.flatMap((step) => (step.kind === "repeat" ? [step, ...repeatsOf(step.steps)] : []));
}

interface Search {
  readonly section: Section;
  readonly units: ReadonlyMap<string, Unit>;
  readonly sources: ReadonlyMap<string, Channel>;
  readonly nests: Set<string>;
  readonly inputs: Set<string>;
  /** Keys of output ports that are read. */
  readonly outputs: Set<string>;
  readonly scratch: Set<string>;
  /** Of the whole fabric. */
  readonly tensors: Set<string>;
}

function makeSearch(section: Section, tensors: Set<string>): Search {
  const sources = new Map(section.channels.flatMap((channel) => channel.sinks.map((sink) => [portKey(sink.unit, sink.nest, sink.port), channel] as const)));
  const units = new Map(section.units.map((unit) => [unit.id, unit]));
  return { section, units, sources, nests: new Set(), inputs: new Set(), outputs: new Set(), scratch: new Set(), tensors };
}

interface Writer {
  readonly search: Search;
  readonly unit: Unit;
  readonly nest: Nest;
}

/** Nests that write a tensor off chip, by tensor. */
function writersOf(sections: readonly Search[]): ReadonlyMap<string, readonly Writer[]> {
  const writers = new Map<string, Writer[]>();
  for (const search of sections) {
    for (const unit of search.section.units) {
      for (const nest of unit.nests) {
        if (nest.work.kind !== "store" && nest.work.kind !== "append") continue;
        writers.set(nest.work.tensor, [...(writers.get(nest.work.tensor) ?? []), { search, unit, nest }]);
      }
    }
  }
  return writers;
}

function seed(search: Search, unit: Unit, nest: Nest, values: boolean): void {
  for (const port of steeringPorts(nest)) needInput(search, unit, nest, port);
  if (!values) return;
  search.nests.add(nestKey(unit.id, nest.id));
  needInputs(search, unit, nest);
  for (const port of nest.ports) if (port.direction === "out") needOutput(search, unit, nest, port.name);
}

/** All that its work reads. */
function needInputs(search: Search, unit: Unit, nest: Nest): void {
  for (const port of nest.ports) if (port.direction === "in" && port.kind === "stream") needInput(search, unit, nest, port.name);
}

function needInput(search: Search, unit: Unit, nest: Nest, port: string): void {
  search.nests.add(nestKey(unit.id, nest.id));
  const key = portKey(unit.id, nest.id, port);
  if (search.inputs.has(key)) return;
  search.inputs.add(key);
  const source = search.sources.get(key)?.source;
  const from = search.units.get(source?.unit ?? "");
  const sourceNest = from?.nests.find(({ id }) => id === source?.nest);
  if (source !== undefined && from !== undefined && sourceNest !== undefined) needOutput(search, from, sourceNest, source.port);
}

function needOutput(search: Search, unit: Unit, nest: Nest, port: string): void {
  const key = portKey(unit.id, nest.id, port);
  if (search.outputs.has(key)) return;
  search.outputs.add(key);
  search.nests.add(nestKey(unit.id, nest.id));
  const { work } = nest;
  switch (work.kind) {
    case "load":
    case "fetch":
      search.tensors.add(work.tensor);
      break;
    case "read":
      needScratch(search, unit, work.scratch);
      if (work.rest !== undefined) needInput(search, unit, nest, work.rest);
      break;
    case "gather":
      needScratch(search, unit, work.scratch);
      break;
    case "compute": {
      const needed = neededLevels(nest, work, new Set([port]));
      work.nodes.forEach((node, i) => {
        if (node.kind === "input" && needed[i] !== undefined) needInput(search, unit, nest, node.port);
      });
      break;
    }
    // What these give out follows from the ports that steer them, which are needed in every run; or they give out nothing.
    case "append":
    case "hash":
    case "systolic":
    case "store":
    case "write":
    case "fold":
    case "scatter":
  }
}

/** All that writes it, with all its inputs, and what it starts with. */
function needScratch(search: Search, unit: Unit, scratch: string): void {
  const key = nestKey(unit.id, scratch);
  if (search.scratch.has(key)) return;
  search.scratch.add(key);
  const preset = unit.scratch.find(({ name }) => name === scratch)?.preset;
  if (preset !== undefined) search.tensors.add(preset.tensor);
  for (const nest of unit.nests) if (scratchesOf(nest).includes(scratch) && !takesScratch(nest)) needInputs(search, unit, nest);
}
