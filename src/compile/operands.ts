/** Operands of a stage as units: address generators, the PMUs that hold tiles, and the nests that replay them. */

import type { Access, Affine, Loop, Nest, Scratch, Work } from "../fabric/fabric.ts";
import { lanesFor } from "../machine/derived.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import { scratchLayout, useOf } from "./banking.ts";
import type { StagePlan, TierBuffer } from "./controllers.ts";
import { makes } from "./group.ts";
import { addHome, isFilledByMakers, walkHome } from "./homes.ts";
import {
  type Copy,
  globalPlaces,
  inPiece,
  loadWalk,
  loopsOf,
  placeOf,
  prefix,
  resultLoops,
  streamWalk,
  tileGuards,
  unitPlace,
  type Walk,
  withoutUnitLoops,
  withoutUnitPreset,
} from "./nests.ts";
import { cutInto, partsOf, readKey, resultOf, takesOwn } from "./sizes.ts";
import { dependsOn } from "./stage.ts";
import { readerNest, stageBuffer } from "./stage-buffers.ts";
import { addUnit, type Builder, chainOf, connect, copiesAt, counter, freshId, handOver, label, port, resultKey, type Source, shapeOf } from "./wiring.ts";

export function feed(builder: Builder, stage: StagePlan, position: number, copy: Copy): Source {
  const operand = stage.shape.operands[position]!;
  const { via, level, words } = stage.operands[position]!;
  const { loops } = stage;
  const own = loops.map((_, k) => (dependsOn(operand, stage.shape.loops[k]!.name) ? copy.at[k]! : 0));
  switch (via.kind) {
    case "stage-stream":
      return builder.results.get(resultKey(operand.tensor, copy.at))!;
    case "stage-buffer":
      return stageBuffer(builder, stage, position, copy, via);
    case "tier-stream": {
      const walk = streamWalk(operand, stage, loops, { at: own, part: copy.part }, level, words, shapeOf(builder, operand.tensor));
      const alone = via.alone ? `${stage.shape.name}.${position}` : "";
      return generator(builder, operand.tensor, operand.dtype, walk, `${alone}`);
    }
    case "tier-buffer":
      return tierBuffer(builder, stage, position, { at: own, part: copy.part }, via);
    case "carried":
      return carriedBuffer(builder, stage, position, { at: own, part: copy.part });
  }
}

/** An address generator that walks memory, or a reader that walks the home of a tensor on the chip; one that does just the same already is shared. */
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
  if (builder.homes.has(tensor)) {
    const source = walkHome(builder, tensor, dtype, walk);
    builder.known.set(key, source);
    return source;
  }
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

/** The PMU, or the chain of PMUs, that holds an operand's tiles for the copies that share it. */
function tierBuffer(builder: Builder, stage: StagePlan, position: number, copy: Copy, loaded: TierBuffer): Source {
  const { plan } = builder;
  const makers = isFilledByMakers(stage, position);
  const via = makers ? { ...loaded, generators: stage.loops.map(({ par }) => par) } : loaded;
  const operand = stage.shape.operands[position]!;
  const place = label(stage.loops, copy.at, copy.part, partsOf(operand, stage));
  const key = JSON.stringify(["buffer", plan.loop === undefined ? [stage.shape.name, position] : readKey(stage, position), place]);
  const known = builder.known.get(key);
  if (known !== undefined) return known;
  const id = freshId(builder, `${stage.shape.name}.${operand.tensor}${position}${place}`);
  const tile = tileOf(builder, stage, position, copy, via);
  const build = makers ? homePiece : tilePiece;
  const source = chainOf(builder, id, via.pmus, (own, piece, rest) => build(builder, stage, position, via, own, { tile, piece, rest }));
  builder.known.set(key, source!);
  return source!;
}

/** Tile buffers as a whole: how they are filled, where each word goes, and from where it is read. */
interface Tile {
  /** What is loaded for all copies that the generator serves. */
  readonly load: Walk;
  /** Of that, what these buffers take. */
  readonly walk: Walk;
  readonly filled: readonly Affine[];
  readonly read: readonly Affine[];
  readonly size: readonly number[];
}

