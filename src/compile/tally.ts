/**
 * What the stages of a plan come to: cycles of the slowest stage and the first tiles, tokens of the busiest address generator, bytes by tier and who walks them. cost.ts makes of it the
 * cycles that the plan is expected to take. It steers choices only.
 */

import { gcd } from "../base/gcd.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, tensorNamed, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { OperandRead } from "./body.ts";
import type { PlanContext } from "./context.ts";
import type { OperandPlan, OuterLoop, StagePlan, StorePlan, TierBuffer, Via } from "./controllers.ts";
import { boxOfWalk, isFilledByMakers } from "./homes.ts";
import type { Walkers } from "./pace.ts";
import { copiesOf, handovers, loadKey, loadVectors, loopsAround, product, resultOf, tensorsReadTwice, tileCycles } from "./sizes.ts";
import { dependsOn } from "./stage.ts";
import { loadWalkers, storeWalkers } from "./walkers.ts";

/** Cycles that a hand-over of a tile buffer costs when the next tile waits for it: pipeline depths and hops, halved by double buffering. Assumed; steers the search only. */
const HANDOVER_CYCLES = 30;

/** Share of its time in which an address generator moves vectors when tile after tile waits for it: the rest it waits for memory and for buffers to be free. Assumed; steers the search only. */
export const GENERATOR_LOAD = 0.8;

/** Ticks of a gather of one vector at random: 16 lanes over 16 banks meet three deep on average. Steers the search only. */
const BANK_TURNS = 3;

export interface Tally {
  /** Of the slowest stage, all its turns. */
  readonly compute: number;
  /** Of the slowest stage on one tile, by epoch: what hands a tile to the next epoch begins it anew there, and nothing hides the hand-over of the first and the last one. */
  readonly fills: readonly number[];
  /** Tokens of the busiest address generator. */
  readonly generator: number;
  /** Cycles that generators take for the first tiles, and bytes of those, without what is in their bursts besides and with it. */
  readonly first: number;
  readonly leastFirst: number;
  readonly firstBytes: number;
  /** The part begins when its homes are full. */
  readonly homes: number;
  readonly bytes: { readonly hbm: number; readonly ddr: number };
  /** Of them, what is asked for: the rest is in the same bursts. */
  readonly least: { readonly hbm: number; readonly ddr: number };
  /** Of those, what is in no walk: tables and records. */
  readonly unwalked: { readonly hbm: number; readonly ddr: number };
  /** By tier: what pace.ts is asked with. */
  readonly walks: { readonly [Tier in "hbm" | "ddr"]: readonly (() => Walkers)[] };
  /** A loop on the chip. */
  readonly inLoop: boolean;
  /** Something comes from memory in tiles. */
  readonly inTiles: boolean;
}

/** A tally that is being made. */
interface Sum extends Omit<Tally, "fills" | "bytes" | "least" | "unwalked" | "walks"> {
  compute: number;
  readonly fills: number[];
  generator: number;
  first: number;
  leastFirst: number;
  firstBytes: number;
  homes: number;
  readonly bytes: { hbm: number; ddr: number };
  readonly least: { hbm: number; ddr: number };
  readonly unwalked: { hbm: number; ddr: number };
  readonly walks: { readonly [Tier in "hbm" | "ddr"]: (() => Walkers)[] };
  readonly context: PlanContext;
  /** Two readers that walk the same tensor alike share a generator, unless one must have its own: the second costs nothing. */
  readonly charged: Set<string>;
  readonly readTwice: ReadonlySet<string>;
}

