/** Counters: a loop that turns takes one in every unit that walks it, and a unit has only so many. Loops that turn once take none (nests.ts leaves them out). */

import { lanesFor } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { OuterLoop, StagePlan, TierBuffer } from "./controllers.ts";
import { makes } from "./group.ts";
import { loopsAround, meetingOf, product, resultOf, sumsInMemory } from "./sizes.ts";
import { dependsOn } from "./stage.ts";

interface Need {
  readonly kind: "pcu" | "pmu";
  readonly counters: number;
}

/** The first unit of a plan that would need more counters than it has, as a reason; null where all have enough. */
export function tooManyCounters(stages: readonly StagePlan[], machine: Machine): string | null {
  for (const stage of stages) {
    const over = needsOf(stage, stages, machine).find(({ kind, counters }) => counters > machine[kind].counters);
    if (over !== undefined) return `"${stage.shape.name}" needs ${over.counters} counters of a ${over.kind.toUpperCase()}'s ${machine[over.kind].counters}`;
  }
  return null;
}

function needsOf(stage: StagePlan, stages: readonly StagePlan[], machine: Machine): readonly Need[] {
  const { shape, loops, operands, stores, table } = stage;
  const outer = loops.map((loop) => loop.trips);
  const trips = [...outer, ...stage.inner.map((loop) => loop.trip)];
  const drain = shape.systolic === null ? 0 : turning(trips.slice(0, outer.length + shape.kept)) + 1;
  const needs: Need[] = [{ kind: "pcu", counters: Math.max(turning(trips), drain) }];
  const pmu = (list: readonly number[]) => needs.push({ kind: "pmu", counters: turning(list) });
  if (shape.operator.kind === "groupBy" || shape.operator.kind === "hash" || table === "pmu") pmu(trips);
  if (table === "pmu") pmu(blocks(shape.table!.shape, shape.lanes));
  operands.forEach(({ via, level, home }, position) => {
    if (via.kind === "tier-stream" && home !== undefined) pmu(trips.slice(0, level));
    if (via.kind === "tier-buffer") pmu(loadTrips(stage, position, via, loops));
    if (via.kind === "stage-buffer") {
      const from = stages.find((other) => other.shape.name === via.from)!;
      const { at, gathered, dealt, turns } = meetingOf(from.loops, loops);
      const split = (list: readonly number[], ...into: readonly number[]): readonly number[] => [
        ...list.map((trip, k) => (k === at ? trip / product(into) : trip)),
        ...into,
      ];
      const inTile = resultOf(from, shape.operands[position]!.tensor).loops.map((loop) => loop.trip);
      const made = from.loops.map(({ trips: own }) => own);
      pmu([...split(made, Math.max(dealt, turns)), ...inTile]);
      pmu(split(trips.slice(0, level), gathered, turns));
    }
    if (via.kind === "carried") {
      const from = stages.find((other) => makes(other.shape, via.from))!;
      pmu([...outer, ...resultOf(from, via.from).loops.map((loop) => loop.trip)]);
      if (via.init !== null) pmu(blocks(via.shape, lanesFor(machine, bytesOf(shape.operands[position]!.dtype))));
    }
    if (via.kind === "tier-buffer" || via.kind === "carried") pmu(trips.slice(0, level));
  });
  const around = loopsAround(stage, loops).map((loop) => loop.trips);
  if (sumsInMemory(stage)) pmu(trips);
  for (const { collect, tensor, to } of stores) {
    const result = resultOf(stage, tensor);
    if (turning(collect) > 0) pmu([...around, ...collect, ...blocks(result.shape, shape.lanes)]);
    else if (to.includes("home")) pmu([...around, ...result.loops.map((loop) => loop.trip)]);
  }
  return needs;
}

const turning = (trips: readonly number[]): number => trips.filter((trip) => trip > 1).length;

/** Hand-overs, copies served in turn, held tiles, then the box. */
function loadTrips({ shape }: StagePlan, position: number, { hold, held, box, generators }: TierBuffer, loops: readonly OuterLoop[]): readonly number[] {
  const copies = loops.map((loop, k) => (dependsOn(shape.operands[position]!, shape.loops[k]!.name) ? loop.par / generators[k]! : 1));
  return [...loops.slice(0, hold).map((loop) => loop.trips), ...copies, ...held.map((k) => loops[k]!.trips), ...blocks(box, shape.lanes)];
}

/** Trips of a walk over a box, a vector at a time along its last dimension. */
const blocks = (box: readonly number[], lanes: number): readonly number[] => box.map((size, d) => (d === box.length - 1 ? Math.ceil(size / lanes) : size));
