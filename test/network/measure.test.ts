/** Measurements of the packet network: a sample of BookSim's cases (all of them: `weft validate noc`), and what holds of any. */

import { describe, expect, it } from "vitest";
import { isRowWithin } from "../../src/cli/comparison.ts";
import { readNocCases, rowsOf } from "../../src/cli/noc-suite.ts";
import { EXPERIMENT, type Experiment, mean, measureNoc } from "../../src/network/measure.ts";
import type { NocSpec } from "../../src/network/spec.ts";
import { destinationOf, PATTERNS, parsePattern } from "../../src/network/traffic.ts";

const MESH: NocSpec = {
  topology: "mesh",
  columns: 4,
  rows: 4,
  vcs: 4,
  slots: 4,
  reuse: "drained",
  speculative: false,
  iterations: 1,
  routing_cycles: 0,
  crossing_cycles: 1,
  credit_cycles: 2,
  link_cycles: 1,
};

const light: Experiment = { ...EXPERIMENT, pattern: "uniform", load: 0.1, flits: 1, seed: 1, measures: "latency" };

describe("measurements", () => {
  const sampled = readNocCases().filter(
    ({ variant, experiment: { pattern, load, flits } }) =>
      (variant === "C_1vc8_lean" && pattern === "uniform" && (load === 0.05 || (load === 0.25 && flits === 4) || load === 0.4)) ||
      (variant === "A_16vc8" && ((pattern === "neighbor" && load === 0.3) || (flits === 4 && load === 0.2))),
  );

  it("equal BookSim's to its last digit on a sample of its cases", () => {
    expect(sampled).toHaveLength(6);
    for (const one of sampled) expect(rowsOf(one, measureNoc(one.spec, one.experiment)).filter((row) => !isRowWithin(row))).toEqual([]);
  });

  it("are the same for the same seed and others for another, on a torus too", () => {
    const torus = { ...MESH, topology: "torus" as const, link_cycles: 2 };
    expect(measureNoc(torus, light)).toEqual(measureNoc(torus, light));
    expect(measureNoc(torus, light)).not.toEqual(measureNoc(torus, { ...light, seed: 2 }));
  });

  it("give what is offered below saturation, and no more than the links carry above", () => {
    const below = measureNoc(MESH, { ...light, load: 0.2, measures: "throughput" });
    expect(below.accepted).toBeCloseTo(0.2, 1);
    const above = measureNoc(MESH, { ...light, pattern: "bitcomp", load: 1, measures: "throughput" });
    expect(above.isStable).toBe(true);
    expect(above.accepted).toBeLessThanOrEqual(0.5);
    expect(measureNoc(MESH, { ...light, pattern: "bitcomp", load: 1 }).isStable).toBe(false);
  });

  it("take no less with more load, and no more with more virtual channels, at a light load", () => {
    const latency = (vcs: number, load: number) => mean(measureNoc({ ...MESH, vcs }, { ...light, load }).packetLatency);
    expect(latency(4, 0.3)).toBeGreaterThan(latency(4, 0.05));
    expect(latency(4, 0.2)).toBeLessThan(latency(1, 0.2));
  });
});

describe("traffic", () => {
  const draw = (bound: number) => bound - 1;

  it("of every pattern stays on the grid, and permutations reach every node once", () => {
    for (const pattern of PATTERNS) {
      const destination = destinationOf(pattern, MESH);
      const reached = Array.from({ length: 16 }, (_, node) => destination(node, draw));
      expect(reached.every((node) => Number.isInteger(node) && node >= 0 && node < 16)).toBe(true);
      if (!["uniform", "diagonal", "asymmetric"].includes(pattern)) expect(new Set(reached).size).toBe(16);
    }
  });

  it("goes where its name says", () => {
    const to = (pattern: string, node: number) => destinationOf(parsePattern(pattern), MESH)(node, draw);
    expect([to("transpose", 6), to("bitcomp", 6), to("bitrev", 6), to("shuffle", 9)]).toEqual([9, 9, 6, 3]);
    expect([to("tornado", 0), to("neighbor", 15), to("uniform", 0), to("diagonal", 3), to("asymmetric", 1)]).toEqual([5, 0, 15, 3, 9]);
  });

  it("is refused by name, and where the number of nodes does not suit it", () => {
    expect(() => parsePattern("transpos")).toThrow(/there is no traffic "transpos"; did you mean "transpose"/);
    expect(() => destinationOf("transpose", { ...MESH, columns: 8 })).toThrow(/transpose needs an even power of two of nodes, not 32/);
    expect(() => destinationOf("bitcomp", { ...MESH, columns: 3 })).toThrow(/bitcomp needs a power of two of nodes, not 12/);
  });
});
