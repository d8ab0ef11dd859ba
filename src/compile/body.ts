/** An operator's body as single assignment: equal subexpressions once, operands apart. What partition cuts into PCUs. */

import { NO_KEY } from "../fabric/nests.ts";
import { affine } from "../pattern/analysis.ts";
import type { Dtype, Expr, GroupByOperator, IterateOperator, Operator, ReduceFn, ScalarOp } from "../pattern/program.ts";

/** A value that comes from a tensor: the element at these affine places. */
export interface OperandRead {
  readonly tensor: string;
  readonly dtype: Dtype;
  readonly at: readonly Linear[];
  /** 0 outside the tensor. */
  readonly padded?: true;
  /** In a loop on the chip: what the round before made of it. */
  readonly carried?: Carried;
}

/** `from`: the tensor whose value in one round is this one's in the next. `init`: where the first round finds it; null: zeros. */
export interface Carried {
  readonly from: string;
  readonly init: string | null;
}

/** What becomes a stage. */
export type StageOperator = Exclude<Operator, IterateOperator>;

/** constant + sum of coefficients times index values; an index that is no loop of the operator is the round of a loop around it. */
export interface Linear {
  readonly constant: number;
  readonly of: Readonly<Record<string, number>>;
}

export type BodyNode =
  | { readonly kind: "operand"; readonly dtype: Dtype; readonly operand: number }
  | { readonly kind: "const"; readonly dtype: Dtype; readonly value: number }
  /** What counters give without an operation: an affine form of indices, modulo 2^32. */
  | { readonly kind: "index"; readonly dtype: "i32"; readonly place: Linear }
  | { readonly kind: "op"; readonly dtype: Dtype; readonly op: ScalarOp; readonly args: readonly number[] }
  | { readonly kind: "cast"; readonly dtype: Dtype; readonly arg: number }
  | { readonly kind: "reduce"; readonly dtype: Dtype; readonly acc: Dtype; readonly fn: ReduceFn; readonly arg: number }
  | { readonly kind: "scan"; readonly dtype: Dtype; readonly acc: Dtype; readonly fn: ReduceFn; readonly exclusive: boolean; readonly arg: number };

export interface Body {
  /** Arguments stand before their users. */
  readonly nodes: readonly BodyNode[];
  readonly operands: readonly OperandRead[];
  /** Nodes that leave: one for a map, scan or gather (its element number); key, then a value per field, for a groupBy; condition, then fields, of each emit of a flatMap; condition and key of a hash. */
  readonly results: readonly number[];
}

/** Numbers apart that JSON would write alike. */
const numberKey = (value: number): number | string => (Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : `${value}`);

/** `dtype`: of what a scan gives; its accumulator's where it is not given. */
export function bodyOf(operator: StageOperator, dtype?: Dtype): Body {
  const nodes: BodyNode[] = [];
  const operands: OperandRead[] = [];
  const nodeIds = new Map<string, number>();
  const operandIds = new Map<string, number>();
  const known = new Map<Expr, number>();
  function add(node: BodyNode): number {
    const key = JSON.stringify(node, (_, value: unknown) => (typeof value === "number" ? numberKey(value) : value));
    const id = nodeIds.get(key);
    if (id !== undefined) return id;
    nodeIds.set(key, nodes.length);
    return nodes.push(node) - 1;
  }
  function operandOf(expr: Extract<Expr, { kind: "read" }>): number {
    const at = expr.at.map((place) => linearOf(place, operator.name, expr.tensor));
    const key = JSON.stringify([expr.tensor, at, expr.padded]);
    const id = operandIds.get(key);
    if (id !== undefined) return id;
    operandIds.set(key, operands.length);
    return operands.push({ tensor: expr.tensor, dtype: expr.dtype, at, ...(expr.padded && { padded: true }) }) - 1;
  }
  function walk(expr: Expr): number {
    const done = known.get(expr);
    if (done !== undefined) return done;
    const id = walkNew(expr);
    known.set(expr, id);
    return id;
  }
  function walkNew(expr: Expr): number {
    switch (expr.kind) {
      case "const":
        return add({ kind: "const", dtype: expr.dtype, value: expr.value });
      case "index":
        return add({ kind: "index", dtype: "i32", place: { constant: 0, of: { [expr.index]: 1 } } });
      case "read":
        return add({ kind: "operand", dtype: expr.dtype, operand: operandOf(expr) });
      case "op": {
        const place = counted(expr);
        if (place !== null) return add({ kind: "index", dtype: "i32", place });
        return add({ kind: "op", dtype: expr.dtype, op: expr.op, args: expr.args.map(walk) });
      }
      case "cast":
        return add({ kind: "cast", dtype: expr.dtype, arg: walk(expr.arg) });
      case "reduce":
        return add({ kind: "reduce", dtype: expr.dtype, acc: expr.acc, fn: expr.fn, arg: walk(expr.body) });
    }
  }
  const results = resultsOf(operator).map(walk);
  if (operator.kind !== "scan") return { nodes, operands, results };
  const { acc, fn, exclusive } = operator;
  return { nodes, operands, results: [add({ kind: "scan", dtype: dtype ?? acc, acc, fn, exclusive, arg: results[0]! })] };
}

function resultsOf(operator: StageOperator): readonly Expr[] {
  switch (operator.kind) {
    case "map":
    case "scan":
      return [operator.body];
    case "gather":
      return [operator.index];
    case "groupBy":
      return groupByResults(operator);
    case "flatMap":
      return operator.emits.flatMap(({ when, fields }) => [when, ...Object.values(fields)]);
    case "hash":
      return [operator.when ?? { kind: "const", dtype: "bool", value: 1 }, operator.key];
  }
}

/** Key (NO_KEY where the record takes no part), then the value of each field. */
function groupByResults(operator: GroupByOperator): readonly Expr[] {
  const key: Expr = operator.key.dtype === "i32" ? operator.key : { kind: "cast", dtype: "i32", arg: operator.key };
  const off: Expr = { kind: "const", dtype: "i32", value: NO_KEY };
  const masked: Expr = operator.when === undefined ? key : { kind: "op", dtype: "i32", op: "select", args: [operator.when, key, off] };
  return [masked, ...operator.fields.map((field) => field.value)];
}

/** Factors up to which a form is surely exact in a double, whatever the extents. */
const LARGEST_FACTOR = 2 ** 20;

/** The affine form that counters give for an operation on indices; null where it takes a datapath. */
function counted(expr: Expr): Linear | null {
  const found = affine(expr);
  if (found === null || found.coefficients.size === 0 || Math.abs(found.constant) > 2 ** 31) return null;
  const of = Object.fromEntries(found.coefficients);
  return Object.values(of).every((factor) => Math.abs(factor) <= LARGEST_FACTOR) ? { constant: found.constant, of } : null;
}

function linearOf(place: Expr, operator: string, tensor: string): Linear {
  const found = affine(place);
  if (found === null) {
    throw new Error(`"${operator}" reads "${tensor}" at an index that is not affine: gathers.ts leaves none`);
  }
  return { constant: found.constant, of: Object.fromEntries([...found.coefficients].filter(([, coefficient]) => coefficient !== 0)) };
}
