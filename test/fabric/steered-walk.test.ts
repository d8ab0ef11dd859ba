import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advanceSteered, findSteeredLanes, steerWalk } from "../../src/fabric/steered-walk.ts";
import { makeWalk } from "../../src/fabric/walk.ts";
import { wire } from "../support/datapaths.ts";
import { affine, below, nest, reads } from "../support/fabrics.ts";

/** One firing as it should be: counters by loop as far as they are entered, and the levels that begin and end. */
interface Firing {
  readonly counters: readonly number[];
  readonly begins: number;
  readonly ends: number;
}

/** What nested loops of these trips do: `rows[i]` the trips of the innermost loop in each turn of the middle one. */
function plainly(rows: readonly (readonly number[])[]): Firing[] {
  const counters = rows.flatMap((row, i) =>
    row.length === 0 ? [[i]] : row.flatMap((trip, j) => (trip === 0 ? [[i, j]] : Array.from({ length: trip }, (_, k) => [i, j, k]))),
  );
  const common = (a: readonly number[] | undefined, b: readonly number[]): number => (a === undefined ? 0 : 1 + b.findIndex((x, l) => x !== a[l]));
  return counters.map((own, f) => ({ counters: own, begins: common(counters[f - 1], own), ends: common(counters[f + 1], own) }));
}

describe("a walk by trip counts that are read", () => {
  it("stands where nested loops of those trips stand, with their counters, lanes and tallies", () => {
    const rows = fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 6 }), (lengths, limit) => {
        const value = affine([3, 2, 1], 1);
        const of = nest(
          "n",
          [lengths.length, 3, 3],
          [reads("a", 1), reads("b", 2)],
          { kind: "compute", nodes: [], outputs: [] },
          { lanes: 4, guards: [below(value, 3 + limit)] },
        );
        const loops = of.loops.map((loop, l) => (l === 0 ? loop : { ...loop, port: ["a", "b"][l - 1]! }));
        const walk = makeWalk(of);
        const steered = steerWalk({ ...of, loops }, walk, [wire("a", 1), wire("b", 1)], "op");
        let lanes = 0;
        for (const { counters, begins, ends } of plainly(lengths)) {
          expect(walk.begins).toBe(begins);
          let level = begins;
          const words = () => [[lengths[counters[0]!]!.length], [lengths[counters[0]!]![counters[1] ?? 0] ?? 0]].map((list) => Float64Array.from(list));
          while (level < 3 && steered.steering.enters(level, words())) level++;
          expect(level).toBe(counters.length);
          expect(steered.steering.ends(level, words())).toBe(ends);
          expect(Array.from(walk.counters)).toEqual([...counters, 0, 0].slice(0, 3));
          findSteeredLanes(steered);
          const base = counters.reduce((total, counter, l) => total + counter * [3, 2, 1][l]!, 0);
          const valid = [0, 1, 2, 3].filter((lane) => base + lane < 3 + limit).length;
          expect(walk.hi - walk.lo).toBe(level === 3 ? valid : 0);
          if (level === 3) lanes += valid;
          advanceSteered(steered);
        }
        expect(steered.tally.lanes[3]).toBe(lanes);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
