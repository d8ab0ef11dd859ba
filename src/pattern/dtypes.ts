/**
 * What a dtype is: its size, its rounding and the value of every scalar operation in it, as hardware computes it. Every other chapter asks here.
 * Floats are computed in f64 and rounded once to the dtype (for f32 and narrower this equals direct rounding of + - * / sqrt: 53 >= 2 * 24 + 2).
 * bf16 and f16 round to nearest even and overflow to infinity; fp8 as in the OCP 8-bit floating point specification 1.0, not saturating:
 * e5m2 overflows to infinity, e4m3 has no infinity and overflows to NaN. Integers wrap in two's complement.
 */

import { exp, log, sigmoid, tanh } from "../base/math.ts";
import type { Dtype, ReduceFn, ScalarOp, Values } from "./program.ts";

export const dtypes: readonly Dtype[] = ["f64", "f32", "bf16", "f16", "fp8e4m3", "fp8e5m2", "i32", "i16", "i8", "i4", "bool"];

type Kind = "float" | "int" | "bool";

interface Facts {
  readonly kind: Kind;
  /** Stored, packed; an i4 takes half a byte, a bool a whole one. */
  readonly bytes: number;
  readonly lowest: number;
  readonly highest: number;
}

const facts: { readonly [D in Dtype]: Facts } = {
  f64: { kind: "float", bytes: 8, lowest: -Infinity, highest: Infinity },
  f32: { kind: "float", bytes: 4, lowest: -Infinity, highest: Infinity },
  bf16: { kind: "float", bytes: 2, lowest: -Infinity, highest: Infinity },
  f16: { kind: "float", bytes: 2, lowest: -Infinity, highest: Infinity },
  fp8e4m3: { kind: "float", bytes: 1, lowest: -448, highest: 448 },
  fp8e5m2: { kind: "float", bytes: 1, lowest: -Infinity, highest: Infinity },
  i32: { kind: "int", bytes: 4, lowest: -2147483648, highest: 2147483647 },
  i16: { kind: "int", bytes: 2, lowest: -32768, highest: 32767 },
  i8: { kind: "int", bytes: 1, lowest: -128, highest: 127 },
  i4: { kind: "int", bytes: 0.5, lowest: -8, highest: 7 },
  bool: { kind: "bool", bytes: 1, lowest: 0, highest: 1 },
};

/** Bytes of one element, packed (i4: 0.5). */
export function bytesOf(dtype: Dtype): number {
  return facts[dtype].bytes;
}

export function isDtype(text: unknown): text is Dtype {
  return dtypes.some((dtype) => dtype === text);
}

export function isFloat(dtype: Dtype): boolean {
  return facts[dtype].kind === "float";
}

/** i32, i16, i8 or i4; bool is not one. */
export function isInteger(dtype: Dtype): boolean {
  return facts[dtype].kind === "int";
}

/** Lowest and highest value that takes part in an order: the infinities where the dtype has them. */
export function rangeOf(dtype: Dtype): { readonly lowest: number; readonly highest: number } {
  return facts[dtype];
}

/** The lowest finite value of a float. */
export function lowestFinite(dtype: "f64" | "f32" | "bf16" | "f16" | "fp8e4m3" | "fp8e5m2"): number {
  return { f64: -Number.MAX_VALUE, f32: -(2 - 2 ** -23) * 2 ** 127, bf16: -(2 - 2 ** -7) * 2 ** 127, f16: -65504, fp8e4m3: -448, fp8e5m2: -57344 }[dtype];
}

/** The bits of mantissa with the hidden one; 2^-precision is the unit roundoff of a float. */
export function precisionOf(dtype: "f64" | "f32" | "bf16" | "f16" | "fp8e4m3" | "fp8e5m2"): number {
  return { f64: 53, f32: 24, bf16: 8, f16: 11, fp8e4m3: 4, fp8e5m2: 3 }[dtype];
}

/** Zeros. 16- and 8-bit floats are held as the f32 of equal value. */
export function arrayFor(dtype: Dtype, length: number): Values {
  switch (dtype) {
    case "f64":
      return new Float64Array(length);
    case "f32":
    case "bf16":
    case "f16":
    case "fp8e4m3":
    case "fp8e5m2":
      return new Float32Array(length);
    case "i32":
      return new Int32Array(length);
    case "i16":
      return new Int16Array(length);
    case "i8":
    case "i4":
      return new Int8Array(length);
    case "bool":
      return new Uint8Array(length);
  }
}

/** What a cast to the dtype gives: floats to nearest even; integers truncate toward zero, then wrap (NaN and the infinities give 0); bool: value differs from 0. */
export function round(dtype: Dtype, value: number): number {
  return roundFunction(dtype)(value);
}

export function roundFunction(dtype: Dtype): (value: number) => number {
  return rounding[dtype];
}

