/** The parts of a section while it is built: units, the wires between their ports, and how they become channels. */

import type { UnitId } from "../base/units.ts";
import { bankMapOf, paceOf } from "../fabric/banks.ts";
import type { Affine, Channel, Endpoint, Guard, Loop, Nest, Port, Section, Unit } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { Dtype, Program } from "../pattern/program.ts";
import type { OuterLoop, SectionPlan } from "./controllers.ts";
import { withoutUnitNest } from "./nests.ts";
import { product } from "./sizes.ts";

/** Where values come from: a port that pushes, and what it pushes. */
export interface Source {
  readonly end: Endpoint;
  readonly words: number;
  readonly dtype: Dtype;
}

/** Words of a tensor on their way, and where in it they belong. */
export interface HomeStream {
  readonly source: Source;
  readonly loops: readonly Loop[];
  readonly lanes: number;
  readonly dims: readonly Affine[];
  readonly guards: readonly Guard[];
}

/** Of rings: hand-overs at the start, and the ticks of one. */
type Start = Pick<Channel, "initial" | "latency">;

export interface Builder {
  readonly plan: SectionPlan;
  readonly machine: Machine;
  readonly program: Program;
  readonly sourceOf: (operator: string) => string;
  readonly units: Unit[];
  /** Ids given so far, to units and channels: names of operators are the user's, and may look like anything. */
  readonly taken: Set<string>;
  /** Source port -> its sinks; becomes one channel each. */
  readonly wires: Map<string, { source: Source; sinks: Endpoint[]; kind: "stream" | "buffer"; depth: number; start?: Start }>;
  /** Units that serve several copies or stages, by what they do. */
  readonly known: Map<string, Source>;
  /** What arrives at the homes of tensors, of the parts built so far. */
  readonly homes: Map<string, HomeStream[]>;
  /** Result ports, by tensor and copy. */
  readonly results: Map<string, Source>;
  /** Wires from stages that are built after those that read them: drawn at the end. */
  readonly late: (() => void)[];
}

/** The id, or where it is taken the id with primes behind it. A slash is kept for the nests of a unit. */
export function freshId({ taken }: Pick<Builder, "taken">, wanted: string): string {
  let id = wanted.replaceAll("/", "|");
  while (taken.has(id)) id += "'";
  taken.add(id);
  return id;
}

/** A chain of PMUs, made from its end: each is called after the first, and what it has not comes from the next one, `rest`. */
export function chainOf(builder: Builder, id: string, pmus: number, make: (id: string, piece: number, rest: Source | null) => Source): Source {
  let rest: Source | null = null;
  for (let piece = pmus - 1; piece >= 0; piece--) rest = make(piece === 0 ? id : freshId(builder, `${id}.${piece}`), piece, rest);
  return rest!;
}

/** Every combination of copies, in order. */
export function copiesAt(loops: readonly OuterLoop[]): readonly (readonly number[])[] {
  return loops.reduce<readonly (readonly number[])[]>((all, loop) => all.flatMap((head) => Array.from({ length: loop.par }, (_, c) => [...head, c])), [[]]);
}

export function label(loops: readonly OuterLoop[], at: readonly number[], part = 0, split = 1): string {
  const shown = [...at.filter((_, k) => loops[k]!.par > 1), ...(split > 1 ? [part] : [])];
  return shown.length === 0 ? "" : `[${shown.join(",")}]`;
}

export const port = (name: string, direction: "in" | "out", level: number, kind: "stream" | "buffer" = "stream"): Port => ({
  name,
  channel: "",
  direction,
  kind,
  level,
});

type Draft = Pick<Unit, "id" | "kind" | "operator" | "nests"> & Partial<Pick<Unit, "scratch" | "stages" | "registers">>;

export function addUnit(builder: Builder, draft: Draft): void {
  const { id, kind, operator, nests, scratch = [], stages = 0, registers = 0 } = draft;
  const paced = kind === "pmu" ? nests.map((nest) => atBanks(nest, bankTicks(nest, scratch, builder.machine))) : nests;
  builder.units.push({ id, kind, operator: builder.sourceOf(operator), label: id, nests: paced.map(withoutUnitNest), scratch, stages, registers });
}

/** A vector is whole with its last turn. */
const atBanks = (nest: Nest, turns: number): Nest => ({ ...nest, ii: turns, latency: nest.latency + turns - 1 });

