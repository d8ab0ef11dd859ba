/** Places in loop nests: how a linear form over an operator's indices becomes an affine form over the counters of one copy's nest. */

import type { Access, Affine, Guard, Loop, Nest, Preset } from "../fabric/fabric.ts";
import type { Linear, OperandRead } from "./body.ts";
import type { OuterLoop, ResultStream, StagePlan, TierBuffer } from "./controllers.ts";
import { dependsOn } from "./stage.ts";

/** Which copy: one coordinate per outer loop, and the part of a split fold. */
export interface Copy {
  readonly at: readonly number[];
  readonly part: number;
}

type Draft = Pick<StagePlan, "shape" | "inner" | "split">;

export const loopsOf = (stage: Draft, outer: readonly OuterLoop[]): readonly Loop[] => [
  ...outer.map(outerLoop),
  ...stage.inner.map(({ index, trip, step, count }) => loopOver(index, trip, step, count)),
];

export const outerLoop = ({ name, trips, tile, par, count }: OuterLoop): Loop => loopOver(name, trips, tile * par, count);

/** `per`: elements of the collection `count`, if it is one, that an iteration handles. */
const loopOver = (name: string, trip: number, per: number, count: string | undefined): Loop =>
  count === undefined || trip === 1 ? { name, trip } : { name, trip, size: { tensor: count, per } };

/** `global`: the index's value in the program, rounds included. `local`: its value inside the tile. `lane`: the index that steps along the words of a token. */
export function placeOf(linear: Linear, stage: Draft, outer: readonly OuterLoop[], copy: Copy, lane: string | null, scope: "global" | "local"): Affine {
  const loops = new Array<number>(outer.length + stage.inner.length).fill(0);
  let constant = linear.constant;
  let laneStep = 0;
  for (const [name, factor] of Object.entries(linear.of)) {
    const position = stage.shape.loops.findIndex((index) => index.name === name);
    if (position < 0) continue;
    const inner = stage.inner[position]!;
    const tiles = outer[position];
    if (tiles !== undefined && scope === "global") {
      loops[position] = loops[position]! + factor * tiles.par * tiles.tile;
      constant += factor * copy.at[position]! * tiles.tile;
    }
    const copies = position === stage.shape.kept ? stage.split : 1;
    loops[outer.length + position] = loops[outer.length + position]! + factor * inner.step;
    constant += factor * inner.step * inner.trip * (copies === 1 ? 0 : copy.part);
    if (name === lane) laneStep += factor;
  }
  return { constant, loops, lane: laneStep, ...(scope === "global" && roundsOf(linear, stage)) };
}

/** The part of a linear form that stands for rounds of loops around the section. */
function roundsOf({ of }: Linear, { shape }: Pick<Draft, "shape">): Pick<Affine, "rounds"> {
  const rounds = Object.entries(of).filter(([name]) => !shape.loops.some((index) => index.name === name));
  return rounds.length === 0 ? {} : { rounds: Object.fromEntries(rounds) };
}

/** Affine over the first `count` loops only; the rest has no coefficient. */
export const prefix = (affine: Affine, count: number): Affine => ({ ...affine, loops: affine.loops.slice(0, count) });

/** Places in a tile of `size` as places in one of the pieces, at most of `shape`, into which it is cut. */
export function inPiece(dims: readonly Affine[], size: readonly number[], shape: readonly number[], piece: number): readonly Affine[] {
  let left = piece;
  return dims
    .map((dim, d) => ({ dim, d, pieces: Math.ceil(size[d]! / shape[d]!) }))
    .toReversed()
    .map(({ dim, d, pieces }) => {
      const own = left % pieces;
      left = Math.floor(left / pieces);
      return pieces === 1 ? dim : { ...dim, constant: dim.constant - own * shape[d]! };
    })
    .toReversed();
}

/** Cuts the lanes and turns of `names` that overhang their tile. */
export function guardsOf(
  names: readonly string[],
  stage: Draft,
  outer: readonly OuterLoop[],
  copy: Copy,
  lane: string | null,
  count: number,
): readonly Guard[] {
  return names.flatMap((name) => {
    const position = stage.shape.loops.findIndex((index) => index.name === name);
    const inner = stage.inner[position]!;
    const copies = position === stage.shape.kept ? stage.split : 1;
    if (inner.trip * inner.step * copies <= inner.extent) return [];
    const value = placeOf({ constant: 0, of: { [name]: 1 } }, stage, outer, copy, lane, "local");
    return [{ value: prefix(value, count), limit: inner.extent }];
  });
}

