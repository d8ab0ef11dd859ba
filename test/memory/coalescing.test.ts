import fc from "fast-check";
import { expect, test } from "vitest";
import { makeCoalescer, useBurst } from "../../src/memory/coalescing.ts";

test("knows the bursts used last, as many as it has entries", () => {
  const bursts = fc.array(fc.oneof(fc.nat(12), fc.nat(60), fc.nat(2 ** 40)), { maxLength: 120 });
  fc.assert(
    fc.property(bursts, fc.nat(20), (used, entries) => {
      const coalescer = makeCoalescer(entries);
      let plain: readonly number[] = [];
      for (const burst of used) {
        expect(useBurst(coalescer, burst)).toBe(plain.includes(burst));
        plain = [burst, ...plain.filter((other) => other !== burst)].slice(0, entries);
      }
    }),
    { numRuns: 1000 },
  );
});
