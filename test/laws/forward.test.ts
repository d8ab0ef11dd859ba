import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { parseSettings } from "../../src/cli/settings.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import { readResult } from "../../src/engine/result.ts";
import { advance, createCourse, runNetwork } from "../../src/engine/run.ts";
import { createState } from "../../src/engine/state.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { simulate } from "../../src/sim/simulate.ts";
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
    { kind: "any", limits: { outer: [100, 400] }, least: 0.04 },
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

  it("goes through servers whose order of service, pages and windows recur, and whose words move", () => {
    const leaped = { words: 0, windows: 0, without: 0 };
    const check = (plan: NetworkPlan): void => {
      const { result, skipped } = runForward(plan);
      expect(result).toEqual(runNetwork(build(plan).spec));
      const served = plan.resources.filter(({ pages }, r) => pages !== null && result.resources[r]!.served > 0);
      if (served.length === 0 || skipped.firings === 0) return;
      const moves = plan.processes.some(({ requests }) => requests !== null && requests.stride > 0);
      leaped[moves ? "words" : "without"]++;
      if (served.some(({ pages }) => pages!.interval > 0)) leaped.windows++;
    };
    fc.assert(fc.property(networkPlan({ outer: [100, 1000], data: false, clocks: false, servers: "all" }), check), { numRuns: 2 * NETWORKS, seed: SEED });
    for (const [what, networks] of Object.entries(leaped)) expect(networks, what).toBeGreaterThan(0.02 * NETWORKS);
  });

  it("ends as the oracle does", () => {
    const check = (plan: NetworkPlan): void => {
      expect(runForward(plan).result).toEqual(runOracle(build(plan).spec));
    };
    fc.assert(fc.property(networkPlan({ outer: [60, 120] }), check), { numRuns: NETWORKS / 3, seed: SEED });
  });
});

const SIZES: readonly (readonly [string, Readonly<Record<string, number | string>>])[] = [
  ["dot", { n: 1_000_003 }],
  ["softmax", { rows: 257, cols: 512 }],
  ["layernorm", { rows: 61, cols: 1024 }],
  ["gemm", { m: 131, n: 128, k: 128 }],
  ["attention", { seq: 64, heads: 7, dim: 32 }],
  ["mlp", { rows: 64, hidden: 64, ffn: 96 }],
  ["conv2d", { h: 56, w: 28, c: 16, k: 16 }],
  ["stencil2d", { h: 256, w: 256 }],
  ["tpch-q6", { n: 200_000 }],
  ["blackscholes", { n: 50_000 }],
  ["outer", { m: 512, n: 768 }],
  ["lstm", { hidden: 48, steps: 9 }],
];

describe("fast-forward on workloads", () => {
  const skipped = new Map<string, number>();

  it.each(SIZES.flatMap(([name, params]) => ["plasticine", "sn40l"].map((machine) => ({ name, machine, params }))))(
    "of $name on $machine changes no counter",
    async ({ name, machine: machineName, params }) => {
      const machine = readMachine(machineName, []);
      const settings = parseSettings(Object.entries(params).map(([path, value]) => `${path}=${value}`)).workload;
      const { program, inputs, seed } = await loadWorkload(name, { settings });
      const { mapping } = prepare(program, machine, { style: "spatial", seed });
      const given = await inputs();
      const run = (fastForward: boolean) => simulate(mapping, machine, { program, inputs: given, values: false, engine: "fast", fastForward });
      const [fast, slow] = [run(true), run(false)];
      expect({ ...fast, skipped: 0, periods: [], skippedIn: slow.skippedIn }).toEqual(slow);
      expect(slow.skipped).toBe(0);
      skipped.set(name, (skipped.get(name) ?? 0) + fast.skipped);
    },
  );

  it("skips something in several of them", () => {
    expect([...skipped.values()].filter((firings) => firings > 0).length).toBeGreaterThan(2);
  });
});
