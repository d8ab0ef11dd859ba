/**
 * Tile, pipeline, parallelise, allocate: a group of stages, with a choice of tiles and copies, becomes a section plan, or the reason why it does not fit.
 * The cost model stands in cost.ts, the search over choices in search.ts.
 */

import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program } from "../pattern/program.ts";
import type { OperandRead } from "./body.ts";
import type { Estimate, InnerLoop, OperandPlan, OuterLoop, ResultStream, SectionPlan, StagePlan, StorePlan, TierBuffer, Via } from "./controllers.ts";
import { type Group, makes } from "./group.ts";
import { dependsOn, laneStep, type StageShape } from "./stage.ts";

export interface Choice {
  readonly tile: readonly number[];
  readonly par: readonly number[];
  readonly split: number;
}

export interface PlanContext {
  readonly program: Program;
  readonly machine: Machine;
  /** Tensors of the group that must be stored. */
  readonly leaving: ReadonlySet<string>;
  /** Source operators of each operator, merged ones included. */
  readonly sources: (operator: string) => readonly string[];
  /** Largest share of the network's links that a plan may expect to take. */
  readonly linkShare: number;
  /** Off-chip tier of a tensor. */
  readonly tierOf: (tensor: string) => "hbm" | "ddr";
}

/** Cycles that a hand-over of a tile buffer costs when the next tile waits for it: pipeline depths and hops, halved by double buffering. Assumed; steers the search only. */
const HANDOVER_CYCLES = 30;

export function planSection(group: Group, choice: Choice, context: PlanContext): SectionPlan | string {
  const loops = outerLoops(group, choice);
  const stages: StagePlan[] = [];
  for (const shape of group.shapes) {
    const stage = planStage(shape, loops, choice.split, stages, group, context);
    if (typeof stage === "string") return stage;
    stages.push(stage);
  }
  const stored =
    planTransfers(stages, loops, context, true) ??
    planTransfers(stages, loops, context, false) ??
    "loads and stores need more address generators than there are";
  if (typeof stored === "string") return stored;
  const units = countUnits(stored, loops, context.machine);
  const over = (["pcu", "pmu", "ag"] as const).find((kind) => units[kind] > context.machine[kind].count);
  if (over !== undefined) return `needs ${units[over]} ${over.toUpperCase()}s of ${context.machine[over].count}`;
  const share = linkShare(stored, loops, units, context.machine);
  if (share > context.linkShare) return `its routes would take ${Math.round(share * 100)} % of the network's links`;
  const operators = group.shapes.flatMap((shape) => context.sources(shape.name));
  const name = operators.length > 3 ? `${operators[0]}..${operators.at(-1)}` : operators.join("+");
  return { name, operators, loops, stages: stored, units, estimate: { ...estimate(stored, loops, context), link_share: share } };
}

function outerLoops(group: Group, { tile, par }: Choice): readonly OuterLoop[] {
  return group.shapes[0]!.loops.slice(0, group.shared).map(({ extent }, k) => ({
    name: `${group.shapes[0]!.name}.${k}`,
    extent,
    tile: tile[k]!,
    par: par[k]!,
    trips: Math.ceil(Math.ceil(extent / tile[k]!) / par[k]!),
  }));
}

// ---- one stage ----

function planStage(
  shape: StageShape,
  loops: readonly OuterLoop[],
  split: number,
  before: readonly StagePlan[],
  group: Group,
  context: PlanContext,
): StagePlan | string {
  const { machine } = context;
  const inner = innerLoops(shape, loops, split, machine);
  const draft = { shape, inner };
  const arrivals = shape.operands.map((operand) => arrivalOf(operand, draft, loops, before, machine));
  const epoch = Math.max(0, ...arrivals.map((arrival) => arrival.earliest));
  const operands: OperandPlan[] = [];
  for (const [position, operand] of shape.operands.entries()) {
    const via = viaOf(operand, arrivals[position]!, epoch, draft, loops, group, context);
    if (typeof via === "string") return via;
    const level = levelOf(operand, draft, loops);
    operands.push({ via, level, words: wordsOf(shape, position, machine) });
  }
  return { shape, inner, split, operands, stores: [], epoch, result: resultOf(shape, inner, loops, machine) };
}

interface Draft {
  readonly shape: StageShape;
  readonly inner: readonly InnerLoop[];
}

