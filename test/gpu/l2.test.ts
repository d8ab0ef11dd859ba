/** The L2 of a GPU, tensor by tensor. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { L2 } from "../../src/gpu/l2.ts";

describe("an L2 of 1000 bytes", () => {
  test("finds what it has read and room was for", () => {
    const l2 = new L2(1000);
    expect(l2.read("a", 600, 1)).toEqual({ read: 600, written: 0 });
    expect(l2.read("a", 600, 5)).toEqual({ read: 0, written: 0 });
  });

  test("keeps what is written until others need the room", () => {
    const l2 = new L2(1000);
    expect(l2.write("a", 600)).toBe(0);
    expect(l2.dirtyBytes()).toBe(600);
    expect(l2.read("b", 1e6, 1).written).toBeCloseTo(600);
    expect(l2.dirtyBytes()).toBeCloseTo(0);
  });

  test("never gives HBM what was dropped", () => {
    const l2 = new L2(1000);
    l2.write("a", 600);
    l2.drop("a");
    expect(l2.read("b", 1e6, 1).written).toBe(0);
  });

  test("finds in the next round of a loop what this one wrote, under the name of what the loop carries", () => {
    const l2 = new L2(1000);
    const carries = [{ to: "x", init: "given", from: "next" }];
    l2.alias("x", "given");
    expect(l2.read("x", 100, 1).read).toBe(100);
    for (let round = 0; round < 4; round++) {
      l2.write("next", 100);
      l2.handOn(carries);
      expect(l2.read("x", 100, 1).read).toBe(0);
    }
    expect(l2.dirtyBytes()).toBe(200);
    expect(l2.read("given", 100, 1).read).toBe(0);
  });

  test("finds a part of a tensor again within its round, and in the next sweep if it still has it", () => {
    const l2 = new L2(1000);
    for (const found of [0, 50]) {
      l2.beginSweep("x");
      for (let round = 0; round < 10; round++) {
        expect(l2.sweep("x", 50, 500).read).toBeCloseTo(50 - found);
        expect(l2.sweep("x", 50, 500).read).toBeCloseTo(0);
        l2.endRound("x");
      }
      l2.endSweep("x");
    }
  });
});

/** Whole tensors, of fixed sizes, one after the other. */
const sequences = fc.array(fc.record({ tensor: fc.nat(4), writes: fc.boolean(), times: fc.integer({ min: 1, max: 3 }) }), { maxLength: 20 });
const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 5, maxLength: 5 });
type Sequence = readonly { readonly tensor: number; readonly writes: boolean; readonly times: number }[];

/** Bytes that HBM sends and takes, those that it takes in the end included. */
function moved(capacity: number, bytes: readonly number[], sequence: Sequence): { readonly sent: number; readonly taken: number } {
  const l2 = new L2(capacity);
  let [sent, taken] = [0, 0];
  for (const { tensor, writes, times } of sequence) {
    const found = writes ? { read: 0, written: l2.write(`${tensor}`, bytes[tensor]!) } : l2.read(`${tensor}`, bytes[tensor]!, times);
    sent += found.read;
    taken += found.written;
    expect(l2.dirtyBytes()).toBeLessThanOrEqual(capacity * (1 + 1e-9));
  }
  return { sent, taken: taken + l2.dirtyBytes() };
}

test("reads each tensor at least once, unless it was made here, and takes each written byte at most as often as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), sizes, sequences, (capacity, bytes, sequence) => {
      const first = new Map(sequence.toReversed().map((one) => [one.tensor, one]));
      const least = [...first.values()].filter(({ writes }) => !writes).reduce((sum, { tensor }) => sum + bytes[tensor]!, 0);
      const most = sequence.filter(({ writes }) => writes).reduce((sum, { tensor }) => sum + bytes[tensor]!, 0);
      const { sent, taken } = moved(capacity, bytes, sequence);
      expect(sent).toBeGreaterThanOrEqual(least * (1 - 1e-9));
      expect(taken).toBeLessThanOrEqual(most * (1 + 1e-9));
    }),
    { numRuns: 500 },
  );
});

test("a larger one never misses more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(1.1, 2, 10), sizes, sequences, (capacity, factor, bytes, sequence) => {
      const [small, large] = [moved(capacity, bytes, sequence), moved(capacity * factor, bytes, sequence)];
      expect(large.sent).toBeLessThanOrEqual(small.sent * (1 + 1e-9));
    }),
    { numRuns: 500 },
  );
});
