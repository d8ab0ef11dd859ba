/**
 * Partition into units: a section plan becomes PCUs, PMUs and address generators, one copy of each for each copy of the loops it depends on.
 *
 *     load a (4 generators) -> PMU[0..7] -> systolic PCU[0..7, 0..7] -> PMU -> store
 *
 * Before: SectionPlan. After: Section, every unit within the machine's limits (fabric/verify.ts checks).
 */

import type { UnitId } from "../base/units.ts";
import { bankConflicts, laneStride } from "../fabric/banks.ts";
import type { Affine, Channel, Endpoint, Loop, Nest, Node, Port, Section, Unit, Work } from "../fabric/fabric.ts";
import { lanesFor } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype, Program, ReduceFn } from "../pattern/program.ts";
import type { OuterLoop, SectionPlan, StagePlan, StorePlan, TierBuffer } from "./controllers.ts";
import { makes } from "./group.ts";
import { type Copy, guardsOf, loadWalk, loopsOf, placeOf, prefix, resultLoops, resultPlaces, streamWalk, unitPlace, withoutUnitNest } from "./nests.ts";
import type { Part } from "./partition.ts";
import { isStrided, product, scratchBytes, treeFan } from "./plan.ts";
import { dependsOn } from "./stage.ts";

/** Where values come from: a port that pushes, and what it pushes. */
interface Source {
  readonly end: Endpoint;
  readonly words: number;
  readonly dtype: Dtype;
}

interface Builder {
  readonly plan: SectionPlan;
  readonly machine: Machine;
  readonly program: Program;
  readonly sourceOf: (operator: string) => string;
  readonly units: Unit[];
  /** Source port -> its sinks; becomes one channel each. */
  readonly wires: Map<string, { source: Source; sinks: Endpoint[]; kind: "stream" | "buffer"; depth: number }>;
  /** Units that serve several copies or stages, by what they do. */
  readonly known: Map<string, Source>;
  /** Result ports, by tensor and copy. */
  readonly results: Map<string, Source>;
}

export function buildSection(plan: SectionPlan, program: Program, machine: Machine, sourceOf: (operator: string) => string): Section {
  const builder: Builder = { plan, machine, program, sourceOf, units: [], wires: new Map(), known: new Map(), results: new Map() };
  for (const stage of plan.stages) {
    for (const at of copiesAt(plan.loops)) buildStage(builder, stage, at);
    for (const store of stage.stores) buildStores(builder, stage, store);
  }
  return finish(builder);
}

/** Every combination of copies, in order. */
function copiesAt(loops: readonly OuterLoop[]): readonly (readonly number[])[] {
  return loops.reduce<readonly (readonly number[])[]>((all, loop) => all.flatMap((head) => Array.from({ length: loop.par }, (_, c) => [...head, c])), [[]]);
}

function label(loops: readonly OuterLoop[], at: readonly number[], part = 0, split = 1): string {
  const shown = [...at.filter((_, k) => loops[k]!.par > 1), ...(split > 1 ? [part] : [])];
  return shown.length === 0 ? "" : `[${shown.join(",")}]`;
}

// ---- compute ----

function buildStage(builder: Builder, stage: StagePlan, at: readonly number[]): void {
  const { shape } = stage;
  const parts = Array.from({ length: stage.split }, (_, part) => buildCopy(builder, stage, { at, part }));
  if (shape.operator.kind === "groupBy") return;
  const root = stage.split === 1 ? parts[0]! : combine(builder, stage, parts, at);
  builder.results.set(resultKey(shape.name, at), root);
}

const resultKey = (tensor: string, at: readonly number[]): string => `${tensor}@${at.join(",")}`;

/** One copy of a stage; returns the port of its (first) result. */
function buildCopy(builder: Builder, stage: StagePlan, copy: Copy): Source {
  const { shape } = stage;
  const name = `${shape.name}${label(builder.plan.loops, copy.at, copy.part, stage.split)}`;
  const feeds = shape.operands.map((_, position) => feed(builder, stage, position, copy));
  if (shape.systolic !== null) return buildArray(builder, stage, name, feeds);
  const made = new Map<number, Source>();
  shape.parts.forEach((part, p) => buildPart(builder, stage, copy, shape.parts.length > 1 ? `${name}.${p}` : name, part, feeds, made));
  if (shape.operator.kind === "groupBy") shape.operator.fields.forEach((_, field) => buildTable(builder, stage, copy, field, made));
  return made.get(shape.body.results[0]!)!;
}