function tileOf(builder: Builder, stage: StagePlan, position: number, copy: Copy, via: TierBuffer): Tile {
  const { loops } = stage;
  const { shape } = stage;
  const operand = shape.operands[position]!;
  const { walk, position: at } = loadWalk(operand, stage, loops, copy, via, shapeOf(builder, operand.tensor));
  const filled: Affine[] = via.held.map((k) => counter(walk.loops.length, at.tile.get(k)!));
  at.box.forEach((loop, d) => filled.push(d === at.box.length - 1 ? unitPlace(walk.loops.length, loop, shape.lanes) : counter(walk.loops.length, loop)));
  const turns = [...at.turn].map(([k, loop]) => {
    const place = counter(walk.loops.length, loop);
    return { value: { ...place, constant: 0 - Math.floor(copy.at[k]! / via.generators[k]!) }, limit: 1 };
  });
  const { level, words } = stage.operands[position]!;
  const lane = words === 1 ? null : position === shape.systolic?.stageOperand ? shape.rows : shape.lane;
  const inBox = operand.at.map((place) => {
    const low = Object.entries(place.of).reduce(
      (sum, [name, factor]) => sum + Math.min(0, factor * ((stage.inner.find((loop) => loop.index === name)?.extent ?? 1) - 1)),
      0,
    );
    return prefix(placeOf({ constant: 0 - low, of: place.of }, stage, loops, copy, lane, "local"), level);
  });
  return {
    load: walk,
    walk: { ...walk, guards: [...walk.guards, ...turns] },
    filled,
    read: [...via.held.map((k) => counter(level, k)), ...inBox],
    size: [...via.held.map((k) => loops[k]!.trips), ...via.box],
  };
}

/** One of the PMUs: some places along one dimension. What it does not have comes from the next one, `rest`. */
interface Piece {
  readonly tile: Tile;
  readonly piece: number;
  readonly rest: Source | null;
}

function tilePiece(builder: Builder, stage: StagePlan, position: number, via: TierBuffer, id: string, { tile, piece, rest }: Piece): Source {
  const { load, walk, filled, read, size } = tile;
  const { tensor, dtype } = stage.shape.operands[position]!;
  const { level, words } = stage.operands[position]!;
  const shape = cutInto(size, via.pmus);
  const own = (dims: readonly Affine[]): readonly Affine[] => inPiece(dims, size, shape, piece);
  const to = { dims: own(filled), shape };
  const loops = loopsOf(stage, stage.loops).slice(0, level);
  const ready = via.preset ? [] : ["ready"];
  const reader = readerNest(builder, { id, loops, words, dims: own(read), shape, ready, hold: Math.min(via.hold, level), chained: rest !== null });
  const { bytes, lie } = scratchLayout(shape, bytesOf(dtype), builder.machine, useOf(stage.shape, position));
  const scratch: Scratch = { name: "tile", dtype, shape, ...lie, buffers: via.buffers, bytes: bytes * via.buffers };
  const unit = { id, kind: "pmu", operator: stage.shape.name } as const;
  if (via.preset) {
    const { access: from, ...others } = walk;
    addUnit(builder, { ...unit, nests: [reader], scratch: [{ ...scratch, preset: withoutUnitPreset({ tensor, ...others, from, to }) }] });
  } else {
    const writer = tileWriter(id, walk, to, via.hold);
    const fill = (): Source => generator(builder, tensor, dtype, withoutUnitLoops(load), "");
    // Placement begins in the order of units. What fills a buffer stands before it, but in a loop on the chip, where it works once and its place matters least.
    const first = builder.plan.loop === undefined ? fill() : null;
    addUnit(builder, { ...unit, nests: [writer, reader], scratch: [scratch] });
    connect(builder, first ?? fill(), { unit: id, nest: writer.id, port: "in" });
    handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, via.buffers);
  }
  if (rest !== null) connect(builder, rest, { unit: id, nest: reader.id, port: "rest" });
  return { end: { unit: id, nest: reader.id, port: "out" }, words, dtype };
}

/** The same of a tile that stays: the copies that make its tensor, in a part before, fill it. */
function homePiece(builder: Builder, stage: StagePlan, position: number, via: TierBuffer, id: string, { tile, piece, rest }: Piece): Source {
  const { load, read, size } = tile;
  const { tensor, dtype } = stage.shape.operands[position]!;
  const { level, words } = stage.operands[position]!;
  const shape = cutInto(size, via.pmus);
  const own = (dims: readonly Affine[]): readonly Affine[] => inPiece(dims, size, shape, piece);
  const low = load.access.dims.map(({ constant }) => constant);
  const reader = { id, loops: loopsOf(stage, stage.loops).slice(0, level), words, dims: own(read), shape, hold: Math.min(via.hold, level) };
  return addHome(builder, stage.shape.name, tensor, dtype, {
    reader,
    guards: [],
    low,
    size,
    own,
    lie: scratchLayout(shape, bytesOf(dtype), builder.machine, useOf(stage.shape, position)),
    rest,
  });
}

/** Fills tile buffers; `hold`: level of the hand-over. */
function tileWriter(id: string, { loops, lanes, guards }: Walk, access: Access, hold: number): Nest {
  return {
    id: `${id}/write`,
    loops,
    lanes,
    ii: 1,
    latency: 1,
    guards,
    ports: [port("in", "in", loops.length), port("full", "out", hold, "buffer")],
    work: { kind: "write", scratch: "tile", access, port: "in" },
  };
}