function innerLoops(shape: StageShape, loops: readonly OuterLoop[], split: number, machine: Machine): readonly InnerLoop[] {
  return shape.loops.map((index, position) => {
    const extent = loops[position]?.tile ?? index.extent;
    const step = index.name === shape.lane ? shape.lanes : index.name === shape.rows ? machine.pcu.stages : 1;
    const copies = position === shape.kept ? split : 1;
    return { index: index.name, trip: Math.ceil(Math.ceil(extent / step) / copies), step, extent };
  });
}

/** Words of one token of an operand. */
function wordsOf(shape: StageShape, position: number, machine: Machine): number {
  if (shape.systolic !== null) return position === shape.systolic.stageOperand ? machine.pcu.stages : shape.lanes;
  return laneStep(shape.operands[position]!, shape.lane) === "same" ? 1 : shape.lanes;
}

/** Loops (outer first, then inner) that stand outside the operand's level: one more than the deepest that really turns and on which it depends. */
export function levelOf(operand: OperandRead, { shape, inner }: Draft, loops: readonly OuterLoop[]): number {
  let level = 0;
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

function arrivalOf(operand: OperandRead, draft: Draft, loops: readonly OuterLoop[], before: readonly StagePlan[], machine: Machine): Arrival {
  const from = before.find((stage) => makes(stage.shape, operand.tensor)) ?? null;
  if (from === null) {
    const direct = streamsFromTier(operand, draft, loops);
    return { from, earliest: direct ? 0 : 1, direct };
  }
  const inOrder = sameOrder(operand, draft, from, loops);
  if (isFold(from.shape)) {
    const tokens = from.result.loops.reduce((product, loop) => product * loop.trip, 1);
    const direct = inOrder && (from.shape.operator.kind === "groupBy" || tokens <= machine.pcu.fifo_depth);
    return { from, earliest: from.epoch + 1, direct };
  }
  return { from, earliest: inOrder ? from.epoch : from.epoch + 1, direct: inOrder };
}

const isFold = (shape: StageShape): boolean => shape.loops.length > shape.kept;

function viaOf(
  operand: OperandRead,
  arrival: Arrival,
  epoch: number,
  draft: Draft,
  loops: readonly OuterLoop[],
  group: Group,
  context: PlanContext,
): Via | string {
  const strided = isStrided(draft.shape, draft.shape.operands.indexOf(operand));
  if (arrival.from !== null) {
    if (arrival.direct && arrival.earliest === epoch) return { kind: "stage-stream", from: arrival.from.shape.name };
    return stageBuffer(operand, arrival.from, strided, context.machine, loops);
  }
  const shared = group.shapes.some((shape) => shape !== draft.shape && shape.operands.some((other) => other.tensor === operand.tensor));
  if (arrival.direct && (epoch === 0 || !shared)) return { kind: "tier-stream", alone: epoch > 0 };
  const buffer = tierBuffer(operand, draft, strided, loops, context);
  if (typeof buffer !== "string") return buffer;
  return canStream(operand, draft) ? { kind: "tier-stream", alone: true } : buffer;
}

// ---- orders ----

/** Can an address generator feed it: words next to each other or one word, and no element twice. */
function streamsFromTier(operand: OperandRead, draft: Draft, loops: readonly OuterLoop[]): boolean {
  return canStream(operand, draft) && readsOnce(operand, draft, loops);
}

const canStream = (operand: OperandRead, { shape }: Draft): boolean => shape.mode === "simd" && laneStep(operand, shape.lane) !== "strided";

function readsOnce(operand: OperandRead, draft: Draft, loops: readonly OuterLoop[]): boolean {
  const { shape, inner } = draft;
  const level = levelOf(operand, draft, loops);
  const overlaps = operand.at.some((place) => Object.keys(place.of).length > 1);
  const repeats = shape.loops.some((index, position) => {
    if (dependsOn(operand, index.name)) return false;
    return ((loops[position]?.trips ?? 1) > 1 && position < level) || (inner[position]!.trip > 1 && loops.length + position < level);
  });
  return !overlaps && !repeats;
}

/** Does the reader take the tokens just as the writer makes them? */
function sameOrder(operand: OperandRead, { shape, inner }: Draft, from: StagePlan, loops: readonly OuterLoop[]): boolean {
  const { result } = from;
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
    mine.every((loop, i) => plain[theirs[i]!.dim] === loop.index && loop.trip === theirs[i]!.trip && loop.step === theirs[i]!.step)
  );
}

