/**
 * Chains of folds that can be brought to one scale afterwards (rescale.ts): the largest a of each row, exp(a - largest), what that is multiplied by or divided by for a whole row, and sums of
 * terms that are linear in it. Found by their algebra alone, whatever they are called and whatever else the terms have.
 */

import { tensorsReadBy, visitNodes } from "../pattern/analysis.ts";
import { isFloat } from "../pattern/dtypes.ts";
import { freeIndexFinder, interner } from "../pattern/nodes.ts";
import type { Expr, Index, MapOperator, Operator, Program, ScalarOp } from "../pattern/program.ts";
import { allWritesOf } from "./blocks.ts";
import { type Fold, indexRead, isFold, substitute } from "./rewrite.ts";

export interface Chain {
  /** m[i] = max_k a[i, k]. */
  readonly largest: Fold;
  /** e[i, k] = exp(a[i, k] - m[i]). */
  readonly weight: MapOperator;
  /** p[i, k] = e[i, k] / s[i] and the like. */
  readonly scaled: readonly MapOperator[];
  readonly folds: readonly LinearFold[];
}

/** A sum over k of terms that are linear in e, in what `source` names: e, or e times its `factors`, of which the first comes first. */
export interface LinearFold {
  readonly fold: Fold;
  readonly source: string;
  readonly factors: readonly Factor[];
}

/** What is the same for a whole row, in the indices of `domain`, the row's. */
export interface Factor {
  /** The operator that multiplies or divides. */
  readonly of: string;
  readonly op: "mul" | "div";
  readonly value: Expr;
  readonly domain: readonly Index[];
}

/** The chain that begins with the fold called `largest`; null where somebody needs a row of it whole, or what is no sum of terms linear in it. */
export function chainOf({ operators, outputs }: Program, largest: string): Chain | null {
  const first = operators.find(({ name }) => name === largest);
  if (first === undefined || !isFold(first) || !isLargest(first)) return null;
  const readersOf = (tensor: string): readonly Operator[] => operators.filter((operator) => tensorsReadBy(operator).has(tensor));
  const weights = readersOf(first.name).filter((reader): reader is MapOperator => isWeight(reader, first));
  const [weight] = weights;
  if (weight === undefined || weights.length > 1) return null;
  const scaled: MapOperator[] = [];
  const folds: LinearFold[] = [];
  const left = [{ maker: weight, factors: [] as readonly Factor[] }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { maker, factors } = next;
    if (Object.values(outputs).includes(maker.name)) return null;
    for (const reader of readersOf(maker.name)) {
      const factor = factorOf(reader, maker);
      if (isLinearFold(reader, maker, first.domain.length)) folds.push({ fold: reader, source: maker.name, factors });
      else if (factor !== null) {
        scaled.push(reader as MapOperator);
        left.push({ maker: reader as MapOperator, factors: [...factors, factor] });
      } else return null;
    }
  }
  const inProgram = folds.toSorted((a, b) => operators.indexOf(a.fold) - operators.indexOf(b.fold));
  const chain: Chain = { largest: first, weight, scaled, folds: inProgram };
  return inProgram.length > 0 && inProgram.every(({ fold }) => fold.body.acc === inProgram[0]!.fold.body.acc) && standsApart(chain, operators) ? chain : null;
}

function isLargest({ body }: Fold): boolean {
  return body.fn === "max" && body.over.length === 1 && body.over[0]!.count === undefined && isFloat(body.dtype);
}

/** exp(a - m) over the rows of `largest` and along them, of the same a. */
function isWeight(operator: Operator, { name, domain, body }: Fold): boolean {
  if (operator.kind !== "map" || operator.body.kind !== "op" || operator.body.op !== "exp" || !sameLoops(operator.domain, [...domain, ...body.over]))
    return false;
  const [difference] = operator.body.args;
  if (difference!.kind !== "op" || difference!.op !== "sub") return false;
  const own = new Map([...domain, ...body.over].map((index, d) => [index.name, indexRead(operator.domain[d]!.name)]));
  const intern = interner();
  const [value, most] = difference!.args as readonly [Expr, Expr];
  const read: Expr = { kind: "read", dtype: body.dtype, tensor: name, at: operator.domain.slice(0, -1).map((index) => indexRead(index.name)) };
  const casts = (expr: Expr, inside: Expr): Expr => (expr.kind === "cast" ? { ...expr, arg: casts(expr.arg, inside) } : inside);
  return intern(most) === intern(casts(most, read)) && intern(value) === intern(casts(most, substitute(body.body, own)));
}

