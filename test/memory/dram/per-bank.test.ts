/** The controller with a queue a bank: event by event it does what it does tick by tick, and both do what DRAMsim3 does (test/validation/dram.test.ts). */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ini, memoryOfIni } from "../../../src/machine/dram/dramsim3.ts";
import type { Part } from "../../../src/machine/dram/part.ts";
import type { DramRequest } from "../../../src/memory/dram/controller.ts";
import { perBank } from "../../../src/memory/dram/per-bank.ts";
import { PER_BANK, type PerBankController, type PerBankPolicy } from "../../../src/memory/dram/per-bank-policy.ts";
import { perBankStepped } from "../../../src/memory/dram/per-bank-stepped.ts";

/** Small and impatient parts: few banks, refreshes that come often, short rows. */
const TIMING = {
  CL: "5",
  CWL: "3",
  tRCD: "5",
  tRP: "5",
  tRAS: "11",
  tRFC: "40",
  tREFI: "150",
  tREFIb: "31",
  tRRD_S: "2",
  tRRD_L: "3",
  tWTR_S: "2",
  tWTR_L: "4",
};
const MORE = { tFAW: "14", tWR: "6", tRTP: "3", tCCD_S: "2", tCCD_L: "3", tRTRS: "1", tRCDRD: "5", tRCDWR: "4", tPPD: "2", t32AW: "90" };

const ini = (protocol: string, bankgroups: number, ranks: number): Ini => ({
  dram_structure: { protocol, bankgroups: `${bankgroups}`, banks_per_group: "2", rows: "1024", columns: "1024", device_width: "8", BL: "4" },
  timing: { tCK: "1", ...TIMING, ...MORE },
  system: { channel_size: `${ranks * bankgroups * 2 * 8}`, bus_width: "64" },
});

const part = fc
  .record({ protocol: fc.constantFrom("DDR3", "DDR4", "HBM", "GDDR5", "LPDDR4"), bankgroups: fc.constantFrom(1, 2), ranks: fc.constantFrom(1, 2) })
  .map(({ protocol, bankgroups, ranks }) => memoryOfIni(protocol, ini(protocol, bankgroups, ranks)).part);

const policy: fc.Arbitrary<PerBankPolicy> = fc.record({
  queues: fc.constantFrom("bank", "rank"),
  transactions: fc.integer({ min: 1, max: 12 }),
  shared: fc.boolean(),
  commands: fc.integer({ min: 1, max: 6 }),
  hits: fc.integer({ min: 1, max: 4 }),
  drain_above: fc.integer({ min: 0, max: 8 }),
  page: fc.constantFrom("open", "closed"),
  refresh: fc.constantFrom("none", "all-bank", "staggered", "per-bank"),
});

/** A wait, and a request to one of few places, so that rows are hit and places met again. */
const traffic = fc.array(
  fc.record({
    wait: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 20 }) },
      { weight: 1, arbitrary: fc.integer({ min: 100, max: 400 }) },
    ),
    bank: fc.nat(7),
    row: fc.nat(1),
    column: fc.nat(3),
    write: fc.boolean(),
  }),
  { minLength: 1, maxLength: 120 },
);

type Traffic = readonly (Omit<DramRequest, "tag"> & { readonly wait: number })[];

/** Everything that a user of the controller sees, request by request; refused requests are dropped. */
function seen<State>(controller: PerBankController<State>, of: Part, how: PerBankPolicy, requests: Traffic): unknown {
  const state = controller.create(of, how);
  const story: unknown[] = [];
  const look = () => {
    const { count, tags, ticks } = controller.completions(state);
    story.push([controller.now(state), tags.slice(0, count), ticks.slice(0, count), { ...controller.counts(state) }, { ...controller.standby(state) }]);
    controller.completions(state).count = 0;
  };
  for (const [tag, { wait, ...request }] of requests.entries()) {
    controller.advance(state, controller.now(state) + wait);
    const wanted = { ...request, bank: request.bank % of.banks, tag };
    const accepted = controller.accepts(state, wanted);
    story.push(accepted);
    if (accepted) controller.enqueue(state, wanted);
    look();
  }
  controller.advance(state, controller.now(state) + 700);
  look();
  return story;
}

describe("the controller with a queue a bank", () => {
  it("does event by event what it does tick by tick", () => {
    fc.assert(
      fc.property(part, policy, traffic, (of, how, requests) => {
        expect(seen(perBank, of, how, requests)).toEqual(seen(perBankStepped, of, how, requests));
      }),
      { numRuns: 150 },
    );
  });

  it("says the tick before which nothing happens: up to it no command issues and no completion is told", () => {
    fc.assert(
      fc.property(part, policy, traffic, (of, how, requests) => {
        const state = perBank.create(of, how);
        for (const [tag, { wait, ...request }] of requests.entries()) {
          const quietUntil = Math.min(perBank.nextEvent(state), perBank.now(state) + wait);
          const before = { ...perBank.counts(state), told: perBank.completions(state).count };
          perBank.advance(state, quietUntil);
          expect({ ...perBank.counts(state), told: perBank.completions(state).count }).toEqual(before);
          perBank.advance(state, perBank.now(state) + wait);
          const wanted = { ...request, bank: request.bank % of.banks, tag };
          if (perBank.accepts(state, wanted)) perBank.enqueue(state, wanted);
        }
      }),
    );
  });

  it("stops a step where a command issued or a queue got room, as the plain one does", () => {
    fc.assert(
      fc.property(part, policy, traffic, (of, how, requests) => {
        const stops = <State>(controller: PerBankController<State>): number[] => {
          const state = controller.create(of, how);
          return requests.map(({ wait, ...request }, tag) => {
            const wanted = { ...request, bank: request.bank % of.banks, tag };
            if (controller.accepts(state, wanted)) controller.enqueue(state, wanted);
            controller.step(state, controller.now(state) + wait + 1);
            return controller.now(state);
          });
        };
        expect(stops(perBank)).toEqual(stops(perBankStepped));
      }),
    );
  });

  it("refuses what it has no room for, and throws where it is pressed", () => {
    const { part: of } = memoryOfIni("DDR4", ini("DDR4", 2, 1));
    const state = perBank.create(of, { ...PER_BANK, transactions: 1 });
    const request = { bank: 0, row: 0, column: 0, write: false, tag: 0 };
    perBank.enqueue(state, request);
    expect(perBank.accepts(state, request)).toBe(false);
    expect(() => perBank.enqueue(state, request)).toThrow("queue is full at 0");
    expect(perBank.accepts(state, { ...request, write: true })).toBe(true);
  });
});