/** The same, and what overhangs the extent in the last tile, or the real extent of a collection. */
export function elementGuards(names: readonly string[], stage: Draft, outer: readonly OuterLoop[], copy: Copy): readonly Guard[] {
  const { shape, inner } = stage;
  const edges = names.flatMap((name): readonly Guard[] => {
    const position = shape.loops.findIndex((index) => index.name === name);
    const { extent, count } = shape.loops[position]!;
    const tiles = outer[position];
    if (count === undefined && (tiles === undefined || tiles.trips * tiles.par * tiles.tile <= extent)) return [];
    const value = placeOf({ constant: 0, of: { [name]: 1 } }, stage, outer, copy, shape.lane, "global");
    return [{ value, limit: extent, ...(count !== undefined && { size: count }) }];
  });
  return [...guardsOf(names, stage, outer, copy, shape.lane, outer.length + inner.length), ...edges];
}

/** What an address generator does, apart from its port. */
export interface Walk {
  readonly loops: readonly Loop[];
  readonly lanes: number;
  readonly access: Access;
  readonly guards: readonly Guard[];
}

/** Walks memory in the stage's own order. */
export function streamWalk(
  operand: OperandRead,
  stage: Draft,
  outer: readonly OuterLoop[],
  copy: Copy,
  level: number,
  words: number,
  shape: readonly number[],
): Walk {
  const lane = words > 1 ? stage.shape.lane : null;
  const dims = operand.at.map((place) => prefix(placeOf(place, stage, outer, copy, lane, "global"), level));
  const names = stage.shape.loops.filter((index) => dependsOn(operand, index.name)).map((index) => index.name);
  return withoutUnitLoops({
    loops: loopsOf(stage, outer).slice(0, level),
    lanes: words,
    access: { dims, shape },
    guards: guardsOf(names, stage, outer, copy, lane, level),
  });
}

/**
 * Walks the boxes that tile buffers hold: outer loops outside the hand-over, copies served in turn, held tiles, then the box row by row.
 * `copy` is any copy that this generator serves.
 */
export function loadWalk(operand: OperandRead, stage: Draft, outer: readonly OuterLoop[], copy: Copy, via: TierBuffer, shape: readonly number[]) {
  const { loops, position } = loadLoops(operand, stage, outer, via);
  const lanes = stage.shape.lanes;
  const dims = operand.at.map((place, d): Affine => {
    const out = new Array<number>(loops.length).fill(0);
    let constant = place.constant;
    for (const [name, factor] of Object.entries(place.of)) {
      const k = stage.shape.loops.findIndex((index) => index.name === name);
      if (k < 0) continue;
      constant += Math.min(0, factor * (stage.inner[k]!.extent - 1));
      const tiles = outer[k];
      if (tiles === undefined) continue;
      const generators = via.generators[k]!;
      constant += factor * tiles.tile * (copy.at[k]! % generators);
      add(out, position.tile.get(k), factor * tiles.tile * tiles.par);
      add(out, position.turn.get(k), factor * tiles.tile * generators);
    }
    const last = d === operand.at.length - 1;
    add(out, position.box[d], last ? lanes : 1);
    return { constant, loops: out, lane: last ? 1 : 0, ...roundsOf(place, stage) };
  });
  const width = via.box.at(-1) ?? 1;
  const guards = width % lanes === 0 || via.box.length === 0 ? [] : [{ value: unitPlace(loops.length, position.box.at(-1)!, lanes), limit: width }];
  const words = via.box.length === 0 ? 1 : lanes;
  return { walk: { loops, lanes: words, access: { dims, shape }, guards }, position };
}

function add(list: number[], at: number | undefined, value: number): void {
  if (at !== undefined) list[at] = list[at]! + value;
}

/** step * counter + lane. */
export function unitPlace(count: number, at: number, step: number): Affine {
  const loops = new Array<number>(count).fill(0);
  loops[at] = step;
  return { constant: 0, loops, lane: 1 };
}

export interface LoadPositions {
  /** Loop of the tile counter of an outer loop, where it turns. */
  readonly tile: ReadonlyMap<number, number>;
  /** Loop over the copies that the generator serves in turn. */
  readonly turn: ReadonlyMap<number, number>;
  readonly box: readonly number[];
}

function loadLoops(operand: OperandRead, { shape }: Draft, outer: readonly OuterLoop[], via: TierBuffer): { loops: readonly Loop[]; position: LoadPositions } {
  const loops: Loop[] = [];
  const tile = new Map<number, number>();
  const turn = new Map<number, number>();
  const push = (name: string, trip: number) => loops.push({ name, trip }) - 1;
  for (const [k, loop] of outer.entries()) if (k < via.hold) tile.set(k, loops.push(outerLoop(loop)) - 1);
  for (const [k, loop] of outer.entries()) {
    const turns = loop.par / via.generators[k]!;
    if (turns > 1 && dependsOn(operand, shape.loops[k]!.name)) turn.set(k, push(`${loop.name}.copy`, turns));
  }
  for (const k of via.held) tile.set(k, push(outer[k]!.name, outer[k]!.trips));
  const box = via.box.map((size, d) => push(`box.${d}`, d === via.box.length - 1 ? Math.ceil(size / shape.lanes) : size));
  return { loops, position: { tile, turn, box } };
}

