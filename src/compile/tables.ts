/** The units of folds that need more than a SIMD pipeline: systolic arrays, groupBy tables, and trees over the parts of a split fold. */

import type { Loop, Nest, Node } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype, ReduceFn } from "../pattern/program.ts";
import { scratchLayout } from "./banking.ts";
import type { BodyNode } from "./body.ts";
import type { OuterLoop, StagePlan } from "./controllers.ts";
import { type Copy, elementGuards, loopsOf, placeOf, resultLoops, resultPlaces, unitPlace } from "./nests.ts";
import { loopsAround, sumBuffers, treeFan } from "./sizes.ts";
import { foldedLoops, keptLoops } from "./stage.ts";
import { addUnit, type Builder, connect, freshId, handOver, label, port, resultKey, ringOf, type Source } from "./wiring.ts";

/**
 * Output-stationary array and, beside it, the nest that drains the accumulators of the tile before. A firing enters at the first cell; the last cell follows stages + lanes - 2 cycles
 * later, when the tile is complete: the timing of the cells one by one (units/systolic.ts). The drain is hidden behind the next tile where that has at least 2 stages + lanes steps.
 */
export function buildArray(builder: Builder, stage: StagePlan, id: string, feeds: readonly Source[]): Source {
  const { machine } = builder;
  const { shape } = stage;
  const { laneOperand, stageOperand, product: rounded, acc, result } = shape.systolic!;
  const loops = loopsOf(stage, stage.loops);
  const level = resultLevel(stage, stage.loops);
  const { stages } = machine.pcu;
  const array: Nest = {
    id: `${id}/array`,
    loops,
    lanes: shape.lanes,
    ii: 1,
    latency: shape.lanes + stages - 2,
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
    id: `${id}/drain`,
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

/** A groupBy field's table, in one PMU or in several. */
export function buildTable(builder: Builder, stage: StagePlan, copy: Copy, field: number, made: ReadonlyMap<number, Source>): void {
  for (const part of stage.shape.shards.keys()) buildShard(builder, stage, copy, { field, part }, made);
}

/** The PMU of a part of a field's table: its scatter nest fills it, its reader nest sends it on. */
function buildShard(
  builder: Builder,
  stage: StagePlan,
  copy: Copy,
  { field, part }: { readonly field: number; readonly part: number },
  made: ReadonlyMap<number, Source>,
): void {
  const { machine } = builder;
  const { shape } = stage;
  if (shape.operator.kind !== "groupBy") return;
  const { name, fn, acc } = shape.operator.fields[field]!;
  const { keys } = shape.operator;
  const { first, size } = shape.shards[part]!;
  const tensor = `${shape.name}.${name}`;
  const id = freshId(builder, `${tensor}${label(stage.loops, copy.at, part, shape.shards.length)}`);
  const loops = loopsOf(stage, stage.loops);
  const lanes = shape.lane === null ? 1 : shape.lanes;
  const all = shape.loops.map((index) => index.name);
  const shard = size === keys ? {} : { shard: { first, keys } };
  const scatter: Nest = {
    id: `${id}/scatter`,
    loops,
    lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: elementGuards(all, stage, stage.loops, copy),
    ports: [port("key", "in", loops.length), port("value", "in", loops.length), port("full", "out", 0, "buffer")],
    work: { kind: "scatter", scratch: "table", keyPort: "key", valuePort: "value", fn, acc, ...shard },
  };
  const reader: Nest = {
    id: `${id}/read`,
    loops: [{ name: "key", trip: Math.ceil(size / shape.lanes) }],
    lanes: shape.lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: [],
    ports: [port("ready", "in", 0, "buffer"), port("out", "out", 1)],
    work: { kind: "read", scratch: "table", access: { dims: [unitPlace(1, 0, shape.lanes)], shape: [size] }, port: "out" },
  };
  const { bytes, lie } = scratchLayout([size], bytesOf(acc), machine, "numbers");
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: shape.name,
    nests: [scatter, reader],
    scratch: [{ name: "table", dtype: acc, shape: [size], ...lie, buffers: 1, bytes }],
  });
  connect(builder, made.get(shape.body.results[0]!)!, { unit: id, nest: scatter.id, port: "key" });
  connect(builder, made.get(shape.body.results[field + 1]!)!, { unit: id, nest: scatter.id, port: "value" });
  handOver(builder, { unit: id, nest: scatter.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, 1);
  builder.results.set(resultKey(tensor, copy.at, part), { end: { unit: id, nest: reader.id, port: "out" }, words: shape.lanes, dtype: acc });
}

/** The PMU in which a stage adds up tiles: `from` gives the words of each. */
export function buildSums(builder: Builder, stage: StagePlan, copy: Copy, from: Source): Source {
  const { machine } = builder;
  const { shape, inner } = stage;
  const { fn, acc } = foldOf(stage);
  const around = loopsAround(stage, stage.loops);
  const result = stage.results[0]!;
  const id = freshId(builder, `${shape.name}.sums${label(stage.loops, copy.at)}`);
  const dims = keptLoops(shape).map(({ name }) => placeOf({ constant: 0, of: { [name]: 1 } }, stage, stage.loops, copy, shape.lane, "local"));
  const adder: Nest = {
    id: `${id}/fold`,
    loops: loopsOf(stage, stage.loops),
    lanes: from.words,
    ii: 1,
    latency: 1,
    guards: elementGuards(
      foldedLoops(shape).map(({ name }) => name),
      stage,
      stage.loops,
      copy,
    ),
    ports: [
      port("in", "in", stage.loops.length + inner.length),
      port("full", "out", around.length, "buffer"),
      port("ring.in", "in", stage.loops.length, "buffer"),
      port("ring.out", "out", stage.loops.length, "buffer"),
    ],
    work: { kind: "fold", scratch: "sums", access: { dims, shape: result.shape }, port: "in", fn, acc },
  };
  const loops = resultLoops(result, around);
  const reader: Nest = {
    id: `${id}/read`,
    loops,
    lanes: result.words,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: [],
    ports: [port("ready", "in", around.length, "buffer"), port("out", "out", loops.length)],
    work: { kind: "read", scratch: "sums", access: { dims: resultPlaces(result, around), shape: result.shape }, port: "out" },
  };
  const buffers = sumBuffers(stage, stage.loops);
  const { bytes, lie } = scratchLayout(result.shape, bytesOf(acc), machine, "rows");
  const scratch = { name: "sums", dtype: acc, shape: result.shape, ...lie, buffers, bytes: bytes * buffers };
  addUnit(builder, { id, kind: "pmu", operator: shape.name, nests: [adder, reader], scratch: [scratch] });
  connect(builder, from, { unit: id, nest: adder.id, port: "in" });
  handOver(builder, { unit: id, nest: adder.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, buffers);
  ringOf(builder, id, adder.id, ringTicks(machine));
  return { end: { unit: id, nest: reader.id, port: "out" }, words: result.words, dtype: acc };
}

/** From the sums' last write in a turn to the first of the next: they are read, go to the PCU that adds, through it, and back. */
function ringTicks({ pmu, pcu, network }: Machine): number {
  return pmu.latency_cycles + pcu.stages + (pcu.tail ? 1 : 0) + 2 * Math.max(1, network.hop_cycles);
}

function foldOf({ shape }: StagePlan): Extract<BodyNode, { kind: "reduce" }> {
  const reduce = shape.body.nodes[shape.body.results[0]!]!;
  if (reduce.kind !== "reduce") throw new Error(`"${shape.name}" is in parts but folds nothing`);
  return reduce;
}

/** A tree of PCUs folds partial results into one: of the parts of a split fold, or of the copies of the loop whose tiles a stage adds up. */
export function combine(builder: Builder, stage: StagePlan, parts: readonly Source[], at: readonly number[]): Source {
  const { machine } = builder;
  const reduce = foldOf(stage);
  const around = loopsAround(stage, stage.loops);
  const loops = resultLoops(stage.results[0]!, around);
  const { words } = parts[0]!;
  const fan = treeFan(machine, words);
  let level = parts;
  for (let depth = 0; level.length > 1; depth++) {
    const next: Source[] = [];
    for (let i = 0; i < level.length; i += fan) {
      const leaves = level.slice(i, i + fan);
      const id = freshId(builder, `${stage.shape.name}.tree${depth}.${next.length}${label(around, at)}`);
      const last = level.length <= fan;
      const nodes = treeNodes(leaves, reduce.fn, reduce.acc, last ? reduce.dtype : reduce.acc);
      const inputs = leaves.map((_, k) => `in${k}`);
      const nest: Nest = {
        id,
        loops,
        lanes: words,
        ii: 1,
        latency: machine.pcu.stages,
        guards: [],
        ports: [...inputs.map((name) => port(name, "in", loops.length)), port("out", "out", loops.length)],
        work: { kind: "compute", nodes, outputs: [{ port: "out", node: nodes.length - 1 }] },
      };
      addUnit(builder, { id, kind: "pcu", operator: stage.shape.name, nests: [nest], stages: leaves.length - 1, registers: leaves.length });
      leaves.forEach((leaf, k) => connect(builder, leaf, { unit: id, nest: id, port: inputs[k]! }));
      next.push({ end: { unit: id, nest: id, port: "out" }, words, dtype: last ? reduce.dtype : reduce.acc });
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

/** Level at which a stage pushes its result: a fold when its folded loops end, one that adds up tiles in its registers when the loop over them ends. */
export const resultLevel = (stage: StagePlan, outer: readonly OuterLoop[]): number => stage.shape.sums ?? outer.length + stage.shape.kept;