/** `section`: its outer loops. */
export function tallyOf(stages: readonly StagePlan[], section: readonly OuterLoop[], context: PlanContext, inLoop: boolean): Tally {
  const buffered = isBuffered(stages, section, inLoop);
  const hasKind = (wanted: (via: Via) => boolean): boolean => stages.some(({ operands }) => operands.some(({ via }) => wanted(via)));
  const handover = hasKind(isBuffer) ? 2 * HANDOVER_CYCLES : 0;
  const sum: Sum = {
    ...{ compute: 0, fills: [], generator: 0, first: 0, leastFirst: 0, firstBytes: 0, homes: 0 },
    ...{ bytes: { hbm: 0, ddr: 0 }, least: { hbm: 0, ddr: 0 }, unwalked: { hbm: 0, ddr: 0 }, walks: { hbm: [], ddr: [] } },
    ...{ inLoop, inTiles: !inLoop && hasKind((via) => via.kind === "tier-buffer" && !via.preset) },
    ...{ context, charged: new Set(), readTwice: tensorsReadTwice(stages) },
  };
  for (const stage of stages) {
    sum.compute = Math.max(sum.compute, stageCycles(stage, buffered));
    sum.fills[stage.epoch] = Math.max(sum.fills[stage.epoch] ?? 0, tileCycles(stage) + handover);
    for (let position = 0; position < stage.operands.length; position++) addOperand(sum, stage, position);
    if (stage.table !== null) addTable(sum, stage, stage.table);
    for (const field of stage.appends) {
      const tensor = writesOf(stage.shape.operator)[field]!;
      addUnwalked(sum, context.tierOf(tensor), tensorBytes(tensorNamed(context.program, tensor)));
    }
    for (const store of stage.stores) addStore(sum, stage, store);
  }
  if (inLoop) sum.compute += section[0]!.trips * stages.length * HANDOVER_CYCLES;
  return sum;
}

function addOperand(sum: Sum, stage: StagePlan, position: number): void {
  const plan = stage.operands[position]!;
  const { via } = plan;
  const operand = stage.shape.operands[position]!;
  const width = bytesOf(operand.dtype);
  if (plan.home !== undefined) sum.homes = Math.max(sum.homes, homeVectors(stage, position, width, sum.context.machine));
  if (via.kind === "tier-stream") addStream(sum, stage, position);
  else if (via.kind === "tier-buffer" && !via.preset && !(plan.home !== undefined && isFilledByMakers(stage, position))) addLoad(sum, stage, position, via);
}

function addStream(sum: Sum, stage: StagePlan, position: number): void {
  const { machine, tierOf, program } = sum.context;
  const plan = stage.operands[position]!;
  const operand = stage.shape.operands[position]!;
  let tokens = 1;
  for (let k = 0; k < plan.level; k++) tokens *= k < stage.loops.length ? stage.loops[k]!.trips : stage.inner[k - stage.loops.length]!.trip;
  sum.generator = Math.max(sum.generator, tokens * Math.ceil((plan.words * bytesOf(operand.dtype)) / machine.network.vector_bytes));
  if (plan.home !== undefined) return;
  const copies = product(copiesOf(operand, stage.shape, stage.loops)) * stage.split;
  const { burst_bytes } = machine.tiers[tierOf(operand.tensor)]!;
  const inside = insideShare(operand, stage, tensorNamed(program, operand.tensor).shape);
  const moved = tokens * copies * streamedBytes(operand, stage, plan, burst_bytes) * inside;
  const isAlone = plan.via.kind === "tier-stream" && plan.via.alone;
  charge(sum, stage, position, { moved, least: moved }, () => (isAlone ? [] : [ownWalk(operand, stage, moved)]));
}