/** Level at which a stage pushes its result: a fold when its folded loops end. */
const resultLevel = (stage: StagePlan, outer: readonly OuterLoop[]): number => outer.length + stage.shape.kept;

function buildPart(builder: Builder, stage: StagePlan, copy: Copy, id: string, part: Part, feeds: readonly Source[], made: Map<number, Source>): void {
  const { plan, machine } = builder;
  const { shape } = stage;
  const loops = loopsOf(stage, plan.loops);
  const inputs: { name: string; source: Source; level: number }[] = [
    ...part.operands.map((operand) => ({ name: `operand${operand}`, source: feeds[operand]!, level: stage.operands[operand]!.level })),
    ...part.imports.map((node) => ({ name: `node${node}`, source: made.get(node)!, level: loops.length })),
  ];
  const { nodes, position } = nodesOf(builder, stage, copy, part, feeds);
  const exports = part.exports.map((node) => {
    const folded = shape.body.nodes[node]!.kind === "reduce";
    return {
      node,
      port: `out${node}`,
      level: folded ? resultLevel(stage, plan.loops) : loops.length,
      words: wordsOfNode(stage, node),
      dtype: nodes[position.get(node)!]!.dtype,
    };
  });
  const folded = shape.loops.slice(shape.kept).map((index) => index.name);
  const nest: Nest = {
    id,
    loops,
    lanes: shape.lane === null ? 1 : shape.lanes,
    ii: 1,
    latency: machine.pcu.stages + (machine.pcu.tail ? 1 : 0),
    guards: guardsOf(folded, stage, plan.loops, copy, shape.lane, loops.length),
    ports: [...inputs.map(({ name, level }) => port(name, "in", level)), ...exports.map(({ port: name, level }) => port(name, "out", level))],
    work: { kind: "compute", nodes, outputs: exports.map(({ node, port: name }) => ({ port: name, node: position.get(node)! })) },
  };
  addUnit(builder, { id, kind: "pcu", operator: shape.name, nests: [nest], stages: part.stages, registers: part.registers });
  for (const { name, source } of inputs) connect(builder, source, { unit: id, nest: id, port: name });
  for (const { node, port: name, words, dtype } of exports) made.set(node, { end: { unit: id, nest: id, port: name }, words, dtype });
}

/** A fold across lanes, and what no lane index touches, is one word. */
function wordsOfNode(stage: StagePlan, node: number): number {
  const { shape } = stage;
  if (shape.lane === null) return 1;
  const folded = shape.loops.findIndex((index) => index.name === shape.lane) >= shape.kept;
  return shape.body.nodes[node]!.kind === "reduce" && folded ? 1 : shape.lanes;
}

const port = (name: string, direction: "in" | "out", level: number, kind: "stream" | "buffer" = "stream"): Port => ({
  name,
  channel: "",
  direction,
  kind,
  level,
});

/** The part's share of the body, with operands and imports as inputs. */
function nodesOf(
  builder: Builder,
  stage: StagePlan,
  copy: Copy,
  part: Part,
  feeds: readonly Source[],
): { nodes: readonly Node[]; position: Map<number, number> } {
  const { plan } = builder;
  const { body, lane } = stage.shape;
  const nodes: Node[] = [];
  const position = new Map<number, number>();
  const place = (id: number): number => {
    const done = position.get(id);
    if (done !== undefined) return done;
    position.set(id, -1);
    const at = nodes.push(translate(id)) - 1;
    position.set(id, at);
    return at;
  };
  const translate = (id: number): Node => {
    const node = body.nodes[id]!;
    if (part.imports.includes(id)) return { kind: "input", port: `node${id}`, dtype: stage.split > 1 && node.kind === "reduce" ? node.acc : node.dtype };
    switch (node.kind) {
      case "operand": {
        const { dtype } = feeds[node.operand]!;
        const input: Node = { kind: "input", port: `operand${node.operand}`, dtype };
        return dtype === node.dtype ? input : { kind: "cast", dtype: node.dtype, arg: nodes.push(input) - 1 };
      }
      case "const":
        return node;
      case "index":
        return { kind: "affine", dtype: "i32", value: placeOf({ constant: 0, of: { [node.index]: 1 } }, stage, plan.loops, copy, lane, "global") };
      case "op":
        return { ...node, args: node.args.map(place) };
      case "cast":
        return { ...node, arg: place(node.arg) };
      case "reduce": {
        const dtype = stage.split > 1 ? node.acc : node.dtype;
        const lanes = lane !== null && stage.shape.loops.findIndex((index) => index.name === lane) >= stage.shape.kept;
        return { ...node, dtype, arg: place(node.arg), level: resultLevel(stage, plan.loops), lanes };
      }
    }
  };
  for (const id of [...part.nodes, ...part.exports]) place(id);
  return { nodes, position };
}

