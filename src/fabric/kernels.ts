/**
 * One operation over the lanes of a vector. Hot path: additions and multiplications, of which long runs are made, have loops of their own, since a call for each
 * lane costs five times as much; all others call the scalar function.
 */

import { type ScalarFunction, scalarFunction } from "../pattern/dtypes.ts";
import type { Dtype, ScalarOp } from "../pattern/program.ts";

/** out[l] = op(a[l], b[l], c[l]) for every lane from lo up to hi, rounded to the dtype. `out` may be one of the operands. */
export type Kernel = (out: Float64Array, a: Float64Array, b: Float64Array, c: Float64Array, lo: number, hi: number) => void;

export function kernelOf(op: ScalarOp, dtype: Dtype): Kernel {
  return kernels[`${op} ${dtype}`] ?? kernelFrom(scalarFunction(op, dtype));
}

export function kernelFrom(f: ScalarFunction): Kernel {
  return (out, a, b, c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = f(a[l]!, b[l]!, c[l]!);
  };
}

/** The same results as `scalarFunction`'s: a test compares them. */
const kernels: Readonly<Record<string, Kernel>> = {
  "add f32": (out, a, b, _c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = Math.fround(a[l]! + b[l]!);
  },
  "sub f32": (out, a, b, _c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = Math.fround(a[l]! - b[l]!);
  },
  "mul f32": (out, a, b, _c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = Math.fround(a[l]! * b[l]!);
  },
  "add i32": (out, a, b, _c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = (a[l]! + b[l]!) | 0;
  },
  "sub i32": (out, a, b, _c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = (a[l]! - b[l]!) | 0;
  },
  "mul i32": (out, a, b, _c, lo, hi) => {
    for (let l = lo; l < hi; l++) out[l] = Math.imul(a[l]!, b[l]!);
  },
};
