/**
 * Tile buffers between two stages. Where both have as many copies, each copy of the reader has a PMU that its own copy of the writer fills. Where the writer has more, the tiles of several of
 * its copies are gathered, in one PMU or in a chain of them; where it has fewer, its tiles are dealt out in turn.
 *
 *     scores[0..11] -> 3 PMUs, each with the tiles of 4 copies -> max         12 copies of scores, one of max that takes their tiles in turn
 */

import type { Affine, Guard, Loop, Nest } from "../fabric/fabric.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { scratchLayout, useOf } from "./banking.ts";
import type { OuterLoop, ResultStream, StageBuffer, StagePlan } from "./controllers.ts";
import { makes } from "./group.ts";
import { type Copy, inPiece, loopsOf, placeOf, prefix, resultLoops, resultPlaces } from "./nests.ts";
import { cutInto, inPlaces, type Meeting, meetingOf, resultOf } from "./sizes.ts";
import { addUnit, type Builder, chainOf, connect, counter, freshId, handOver, label, port, resultKey, type Source } from "./wiring.ts";

/** Loop `at` as a loop outside and one of `turns` iterations inside of the loops before place `to`. */
const splitLoop = (loops: readonly Loop[], at: number, turns: number, to: number): readonly Loop[] =>
  turns === 1 || at >= loops.length
    ? loops
    : loops.map((loop, l) => (l === at ? { ...loop, trip: loop.trip / turns } : loop)).toSpliced(to, 0, { name: `${loops[at]!.name}.copy`, trip: turns });

function splitPlace(place: Affine, at: number, turns: number, to: number): Affine {
  if (turns === 1 || at >= place.loops.length) return place;
  const factor = place.loops[at]!;
  return { ...place, loops: place.loops.with(at, factor * turns).toSpliced(to, 0, factor) };
}

/** A nest that replays a buffer, and what it waits for. */
export interface Replay {
  readonly id: string;
  readonly loops: readonly Loop[];
  readonly words: number;
  readonly dims: readonly Affine[];
  readonly shape: readonly number[];
  /** Ports of hand-overs, and their level. */
  readonly ready: readonly string[];
  readonly hold: number;
  /** Other elements come from another PMU. */
  readonly chained: boolean;
}

export function readerNest({ machine }: Builder, { id, loops, words, dims, shape, ready, hold, chained }: Replay): Nest {
  return {
    id: `${id}/read`,
    loops,
    lanes: words,
    ii: 1,
    latency: machine.pmu.latency_cycles,
    guards: [],
    ports: [...ready.map((name) => port(name, "in", hold, "buffer")), ...(chained ? [port("rest", "in", loops.length)] : []), port("out", "out", loops.length)],
    work: { kind: "read", scratch: "tile", access: { dims, shape }, port: "out", ...(chained && { rest: "rest" }) },
  };
}

/** The buffers of one copy of the reader. */
export function stageBuffer(builder: Builder, stage: StagePlan, position: number, copy: Copy, via: StageBuffer): Source {
  const id = freshId(builder, `${stage.shape.name}.${stage.shape.operands[position]!.tensor}${position}${label(stage.loops, copy.at)}`);
  return chainOf(builder, id, via.pmus, (own, piece, rest) => bufferPiece(builder, stage, position, copy, via, own, piece, rest));
}