/** Output-stationary array and, beside it, the nest that drains the accumulators of the tile before. */
function buildArray(builder: Builder, stage: StagePlan, id: string, feeds: readonly Source[]): Source {
  const { plan, machine } = builder;
  const { shape } = stage;
  const { laneOperand, stageOperand, product: rounded, acc, result } = shape.systolic!;
  const loops = loopsOf(stage, plan.loops);
  const level = resultLevel(stage, plan.loops);
  const { stages } = machine.pcu;
  const array: Nest = {
    id: `${id}.array`,
    loops,
    lanes: shape.lanes,
    ii: 1,
    latency: shape.lanes + stages,
    guards: [],
    ports: [
      port("lane", "in", stage.operands[laneOperand]!.level),
      port("stage", "in", stage.operands[stageOperand]!.level),
      port("done", "out", level, "buffer"),
    ],
    work: { kind: "systolic", lanePort: "lane", stagePort: "stage", stages, product: rounded, acc, level, scratch: "acc" },
  };
  const drainLoops: readonly Loop[] = [...loops.slice(0, level), { name: "row", trip: stages }];
  const row = new Array<number>(drainLoops.length).fill(0);
  row[level] = 1;
  const access = {
    dims: [
      { constant: 0, loops: row, lane: 0 },
      { constant: 0, loops: row.map(() => 0), lane: 1 },
    ],
    shape: [stages, shape.lanes],
  };
  const drain: Nest = {
    id: `${id}.drain`,
    loops: drainLoops,
    lanes: shape.lanes,
    ii: 1,
    latency: 1,
    guards: [],
    ports: [port("ready", "in", level, "buffer"), port("out", "out", drainLoops.length)],
    work: { kind: "read", scratch: "acc", access, port: "out" },
  };
  const scratch = { name: "acc", dtype: result, shape: [stages, shape.lanes], buffers: 2, bytes: 2 * stages * shape.lanes * bytesOf(result) };
  addUnit(builder, { id, kind: "pcu", operator: shape.name, nests: [array, drain], scratch: [scratch], stages, registers: 1 });
  connect(builder, feeds[laneOperand]!, { unit: id, nest: array.id, port: "lane" });
  connect(builder, feeds[stageOperand]!, { unit: id, nest: array.id, port: "stage" });
  handOver(builder, { unit: id, nest: array.id, port: "done" }, { unit: id, nest: drain.id, port: "ready" }, 2);
  return { end: { unit: id, nest: drain.id, port: "out" }, words: shape.lanes, dtype: result };
}

/** A groupBy field's table, which its scatter nest fills and its reader nest sends on. */
function buildTable(builder: Builder, stage: StagePlan, copy: Copy, field: number, made: ReadonlyMap<number, Source>): void {
  const { plan, machine } = builder;
  const { shape } = stage;
  if (shape.operator.kind !== "groupBy") return;
  const { name, fn, acc } = shape.operator.fields[field]!;
  const { keys } = shape.operator;
  const id = `${shape.name}.${name}`;
  const loops = loopsOf(stage, plan.loops);
  const lanes = shape.lane === null ? 1 : shape.lanes;
  const all = shape.loops.map((index) => index.name);
  const scatter: Nest = {
    id: `${id}.scatter`,
    loops,
    lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: guardsOf(all, stage, plan.loops, copy, shape.lane, loops.length),
    ports: [port("key", "in", loops.length), port("value", "in", loops.length), port("full", "out", 0, "buffer")],
    work: { kind: "scatter", scratch: "table", keyPort: "key", valuePort: "value", fn, acc },
  };
  const reader: Nest = {
    id: `${id}.read`,
    loops: [{ name: "key", trip: Math.ceil(keys / shape.lanes) }],
    lanes: shape.lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: [],
    ports: [port("ready", "in", 0, "buffer"), port("out", "out", 1)],
    work: { kind: "read", scratch: "table", access: { dims: [unitPlace(1, 0, shape.lanes)], shape: [keys] }, port: "out" },
  };
  const bytes = keys * Math.max(bytesOf(acc), machine.pmu.word_bytes);
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: shape.name,
    nests: [scatter, reader],
    scratch: [{ name: "table", dtype: acc, shape: [keys], buffers: 1, bytes }],
  });
  connect(builder, made.get(shape.body.results[0]!)!, { unit: id, nest: scatter.id, port: "key" });
  connect(builder, made.get(shape.body.results[field + 1]!)!, { unit: id, nest: scatter.id, port: "value" });
  handOver(builder, { unit: id, nest: scatter.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, 1);
  builder.results.set(resultKey(id, copy.at), { end: { unit: id, nest: reader.id, port: "out" }, words: shape.lanes, dtype: acc });
}

