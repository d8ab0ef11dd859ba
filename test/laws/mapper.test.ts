/** Laws of placing and routing, on random machines and fabrics. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { seedRandom } from "../../src/base/random.ts";
import type { Fabric } from "../../src/fabric/fabric.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { anneal } from "../../src/mapper/anneal.ts";
import { mapFabric, verifyMapping } from "../../src/mapper/index.ts";
import type { Mapping } from "../../src/mapper/mapping.ts";
import { placementCost, placementProblem } from "../../src/mapper/problem.ts";
import { sitesOf } from "../../src/mapper/sites.ts";
import { constructivePlacement } from "../../src/mapper/start.ts";
import { fabricOf, machineOf, randomSection } from "../mapper/support.ts";

interface Case {
  readonly machine: Machine;
  readonly fabric: Fabric;
  readonly seed: number;
}

/** Machines of up to 8 x 6 sites, some with far more PMUs than PCUs, some with rows of the grid empty, some with more address generators than edge switches, 10 % to 100 % full. */
const shapes = fc.record({
  columns: fc.integer({ min: 1, max: 8 }),
  rows: fc.integer({ min: 1, max: 6 }),
  ags: fc.integer({ min: 0, max: 20 }),
  pcuShare: fc.constantFrom(0.5, 0.5, 0.34, 0.8),
  pmuShare: fc.constantFrom(1, 1, 0.5, 0.2),
  network: fc.record({ kind: fc.constantFrom("static", "packet"), vector_links: fc.integer({ min: 1, max: 6 }), scalar_links: fc.integer({ min: 1, max: 6 }) }),
  fill: fc.integer({ min: 1, max: 10 }).map((tenths) => tenths / 10),
  channelsPerUnit: fc.integer({ min: 0, max: 15 }).map((tenths) => tenths / 10),
  fanout: fc.integer({ min: 1, max: 32 }),
  locality: fc.integer({ min: 1, max: 12 }),
  together: fc.boolean(),
  seed: fc.integer(),
});

/** Two sections, one after the other or on the chip together. Without fast-check's bias towards small numbers: most sections would be all but empty. */
const cases: fc.Arbitrary<Case> = fc
  .noBias(shapes)
  .map(({ columns, rows, ags, pcuShare, pmuShare, network, fill, channelsPerUnit, fanout, locality, together, seed }) => {
    const pcus = Math.ceil(columns * rows * pcuShare);
    const pmus = Math.floor((columns * rows - pcus) * pmuShare);
    const machine = machineOf({ columns, rows, ags, pcus, pmus, network });
    const share = together ? fill / 2 : fill;
    const counts = { pcus: Math.floor(pcus * share), pmus: Math.floor(pmus * share), ags: Math.floor(ags * share) };
    const channels = Math.floor((counts.pcus + counts.pmus + counts.ags) * channelsPerUnit);
    const shape = { ...counts, channels, fanout, locality };
    const sections = [0, 1].map((s) => ({ ...randomSection(seed + s, shape), configuration: together ? 0 : s }));
    return { machine, fabric: fabricOf(sections), seed };
  });

/** The mapping, or undefined where the router says that a link cannot carry what it must. Anything else thrown is a failure. */
function mapped({ fabric, machine, seed }: Case): Mapping | undefined {
  try {
    return mapFabric(fabric, machine, { seed, effort: 0.2 });
  } catch (error) {
    if (error instanceof UserError && error.faults.every((fault) => fault.code === "unroutable")) return undefined;
    throw error;
  }
}

describe("mapping", () => {
  it("of any fabric passes the verifier, or is refused as unroutable", () => {
    let routed = 0;
    fc.assert(
      fc.property(cases, (sample) => {
        const mapping = mapped(sample);
        if (mapping === undefined) return;
        routed++;
        expect(verifyMapping(mapping, sample.machine)).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(routed).toBeGreaterThan(100);
  });

  it("gives the same bytes for the same seed", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        expect(JSON.stringify(mapped(sample))).toBe(JSON.stringify(mapped(sample)));
      }),
      { numRuns: 100 },
    );
  });

  it("survives JSON", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const mapping = mapped(sample);
        if (mapping !== undefined) expect(JSON.parse(JSON.stringify(mapping))).toEqual(mapping);
      }),
      { numRuns: 100 },
    );
  });

  it("with enough tracks for all channels never fails", () => {
    fc.assert(
      fc.property(cases, ({ machine, fabric, seed }) => {
        const tracks = Math.max(
          1,
          fabric.sections.reduce((sum, section) => sum + section.channels.length, 0),
        );
        const wide = { ...machine, network: { ...machine.network, vector_links: tracks, scalar_links: tracks, control_links: tracks } };
        expect(verifyMapping(mapFabric(fabric, wide, { seed, effort: 0.2 }), wide)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("annealing", () => {
  it("is never worse than the placement it starts from, and counts its gain exactly", () => {
    let better = 0;
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 20_000 }), ({ machine, fabric, seed }, moves) => {
        const problem = placementProblem(fabric.sections[0]!, sitesOf(machine), () => 1, true);
        const start = constructivePlacement(problem);
        const before = start.slice();
        const end = anneal(problem, start, { random: seedRandom(seed), moves });
        expect(start).toEqual(before);
        expect(placementCost(problem, end.siteOf)).toBe(placementCost(problem, start) - end.gain);
        expect(end.gain).toBeGreaterThanOrEqual(0);
        if (end.gain > 0) better++;
      }),
      { numRuns: 200 },
    );
    expect(better).toBeGreaterThan(50);
  });

  it("keeps every unit on a site of its kind, alone", () => {
    fc.assert(
      fc.property(cases, ({ machine, fabric, seed }) => {
        const problem = placementProblem(fabric.sections[0]!, sitesOf(machine), () => 1, true);
        const { siteOf } = anneal(problem, constructivePlacement(problem), { random: seedRandom(seed), moves: 5000 });
        expect(new Set(siteOf).size).toBe(siteOf.length);
        expect(Array.from(siteOf, (site) => problem.sites[site]!.kind)).toEqual(problem.kinds);
      }),
      { numRuns: 100 },
    );
  });
});