function resultOf(shape: StageShape, inner: readonly InnerLoop[], loops: readonly OuterLoop[], machine: Machine): ResultStream {
  if (shape.operator.kind === "groupBy") {
    const { keys } = shape.operator;
    return { loops: [{ dim: 0, trip: Math.ceil(keys / shape.lanes), step: shape.lanes }], lane: 0, words: shape.lanes, shape: [keys] };
  }
  const kept = inner.slice(0, shape.kept);
  const order = kept.map(({ trip, step }, dim) => ({ dim, trip, step }));
  const size = kept.map((loop, dim) => loops[dim]?.tile ?? loop.extent);
  const laneDim = kept.findIndex((loop) => loop.index === shape.lane);
  if (shape.rows !== null) {
    const rows = kept.findIndex((loop) => loop.index === shape.rows);
    order.push({ dim: rows, trip: machine.pcu.stages, step: 1 });
  }
  return { loops: order, lane: laneDim < 0 ? null : laneDim, words: laneDim < 0 ? 1 : shape.lanes, shape: size };
}

// ---- buffers ----

/**
 * Bytes of a scratch tile. Where lanes do not step along its last dimension, and the scratchpad has no diagonal layout, every inner size is made
 * odd, so that neighbours along any dimension lie in different banks.
 */
export function scratchBytes(shape: readonly number[], dtypeBytes: number, machine: Machine, strided: boolean): { bytes: number; strides: readonly number[] } {
  const strides: number[] = [];
  let size = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (strided && !machine.pmu.diagonal && size > 1 && size % 2 === 0) size++;
    strides[d] = size;
    size *= shape[d]!;
  }
  return { bytes: size * Math.max(dtypeBytes, machine.pmu.word_bytes), strides };
}

/** Do the words of the operand's token lie along another dimension than the last? */
export function isStrided(shape: StageShape, position: number): boolean {
  const lane = shape.systolic !== null && position === shape.systolic.stageOperand ? shape.rows : shape.lane;
  return laneStep(shape.operands[position]!, lane) === "strided";
}

function stageBuffer(operand: OperandRead, from: StagePlan, strided: boolean, machine: Machine, loops: readonly OuterLoop[]): Via | string {
  const { shape } = from.result;
  const { bytes } = scratchBytes(shape, bytesOf(operand.dtype), machine, strided);
  const once = loops.every((loop) => loop.trips === 1);
  const buffers = once ? 1 : Math.min(3, Math.floor(machine.pmu.bytes / bytes));
  if (bytes > machine.pmu.bytes || (!once && buffers < 2)) return tooBig(operand.tensor, bytes * (once ? 1 : 2), machine);
  return { kind: "stage-buffer", from: from.shape.name, shape, buffers };
}

const tooBig = (tensor: string, bytes: number, machine: Machine): string => `a tile of "${tensor}" needs ${bytes} bytes of a PMU's ${machine.pmu.bytes}`;

function tierBuffer(operand: OperandRead, draft: Draft, strided: boolean, loops: readonly OuterLoop[], { machine }: PlanContext): TierBuffer | string {
  const { shape } = draft;
  const dependent = loops.map((_, k) => dependsOn(operand, shape.loops[k]!.name));
  const deepest = dependent.lastIndexOf(true) + 1;
  const box = operand.at.map((place) => 1 + Object.entries(place.of).reduce((sum, [name, step]) => sum + Math.abs(step) * (extentOf(draft, name) - 1), 0));
  const boxElements = box.reduce((product, size) => product * size, 1);
  let best: { buffer: TierBuffer; traffic: number } | null = null;
  let smallest = Number.POSITIVE_INFINITY;
  for (let hold = deepest; hold >= 0; hold--) {
    const held = loops.flatMap((loop, k) => (k >= hold && dependent[k] && loop.trips > 1 ? [k] : []));
    const size = [...held.map((k) => loops[k]!.trips), ...box];
    const handovers = loops.slice(0, hold).reduce((product, loop) => product * loop.trips, 1);
    const buffers = handovers > 1 ? 2 : 1;
    const { bytes } = scratchBytes(size, bytesOf(operand.dtype), machine, strided);
    smallest = Math.min(smallest, bytes * buffers);
    if (bytes * buffers > machine.pmu.bytes) continue;
    const traffic = handovers * held.reduce((product, k) => product * loops[k]!.trips, 1) * boxElements;
    if (best === null || traffic < best.traffic) best = { traffic, buffer: { kind: "tier-buffer", hold, held, box, buffers, generators: loops.map(() => 1) } };
  }
  return best?.buffer ?? tooBig(operand.tensor, smallest, machine);
}

