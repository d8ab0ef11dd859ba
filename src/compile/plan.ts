/**
 * Tile, pipeline, parallelise, allocate: a group of stages, with a choice of tiles and copies, becomes a section plan, or the reason why it does not fit.
 * The cost model stands in cost.ts, the search over choices in search.ts.
 */

import type { Machine } from "../machine/machine.ts";
import { writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import { arrivalOf, levelOf, viaOf } from "./arrivals.ts";
import { scratchLayout } from "./banking.ts";
import type { Choice, PlanContext } from "./context.ts";
import { type InnerLoop, type OperandPlan, type OuterLoop, type ResultStream, type SectionPlan, type StagePlan, sectionName } from "./controllers.ts";
import { countPcus, countUnits, estimate, linkShare } from "./cost.ts";
import { tooManyCounters } from "./counters.ts";
import { depthOf, type Group, loopName, makes } from "./group.ts";
import { homeOf, tooLargeHome } from "./homes.ts";
import { deepenShared, tensorsReadApart } from "./reads.ts";
import { sharesOf, withFewer } from "./shares.ts";
import { hashBytes, pmuInputs, product, resultOf, takesOwn, wordsOf } from "./sizes.ts";
import { isKept, type StageShape } from "./stage.ts";
import { tallyOf } from "./tally.ts";
import { planTransfers, TOO_SLOW } from "./transfers.ts";

/**
 * What several stages read from memory may be loaded for each of them or once for all: the better one. Of a plan that is sure to take more than `limit` cycles nobody need know more: it may
 * be refused for that.
 */
export function planSection(group: Group, choice: Choice, context: PlanContext, limit = Number.POSITIVE_INFINITY): SectionPlan | string {
  const loops = outerLoops(group, choice);
  const even = planStages(group, choice, context, () => loops);
  if (typeof even === "string") return even;
  const apart = planShares(group, choice, context, loops, even, limit);
  const buffered = new Set(group.loop === undefined ? [...tensorsReadApart(even)].filter((tensor) => !context.homes.has(tensor)) : []);
  if (buffered.size === 0) return apart;
  const together = { ...context, buffered };
  const stages = planStages(group, choice, together, () => loops);
  const once = typeof stages === "string" ? stages : planShares(group, choice, together, loops, stages, limit);
  if (typeof once === "string" || typeof apart === "string") return typeof once === "string" ? apart : once;
  return once.estimate.cycles < apart.estimate.cycles ? once : apart;
}

/** With as many copies of every stage or, where units do not suffice for that, fewer of fast ones. */
function planShares(
  group: Group,
  choice: Choice,
  context: PlanContext,
  loops: readonly OuterLoop[],
  even: readonly StagePlan[],
  limit: number,
): SectionPlan | string {
  const plan = finishSection(group, context, loops, even, limit);
  if (typeof plan !== "string" || plan === TOO_SLOW) return plan;
  let tried = "";
  for (const most of MOST_SHARED) {
    const shares = sharesOf(even, loops, group, context, most);
    if (shares === null) break;
    if (`${shares.turns}` === tried) continue;
    tried = `${shares.turns}`;
    const uneven = planStages(group, choice, context, (stage) => withFewer(loops, shares.at, shares.turns[stage]!));
    const shared = typeof uneven === "string" ? uneven : finishSection(group, context, loops, uneven, limit);
    if (typeof shared !== "string") return shared;
  }
  return plan;
}

/** How many times fewer copies a stage may have: tried in this order, as gathering the tiles of many takes PMUs. Steers the choice only. */
const MOST_SHARED = [Number.POSITIVE_INFINITY, 8, 2];

/** `loopsFor`: the outer loops as the copies of a stage take them, by its place. */
function planStages(group: Group, { split }: Choice, context: PlanContext, loopsFor: (stage: number) => readonly OuterLoop[]): readonly StagePlan[] | string {
  const stages: StagePlan[] = [];
  for (const [position, shape] of group.shapes.entries()) {
    const stage = planStage(shape, loopsFor(position).slice(0, depthOf(group, shape)), split, stages, group, context);
    if (typeof stage === "string") return stage;
    stages.push(stage);
  }
  return group.loop === undefined ? deepenShared(stages, context.machine) : stages;
}

/** Loads, stores and the units of all stages; or what there is too little of. */
function finishSection(group: Group, context: PlanContext, loops: readonly OuterLoop[], stages: readonly StagePlan[], limit: number): SectionPlan | string {
  const pcus = countPcus(stages, context.machine);
  if (pcus > context.machine.pcu.count) return tooMany("pcu", pcus, context.machine);
  const stored = planTransfers(stages, loops, group, context, limit);
  if (typeof stored === "string") return stored;
  const counters = tooManyCounters(stored, context.machine);
  if (counters !== null) return counters;
  const crowded = tooManyMakers(stored, loops, context.machine);
  if (crowded !== null) return crowded;
  const inLoop = group.loop !== undefined;
  const units = countUnits(stored, context.machine, inLoop);
  const homeless = tooLargeHome(stored, context.machine);
  if (homeless !== null) return homeless;
  const over = (["pcu", "pmu", "ag"] as const).find((kind) => units[kind] > context.machine[kind].count);
  if (over !== undefined) return tooMany(over, units[over], context.machine);
  const share = linkShare(stored, units, context.machine);
  if (share > context.linkShare) return `its routes would take ${Math.round(share * 100)} % of the network's links`;
  const operators = [...new Set(group.shapes.flatMap((shape) => context.sources(shape.name)))];
  return {
    name: sectionName(operators),
    operators,
    loops,
    ...(group.loop !== undefined && { loop: group.loop }),
    stages: stored,
    units,
    estimate: { ...estimate(tallyOf(stored, loops, context, inLoop), context.machine), link_share: share },
  };
}

const tooMany = (kind: "pcu" | "pmu" | "ag", count: number, machine: Machine): string => `needs ${count} ${kind.toUpperCase()}s of ${machine[kind].count}`;

function outerLoops(group: Group, { tile, par }: Choice): readonly OuterLoop[] {
  const named = group.shapes.find(({ sums }) => sums !== null) ?? group.shapes[0]!;
  return group.shapes[0]!.loops.slice(0, group.shared).map(({ extent, count }, k) => ({
    name: loopName(group, named, k),
    extent,
    tile: tile[k]!,
    par: par[k]!,
    trips: Math.ceil(Math.ceil(extent / tile[k]!) / par[k]!),
    ...(count !== undefined && { count }),
  }));
}

function planStage(
  shape: StageShape,
  loops: readonly OuterLoop[],
  split: number,
  before: readonly StagePlan[],
  group: Group,
  context: PlanContext,
): StagePlan | string {
  const { machine } = context;
  if (split > 1 && shape.loops.some(({ count }) => count !== undefined)) return "a loop over a collection cannot be split";
  const inner = innerLoops(shape, loops, split, machine);
  const draft = { shape, inner };
  const arrivals = shape.operands.map((operand) => arrivalOf(operand, draft, loops, before, context, context.homes.has(operand.tensor)));
  const epoch = Math.max(0, ...arrivals.map((arrival) => arrival.earliest));
  const operands: OperandPlan[] = [];
  for (const [position, operand] of shape.operands.entries()) {
    const via = viaOf(operand, arrivals[position]!, epoch, draft, loops, group, context);
    if (typeof via === "string") return via;
    const level = levelOf(operand, draft, loops);
    const home = homeOf(operand, via, context);
    operands.push({ via, level, words: wordsOf(shape, position, machine), ...(home !== null && { home }) });
  }
  const wide = tooManyVectors(shape, operands, machine);
  if (wide !== null) return wide;
  const tooLarge = tablesTooLarge(shape, machine);
  if (tooLarge !== null) return tooLarge;
  const results = resultsOf(shape, inner, loops, machine);
  const appends = results.flatMap((result, field) => (result === null && context.leaving.has(writesOf(shape.operator)[field]!) ? [field] : []));
  return { shape, loops, inner, split, operands, stores: [], epoch, results, table: placeOfTable(shape, context), appends };
}

/** A stage that takes numbers one at a time counts on scalar ports, but what comes from a PMU without such an output takes a vector port. Null where all have one. */
function tooManyVectors({ name, parts }: StageShape, operands: readonly OperandPlan[], { pcu, pmu }: Machine): string | null {
  const isVector = ({ via, words }: OperandPlan): boolean => words > 1 || (via.kind !== "stage-stream" && via.kind !== "tier-stream" && pmu.scalar_out === 0);
  const most = Math.max(0, ...parts.map((part) => part.operands.filter((operand) => isVector(operands[operand]!)).length));
  return most > pcu.vector_in ? `"${name}" needs ${most} vector inputs of a PCU's ${pcu.vector_in}` : null;
}

/** Every copy of the stage that makes a carried tensor has a port at the PMU that holds it. Null where there are enough. */
function tooManyMakers(stages: readonly StagePlan[], loops: readonly OuterLoop[], machine: Machine): string | null {
  for (const { shape, operands } of stages) {
    for (const [position, { via }] of operands.entries()) {
      if (via.kind !== "carried") continue;
      const { words } = resultOf(stages.find((other) => makes(other.shape, via.from))!, via.from);
      const makers = takesOwn(shape.operands[position]!, shape, loops) ? 1 : product(loops.map(({ par }) => par));
      const { isScalar, ports } = pmuInputs(words, machine);
      const need = makers + (isScalar || via.init === null ? 0 : 1);
      if (need > ports) return `${makers} copies make "${shape.operands[position]!.tensor}", a PMU has ${ports} ${isScalar ? "scalar" : "vector"} inputs`;
    }
  }
  return null;
}

/** Why the tables of a groupBy or hash do not fit; null where they do. */
function tablesTooLarge({ operator, name, shards }: StageShape, { pmu }: Machine): string | null {
  const word = (dtype: Dtype): number => Math.max(pmu.word_bytes, bytesOf(dtype));
  if (operator.kind === "groupBy") {
    const bytes = Math.max(...operator.fields.map(({ acc }) => shards[0]!.size * word(acc)));
    return bytes > pmu.bytes ? `a table of "${name}" needs ${bytes} bytes of a PMU's ${pmu.bytes}` : null;
  }
  if (operator.kind !== "hash") return null;
  const bytes = hashBytes(operator.keys, pmu.word_bytes);
  return bytes > pmu.bytes ? `the hash table of "${name}" needs ${bytes} bytes of a PMU's ${pmu.bytes}` : null;
}

/** On the chip where a PMU can hold it and loading it moves fewer bytes than fetching element by element. */
function placeOfTable({ table, loops }: StageShape, { machine, tierOf }: PlanContext): StagePlan["table"] {
  if (table === null) return null;
  const elements = product(table.shape);
  const fetched = product(loops.map(({ extent }) => extent)) * machine.tiers[tierOf(table.name)]!.burst_bytes;
  const fits = scratchLayout(table.shape, bytesOf(table.dtype), machine, "numbers").bytes <= machine.pmu.bytes;
  return fits && elements * bytesOf(table.dtype) <= fetched ? "pmu" : "memory";
}

function innerLoops(shape: StageShape, loops: readonly OuterLoop[], split: number, machine: Machine): readonly InnerLoop[] {
  return shape.loops.map((index, position) => {
    const extent = loops[position]?.tile ?? index.extent;
    const step = index.name === shape.lane ? shape.lanes : index.name === shape.rows ? machine.pcu.stages : 1;
    const copies = position === shape.kept ? split : 1;
    const whole = loops[position] === undefined || (loops[position].trips === 1 && loops[position].par === 1);
    const count = whole && index.count !== undefined ? { count: index.count } : {};
    return { index: index.name, trip: Math.ceil(Math.ceil(extent / step) / copies), step, extent, ...count };
  });
}

function resultsOf(shape: StageShape, inner: readonly InnerLoop[], loops: readonly OuterLoop[], machine: Machine): StagePlan["results"] {
  const { operator } = shape;
  const list = (length: number): ResultStream => {
    return { loops: [{ dim: 0, trip: Math.ceil(length / shape.lanes), step: shape.lanes }], lane: 0, words: shape.lanes, shape: [length] };
  };
  const scalar: ResultStream = { loops: [], lane: null, words: 1, shape: [] };
  if (operator.kind === "groupBy") return operator.fields.map(() => list(operator.keys));
  if (operator.kind === "flatMap") return [...Object.keys(operator.emits[0]!.fields).map(() => null), scalar];
  return [elementsOf(shape, inner, loops, machine)];
}

/** One element for each combination of the kept loops, in their order. */
function elementsOf(shape: StageShape, inner: readonly InnerLoop[], loops: readonly OuterLoop[], machine: Machine): ResultStream {
  const kept = inner.filter((_, position) => isKept(shape, position));
  const order = kept.map(({ trip, step, count }, dim) => ({ dim, trip, step, ...(count !== undefined && { count }) }));
  const size = inner.flatMap((loop, position) => (isKept(shape, position) ? [loops[position]?.tile ?? loop.extent] : []));
  const laneDim = kept.findIndex((loop) => loop.index === shape.lane);
  if (shape.rows !== null) {
    const rows = kept.findIndex((loop) => loop.index === shape.rows);
    order.push({ dim: rows, trip: machine.pcu.stages, step: 1 });
  }
  return { loops: order, lane: laneDim < 0 ? null : laneDim, words: laneDim < 0 ? 1 : shape.lanes, shape: size };
}
