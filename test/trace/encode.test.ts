/** Traces as bytes: what is written is read again, and what is no trace is refused in words. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { decodeTrace } from "../../src/trace/decode.ts";
import { encodeTrace } from "../../src/trace/encode.ts";
import type { ActivityTrace, SectionTrace, TierTrace } from "../../src/trace/trace.ts";

const count = fc.oneof(fc.constant(0), fc.nat(70), fc.nat(2 ** 31), fc.constant(2 ** 32 - 1));
const column = (length: number): fc.Arbitrary<Uint32Array> =>
  fc.array(count, { minLength: length, maxLength: length }).map((values) => Uint32Array.from(values));

const sectionTrace: fc.Arbitrary<SectionTrace> = fc
  .record({ first: fc.nat(100), bins: fc.nat(6), units: fc.nat(4), nests: fc.nat(6), requesters: fc.uniqueArray(fc.nat(5000), { maxLength: 4 }) })
  // Without bins nobody can tell how many rows there are.
  .chain(({ first, bins, units, nests, requesters }) => {
    const states = column(units * bins);
    return fc.record({
      ...{ first: fc.constant(first), bins: fc.constant(bins), busy: states, starved: states, blocked: states, memory: states },
      ...{ firings: column(nests * bins), requesters: fc.constant(Int32Array.from(requesters)), bursts: column(requesters.length * bins) },
    });
  });

const tierTrace = (bins: number): fc.Arbitrary<TierTrace> =>
  fc.integer({ min: 1, max: 3 }).chain((channels) => {
    const rows = column(channels * bins);
    return fc.record({
      ...{ name: fc.constantFrom("hbm" as const, "ddr" as const), channels: fc.constant(channels), burst_bytes: fc.constantFrom(32, 64) },
      ...{ served: rows, busy: rows, activates: fc.option(rows) },
    });
  });

const span = fc.record({ section: fc.nat(5), start: fc.nat(), configuring_cycles: fc.nat(), cycles: fc.nat(), runs: fc.nat(9) });

const traces: fc.Arbitrary<ActivityTrace> = fc.nat(6).chain((bins) =>
  fc.record({
    ...{ schemaVersion: fc.constant(1 as const), cycles: fc.nat(), bin_cycles: fc.constantFrom(1, 2, 1024), bins: fc.constant(bins) },
    ...{ origin: fc.constantFrom("recorded" as const, "means" as const), unrecorded_cycles: fc.nat(), spans: fc.array(span, { maxLength: 4 }) },
    ...{ sections: fc.array(sectionTrace, { maxLength: 3 }), tiers: fc.array(tierTrace(bins), { maxLength: 2 }) },
  }),
);

const faultOf = (bytes: Uint8Array): string => {
  try {
    decodeTrace(bytes);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "";
};

const SMALL: ActivityTrace = {
  ...{ schemaVersion: 1, cycles: 5, bin_cycles: 2, bins: 3, origin: "recorded", unrecorded_cycles: 0 },
  spans: [{ section: 0, start: 0, configuring_cycles: 1, cycles: 5, runs: 1 }],
  sections: [
    {
      ...{ first: 1, bins: 2, busy: Uint32Array.of(2, 0), starved: Uint32Array.of(0, 1), blocked: new Uint32Array(2), memory: new Uint32Array(2) },
      ...{ firings: Uint32Array.of(2, 0, 300, 1), requesters: Int32Array.of(1), bursts: Uint32Array.of(70_000, 5) },
    },
  ],
  tiers: [{ name: "ddr", channels: 1, burst_bytes: 64, served: Uint32Array.of(1, 2, 3), busy: Uint32Array.of(2, 2, 1), activates: null }],
};

describe("a trace as bytes", () => {
  it("is read as it was written", () => {
    const check = (trace: ActivityTrace): void => {
      expect(decodeTrace(encodeTrace(trace))).toEqual(trace);
    };
    fc.assert(fc.property(traces, check));
  });

  it("is read where it stands inside other bytes", () => {
    const bytes = encodeTrace(SMALL);
    const inside = new Uint8Array(bytes.length + 7);
    inside.set(bytes, 3);
    expect(decodeTrace(inside.subarray(3, 3 + bytes.length))).toEqual(SMALL);
  });

  it("is refused wherever it is cut off, and with bytes behind it", () => {
    const bytes = encodeTrace(SMALL);
    for (let length = 0; length < bytes.length; length++) expect(faultOf(bytes.subarray(0, length))).toContain("no whole activity trace");
    expect(faultOf(Uint8Array.of(...bytes, 0))).toContain("no whole activity trace");
  });

  it("is refused where it is something else, or of a later version", () => {
    expect(faultOf(new TextEncoder().encode('{ "schemaVersion": 1 }'))).toContain("it does not begin as one");
    const newer = encodeTrace(SMALL);
    newer[7] = 2;
    expect(faultOf(newer)).toContain("it is of version 2, and this weft reads version 1");
  });

  it("is refused, and nothing else happens, where any byte is another: unless it still is a trace", () => {
    const bytes = encodeTrace(SMALL);
    const other = fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const changed = bytes.slice();
      changed[at] = byte;
      faultOf(changed);
    });
    fc.assert(other, { numRuns: 2000 });
  });
});
