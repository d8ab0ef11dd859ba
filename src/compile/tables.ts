/** The units of folds that need more than a SIMD pipeline: systolic arrays, groupBy tables, and trees over the parts of a split fold. */

import type { Loop, Nest, Node } from "../fabric/fabric.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype, ReduceFn } from "../pattern/program.ts";
import type { OuterLoop, StagePlan } from "./controllers.ts";
import { type Copy, elementGuards, loopsOf, unitPlace } from "./nests.ts";
import { treeFan } from "./sizes.ts";
import { addUnit, type Builder, connect, freshId, handOver, label, port, resultKey, type Source } from "./wiring.ts";

/** Output-stationary array and, beside it, the nest that drains the accumulators of the tile before. */
export function buildArray(builder: Builder, stage: StagePlan, id: string, feeds: readonly Source[]): Source {
  const { plan, machine } = builder;
  const { shape } = stage;
  const { laneOperand, stageOperand, product: rounded, acc, result } = shape.systolic!;
  const loops = loopsOf(stage, plan.loops);
  const level = resultLevel(stage, plan.loops);
  const { stages } = machine.pcu;
  const array: Nest = {
    id: `${id}/array`,
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
  const { plan, machine } = builder;
  const { shape } = stage;
  if (shape.operator.kind !== "groupBy") return;
  const { name, fn, acc } = shape.operator.fields[field]!;
  const { keys } = shape.operator;
  const { first, size } = shape.shards[part]!;
  const tensor = `${shape.name}.${name}`;
  const id = freshId(builder, `${tensor}${label(plan.loops, copy.at, part, shape.shards.length)}`);
  const loops = loopsOf(stage, plan.loops);
  const lanes = shape.lane === null ? 1 : shape.lanes;
  const all = shape.loops.map((index) => index.name);
  const shard = size === keys ? {} : { shard: { first, keys } };
  const scatter: Nest = {
    id: `${id}/scatter`,
    loops,
    lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: elementGuards(all, stage, plan.loops, copy),
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
  const bytes = size * Math.max(bytesOf(acc), machine.pmu.word_bytes);
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: shape.name,
    nests: [scatter, reader],
    scratch: [{ name: "table", dtype: acc, shape: [size], buffers: 1, bytes }],
  });
  connect(builder, made.get(shape.body.results[0]!)!, { unit: id, nest: scatter.id, port: "key" });
  connect(builder, made.get(shape.body.results[field + 1]!)!, { unit: id, nest: scatter.id, port: "value" });
  handOver(builder, { unit: id, nest: scatter.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, 1);
  builder.results.set(resultKey(tensor, copy.at, part), { end: { unit: id, nest: reader.id, port: "out" }, words: shape.lanes, dtype: acc });
}

/** A tree of PCUs folds the partial results of a split fold into one. */
export function combine(builder: Builder, stage: StagePlan, parts: readonly Source[], at: readonly number[]): Source {
  const { machine, plan } = builder;
  const reduce = stage.shape.body.nodes[stage.shape.body.results[0]!]!;
  if (reduce.kind !== "reduce") throw new Error(`"${stage.shape.name}" is split but folds nothing`);
  let level = parts;
  for (let depth = 0; level.length > 1; depth++) {
    const next: Source[] = [];
    for (let i = 0; i < level.length; i += treeFan(machine)) {
      const leaves = level.slice(i, i + treeFan(machine));
      const id = freshId(builder, `${stage.shape.name}.tree${depth}.${next.length}${label(plan.loops, at)}`);
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

/** Level at which a stage pushes its result: a fold when its folded loops end. */
export const resultLevel = (stage: StagePlan, outer: readonly OuterLoop[]): number => outer.length + stage.shape.kept;
