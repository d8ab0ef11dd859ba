import { describe, expect, test } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { computeFloor, memoryFloor } from "../../src/compile/floor.ts";
import { compile } from "../../src/compile/index.ts";
import { planSection } from "../../src/compile/plan.ts";
import softmax from "../../workloads/softmax.ts";

describe("how fast a group can be", () => {
  const { searched, controllers } = compile(softmax.build({ rows: 8192, cols: 4096, dtype: "bf16" }), readMachine("sn40l"), { style: "spatial" });
  const [{ group, context }] = searched as [(typeof searched)[number]];

  test("no plan is expected to take less", () => {
    for (const [tile, par] of [
      [1, 16],
      [8, 4],
      [32, 26],
      [256, 3],
    ] as const) {
      const choice = { tile: [tile], par: [par], split: 1 };
      const plan = planSection(group, choice, context);
      if (typeof plan === "string") throw new Error(plan);
      expect(plan.estimate.cycles).toBeGreaterThanOrEqual(Math.max(memoryFloor(group, context), computeFloor(group, choice, context).cycles));
    }
  });

  test("one load whose copies walk neighbouring rows brings a memory-bound section near to it", () => {
    const [section] = controllers.sections;
    expect(section!.estimate.cycles).toBeLessThan(1.02 * memoryFloor(group, context));
    expect(section!.estimate.tier_bytes).toBe(2 * 8192 * 4096 * 2);
  });
});