/** A tree of PCUs folds the partial results of a split fold into one. */
function combine(builder: Builder, stage: StagePlan, parts: readonly Source[], at: readonly number[]): Source {
  const { machine, plan } = builder;
  const reduce = stage.shape.body.nodes[stage.shape.body.results[0]!]!;
  if (reduce.kind !== "reduce") throw new Error(`"${stage.shape.name}" is split but folds nothing`);
  let level = parts;
  for (let depth = 0; level.length > 1; depth++) {
    const next: Source[] = [];
    for (let i = 0; i < level.length; i += treeFan(machine)) {
      const leaves = level.slice(i, i + treeFan(machine));
      const id = `${stage.shape.name}.tree${depth}.${next.length}${label(plan.loops, at)}`;
      const last = level.length <= treeFan(machine);
      const nodes = treeNodes(leaves, reduce.fn, reduce.acc, last ? reduce.dtype : reduce.acc);
      const inputs = leaves.map((_, k) => `in${k}`);
      const nest: Nest = {
        id,
        loops: [],
        lanes: 1,
        ii: 1,
        latency: machine.pcu.stages,
        guards: [],
        ports: [...inputs.map((name) => port(name, "in", 0)), port("out", "out", 0)],
        work: { kind: "compute", nodes, outputs: [{ port: "out", node: nodes.length - 1 }] },
      };
      addUnit(builder, { id, kind: "pcu", operator: stage.shape.name, nests: [nest], stages: leaves.length - 1, registers: leaves.length });
      leaves.forEach((leaf, k) => connect(builder, leaf, { unit: id, nest: id, port: inputs[k]! }));
      next.push({ end: { unit: id, nest: id, port: "out" }, words: 1, dtype: last ? reduce.dtype : reduce.acc });
    }
    level = next;
  }
  return level[0]!;
}

function treeNodes(leaves: readonly Source[], fn: ReduceFn, acc: Dtype, dtype: Dtype): readonly Node[] {
  const nodes: Node[] = leaves.map((_, k) => ({ kind: "input", port: `in${k}`, dtype: acc }));
  let sum = 0;
  for (let k = 1; k < leaves.length; k++) sum = nodes.push({ kind: "op", dtype: acc, op: fn, args: [sum, k] }) - 1;
  if (dtype !== acc || nodes.length === leaves.length) nodes.push({ kind: "cast", dtype, arg: sum });
  return nodes;
}

// ---- operands ----

function feed(builder: Builder, stage: StagePlan, position: number, copy: Copy): Source {
  const operand = stage.shape.operands[position]!;
  const { via, level, words } = stage.operands[position]!;
  const { loops } = builder.plan;
  const own = loops.map((_, k) => (dependsOn(operand, stage.shape.loops[k]!.name) ? copy.at[k]! : 0));
  switch (via.kind) {
    case "stage-stream":
      return builder.results.get(resultKey(operand.tensor, copy.at))!;
    case "stage-buffer":
      return stageBuffer(builder, stage, position, copy);
    case "tier-stream": {
      const walk = streamWalk(operand, stage, loops, { at: own, part: copy.part }, level, words, shapeOf(builder, operand.tensor));
      const alone = via.alone ? `${stage.shape.name}.${position}` : "";
      return generator(builder, operand.tensor, operand.dtype, walk, `${alone}`);
    }
    case "tier-buffer":
      return tierBuffer(builder, stage, position, { at: own, part: copy.part }, via);
  }
}

const shapeOf = ({ program }: Builder, tensor: string): readonly number[] => program.tensors.find((item) => item.name === tensor)!.shape;

