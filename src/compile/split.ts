/**
 * Split: a fold becomes folds of its parts and a fold of those, for folds too long for a tile on the chip.
 *
 *     y[i] = sum_k f(i, k), k < 4000   ->   y.part[p, i] = sum_r f(i, p * 1000 + r), r < 1000;  y[i] = sum_p y.part[p, i]
 *
 * Before: a Program with a map whose body is one reduction. After: the same values but for the order in which floats are added; parts are kept in the
 * accumulator's dtype and rounded once, at the end. The longest loop of the fold is cut. Elements that do not fill a part are folded apart:
 *
 *     y.total[i] = sum_p y.part[p, i];  y.rest[i] = sum_r f(i, parts * size + r);  y[i] = y.total[i] + y.rest[i]
 */

import { identity } from "../pattern/dtypes.ts";
import type { Expr, Index, MapOperator, Operator, Program, Tensor } from "../pattern/program.ts";
import { add, cast, lt, mul, select } from "../pattern/scalars.ts";
import { mapBlocks } from "./blocks.ts";
import { type Fold, freshName, indexRead, ownFold, type Reduce, readAt, substitute } from "./rewrite.ts";

/** `operator` may stand inside an iterate. `parts`: at least 1, at most the extent of the fold's longest loop. */
export function splitFold(program: Program, operator: string, parts: number): Program {
  if (parts === 1) return program;
  const result = mapBlocks(program, (block) => {
    const position = block.operators.findIndex(({ name }) => name === operator);
    if (position < 0) return block;
    const { helpers, last } = split(block.operators[position]!, parts, block.tensors);
    const operators = block.operators.toSpliced(position, 1, ...helpers, last);
    return { ...block, operators, tensors: [...block.tensors, ...helpers.map(tensorOf)] };
  });
  if (result === program) throw new Error(`there is no operator "${operator}" to split`);
  return result;
}

function split(operator: Operator, parts: number, tensors: readonly Tensor[]): { readonly helpers: readonly MapOperator[]; readonly last: MapOperator } {
  if (!isFold(operator)) throw new Error(`"${operator.name}" is not one fold`);
  const { name, domain, body } = operator;
  const cut = body.over.reduce((longest, index) => (index.extent > longest.extent ? index : longest));
  const size = Math.floor(cut.extent / parts);
  if (size === 0) throw new Error(`"${name}" folds ${cut.extent} elements, too few for ${parts} parts`);
  const nameOf = (label: string): string =>
    tensors.some((tensor) => tensor.name === `${name}.${label}`) ? freshName(name, label, 2, tensors) : `${name}.${label}`;
  const part: Index = { name: `${nameOf("part")}.p`, extent: parts };
  const partial = ownFold(nameOf("part"), [part, ...domain], pieceOf(body, cut, size, mul(indexRead(part.name), size)));
  const all: Reduce = { ...body, over: [part], body: readAt({ name: partial.name, dtype: body.acc }, [part, ...domain]) };
  if (parts * size === cut.extent) return { helpers: [partial], last: { ...operator, body: all } };
  const total = ownFold(nameOf("total"), domain, { ...all, dtype: body.acc });
  const rest = ownFold(nameOf("rest"), domain, pieceOf(body, cut, cut.extent - parts * size, parts * size));
  const args = [total, rest].map((piece) => readAt({ name: piece.name, dtype: body.acc }, domain));
  return { helpers: [partial, total, rest], last: { ...operator, body: cast(body.dtype, { kind: "op", dtype: body.acc, op: body.fn, args }) } };
}

const isFold = (operator: Operator): operator is Fold => operator.kind === "map" && operator.body.kind === "reduce";

/** The fold of the `size` elements of `cut` from `start` on, in the accumulator's dtype. A loop over a collection may end in any part. */
function pieceOf(fold: Reduce, cut: Index, size: number, start: Expr | number): Reduce {
  const place = add(start, indexRead(cut.name));
  const plain = substitute(fold.body, new Map([[cut.name, place]]));
  const over = fold.over.map((index) => (index === cut ? { name: cut.name, extent: size } : index));
  if (cut.count === undefined) return { ...fold, dtype: fold.acc, over, body: plain };
  const neutral: Expr = { kind: "const", dtype: fold.acc, value: identity(fold.fn, fold.acc) };
  const records: Expr = { kind: "read", dtype: "i32", tensor: cut.count, at: [] };
  return { ...fold, dtype: fold.acc, over, body: select(lt(place, records), cast(fold.acc, plain), neutral) };
}

const tensorOf = ({ name, domain, body }: MapOperator): Tensor => ({ name, dtype: body.dtype, shape: domain.map(({ extent }) => extent), tier: "auto" });
