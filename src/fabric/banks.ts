/** How many ticks the banks of a scratchpad need for one vector. Word w lies in bank w mod banks, or, in a diagonal layout, in a bank that also turns with the row. */

import type { Access } from "./fabric.ts";

/**
 * Ticks for `lanes` words that lie `stride` words apart: the lanes in the fullest bank. Stride 0 is one word for all lanes, read once. `diagonal`:
 * rows and columns both spread over all banks, whatever the stride.
 */
export function bankConflicts(stride: number, lanes: number, banks: number, diagonal: boolean): number {
  if (stride === 0) return 1;
  if (diagonal) return Math.ceil(lanes / banks);
  return Math.ceil((lanes * gcd(Math.abs(stride), banks)) / banks);
}

/** Lanes from lo up to hi that meet in the fullest bank; negative numbers take no part. One word is the same for all lanes. `filled`: room for a count a bank. */
export function fullestBank(filled: Int32Array, numbers: Float64Array, lo: number, hi: number): number {
  const banks = filled.length;
  const numberStep = numbers.length === 1 ? 0 : 1;
  let fullest = 0;
  filled.fill(0);
  for (let l = lo; l < hi; l++) {
    const number = numbers[l * numberStep]! | 0;
    if (number < 0) continue;
    const count = ++filled[number % banks]!;
    if (count > fullest) fullest = count;
  }
  return fullest;
}

/** Words between two lanes of an access to a scratch memory, with the padding of its rows. */
export function laneStride({ dims, shape }: Access, strides: readonly number[] = packedStrides(shape)): number {
  return dims.reduce((sum, dim, d) => sum + dim.lane * strides[d]!, 0);
}

/** Row-major, without padding. */
export function packedStrides(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