function addLoad(sum: Sum, stage: StagePlan, position: number, via: TierBuffer): void {
  const { machine, tierOf, program } = sum.context;
  const { loops } = stage;
  const operand = stage.shape.operands[position]!;
  const width = bytesOf(operand.dtype);
  const vectors = loadVectors(operand, stage.shape, via, loops);
  const generators = product(via.generators);
  const turns = handovers(via, loops);
  const last = via.box.at(-1) ?? 1;
  const perVector = Math.ceil((Math.min(stage.shape.lanes, last) * width) / machine.network.vector_bytes);
  const loading = (vectors / generators) * perVector;
  if (turns > 1) sum.compute = Math.max(sum.compute, loading / GENERATOR_LOAD);
  sum.generator = Math.max(sum.generator, loading);
  sum.first = Math.max(sum.first, (vectors / turns / generators) * perVector);
  if (stage.operands[position]!.home !== undefined) return;
  const copies = product(copiesOf(operand, stage.shape, loops)) * stage.split;
  const row = last * width;
  const rows = vectors / Math.ceil(last / stage.shape.lanes);
  const visit = (product(via.box) * width * copies) / generators;
  const { burst_bytes } = machine.tiers[tierOf(operand.tensor)]!;
  const inside = insideShare(operand, stage, tensorNamed(program, operand.tensor).shape);
  const moved = rows * row * burstShare(row, pitchOf(program, operand.tensor), visit, burst_bytes) * inside;
  const least = rows * row * inside;
  sum.firstBytes += moved / turns;
  sum.leastFirst += least / turns;
  charge(sum, stage, position, { moved, least }, () => [loadKey(stage, position, via), ...(generators === copies ? [ownWalk(operand, stage, moved)] : [])]);
}

/** `keysOf`: names of the walk; one of another reader that has a name in common brings the bytes already. */
function charge(
  sum: Sum,
  stage: StagePlan,
  position: number,
  { moved, least }: { readonly moved: number; readonly least: number },
  keysOf: () => readonly string[],
): void {
  const { machine, tierOf, program } = sum.context;
  const { tensor } = stage.shape.operands[position]!;
  const keys = sum.readTwice.has(tensor) ? keysOf() : [];
  if (!keys.some((key) => sum.charged.has(key))) {
    const tier = tierOf(tensor);
    sum.bytes[tier] += moved;
    sum.least[tier] += least;
    sum.walks[tier].push(() => loadWalkers(stage, position, moved, program, machine.tiers[tier]!));
  }
  for (const key of keys) sum.charged.add(key);
}

/** Of a copy's own generator, whether it streams or fills a buffer. */
const ownWalk = (operand: OperandRead, { loops }: StagePlan, moved: number): string => `${operand.tensor} ${Math.round(moved)} ${loops.map(({ par }) => par)}`;

/** Bytes that no plan spares and no walk moves. */
function addUnwalked({ bytes, least, unwalked }: Sum, tier: "hbm" | "ddr", moved: number): void {
  bytes[tier] += moved;
  least[tier] += moved;
  unwalked[tier] += moved;
}

function addTable(sum: Sum, stage: StagePlan, at: "pmu" | "memory"): void {
  const { machine, tierOf } = sum.context;
  const { name, shape, dtype } = stage.shape.table!;
  const fetched = product(stage.shape.loops.map(({ extent }) => extent));
  const turns = product(stage.loops.map((loop) => loop.trips));
  addUnwalked(sum, tierOf(name), at === "pmu" ? product(shape) * bytesOf(dtype) : fetched * machine.tiers[tierOf(name)]!.burst_bytes);
  sum.compute = Math.max(sum.compute, turns * product(stage.inner.map((loop) => loop.trip)) * BANK_TURNS);
}

function addStore(sum: Sum, stage: StagePlan, store: StorePlan): void {
  const { machine, tierOf, program } = sum.context;
  const { tensor, collect, to } = store;
  const result = resultOf(stage, tensor);
  const stored = product(loopsAround(stage, stage.loops).map((loop) => loop.trips));
  const atOnce = Math.max(1, stage.shape.shards.length);
  sum.generator = Math.max(sum.generator, (stored * product(result.loops.map((loop) => loop.trip)) * product(collect)) / atOnce);
  if (!to.includes("memory")) return;
  const made = tensorNamed(program, tensor);
  const width = bytesOf(made.dtype);
  const visit = product(result.shape) * product(collect) * width;
  const row = Math.min(result.shape.at(-1) ?? 1, made.shape.at(-1) ?? 1) * width;
  const tier = tierOf(tensor);
  const moved = product(made.shape) * width * burstShare(row, pitchOf(program, tensor), visit, machine.tiers[tier]!.burst_bytes);
  sum.bytes[tier] += moved;
  if (stage.shape.kept > 0) sum.walks[tier].push(() => storeWalkers(stage, store, moved, program, machine.tiers[tier]!));
}

