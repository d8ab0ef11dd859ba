/**
 * Pipeline: how each operand reaches its stage. A stream is free but must come in the stage's own order and epoch; a tile buffer replays anything that fits a PMU.
 */

import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { scratchLayout, type Use, useOf } from "./banking.ts";
import type { Carried, OperandRead } from "./body.ts";
import type { PlanContext } from "./context.ts";
import type { InnerLoop, OuterLoop, StagePlan, TierBuffer, Via } from "./controllers.ts";
import { type Group, makes } from "./group.ts";
import { cutInto, inPlaces, meetingOf, pmuInputs, product, resultOf, tileCycles, tileFor } from "./sizes.ts";
import { dependsOn, laneStep, type StageShape } from "./stage.ts";

interface Draft {
  readonly shape: StageShape;
  readonly inner: readonly InnerLoop[];
}

/** Loops (outer first, then inner) that stand outside the operand's level: one more than the deepest that really turns and on which it depends. */
export function levelOf(operand: OperandRead, { shape, inner }: Draft, loops: readonly OuterLoop[]): number {
  let level = operand.carried === undefined ? 0 : 1;
  shape.loops.forEach((index, position) => {
    if (!dependsOn(operand, index.name)) return;
    if (inner[position]!.trip > 1) level = Math.max(level, loops.length + position + 1);
    else if ((loops[position]?.trips ?? 1) > 1) level = Math.max(level, position + 1);
  });
  return level;
}

interface Arrival {
  readonly from: StagePlan | null;
  /** Region in which it can arrive at the earliest. */
  readonly earliest: number;
  /** Can it come without a tile buffer? */
  readonly direct: boolean;
}

/** `atHome`: a part before it in the section left the tensor on the chip, if no stage `before` makes it: there each element can be read as often as it is wanted. */
export function arrivalOf(
  operand: OperandRead,
  draft: Draft,
  loops: readonly OuterLoop[],
  before: readonly StagePlan[],
  { machine, buffered }: Pick<PlanContext, "machine" | "buffered">,
  atHome: boolean,
): Arrival {
  if (operand.carried !== undefined) return { from: null, earliest: 1, direct: false };
  const from = before.find((stage) => makes(stage.shape, operand.tensor)) ?? null;
  if (from === null) {
    const direct = atHome ? canStream(operand, draft) : buffered?.has(operand.tensor) !== true && streamsFromTier(operand, draft, loops);
    return { from, earliest: direct ? 0 : 1, direct };
  }
  const inOrder = from.loops.length === loops.length && sameOrder(operand, draft, from, loops) && from.loops.every(({ par }, k) => par === loops[k]!.par);
  if (isFold(from.shape)) {
    const tokens = resultOf(from, operand.tensor).loops.reduce((product, loop) => product * loop.trip, 1);
    const direct = inOrder && (from.shape.operator.kind === "groupBy" || tokens <= machine.pcu.fifo_depth);
    return { from, earliest: from.epoch + 1, direct };
  }
  return { from, earliest: inOrder ? from.epoch : from.epoch + 1, direct: inOrder };
}

const isFold = (shape: StageShape): boolean => shape.loops.length > shape.kept;

export function viaOf(
  operand: OperandRead,
  arrival: Arrival,
  epoch: number,
  draft: Draft,
  loops: readonly OuterLoop[],
  group: Group,
  context: PlanContext,
): Via | string {
  const use = useOf(draft.shape, draft.shape.operands.indexOf(operand));
  const pinned = context.program.schedule?.buffer?.[operand.tensor];
  if (pinned !== undefined && staysOnChip(operand, group)) return `"${operand.tensor}" stays on the chip, and its schedule wants ${pinned} buffers of it`;
  if (operand.carried !== undefined) return carriedBuffer(operand, operand.carried, use, context);
  if (arrival.from !== null) {
    if (pinned === undefined && arrival.direct && arrival.earliest === epoch) return { kind: "stage-stream", from: arrival.from.shape.name };
    return stageBuffer(operand, arrival.from, use, pinned, context, loops);
  }
  const shared = group.shapes.some((shape) => shape !== draft.shape && shape.operands.some((other) => other.tensor === operand.tensor));
  if (pinned !== undefined) return tierBuffer(operand, draft, use, loops, group, context, pinned);
  if (arrival.direct && (epoch === 0 || !shared || context.homes.has(operand.tensor))) return { kind: "tier-stream", alone: epoch > 0 };
  const buffer = tierBuffer(operand, draft, use, loops, group, context);
  if (staysOnChip(operand, group)) return buffer;
  if (typeof buffer !== "string") return buffer;
  return canStream(operand, draft) ? { kind: "tier-stream", alone: true } : buffer;
}

/** Can an address generator feed it: words next to each other or one word, and no element twice. */
function streamsFromTier(operand: OperandRead, draft: Draft, loops: readonly OuterLoop[]): boolean {
  return canStream(operand, draft) && readsOnce(operand, draft, loops);
}

