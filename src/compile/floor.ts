/** How fast a group can be at best: what a search measures its choices by. */

import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Choice, PlanContext } from "./context.ts";
import { depthOf, type Group, makes } from "./group.ts";
import { bestShareOfPins } from "./pace.ts";
import { product } from "./sizes.ts";
import { dependsOn, type StageShape } from "./stage.ts";

/** Elements of a loop that a stage takes at one time. */
export const stepOf = ({ lane, lanes, rows }: StageShape, index: string, { pcu }: Machine): number =>
  index === lane ? lanes : index === rows ? pcu.stages : 1;

/** Would it keep up with the group's slowest stage even with one lane? Then tiles may be narrower than its lanes. */
export function isLight(shape: StageShape, { shapes }: Group): boolean {
  const elements = ({ loops }: StageShape): number => product(loops.map(({ extent }) => extent));
  return elements(shape) <= Math.max(...shapes.map((other) => elements(other) / other.lanes));
}

/** Of a copy of each stage, if nothing else counted. */
function cyclesOf(group: Group, { tile, par, split }: Choice, machine: Machine): readonly number[] {
  return group.shapes.map((shape) => {
    const { loops } = shape;
    const depth = depthOf(group, shape);
    let firings = 1;
    for (let position = 0; position < loops.length; position++) {
      const { name, extent } = loops[position]!;
      firings *= Math.ceil((position < depth ? tile[position]! : extent) / stepOf(shape, name, machine));
      if (position < depth) firings *= Math.ceil(Math.ceil(extent / tile[position]!) / par[position]!);
    }
    return firings / split;
  });
}

export interface ComputeFloor {
  /** Of the slowest stage, if nothing else counted. */
  readonly cycles: number;
  /** There are too few PCUs even if faster stages have just as many copies as keep up with the slowest. */
  readonly isCrowded: boolean;
}

export function computeFloor(group: Group, choice: Choice, { machine }: PlanContext): ComputeFloor {
  const cycles = cyclesOf(group, choice, machine);
  const slowest = Math.max(0, ...cycles);
  const copies = product(choice.par) * choice.split;
  const pcus = group.shapes.reduce((sum, { parts }, s) => sum + Math.max(1, parts.length) * Math.max(1, (copies * cycles[s]!) / Math.max(1, slowest)), 0);
  return { cycles: slowest, isCrowded: pcus > machine.pcu.count };
}

/** Cycles of the busiest tier if each element that is read or leaves the chip moved once, at the best pace for as many writes. */
export function memoryFloor({ shapes, loop }: Group, { machine, program, tierOf, leaving, homes }: PlanContext): number {
  if (loop !== undefined) return 0;
  const bytes = { hbm: { read: 0, written: 0 }, ddr: { read: 0, written: 0 } };
  const read = new Map<string, number>();
  for (const shape of shapes) {
    for (const operand of shape.operands) {
      if (homes.has(operand.tensor) || shapes.some((other) => makes(other, operand.tensor))) continue;
      const walked = product(shape.loops.map(({ name, extent }) => (dependsOn(operand, name) ? extent : 1))) * bytesOf(operand.dtype);
      read.set(operand.tensor, Math.max(read.get(operand.tensor) ?? 0, walked));
    }
  }
  const wholeOf = (name: string): number => tensorBytes(program.tensors.find((tensor) => tensor.name === name)!);
  for (const [tensor, walked] of read) bytes[tierOf(tensor)].read += Math.min(walked, wholeOf(tensor));
  for (const tensor of shapes.flatMap(({ operator }) => writesOf(operator))) if (leaving.has(tensor)) bytes[tierOf(tensor)].written += wholeOf(tensor);
  return Math.max(
    ...(["hbm", "ddr"] as const).map((kind) => {
      const { read, written } = bytes[kind];
      const tier = machine.tiers[kind];
      if (tier === undefined || read + written === 0) return 0;
      return (read + written) / (tierBytesPerCycle(machine, tier) * tierServiceShare(tier) * bestShareOfPins(machine, tier, written / (read + written)));
    }),
  );
}
