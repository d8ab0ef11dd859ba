/**
 * Fuse: operators that can hand each other tiles on the chip form a group, which becomes one section.
 *
 *     max[i], e[i, j], sum[i], y[i, j]   ->   one group under the loop i: a row of e never leaves the chip
 *
 * Two operators can share the loops in which the reader takes, in its own leading indices, just what the writer makes in its leading indices.
 * A group grows operator by operator in program order, as long as the plan of the larger group (plan.ts) still fits the machine.
 */

import { writesOf } from "../pattern/analysis.ts";
import type { Index } from "../pattern/program.ts";
import { ownPosition, type StageShape } from "./stage.ts";

export interface Group {
  readonly shapes: readonly StageShape[];
  /** Number of leading loops that all stages share, but for those that stand outside of blocks. */
  readonly shared: number;
  /** So many of them, the innermost, run over blocks of a cut fold (rescale.ts): block after block, in one copy. Absent: none. */
  readonly blocks?: number;
  /** Stages that stand outside of these: each takes what the others made of all blocks. */
  readonly outside?: readonly StageShape[];
  /** Of a loop whose rounds all run on the chip: its round is the first of the loops that all stages share. */
  readonly loop?: ChipLoop;
}

export interface ChipLoop {
  readonly name: string;
  readonly round: Index;
  /** Tensors to store after the last round: the body's `from`, under the name `to` that the world outside knows. */
  readonly results: readonly { readonly from: string; readonly to: string }[];
}

/** Rounds run one after the other. */
export const isRound = ({ loop }: Group, k: number): boolean => loop !== undefined && k === 0;

/** What a schedule calls a loop of a stage: the operator and the loop's position there, folded loops behind its domain. The round, which none can name, is called after its loop. */
export function loopName({ loop }: Pick<Group, "loop">, shape: StageShape, k: number): string {
  const position = ownPosition(shape, k);
  if (loop === undefined) return `${shape.name}.${position}`;
  return k === 0 ? loop.round.name : `${shape.name}.${position - 1}`;
}

/** Leading kept loops that `reader` shares with `writer`: it reads [its own i0, i1 ...] there. null: it does not read `writer`. */
export function sharedDepth(reader: StageShape, writer: StageShape): number | null {
  const reads = reader.operands.filter((operand) => makes(writer, operand.tensor));
  if (reads.length === 0) return null;
  const depths = reads.map(({ at }) => {
    const most = Math.min(reader.shareable, writer.shareable, at.length);
    for (let d = 0; d < most; d++) {
      const own = reader.loops[d]!;
      const place = at[d]!;
      const plain = place.constant === 0 && Object.keys(place.of).length === 1 && place.of[own.name] === 1;
      if (!plain || own.extent !== writer.loops[d]!.extent || own.count !== writer.loops[d]!.count) return d;
    }
    return most;
  });
  return Math.min(...depths);
}

/** Does the stage write this tensor? */
export const makes = (shape: StageShape, tensor: string): boolean => writesOf(shape.operator).includes(tensor);

/** Does it hand the tensor on as it is made? What is appended to memory it does not, nor a table in several PMUs, nor the sum of tiles. */
export function handsOn(shape: StageShape, tensor: string): boolean {
  return shape.operator.kind !== "flatMap" && shape.shards.length <= 1 && shape.sums === null && makes(shape, tensor);
}

/** Tensors that must be whole in memory before the stage begins: those it fetches from, and the sizes of collections it walks over. */
export const neededWhole = ({ table, loops }: StageShape): readonly string[] => [
  ...(table === null ? [] : [table.name]),
  ...loops.flatMap(({ count }) => (count === undefined ? [] : [count])),
];

/** Leading loops that a stage of the group shares with others. */
export const depthOf = ({ shared, blocks = 0, outside = [] }: Group, shape: StageShape): number => (outside.includes(shape) ? shared - blocks : shared);

/**
 * The group with one more stage, or null where the stage reads nothing that the group makes, or what the group does not hand on, or where tiles are added up that not all take together.
 * A stage that shares all loops but those over `blocks`, by the names of their indices, stands outside of these.
 */
export function extend(group: Group, shape: StageShape, blocks: ReadonlySet<string> = NO_BLOCKS): Group | null {
  const made = (tensor: string): boolean => group.shapes.some((writer) => makes(writer, tensor));
  const handed = (tensor: string): boolean => group.shapes.some((writer) => handsOn(writer, tensor));
  if (neededWhole(shape).some(made) || shape.operands.some(({ tensor }) => made(tensor) && !handed(tensor))) return null;
  const depths = group.shapes.flatMap((writer) => {
    const depth = sharedDepth(shape, writer);
    return depth === null ? [] : [Math.min(depth, depthOf(group, writer))];
  });
  if (depths.length === 0) return null;
  const shapes = [...group.shapes, shape];
  const depth = Math.min(group.shared, shape.shareable, ...depths);
  const { outside = [] } = group;
  const around = group.shared - (group.blocks ?? 0);
  if (depth < group.shared && depth >= around) return { ...group, shapes, outside: [...outside, shape] };
  if (shapes.some((one) => one.sums !== null && one.shareable > depth)) return null;
  return depth === group.shared ? { ...group, shapes } : { shapes, shared: depth, ...overBlocks(group.shapes[0]!, depth, blocks) };
}

const NO_BLOCKS: ReadonlySet<string> = new Set();

/** How many of the innermost shared loops run over blocks. */
function overBlocks({ loops }: StageShape, shared: number, blocks: ReadonlySet<string>): Pick<Group, "blocks"> {
  const others = loops.slice(0, shared).findLastIndex(({ name }) => !blocks.has(name)) + 1;
  return others === shared ? {} : { blocks: shared - others };
}

export const alone = (shape: StageShape): Group => ({ shapes: [shape], shared: shape.shareable });

/** Cuts the program's stages into groups; `fits` says whether a group, one stage larger than the one `before`, can be planned on the machine and is worth it. */
export function formGroups(
  shapes: readonly StageShape[],
  fits: (group: Group, before: Group) => boolean,
  fuse: boolean,
  blocks: ReadonlySet<string> = NO_BLOCKS,
): readonly Group[] {
  const groups: Group[] = [];
  for (const shape of shapes) {
    const last = groups.at(-1);
    const larger = fuse && last !== undefined ? extend(last, shape, blocks) : null;
    if (larger !== null && fits(larger, last!)) groups[groups.length - 1] = larger;
    else groups.push(alone(shape));
  }
  return groups;
}

/** Tensors of a group's stages that someone outside the group needs: those of `kept` (outputs, what loops carry), and what other operators read. */
export function leaving(group: Group, kept: ReadonlySet<string>, all: readonly StageShape[]): ReadonlySet<string> {
  const outside = new Set(
    all
      .filter(({ name }) => !group.shapes.some((shape) => shape.name === name))
      .flatMap((shape) => [...shape.operands.map((operand) => operand.tensor), ...neededWhole(shape)]),
  );
  const needed = (tensor: string): boolean => kept.has(tensor) || outside.has(tensor);
  return new Set(
    group.shapes.flatMap(({ operator }) => {
      const made = writesOf(operator);
      const left = made.filter(needed);
      // The generator that appends the records is the one that counts them.
      return operator.kind === "flatMap" && left.length === 1 && left[0] === `${operator.name}.size` ? [made[0]!, ...left] : left;
    }),
  );
}
