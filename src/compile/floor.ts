/** How fast a group can be at best: what a search measures its choices by. */

import { tierBytesPerCycle, tierServiceShare } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { tensorBytes, writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Choice, PlanContext } from "./context.ts";
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

/** Cycles of the slowest stage if nothing else counted. */
export function computeFloor(group: Group, { tile, par, split }: Choice, { machine }: PlanContext): number {
  let most = 0;
  for (const shape of group.shapes) {
    const firings = shape.loops.map((index, position) => {
      const inner = Math.ceil((tile[position] ?? index.extent) / stepOf(shape, index.name, machine));
      return position < group.shared ? inner * Math.ceil(Math.ceil(index.extent / tile[position]!) / par[position]!) : inner;
    });
    most = Math.max(most, product(firings) / split);
  }
  return most;
}

/** Cycles of the busiest tier if each element that is read or leaves the chip moved once, at the best pace for as many writes. */
export function memoryFloor({ shapes, loop }: Group, { machine, program, tierOf, leaving }: PlanContext): number {
  if (loop !== undefined) return 0;
  const bytes = { hbm: { read: 0, written: 0 }, ddr: { read: 0, written: 0 } };
  const read = new Map<string, number>();
  for (const shape of shapes) {
    for (const operand of shape.operands) {
      if (shapes.some((other) => makes(other, operand.tensor))) continue;
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
