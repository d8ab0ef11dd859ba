import { expect, it } from "vitest";
import { printFabric } from "../../src/fabric/print.ts";
import { centreRows, groupBy, systolicGemm } from "../support/examples.ts";

it("prints units, nests and channels for people", () => {
  const text = printFabric(centreRows(7, 37).fabric);
  expect(text).toContain("section section (op): 2 pcu, 1 pmu, 2 ag, 5 channels");
  expect(text).toContain("scratch row: 2 x f32[37], 296 bytes");
  expect(text).toContain("where 0 <= 16 body1 + lane < 37");
  expect(text).toContain("%1 = f32 add of %0 inside level 1 and across lanes in f32");
  expect(text).toContain("channel full: hand-over, depth 2: rows.write -> rows.read");
  expect(printFabric(systolicGemm(4, 16, 4).fabric)).toContain("acc[4 stages x lanes] += col * row in f32 + f32, level 2");
  expect(printFabric(groupBy(9, 3).fabric)).toContain("table[key] add= one in i32");
});
