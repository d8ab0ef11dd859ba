/**
 * Reshape: a tensor that is only read in pieces is made in pieces, so that its maker can share the loop over the pieces with its readers.
 *
 *     t[i] = x[i] * 2, i < 4000;  s[p] = sum_r t[p * 10 + r], r < 10   ->   t[p, r] = x[p * 10 + r] * 2;  s[p] = sum_r t[p, r]
 *
 * Before: a lowered Program. After: the same values in the same row-major places; outputs, inputs and what loops carry keep their shapes, folds their loops, and every
 * tensor its last dimension, along which lanes and bursts run.
 */

import { affine, bodiesOf, tensorsReadBy, visitNodes } from "../pattern/analysis.ts";
import type { Expr, Index, MapOperator, Operator, Program } from "../pattern/program.ts";
import { add, mul } from "../pattern/scalars.ts";
import { allOperators } from "./blocks.ts";
import { indexRead, remade, rewriteExpr } from "./rewrite.ts";

export const reshape = (program: Program): Program => reshaped(program, false).program;

/** `all`: folds are made in pieces too, and last dimensions cut. `pieces`: names of the loops over pieces that this made. */
export function reshaped(program: Program, all: boolean): { readonly program: Program; readonly pieces: readonly string[] } {
  const pieces: string[] = [];
  for (let current = program; ; ) {
    const found = findPieces(current, all);
    if (found === null) return { program: current, pieces };
    current = inPieces(current, found);
    pieces.push(pieceName(found.maker.domain[found.dim]!));
  }
}

const pieceName = ({ name }: Index): string => `${name}.piece`;

/** Dimension `dim` of a tensor, read only as pieces of `size` elements. */
interface Pieces {
  readonly maker: MapOperator;
  readonly dim: number;
  readonly size: number;
}

function findPieces(program: Program, all: boolean): Pieces | null {
  const operators = allOperators(program.operators);
  for (const maker of operators) {
    if (maker.kind !== "map" || (maker.body.kind === "reduce" && !all) || !isInternal(maker.name, program, operators)) continue;
    for (const [dim, index] of maker.domain.slice(0, all ? undefined : -1).entries()) {
      const size = index.count === undefined ? pieceSize(maker.name, dim, index.extent, operators) : null;
      if (size !== null) return { maker, dim, size };
    }
  }
  return null;
}

/** Made and read by operators alone, element by element. */
export function isInternal(tensor: string, program: Program, operators: readonly Operator[]): boolean {
  if (Object.values(program.outputs).includes(tensor)) return false;
  return operators.every((operator) => {
    if (operator.kind === "gather") return operator.tensor !== tensor;
    if (operator.kind !== "iterate") return true;
    return operator.until !== tensor && operator.carries.every(({ init, from }) => init !== tensor && from !== tensor);
  });
}

/** The one size s for which every read of the dimension is at a * s + b, b < s, with a and b loops that cover it; null if there is none. */
function pieceSize(tensor: string, dim: number, extent: number, operators: readonly Operator[]): number | null {
  const sizes = new Set<number | null>();
  for (const operator of operators) {
    if (operator.kind === "iterate" || !tensorsReadBy(operator).has(tensor)) continue;
    const extents = extentsOf(operator);
    visitNodes(bodiesOf(operator), (expr) => {
      if (expr.kind === "read" && expr.tensor === tensor) sizes.add(sizeOf(expr, dim, extent, extents));
    });
  }
  const [size] = sizes;
  return sizes.size === 1 && size !== undefined ? size : null;
}

function extentsOf(operator: Exclude<Operator, { kind: "iterate" }>): ReadonlyMap<string, number> {
  const indices = [...operator.domain];
  visitNodes(bodiesOf(operator), (expr) => {
    if (expr.kind === "reduce") indices.push(...expr.over);
  });
  return new Map(indices.filter(({ count }) => count === undefined).map(({ name, extent }) => [name, extent]));
}

function sizeOf(expr: Extract<Expr, { kind: "read" }>, dim: number, extent: number, extents: ReadonlyMap<string, number>): number | null {
  const form = affine(expr.at[dim]!);
  if (form === null || expr.padded || form.constant !== 0 || form.coefficients.size !== 2) return null;
  const [[a, size], [b, step]] = [...form.coefficients].toSorted(([, left], [, right]) => right - left) as [[string, number], [string, number]];
  return step === 1 && size > 1 && extents.get(b) === size && extents.get(a)! * size === extent ? size : null;
}

function inPieces(program: Program, { maker, dim, size }: Pieces): Program {
  const index = maker.domain[dim]!;
  const [piece, place] = [
    { name: pieceName(index), extent: index.extent / size },
    { name: `${index.name}.place`, extent: size },
  ];
  const whole = add(mul(indexRead(piece.name), size), indexRead(place.name));
  const made: MapOperator = {
    ...maker,
    domain: maker.domain.toSpliced(dim, 1, piece, place),
    body: rewriteExpr(maker.body, (node) => (node.kind === "index" && node.index === index.name ? whole : node)),
  };
  return remade(program, maker, made, (at) => at.toSpliced(dim, 1, ...placesOf(at[dim]!, size)));
}

/** a * size + b  ->  a, b. */
function placesOf(place: Expr, size: number): readonly Expr[] {
  const coefficients = [...affine(place)!.coefficients];
  return [size, 1].map((factor) => indexRead(coefficients.find(([, coefficient]) => coefficient === factor)![0]));
}
