/** Random DRAM parts, policies and request streams, and a source that offers a stream to a controller. */

import fc from "fast-check";
import { type Part, type PartChoice, partOf } from "../../src/machine/dram/part.ts";
import type { CommandCounts, Controller, DramRequest, Refresh, UnifiedPolicy } from "../../src/memory/dram/controller.ts";

/** One part of each standard. */
export const PARTS: readonly PartChoice[] = [
  { organization: "DDR3_2Gb_x8", speed: "DDR3_1600K" },
  { organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" },
  { organization: "DDR5_16Gb_x8", speed: "DDR5_4800AN" },
  { organization: "GDDR6_8Gb_x16", speed: "GDDR6_2000_1350mV_double" },
  { organization: "HBM1_4Gb", speed: "HBM1_2Gbps" },
  { organization: "HBM2_8Gb", speed: "HBM2_2000Mbps" },
  { organization: "HBM3_16Gb_8hi", speed: "HBM3_6400Mbps" },
  { organization: "HBM4_32Gb_4Hi", speed: "HBM4_8000Mbps" },
];

/** A request and how many ticks after its predecessor it is offered. */
export interface Offer extends DramRequest {
  readonly gap: number;
}

/** Parts with one or two ranks, refreshed far more often than they need be. */
export const anyPart: fc.Arbitrary<Part> = fc
  .tuple(fc.constantFrom(...PARTS), fc.boolean(), fc.integer({ min: 600, max: 1500 }))
  .map(([choice, twoRanks, nREFI]) => {
    const counts = twoRanks && choice.organization.startsWith("DDR") ? { rank: 2 } : {};
    const { bankRefreshInterval, tick_ps } = partOf({ ...choice, counts });
    const hurried = bankRefreshInterval > 0 ? { nREFIpb: Math.ceil(nREFI / 5) } : {};
    return partOf({ ...choice, counts, timings: { nRFC: Math.ceil(60_000 / tick_ps), nREFI, ...hurried } });
  });

export function anyPolicy(part: Part): fc.Arbitrary<UnifiedPolicy> {
  const perBank: readonly Refresh[] = part.bankRefreshInterval > 0 ? ["per-bank", "paired"] : [];
  return fc.record({
    scheduler: fc.constantFrom("FR-FCFS" as const, "FR-FCFS-row-hit" as const, "FCFS" as const),
    read_entries: fc.integer({ min: 1, max: 16 }),
    write_entries: fc.integer({ min: 1, max: 16 }),
    drain: fc.record({ high: fc.constantFrom(0.5, 0.8), low: fc.constantFrom(0.2, 0.5) }),
    page: fc.oneof(fc.constant({ kind: "open" as const }), fc.record({ kind: fc.constant("closed" as const), accesses: fc.integer({ min: 1, max: 4 }) })),
    refresh: fc.constantFrom<Refresh>("none", "all-bank", "staggered", ...perBank),
  });
}

/** Few rows and columns, so that requests hit, miss, conflict and meet queued writes. */
export function anyOffers(part: Part): fc.Arbitrary<readonly Offer[]> {
  const place = { bank: fc.integer({ min: 0, max: part.banks - 1 }), row: fc.integer({ min: 0, max: 2 }), column: fc.integer({ min: 0, max: 3 }) };
  const near = { ...place, bank: fc.integer({ min: 0, max: 2 }) };
  const rest = { write: fc.boolean(), gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 400 })) };
  const offer = fc.oneof(fc.record({ ...place, ...rest }), fc.record({ ...near, ...rest }));
  return fc.array(offer, { minLength: 1, maxLength: 80, size: "max" }).map((offers) => offers.map((one, tag) => ({ ...one, tag })));
}

export interface Outcome {
  /** Of each tag: when it was taken in and when it completed, in the order told. */
  readonly accepted: readonly number[];
  readonly told: readonly (readonly [tag: number, tick: number])[];
  readonly counts: Readonly<CommandCounts>;
  readonly now: number;
}

/** An in-order source: offers each request from its tick on until it is taken, then runs until all are done and some ticks more. */
export function offerAll<P, S>(controller: Controller<P, S>, part: Part, policy: P, offers: readonly Offer[]): Outcome {
  const state = controller.create(part, policy);
  const done = controller.completions(state);
  const accepted: number[] = [];
  let due = 1;
  for (const offer of offers) {
    due = Math.max(due, controller.now(state)) + offer.gap;
    controller.advance(state, due);
    while (!controller.accepts(state, offer)) controller.step(state, Number.POSITIVE_INFINITY);
    accepted.push(controller.now(state));
    controller.enqueue(state, offer);
  }
  while (done.count < offers.length) controller.step(state, Number.POSITIVE_INFINITY);
  controller.advance(state, controller.now(state) + 1000);
  const told = Array.from({ length: done.count }, (_, i) => [done.tags[i]!, done.ticks[i]!] as const);
  return { accepted, told, counts: { ...controller.counts(state) }, now: controller.now(state) };
}
