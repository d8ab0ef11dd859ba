import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Affine } from "../../src/fabric/fabric.ts";
import { advance, advanceInner, countLanes, everCuts, findLanes, firingNumber, fullRun, makeWalk, seek, type Walkable } from "../../src/fabric/walk.ts";

interface Case {
  readonly nest: Walkable;
  readonly affine: Affine;
}

const small = fc.integer({ min: -3, max: 3 });

/** A nest of up to three loops with up to two guards, and one more expression to follow. */
const cases = fc.integer({ min: 0, max: 3 }).chain((depth): fc.Arbitrary<Case> => {
  const affine = fc.record({ constant: fc.integer({ min: -6, max: 6 }), loops: fc.array(small, { minLength: depth, maxLength: depth }), lane: small });
  const loop = fc.integer({ min: 1, max: 4 }).map((trip) => ({ name: "i", trip }));
  const nest = fc.record({
    loops: fc.array(loop, { minLength: depth, maxLength: depth }),
    lanes: fc.integer({ min: 1, max: 5 }),
    guards: fc.array(fc.record({ value: affine, limit: fc.integer({ min: 1, max: 12 }) }), { maxLength: 2 }),
  });
  return fc.record({ nest, affine });
});

function countersAt({ loops }: Walkable, n: number): readonly number[] {
  return loops.map((_, l) => Math.floor(n / loops.slice(l + 1).reduce((product, { trip }) => product * trip, 1)) % loops[l]!.trip);
}

function valueAt({ constant, loops, lane }: Affine, counters: readonly number[], l: number): number {
  return loops.reduce((sum, factor, i) => sum + factor * counters[i]!, constant + lane * l);
}

function validLanes(nest: Walkable, n: number): readonly number[] {
  const counters = countersAt(nest, n);
  return Array.from({ length: nest.lanes }, (_, l) => l).filter((l) =>
    nest.guards.every(({ value, limit }) => valueAt(value, counters, l) >= 0 && valueAt(value, counters, l) < limit),
  );
}

const firings = ({ loops }: Walkable): number => loops.reduce((product, { trip }) => product * trip, 1);
const interval = ({ lo, hi }: { readonly lo: number; readonly hi: number }): readonly number[] => Array.from({ length: hi - lo }, (_, i) => lo + i);

describe("a walk", () => {
  it("has the value, the levels and the valid lanes that the counters give, at every firing", () => {
    const check = ({ nest, affine }: Case): void => {
      const walk = makeWalk(nest, undefined, [affine]);
      const total = firings(nest);
      for (let n = 0; n < 2 * total; n++) {
        const counters = countersAt(nest, n % total);
        findLanes(walk);
        expect(walk.values[walk.element + 1]).toBe(valueAt(affine, counters, 0));
        expect(interval(walk)).toEqual(validLanes(nest, n % total));
        const begins =
          nest.loops.length -
          counters
            .toReversed()
            .concat(1)
            .findIndex((counter) => counter > 0);
        expect(walk.begins).toBe(begins);
        const left = nest.loops.map(({ trip }, l) => trip - 1 - counters[l]!);
        expect(walk.ends).toBe(
          nest.loops.length -
            left
              .toReversed()
              .concat(1)
              .findIndex((counter) => counter > 0),
        );
        advance(walk);
      }
    };
    fc.assert(fc.property(cases, check), { numRuns: 300 });
  });

  it("stands after seek(n) where n advances lead", () => {
    fc.assert(
      fc.property(cases, fc.nat(100), ({ nest, affine }, at) => {
        const [walked, sought] = [makeWalk(nest, undefined, [affine]), makeWalk(nest, undefined, [affine])];
        const n = at % firings(nest);
        for (let i = 0; i < n; i++) advance(walked);
        seek(sought, n);
        expect(sought).toEqual(walked);
        expect(firingNumber(sought)).toBe(n);
      }),
      { numRuns: 200 },
    );
  });

  it("knows how many firings from now on are full, and counts the valid lanes of all, and of the first so many", () => {
    const check = ({ nest }: Case): void => {
      const walk = makeWalk(nest);
      const inner = nest.loops.at(-1)?.trip ?? 1;
      let lanes = 0;
      for (let n = 0; n < firings(nest); n++) {
        let run = 0;
        while (run < inner - (n % inner) && validLanes(nest, n + run).length === nest.lanes) run++;
        expect(fullRun(walk)).toBe(run);
        expect(countLanes(nest, undefined, n)).toBe(lanes);
        lanes += validLanes(nest, n).length;
        advance(walk);
      }
      expect(countLanes(nest)).toBe(lanes);
    };
    fc.assert(fc.property(cases, check), { numRuns: 300 });
  });

  it("counts the valid lanes of more firings than could be walked", () => {
    const past = (limit: number) => ({ value: { constant: 0, loops: [16_000_000_000, 16], lane: 1 }, limit });
    const nest: Walkable = { loops: [1000, 1e9].map((trip) => ({ name: "i", trip })), lanes: 16, guards: [past(9_000_000_000_123)] };
    expect(countLanes(nest)).toBe(9_000_000_000_123);
    expect(countLanes(nest, undefined, 562.5e9 + 7)).toBe(9_000_000_000_112);
    expect(countLanes(nest, undefined, 562.5e9 + 8)).toBe(9_000_000_000_123);
  });

  it("leaps along the innermost loop as it walks", () => {
    const nest: Walkable = { loops: [2, 9].map((trip) => ({ name: "i", trip })), lanes: 1, guards: [] };
    const [leaping, walking] = [0, 1].map(() => makeWalk(nest, undefined, [{ constant: 0, loops: [100, 1], lane: 0 }])) as [
      ReturnType<typeof makeWalk>,
      ReturnType<typeof makeWalk>,
    ];
    for (let i = 0; i < 8; i++) advance(walking);
    advanceInner(leaping, 8);
    expect(leaping).toEqual(walking);
  });

  it("says of a guard whether it ever cuts: tight on both sides", () => {
    const walkTo = (limit: number, constant: number) =>
      makeWalk({ loops: [{ name: "i", trip: 4 }], lanes: 4, guards: [{ value: { constant, loops: [4], lane: 1 }, limit }] });
    expect(everCuts(walkTo(16, 0), 0)).toBe(false);
    expect(everCuts(walkTo(15, 0), 0)).toBe(true);
    expect(everCuts(walkTo(16, -1), 0)).toBe(true);
  });
});
