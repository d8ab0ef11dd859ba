/** Shares in words. */

import { expect, it } from "vitest";
import { percents } from "../../src/report/format.ts";

it("shares add up to 100, and only nothing is 0 %", () => {
  expect(percents([2, 1])).toEqual(["66.7 %", "33.3 %"]);
  expect(percents([1, 1, 1])).toEqual(["33.3 %", "33.4 %", "33.3 %"]);
  expect(percents([1e6, 1, 0])).toEqual(["100.0 %", "< 0.1 %", "0 %"]);
});