/** Loops of a result: outer, then its order inside a tile. */
export function resultLoops(result: ResultStream, outer: readonly OuterLoop[]): readonly Loop[] {
  return [...outer.map(outerLoop), ...result.loops.map(({ dim, trip, step, count }) => loopOver(`dim.${dim}`, trip, step, count))];
}

/** Place of a result's word inside its tile, per dimension. */
export function resultPlaces(result: ResultStream, outer: readonly OuterLoop[]): readonly Affine[] {
  return result.shape.map((_, dim) => {
    const loops = new Array<number>(outer.length + result.loops.length).fill(0);
    for (const [i, loop] of result.loops.entries()) if (loop.dim === dim) loops[outer.length + i] = loop.step;
    return { constant: 0, loops, lane: result.lane === dim ? 1 : 0 };
  });
}

/** The same in the whole tensor: tile by tile along the shared loops. */
export function globalPlaces(result: ResultStream, outer: readonly OuterLoop[], at: readonly number[]): readonly Affine[] {
  return resultPlaces(result, outer).map((place, dim) => {
    const tiles = outer[dim];
    if (tiles === undefined) return place;
    const loops = [...place.loops];
    loops[dim] = loops[dim]! + tiles.par * tiles.tile;
    return { ...place, loops, constant: place.constant + at[dim]! * tiles.tile };
  });
}

/** Cuts the words of a result that overhang its tile. */
export function tileGuards(result: ResultStream, outer: readonly OuterLoop[]): readonly Guard[] {
  return resultPlaces(result, outer).flatMap((value, dim) => (overhangs(result, dim) ? [{ value, limit: result.shape[dim]! }] : []));
}

function overhangs({ loops, lane, words, shape }: ResultStream, dim: number): boolean {
  const reach = loops.filter((loop) => loop.dim === dim).reduce((sum, loop) => sum + (loop.trip - 1) * loop.step, 0);
  return reach + (lane === dim ? words : 1) > shape[dim]!;
}

/** Leaves out loops that turn once: they need no counter. */
export function withoutUnitLoops<T extends Walk>(walk: T): T {
  const keep = walk.loops.map((loop) => loop.trip > 1);
  if (keep.every(Boolean)) return walk;
  const cut = (affine: Affine): Affine => ({ ...affine, loops: affine.loops.filter((_, i) => keep[i]) });
  return {
    ...walk,
    loops: walk.loops.filter((_, i) => keep[i]),
    access: { ...walk.access, dims: walk.access.dims.map(cut) },
    guards: walk.guards.map((guard) => ({ ...guard, value: cut(guard.value) })),
  };
}

/** The same for what stands in a memory at the start. */
export function withoutUnitPreset(preset: Preset): Preset {
  const { from, to, ...walk } = preset;
  const keep = preset.loops.map((loop) => loop.trip > 1);
  const cut = (affine: Affine): Affine => ({ ...affine, loops: affine.loops.filter((_, i) => keep[i]) });
  const { access, ...rest } = withoutUnitLoops({ ...walk, access: from });
  return { ...rest, from: access, to: { ...to, dims: to.dims.map(cut) } };
}

/** The same for a whole nest: levels count the loops that are left. */
export function withoutUnitNest(nest: Nest): Nest {
  const keep = nest.loops.map((loop) => loop.trip > 1);
  if (keep.every(Boolean)) return nest;
  const cut = (affine: Affine): Affine => ({ ...affine, loops: affine.loops.filter((_, i) => keep[i]) });
  const level = (old: number): number => keep.slice(0, old).filter(Boolean).length;
  const { work } = nest;
  return {
    ...nest,
    loops: nest.loops.filter((_, i) => keep[i]),
    guards: nest.guards.map((guard) => ({ ...guard, value: cut(guard.value) })),
    ports: nest.ports.map((port) => ({ ...port, level: level(port.level) })),
    work: cutWork(work, cut, level),
  };
}

function cutWork(work: Nest["work"], cut: (affine: Affine) => Affine, level: (old: number) => number): Nest["work"] {
  switch (work.kind) {
    case "compute":
      return {
        ...work,
        nodes: work.nodes.map((node) => {
          if (node.kind === "affine") return { ...node, value: cut(node.value) };
          return node.kind === "reduce" || node.kind === "scan" ? { ...node, level: level(node.level) } : node;
        }),
      };
    case "systolic":
      return { ...work, level: level(work.level) };
    case "load":
    case "store":
    case "write":
    case "read":
    case "fold":
      return { ...work, access: { ...work.access, dims: work.access.dims.map(cut) } };
    case "scatter":
    case "gather":
    case "fetch":
    case "append":
    case "hash":
      return work;
  }
}
