/** Operands of a stage as units: address generators, the PMUs that hold tiles, and the nests that replay them. */

import type { Affine, Loop, Nest, Work } from "../fabric/fabric.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import type { StagePlan, TierBuffer } from "./controllers.ts";
import { makes } from "./group.ts";
import { type Copy, loadWalk, loopsOf, placeOf, prefix, resultLoops, resultPlaces, streamWalk, unitPlace, withoutUnitLoops } from "./nests.ts";
import { isStrided, partsOf, resultOf, scratchBytes } from "./sizes.ts";
import { dependsOn } from "./stage.ts";
import { addUnit, type Builder, connect, counter, freshId, handOver, label, port, resultKey, type Source, shapeOf } from "./wiring.ts";

export function feed(builder: Builder, stage: StagePlan, position: number, copy: Copy): Source {
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

/** An address generator that walks memory; one that does just the same already is shared. */
export function generator(
  builder: Builder,
  tensor: string,
  dtype: Dtype,
  walk: { loops: readonly Loop[]; lanes: number; access: Extract<Work, { kind: "load" }>["access"]; guards: Nest["guards"] },
  alone: string,
): Source {
  const trips = walk.loops.map(({ trip, size }) => [trip, size]);
  const key = JSON.stringify([alone, tensor, trips, walk.lanes, walk.access.dims, walk.guards]);
  const known = builder.known.get(key);
  if (known !== undefined) return known;
  const number = builder.units.filter((unit) => unit.id.startsWith(`${tensor}.load`)).length;
  const id = freshId(builder, `${tensor}.load${number}`);
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
  const place = label(plan.loops, copy.at, copy.part, partsOf(operand, stage));
  const key = JSON.stringify(["buffer", shape.name, position, place]);
  const known = builder.known.get(key);
  if (known !== undefined) return known;
  const id = freshId(builder, `${shape.name}.${operand.tensor}${position}${place}`);
  const { walk, position: at } = loadWalk(operand, stage, plan.loops, copy, via, shapeOf(builder, operand.tensor));
  const source = generator(builder, operand.tensor, operand.dtype, withoutUnitLoops(walk), "");
  const size = [...via.held.map((k) => plan.loops[k]!.trips), ...via.box];
  const dims: Affine[] = via.held.map((k) => counter(walk.loops.length, at.tile.get(k)!));
  at.box.forEach((loop, d) => dims.push(d === at.box.length - 1 ? unitPlace(walk.loops.length, loop, shape.lanes) : counter(walk.loops.length, loop)));
  const turns = [...at.turn].map(([k, loop]) => {
    const place = counter(walk.loops.length, loop);
    return { value: { ...place, constant: 0 - Math.floor(copy.at[k]! / via.generators[k]!) }, limit: 1 };
  });
  const writer: Nest = {
    id: `${id}/write`,
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
      (sum, [name, factor]) => sum + Math.min(0, factor * ((stage.inner.find((loop) => loop.index === name)?.extent ?? 1) - 1)),
      0,
    );
    return prefix(placeOf({ constant: 0 - low, of: place.of }, stage, plan.loops, copy, lane, "local"), level);
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
  builder.known.set(key, out);
  return out;
}

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
    id: `${id}/read`,
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
  const id = freshId(builder, `${shape.name}.${operand.tensor}${position}${label(plan.loops, copy.at)}`);
  const result = resultOf(from, operand.tensor);
  const loops = resultLoops(result, plan.loops);
  const writer: Nest = {
    id: `${id}/write`,
    loops,
    lanes: source.words,
    ii: 1,
    latency: 1,
    guards: [],
    ports: [port("in", "in", loops.length), port("full", "out", plan.loops.length, "buffer")],
    work: { kind: "write", scratch: "tile", access: { dims: resultPlaces(result, plan.loops), shape: via.shape }, port: "in" },
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
