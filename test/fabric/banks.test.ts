import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bankConflicts, laneStride, packedStrides } from "../../src/fabric/banks.ts";

describe("bankConflicts", () => {
  it("is the number of lanes in the fullest bank", () => {
    const sizes = { stride: fc.integer({ min: 1, max: 100 }), lanes: fc.integer({ min: 1, max: 32 }), banks: fc.integer({ min: 1, max: 32 }) };
    fc.assert(
      fc.property(fc.record(sizes), ({ stride, lanes, banks }) => {
        const filled = new Array<number>(banks).fill(0);
        for (let l = 0; l < lanes; l++) filled[(l * stride) % banks]!++;
        expect(bankConflicts(stride, lanes, banks, false)).toBe(Math.max(...filled));
      }),
      { numRuns: 300 },
    );
  });

  it("reads one word for all lanes at once, and any stride of a diagonal layout", () => {
    expect(bankConflicts(0, 16, 16, false)).toBe(1);
    expect(bankConflicts(16, 16, 16, true)).toBe(1);
    expect(bankConflicts(16, 16, 16, false)).toBe(16);
  });

  it("is cured by rows padded by one word", () => {
    const column = {
      dims: [
        { constant: 0, loops: [], lane: 1 },
        { constant: 0, loops: [], lane: 0 },
      ],
      shape: [16, 32],
    };
    expect(packedStrides(column.shape)).toEqual([32, 1]);
    expect(bankConflicts(laneStride(column), 16, 16, false)).toBe(16);
    expect(bankConflicts(laneStride(column, [33, 1]), 16, 16, false)).toBe(1);
  });
});
