/**
 * How much buffering does softmax need? This takes tile buffers out of the compiled fabric, so that tokens flow straight through, lets weft say which channel is then
 * too shallow, and by how much, and runs the fabric again with the depths that it names.
 */
import {
  compile,
  DeadlockError,
  deepenFabric,
  type Fabric,
  type Machine,
  mapFabric,
  type Program,
  type RunCounters,
  type Section,
  type SimulateOptions,
  simulate,
} from "weft";

/** The fabric without a PMU: what it wrote flows on as it comes, to whoever read it. */
export function unbuffered(fabric: Fabric, pmu: string): Fabric {
  return { ...fabric, sections: fabric.sections.map((section) => bypass(section, pmu)) };
}

function bypass(section: Section, pmu: string): Section {
  const out = section.channels.find(({ kind, source }) => kind === "stream" && source.unit === pmu);
  const into = section.channels.find(({ sinks }) => sinks.some(({ unit }) => unit === pmu) && out !== undefined);
  if (out === undefined || into === undefined) return section;
  const sinks = into.sinks.flatMap((sink) => (sink.unit === pmu ? out.sinks : [sink]));
  const channels = section.channels.filter(({ source }) => source.unit !== pmu).map((channel) => (channel === into ? { ...into, sinks } : channel));
  const units = section.units.filter(({ id }) => id !== pmu).map((unit) => ({ ...unit, nests: unit.nests.map((nest) => rewired(nest, out.id, into.id)) }));
  return { ...section, units, channels };
}

function rewired(nest: Section["units"][number]["nests"][number], from: string, to: string): typeof nest {
  return { ...nest, ports: nest.ports.map((port) => (port.channel === from ? { ...port, channel: to } : port)) };
}

export interface Trial {
  readonly fabric: Fabric;
  /** What was wrong with it; absent: it ran. */
  readonly deadlock?: DeadlockError;
  readonly counters?: RunCounters;
}

/** Places and runs a fabric. */
export function attempt(fabric: Fabric, program: Program, machine: Machine, placeOf: SimulateOptions["placeOf"]): Trial {
  try {
    const options: SimulateOptions = { program, values: false, engine: "fast", ...(placeOf && { placeOf }) };
    return { fabric, counters: simulate(mapFabric(fabric, machine, { seed: 1 }), machine, options) };
  } catch (error) {
    if (!(error instanceof DeadlockError)) throw error;
    return { fabric, deadlock: error };
  }
}

/** Runs it without these PMUs, and, where that cannot be, once more with the depths that weft proposes. */
export function withoutBuffers(program: Program, machine: Machine, pmus: readonly string[], placeOf?: SimulateOptions["placeOf"]): readonly Trial[] {
  const { fabric } = compile(program, machine, { style: "spatial" });
  const first = attempt(pmus.reduce(unbuffered, fabric), program, machine, placeOf);
  return first.deadlock === undefined ? [first] : [first, attempt(deepenFabric(first.fabric, first.deadlock.deadlock), program, machine, placeOf)];
}