/** What the round before made, whole: every copy of the stage that makes it fills its part. */
function carriedBuffer(builder: Builder, stage: StagePlan, position: number, copy: Copy): Source {
  const { plan, machine } = builder;
  const operand = stage.shape.operands[position]!;
  const { via, level, words } = stage.operands[position]!;
  if (via.kind !== "carried") throw new Error(`"${operand.tensor}" is not carried`);
  const place = label(stage.loops, copy.at, copy.part, partsOf(operand, stage));
  const key = JSON.stringify(["carried", readKey(stage, position), place]);
  const known = builder.known.get(key);
  if (known !== undefined) return known;
  const id = freshId(builder, `${stage.shape.name}.${operand.tensor}${position}${place}`);
  const lane = words === 1 ? null : stage.shape.lane;
  const dims = operand.at.map((dim) => prefix(placeOf(dim, stage, stage.loops, copy, lane, "global"), level));
  const loops = loopsOf(stage, stage.loops).slice(0, level);
  const reader = readerNest(builder, { id, loops, words, dims, shape: via.shape, ready: [], hold: 0, chained: false });
  const from = plan.stages.find((other) => makes(other.shape, via.from))!;
  const makers = takesOwn(operand, stage.shape, stage.loops) ? [copy.at] : copiesAt(stage.loops);
  const writers = makers.map((at, w) => ringWriter(from, via, at, `${id}/write${w}`));
  const first = via.init === null ? [] : [initWriter(builder, via.init, via.shape, operand.dtype, id)];
  const ring = writers.map((_, w) => port(`ready${w}`, "in", 1, "buffer"));
  const { bytes, lie } = scratchLayout(via.shape, bytesOf(operand.dtype), machine, useOf(stage.shape, position));
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: stage.shape.name,
    nests: [
      ...writers.map(({ nest }) => nest),
      ...first,
      { ...reader, ports: [...ring, ...first.map(() => port("init", "in", 0, "buffer")), ...reader.ports] },
    ],
    scratch: [{ name: "tile", dtype: operand.dtype, shape: via.shape, ...lie, buffers: 2, bytes: 2 * bytes }],
  });
  writers.forEach(({ nest, at }, w) => {
    handOver(builder, { unit: id, nest: nest.id, port: "full" }, { unit: id, nest: reader.id, port: `ready${w}` }, 2, 1);
    builder.late.push(() => connect(builder, builder.results.get(resultKey(via.from, at))!, { unit: id, nest: nest.id, port: "in" }));
  });
  for (const nest of first) handOver(builder, { unit: id, nest: nest.id, port: "full" }, { unit: id, nest: reader.id, port: "init" }, 1);
  const out = { end: { unit: id, nest: reader.id, port: "out" }, words, dtype: operand.dtype };
  builder.known.set(key, out);
  return out;
}

/** A writer of one copy's part of a carried tensor: it begins with the second buffer, as the first round finds the first one full. */
function ringWriter(from: StagePlan, via: { readonly from: string; readonly shape: readonly number[] }, at: readonly number[], id: string) {
  const result = resultOf(from, via.from);
  const loops = resultLoops(result, from.loops);
  const nest: Nest = {
    id,
    loops,
    lanes: result.words,
    ii: 1,
    latency: 1,
    guards: tileGuards(result, from.loops),
    ports: [port("in", "in", loops.length), port("full", "out", 1, "buffer")],
    work: { kind: "write", scratch: "tile", access: { dims: globalPlaces(result, from.loops, at).slice(1), shape: via.shape }, port: "in", first: 1 },
  };
  return { nest, at };
}

/** Fills the first buffer with what the loop starts from. */
function initWriter(builder: Builder, init: string, shape: readonly number[], dtype: Dtype, id: string): Nest {
  const lanes = shape.length === 0 ? 1 : lanesFor(builder.machine, bytesOf(dtype));
  const last = shape.length - 1;
  const loops = shape.map((size, d) => ({ name: `dim.${d}`, trip: d === last ? Math.ceil(size / lanes) : size }));
  const dims = shape.map((_, d): Affine => (d === last ? unitPlace(loops.length, d, lanes) : counter(loops.length, d)));
  const walk = { loops, lanes, access: { dims, shape }, guards: [] };
  const source = generator(builder, init, dtype, withoutUnitLoops(walk), "");
  connect(builder, source, { unit: id, nest: `${id}/init`, port: "in" });
  return {
    id: `${id}/init`,
    loops,
    lanes,
    ii: 1,
    latency: 1,
    guards: [],
    ports: [port("in", "in", loops.length), port("full", "out", 0, "buffer")],
    work: { kind: "write", scratch: "tile", access: { dims, shape }, port: "in" },
  };
}
