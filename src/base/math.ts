/**
 * exp, log, tanh and sigmoid of f64, made of + - * / and exact scaling alone, so that every JavaScript engine agrees to the bit (Math.exp and
 * its kin may differ between engines; Math.sqrt is correctly rounded by IEEE 754 and may be used). Errors are below 2 ulp: test/base/math.test.ts.
 */

/** ln 2 in two parts: k * LN2_HIGH is exact for |k| < 2^20. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const scratch = new DataView(new ArrayBuffer(8));

/** e^x. Overflows to Infinity above 709.78, underflows through the subnormals to 0 below -745.13. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  if (Number.isNaN(x)) return x;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const lost = high - r - low;
  // e^r = 1 + r + r^2 p(r), |r| <= 0.3466; the last Taylor term kept is r^14 / 14!.
  const p = horner(EXP_COEFFICIENTS, r);
  return scale(1 + (r + (lost + r * r * p)), k);
}

/** Natural logarithm. -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const { mantissa, exponent } = split(x);
  const f = mantissa - 1;
  const s = f / (2 + f);
  const square = s * s;
  // log(1 + f) = 2 atanh(s) = f - f^2 / 2 + s (f^2 / 2 + R), with R the tail of the series of 2 atanh.
  const tail = square * horner(ATANH_COEFFICIENTS, square);
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + tail) + exponent * LN2_LOW) - f);
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size > 22) return x > 0 ? 1 : -1;
  if (size > 0.55) {
    const rest = 2 / (exp(2 * size) + 1);
    return x > 0 ? 1 - rest : rest - 1;
  }
  // Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))).
  const square = x * x;
  let denominator = 17;
  for (let odd = 15; odd >= 1; odd -= 2) denominator = odd + square / denominator;
  return x / denominator;
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return x < -40 ? exp(x) : 1 / (1 + exp(-x));
}

/** 1/2!, 1/3! ... 1/14!. */
const EXP_COEFFICIENTS = seriesOf(13, (n, before) => (n === 0 ? 1 / 2 : before / (n + 2)));
/** 2/3, 2/5, 2/7 ... 2/23. */
const ATANH_COEFFICIENTS = seriesOf(11, (n) => 2 / (2 * n + 3));

function seriesOf(terms: number, term: (n: number, before: number) => number): Float64Array {
  const series = new Float64Array(terms);
  for (let n = 0; n < terms; n++) series[n] = term(n, n === 0 ? 0 : series[n - 1]!);
  return series;
}

function horner(coefficients: Float64Array, x: number): number {
  let sum = 0;
  for (let n = coefficients.length - 1; n >= 0; n--) sum = sum * x + coefficients[n]!;
  return sum;
}

/** x * 2^k, rounded once; in two exact steps where 2^k is no normal number. */
function scale(x: number, k: number): number {
  if (k > 1023) return x * 2 * powerOfTwo(k - 1);
  if (k < -1022) return x * powerOfTwo(k + 1000) * powerOfTwo(-1000);
  return x * powerOfTwo(k);
}

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  scratch.setInt32(0, (k + 1023) << 20);
  scratch.setInt32(4, 0);
  return scratch.getFloat64(0);
}

/** x = mantissa * 2^exponent with mantissa in [sqrt(1/2), sqrt(2)). x is positive and finite. */
function split(x: number): { mantissa: number; exponent: number } {
  const subnormal = x < 2.2250738585072014e-308;
  scratch.setFloat64(0, subnormal ? x * 18014398509481984 : x);
  const high = scratch.getInt32(0);
  const exponent = (high >>> 20) - 1023 - (subnormal ? 54 : 0);
  scratch.setInt32(0, (high & 0xfffff) | 0x3ff00000);
  const mantissa = scratch.getFloat64(0);
  return mantissa >= Math.SQRT2 ? { mantissa: mantissa / 2, exponent: exponent + 1 } : { mantissa, exponent };
}
