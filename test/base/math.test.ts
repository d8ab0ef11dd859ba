/** exp, log, tanh and sigmoid against BigInt arithmetic of 1,400 bits; Math.* is only asked for what IEEE 754 fixes. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exp, log, sigmoid, tanh } from "../../src/base/math.ts";

const BITS = 1400n;
const ONE = 1n << BITS;

/** The exact value of a double as fixed-point number; bits below 2^-1400 do not occur. */
function fixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = (bits >> 52n) & 0x7ffn;
  const mantissa = (bits & 0xfffffffffffffn) | (biased === 0n ? 0n : 1n << 52n);
  const shift = BITS + (biased === 0n ? 1n : biased) - 1075n;
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return bits >> 63n === 1n ? -size : size;
}

/** Taylor series at x / 2^12, squared twelve times. */
function exactExp(x: bigint): bigint {
  const small = x >> 12n;
  let sum = ONE;
  for (let term = (ONE * small) >> BITS, n = 1n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = (term * small) / (ONE * (n + 1n));
  }
  for (let step = 0; step < 12; step++) sum = (sum * sum) >> BITS;
  return sum;
}

/** Newton's iteration on exp, from the double nearest: three steps give more than 400 bits. */
function exactLog(x: bigint, start: number): bigint {
  let y = fixed(start);
  for (let step = 0; step < 3; step++) {
    const e = exactExp(y);
    y += (2n * ONE * (x - e)) / (x + e);
  }
  return y;
}

/** |found - exact| in units of the last place of `found`. */
function ulps(found: number, exact: bigint): number {
  const size = Math.abs(found);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  const ulp = fixed(view.getFloat64(0)) - fixed(size);
  const error = fixed(found) - exact;
  return Number(((error < 0n ? -error : error) * 1000n) / ulp) / 1000;
}

const within = (low: number, high: number): fc.Arbitrary<number> => fc.double({ min: low, max: high, noNaN: true });

describe("elementary functions are within 2 ulp", () => {
  test("exp, subnormal results included", () => {
    fc.assert(
      fc.property(fc.oneof(within(-700, 700), within(-2, 2), within(-744, -708)), (x) => {
        expect(ulps(exp(x), exactExp(fixed(x)))).toBeLessThan(2);
      }),
      { numRuns: 150 },
    );
  });

  test("log, near 1 and of subnormals too", () => {
    fc.assert(
      fc.property(fc.oneof(within(0.5, 2), within(0.99, 1.01), within(1e-5, 1e5), within(1e-300, 1e300)), (x) => {
        if (x !== 1) expect(ulps(log(x), exactLog(fixed(x), Math.log(x)))).toBeLessThan(2);
      }),
      { numRuns: 100 },
    );
    expect(log(5e-324)).toBeCloseTo(-744.4400719213812, 12);
  });

  test("tanh", () => {
    fc.assert(
      fc.property(fc.oneof(within(-1, 1), within(-25, 25), within(-0.6, -0.5), within(1e-9, 1e-8)), (x) => {
        const e = exactExp(2n * fixed(x));
        if (x !== 0) expect(ulps(tanh(x), ((e - ONE) * ONE) / (e + ONE))).toBeLessThan(2);
      }),
      { numRuns: 150 },
    );
  });

  test("sigmoid", () => {
    fc.assert(
      fc.property(fc.oneof(within(-3, 3), within(-100, 100), within(-700, -30)), (x) => {
        const e = exactExp(fixed(x));
        expect(ulps(sigmoid(x), (e * ONE) / (e + ONE))).toBeLessThan(2);
      }),
      { numRuns: 150 },
    );
  });
});

describe("elementary functions at the edges", () => {
  test("exp overflows to infinity and underflows to zero", () => {
    expect([exp(710), exp(Infinity), exp(-746), exp(-Infinity), exp(0), exp(-0)]).toEqual([Infinity, Infinity, 0, 0, 1, 1]);
    expect(exp(709.782712893384)).toBeLessThan(Infinity);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(NaN)).toBeNaN();
  });

  test("log is exact at 1, infinite at 0 and undefined below", () => {
    expect([log(1), log(0), log(-0), log(Infinity)]).toEqual([0, -Infinity, -Infinity, Infinity]);
    expect([log(-1), log(NaN)]).toEqual([NaN, NaN]);
  });

  test("tanh and sigmoid saturate, tanh keeps the sign of zero", () => {
    expect([tanh(30), tanh(-30), tanh(Infinity), tanh(0)]).toEqual([1, -1, 1, 0]);
    expect(tanh(-0)).toBe(-0);
    expect([sigmoid(0), sigmoid(800), sigmoid(-800), sigmoid(-Infinity)]).toEqual([0.5, 1, 0, 0]);
    expect([tanh(NaN), sigmoid(NaN)]).toEqual([NaN, NaN]);
  });
});
