import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readResult } from "../../src/engine/result.ts";
import { advance, createCourse, runNetwork } from "../../src/engine/run.ts";
import { createState } from "../../src/engine/state.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { build, type NetworkPlan, networkPlan } from "../support/networks.ts";

const NETWORKS = Number(process.env.LAWS_NETWORKS ?? 150);
const SEED = Number(process.env.FC_SEED ?? 4);

/** Runs with fast-forward; also says how many firings were skipped. */
function runForward(plan: NetworkPlan) {
  const course = createCourse(createState(build(plan).spec), true);
  while (advance(course));
  return { result: readResult(course.state), skipped: course.skipped };
}

describe("fast-forward", () => {
  it.each([
    { kind: "any", limits: { outer: [100, 400] }, least: 0.05 },
    { kind: "without data", limits: { outer: [100, 1000], data: false, clocks: false }, least: 0.1 },
    { kind: "without resources", limits: { outer: [100, 1000], data: false, resources: false, clocks: false }, least: 0.1 },
  ] as const)("ends as the run of each firing does, on every counter of random networks: $kind", ({ limits, least }) => {
    let leaped = 0;
    const check = (plan: NetworkPlan): void => {
      const { result, skipped } = runForward(plan);
      expect(result).toEqual(runNetwork(build(plan).spec));
      if (skipped.firings > 0) leaped++;
    };
    fc.assert(fc.property(networkPlan(limits), check), { numRuns: NETWORKS, seed: SEED });
    expect(leaped).toBeGreaterThan(least * NETWORKS);
  });

  it("ends as the oracle does", () => {
    const check = (plan: NetworkPlan): void => {
      expect(runForward(plan).result).toEqual(runOracle(build(plan).spec));
    };
    fc.assert(fc.property(networkPlan({ outer: [60, 120] }), check), { numRuns: NETWORKS / 3, seed: SEED });
  });
});
