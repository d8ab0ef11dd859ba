/** The cost model: units, links and cycles that a plan is expected to take. It steers choices only; what a run reports is counted by the engine. */

import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Estimate, SectionPlan, StagePlan } from "./controllers.ts";
import { isFilledByMakers, pmusOfWalk } from "./homes.ts";
import { bestShareOfPins, shareOfPins } from "./pace.ts";
import { copiesOf, joined, loadGenerators, loopsAround, partsOf, product, readKey, sumsInMemory, treeUnits, walksOf } from "./sizes.ts";
import type { Tally } from "./tally.ts";

/** PCUs of all copies of the stages and of the trees that join them. */
export function countPcus(stages: readonly StagePlan[], machine: Machine): number {
  return stages.reduce((sum, stage) => {
    const { loops, shape, split, results } = stage;
    const around = product(loopsAround(stage, loops).map((loop) => loop.par));
    const copies = product(loops.map((loop) => loop.par)) * split;
    return sum + Math.max(1, shape.parts.length) * copies + around * treeUnits(joined(stage, loops), results[0]?.words ?? 1, machine);
  }, 0);
}

/** `inLoop`: of a loop on the chip, whose stages share readers. */
export function countUnits(stages: readonly StagePlan[], machine: Machine, inLoop: boolean): SectionPlan["units"] {
  const pcu = countPcus(stages, machine);
  let pmu = 0;
  let ag = loadGenerators(stages);
  const shared = new Set<string>();
  for (const stage of stages) {
    const { loops } = stage;
    const copies = product(loops.map((loop) => loop.par));
    const around = product(loopsAround(stage, loops).map((loop) => loop.par));
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

/** Hops to one more sink of a net among neighbours, as annealed placements have shown; steers the search only. */
const HOPS_A_SINK = 1.5;

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

/** What a plan is expected to take that comes to this. */
export function estimate(tally: Tally, machine: Machine): Omit<Estimate, "link_share"> {
  const { bytes, compute, generator } = tally;
  const memory = Math.max(...TIERS.map((kind) => cyclesOfTier(tally, kind, machine)));
  const rate = memory === 0 ? 1 : (bytes.hbm + bytes.ddr) / memory;
  return {
    cycles: cyclesWith(tally, memory, rate),
    compute_cycles: compute,
    memory_cycles: memory,
    generator_cycles: generator,
    tier_bytes: bytes.hbm + bytes.ddr,
  };
}

/** No plan takes less whose stages come to this with a generator for each copy of a load and without stores; `written`: bytes that these move at the least. */
export function leastCycles(tally: Tally, written: Tally["bytes"], machine: Machine): number {
  let memory = 0;
  let rate = 0;
  for (const kind of TIERS) {
    const tier = machine.tiers[kind];
    const moved = tally.least[kind] + written[kind];
    const share = tally.unwalked[kind] > 0 ? 0 : written[kind] / moved;
    if (tier === undefined || moved === 0) continue;
    const most = tierBytesPerCycle(machine, tier) * tierServiceShare(tier);
    memory = Math.max(memory, moved / (most * bestShareOfPins(machine, tier, share)));
    rate += most;
  }
  return cyclesWith({ ...tally, firstBytes: tally.leastFirst }, memory, rate === 0 ? 1 : rate);
}

const TIERS = ["hbm", "ddr"] as const;

function cyclesOfTier({ bytes, walks }: Tally, kind: "hbm" | "ddr", machine: Machine): number {
  const tier = machine.tiers[kind];
  if (tier === undefined || bytes[kind] === 0) return 0;
  const walkers = walks[kind].map((walk) => walk());
  return bytes[kind] / (tierBytesPerCycle(machine, tier) * tierServiceShare(tier) * shareOfPins(machine, tier, walkers));
}

/** Of all, if memory takes so many and gives so many bytes a cycle. */
function cyclesWith({ compute, fills, first, firstBytes, homes, generator, inLoop, inTiles }: Tally, memory: number, rate: number): number {
  const all = fills.reduce((sum, tile) => sum + tile, 0);
  /** The pipeline fills once: the first tile goes through all its epochs, of which the slowest is counted with the turns. */
  const fill = inLoop ? 0 : all - Math.max(...fills.filter((tile) => tile > 0));
  /** What comes in tiles goes through all epochs after the last of it has come. */
  return homes + Math.max(1, compute + fill + Math.max(first, firstBytes / rate), memory + (inTiles ? all : 0), generator);
}