const sameLoops = (a: readonly Index[], b: readonly Index[]): boolean =>
  a.length === b.length && a.every(({ extent, count }, d) => extent === b[d]!.extent && count === b[d]!.count);

/** Of a map over the same loops that multiplies or divides `maker` by what is the same along the last of them. */
function factorOf(operator: Operator, maker: MapOperator): Factor | null {
  if (operator.kind !== "map" || operator.body.kind !== "op" || !sameLoops(operator.domain, maker.domain)) return null;
  const { op, args } = operator.body;
  const own = args.findIndex((arg) => isElement(arg, maker.name, operator.domain));
  const value = args[1 - own];
  if (own < 0 || value === undefined || !(op === "mul" || (op === "div" && own === 0)) || !isFloat(operator.body.dtype)) return null;
  if (freeIndexFinder()(value).has(operator.domain.at(-1)!.name) || readsAny(value, new Set([maker.name]))) return null;
  return { of: operator.name, op, value, domain: operator.domain.slice(0, -1) };
}

const isElement = (expr: Expr, tensor: string, loops: readonly Index[]): boolean =>
  expr.kind === "read" &&
  expr.tensor === tensor &&
  expr.at.length === loops.length &&
  expr.at.every((at, d) => at.kind === "index" && at.index === loops[d]!.name);

/** A sum along the rows of `maker`, in whose terms it stands once as a factor; the `rows` leading loops are those of the rows. */
function isLinearFold(operator: Operator, { name, domain }: MapOperator, rows: number): operator is Fold {
  if (!isFold(operator) || operator.body.fn !== "add" || !isFloat(operator.body.acc) || operator.body.over.length !== 1) return false;
  const loops = [...operator.domain.slice(0, rows), ...operator.body.over];
  return sameLoops(loops, domain) && degreeOf(operator.body.body, (expr) => isElement(expr, name, loops), name) === 1;
}

/** 1: linear in the element, 0: without it, null: neither. */
function degreeOf(expr: Expr, isOwn: (expr: Expr) => boolean, tensor: string): 0 | 1 | null {
  if (isOwn(expr)) return 1;
  if (!readsAny(expr, new Set([tensor]))) return 0;
  if (expr.kind === "cast") return isFloat(expr.dtype) ? degreeOf(expr.arg, isOwn, tensor) : null;
  if (expr.kind !== "op") return null;
  const degrees = expr.args.map((arg) => degreeOf(arg, isOwn, tensor));
  return degrees.includes(null) ? null : degreeAfter(expr.op, degrees as readonly (0 | 1)[]);
}

/** Of an operation on arguments of which at least one has the element. */
function degreeAfter(op: ScalarOp, [a, b]: readonly (0 | 1)[]): 1 | null {
  if (op === "neg") return 1;
  if (op === "mul") return a! + b! === 1 ? 1 : null;
  if (op === "div") return b === 0 ? 1 : null;
  return (op === "add" || op === "sub") && a === 1 && b === 1 ? 1 : null;
}

function readsAny(expr: Expr, tensors: ReadonlySet<string>): boolean {
  let found = false;
  visitNodes([expr], (node) => {
    found ||= node.kind === "read" && tensors.has(node.tensor);
  });
  return found;
}

/** Nothing that is made block by block needs what is known only after the last block. */
function standsApart(chain: Chain, operators: readonly Operator[]): boolean {
  const late = lateTensors(chain, operators);
  return !readsAny(chain.largest.body, late) && chain.folds.every(({ fold }) => !readsAny(fold.body, late));
}

/** What the chain's folds give, and what others make from that. */
export function lateTensors({ largest, weight, scaled, folds }: Chain, operators: readonly Operator[]): ReadonlySet<string> {
  const own = new Set<Operator>([largest, weight, ...scaled, ...folds.map(({ fold }) => fold)]);
  const late = new Set([largest.name, ...folds.map(({ fold }) => fold.name)]);
  for (const operator of operators) {
    if (!own.has(operator) && [...tensorsReadBy(operator)].some((tensor) => late.has(tensor))) for (const tensor of allWritesOf(operator)) late.add(tensor);
  }
  return late;
}