/** An address generator that walks memory; one that does just the same already is shared. */
function generator(
  builder: Builder,
  tensor: string,
  dtype: Dtype,
  walk: { loops: readonly Loop[]; lanes: number; access: Extract<Work, { kind: "load" }>["access"]; guards: Nest["guards"] },
  alone: string,
): Source {
  const trips = walk.loops.map((loop) => loop.trip);
  const key = JSON.stringify([alone, tensor, trips, walk.lanes, walk.access.dims, walk.guards]);
  const known = builder.known.get(key);
  if (known !== undefined) return known;
  const number = builder.units.filter((unit) => unit.id.startsWith(`${tensor}.load`)).length;
  const id = `${tensor}.load${number}`;
  const nest: Nest = {
    id,
    loops: walk.loops,
    lanes: walk.lanes,
    ii: 1,
    latency: builder.machine.ag.latency_cycles,
    guards: walk.guards,
    ports: [port("out", "out", walk.loops.length)],
    work: { kind: "load", tensor, access: walk.access, port: "out" },
  };
  addUnit(builder, { id, kind: "ag", operator: tensor, nests: [nest] });
  const source = { end: { unit: id, nest: id, port: "out" }, words: walk.lanes, dtype };
  builder.known.set(key, source);
  return source;
}

/** The PMU that holds an operand's tiles for the copies that share it. */
function tierBuffer(builder: Builder, stage: StagePlan, position: number, copy: Copy, via: TierBuffer): Source {
  const { plan, machine } = builder;
  const { shape } = stage;
  const operand = shape.operands[position]!;
  const id = `${shape.name}.${operand.tensor}${position}${label(plan.loops, copy.at)}`;
  const known = builder.known.get(id);
  if (known !== undefined) return known;
  const { walk, position: at } = loadWalk(operand, stage, plan.loops, copy, via, shapeOf(builder, operand.tensor));
  const source = generator(builder, operand.tensor, operand.dtype, withoutUnit(walk), "");
  const size = [...via.held.map((k) => plan.loops[k]!.trips), ...via.box];
  const dims: Affine[] = via.held.map((k) => counter(walk.loops.length, at.tile.get(k)!));
  at.box.forEach((loop, d) => dims.push(d === at.box.length - 1 ? unitPlace(walk.loops.length, loop, shape.lanes) : counter(walk.loops.length, loop)));
  const turns = [...at.turn].map(([k, loop]) => {
    const place = counter(walk.loops.length, loop);
    return { value: { ...place, constant: -Math.floor(copy.at[k]! / via.generators[k]!) }, limit: 1 };
  });
  const writer: Nest = {
    id: `${id}.write`,
    loops: walk.loops,
    lanes: walk.lanes,
    ii: 1,
    latency: 1,
    guards: [...walk.guards, ...turns],
    ports: [port("in", "in", walk.loops.length), port("full", "out", via.hold, "buffer")],
    work: { kind: "write", scratch: "tile", access: { dims, shape: size }, port: "in" },
  };
  const level = stage.operands[position]!.level;
  const words = stage.operands[position]!.words;
  const lane = words === 1 ? null : position === shape.systolic?.stageOperand ? shape.rows : shape.lane;
  const heldPlaces = via.held.map((k) => counter(level, k));
  const boxPlaces = operand.at.map((place) => {
    const low = Object.entries(place.of).reduce(
      (sum, [name, factor]) => sum + Math.min(0, factor * (stage.inner.find((loop) => loop.index === name)!.extent - 1)),
      0,
    );
    return prefix(placeOf({ constant: -low, of: place.of }, stage, plan.loops, copy, lane, "local"), level);
  });
  const reader = readerNest(builder, stage, id, level, words, [...heldPlaces, ...boxPlaces], size, Math.min(via.hold, level));
  const { bytes, strides } = scratchBytes(size, bytesOf(operand.dtype), machine, isStrided(shape, position));
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: shape.name,
    nests: [writer, reader],
    scratch: [{ name: "tile", dtype: operand.dtype, shape: size, strides, buffers: via.buffers, bytes: bytes * via.buffers }],
  });
  connect(builder, source, { unit: id, nest: writer.id, port: "in" });
  handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, via.buffers);
  const out = { end: { unit: id, nest: reader.id, port: "out" }, words, dtype: operand.dtype };
  builder.known.set(id, out);
  return out;
}