/** A vector whose words meet in a bank takes one tick for each of them. Where they differ from firing to firing, its port counts them in the run. */
function bankTicks(nest: Nest, scratch: Unit["scratch"], { pmu }: Machine): number {
  const { work } = nest;
  if (!("scratch" in work && "access" in work)) return 1;
  const { turns, isSteady } = paceOf(nest, work.access, bankMapOf(scratch.find(({ name }) => name === work.scratch)!, pmu.banks));
  return isSteady ? turns : 1;
}

const endKey = (end: Endpoint): string => `${end.nest}:${end.port}`;

export function connect(builder: Builder, source: Source, sink: Endpoint): void {
  const wire = builder.wires.get(endKey(source.end));
  if (wire === undefined) builder.wires.set(endKey(source.end), { source, sinks: [sink], kind: "stream", depth: 0 });
  else wire.sinks.push(sink);
}

/** `initial`: buffers handed over at the start. */
export function handOver(builder: Builder, from: Endpoint, to: Endpoint, buffers: number, initial = 0): void {
  const start = initial === 0 ? {} : { initial };
  builder.wires.set(endKey(from), { source: { end: from, words: 0, dtype: "bool" }, sinks: [to], kind: "buffer", depth: buffers, start });
}

/** A nest may begin an iteration of `level` only so many ticks after the last firing of the one before. */
export function ringOf(builder: Builder, unit: string, nest: string, latency: number): void {
  const end = (name: string): Endpoint => ({ unit, nest, port: name });
  const source = { end: end("ring.out"), words: 0, dtype: "bool" } as const;
  builder.wires.set(endKey(source.end), { source, sinks: [end("ring.in")], kind: "buffer", depth: 2, start: { initial: 1, latency } });
}

/** Names the channels and tells every port which is its own. */
export function finish({ plan, machine, units, wires, taken }: Pick<Builder, "plan" | "machine" | "units" | "wires" | "taken">): Section {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const channelOf = new Map<string, string>();
  const channels: Channel[] = [];
  for (const { source, sinks, kind, depth, start } of wires.values()) {
    const id = freshId({ taken }, `${source.end.nest}>${sinks[0]!.nest}${sinks.length > 1 ? `+${sinks.length - 1}` : ""}.${source.end.port}`);
    for (const end of [source.end, ...sinks]) channelOf.set(endKey(end), id);
    const kinds = sinks.map((sink) => byId.get(sink.unit)!.kind);
    const slots = kind === "buffer" ? depth : Math.min(...kinds.map((name) => machine[name].fifo_depth));
    const width = kind === "buffer" ? "control" : widthOf(source, byId.get(source.end.unit)!.kind, kinds, machine);
    const rate = rateOf(source, byId, plan);
    channels.push({ id, kind, width, dtype: source.dtype, words: source.words, depth: slots, ...start, source: source.end, sinks, rate });
  }
  const named = units.map((unit) => ({
    ...unit,
    nests: unit.nests.map((nest) => ({
      ...nest,
      ports: nest.ports.flatMap((item) => {
        const channel = channelOf.get(`${nest.id}:${item.name}`);
        return channel === undefined ? [] : [{ ...item, channel }];
      }),
    })),
  }));
  return { name: plan.name, operators: plan.operators, units: named, channels };
}

/** One word travels on the scalar network where both ends have scalar ports. */
function widthOf(source: Source, from: Unit["kind"], to: readonly Unit["kind"][], machine: Machine): "vector" | "scalar" {
  if (source.words > 1) return "vector";
  const out = from === "ag" ? 1 : machine[from].scalar_out;
  const into = to.every((kind) => kind === "ag" || machine[kind].scalar_in > 0);
  return out > 0 && into ? "scalar" : "vector";
}

function rateOf(source: Source, byId: ReadonlyMap<UnitId, Unit>, plan: SectionPlan): number {
  const nest = byId.get(source.end.unit)!.nests.find((item) => item.id === source.end.nest)!;
  const level = nest.ports.find((item) => item.name === source.end.port)!.level;
  const tokens = product(nest.loops.slice(0, level).map((loop) => loop.trip));
  return Math.min(1, Math.max(1e-9, tokens / plan.estimate.cycles));
}

/** `shard`: of a table in several PMUs. */
export const resultKey = (tensor: string, at: readonly number[], shard = 0): string => `${tensor}@${at.join(",")}#${shard}`;

export const shapeOf = ({ program }: Builder, tensor: string): readonly number[] => program.tensors.find((item) => item.name === tensor)!.shape;

export const counter = (count: number, at: number): Affine => {
  const loops = new Array<number>(count).fill(0);
  loops[at] = 1;
  return { constant: 0, loops, lane: 0 };
};
