/** Machines and fabrics for the mapper's tests: only what placing and routing look at is chosen, the rest is filler. */

import { nextBelow, nextUnit, type RandomState, seedRandom } from "../../src/base/random.ts";
import type { Channel, Endpoint, Fabric, Section, Unit } from "../../src/fabric/fabric.ts";
import type { Machine, NetworkSpec } from "../../src/machine/machine.ts";

export interface MachineShape {
  readonly columns: number;
  readonly rows: number;
  readonly ags: number;
  readonly pcus?: number;
  readonly pmus?: number;
  readonly network?: Partial<NetworkSpec>;
}

export function machineOf({ columns, rows, ags, pcus = Math.ceil((columns * rows) / 2), pmus = columns * rows - pcus, network = {} }: MachineShape): Machine {
  return {
    schemaVersion: 1,
    name: "loom",
    kind: "rda",
    clock_hz: 1e9,
    grid: { columns, rows },
    pcu: {
      ...{ count: pcus, lanes: 16, stages: 6, registers: 6, vector_in: 3, vector_out: 3, scalar_in: 6, scalar_out: 5, counters: 6, fifo_depth: 16 },
      ...{ modes: ["simd"], special_stages: 2, tail: false, packing: 1, folded_tree: false },
    },
    pmu: {
      ...{ count: pmus, bytes: 262144, banks: 16, word_bytes: 4, vector_in: 3, vector_out: 3, scalar_in: 4, scalar_out: 4 },
      ...{ counters: 6, fifo_depth: 16, latency_cycles: 4, banking: ["cyclic", "diagonal"], read_ports: 1, write_ports: 1 },
    },
    ag: { count: ags, outstanding: 64, coalescing_entries: 64, fifo_depth: 16, latency_cycles: 8 },
    network: { kind: "static", vector_links: 2, scalar_links: 4, control_links: 4, hop_cycles: 1, vector_bytes: 64, ...network },
    tiers: {
      ddr: {
        standard: "DDR3-1600",
        bytes: 2 ** 34,
        channels: 4,
        clock_hz: 8e8,
        burst_bytes: 64,
        burst_clocks: 4,
        latency_seconds: 1e-7,
        interleave_bytes: 64,
        interleave: "linear",
      },
    },
    reconfiguration_seconds: 1e-5,
    energy: "none",
    sources: {},
  };
}

export function unitOf(kind: Unit["kind"], id: string): Unit {
  return { id, kind, operator: `op${id.length % 3}`, label: id, nests: [], scratch: [], stages: 0, registers: 0 };
}

export interface ChannelShape {
  readonly width?: Channel["width"];
  readonly kind?: Channel["kind"];
  readonly rate?: number;
}

export function channelOf(id: string, source: string, sinks: readonly string[], { width = "vector", kind = "stream", rate = 1 }: ChannelShape = {}): Channel {
  const end = (unit: string): Endpoint => ({ unit, nest: `${unit}.0`, port: id });
  return { id, kind, width, dtype: "f32", words: 16, depth: 4, source: end(source), sinks: sinks.map(end), rate };
}

export function fabricOf(sections: readonly (Pick<Section, "units" | "channels"> & Partial<Section>)[]): Fabric {
  return {
    ...{ schemaVersion: 1, program: "cloth", machine: "loom", style: "spatial", tensors: [] },
    sections: sections.map((section, index) => ({ name: `s${index}`, operators: ["op0", "op1", "op2"], ...section })),
    steps: sections.map((_, section) => ({ kind: "section", section })),
  };
}

export interface RandomShape {
  readonly pcus: number;
  readonly pmus: number;
  readonly ags: number;
  readonly channels: number;
  /** Sinks of one channel in sixteen; the others have one to three. */
  readonly fanout: number;
  /** Sinks are mostly at most this far away in the order of units. */
  readonly locality: number;
}

