/** The cost model: units, links and cycles that a plan is expected to take. It steers choices only; what a run reports is counted by the engine. */

import { gcd } from "../base/gcd.ts";
import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { OperandRead } from "./body.ts";
import type { PlanContext } from "./context.ts";
import type { Estimate, OperandPlan, OuterLoop, SectionPlan, StagePlan, Via } from "./controllers.ts";
import { boxOfWalk, isFilledByMakers, pmusOfWalk } from "./homes.ts";
import { shareOfPins, type Walkers } from "./pace.ts";
import {
  copiesOf,
  handovers,
  joined,
  loadGenerators,
  loadKey,
  loadVectors,
  loopsAround,
  partsOf,
  product,
  readKey,
  resultOf,
  sumsInMemory,
  tileCycles,
  treeUnits,
  walksOf,
} from "./sizes.ts";
import { dependsOn } from "./stage.ts";
import { loadWalkers, storeWalkers } from "./walkers.ts";

/** Cycles that a hand-over of a tile buffer costs when the next tile waits for it: pipeline depths and hops, halved by double buffering. Assumed; steers the search only. */
const HANDOVER_CYCLES = 30;

/** `inLoop`: of a loop on the chip, whose stages share readers. */
export function countUnits(stages: readonly StagePlan[], machine: Machine, inLoop: boolean): SectionPlan["units"] {
  let pcu = 0;
  let pmu = 0;
  let ag = loadGenerators(stages);
  const shared = new Set<string>();
  for (const stage of stages) {
    const { loops } = stage;
    const copies = product(loops.map((loop) => loop.par));
    const around = product(loopsAround(stage, loops).map((loop) => loop.par));
    pcu += Math.max(1, stage.shape.parts.length) * copies * stage.split + around * treeUnits(joined(stage, loops), stage.results[0]?.words ?? 1, machine);
    if (sumsInMemory(stage)) pmu += copies;
    if (stage.shape.operator.kind === "groupBy") pmu += stage.shape.operator.fields.length * stage.shape.shards.length;
    if (stage.shape.operator.kind === "hash") pmu++;
    if (stage.table === "pmu") pmu += copies;
    if (stage.table === "memory") ag += copies;
    ag += stage.appends.length;
    stage.operands.forEach(({ via, home }, position) => {
      const operand = stage.shape.operands[position]!;
      if (home !== undefined && !isFilledByMakers(stage, position)) pmu += pmusOfWalk(stage, position, machine) * walksOf(stage, position, loops);
      const key = inLoop ? readKey(stage, position) : "";
      const known = inLoop && shared.has(key);
      shared.add(key);
      if (via.kind === "tier-buffer" && !known) pmu += product(copiesOf(operand, stage.shape, loops)) * partsOf(operand, stage) * via.pmus;
      if (via.kind === "carried" && !known) pmu += product(copiesOf(operand, stage.shape, loops)) * partsOf(operand, stage);
      if (via.kind === "stage-buffer") pmu += copies * via.pmus;
    });
    for (const { collect, to } of stage.stores) {
      if (to.includes("memory")) ag += (around / product(collect)) * Math.max(1, stage.shape.shards.length);
      if (product(collect) > 1) pmu += around / product(collect);
    }
  }
  return { pcu, pmu, ag };
}

/** Share of its time in which an address generator moves vectors when tile after tile waits for it: the rest it waits for memory and for buffers to be free. Assumed; steers the search only. */
export const GENERATOR_LOAD = 0.8;

/** Hops to one more sink of a net among neighbours, as annealed placements have shown; steers the search only. */
const HOPS_A_SINK = 1.5;

/** Ticks of a gather of one vector at random: 16 lanes over 16 banks meet three deep on average. Steers the search only. */
const BANK_TURNS = 3;

/** Links that routes will take over those there are. A packet-switched link carries many slow channels, so there only fast ones count, and few are. */
export function linkShare(stages: readonly StagePlan[], units: SectionPlan["units"], { grid, network }: Machine): number {
  if (network.kind === "packet") return 0;
  const toEdge = grid.columns / 4;
  let hops = units.ag * toEdge;
  for (const stage of stages) {
    const { loops } = stage;
    const copies = product(loops.map((loop) => loop.par));
    const parts = Math.max(1, stage.shape.parts.length);
    hops += HOPS_A_SINK * copies * stage.split * (parts - 1);
    stage.operands.forEach(({ via }, position) => {
      const operand = stage.shape.operands[position]!;
      const held = product(copiesOf(operand, stage.shape, loops)) * partsOf(operand, stage);
      hops += HOPS_A_SINK * copies * stage.split;
      if (via.kind === "tier-buffer" || via.kind === "carried") hops += HOPS_A_SINK * held;
      if (via.kind === "stage-buffer") hops += HOPS_A_SINK * copies * via.pmus;
    });
    for (const { collect } of stage.stores) if (product(collect) > 1) hops += HOPS_A_SINK * copies;
  }
  const links = 2 * (2 * grid.columns * grid.rows - grid.columns - grid.rows) * network.vector_links;
  return hops / links;
}

