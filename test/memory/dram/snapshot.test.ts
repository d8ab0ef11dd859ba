/** A state that is moved on goes on as it would have. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Part } from "../../../src/machine/dram/part.ts";
import type { UnifiedPolicy } from "../../../src/memory/dram/controller.ts";
import { shift, snapshot } from "../../../src/memory/dram/snapshot.ts";
import { type UnifiedState, unified } from "../../../src/memory/dram/unified.ts";
import { anyOffers, anyPart, anyPolicy, type Offer } from "../../support/dram.ts";

const anyCase = anyPart.chain((part) => fc.tuple(fc.constant(part), anyPolicy(part), anyOffers(part), fc.nat(79), fc.nat(1_000_000), fc.nat(5000)));

function offer(state: UnifiedState, offers: readonly Offer[]): void {
  for (const one of offers) {
    unified.advance(state, unified.now(state) + one.gap);
    while (!unified.accepts(state, one)) unified.step(state, Number.POSITIVE_INFINITY);
    unified.enqueue(state, one);
  }
}

function started(part: Part, policy: UnifiedPolicy, offers: readonly Offer[]): UnifiedState {
  const state = unified.create(part, policy);
  offer(state, offers);
  state.done.count = 0;
  return state;
}

describe("a snapshot of a controller", () => {
  it("is that of the state moved on, but for rows and tags, and so is what follows", () => {
    fc.assert(
      fc.property(anyCase, ([part, policy, offers, cut, half, rows]) => {
        const ticks = 2 * half;
        const [one, other] = [started(part, policy, offers.slice(0, cut)), started(part, policy, offers.slice(0, cut))];
        shift(other, ticks, rows, 1000);
        const [before, after] = [snapshot(one), snapshot(other)];
        expect(after.numbers).toEqual(before.numbers);
        expect(after.rows).toEqual(before.rows.map((row) => (row + rows) % part.rows));
        expect(after.tags).toEqual(before.tags.map((tag) => tag + 1000));
        offer(one, offers.slice(cut));
        offer(
          other,
          offers.slice(cut).map((request) => ({ ...request, row: (request.row + rows) % part.rows, tag: request.tag + 1000 })),
        );
        for (const state of [one, other]) unified.advance(state, unified.now(state) + 5000);
        const told = ({ done }: UnifiedState): readonly number[] => [...done.tags.slice(0, done.count), ...done.ticks.slice(0, done.count)];
        const { count } = one.done;
        expect(told(other)).toEqual(told(one).map((value, i) => value + (i < count ? 1000 : ticks)));
        expect(unified.counts(other)).toEqual(unified.counts(one));
      }),
      { numRuns: 100 },
    );
  });

  it("tells states apart that go on differently", () => {
    const [part] = fc.sample(anyPart, { numRuns: 1, seed: 1 }) as [Part];
    const [policy] = fc.sample(anyPolicy(part), { numRuns: 1, seed: 1 }) as [UnifiedPolicy];
    const request = { bank: 0, row: 1, column: 0, write: false, tag: 0, gap: 3 };
    const base = snapshot(started(part, policy, [request]));
    for (const other of [
      { ...request, bank: 1 },
      { ...request, column: 1 },
      { ...request, write: true },
      { ...request, gap: 4 },
    ]) {
      expect(snapshot(started(part, policy, [other])).numbers).not.toEqual(base.numbers);
    }
  });
});
