/** The typing rules of scalar operations and reductions: which dtypes they take and what they give. Builder and verifier both ask here. */

import { bytesOf, isFloat, isInteger } from "./dtypes.ts";
import type { Dtype, ReduceFn, ScalarOp } from "./program.ts";

interface Rule {
  readonly operands: number;
  readonly takes: "number" | "float" | "logical" | "any";
  readonly gives: "same" | "bool";
}

/** Operands of one dtype; `select` has a bool condition before them. */
export const scalarRules: { readonly [Op in ScalarOp]: Rule } = {
  add: { operands: 2, takes: "number", gives: "same" },
  sub: { operands: 2, takes: "number", gives: "same" },
  mul: { operands: 2, takes: "number", gives: "same" },
  div: { operands: 2, takes: "number", gives: "same" },
  mod: { operands: 2, takes: "number", gives: "same" },
  min: { operands: 2, takes: "any", gives: "same" },
  max: { operands: 2, takes: "any", gives: "same" },
  neg: { operands: 1, takes: "number", gives: "same" },
  abs: { operands: 1, takes: "number", gives: "same" },
  floor: { operands: 1, takes: "float", gives: "same" },
  exp: { operands: 1, takes: "float", gives: "same" },
  log: { operands: 1, takes: "float", gives: "same" },
  sqrt: { operands: 1, takes: "float", gives: "same" },
  tanh: { operands: 1, takes: "float", gives: "same" },
  sigmoid: { operands: 1, takes: "float", gives: "same" },
  eq: { operands: 2, takes: "any", gives: "bool" },
  ne: { operands: 2, takes: "any", gives: "bool" },
  lt: { operands: 2, takes: "any", gives: "bool" },
  le: { operands: 2, takes: "any", gives: "bool" },
  gt: { operands: 2, takes: "any", gives: "bool" },
  ge: { operands: 2, takes: "any", gives: "bool" },
  and: { operands: 2, takes: "logical", gives: "same" },
  or: { operands: 2, takes: "logical", gives: "same" },
  not: { operands: 1, takes: "logical", gives: "same" },
  select: { operands: 3, takes: "any", gives: "same" },
};

const reduceTakes: { readonly [Fn in ReduceFn]: Rule["takes"] } = { add: "number", mul: "number", min: "any", max: "any", and: "logical", or: "logical" };

export const reduceFns = Object.keys(reduceTakes) as readonly ReduceFn[];

/** exp, log, sqrt, tanh, sigmoid and float div, mod: what a plain multiplier cannot do in one stage. */
export function isSpecial(op: ScalarOp, dtype: Dtype): boolean {
  return isFloat(dtype) && ["exp", "log", "sqrt", "tanh", "sigmoid", "div", "mod"].includes(op);
}

/** What an operation on operands of these dtypes gives, or what is wrong with them. */
export function typeOperation(op: ScalarOp, args: readonly Dtype[]): { readonly dtype: Dtype } | { readonly wrong: string } {
  const { operands, takes, gives } = scalarRules[op];
  if (args.length !== operands) return { wrong: `${op} takes ${operands} operands, found ${args.length}` };
  if (op === "select" && args[0] !== "bool") return { wrong: `the condition of select is ${args[0]}, expected bool` };
  const operandTypes = op === "select" ? args.slice(1) : args;
  const dtype = operandTypes[0] as Dtype;
  const other = operandTypes.find((item) => item !== dtype);
  if (other !== undefined) return { wrong: `${op} of ${dtype} and ${other}: operands have one dtype, cast one of them` };
  if (!accepts(takes, dtype)) return { wrong: `${op} of ${dtype}: expected ${expected[takes]}` };
  return { dtype: gives === "bool" ? "bool" : dtype };
}

/** What is wrong with a fold of `fn` over values of `body` in dtype `acc` that ends as `dtype`, if anything. */
export function reduceFault(fn: ReduceFn, body: Dtype, acc: Dtype, dtype: Dtype): string | undefined {
  if (!accepts(reduceTakes[fn], body)) return `a reduction by ${fn} of ${body}: expected ${expected[reduceTakes[fn]]}`;
  if (isFloat(body) !== isFloat(acc) || isFloat(acc) !== isFloat(dtype) || (body === "bool") !== (acc === "bool") || (acc === "bool") !== (dtype === "bool"))
    return `a reduction of ${body} accumulates in ${acc} and gives ${dtype}: expected one kind (float, integer or bool) throughout, cast before or after`;
  return undefined;
}

/** Sums and products of 16- and 8-bit floats accumulate in f32, of narrow integers in i32; all else in its own dtype. */
export function defaultAccumulator(fn: ReduceFn, body: Dtype): Dtype {
  if (fn !== "add" && fn !== "mul") return body;
  if (isFloat(body)) return bytesOf(body) < 4 ? "f32" : body;
  return isInteger(body) ? "i32" : body;
}

/** A reduction gives the dtype of its body; sums and products of integers that of the accumulator. */
export function defaultResult(body: Dtype, acc: Dtype): Dtype {
  return isInteger(body) ? acc : body;
}

const expected: { readonly [T in Rule["takes"]]: string } = {
  number: "a number, not a bool",
  float: "a float",
  logical: "a bool or an integer",
  any: "any dtype",
};

function accepts(takes: Rule["takes"], dtype: Dtype): boolean {
  switch (takes) {
    case "number":
      return dtype !== "bool";
    case "float":
      return isFloat(dtype);
    case "logical":
      return !isFloat(dtype);
    case "any":
      return true;
  }
}
