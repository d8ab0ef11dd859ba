/** Knuth's lagged generators against the values that he gives for them. */

import { describe, expect, it } from "vitest";
import { type LaggedState, nextLagged, seedFraction, seedWhole } from "../../src/base/lagged.ts";

/** The first number of the stretch that begins after so many others. */
function afterStretches(state: LaggedState, stretches: number): number {
  for (let number = 0; number < 100 * stretches; number++) nextLagged(state);
  return nextLagged(state);
}

describe("the lagged generators", () => {
  it("give, with seed 310952, the numbers with which The Art of Computer Programming tests them", () => {
    expect(afterStretches(seedWhole(310952), 2009)).toBe(995235265);
    expect(afterStretches(seedFraction(310952), 2009)).toBe(0.3641051437756968);
  });

  it("give whole numbers below 2^30 and fractions below 1, the same for the same seed", () => {
    const [whole, again, other] = [seedWhole(7), seedWhole(7), seedWhole(8)];
    const numbers = Array.from({ length: 1000 }, () => nextLagged(whole));
    expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 30)).toBe(true);
    expect(Array.from({ length: 1000 }, () => nextLagged(again))).toEqual(numbers);
    expect(Array.from({ length: 1000 }, () => nextLagged(other))).not.toEqual(numbers);
    const fraction = seedFraction(0);
    const mean = Array.from({ length: 10_000 }, () => nextLagged(fraction)).reduce((sum, value) => sum + value, 0) / 10_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  });
});