const rounding: { readonly [D in Dtype]: (value: number) => number } = {
  f64: (value) => value,
  f32: Math.fround,
  bf16: smallFloat({ precision: 8, lowestExponent: -126, highest: (2 - 2 ** -7) * 2 ** 127, overflow: Infinity }),
  f16: smallFloat({ precision: 11, lowestExponent: -14, highest: 65504, overflow: Infinity }),
  fp8e4m3: smallFloat({ precision: 4, lowestExponent: -6, highest: 448, overflow: NaN }),
  fp8e5m2: smallFloat({ precision: 3, lowestExponent: -14, highest: 57344, overflow: Infinity }),
  i32: (value) => value | 0,
  i16: (value) => (value << 16) >> 16,
  i8: (value) => (value << 24) >> 24,
  i4: (value) => (value << 28) >> 28,
  bool: (value) => (value !== 0 ? 1 : 0),
};

interface SmallFloat {
  readonly precision: number;
  readonly lowestExponent: number;
  readonly highest: number;
  readonly overflow: number;
}

/**
 * Rounds to nearest even by adding and taking away 1.5 * 2^52 quanta: the sum has no bits below one quantum, and IEEE addition rounds it to even. The
 * quantum is that of the value's exponent, or of the lowest one for subnormals.
 */
function smallFloat({ precision, lowestExponent, highest, overflow }: SmallFloat): (value: number) => number {
  const view = new DataView(new ArrayBuffer(8));
  const shifters = Float64Array.from(
    { length: 2048 },
    (_, biased) => 1.5 * 2 ** Math.min(1023, 52 + Math.max(biased - 1023, lowestExponent) - (precision - 1)),
  );
  return (value) => {
    if (value === 0 || Number.isNaN(value)) return value;
    view.setFloat64(0, value);
    const shifter = shifters[(view.getInt32(0) >>> 20) & 0x7ff]!;
    const rounded = value + shifter - shifter;
    if (rounded > highest) return overflow;
    if (rounded < -highest) return -overflow;
    return rounded === 0 ? value * 0 : rounded;
  };
}

/** The element that changes nothing: fn(identity, x) = x for every x of the dtype but NaN. */
export function identity(fn: ReduceFn, dtype: Dtype): number {
  const { kind, lowest, highest } = facts[dtype];
  switch (fn) {
    case "add":
      return 0;
    case "mul":
      return 1;
    case "min":
      return highest;
    case "max":
      return lowest;
    case "and":
      return kind === "bool" ? 1 : -1;
    case "or":
      return 0;
  }
}

/** The value of one operation whose operands have dtype `dtype` (for `select`: whose branches have). Comparisons give 0 or 1. */
export function applyScalar(op: ScalarOp, dtype: Dtype, args: readonly number[]): number {
  return scalarFunction(op, dtype)(args[0] ?? 0, args[1] ?? 0, args[2] ?? 0);
}

export type ScalarFunction = (a: number, b: number, c: number) => number;

/**
 * The operation as a closure for hot loops. Operands and result are representable in `dtype`. Integers: div truncates toward zero, x / 0 = -1,
 * x mod 0 = x, the lowest / -1 wraps to itself (as in RISC-V M). mod takes the sign of the dividend. min and max propagate NaN.
 */
export function scalarFunction(op: ScalarOp, dtype: Dtype): ScalarFunction {
  const exact = exactFunctions[op];
  if (exact !== undefined) return exact;
  if (op === "not" && dtype === "bool") return (a) => 1 - a;
  const compute = isFloat(dtype) ? floatFunctions[op] : integerFunctions[op];
  if (compute === undefined) throw new Error(`${op} is not defined for ${dtype}`);
  if (dtype === "f64") return compute;
  if (dtype === "f32") return (a, b, c) => Math.fround(compute(a, b, c));
  if (dtype === "i32") return (a, b, c) => compute(a, b, c) | 0;
  const toDtype = roundFunction(dtype);
  return (a, b, c) => toDtype(compute(a, b, c));
}

type Table = { readonly [Op in ScalarOp]?: ScalarFunction };

/** Results that need no rounding in any dtype. */
const exactFunctions: Table = {
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  floor: (a) => Math.floor(a),
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  select: (a, b, c) => (a !== 0 ? b : c),
};

const floatFunctions: Table = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mod: (a, b) => a % b,
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  exp: (a) => exp(a),
  log: (a) => log(a),
  sqrt: (a) => Math.sqrt(a),
  tanh: (a) => tanh(a),
  sigmoid: (a) => sigmoid(a),
};

const integerFunctions: Table = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => Math.imul(a, b),
  div: (a, b) => (b === 0 ? -1 : a / b),
  mod: (a, b) => (b === 0 ? a : a % b),
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  not: (a) => ~a,
};
