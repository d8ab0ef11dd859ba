/** The fast controller does what the stepped one does; both do what any controller must. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextBelow, seedRandom } from "../../../src/base/random.ts";
import { type PartChoice, partOf } from "../../../src/machine/dram/part.ts";
import { type DramRequest, UNIFIED } from "../../../src/memory/dram/controller.ts";
import { createMapping, locate } from "../../../src/memory/dram/mapping.ts";
import { stepped } from "../../../src/memory/dram/stepped.ts";
import { unified } from "../../../src/memory/dram/unified.ts";
import { anyOffers, anyPart, anyPolicy, offerAll, PARTS } from "../../support/dram.ts";

const anyCase = anyPart.chain((part) => fc.tuple(fc.constant(part), anyPolicy(part), anyOffers(part)));

describe("the fast unified controller", () => {
  it("takes in, completes and counts as the stepped one does, at the same ticks", () => {
    fc.assert(
      fc.property(anyCase, ([part, policy, offers]) => {
        expect(offerAll(unified, part, policy, offers)).toEqual(offerAll(stepped, part, policy, offers));
      }),
      { numRuns: 60 },
    );
  });

  it("completes every request once, a read no sooner than its data can come unless a queued write has them", () => {
    fc.assert(
      fc.property(anyCase, ([part, policy, offers]) => {
        const { accepted, told, counts } = offerAll(unified, part, policy, offers);
        expect(told.map(([tag]) => tag).toSorted((a, b) => a - b)).toEqual(offers.map(({ tag }) => tag));
        const direct = told.filter(([tag, tick]) => !offers[tag]!.write && tick >= accepted[tag]! + part.readLatency).length;
        expect(counts.reads).toBeLessThanOrEqual(direct);
        expect(counts.reads + counts.writes).toBeLessThanOrEqual(offers.length);
        expect(counts.activates - counts.precharges).toBeGreaterThanOrEqual(0);
        expect(counts.activates - counts.precharges).toBeLessThanOrEqual(part.banks);
      }),
      { numRuns: 60 },
    );
  });

  it("tells nothing before the tick that nextCompletion gave, and issues nothing before nextEvent", () => {
    fc.assert(
      fc.property(anyCase, ([part, policy, offers]) => {
        const state = unified.create(part, policy);
        const done = unified.completions(state);
        for (const offer of offers) {
          unified.advance(state, unified.now(state) + offer.gap);
          if (unified.accepts(state, offer)) unified.enqueue(state, offer);
          const [told, completion, event] = [done.count, unified.nextCompletion(state), unified.nextEvent(state)];
          const before = JSON.stringify(unified.counts(state));
          unified.step(state, unified.now(state) + 500);
          for (let i = told; i < done.count; i++) expect(done.ticks[i]).toBeGreaterThanOrEqual(completion);
          if (JSON.stringify(unified.counts(state)) !== before) expect(unified.now(state) - 1).toBeGreaterThanOrEqual(event);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("refuses a request that it does not accept", () => {
    const state = unified.create(partOf(PARTS[1]!), { ...UNIFIED, read_entries: 1 });
    unified.enqueue(state, { bank: 0, row: 0, column: 0, write: false, tag: 0 });
    expect(() => unified.enqueue(state, { bank: 1, row: 0, column: 0, write: false, tag: 1 })).toThrow("the read queue is full at 1");
  });

  it("hands a queued write's data to a read, and lets a second write take its place", () => {
    const state = unified.create(partOf(PARTS[1]!), UNIFIED);
    for (const [tag, write] of [true, false, true].entries()) unified.enqueue(state, { bank: 0, row: 0, column: 0, write, tag });
    const done = unified.completions(state);
    expect([done.count, done.tags, done.ticks]).toEqual([2, [1, 2], [1, 1]]);
    unified.advance(state, 1000);
    expect([done.count, unified.counts(state).writes]).toEqual([3, 1]);
  });

  /** Random reads of a gibibyte, offered one a tick; ticks until the last is done. */
  function ticksFor(choice: PartChoice, entries: number): number {
    const part = partOf(choice);
    const mapping = createMapping(part, { channels: 1, order: "RoBaRaCoCh" });
    const random = seedRandom(3);
    const place = { channel: 0, bank: 0, row: 0, column: 0 };
    const offers = Array.from({ length: 3000 }, (_, tag) => {
      locate(mapping, nextBelow(random, 2 ** 30 / part.access_bytes) * part.access_bytes, place);
      return { bank: place.bank, row: place.row, column: place.column, write: false, tag, gap: 0 } satisfies DramRequest & { gap: number };
    });
    return offerAll(unified, part, { ...UNIFIED, read_entries: entries }, offers).now;
  }

  it("is not slower with more queue entries, ranks or bank groups, but for 2 % (the order of requests changes)", () => {
    for (const choice of PARTS) {
      const ticks = [4, 8, 16, 32, 64].map((entries) => ticksFor(choice, entries));
      for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeLessThanOrEqual(ticks[i - 1]! * 1.02);
    }
    const ddr4 = PARTS[1]!;
    expect(ticksFor({ ...ddr4, counts: { rank: 2 } }, 32)).toBeLessThanOrEqual(ticksFor(ddr4, 32) * 1.02);
    expect(ticksFor(ddr4, 32)).toBeLessThanOrEqual(ticksFor({ ...ddr4, counts: { bankgroup: 2 } }, 32) * 1.02);
  });
});