function withoutUnit(walk: ReturnType<typeof loadWalk>["walk"]) {
  const nest = withoutUnitNest({
    ...bare,
    loops: walk.loops,
    lanes: walk.lanes,
    guards: walk.guards,
    work: { kind: "load", tensor: "", access: walk.access, port: "" },
  });
  return { loops: nest.loops, lanes: nest.lanes, guards: nest.guards, access: (nest.work as Extract<Work, { kind: "load" }>).access };
}

const bare = { id: "", ii: 1, latency: 0, ports: [] };

const counter = (count: number, at: number): Affine => {
  const loops = new Array<number>(count).fill(0);
  loops[at] = 1;
  return { constant: 0, loops, lane: 0 };
};

/** Replays a buffer in the order of the stage's first `level` loops. */
function readerNest(
  builder: Builder,
  stage: StagePlan,
  id: string,
  level: number,
  words: number,
  dims: readonly Affine[],
  shape: readonly number[],
  hold: number,
): Nest {
  return {
    id: `${id}.read`,
    loops: loopsOf(stage, builder.plan.loops).slice(0, level),
    lanes: words,
    ii: 1,
    latency: builder.machine.pmu.latency_cycles,
    guards: [],
    ports: [port("ready", "in", hold, "buffer"), port("out", "out", level)],
    work: { kind: "read", scratch: "tile", access: { dims, shape }, port: "out" },
  };
}

/** Tile buffers between two stages of one copy. */
function stageBuffer(builder: Builder, stage: StagePlan, position: number, copy: Copy): Source {
  const { plan, machine } = builder;
  const { shape } = stage;
  const operand = shape.operands[position]!;
  const via = stage.operands[position]!.via;
  if (via.kind !== "stage-buffer") throw new Error(`"${operand.tensor}" has no stage buffer`);
  const from = plan.stages.find((other) => makes(other.shape, operand.tensor))!;
  const source = builder.results.get(resultKey(operand.tensor, copy.at))!;
  const id = `${shape.name}.${operand.tensor}${position}${label(plan.loops, copy.at)}`;
  const table = from.shape.operator.kind === "groupBy";
  const outer = table ? [] : plan.loops;
  const loops = resultLoops(from.result, outer);
  const writer: Nest = {
    id: `${id}.write`,
    loops,
    lanes: source.words,
    ii: 1,
    latency: 1,
    guards: [],
    ports: [port("in", "in", loops.length), port("full", "out", outer.length, "buffer")],
    work: { kind: "write", scratch: "tile", access: { dims: resultPlaces(from.result, outer), shape: via.shape }, port: "in" },
  };
  const { level, words } = stage.operands[position]!;
  const lane = words === 1 ? null : position === shape.systolic?.stageOperand ? shape.rows : shape.lane;
  const dims = operand.at.map((place, d) => prefix(placeOf(place, stage, plan.loops, copy, lane, d < plan.loops.length ? "local" : "global"), level));
  const reader = readerNest(builder, stage, id, level, words, dims, via.shape, Math.min(plan.loops.length, level));
  const { bytes, strides } = scratchBytes(via.shape, bytesOf(operand.dtype), machine, isStrided(shape, position));
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: shape.name,
    nests: [writer, reader],
    scratch: [{ name: "tile", dtype: operand.dtype, shape: via.shape, strides, buffers: via.buffers, bytes: bytes * via.buffers }],
  });
  connect(builder, source, { unit: id, nest: writer.id, port: "in" });
  handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, via.buffers);
  return { end: { unit: id, nest: reader.id, port: "out" }, words, dtype: operand.dtype };
}

// ---- stores ----

function buildStores(builder: Builder, stage: StagePlan, store: StorePlan): void {
  const { loops } = builder.plan;
  const groups = loops.map((loop, k) => ({ ...loop, par: loop.par / store.collect[k]! }));
  for (const at of copiesAt(groups)) {
    if (product(store.collect) === 1) storeDirect(builder, stage, store, at);
    else storeCollected(builder, stage, store, at, groups);
  }
}

/** Result place in the whole tensor: tile by tile along the shared loops. */
function globalPlaces(stage: StagePlan, outer: readonly OuterLoop[], at: readonly number[]): readonly Affine[] {
  return resultPlaces(stage.result, outer).map((place, dim) => {
    const tiles = outer[dim];
    if (tiles === undefined) return place;
    const loops = [...place.loops];
    loops[dim] = loops[dim]! + tiles.par * tiles.tile;
    return { ...place, loops, constant: place.constant + at[dim]! * tiles.tile };
  });
}

