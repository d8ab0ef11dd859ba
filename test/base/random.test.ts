import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextBelow, nextNormal, nextUint32, nextUnit, seedRandom, shuffled } from "../../src/base/random.ts";

/** xoshiro128** as its authors print it, in BigInt. */
function reference(state: bigint[]): bigint {
  const mask = 0xffffffffn;
  const rotate = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (32n - bits))) & mask;
  const result = (rotate((state[1]! * 5n) & mask, 7n) * 9n) & mask;
  const shifted = (state[1]! << 9n) & mask;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= shifted;
  state[3] = rotate(state[3]!, 11n);
  return result;
}

const drawn = <T>(count: number, next: () => T): T[] => Array.from({ length: count }, next);

describe("random numbers", () => {
  test("follow xoshiro128** word by word", () => {
    const state = seedRandom(7, "a stream");
    const twin = [state.a, state.b, state.c, state.d].map((word) => BigInt(word >>> 0));
    expect(drawn(1000, () => nextUint32(state))).toEqual(drawn(1000, () => Number(reference(twin))));
  });

  test("repeat for the same seed and stream, and differ for another", () => {
    const first = (seed: number, ...stream: (string | number)[]): number[] => {
      const state = seedRandom(seed, ...stream);
      return drawn(4, () => nextUint32(state));
    };
    expect(first(1, "x")).toEqual(first(1, "x"));
    const others = [first(1, "x"), first(2, "x"), first(1, "y"), first(1), first(1, "x", 0), first(11, "x")];
    expect(new Set(others.map(String)).size).toBe(others.length);
  });

  test("are plain state: a copy continues alike", () => {
    const state = seedRandom(3);
    nextUint32(state);
    const copy = { ...state };
    expect(drawn(5, () => nextUint32(copy))).toEqual(drawn(5, () => nextUint32(state)));
  });

  test("fill the bounds evenly and never leave them", () => {
    const state = seedRandom(1);
    const counts = new Array<number>(7).fill(0);
    for (const value of drawn(70_000, () => nextBelow(state, 7))) counts[value]!++;
    expect(counts).toHaveLength(7);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 31 }), (seed, bound) => {
        const value = nextBelow(seedRandom(seed), bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }),
    );
  });

  test("have the moments of their distributions", () => {
    const state = seedRandom(5);
    const units = drawn(50_000, () => nextUnit(state));
    const normals = drawn(50_000, () => nextNormal(state));
    const mean = (values: number[]): number => values.reduce((total, value) => total + value, 0) / values.length;
    expect(units.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(mean(units)).toBeCloseTo(0.5, 2);
    expect(mean(normals)).toBeCloseTo(0, 1);
    expect(mean(normals.map((value) => value * value))).toBeCloseTo(1, 1);
    expect(mean(normals.map((value) => (Math.abs(value) < 1 ? 1 : 0)))).toBeCloseTo(0.6827, 2);
  });

  test("shuffle without loss, and not into the same order", () => {
    const items = drawn(50, (): number => 0).map((_, position) => position);
    const mixed = shuffled(seedRandom(1), items);
    expect([...mixed].sort((a, b) => a - b)).toEqual(items);
    expect(mixed).not.toEqual(items);
  });
});