/** One of the PMUs: the tiles of some copies of the writer, or a piece of one. What it does not have comes from the next one, `rest`. */
function bufferPiece(
  builder: Builder,
  stage: StagePlan,
  position: number,
  copy: Copy,
  via: StageBuffer,
  id: string,
  piece: number,
  rest: Source | null,
): Source {
  const { shape, loops } = stage;
  const operand = shape.operands[position]!;
  const from = builder.plan.stages.find((other) => makes(other.shape, operand.tensor))!;
  const meeting = meetingOf(from.loops, loops);
  const { at, gathered, turns } = meeting;
  const places = via.cuts > 1 ? 1 : Math.ceil(gathered / via.pmus);
  const first = Math.floor(piece / via.cuts) * places;
  const members = Array.from({ length: Math.min(places, gathered - first) }, (_, w) => first + w);
  const cut = cutInto(via.shape, via.cuts);
  const own = (dims: readonly Affine[]): readonly Affine[] => inPiece(dims, via.shape, cut, piece % via.cuts);
  const size = inPlaces(meeting, places, cut);
  const writers = members.map((member, w) => writerOf(builder, stage, from, meeting, copy, { operand: operand.tensor, member, place: w, size, own, id }));
  const { level, words } = stage.operands[position]!;
  const lane = words === 1 ? null : position === shape.systolic?.stageOperand ? shape.rows : shape.lane;
  /** The loops of its own that the reader shares, then one over the turns that are handed over together, then one over copies. */
  const hold = Math.min(loops.length, level);
  const split = <T>(one: T, cutAt: (one: T, at: number, turns: number, to: number) => T): T => cutAt(cutAt(one, at, gathered, hold), at, turns, hold);
  const inTile = operand.at.map((place, d) =>
    split(prefix(placeOf(place, stage, loops, copy, lane, d < loops.length ? "local" : "global"), level), splitPlace),
  );
  const readLoops = split(loopsOf(stage, loops).slice(0, level), splitLoop);
  const turn = counter(readLoops.length, hold);
  const member = { ...counter(readLoops.length, hold + (turns > 1 ? 1 : 0)), constant: 0 - first };
  const reader = readerNest(builder, {
    id,
    loops: readLoops,
    words,
    dims: [...(gathered > 1 ? [member] : []), ...(turns > 1 ? [turn] : []), ...own(inTile)],
    shape: size,
    ready: writers.length === 1 ? ["ready"] : writers.map((_, w) => `ready${w}`),
    hold,
    chained: rest !== null,
  });
  const { bytes, lie } = scratchLayout(size, bytesOf(operand.dtype), builder.machine, useOf(shape, position));
  addUnit(builder, {
    id,
    kind: "pmu",
    operator: shape.name,
    nests: [...writers.map(({ nest }) => nest), reader],
    scratch: [{ name: "tile", dtype: operand.dtype, shape: size, ...lie, buffers: via.buffers, bytes: bytes * via.buffers }],
  });
  writers.forEach(({ nest, source }, w) => {
    connect(builder, source, { unit: id, nest: nest.id, port: "in" });
    const ready = writers.length === 1 ? "ready" : `ready${w}`;
    handOver(builder, { unit: id, nest: nest.id, port: "full" }, { unit: id, nest: reader.id, port: ready }, via.buffers);
  });
  if (rest !== null) connect(builder, rest, { unit: id, nest: reader.id, port: "rest" });
  return { end: { unit: id, nest: reader.id, port: "out" }, words, dtype: operand.dtype };
}

interface Place {
  readonly operand: string;
  /** Of the copies whose tiles are gathered, and where its tile stands in this PMU. */
  readonly member: number;
  readonly place: number;
  readonly size: readonly number[];
  /** Places in a tile as places in the piece of it. */
  readonly own: (dims: readonly Affine[]) => readonly Affine[];
  readonly id: string;
}

/** Writes what one copy of the writer makes, of that what is for this copy of the reader. */
function writerOf(
  { results }: Builder,
  stage: StagePlan,
  from: StagePlan,
  { at, gathered, dealt, turns }: Meeting,
  copy: Copy,
  { operand, member, place, size, own: ownOf, id }: Place,
): { readonly nest: Nest; readonly source: Source } {
  const [own, makers] = [stage.loops[at]?.par ?? 1, from.loops[at]?.par ?? 1];
  const maker = from.loops.map((_, k) => (k === at ? (gathered > 1 ? member * own + copy.at[k]! : copy.at[k]! % makers) : (copy.at[k] ?? 0)));
  const source = results.get(resultKey(operand, maker))!;
  const result = resultOf(from, operand);
  const outer = from.loops.length;
  const inside = Math.max(dealt, turns);
  const loops = splitLoop(resultLoops(result, from.loops), at, inside, outer);
  const inTile = ownOf(placesFor(result, from.loops, stage.loops).map((one) => splitPlace(one, at, inside, outer)));
  const first: Affine = { constant: place, loops: new Array<number>(loops.length).fill(0), lane: 0 };
  const turn = counter(loops.length, outer);
  const guards: readonly Guard[] = dealt === 1 ? [] : [{ value: { ...turn, constant: 0 - Math.floor((copy.at[at] ?? 0) / makers) }, limit: 1 }];
  const several = gathered > 1 && size[0]! > 1;
  const nest: Nest = {
    id: several ? `${id}/write${place}` : `${id}/write`,
    loops,
    lanes: source.words,
    ii: 1,
    latency: 1,
    guards,
    ports: [port("in", "in", loops.length), port("full", "out", stage.loops.length, "buffer")],
    work: {
      kind: "write",
      scratch: "tile",
      access: { dims: [...(gathered > 1 ? [first] : []), ...(turns > 1 ? [turn] : []), ...inTile], shape: size },
      port: "in",
    },
  };
  return { nest, source };
}

/** Places of a result in what a reader takes of it: block after block where it stands outside of them. */
const placesFor = (result: ResultStream, writer: readonly OuterLoop[], reader: readonly OuterLoop[]): readonly Affine[] =>
  resultPlaces(result, writer).map((place, d) =>
    d >= reader.length && d < writer.length ? { ...place, loops: place.loops.with(d, place.loops[d]! + writer[d]!.tile) } : place,
  );
