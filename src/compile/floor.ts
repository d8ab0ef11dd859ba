/** How fast a group can be at best: what a search measures its choices by. */

import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { PlanContext } from "./context.ts";
import { type Group, makes } from "./group.ts";
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

/** What a copy of a stage takes along one of its loops: steps inside a tile, and tiles; without a tile, steps along all of it. */
export function stepsAlong(shape: StageShape, position: number, machine: Machine, tile?: number, par = 1): number {
  const { name, extent } = shape.loops[position]!;
  const step = stepOf(shape, name, machine);
  return tile === undefined ? Math.ceil(extent / step) : Math.ceil(tile / step) * Math.ceil(Math.ceil(extent / tile) / par);
}

/** Are there too few PCUs even if stages have just as many copies as keep up with the slowest? `cycles`: of a copy of each stage, with so many copies of each. */
export function isCrowded({ shapes }: Group, cycles: readonly number[], copies: number, { pcu }: Machine): boolean {
  const slowest = Math.max(1, ...cycles);
  return shapes.reduce((sum, { parts }, s) => sum + Math.max(1, parts.length) * Math.max(1, (copies * cycles[s]!) / slowest), 0) > pcu.count;
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
  /** Tables and records are in no walk: their writes turn no bus (tally.ts). */
  const isWalked = shapes.every(({ kept, table }) => kept > 0 && table === null);
  const wholeOf = (name: string): number => tensorBytes(program.tensors.find((tensor) => tensor.name === name)!);
  for (const [tensor, walked] of read) bytes[tierOf(tensor)].read += Math.min(walked, wholeOf(tensor));
  for (const tensor of shapes.flatMap(({ operator }) => writesOf(operator))) if (leaving.has(tensor)) bytes[tierOf(tensor)].written += wholeOf(tensor);
  return Math.max(
    ...(["hbm", "ddr"] as const).map((kind) => {
      const { read, written } = bytes[kind];
      const tier = machine.tiers[kind];
      if (tier === undefined || read + written === 0) return 0;
      const share = isWalked ? written / (read + written) : 0;
      return (read + written) / (tierBytesPerCycle(machine, tier) * tierServiceShare(tier) * bestShareOfPins(machine, tier, share));
    }),
  );
}