/** Bytes of a tensor's row. */
function pitchOf(program: PlanContext["program"], name: string): number {
  const { shape, dtype } = tensorNamed(program, name);
  return (shape.at(-1) ?? 1) * bytesOf(dtype);
}

/** Homes of a tensor that are written at one time: its streams go through it in the same order and meet at few. Assumed; steers the search only. */
const HOMES_AT_ONCE = 8;

/** Vectors that wait for the write port of a home until it is full: those of its own, or of all homes, a few of which are filled at a time. */
function homeVectors(stage: StagePlan, position: number, width: number, { network }: Machine): number {
  const all = product(stage.operands[position]!.home!.shape) / HOMES_AT_ONCE;
  return (Math.max(product(boxOfWalk(stage, position)), all) * width) / network.vector_bytes;
}

/**
 * Bytes of the bursts that are touched, over those that are wanted: a run takes the whole of the bursts in which it begins and ends. Runs are rows of `row` bytes that lie `pitch` apart
 * or, where those are whole, all of a generator's `visit`.
 */
function burstShare(row: number, pitch: number, visit: number, burst: number): number {
  const [run, step] = row >= pitch ? [visit, visit] : [row, gcd(pitch, row)];
  return (run + burst - gcd(step, burst)) / run;
}

/** Of what an operand's tiles reach over, the share that lies inside the loops' extents and inside the tensor: the rest is not asked for. */
function insideShare(operand: OperandRead, { shape, loops }: StagePlan, tensor: readonly number[]): number {
  const ofLoops = loops.map(({ extent, tile, par, trips }, k) => (dependsOn(operand, shape.loops[k]!.name) ? Math.min(1, extent / (tile * par * trips)) : 1));
  const ofTensor = operand.at.map(({ constant, of }, d) => {
    const [[name, step] = ["", 0], ...others] = Object.entries(of);
    const extent = shape.loops.find((loop) => loop.name === name)?.extent;
    if (extent === undefined || step !== 1 || others.length > 0) return 1;
    return Math.max(1, Math.min(constant + extent, tensor[d]!) - Math.max(0, constant)) / extent;
  });
  return product([...ofLoops, ...ofTensor]);
}

const isBuffer = ({ kind }: Via): boolean => kind === "tier-buffer" || kind === "stage-buffer";

/** Do tiles change hands in buffers, turn after turn? */
function isBuffered(stages: readonly StagePlan[], section: readonly OuterLoop[], inLoop: boolean): boolean {
  if (stages.every(({ loops }) => loops.every(({ trips }) => trips === 1))) return false;
  return stages.some((stage) => stage.operands.some(({ via }) => (inLoop ? handsOverEachTurn(via, section) : isBuffer(via))));
}

/** Cycles of a copy of a stage for all its turns. */
export const stageCycles = (stage: StagePlan, buffered: boolean): number =>
  product(stage.loops.map((loop) => loop.trips)) * (tileCycles(stage) + (buffered ? HANDOVER_CYCLES : 0));

/** In a loop on the chip most buffers change with the round, or never. */
function handsOverEachTurn(via: Via, loops: readonly OuterLoop[]): boolean {
  return via.kind === "stage-buffer" || (via.kind === "tier-buffer" && via.hold === loops.length);
}

/** Bytes that a token of a stream costs: a share of its burst where the next token lies behind it, else the whole burst. */
function streamedBytes(operand: OperandRead, { shape, inner }: StagePlan, { words }: OperandPlan, burst: number): number {
  const size = words * bytesOf(operand.dtype);
  const deepest = shape.loops.findLast((index, position) => inner[position]!.trip > 1 && dependsOn(operand, index.name));
  const along = deepest === undefined || operand.at.at(-1)?.of[deepest.name] !== undefined;
  return along ? size : Math.max(size, burst);
}
