/** A DRAM controller behind a resource: fast and plain alike, in networks and alone, saved and resumed. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../src/engine/server.ts";
import type { DramSpec } from "../../src/machine/machine.ts";
import { dramServer } from "../../src/memory/dram-server.ts";

const DDR3: DramSpec = {
  organization: "DDR3_8Gb_x8",
  speed: "DDR3_1600K",
  ranks: 1,
  mapping: "robaraco",
  controller: { scheduler: "FR-FCFS", read_entries: 8, write_entries: 8, drain_above: 6, drain_below: 2, row_accesses: 0, refresh: "all-bank" },
};
const HBM3: DramSpec = { ...DDR3, organization: "HBM3_16Gb_8hi", speed: "HBM3_6400Mbps", clock_hz: 875_000_000, mapping: "rostbacobgpc", mapping_xor: ["ba"] };

interface Burst {
  readonly gap: number;
  readonly word: number;
}

/** A few rows of a few banks, in clumps; now and then a long pause, in which a refresh may come. */
const bursts = fc.array(
  fc.record({
    gap: fc.oneof({ weight: 20, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(7000) }),
    word: fc.oneof(
      fc.nat(600),
      fc.nat(40).map((n) => n * 2048),
    ),
  }),
  { minLength: 1, maxLength: 120 },
);

type Told = readonly (readonly number[])[];

/** What is told of the bursts when the server runs in steps of so many ticks, and what it counts. */
function serve(spec: ServerSpec, list: readonly Burst[], { plain = false, step = 1, start = 0 }): { readonly told: Told; readonly counts: readonly number[] } {
  const counts = new Float64Array(spec.counters.length);
  const server = plain ? spec.createPlain(start, counts) : spec.create(start, counts);
  const told: number[][] = [];
  let [seen, now] = [start, start];
  const run = (until: number): void => {
    const before = server.earliest();
    server.run(until, (tag, tick, waited) => {
      expect(tick).toBeGreaterThanOrEqual(before);
      told.push([tag, tick, waited]);
    });
    now = until;
  };
  list.forEach(({ gap, word }, tag) => {
    seen += gap;
    while (now + step <= seen) run(server.earliest() === Number.POSITIVE_INFINITY ? seen : now + step);
    server.take(seen, word, tag);
  });
  while (server.earliest() < Number.POSITIVE_INFINITY) run(now + step);
  return { told: told.sort(([a], [b]) => a! - b!), counts: [...counts] };
}

describe.each([
  ["DDR3", DDR3],
  ["HBM3", HBM3],
] as const)("a channel of %s", (_, dram) => {
  it("completes every burst when its plain twin does, in whatever steps it is run, and never before it said", () => {
    fc.assert(
      fc.property(bursts, fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 0, 100_003), (list, step, start) => {
        const fast = serve(dramServer(dram, 0), list, { step, start });
        expect(fast).toEqual(serve(dramServer(dram, 0), list, { plain: true, start }));
        expect(fast.told.length).toBe(list.length);
        for (const [, , waited] of fast.told) expect(waited).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it("goes on from what was saved as if it had not been", () => {
    fc.assert(
      fc.property(bursts, fc.nat(200), (list, cut) => {
        const spec = dramServer(dram, 0);
        const ends = [false, true].map((isSaved) => {
          const counts = new Float64Array(spec.counters.length);
          let server = spec.create(0, counts);
          const told: number[][] = [];
          const note = (tag: number, tick: number, waited: number): unknown => told.push([tag, tick, waited]);
          let seen = 0;
          list.forEach(({ gap, word }, tag) => {
            seen += gap % 50;
            server.take(seen, word, tag);
          });
          server.run(cut, note);
          if (isSaved) {
            const saved = structuredClone(server.save());
            server = spec.create(0, counts);
            server.restore(saved);
          }
          for (let now = cut; server.earliest() < Number.POSITIVE_INFINITY; now += 100) server.run(now, note);
          return { told, counts: [...counts] };
        });
        expect(ends[1]).toEqual(ends[0]);
      }),
      { numRuns: 30, seed: 6 },
    );
  });
});
