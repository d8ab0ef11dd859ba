/**
 * Gathers: a read at an index that is not affine in the loops becomes an operator of its own in front of its reader.
 *
 *     y[i] = x[idx[i]] * 2   ->   y.g1[i] = element idx[i] of x;  y[i] = y.g1[i] * 2
 *
 * Before: a normalised Program. After: the same values, and every body reads at affine places only. A gather ranges over just the loops that its index
 * uses; equal gathers of an operator are one; a map that is nothing but a gather becomes it. A read outside stays an error: where one dimension could
 * make up for another, the element number is -1 unless each is inside.
 */

import { UserError } from "../base/errors.ts";
import { affine, bodiesOf, elementsOf, indicesOf } from "../pattern/analysis.ts";
import { rangeOf } from "../pattern/dtypes.ts";
import { freeIndexFinder, interner, visitNodes } from "../pattern/nodes.ts";
import type { Expr, GatherOperator, Index, MapOperator, Operator, Program, Tensor } from "../pattern/program.ts";
import { add, and, constant, ge, lt, mul, select } from "../pattern/scalars.ts";
import { mapBlocks } from "./blocks.ts";
import { boundsFinder, type Range } from "./ranges.ts";
import { freshName, readAt, renameIndices, rewriteBodies, rewriter, substitute } from "./rewrite.ts";

type Read = Extract<Expr, { kind: "read" }>;

export const liftGathers = (program: Program): Program => mapBlocks(program, liftBlock);

function liftBlock(block: Program, rounds: readonly Index[]): Program {
  if (!block.operators.some(gathers)) return block;
  const tensors = [...block.tensors];
  const operators = block.operators.flatMap((operator) => (gathers(operator) ? liftOperator(operator, tensors, rounds) : [operator]));
  return { ...block, operators, tensors };
}

const isGather = (node: Expr): node is Read => node.kind === "read" && node.at.some((place) => affine(place) === null);

function gathers(operator: Operator): boolean {
  let found = false;
  visitNodes(bodiesOf(operator), (node) => {
    found ||= isGather(node);
  });
  return found;
}

/** Adds the gathers' results to `tensors`. */
function liftOperator(operator: Operator, tensors: Tensor[], rounds: readonly Index[]): readonly Operator[] {
  const loops = indicesOf(operator);
  const boundsOf = boundsFinder(new Map([...loops, ...rounds].map(({ name, extent }) => [name, extent])));
  const freeOf = freeIndexFinder();
  const lifted: GatherOperator[] = [];
  const lift = (node: Read): Expr => {
    const table = tensors.find((tensor) => tensor.name === node.tensor)!;
    const index = elementNumber(node.at, table, boundsOf, operator.name);
    const free = freeOf(index);
    const needed = loops.filter((loop) => free.has(loop.name));
    const name = freshName(operator.name, "g", lifted.length + 1, tensors);
    const { indices, by } = renameIndices(needed, name, "i");
    lifted.push({ kind: "gather", name, domain: indices, tensor: table.name, index: substitute(index, by) });
    tensors.push({ name, dtype: node.dtype, shape: needed.map(({ extent }) => extent), tier: "auto" });
    return readAt({ name, dtype: node.dtype }, needed);
  };
  const intern = interner();
  const change = rewriter((node) => (isGather(node) ? lift(node) : node));
  const next = rewriteBodies(operator, (body) => change(intern(body)));
  const last = lifted.at(-1)!;
  if (next.kind !== "map" || !isCopy(next, last)) return [...lifted, next];
  tensors.pop();
  return [...lifted.slice(0, -1), { ...last, name: next.name }];
}

/** A gather's loops stand in the order of its reader's: as many of them are the same. */
const isCopy = ({ domain, body }: MapOperator, gather: GatherOperator): boolean =>
  body.kind === "read" && body.tensor === gather.name && domain.length === gather.domain.length;

/** The row-major number of the element `at`. */
function elementNumber(at: readonly Expr[], { name, shape }: Tensor, boundsOf: (expr: Expr) => Range, operator: string): Expr {
  if (elementsOf(shape) > rangeOf("i32").highest) throw tooLarge(operator, name, elementsOf(shape));
  const number = at.map((place, d) => scaled(place, elementsOf(shape.slice(d + 1)))).reduce((sum, part) => add(sum, part));
  if (at.length === 1) return number;
  const conditions = at.flatMap((place, d) => insideConditions(place, shape[d]!, boundsOf(place)));
  const [first, ...others] = conditions;
  return first === undefined ? number : select(and(first, ...others), number, -1);
}

const scaled = (place: Expr, stride: number): Expr => (stride === 1 ? place : mul(place, constant("i32", stride)));

/** What must hold, and is not sure, for `place` to be one of [0, extent). */
function insideConditions(place: Expr, extent: number, { lowest, highest }: Range): readonly Expr[] {
  return [...(lowest < 0 ? [ge(place, 0)] : []), ...(highest >= extent ? [lt(place, extent)] : [])];
}

const tooLarge = (operator: string, tensor: string, elements: number): UserError =>
  new UserError({
    code: "too-large",
    place: { path: operator },
    message: `"${operator}" gathers from "${tensor}", whose ${elements} elements an i32 cannot number`,
    hint: "gather from a part of it",
  });