function storeDirect(builder: Builder, stage: StagePlan, store: StorePlan, at: readonly number[]): void {
  const outer = stage.shape.operator.kind === "groupBy" ? [] : builder.plan.loops;
  const source = builder.results.get(resultKey(store.tensor, at))!;
  const loops = resultLoops(stage.result, outer);
  const local = resultPlaces(stage.result, outer);
  const guards = local.flatMap((value, dim) => (overhangs(stage, dim) ? [{ value, limit: stage.result.shape[dim]! }] : []));
  addStore(builder, stage, store, label(builder.plan.loops, at), source, loops, source.words, globalPlaces(stage, outer, at), guards);
}

function overhangs(stage: StagePlan, dim: number): boolean {
  const reach = stage.result.loops.filter((loop) => loop.dim === dim).reduce((sum, loop) => sum + (loop.trip - 1) * loop.step, 0);
  const width = stage.result.lane === dim ? stage.result.words : 1;
  return reach + width > stage.result.shape[dim]!;
}

function addStore(
  builder: Builder,
  stage: StagePlan,
  { tensor }: StorePlan,
  suffix: string,
  source: Source,
  loops: readonly Loop[],
  lanes: number,
  dims: readonly Affine[],
  guards: Nest["guards"],
): void {
  const id = `${tensor}.store${suffix}`;
  const nest: Nest = {
    id,
    loops,
    lanes,
    ii: 1,
    latency: builder.machine.ag.latency_cycles,
    guards,
    ports: [port("in", "in", loops.length)],
    work: { kind: "store", tensor, access: { dims, shape: shapeOf(builder, tensor) }, port: "in" },
  };
  addUnit(builder, { id, kind: "ag", operator: stage.shape.name, nests: [nest] });
  connect(builder, source, { unit: id, nest: id, port: "in" });
}

/** One PMU gathers the tiles of several copies, and one generator writes them row by row. */
function storeCollected(builder: Builder, stage: StagePlan, store: StorePlan, at: readonly number[], groups: readonly OuterLoop[]): void {
  const { plan, machine } = builder;
  const outer = plan.loops;
  const { result } = stage;
  const members = copiesAt(outer.map((loop, k) => ({ ...loop, par: store.collect[k]! })));
  const dtype = builder.program.tensors.find((item) => item.name === store.tensor)!.dtype;
  const lanes = result.shape.length === 0 ? 1 : lanesFor(machine, bytesOf(dtype));
  const size = [members.length, ...result.shape];
  const id = `${store.tensor}.collect${label(groups, at)}`;
  const readLoops: Loop[] = [
    ...outer.map((loop) => ({ name: loop.name, trip: loop.trips })),
    ...outer.map((loop, k) => ({ name: `${loop.name}.copy`, trip: store.collect[k]! })),
  ];
  const first = readLoops.length;
  result.shape.forEach((extent, dim) => readLoops.push({ name: `dim.${dim}`, trip: dim === result.shape.length - 1 ? Math.ceil(extent / lanes) : extent }));
  const local = result.shape.map((_, dim) =>
    dim === result.shape.length - 1 ? unitPlace(readLoops.length, first + dim, lanes) : counter(readLoops.length, first + dim),
  );
  const member = memberPlace(readLoops.length, outer.length, store.collect);
  const writers = members.map((offset, w): Nest => {
    const loops = resultLoops(result, outer);
    const own: Affine = { constant: w, loops: new Array<number>(loops.length).fill(0), lane: 0 };
    const source = builder.results.get(
      resultKey(
        store.tensor,
        offset.map((r, k) => r * groups[k]!.par + at[k]!),
      ),
    )!;
    connect(builder, source, { unit: id, nest: `${id}.write${w}`, port: "in" });
    return {
      id: `${id}.write${w}`,
      loops,
      lanes: source.words,
      ii: 1,
      latency: 1,
      guards: [],
      ports: [port("in", "in", loops.length), port("full", "out", outer.length, "buffer")],
      work: { kind: "write", scratch: "tile", access: { dims: [own, ...resultPlaces(result, outer)], shape: size }, port: "in" },
    };
  });
  const reader: Nest = {
    id: `${id}.read`,
    loops: readLoops,
    lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: [],
    ports: [...writers.map((_, w) => port(`ready${w}`, "in", outer.length, "buffer")), port("out", "out", readLoops.length)],
    work: { kind: "read", scratch: "tile", access: { dims: [member, ...local], shape: size }, port: "out" },
  };
  const { bytes, strides } = scratchBytes(size, bytesOf(dtype), machine, false);
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: stage.shape.name,
    nests: [...writers, reader],
    scratch: [{ name: "tile", dtype, shape: size, strides, buffers: store.buffers, bytes: bytes * store.buffers }],
  });
  writers.forEach((writer, w) =>
    handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: reader.id, port: `ready${w}` }, store.buffers),
  );
  const dims = local.map((place, dim) => {
    const tiles = outer[dim];
    if (tiles === undefined) return place;
    const loops = [...place.loops];
    loops[dim] = loops[dim]! + tiles.par * tiles.tile;
    loops[outer.length + dim] = loops[outer.length + dim]! + groups[dim]!.par * tiles.tile;
    return { ...place, loops, constant: at[dim]! * tiles.tile };
  });
  const last = result.shape.length - 1;
  const width = result.shape[last] ?? 1;
  const guards = width % lanes === 0 ? [] : [{ value: local[last]!, limit: width }];
  addStore(builder, stage, store, label(groups, at), { end: { unit: id, nest: reader.id, port: "out" }, words: lanes, dtype }, readLoops, lanes, dims, guards);
}

