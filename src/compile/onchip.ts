/**
 * Loops on the chip: the rounds of an iterate as one section whose outermost loop they are, so that what is read in every round is loaded once and what is carried
 * never leaves the chip.
 *
 *     repeat 25: gate[j] = f(w[j, k], h[k]); state[j] = g(gate[j])   ->   one group under the loop round: gate[round, j], state[round, j]; h[k] is state of the round before
 *
 * Only bodies of maps with fixed extents, a fixed number of rounds, and carried tensors that the body makes.
 */

import type { Machine } from "../machine/machine.ts";
import { tensorsReadBy } from "../pattern/analysis.ts";
import type { Index, IterateOperator, Operator, Program } from "../pattern/program.ts";
import type { Carried, OperandRead } from "./body.ts";
import { type Group, sharedDepth } from "./group.ts";
import { partition } from "./partition.ts";
import type { StageShape } from "./stage.ts";

/** The stages of a loop's body as one group, or null where the loop is not of this kind. */
export function chipGroup(operator: IterateOperator, shapes: readonly StageShape[], program: Program, machine: Machine): Group | null {
  const { name, round, until, carries, body } = operator;
  const made = new Set(body.map((inner) => inner.name));
  const froms = new Set(carries.map(({ from }) => from));
  if (until !== undefined || round.extent < 2 || body.some(({ kind }) => kind !== "map") || shapes.length === 0 || !shapes.every(isPlain)) return null;
  if (froms.size < carries.length || ![...froms].every((from) => made.has(from))) return null;
  const zeros = zeroTensors(program);
  const carried = new Map(carries.map(({ to, init, from }): [string, Carried] => [to, { from, init: zeros.has(init) ? null : init }]));
  const inLoop = shapes.map((shape) => underRound(shape, round, made, carried));
  const shared = sharedLoops(inLoop);
  const results = carries.filter(({ to }) => isRead(to, operator, program)).map(({ from, to }) => ({ from, to }));
  return { shapes: oneByOne(inLoop, machine), shared, loop: { name, round, results } };
}

/** Tiles that are added up stand in a memory of their own, which no round begins anew. */
const isPlain = ({ operator, mode, sums, loops }: StageShape): boolean =>
  operator.kind === "map" && mode === "simd" && sums === null && loops.every(({ count }) => count === undefined);

/** Maps that are 0 everywhere: what starts from them needs no load. */
export function zeroTensors({ operators }: Pick<Program, "operators">): ReadonlySet<string> {
  return new Set(operators.flatMap((operator) => (isZero(operator) ? [operator.name] : [])));
}

const isZero = (operator: Operator): boolean => operator.kind === "map" && operator.body.kind === "const" && Object.is(operator.body.value, 0);

/** Does anybody outside the loop read the tensor? */
function isRead(tensor: string, loop: IterateOperator, { operators, outputs }: Program): boolean {
  if (Object.values(outputs).includes(tensor)) return true;
  return operators.some((operator) => operator !== loop && tensorsReadBy(operator).has(tensor));
}

/** The stage with the round as its outermost loop: what the body makes has a tile for each round. */
function underRound(shape: StageShape, round: Index, made: ReadonlySet<string>, carried: ReadonlyMap<string, Carried>): StageShape {
  const operands = shape.operands.map((operand): OperandRead => {
    if (made.has(operand.tensor)) return { ...operand, at: [{ constant: 0, of: { [round.name]: 1 } }, ...operand.at] };
    const from = carried.get(operand.tensor);
    return from === undefined ? operand : { ...operand, carried: from };
  });
  const { body, loops, kept, shareable } = shape;
  return { ...shape, body: { ...body, operands }, operands, loops: [round, ...loops], kept: kept + 1, shareable: shareable + 1 };
}

/** Leading loops that are the same in all stages, and in which each reads of the others just what they make there. */
function sharedLoops(shapes: readonly StageShape[]): number {
  const [first] = shapes;
  const alike = (depth: number): boolean => shapes.every(({ loops, shareable }) => depth < shareable && loops[depth]!.extent === first!.loops[depth]!.extent);
  let shared = 1;
  while (alike(shared)) shared++;
  const depths = shapes.flatMap((reader, r) => shapes.slice(0, r).map((writer) => sharedDepth(reader, writer) ?? shared));
  return Math.min(shared, ...depths);
}

/** A fold across lanes gives one element after the other: who goes on with them takes them as they come. */
function oneByOne(shapes: readonly StageShape[], { pcu }: Machine): readonly StageShape[] {
  const single = new Set<string>();
  return shapes.map((shape) => {
    const { loops, kept, lane, operands, body, name } = shape;
    const folds = loops.length > kept;
    const scalars = new Set(operands.flatMap(({ tensor }, position) => (single.has(tensor) ? [position] : [])));
    if (folds ? loops.findIndex((index) => index.name === lane) >= kept : scalars.size > 0) single.add(name);
    if (folds || scalars.size === 0) return shape;
    const ports = pcu.scalar_in > 0 && pcu.scalar_out > 0 ? { scalars } : {};
    return { ...shape, lane: null, lanes: 1, parts: partition(body, { pcu, lanes: 1, packed: 1, tree: false, ...ports }, name) };
  });
}
