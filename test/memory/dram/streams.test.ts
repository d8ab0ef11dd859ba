/** Streams of accesses are what their definition says, to the bit. */

import { describe, expect, it } from "vitest";
import { partOf } from "../../../src/machine/dram/part.ts";
import { createGenerator, createStream, nextAccess, nextGeneration, type Pattern, parseMode, parsePattern } from "../../../src/memory/dram/streams.ts";

const MiB = 2 ** 20;

function accesses(pattern: Pattern, count: number, access_bytes = 64, range_bytes = MiB): (readonly [address: number, write: boolean])[] {
  const stream = createStream({ pattern, range_bytes, access_bytes, seed: 12345 });
  return Array.from({ length: count }, () => {
    nextAccess(stream);
    return [stream.address, stream.write] as const;
  });
}

/** Mulberry32 from its definition, in whole numbers of any size. */
function* words(seed: bigint): Generator<bigint, never> {
  const low = (value: bigint): bigint => value & 0xffffffffn;
  let a = seed;
  for (;;) {
    a = low(a + 0x6d2b79f5n);
    let t = low((a ^ (a >> 15n)) * (a | 1n));
    t = low(t ^ low(t + low((t ^ (t >> 7n)) * (t | 61n))));
    yield low(t ^ (t >> 14n));
  }
}

describe("a stream", () => {
  it("goes line after line, and from the end of its range back to its beginning", () => {
    expect(accesses({ kind: "seq" }, 4, 64, 192)).toEqual([0, 64, 128, 0].map((address) => [address, false]));
    expect(accesses({ kind: "seqw" }, 2)).toEqual([0, 64].map((address) => [address, true]));
    expect(accesses({ kind: "stride", bytes: 100_000 }, 3, 64, 250_000).map(([address]) => address)).toEqual([0, 100_000, 200_000]);
  });

  it("cuts a line into accesses where they are smaller, and takes it whole where they are not", () => {
    expect(accesses({ kind: "seq" }, 5, 32).map(([address]) => address)).toEqual([0, 32, 64, 96, 128]);
    expect(accesses({ kind: "seq" }, 3, 128).map(([address]) => address)).toEqual([0, 64, 128]);
  });

  it("draws random lines from the generator of its definition, and for a mix a second word that says whether it is a write", () => {
    const plain = words(12345n);
    const lines = BigInt(MiB / 64);
    expect(accesses({ kind: "rand" }, 50)).toEqual(Array.from({ length: 50 }, () => [Number(plain.next().value % lines) * 64, false]));
    const mixed = words(12345n);
    const expected = Array.from({ length: 300 }, () => [Number(mixed.next().value % lines) * 64, mixed.next().value % 3n === 0n]);
    expect(accesses({ kind: "rand21" }, 300)).toEqual(expected);
    expect(expected.filter(([, write]) => write).length).toBeGreaterThan(70);
  });

  it("takes three arrays in turn for a triad, and writes the third", () => {
    expect(accesses({ kind: "triad" }, 5)).toEqual([
      [0, false],
      [MiB / 4, false],
      [MiB / 2, true],
      [64, false],
      [MiB / 4 + 64, false],
    ]);
  });
});

describe("a rate", () => {
  it("is summed tick by tick, with the rounding of that", () => {
    const times = (rate: number, count: number): number[] => {
      const generator = createGenerator(rate);
      return Array.from({ length: count }, () => nextGeneration(generator));
    };
    expect(times(0.5, 3)).toEqual([2, 4, 6]);
    expect(times(3, 4)).toEqual([1, 1, 1, 2]);
    expect(times(0.1, 1)).toEqual([11]);
  });
});

describe("the words for patterns and sources", () => {
  const part = partOf({ organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" });

  it("name them, and strides that a part decides", () => {
    expect(parsePattern("triad", part)).toEqual({ kind: "triad" });
    expect(parsePattern("stride:4096", part)).toEqual({ kind: "stride", bytes: 4096 });
    expect(parsePattern("stride_next_bank_new_row", part)).toEqual({ kind: "stride", bytes: 8192 });
    expect(parsePattern("stride_same_bank_new_row", part)).toEqual({ kind: "stride", bytes: 131_072 });
    expect(parseMode("rate:0.025", 8)).toEqual({ kind: "rate", accesses_per_tick: 0.025, ports: 8 });
  });

  it("are refused where there is no such thing", () => {
    expect(() => parsePattern("stride:0", part)).toThrow('there is no pattern "stride:0"');
    expect(() => parseMode("rate:0", 1)).toThrow('there is no source "rate:0"');
  });
});
