/**
 * Which nests must run with data. With values: all. Without: those whose data decides times somewhere, found backward from the data-dependent nests through
 * channels, scratch memories and, from section to section, tensors off chip.
 */

import type { Channel, Fabric, Nest, Section, Unit } from "../fabric/fabric.ts";
import { neededLevels } from "../fabric/liveness.ts";
import { isDataDependent, scratchOf } from "../fabric/nests.ts";

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
  const tensors = new Set<string>(values ? fabric.tensors.map(({ tensor }) => tensor) : []);
  const sections = fabric.sections.toReversed().map((section) => sliceSection(section, tensors, values));
  return { sections: sections.toReversed(), tensors };
}

interface Search {
  readonly units: ReadonlyMap<string, Unit>;
  readonly sources: ReadonlyMap<string, Channel>;
  readonly nests: Set<string>;
  readonly inputs: Set<string>;
  /** Keys of output ports that are read. */
  readonly outputs: Set<string>;
  readonly scratch: Set<string>;
  readonly tensors: Set<string>;
}

/** Adds to `tensors` what the section's slice loads. */
function sliceSection(section: Section, tensors: Set<string>, values: boolean): SectionSlice {
  const sources = new Map(section.channels.flatMap((channel) => channel.sinks.map((sink) => [portKey(sink.unit, sink.nest, sink.port), channel] as const)));
  const units = new Map(section.units.map((unit) => [unit.id, unit]));
  const search: Search = { units, sources, nests: new Set(), inputs: new Set(), outputs: new Set(), scratch: new Set(), tensors };
  for (const unit of section.units) for (const nest of unit.nests) seed(search, unit, nest, values);
  return search;
}

function seed(search: Search, unit: Unit, nest: Nest, values: boolean): void {
  const { work } = nest;
  const stores = work.kind === "store" && search.tensors.has(work.tensor);
  if (values || stores) for (const port of inputPorts(nest)) needInput(search, unit, nest, port);
  if (values) {
    search.nests.add(nestKey(unit.id, nest.id));
    for (const port of nest.ports) if (port.direction === "out") needOutput(search, unit, nest, port.name);
  } else if (isDataDependent(nest) && work.kind === "scatter") needInput(search, unit, nest, work.keyPort);
}

/** Stream inputs that the nest's work reads. */
function inputPorts(nest: Nest): readonly string[] {
  return nest.ports.filter((port) => port.direction === "in" && port.kind === "stream").map((port) => port.name);
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
  if (work.kind === "load") search.tensors.add(work.tensor);
  else if (work.kind === "read") needScratch(search, unit, work.scratch);
  else if (work.kind === "compute") {
    const needed = neededLevels(nest, work, new Set([port]));
    work.nodes.forEach((node, i) => {
      if (node.kind === "input" && needed[i] !== undefined) needInput(search, unit, nest, node.port);
    });
  }
}

/** All that writes it, with all its inputs. */
function needScratch(search: Search, unit: Unit, scratch: string): void {
  const key = nestKey(unit.id, scratch);
  if (search.scratch.has(key)) return;
  search.scratch.add(key);
  for (const nest of unit.nests) {
    if (scratchOf(nest) !== scratch || nest.work.kind === "read") continue;
    for (const port of inputPorts(nest)) needInput(search, unit, nest, port);
  }
}