const canStream = (operand: OperandRead, { shape }: Draft): boolean => shape.mode === "simd" && laneStep(operand, shape.lane) !== "strided";

function readsOnce(operand: OperandRead, draft: Draft, loops: readonly OuterLoop[]): boolean {
  const { shape, inner } = draft;
  const level = levelOf(operand, draft, loops);
  const overlaps = operand.at.some((place) => shape.loops.filter((index) => place.of[index.name] !== undefined).length > 1);
  const repeats = shape.loops.some((index, position) => {
    if (dependsOn(operand, index.name)) return false;
    return ((loops[position]?.trips ?? 1) > 1 && position < level) || (inner[position]!.trip > 1 && loops.length + position < level);
  });
  return !overlaps && !repeats;
}

/** Does the reader take the tokens just as the writer makes them? */
function sameOrder(operand: OperandRead, { shape, inner }: Draft, from: StagePlan, loops: readonly OuterLoop[]): boolean {
  const result = resultOf(from, operand.tensor);
  if (shape.mode === "systolic") return false;
  const lane = laneStep(operand, shape.lane);
  if (lane === "strided") return false;
  const plain = operand.at.map((place) => {
    const names = Object.keys(place.of);
    return place.constant === 0 && names.length === 1 && place.of[names[0]!] === 1 ? names[0]! : null;
  });
  const laneDim = lane === "same" ? null : operand.at.length - 1;
  if (laneDim !== result.lane || (lane === "same" ? result.words !== 1 : result.words !== shape.lanes)) return false;
  const level = levelOf(operand, { shape, inner }, loops);
  const mine = inner.slice(0, Math.max(0, level - loops.length)).filter((loop) => loop.trip > 1);
  const theirs = result.loops.filter((loop) => loop.trip > 1);
  if (loops.some((loop, k) => loop.trips > 1 && k >= level)) return false;
  if (plain.some((name) => name === null) && operand.at.length > 0) return false;
  return (
    mine.length === theirs.length &&
    mine.every(({ index, trip, step, count }, i) => {
      const other = theirs[i]!;
      return plain[other.dim] === index && trip === other.trip && step === other.step && count === other.count;
    })
  );
}

function stageBuffer(
  operand: OperandRead,
  from: StagePlan,
  use: Use,
  pinned: number | undefined,
  { machine, whole }: PlanContext,
  loops: readonly OuterLoop[],
): Via | string {
  const result = resultOf(from, operand.tensor);
  const { words } = result;
  const shape = tileFor(result, from.loops, loops);
  const meeting = meetingOf(from.loops, loops);
  const { at, gathered, dealt, turns } = meeting;
  if (turns > 1 && dealt > 1) return `more copies take "${operand.tensor}" whole than make it block by block`;
  const bytesFor = (tiles: number): number => scratchLayout(inPlaces(meeting, tiles, shape), bytesOf(operand.dtype), machine, use).bytes;
  const bytes = bytesFor(1);
  const once = (dealt > 1 ? loops : from.loops.slice(0, loops.length)).every(({ trips }, k) => trips === (k === at ? turns : 1));
  if (pinned !== undefined && pinned * bytes > machine.pmu.bytes) return tooBig(operand.tensor, bytes, machine, pinned);
  const least = once ? 1 : 2;
  const stage = { kind: "stage-buffer", from: from.shape.name, shape } as const;
  if (pinned === undefined && least * bytes > machine.pmu.bytes) {
    if (whole !== undefined) whole.refused = true;
    const cuts =
      loops.length === 0 || whole !== undefined || turns > 1 ? null : piecesFor(shape, least, machine.pmu.count, bytesOf(operand.dtype), machine, use);
    return cuts === null ? tooBig(operand.tensor, bytes * least, machine) : { ...stage, buffers: least, pmus: gathered * cuts, cuts };
  }
  const inputs = pmuInputs(words, machine).ports;
  const written = product(result.loops.map(({ trip }) => trip)) / tileCycles(from);
  const fits = (tiles: number): boolean =>
    tiles + (tiles < gathered ? 1 : 0) <= inputs && tiles * written <= machine.pmu.write_ports && bytesFor(tiles) * (pinned ?? least) <= machine.pmu.bytes;
  let pieces = Math.max(1, Math.ceil(gathered / inputs));
  while (pieces < gathered && !fits(Math.ceil(gathered / pieces))) pieces++;
  const places = Math.ceil(gathered / pieces);
  const buffers = pinned ?? (once ? 1 : Math.min(3, Math.floor(machine.pmu.bytes / bytesFor(places))));
  return { ...stage, buffers, pmus: Math.ceil(gathered / places), cuts: 1 };
}

