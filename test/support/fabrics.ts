/** Builders that make a hand-made fabric a few lines: ports are named after their channels, and the channels follow from the ports. */

import type { Affine, Channel, Fabric, Guard, Nest, Node, Port, Scratch, Section, TensorLayout, Unit, Work } from "../../src/fabric/fabric.ts";
import type { Machine, TierSpec } from "../../src/machine/machine.ts";
import type { Mapping } from "../../src/mapper/mapping.ts";
import { bytesOf } from "../../src/pattern/dtypes.ts";
import type { Dtype, Program, ScalarOp, TensorValues } from "../../src/pattern/program.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import { type SimulateOptions, simulate } from "../../src/sim/simulate.ts";

// --- machine ---

export const tinyTier: TierSpec = {
  standard: "test",
  bytes: 2 ** 30,
  channels: 2,
  clock_hz: 800_000_000,
  burst_bytes: 64,
  burst_clocks: 4,
  latency_seconds: 50e-9,
  interleave_bytes: 64,
  interleave: "linear",
};

export const tinyMachine: Machine = {
  schemaVersion: 1,
  name: "tiny",
  kind: "rda",
  clock_hz: 1_000_000_000,
  grid: { columns: 4, rows: 4 },
  pcu: {
    ...{ count: 8, lanes: 16, stages: 6, registers: 6, vector_in: 4, vector_out: 3, scalar_in: 4, scalar_out: 4 },
    ...{ counters: 4, fifo_depth: 16, modes: ["simd", "systolic"], special_stages: 2, tail: false, packing: 1, folded_tree: false },
  },
  pmu: {
    ...{ count: 8, bytes: 65536, banks: 16, word_bytes: 4, vector_in: 3, vector_out: 3, scalar_in: 4, scalar_out: 2 },
    ...{ counters: 4, fifo_depth: 16, latency_cycles: 3, banking: ["cyclic"], read_ports: 1, write_ports: 1 },
  },
  ag: { count: 8, outstanding: 8, coalescing_entries: 16, fifo_depth: 16, latency_cycles: 2 },
  network: { kind: "static", vector_links: 3, scalar_links: 3, control_links: 3, hop_cycles: 1, vector_bytes: 64 },
  tiers: { ddr: tinyTier },
  reconfiguration_seconds: 1e-6,
  energy: "test",
  sources: {},
};

// --- nests ---

/** constant + loops . counters + lane * (lane number). */
export function affine(loops: readonly number[], lane = 0, constant = 0): Affine {
  return { constant, loops, lane };
}

export function below(value: Affine, limit: number): Guard {
  return { value, limit };
}

export const reads = (channel: string, level: number): Port => ({ name: channel, channel, direction: "in", kind: "stream", level });
export const sends = (channel: string, level: number): Port => ({ name: channel, channel, direction: "out", kind: "stream", level });
export const acquires = (channel: string, level: number): Port => ({ name: channel, channel, direction: "in", kind: "buffer", level });
export const handsOver = (channel: string, level: number): Port => ({ name: channel, channel, direction: "out", kind: "buffer", level });

export type NestOptions = Partial<Pick<Nest, "ii" | "latency" | "guards" | "lanes">>;

export function nest(id: string, trips: readonly number[], ports: readonly Port[], work: Work, options: NestOptions = {}): Nest {
  return { id, loops: trips.map((trip, l) => ({ name: `${id}${l}`, trip })), lanes: 16, ii: 1, latency: 2, guards: [], ports, work, ...options };
}

export function unit(kind: Unit["kind"], id: string, nests: readonly Nest[], scratch: readonly Scratch[] = []): Unit {
  return { id, kind, operator: "op", label: id, nests, scratch, stages: kind === "pcu" ? 1 : 0, registers: 0 };
}

export function scratch(name: string, dtype: Dtype, shape: readonly number[], buffers: number, strides?: readonly number[]): Scratch {
  const words = strides === undefined ? shape.reduce((a, b) => a * b, 1) : strides[0]! * shape[0]!;
  return { name, dtype, shape, ...(strides && { strides }), buffers, bytes: buffers * words * Math.max(4, bytesOf(dtype)) };
}

/** An AG with one nest; the tensor is walked by `dims`, one affine a dimension. */
export function load(channel: string, tensor: TensorLayout, trips: readonly number[], dims: readonly Affine[], options: NestOptions = {}): Unit {
  const work: Work = { kind: "load", tensor: tensor.tensor, access: { dims, shape: tensor.shape }, port: channel };
  return unit("ag", `load.${channel}`, [nest("load", trips, [sends(channel, trips.length)], work, options)]);
}

export function store(channel: string, tensor: TensorLayout, trips: readonly number[], dims: readonly Affine[], options: NestOptions = {}): Unit {
  const work: Work = { kind: "store", tensor: tensor.tensor, access: { dims, shape: tensor.shape }, port: channel };
  return unit("ag", `store.${channel}`, [nest("store", trips, [reads(channel, trips.length)], work, options)]);
}

