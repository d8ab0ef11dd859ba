/** A run that is saved between any two rounds goes on, in a state made anew, to the end of the run that was not. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCuts, readResult } from "../../src/engine/result.ts";
import { advance, type Course, createCourse, runNetwork } from "../../src/engine/run.ts";
import { restoreState, saveState } from "../../src/engine/saved.ts";
import { createState } from "../../src/engine/state.ts";
import { build, type NetworkPlan, networkPlan } from "../support/networks.ts";

const NETWORKS = Number(process.env.LAWS_NETWORKS ?? 150);
const SEED = Number(process.env.FC_SEED ?? 4);

/** True if that is its end. */
function runSome(course: Course, rounds: number): boolean {
  for (let round = 0; round < rounds; round++) if (!advance(course)) return true;
  return false;
}

describe("a saved run", () => {
  it.each([
    { kind: "several clocks", limits: { outer: [1, 100], data: false } },
    { kind: "one clock", limits: { outer: [60, 400], data: false, clocks: false } },
  ] as const)("goes on to the same end, with fast-forward or without: $kind", ({ limits }) => {
    let cut = 0;
    const check = (plan: NetworkPlan, rounds: number, before: boolean, after: boolean): void => {
      const first = createCourse(createState(build(plan).spec), before);
      if (!runSome(first, rounds)) cut++;
      const saved = structuredClone(saveState(first));
      const state = createState(build(plan).spec);
      restoreState(state, saved);
      const second = createCourse(state, after, saved.skipped);
      const skipped = second.skipped.firings;
      expect(skipped).toBe(first.skipped.firings);
      while (advance(second));
      expect(readResult(state)).toEqual(runNetwork(build(plan).spec));
      expect(second.skipped.firings).toBeGreaterThanOrEqual(skipped);
    };
    const runs = fc.property(networkPlan(limits), fc.nat(200), fc.boolean(), fc.boolean(), check);
    fc.assert(runs, { numRuns: NETWORKS, seed: SEED });
    expect(cut).toBeGreaterThan(0.2 * NETWORKS);
  });
});

describe("a run cut short", () => {
  it("knows which processes are not done, those included whose loops data counts", () => {
    const check = (plan: NetworkPlan, rounds: number): void => {
      const course = createCourse(createState(build(plan).spec), false);
      runSome(course, rounds);
      const fired = readResult(course.state).processes.map(({ firings }) => firings);
      const whole = runNetwork(build(plan).spec).processes.map(({ firings }) => firings);
      const unfinished = readCuts(course.state).map(({ isUnfinished }) => isUnfinished);
      unfinished.forEach((isUnfinished, p) => {
        if (!isUnfinished) expect(fired[p]).toBe(whole[p]);
        if (fired[p]! < whole[p]!) expect(isUnfinished).toBe(true);
      });
    };
    fc.assert(fc.property(networkPlan({ faults: false }), fc.nat(60), check), { numRuns: NETWORKS, seed: SEED });
  });
});
