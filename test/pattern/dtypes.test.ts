import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyScalar, arrayFor, bytesOf, dtypes, identity, isFloat, rangeOf, round, scalarFunction } from "../../src/pattern/dtypes.ts";
import type { Dtype, ReduceFn, ScalarOp } from "../../src/pattern/program.ts";
import { reduceFault, typeOperation } from "../../src/pattern/typing.ts";

/** IEEE 754 layout of a small float: what each bit pattern is worth. e4m3 has one NaN and no infinity (OCP 8-bit floating point, table 1). */
interface Layout {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly infinities: boolean;
}
const layouts = {
  bf16: { exponentBits: 8, mantissaBits: 7, infinities: true },
  f16: { exponentBits: 5, mantissaBits: 10, infinities: true },
  fp8e5m2: { exponentBits: 5, mantissaBits: 2, infinities: true },
  fp8e4m3: { exponentBits: 4, mantissaBits: 3, infinities: false },
} satisfies Partial<Record<Dtype, Layout>>;
type Small = keyof typeof layouts;

function decode(bits: number, { exponentBits, mantissaBits, infinities }: Layout): number {
  const mantissa = bits & (2 ** mantissaBits - 1);
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const bias = 2 ** (exponentBits - 1) - 1;
  const top = exponent === 2 ** exponentBits - 1;
  if (top && infinities) return mantissa === 0 ? Infinity : NaN;
  if (top && mantissa === 2 ** mantissaBits - 1) return NaN;
  return exponent === 0 ? mantissa * 2 ** (1 - bias - mantissaBits) : (mantissa + 2 ** mantissaBits) * 2 ** (exponent - bias - mantissaBits);
}

const small = Object.keys(layouts) as Small[];
/** All non-negative finite values in order: position = bit pattern, so its parity is that of the mantissa. */
const finite = Object.fromEntries(
  small.map((dtype) => {
    const layout = layouts[dtype];
    const patterns = 2 ** (layout.exponentBits + layout.mantissaBits);
    return [dtype, Array.from({ length: patterns }, (_, bits) => decode(bits, layout)).filter(Number.isFinite)];
  }),
) as Record<Small, number[]>;

describe.each(small)("%s", (dtype) => {
  const values = finite[dtype];
  const highest = values.at(-1)!;
  const overflow = layouts[dtype].infinities ? Infinity : NaN;

  test("keeps every value it has, of either sign", () => {
    expect(values.filter((value) => round(dtype, value) !== value || round(dtype, -value) !== -value)).toEqual([]);
    expect(Math.fround(highest)).toBe(highest);
  });

  test("rounds what lies between two neighbours to the nearer, a tie to the even one", () => {
    for (let bits = 0; bits + 1 < values.length; bits++) {
      const [low, high] = [values[bits]!, values[bits + 1]!];
      const middle = low + (high - low) / 2;
      const nudge = (high - low) / 2 ** 20;
      const even = bits % 2 === 0 ? low : high;
      const found = [middle - nudge, middle, middle + nudge, -middle].map((value) => round(dtype, value));
      if (String(found) !== String([low, even, high, -even])) expect({ middle, found }).toEqual({ middle, found: [low, even, high, -even] });
    }
  });

  test("overflows half a step beyond its highest value", () => {
    const step = highest - values.at(-2)!;
    const evenHighest = (values.length - 1) % 2 === 0;
    expect(round(dtype, highest + step / 2 - step / 1024)).toBe(highest);
    expect(round(dtype, highest + step / 2)).toBe(evenHighest ? highest : overflow);
    expect(round(dtype, highest + step / 2 + step / 1024)).toBe(overflow);
    for (const far of [1e300, Number.MAX_VALUE, Infinity]) {
      expect(round(dtype, far)).toBe(overflow);
      expect(round(dtype, -far)).toBe(-overflow);
    }
    expect(round(dtype, NaN)).toBeNaN();
  });
});