/** Row-major number of the copy that is read. */
function memberPlace(count: number, first: number, collect: readonly number[]): Affine {
  const loops = new Array<number>(count).fill(0);
  let stride = 1;
  for (let k = collect.length - 1; k >= 0; k--) {
    loops[first + k] = stride;
    stride *= collect[k]!;
  }
  return { constant: 0, loops, lane: 0 };
}

// ---- units and channels ----

type Draft = Pick<Unit, "id" | "kind" | "operator" | "nests"> & Partial<Pick<Unit, "scratch" | "stages" | "registers">>;

function addUnit(builder: Builder, draft: Draft): void {
  const { id, kind, operator, nests, scratch = [], stages = 0, registers = 0 } = draft;
  const paced = kind === "pmu" ? nests.map((nest) => ({ ...nest, ii: bankTicks(nest, scratch, builder.machine) })) : nests;
  builder.units.push({ id, kind, operator: builder.sourceOf(operator), label: id, nests: paced.map(withoutUnitNest), scratch, stages, registers });
}

/** A vector whose words meet in a bank takes one tick for each of them. */
function bankTicks({ work, lanes }: Nest, scratch: Unit["scratch"], { pmu }: Machine): number {
  if (work.kind !== "read" && work.kind !== "write") return 1;
  return bankConflicts(laneStride(work.access, scratch.find((memory) => memory.name === work.scratch)?.strides), lanes, pmu.banks, pmu.diagonal);
}

const endKey = (end: Endpoint): string => `${end.nest}:${end.port}`;

function connect(builder: Builder, source: Source, sink: Endpoint): void {
  const wire = builder.wires.get(endKey(source.end));
  if (wire === undefined) builder.wires.set(endKey(source.end), { source, sinks: [sink], kind: "stream", depth: 0 });
  else wire.sinks.push(sink);
}

function handOver(builder: Builder, from: Endpoint, to: Endpoint, buffers: number): void {
  builder.wires.set(endKey(from), { source: { end: from, words: 0, dtype: "bool" }, sinks: [to], kind: "buffer", depth: buffers });
}

/** Names the channels and tells every port which is its own. */
function finish({ plan, machine, units, wires }: Builder): Section {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const channelOf = new Map<string, string>();
  const channels: Channel[] = [];
  for (const { source, sinks, kind, depth } of wires.values()) {
    const id = `${source.end.nest}>${sinks[0]!.nest}${sinks.length > 1 ? `+${sinks.length - 1}` : ""}.${source.end.port}`;
    for (const end of [source.end, ...sinks]) channelOf.set(endKey(end), id);
    const kinds = sinks.map((sink) => byId.get(sink.unit)!.kind);
    const slots = kind === "buffer" ? depth : Math.min(...kinds.map((name) => machine[name].fifo_depth));
    const width = kind === "buffer" ? "control" : widthOf(source, byId.get(source.end.unit)!.kind, kinds, machine);
    channels.push({ id, kind, width, dtype: source.dtype, words: source.words, depth: slots, source: source.end, sinks, rate: rateOf(source, byId, plan) });
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