const extentOf = ({ inner }: Draft, index: string): number => inner.find((loop) => loop.index === index)!.extent;

// ---- generators and stores ----

/** Copies per outer loop of what belongs to an operand: those of the loops it depends on. */
export function copiesOf(operand: OperandRead, shape: StageShape, loops: readonly OuterLoop[]): readonly number[] {
  return loops.map((loop, k) => (dependsOn(operand, shape.loops[k]!.name) ? loop.par : 1));
}

export const product = (list: readonly number[]): number => list.reduce((all, item) => all * item, 1);

/** Vectors that all loads of an operand move. */
function loadVectors(operand: OperandRead, shape: StageShape, buffer: TierBuffer, loops: readonly OuterLoop[]): number {
  const rows = product(buffer.box.slice(0, -1));
  const vectors = rows * Math.ceil((buffer.box.at(-1) ?? 1) / shape.lanes);
  const turns = product(loops.slice(0, buffer.hold).map((loop) => loop.trips)) * product(buffer.held.map((k) => loops[k]!.trips));
  return vectors * turns * product(copiesOf(operand, shape, loops));
}

/** Loads and stores: with `eager`, enough generators that the first tiles, for which all wait, arrive soon. null: too few generators. */
function planTransfers(stages: readonly StagePlan[], loops: readonly OuterLoop[], context: PlanContext, eager: boolean): readonly StagePlan[] | string | null {
  const { cycles } = estimate(stages, loops, context);
  const served = stages.map((stage) => serveLoads(stage, loops, cycles, context, eager));
  const used = served.reduce((sum, stage) => sum + loadGenerators(stage, loops), 0);
  if (used > context.machine.ag.count) return null;
  const stored = planStores(served, loops, context.machine.ag.count - used, cycles, context);
  return typeof stored === "string" && eager ? null : stored;
}

/** Share of a section that may pass before its first tiles are there, where more generators could help. Steers the choice only. */
const FIRST_TILES = 0.02;

/** As few address generators as keep up with the section. */
function serveLoads(stage: StagePlan, loops: readonly OuterLoop[], cycles: number, context: PlanContext, eager: boolean): StagePlan {
  const { machine, tierOf } = context;
  const operands = stage.operands.map((plan, position) => {
    if (plan.via.kind !== "tier-buffer") return plan;
    const operand = stage.shape.operands[position]!;
    const copies = copiesOf(operand, stage.shape, loops);
    const vectors = loadVectors(operand, stage.shape, plan.via, loops);
    const steady = vectors / (0.8 * cycles);
    const first = eager ? vectors / handovers(plan.via, loops) / (FIRST_TILES * cycles) : 0;
    const useful = tierBytesPerCycle(machine, machine.tiers[tierOf(operand.tensor)]!) / machine.network.vector_bytes;
    const generators = fewestGenerators(copies, Math.ceil(Math.min(Math.max(steady, Math.min(first, useful)), machine.ag.count)));
    return { ...plan, via: { ...plan.via, generators } };
  });
  return { ...stage, operands };
}

const handovers = (buffer: TierBuffer, loops: readonly OuterLoop[]): number => product(loops.slice(0, buffer.hold).map((loop) => loop.trips));

/** Divisors of the copies whose product is the smallest that reaches `need`. */
function fewestGenerators(copies: readonly number[], need: number): readonly number[] {
  let best = copies;
  const visit = (k: number, chosen: readonly number[]) => {
    if (k === copies.length) {
      if (product(chosen) >= need && product(chosen) < product(best)) best = chosen;
      return;
    }
    for (let divisor = 1; divisor <= copies[k]!; divisor++) if (copies[k]! % divisor === 0) visit(k + 1, [...chosen, divisor]);
  };
  visit(0, []);
  return best;
}

function loadGenerators(stage: StagePlan, loops: readonly OuterLoop[]): number {
  return stage.operands.reduce((sum, { via }, position) => {
    if (via.kind === "tier-buffer") return sum + product(via.generators);
    if (via.kind === "tier-stream") return sum + product(copiesOf(stage.shape.operands[position]!, stage.shape, loops)) * stage.split;
    return sum;
  }, 0);
}

