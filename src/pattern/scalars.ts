/**
 * The scalar half of the builder language: add, mul, exp, select ... on expressions. Plain numbers take the dtype of the other operands;
 * a handle of a scalar tensor stands for its value. All else must have one dtype: cast explicitly.
 */

import { UserError } from "../base/errors.ts";
import { isFloat, rangeOf, round } from "./dtypes.ts";
import { checkDtype, checkScalar, guarded } from "./given.ts";
import type { Dtype, Expr, ScalarOp, Tensor } from "./program.ts";
import { typeOperation } from "./typing.ts";

/** A tensor that can be read: `x.at(i, j)`. */
export interface Handle {
  readonly kind: "tensor";
  readonly tensor: Tensor;
  at(...index: readonly Scalar[]): Expr;
  /** The same, but 0 outside the tensor: borders of stencils and convolutions. Takes affine indices only. */
  padded(...index: readonly Scalar[]): Expr;
}

export type Scalar = Expr | Handle | number;

export const add = (a: Scalar, b: Scalar): Expr => operation("add", a, b);
export const sub = (a: Scalar, b: Scalar): Expr => operation("sub", a, b);
export const mul = (a: Scalar, b: Scalar): Expr => operation("mul", a, b);
/** Integers truncate toward zero. */
export const div = (a: Scalar, b: Scalar): Expr => operation("div", a, b);
/** Takes the sign of `a`. */
export const mod = (a: Scalar, b: Scalar): Expr => operation("mod", a, b);
export const min = (a: Scalar, b: Scalar): Expr => operation("min", a, b);
export const max = (a: Scalar, b: Scalar): Expr => operation("max", a, b);
export const neg = (a: Scalar): Expr => operation("neg", a);
export const abs = (a: Scalar): Expr => operation("abs", a);
export const floor = (a: Scalar): Expr => operation("floor", a);
export const exp = (a: Scalar): Expr => operation("exp", a);
export const log = (a: Scalar): Expr => operation("log", a);
export const sqrt = (a: Scalar): Expr => operation("sqrt", a);
export const tanh = (a: Scalar): Expr => operation("tanh", a);
export const sigmoid = (a: Scalar): Expr => operation("sigmoid", a);
export const eq = (a: Scalar, b: Scalar): Expr => operation("eq", a, b);
export const ne = (a: Scalar, b: Scalar): Expr => operation("ne", a, b);
export const lt = (a: Scalar, b: Scalar): Expr => operation("lt", a, b);
export const le = (a: Scalar, b: Scalar): Expr => operation("le", a, b);
export const gt = (a: Scalar, b: Scalar): Expr => operation("gt", a, b);
export const ge = (a: Scalar, b: Scalar): Expr => operation("ge", a, b);
/** All hold; bitwise on integers. */
export const and = (first: Scalar, ...rest: readonly Scalar[]): Expr => chain("and", first, rest);
export const or = (first: Scalar, ...rest: readonly Scalar[]): Expr => chain("or", first, rest);
export const not = (a: Scalar): Expr => operation("not", a);
/** `yes` where `condition` holds, else `no`; both are computed. */
export const select = (condition: Scalar, yes: Scalar, no: Scalar): Expr => operation("select", condition, yes, no);

/** A typed constant, for where no other operand tells the dtype. */
export function constant(dtype: Dtype, value: number): Expr {
  checkDtype(dtype);
  const { lowest, highest } = rangeOf(dtype);
  const fits = isFloat(dtype) || (Number.isInteger(value) && value >= lowest && value <= highest);
  if (!fits)
    throw new UserError({ code: "bad-constant", message: `the constant ${value} is no ${dtype}: expected a whole number from ${lowest} to ${highest}` });
  return guarded({ kind: "const", dtype, value: round(dtype, value) });
}

/** Floats round to nearest even; integers truncate toward zero, then wrap. A cast to its own dtype is left out. */
export function cast(dtype: Dtype, value: Scalar): Expr {
  checkDtype(dtype);
  if (typeof value === "number") return constant(dtype, value);
  const arg = toExpr(value);
  return arg.dtype === dtype ? arg : guarded({ kind: "cast", dtype, arg });
}

/** The expression that a scalar stands for. A number needs `dtype`. */
export function toExpr(value: Scalar, dtype?: Dtype): Expr {
  checkScalar(value);
  if (typeof value === "number") {
    if (dtype !== undefined) return constant(dtype, value);
    throw new UserError({
      code: "untyped-number",
      message: `the number ${value} stands alone, so its dtype is unknown`,
      hint: `write constant("f32", ${value})`,
    });
  }
  return value.kind === "tensor" ? value.at() : value;
}

function operation(op: ScalarOp, ...args: readonly Scalar[]): Expr {
  args.forEach((arg, position) => checkScalar(arg, ` as operand ${position + 1} of ${op}`));
  const typed = args.map((arg) => (typeof arg === "number" ? arg : toExpr(arg)));
  const operands = op === "select" ? typed.slice(1) : typed;
  const model = operands.find((arg) => typeof arg !== "number");
  const exprs = typed.map((arg, position) => toExpr(arg, op === "select" && position === 0 ? "bool" : model?.dtype));
  const typing = typeOperation(
    op,
    exprs.map((expr) => expr.dtype),
  );
  if ("wrong" in typing) throw new UserError({ code: "dtype-mismatch", message: typing.wrong });
  return guarded({ kind: "op", dtype: typing.dtype, op, args: exprs });
}

function chain(op: ScalarOp, first: Scalar, rest: readonly Scalar[]): Expr {
  return rest.reduce((left: Expr, right) => operation(op, left, right), toExpr(first));
}
