/**
 * Fuse: operators that can hand each other tiles on the chip form a group, which becomes one section.
 *
 *     max[i], e[i, j], sum[i], y[i, j]   ->   one group under the loop i: a row of e never leaves the chip
 *
 * Two operators can share the loops in which the reader takes, in its own leading indices, just what the writer makes in its leading indices.
 * A group grows operator by operator in program order, as long as the plan of the larger group (plan.ts) still fits the machine.
 */

import type { Program } from "../pattern/program.ts";
import type { StageShape } from "./stage.ts";

export interface Group {
  readonly shapes: readonly StageShape[];
  /** Number of leading loops that all stages share. */
  readonly shared: number;
}

/** Leading kept loops that `reader` shares with `writer`: it reads [its own i0, i1 ...] there. null: it does not read `writer`. */
export function sharedDepth(reader: StageShape, writer: StageShape): number | null {
  const reads = reader.operands.filter((operand) => makes(writer, operand.tensor));
  if (reads.length === 0) return null;
  const depths = reads.map(({ at }) => {
    const most = Math.min(reader.kept, writer.kept, at.length);
    for (let d = 0; d < most; d++) {
      const own = reader.loops[d]!;
      const place = at[d]!;
      const plain = place.constant === 0 && Object.keys(place.of).length === 1 && place.of[own.name] === 1;
      if (!plain || own.extent !== writer.loops[d]!.extent) return d;
    }
    return most;
  });
  return Math.min(...depths);
}

/** Does the stage write this tensor? */
export const makes = (shape: StageShape, tensor: string): boolean =>
  shape.operator.kind === "map" ? tensor === shape.name : shape.operator.fields.some((field) => tensor === `${shape.name}.${field.name}`);

/** The group with one more stage, or null where the stage reads nothing that the group makes. */
export function extend(group: Group, shape: StageShape): Group | null {
  const depths = group.shapes.map((writer) => sharedDepth(shape, writer)).filter((depth) => depth !== null);
  if (depths.length === 0) return null;
  return { shapes: [...group.shapes, shape], shared: Math.min(group.shared, shape.kept, ...depths) };
}

/** Cuts the program's stages into groups; `fits` says whether a group can be planned on the machine. */
export function formGroups(shapes: readonly StageShape[], fits: (group: Group) => boolean, fuse: boolean): readonly Group[] {
  const groups: Group[] = [];
  for (const shape of shapes) {
    const last = groups.at(-1);
    const larger = fuse && last !== undefined ? extend(last, shape) : null;
    if (larger !== null && fits(larger)) groups[groups.length - 1] = larger;
    else groups.push({ shapes: [shape], shared: shape.kept });
  }
  return groups;
}

/** Tensors of a group's stages that someone outside the group needs: outputs, and what later operators read. */
export function leaving(group: Group, program: Program, all: readonly StageShape[]): ReadonlySet<string> {
  const outputs = new Set(Object.values(program.outputs));
  const outside = all
    .filter(({ name }) => !group.shapes.some((shape) => shape.name === name))
    .flatMap((shape) => shape.operands.map((operand) => operand.tensor));
  const made = group.shapes.flatMap((shape) =>
    shape.operator.kind === "map" ? [shape.name] : shape.operator.fields.map((field) => `${shape.name}.${field.name}`),
  );
  return new Set(made.filter((tensor) => outputs.has(tensor) || outside.includes(tensor)));
}