function planStores(
  stages: readonly StagePlan[],
  loops: readonly OuterLoop[],
  generators: number,
  cycles: number,
  context: PlanContext,
): readonly StagePlan[] | string {
  const tensorsOf = (shape: StageShape) => (shape.operator.kind === "map" ? [shape.name] : shape.operator.fields.map((field) => `${shape.name}.${field.name}`));
  const total = stages.flatMap((stage) => tensorsOf(stage.shape)).filter((tensor) => context.leaving.has(tensor)).length;
  const share = Math.floor(generators / Math.max(1, total));
  const next: StagePlan[] = [];
  for (const stage of stages) {
    const stores: StorePlan[] = [];
    for (const [field, tensor] of tensorsOf(stage.shape).entries()) {
      if (!context.leaving.has(tensor)) continue;
      const store = storeOf(tensor, field, stage, loops, share, cycles, context.machine, context.program);
      if (typeof store === "string") return store;
      stores.push(store);
    }
    next.push({ ...stage, stores });
  }
  return next;
}

function storeOf(
  tensor: string,
  field: number,
  stage: StagePlan,
  loops: readonly OuterLoop[],
  share: number,
  cycles: number,
  machine: Machine,
  program: Program,
): StorePlan | string {
  const copies = loops.map((loop) => loop.par);
  if (product(copies) <= Math.max(1, share / 4)) return { tensor, field, collect: loops.map(() => 1), buffers: 0 };
  const dtype = program.tensors.find((item) => item.name === tensor)!.dtype;
  const tokens = product(stage.result.loops.map((loop) => loop.trip)) * product(loops.map((loop) => loop.trips));
  const once = loops.every((loop) => loop.trips === 1);
  const bytesFor = (members: number) => scratchBytes([members, ...stage.result.shape], bytesOf(dtype), machine, false).bytes * (once ? 1 : 2);
  const fits = (members: number): boolean => members <= machine.pmu.vector_in && bytesFor(members) <= machine.pmu.bytes;
  const keepsUp = (members: number): boolean => tokens * members <= GATHER_LOAD * cycles;
  const collect = mostCollected(copies, (members) => fits(members) && keepsUp(members));
  const groups = product(copies) / product(collect);
  if (groups <= share) return { tensor, field, collect, buffers: product(collect) > 1 ? (once ? 1 : 2) : 0 };
  return `${product(copies)} copies store "${tensor}": gathered by as many as a PMU can take they still need ${groups} address generators of ${share}`;
}

/** Share of its time that a gathering PMU may be busy with reading. Steers the choice only. */
const GATHER_LOAD = 0.5;

/** Divisors of the copies with the largest product that `allowed` grants. */
function mostCollected(copies: readonly number[], allowed: (members: number) => boolean): readonly number[] {
  let best: readonly number[] = copies.map(() => 1);
  const visit = (k: number, chosen: readonly number[]) => {
    if (!allowed(product(chosen)) && product(chosen) > 1) return;
    if (k < 0) {
      if (product(chosen) > product(best)) best = chosen;
      return;
    }
    for (let divisor = 1; divisor <= copies[k]!; divisor++) if (copies[k]! % divisor === 0) visit(k - 1, [divisor, ...chosen]);
  };
  visit(copies.length - 1, []);
  return best;
}

// ---- cost ----

function countUnits(stages: readonly StagePlan[], loops: readonly OuterLoop[], machine: Machine): SectionPlan["units"] {
  const copies = product(loops.map((loop) => loop.par));
  let pcu = 0;
  let pmu = 0;
  let ag = 0;
  for (const stage of stages) {
    pcu += Math.max(1, stage.shape.parts.length) * copies * stage.split + treeUnits(stage.split, machine);
    if (stage.shape.operator.kind === "groupBy") pmu += stage.shape.operator.fields.length;
    ag += loadGenerators(stage, loops);
    stage.operands.forEach(({ via }, position) => {
      if (via.kind === "tier-buffer") pmu += product(copiesOf(stage.shape.operands[position]!, stage.shape, loops));
      if (via.kind === "stage-buffer") pmu += copies;
    });
    for (const { collect } of stage.stores) {
      ag += copies / product(collect);
      if (product(collect) > 1) pmu += copies / product(collect);
    }
  }
  return { pcu, pmu, ag };
}

/** Fan-in of a combining PCU. */
export const treeFan = (machine: Machine): number => Math.max(2, Math.min(machine.pcu.vector_in, machine.pcu.stages + 1));

function treeUnits(leaves: number, machine: Machine): number {
  let units = 0;
  for (let left = leaves; left > 1; left = Math.ceil(left / treeFan(machine))) units += Math.ceil(left / treeFan(machine));
  return units;
}