export function estimate(
  stages: readonly StagePlan[],
  section: readonly OuterLoop[],
  { machine, tierOf, program }: PlanContext,
  inLoop: boolean,
): Omit<Estimate, "link_share"> {
  const buffered = isBuffered(stages, section, inLoop);
  const inBuffers = stages.some(({ operands }) => operands.some(({ via }) => via.kind.endsWith("buffer")));
  let compute = 0;
  /** Of the slowest stage on one tile, by epoch: what hands a tile to the next epoch begins it anew there, and nothing hides the hand-over of the first and the last one. */
  const fills: number[] = [];
  let generator = 0;
  let first = 0;
  let firstBytes = 0;
  /** The part begins when its homes are full. */
  let homes = 0;
  const bytes = { hbm: 0, ddr: 0 };
  const burstOf = (operand: OperandRead): number => machine.tiers[tierOf(operand.tensor)]!.burst_bytes;
  const shapeOf = (name: string): readonly number[] => program.tensors.find((tensor) => tensor.name === name)!.shape;
  /** Bytes of a tensor's row. */
  const pitchOf = (name: string): number => {
    const { shape, dtype } = program.tensors.find((tensor) => tensor.name === name)!;
    return (shape.at(-1) ?? 1) * bytesOf(dtype);
  };
  const walks: Record<"hbm" | "ddr", Walkers[]> = { hbm: [], ddr: [] };
  const charged = new Set<string>();
  /** Two readers that walk the same tensor alike share a generator, unless one must have its own: the second costs nothing. */
  const charge = (stage: StagePlan, position: number, moved: number, keys: readonly string[]) => {
    const tier = tierOf(stage.shape.operands[position]!.tensor);
    if (!keys.some((key) => charged.has(key))) {
      bytes[tier] += moved;
      walks[tier].push(loadWalkers(stage, position, moved, program, machine.tiers[tier]!));
    }
    for (const key of keys) charged.add(key);
  };
  /** Of a copy's own generator, whether it streams or fills a buffer. */
  const ownWalk = (operand: OperandRead, { loops }: StagePlan, moved: number) => `${operand.tensor} ${Math.round(moved)} ${loops.map(({ par }) => par)}`;
  for (const stage of stages) {
    const { loops } = stage;
    const turns = product(loops.map((loop) => loop.trips));
    const firings = product(stage.inner.map((loop) => loop.trip));
    const atOnce = Math.max(1, stage.shape.shards.length);
    compute = Math.max(compute, stageCycles(stage, buffered));
    fills[stage.epoch] = Math.max(fills[stage.epoch] ?? 0, tileCycles(stage) + (inBuffers ? 2 * HANDOVER_CYCLES : 0));
    stage.operands.forEach((plan, position) => {
      const operand = stage.shape.operands[position]!;
      const width = bytesOf(operand.dtype);
      if (plan.home !== undefined) homes = Math.max(homes, homeVectors(stage, position, width, machine));
      const copies = product(copiesOf(operand, stage.shape, loops)) * stage.split;
      if (plan.via.kind === "tier-stream") {
        const tokens = product([...loops.map((loop) => loop.trips), ...stage.inner.map((loop) => loop.trip)].slice(0, plan.level));
        generator = Math.max(generator, tokens * Math.ceil((plan.words * width) / machine.network.vector_bytes));
        if (plan.home !== undefined) return;
        const moved = tokens * copies * streamedBytes(operand, stage, plan, burstOf(operand)) * insideShare(operand, stage, shapeOf(operand.tensor));
        charge(stage, position, moved, plan.via.alone ? [] : [ownWalk(operand, stage, moved)]);
      } else if (plan.via.kind === "tier-buffer" && !plan.via.preset) {
        if (plan.home !== undefined && isFilledByMakers(stage, position)) return;
        const vectors = loadVectors(operand, stage.shape, plan.via, loops);
        const words = Math.min(stage.shape.lanes, plan.via.box.at(-1) ?? 1);
        const perVector = Math.ceil((words * width) / machine.network.vector_bytes);
        const loading = (vectors / product(plan.via.generators)) * perVector;
        if (handovers(plan.via, loops) > 1) compute = Math.max(compute, loading / GENERATOR_LOAD);
        generator = Math.max(generator, loading);
        first = Math.max(first, (vectors / handovers(plan.via, loops) / product(plan.via.generators)) * perVector);
        if (plan.home !== undefined) return;
        const row = (plan.via.box.at(-1) ?? 1) * width;
        const rows = vectors / Math.ceil((plan.via.box.at(-1) ?? 1) / stage.shape.lanes);
        const visit = (product(plan.via.box) * width * copies) / product(plan.via.generators);
        const moved = rows * row * burstShare(row, pitchOf(operand.tensor), visit, burstOf(operand)) * insideShare(operand, stage, shapeOf(operand.tensor));
        firstBytes += moved / handovers(plan.via, loops);
        const isOwn = product(plan.via.generators) === copies;
        charge(stage, position, moved, [loadKey(stage, position, plan.via), ...(isOwn ? [ownWalk(operand, stage, moved)] : [])]);
      }
    });
    if (stage.table !== null) {
      const { name, shape, dtype } = stage.shape.table!;
      const fetched = product(stage.shape.loops.map(({ extent }) => extent));
      const moved = stage.table === "pmu" ? product(shape) * bytesOf(dtype) : fetched * machine.tiers[tierOf(name)]!.burst_bytes;
      bytes[tierOf(name)] += moved;
      compute = Math.max(compute, turns * firings * BANK_TURNS);
    }
    for (const field of stage.appends) {
      const tensor = writesOf(stage.shape.operator)[field]!;
      bytes[tierOf(tensor)] += tensorBytes(program.tensors.find((item) => item.name === tensor)!);
    }
    for (const store of stage.stores) {
      const { tensor, collect, to } = store;
      const made = program.tensors.find((item) => item.name === tensor)!;
      const tile = resultOf(stage, tensor).shape;
      const visit = product(tile) * product(collect) * bytesOf(made.dtype);
      const row = Math.min(tile.at(-1) ?? 1, made.shape.at(-1) ?? 1) * bytesOf(made.dtype);
      const { burst_bytes } = machine.tiers[tierOf(tensor)]!;
      const moved = product(made.shape) * bytesOf(made.dtype) * burstShare(row, pitchOf(tensor), visit, burst_bytes);
      if (to.includes("memory")) bytes[tierOf(tensor)] += moved;
      if (to.includes("memory") && stage.shape.kept > 0) walks[tierOf(tensor)].push(storeWalkers(stage, store, moved, program, machine.tiers[tierOf(tensor)]!));
      const stored = product(loopsAround(stage, loops).map((loop) => loop.trips));
      generator = Math.max(generator, (stored * product(resultOf(stage, tensor).loops.map((loop) => loop.trip)) * product(collect)) / atOnce);
    }
  }
  if (inLoop) compute += section[0]!.trips * stages.length * HANDOVER_CYCLES;
  let memory = 0;
  for (const kind of ["hbm", "ddr"] as const) {
    const tier = machine.tiers[kind];
    if (tier !== undefined && bytes[kind] > 0)
      memory = Math.max(memory, bytes[kind] / (tierBytesPerCycle(machine, tier) * tierServiceShare(tier) * shareOfPins(machine, tier, walks[kind])));
  }
  const rate = memory === 0 ? 1 : (bytes.hbm + bytes.ddr) / memory;
  /** The pipeline fills once: the first tile goes through all its epochs, of which the slowest is counted with the turns. */
  const fill = inLoop ? 0 : fills.reduce((sum, tile) => sum + tile, 0) - Math.max(...fills.filter((tile) => tile > 0));
  /** What comes in tiles goes through all epochs after the last of it has come. */
  const last = fills.reduce((sum, tile) => sum + tile, 0);
  const inTiles = !inLoop && stages.some(({ operands }) => operands.some(({ via }) => via.kind === "tier-buffer" && !via.preset));
  const cycles = homes + Math.max(1, compute + fill + Math.max(first, firstBytes / rate), memory + (inTiles ? last : 0), generator);
  return { cycles, compute_cycles: compute, memory_cycles: memory, generator_cycles: generator, tier_bytes: bytes.hbm + bytes.ddr };
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

/** Do tiles change hands in buffers, turn after turn? */
function isBuffered(stages: readonly StagePlan[], section: readonly OuterLoop[], inLoop: boolean): boolean {
  if (stages.every(({ loops }) => loops.every(({ trips }) => trips === 1))) return false;
  return stages.some((stage) => stage.operands.some(({ via }) => (inLoop ? handsOverEachTurn(via, section) : via.kind.endsWith("buffer"))));
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
