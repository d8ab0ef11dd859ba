/** Matrix products among operators: by structure, whatever they are called. */

import { visitNodes } from "../pattern/analysis.ts";
import { bytesOf, isFloat } from "../pattern/dtypes.ts";
import { freeIndexFinder } from "../pattern/nodes.ts";
import type { Dtype, Expr } from "../pattern/program.ts";
import type { PlainOperator } from "./operators.ts";

/** out[batch, m, n] = sum over k of a[batch, m, k] b[batch, k, n], each of which may be several indices, in any order. */
export interface Contraction {
  readonly a: string;
  readonly b: string;
  /** In which they are multiplied: that of the wider factor. */
  readonly dtype: Dtype;
  /** Of an element of each factor. */
  readonly a_bytes: number;
  readonly b_bytes: number;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Names of indices. */
  readonly m_indices: readonly string[];
  readonly n_indices: readonly string[];
  readonly k_indices: readonly string[];
}

export interface FoundProduct {
  readonly contraction: Contraction;
  readonly fold: Expr;
  readonly product: Expr;
}

/** The one fold of a map that adds up products of two tensors, where either has an index of the result for itself. */
export function contractionOf(operator: PlainOperator, bodies: readonly Expr[], extents: ReadonlyMap<string, number>): FoundProduct | null {
  if (operator.kind !== "map") return null;
  const folds: Extract<Expr, { kind: "reduce" }>[] = [];
  visitNodes(bodies, (expr) => {
    if (expr.kind === "reduce") folds.push(expr);
  });
  const [fold] = folds;
  if (fold === undefined || folds.length > 1 || fold.fn !== "add") return null;
  const product = fold.body.kind === "cast" ? fold.body.arg : fold.body;
  if (product.kind !== "op" || product.op !== "mul") return null;
  const factors = product.args.map((arg) => readIn(arg));
  const [left, right] = factors;
  if (left === undefined || left === null || right === undefined || right === null) return null;
  const freeOf = freeIndexFinder();
  const indicesIn = (read: typeof left): ReadonlySet<string> => new Set(read.at.flatMap((place) => [...freeOf(place)]));
  const [ofLeft, ofRight] = [indicesIn(left), indicesIn(right)];
  const kept = operator.domain.map(({ name }) => name);
  const folded = fold.over.map(({ name }) => name);
  const m = kept.filter((name) => ofLeft.has(name) && !ofRight.has(name));
  const n = kept.filter((name) => ofRight.has(name) && !ofLeft.has(name));
  const batch = kept.filter((name) => ofLeft.has(name) === ofRight.has(name));
  if (m.length + n.length === 0) return null;
  const size = (names: readonly string[]): number => names.reduce((total, name) => total * (extents.get(name) ?? 1), 1);
  const contraction: Contraction = {
    ...{ a: left.tensor, b: right.tensor, dtype: widerOf(left.dtype, right.dtype), a_bytes: bytesOf(left.dtype), b_bytes: bytesOf(right.dtype) },
    ...{ batch: size(batch), m: size(m), n: size(n), k: size(folded) },
    ...{ m_indices: m, n_indices: n, k_indices: folded },
  };
  return { contraction, fold, product };
}

/** The one read of an operand that is otherwise arithmetic on it. */
function readIn(expr: Expr): Extract<Expr, { kind: "read" }> | null {
  const reads: Extract<Expr, { kind: "read" }>[] = [];
  visitNodes([expr], (node) => {
    if (node.kind === "read") reads.push(node);
  });
  return reads.length === 1 ? reads[0]! : null;
}

/** Of two as wide, the float. */
function widerOf(a: Dtype, b: Dtype): Dtype {
  if (bytesOf(a) !== bytesOf(b)) return bytesOf(a) > bytesOf(b) ? a : b;
  return isFloat(b) ? b : a;
}