/** Units in the order AG, PCU, PMU, PCU, PMU ...; channels mostly join units that are near in that order. */
export function randomSection(seed: number, shape: RandomShape): Pick<Section, "units" | "channels"> {
  const random = seedRandom(seed, "section");
  const units = [
    ...Array.from({ length: shape.ags }, (_, index) => ({ unit: unitOf("ag", `ag${index}`), order: (index + 0.5) / shape.ags })),
    ...Array.from({ length: shape.pcus }, (_, index) => ({ unit: unitOf("pcu", `pcu${index}`), order: (index + 0.5) / shape.pcus })),
    ...Array.from({ length: shape.pmus }, (_, index) => ({ unit: unitOf("pmu", `pmu${index}`), order: (index + 0.6) / shape.pmus })),
  ]
    .sort((a, b) => a.order - b.order)
    .map(({ unit }) => unit);
  const channels = Array.from({ length: units.length === 0 ? 0 : shape.channels }, (_, index) => randomChannel(random, units, index, shape));
  return { units, channels };
}

function randomChannel(random: RandomState, units: readonly Unit[], index: number, { fanout, locality }: RandomShape): Channel {
  const source = nextBelow(random, units.length);
  const sinks = nextBelow(random, 16) === 0 ? fanout : 1 + nextBelow(random, 3);
  const near = (): string => units[Math.min(units.length - 1, Math.max(0, source - locality + nextBelow(random, 2 * locality + 1)))]!.id;
  const width = (["vector", "vector", "scalar", "control"] as const)[nextBelow(random, 4)]!;
  const kind = nextBelow(random, 10) === 0 ? "buffer" : "stream";
  const ends = Array.from({ length: sinks }, near);
  return channelOf(`c${index}`, units[source]!.id, kind === "buffer" ? [units[source]!.id] : ends, { width, kind, rate: 0.05 + 0.95 * nextUnit(random) });
}

export interface PipelineShape {
  readonly pipelines: number;
  /** PMUs and PCUs in turn. */
  readonly length: number;
  /** Pipelines that one load, one broadcast and one store serve. */
  readonly group: number;
}

/**
 * Pipelines side by side, as a parallelised kernel has them: each group has an AG that loads a tile into the first PMU of each pipeline, one that
 * broadcasts to the second, and one that stores what the last units make; every PCU gets a scalar from the PMU before it.
 */
export function pipelineSection({ pipelines, length, group }: PipelineShape): Pick<Section, "units" | "channels"> {
  const name = (pipeline: number, step: number): string => `p${pipeline}.${step}`;
  const places = Array.from({ length: pipelines * length }, (_, index) => ({ pipeline: Math.floor(index / length), step: index % length }));
  const groups = Array.from({ length: Math.ceil(pipelines / group) }, (_, index) => ({
    index,
    members: Array.from({ length: Math.min(group, pipelines - index * group) }, (_, member) => index * group + member),
  }));
  const join = (id: string, source: string, sinks: readonly string[], width: Channel["width"] = "vector") => channelOf(id, source, sinks, { width, rate: 0.5 });
  return {
    units: [
      ...places.map(({ pipeline, step }) => unitOf(step % 2 === 0 ? "pmu" : "pcu", name(pipeline, step))),
      ...groups.flatMap(({ index }) => ["load", "broadcast", "store"].map((kind) => unitOf("ag", `${kind}${index}`))),
    ],
    channels: [
      ...places.filter(({ step }) => step > 0).map(({ pipeline, step }) => join(`v${name(pipeline, step)}`, name(pipeline, step - 1), [name(pipeline, step)])),
      ...places
        .filter(({ step }) => step % 2 === 1)
        .map(({ pipeline, step }) => join(`s${name(pipeline, step)}`, name(pipeline, step - 1), [name(pipeline, step)], "scalar")),
      ...groups.flatMap(({ index, members }) => [
        join(
          `load${index}`,
          `load${index}`,
          members.map((pipeline) => name(pipeline, 0)),
        ),
        join(
          `broadcast${index}`,
          `broadcast${index}`,
          members.map((pipeline) => name(pipeline, 2)),
        ),
        join(`store${index}`, name(members[0]!, length - 1), [`store${index}`]),
      ]),
    ],
  };
}
