import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NetworkResult, NetworkSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { build, networkPlan } from "../support/networks.ts";

describe("fast engine and oracle", () => {
  it("agree on every counter and every word of random networks", () => {
    fc.assert(
      fc.property(networkPlan(), (plan) => {
        const [fast, slow] = [build(plan), build(plan)];
        const expected = runOracle(slow.spec);
        expect(runNetwork(fast.spec)).toEqual(expected);
        expect(fast.digests()).toEqual(slow.digests());
      }),
      { numRuns: 1000 },
    );
  });
});
