import { describe, expect, test } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { candidatesFor, choiceOf } from "../../src/compile/choices.ts";
import { memoryFloor } from "../../src/compile/floor.ts";
import { compile } from "../../src/compile/index.ts";
import { planSection } from "../../src/compile/plan.ts";
import histogram from "../../workloads/histogram.ts";
import softmax from "../../workloads/softmax.ts";

describe("how fast a group can be", () => {
  const { searched, controllers } = compile(softmax.build({ rows: 8192, cols: 4096, dtype: "bf16" }), readMachine("sn40l"), { style: "spatial" });
  const [{ group, context }] = searched as [(typeof searched)[number]];

  test("no plan is expected to take less", () => {
    const candidates = candidatesFor(group, context, {}, false);
    const some = candidates.filter((_, place) => place % Math.ceil(candidates.length / 50) === 0);
    const plans = some.map((candidate) => ({ ...candidate, plan: planSection(group, choiceOf(candidate), context) }));
    const fitting = plans.flatMap(({ plan, bound, ...candidate }) => (typeof plan === "string" ? [] : [{ candidate: { ...candidate, bound }, plan }]));
    expect(fitting.length).toBeGreaterThan(10);
    for (const { candidate, plan } of fitting) {
      expect(plan.estimate.cycles).toBeGreaterThanOrEqual(candidate.bound);
      // What is given up for its stages alone takes more indeed: nothing that takes no more than the limit.
      expect(planSection(group, choiceOf(candidate), context, plan.estimate.cycles)).toEqual(plan);
    }
  });

  test("nor where a table leaves the chip, whose bytes are in no walk", () => {
    const [table] = compile(histogram.build({ n: 1232, bins: 335 }), readMachine("plasticine"), { style: "spatial" }).searched as [(typeof searched)[number]];
    const plans = candidatesFor(table.group, table.context, {}, false).map((candidate) => ({
      bound: candidate.bound,
      plan: planSection(table.group, choiceOf(candidate), table.context),
    }));
    const fitting = plans.flatMap(({ plan, bound }) => (typeof plan === "string" ? [] : [plan.estimate.cycles - bound]));
    expect(Math.min(...fitting)).toBeGreaterThanOrEqual(-1e-9);
    expect(fitting.length).toBeGreaterThan(0);
  });

  test("one load whose copies walk neighbouring rows brings a memory-bound section near to it", () => {
    const [section] = controllers.sections;
    expect(section!.estimate.cycles).toBeLessThan(1.02 * memoryFloor(group, context));
    expect(section!.estimate.tier_bytes).toBe(2 * 8192 * 4096 * 2);
  });
});
