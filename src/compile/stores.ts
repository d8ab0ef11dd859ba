/** What leaves the chip as units: address generators, and the PMUs that gather the tiles of several copies for one of them. */

import type { Affine, Guard, Loop, Nest } from "../fabric/fabric.ts";
import { lanesFor } from "../machine/derived.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { scratchLayout } from "./banking.ts";
import type { OuterLoop, StagePlan, StorePlan } from "./controllers.ts";
import { leaveAtHome } from "./homes.ts";
import { globalPlaces, outerLoop, resultLoops, resultPlaces, tileGuards, unitPlace } from "./nests.ts";
import { loopsAround, product, resultOf } from "./sizes.ts";
import { keptLoops, type TableShard } from "./stage.ts";
import { addUnit, type Builder, connect, copiesAt, counter, freshId, handOver, label, port, resultKey, type Source, shapeOf } from "./wiring.ts";

export function buildStores(builder: Builder, stage: StagePlan, store: StorePlan): void {
  const loops = loopsAround(stage, stage.loops);
  const { shards } = stage.shape;
  if (shards.length > 1) {
    shards.forEach((shard, part) => {
      storeShard(builder, stage, store, shard, part);
    });
    return;
  }
  const groups = loops.map((loop, k) => ({ ...loop, par: loop.par / store.collect[k]! }));
  for (const at of copiesAt(groups)) {
    if (product(store.collect) === 1) storeDirect(builder, stage, store, at);
    else storeCollected(builder, stage, store, at, groups);
  }
}

/** A table's part goes behind those before it. All but the last are whole vectors, and that ends with the tensor. */
function storeShard(builder: Builder, stage: StagePlan, store: StorePlan, { first, size }: TableShard, part: number): void {
  const { lanes, shards } = stage.shape;
  const [at] = copiesAt(stage.loops);
  const source = builder.results.get(resultKey(store.tensor, at!, part))!;
  const place: Affine = { ...unitPlace(1, 0, lanes), constant: first };
  addStore(builder, stage, store, label(stage.loops, at!, part, shards.length), source, [{ name: "key", trip: Math.ceil(size / lanes) }], lanes, [place], []);
}

function storeDirect(builder: Builder, stage: StagePlan, store: StorePlan, at: readonly number[]): void {
  const outer = loopsAround(stage, stage.loops);
  const result = resultOf(stage, store.tensor);
  const source = builder.results.get(resultKey(store.tensor, at))!;
  const places = globalPlaces(result, outer, at);
  const guards = [...tileGuards(result, outer), ...sizeGuards(stage, store, places)];
  addStore(builder, stage, store, label(outer, at), source, resultLoops(result, outer), source.words, places, guards);
}

/** Elements beyond the real extent of a collection are not written. */
function sizeGuards({ shape }: StagePlan, { field }: StorePlan, places: readonly Affine[]): readonly Guard[] {
  if (field > 0 || shape.kept === 0) return [];
  return places.flatMap((value, dim) => {
    const { extent, count } = keptLoops(shape)[dim]!;
    return count === undefined ? [] : [{ value, limit: extent, size: count }];
  });
}

function addStore(
  builder: Builder,
  stage: StagePlan,
  { tensor, into = tensor, to }: StorePlan,
  suffix: string,
  source: Source,
  loops: readonly Loop[],
  lanes: number,
  dims: readonly Affine[],
  guards: Nest["guards"],
): void {
  if (to.includes("home")) leaveAtHome(builder, tensor, { source, loops, lanes, dims, guards });
  if (!to.includes("memory")) return;
  const id = freshId(builder, `${into}.store${suffix}`);
  const inLoop = builder.plan.loop !== undefined;
  const nest: Nest = {
    id,
    loops,
    lanes,
    ii: 1,
    latency: builder.machine.ag.latency_cycles,
    guards: inLoop ? [...guards, lastRound(stage.loops[0]!, loops.length)] : guards,
    ports: [port("in", "in", loops.length)],
    work: { kind: "store", tensor: into, access: { dims: inLoop ? dims.slice(1) : dims, shape: shapeOf(builder, into) }, port: "in" },
  };
  addUnit(builder, { id, kind: "ag", operator: stage.shape.name, nests: [nest] });
  connect(builder, source, { unit: id, nest: id, port: "in" });
}

/** What the rounds before the last one made stays on the chip. */
const lastRound = ({ trips }: OuterLoop, count: number): Guard => ({ value: { ...counter(count, 0), constant: 1 - trips }, limit: 1 });

/** One PMU gathers the tiles of several copies, and one generator writes them row by row. */
function storeCollected(builder: Builder, stage: StagePlan, store: StorePlan, at: readonly number[], groups: readonly OuterLoop[]): void {
  const { machine } = builder;
  const outer = loopsAround(stage, stage.loops);
  const result = resultOf(stage, store.tensor);
  const members = copiesAt(outer.map((loop, k) => ({ ...loop, par: store.collect[k]! })));
  const dtype = builder.program.tensors.find((item) => item.name === store.tensor)!.dtype;
  const lanes = result.shape.length === 0 ? 1 : lanesFor(machine, bytesOf(dtype));
  const size = [members.length, ...result.shape];
  const id = freshId(builder, `${store.tensor}.collect${label(groups, at)}`);
  const readLoops: Loop[] = [...outer.map(outerLoop), ...outer.map((loop, k) => ({ name: `${loop.name}.copy`, trip: store.collect[k]! }))];
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
    connect(builder, source, { unit: id, nest: `${id}/write${w}`, port: "in" });
    return {
      id: `${id}/write${w}`,
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
    id: `${id}/read`,
    loops: readLoops,
    lanes,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: [],
    ports: [...writers.map((_, w) => port(`ready${w}`, "in", outer.length, "buffer")), port("out", "out", readLoops.length)],
    work: { kind: "read", scratch: "tile", access: { dims: [member, ...local], shape: size }, port: "out" },
  };
  const { bytes, lie } = scratchLayout(size, bytesOf(dtype), machine, "rows");
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: stage.shape.name,
    nests: [...writers, reader],
    scratch: [{ name: "tile", dtype, shape: size, ...lie, buffers: store.buffers, bytes: bytes * store.buffers }],
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
  const guards = [...(width % lanes === 0 ? [] : [{ value: local[last]!, limit: width }]), ...sizeGuards(stage, store, dims)];
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