describe("rounding", () => {
  test("gives the limits of the OCP table: 448 and 2^-9 for e4m3, 57344 and 2^-16 for e5m2", () => {
    expect([finite.fp8e4m3.at(-1), finite.fp8e4m3[1], finite.fp8e5m2.at(-1), finite.fp8e5m2[1]]).toEqual([448, 2 ** -9, 57344, 2 ** -16]);
  });

  test("wraps integers in two's complement", () => {
    expect([
      round("i32", 2 ** 31),
      round("i32", 2 ** 32 + 5),
      round("i16", 32768),
      round("i8", 255),
      round("i8", -129),
      round("i4", 8),
      round("i4", -9),
    ]).toEqual([-(2 ** 31), 5, -32768, -1, 127, -8, 7]);
  });

  test("truncates floats on their way to integers; NaN and infinity become 0", () => {
    expect([round("i32", -2.9), round("i32", 2.9), round("i8", NaN), round("i16", Infinity)].map((value) => value + 0)).toEqual([-2, 2, 0, 0]);
  });

  test("is idempotent in every dtype", () => {
    fc.assert(
      fc.property(fc.constantFrom(...dtypes), fc.double(), (dtype, value) => {
        const once = round(dtype, value);
        expect(round(dtype, once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test("gives values that the dtype's arrays hold unchanged", () => {
    fc.assert(
      fc.property(fc.constantFrom(...dtypes), fc.double(), (dtype, value) => {
        const array = arrayFor(dtype, 1);
        array[0] = round(dtype, value);
        expect(array[0] + 0).toBe(round(dtype, value) + 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("scalar operations", () => {
  const integers: readonly Dtype[] = ["i32", "i16", "i8", "i4"];
  const bitsOf = (dtype: Dtype): bigint => BigInt(8 * bytesOf(dtype));

  test("on integers are those of two's complement, also where products exceed 2^53", () => {
    const operations: Readonly<Partial<Record<ScalarOp, (a: bigint, b: bigint) => bigint>>> = {
      add: (a, b) => a + b,
      sub: (a, b) => a - b,
      mul: (a, b) => a * b,
      div: (a, b) => (b === 0n ? -1n : a / b),
      mod: (a, b) => (b === 0n ? a : a % b),
    };
    fc.assert(
      fc.property(fc.constantFrom(...integers), fc.constantFrom("add", "sub", "mul", "div", "mod"), fc.integer(), fc.integer(), (dtype, op, x, y) => {
        const [a, b] = [round(dtype, x), round(dtype, y)];
        const exact = operations[op as "add"]!(BigInt(a), BigInt(b));
        expect(applyScalar(op as ScalarOp, dtype, [a, b])).toBe(Number(BigInt.asIntN(Number(bitsOf(dtype)), exact)));
      }),
      { numRuns: 1000 },
    );
  });

  test("define what integer division leaves open", () => {
    expect([applyScalar("div", "i32", [7, 0]), applyScalar("mod", "i32", [7, 0]), applyScalar("div", "i32", [-(2 ** 31), -1])]).toEqual([-1, 7, -(2 ** 31)]);
    expect([applyScalar("div", "i32", [-7, 2]), applyScalar("mod", "i32", [-7, 2])]).toEqual([-3, -1]);
  });

  test("of f32 equal single rounding by Math.fround of the exact result", () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(float, float, (a, b) => {
        expect(applyScalar("mul", "f32", [a, b])).toBe(Math.fround(a * b));
        expect(applyScalar("add", "f32", [a, b])).toBe(Math.fround(a + b));
        expect(applyScalar("sqrt", "f32", [Math.abs(a)])).toBe(Math.fround(Math.sqrt(Math.abs(a))));
      }),
    );
    expect(applyScalar("add", "bf16", [256, 1])).toBe(256);
    expect(applyScalar("mul", "f16", [256, 256])).toBe(Infinity);
  });

  test("compare, choose and combine bits", () => {
    expect([applyScalar("lt", "f32", [1, 2]), applyScalar("ge", "i32", [1, 2]), applyScalar("eq", "f32", [NaN, NaN])]).toEqual([1, 0, 0]);
    expect([applyScalar("select", "f32", [1, 5, 6]), applyScalar("select", "i8", [0, 5, 6])]).toEqual([5, 6]);
    expect([applyScalar("not", "bool", [0]), applyScalar("not", "bool", [1]), applyScalar("not", "i8", [0]), applyScalar("and", "i8", [-1, 12])]).toEqual([
      1, 0, -1, 12,
    ]);
    expect([applyScalar("min", "f32", [NaN, 1]), applyScalar("max", "f32", [1, NaN])]).toEqual([NaN, NaN]);
  });

  test("that the typing rules allow are defined, and give values of their dtype", () => {
    const ops: readonly ScalarOp[] = [
      "add",
      "sub",
      "mul",
      "div",
      "mod",
      "min",
      "max",
      "neg",
      "abs",
      "floor",
      "exp",
      "log",
      "sqrt",
      "tanh",
      "sigmoid",
      "and",
      "or",
      "not",
    ];
    let allowed = 0;
    for (const op of ops) {
      for (const dtype of dtypes) {
        const args = ["neg", "abs", "floor", "exp", "log", "sqrt", "tanh", "sigmoid", "not"].includes(op) ? [dtype] : [dtype, dtype];
        if ("wrong" in typeOperation(op, args)) continue;
        allowed++;
        const value = scalarFunction(op, dtype)(1, 1, 0);
        expect(round(dtype, value)).toBe(value);
      }
    }
    expect(allowed).toBeGreaterThan(100);
  });
});

describe("identities", () => {
  test("change no value of their dtype", () => {
    const fns: readonly ReduceFn[] = ["add", "mul", "min", "max", "and", "or"];
    fc.assert(
      fc.property(fc.constantFrom(...fns), fc.constantFrom(...dtypes), fc.double({ noNaN: true }), (fn, dtype, raw) => {
        const value = round(dtype, raw);
        if (reduceFault(fn, dtype, dtype, dtype) !== undefined || Number.isNaN(value)) return;
        expect(applyScalar(fn, dtype, [identity(fn, dtype), value]) + 0).toBe(value + 0);
      }),
      { numRuns: 1000 },
    );
  });

  test("are values of their dtype", () => {
    for (const dtype of dtypes) for (const fn of ["min", "max"] as const) expect(round(dtype, identity(fn, dtype))).toBe(identity(fn, dtype));
  });
});

describe("sizes", () => {
  test("are those of packed storage", () => {
    expect(dtypes.map(bytesOf)).toEqual([8, 4, 2, 2, 1, 1, 4, 2, 1, 0.5, 1]);
    expect(dtypes.filter(isFloat)).toEqual(["f64", "f32", "bf16", "f16", "fp8e4m3", "fp8e5m2"]);
    expect(rangeOf("i4")).toMatchObject({ lowest: -8, highest: 7 });
  });
});