/** Hops to one more sink of a net among neighbours, as annealed placements have shown; steers the search only. */
const HOPS_A_SINK = 1.5;

/** Links that routes will take over those there are. A packet-switched link carries many slow channels, so there only fast ones count, and few are. */
function linkShare(stages: readonly StagePlan[], loops: readonly OuterLoop[], units: SectionPlan["units"], { grid, network }: Machine): number {
  if (network.kind === "packet") return 0;
  const copies = product(loops.map((loop) => loop.par));
  const toEdge = grid.columns / 4;
  let hops = units.ag * toEdge;
  for (const stage of stages) {
    const parts = Math.max(1, stage.shape.parts.length);
    hops += HOPS_A_SINK * copies * stage.split * (parts - 1);
    stage.operands.forEach(({ via }, position) => {
      const held = product(copiesOf(stage.shape.operands[position]!, stage.shape, loops));
      hops += HOPS_A_SINK * copies * stage.split;
      if (via.kind === "tier-buffer") hops += HOPS_A_SINK * held;
      if (via.kind === "stage-buffer") hops += HOPS_A_SINK * copies;
    });
    for (const { collect } of stage.stores) if (product(collect) > 1) hops += HOPS_A_SINK * copies;
  }
  const links = 2 * (2 * grid.columns * grid.rows - grid.columns - grid.rows) * network.vector_links;
  return hops / links;
}

function estimate(stages: readonly StagePlan[], loops: readonly OuterLoop[], { machine, tierOf, program }: PlanContext): Omit<Estimate, "link_share"> {
  const turns = product(loops.map((loop) => loop.trips));
  const buffered = turns > 1 && stages.some((stage) => stage.operands.some(({ via }) => via.kind.endsWith("buffer")));
  let compute = 0;
  let generator = 0;
  let first = 0;
  let firstBytes = 0;
  const bytes = { hbm: 0, ddr: 0 };
  for (const stage of stages) {
    const firings = product(stage.inner.map((loop) => loop.trip));
    const drain = product(stage.result.loops.map((loop) => loop.trip));
    compute = Math.max(compute, turns * (Math.max(firings, drain) + (buffered ? HANDOVER_CYCLES : 0)));
    stage.operands.forEach((plan, position) => {
      const operand = stage.shape.operands[position]!;
      const width = bytesOf(operand.dtype);
      const copies = product(copiesOf(operand, stage.shape, loops)) * stage.split;
      if (plan.via.kind === "tier-stream") {
        const tokens = product([...loops.map((loop) => loop.trips), ...stage.inner.map((loop) => loop.trip)].slice(0, plan.level));
        generator = Math.max(generator, tokens * Math.ceil((plan.words * width) / machine.network.vector_bytes));
        bytes[tierOf(operand.tensor)] += tokens * plan.words * width * copies;
      } else if (plan.via.kind === "tier-buffer") {
        const vectors = loadVectors(operand, stage.shape, plan.via, loops);
        const words = Math.min(stage.shape.lanes, plan.via.box.at(-1) ?? 1);
        const perVector = Math.ceil((words * width) / machine.network.vector_bytes);
        generator = Math.max(generator, (vectors / product(plan.via.generators)) * perVector);
        first = Math.max(first, (vectors / handovers(plan.via, loops) / product(plan.via.generators)) * perVector);
        firstBytes += (vectors / handovers(plan.via, loops)) * words * width;
        bytes[tierOf(operand.tensor)] += vectors * words * width;
      }
    });
    for (const { tensor, collect } of stage.stores) {
      const made = program.tensors.find((item) => item.name === tensor)!;
      bytes[tierOf(tensor)] += product(made.shape) * bytesOf(made.dtype);
      generator = Math.max(generator, turns * product(stage.result.loops.map((loop) => loop.trip)) * product(collect));
    }
  }
  let memory = 0;
  for (const kind of ["hbm", "ddr"] as const) {
    const tier = machine.tiers[kind];
    if (tier !== undefined && bytes[kind] > 0) memory = Math.max(memory, bytes[kind] / (tierBytesPerCycle(machine, tier) * tierServiceShare(tier)));
  }
  const rate = memory === 0 ? 1 : (bytes.hbm + bytes.ddr) / memory;
  const cycles = Math.max(1, compute + Math.max(first, firstBytes / rate), memory, generator);
  return { cycles, compute_cycles: compute, memory_cycles: memory, generator_cycles: generator, tier_bytes: bytes.hbm + bytes.ddr };
}