export function pcu(
  id: string,
  trips: readonly number[],
  ports: readonly Port[],
  nodes: readonly Node[],
  outputs: Readonly<Record<string, number>>,
  options?: NestOptions,
): Unit {
  const work: Work = { kind: "compute", nodes, outputs: Object.entries(outputs).map(([port, node]) => ({ port, node })) };
  return unit("pcu", id, [nest("body", trips, ports, work, options)]);
}

export const input = (port: string, dtype: Dtype = "f32"): Node => ({ kind: "input", port, dtype });
export const op = (name: ScalarOp, args: readonly number[], dtype: Dtype = "f32"): Node => ({ kind: "op", dtype, op: name, args });
export const constant = (value: number, dtype: Dtype = "f32"): Node => ({ kind: "const", dtype, value });
export const sum = (arg: number, level: number, lanes: boolean, dtype: Dtype = "f32"): Node => ({
  kind: "reduce",
  dtype,
  acc: dtype,
  fn: "add",
  arg,
  level,
  lanes,
});

// --- fabric ---

export function tensor(name: string, dtype: Dtype, shape: readonly number[], base_bytes: number): TensorLayout {
  return { tensor: name, dtype, shape, tier: "ddr", base_bytes };
}

/** What differs from a vector channel of f32 with 4 slots. */
export type ChannelShapes = Readonly<Record<string, Partial<Pick<Channel, "dtype" | "words" | "depth" | "width">>>>;

export function sectionOf(units: readonly Unit[], shapes: ChannelShapes = {}): Section {
  const ends = units.flatMap((u) =>
    u.nests.flatMap((n) => n.ports.map((port) => ({ port, lanes: n.lanes, end: { unit: u.id, nest: n.id, port: port.name } }))),
  );
  const sources = ends.filter(({ port }) => port.direction === "out");
  const channels = sources.map(({ port, lanes, end }): Channel => {
    const sinks = ends.filter((other) => other.port.direction === "in" && other.port.channel === port.channel).map((other) => other.end);
    const stream = port.kind === "stream";
    const words = stream ? (shapes[port.channel]?.words ?? lanes) : 0;
    const width = stream ? (words === 1 ? "scalar" : "vector") : "control";
    return { id: port.channel, kind: port.kind, width, dtype: "f32", words, depth: 4, source: end, sinks, rate: 1, ...shapes[port.channel] };
  });
  return { name: "section", operators: ["op"], units, channels };
}

export function fabricOf(tensors: readonly TensorLayout[], units: readonly Unit[], shapes?: ChannelShapes): Fabric {
  const steps = [{ kind: "section", section: 0 }] as const;
  return { schemaVersion: 1, program: "test", machine: "tiny", style: "spatial", tensors, sections: [sectionOf(units, shapes)], steps };
}

/** Units side by side in a row; each sink one hop further than the one before. */
export function mappingOf(fabric: Fabric): Mapping {
  const sections = fabric.sections.map(({ units, channels }) => ({
    placement: units.map(({ id }, x) => ({ unit: id, x, y: 0 })),
    routes: channels
      .filter(({ kind }) => kind === "stream")
      .map(({ id, sinks }) => ({ channel: id, hops: sinks.map((_, i) => i + 1), links: sinks.map((_, i) => [i, 0, i + 1, 0] as const) })),
    quality: { wirelength_hops: 0, longest_route_hops: 1, busiest_link_share: 0 },
  }));
  return { schemaVersion: 1, fabric, seed: 1, sections };
}

// --- running ---

/** A program that says no more than which tensors come in and go out. */
export function programOf(fabric: Fabric, inputs: readonly string[], outputs: readonly string[]): Program {
  const tensors = fabric.tensors.map(({ tensor: name, dtype, shape, tier }) => ({ name, dtype, shape, tier }));
  const names = Object.fromEntries(outputs.map((name) => [name, name]));
  return { schemaVersion: 1, name: "test", params: {}, inputs, tensors, operators: [], outputs: names };
}

export type Run = Partial<Pick<SimulateOptions, "engine" | "values" | "maxCycles">> & { readonly machine?: Machine };

/** Simulates with the given inputs; the tensors that are not inputs are the outputs. */
export function run(fabric: Fabric, inputs: TensorValues, { engine = "fast", values = true, machine = tinyMachine, ...rest }: Run = {}): RunCounters {
  const names = Object.keys(inputs);
  const outputs = fabric.tensors.map((layout) => layout.tensor).filter((name) => !names.includes(name));
  return simulate(mappingOf(fabric), machine, { program: programOf(fabric, names, outputs), inputs, values, engine, ...rest });
}