const tooBig = (tensor: string, bytes: number, machine: Machine, tiles = 1): string =>
  `${tiles === 1 ? "a tile" : `${tiles} tiles`} of "${tensor}" ${tiles === 1 ? "needs" : "need"} ${tiles * bytes} bytes of a PMU's ${machine.pmu.bytes}`;

/** A carried tensor, whole, for this round and the next. */
function carriedBuffer({ tensor, dtype }: OperandRead, { from, init }: Carried, use: Use, { machine, program }: PlanContext): Via | string {
  const { shape } = program.tensors.find(({ name }) => name === tensor)!;
  const { bytes } = scratchLayout(shape, bytesOf(dtype), machine, use);
  return 2 * bytes > machine.pmu.bytes ? tooBig(tensor, 2 * bytes, machine) : { kind: "carried", from, init, shape };
}

/** In a loop on the chip: is it carried, or loaded once for all rounds? */
const staysOnChip = (operand: OperandRead, { loop }: Group): boolean =>
  loop !== undefined && (operand.carried !== undefined || !dependsOn(operand, loop.round.name));

/** `pinned`: buffers that the schedule wants, each of one turn of the loops. */
function tierBuffer(
  operand: OperandRead,
  draft: Draft,
  use: Use,
  loops: readonly OuterLoop[],
  group: Group,
  { machine, program, whole }: PlanContext,
  pinned?: number,
): TierBuffer | string {
  const { shape } = draft;
  const dependent = loops.map((_, k) => dependsOn(operand, shape.loops[k]!.name));
  const deepest = dependent.lastIndexOf(true) + 1;
  const box = operand.at.map((place) => 1 + Object.entries(place.of).reduce((sum, [name, step]) => sum + Math.abs(step) * (extentOf(draft, name) - 1), 0));
  const boxElements = box.reduce((product, size) => product * size, 1);
  const resident = staysOnChip(operand, group);
  const preset = resident && program.tensors.find(({ name }) => name === operand.tensor)!.tier === "sram";
  let smallest = Number.POSITIVE_INFINITY;
  /** With the least traffic, in at most so many PMUs. */
  const leastTraffic = (mostPmus: number): TierBuffer | null => {
    let best: { buffer: TierBuffer; traffic: number } | null = null;
    for (let hold = resident ? 0 : deepest; hold >= (pinned === undefined ? 0 : deepest); hold--) {
      let handovers = 1;
      for (let k = 0; k < hold; k++) handovers *= loops[k]!.trips;
      let traffic = handovers * boxElements;
      for (let k = hold; k < loops.length; k++) if (dependent[k]) traffic *= loops[k]!.trips;
      if (best !== null && traffic >= best.traffic) continue;
      const held = loops.flatMap((loop, k) => (k >= hold && dependent[k] && loop.trips > 1 ? [k] : []));
      const size = [...held.map((k) => loops[k]!.trips), ...box];
      const buffers = pinned ?? (handovers > 1 ? 2 : 1);
      const bytes = scratchLayout(size, bytesOf(operand.dtype), machine, use).bytes * buffers;
      const pmus = bytes <= machine.pmu.bytes ? 1 : piecesFor(size, buffers, mostPmus, bytesOf(operand.dtype), machine, use);
      smallest = Math.min(smallest, bytes);
      if (pmus !== null) best = { traffic, buffer: { kind: "tier-buffer", hold, held, box, buffers, pmus, preset, generators: loops.map(() => 1) } };
    }
    return best?.buffer ?? null;
  };
  const one = resident ? null : leastTraffic(1);
  if (one !== null) return one;
  if (whole !== undefined && !resident) {
    whole.refused = true;
    return tooBig(operand.tensor, smallest, machine);
  }
  return leastTraffic(machine.pmu.count) ?? tooBig(operand.tensor, smallest, machine);
}

/** As few PMUs, but at most so many, as hold the buffers of a tile that is cut into pieces, its last dimension only where it has no other; null where they cannot. */
export function piecesFor(size: readonly number[], buffers: number, most: number, dtypeBytes: number, machine: Machine, use: Use): number | null {
  const bytesIn = (pieces: number): number => scratchLayout(cutInto(size, pieces), dtypeBytes, machine, use).bytes * buffers;
  const rows = product(size.slice(0, -1));
  const limit = Math.min(most, rows > 1 ? rows : (size[0] ?? 1));
  let pieces = Math.max(1, Math.min(limit, Math.floor(bytesIn(1) / machine.pmu.bytes)));
  while (pieces < limit && bytesIn(pieces) > machine.pmu.bytes) pieces++;
  const shape = cutInto(size, pieces);
  return bytesIn(pieces) > machine.pmu.bytes ? null : product(size.map((extent, d) => Math.ceil(extent / shape[d]!)));
}

/** Of the tile. The round of a loop around the section is one number. */
const extentOf = ({ inner }: Draft, index: string): number => inner.find((loop) => loop.index === index)?.extent ?? 1;
