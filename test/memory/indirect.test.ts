import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Nest, Work } from "../../src/fabric/fabric.ts";
import { firingsOf } from "../../src/fabric/nests.ts";
import { appendSource, fetchSource } from "../../src/memory/indirect.ts";
import { type CountingSource, channelOf, channelOrder } from "../../src/memory/requests.ts";
import type { PlacedTier } from "../../src/memory/tiers.ts";
import { bytesOf } from "../../src/pattern/dtypes.ts";
import type { Dtype } from "../../src/pattern/program.ts";
import { inputsAt, shapes, type Tokens, tokensFor, validLanes, wire } from "../support/datapaths.ts";
import { nest, tensor, tinyTier } from "../support/fabrics.ts";

const SIZE = 200;

const tiers: fc.Arbitrary<PlacedTier> = fc
  .record({ burst_bytes: fc.constantFrom(8, 16, 64), turns: fc.constantFrom(1, 2), channels: fc.constantFrom(1, 2, 3) })
  .map(({ burst_bytes, turns, channels }) => ({ name: "ddr", spec: { ...tinyTier, burst_bytes, interleave_bytes: burst_bytes * turns, channels }, first: 1 }));

const layouts = fc.record({
  dtype: fc.constantFrom<Dtype>("f32", "bf16", "i8", "i4", "f64"),
  base_bytes: fc.nat(3).map((k) => k * 20),
});

/** Bursts in which an element lies. */
function burstsOf(element: number, dtype: Dtype, base_bytes: number, burst_bytes: number): readonly number[] {
  const begin = base_bytes + element * bytesOf(dtype);
  const end = begin + bytesOf(dtype);
  const first = Math.floor(begin / burst_bytes);
  return Array.from({ length: Math.ceil(end / burst_bytes) - first }, (_, i) => first + i);
}

/** Resources asked for, where each firing's bursts go once, and not those among the `entries` that were used last. */
function plainly(firings: readonly (readonly number[])[], { spec, first }: PlacedTier, entries: number): number[][] {
  let known: readonly number[] = [];
  return firings.map((bursts) => {
    const asked = [...new Set(bursts)].filter((burst) => {
      const isKnown = known.includes(burst);
      known = [burst, ...known.filter((other) => other !== burst)].slice(0, entries);
      return !isKnown;
    });
    return asked.map((burst) => first + channelOf(Math.floor((burst * spec.burst_bytes) / spec.interleave_bytes), channelOrder(spec)));
  });
}

function ask(source: CountingSource, of: Nest, wires: Parameters<typeof inputsAt>[0], tokens: Tokens): number[][] {
  const into = new Int32Array(source.maxBursts);
  const words = new Float64Array(source.maxBursts);
  return Array.from({ length: firingsOf(of) }, (_, n) => {
    const asked = source.next(n, into, inputsAt(wires, tokens, n), words);
    expect(asked).toBeLessThanOrEqual(source.maxBursts);
    return Array.from(into.subarray(0, asked));
  });
}

describe("fetchSource", () => {
  const work: Extract<Work, { kind: "fetch" }> = { kind: "fetch", tensor: "t", indexPort: "i", port: "c" };
  const fetch = nest("f", [2, 2], [], work, { lanes: 4 });
  const few = { coalescing_entries: 1 };

  it("asks for the bursts of the valid lanes' elements, each once, in lane order", () => {
    const numbers = fc.array(fc.oneof(fc.nat(SIZE - 1), fc.nat(20)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(shapes, layouts, tiers, numbers, fc.nat(9), (shape, { dtype, base_bytes }, tier, list, entries) => {
        const of = { ...fetch, ...shape };
        const wires = [wire("c", of.lanes), wire("i", of.lanes, "i32")];
        const tokens = { i: tokensFor(of, list) };
        const source = fetchSource("op", of, work, wires, tensor("t", dtype, [SIZE], base_bytes), tier, { coalescing_entries: entries });
        const elements = tokens.i.map((words, n) => validLanes(of, n).map((lane) => words[lane]!));
        const bursts = elements.map((list) => list.flatMap((element) => burstsOf(element, dtype, base_bytes, tier.spec.burst_bytes)));
        const asked = ask(source, of, wires, tokens);
        expect(asked).toEqual(plainly(bursts, tier, entries));
        expect(source.bursts()).toBe(asked.flat().length);
      }),
      { numRuns: 300 },
    );
  });

  it("with more entries never asks for more, and with enough of them for each burst once", () => {
    const numbers = fc.array(fc.nat(SIZE - 1), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(layouts, tiers, numbers, ({ dtype, base_bytes }, tier, list) => {
        const of = { ...fetch, loops: [{ name: "i", trip: 25 }] };
        const wires = [wire("c", 4), wire("i", 4, "i32")];
        const tokens = { i: tokensFor(of, list) };
        const asked = [0, 1, 2, 4, 8, 16, 1000].map((coalescing_entries) => {
          const source = fetchSource("op", of, work, wires, tensor("t", dtype, [SIZE], base_bytes), tier, { coalescing_entries });
          return ask(source, of, wires, tokens).flat().length;
        });
        for (const [i, more] of asked.slice(1).entries()) expect(more).toBeLessThanOrEqual(asked[i]!);
        const bursts = tokens.i.flat().flatMap((element) => burstsOf(element, dtype, base_bytes, tier.spec.burst_bytes));
        expect(asked.at(-1)).toBe(new Set(bursts).size);
      }),
      { numRuns: 100 },
    );
  });

  it("lets one number be for all lanes", () => {
    const wires = [wire("i", 1, "i32"), wire("c", 4)];
    const source = fetchSource("op", fetch, work, wires, tensor("t", "f32", [SIZE], 0), { name: "ddr", spec: tinyTier, first: 0 }, few);
    expect(ask(source, fetch, wires, { i: [[0], [15], [16], [0]] })).toEqual([[0], [], [1], [0]]);
  });

  it("refuses a number outside the tensor before any burst of it is asked for", () => {
    const wires = [wire("i", 4, "i32")];
    const source = (number: number) => () =>
      ask(fetchSource("op", fetch, work, wires, tensor("t", "f32", [10, 20], 0), { name: "ddr", spec: tinyTier, first: 0 }, few), fetch, wires, {
        i: tokensFor(fetch, [number]),
      });
    expect(source(199)).not.toThrow();
    expect(source(200)).toThrow('"op" reads element 200 of "t", expected 0 to 199');
    expect(source(-1)).toThrow('"op" reads "t" outside its shape');
  });
});

describe("appendSource", () => {
  const emits = [
    { whenPort: "w0", valuePort: "v0" },
    { whenPort: "w1", valuePort: "v1" },
  ];
  const work: Extract<Work, { kind: "append" }> = { kind: "append", tensor: "t", emits };
  const append = nest("a", [2, 2], [], work, { lanes: 4 });
  /** Values are not needed to know the bursts. */
  const wiresFor = (lanes: number) => [wire("w0", lanes, "bool"), wire("v0", 0), wire("w1", lanes, "bool"), wire("v1", 0)];

  it("asks for the bursts that its records reach, each once", () => {
    const bits = fc.array(fc.nat(1), { minLength: 1, maxLength: 13 });
    fc.assert(
      fc.property(shapes, layouts, tiers, bits, bits, (shape, { dtype, base_bytes }, tier, w0, w1) => {
        const of = { ...append, ...shape };
        const tokens = { w0: tokensFor(of, w0), w1: tokensFor(of, w1) };
        const source = appendSource("op", of, work, wiresFor(of.lanes), tensor("t", dtype, [256], base_bytes), tier);
        let written = 0;
        const bursts = tokens.w0.map((_, n) => {
          const records = validLanes(of, n).reduce((sum, lane) => sum + tokens.w0[n]![lane]! + tokens.w1[n]![lane]!, 0);
          const first = written;
          written += records;
          return Array.from({ length: records }, (_, r) => burstsOf(first + r, dtype, base_bytes, tier.spec.burst_bytes)).flat();
        });
        const asked = ask(source, of, wiresFor(of.lanes), tokens);
        expect(asked).toEqual(plainly(bursts, tier, 1));
        expect(source.bursts()).toBe(asked.flat().length);
        expect(source.bursts()).toBe(new Set(bursts.flat()).size);
      }),
      { numRuns: 300 },
    );
  });

  it("takes as many records as the tensor has elements, and not one more", () => {
    const tokens = { w0: tokensFor(append, [1]), w1: tokensFor(append, [0, 0, 0, 1]) };
    const asking = (elements: number) => () =>
      ask(
        appendSource("op", append, work, wiresFor(4), tensor("t", "f32", [elements], 0), { name: "ddr", spec: tinyTier, first: 0 }),
        append,
        wiresFor(4),
        tokens,
      );
    expect(asking(20)).not.toThrow();
    expect(asking(19)).toThrow('"op" makes more records than its bound of 19');
  });

  it("cannot be skipped", () => {
    const source = appendSource("op", append, work, wiresFor(4), tensor("t", "f32", [9], 0), { name: "ddr", spec: tinyTier, first: 0 });
    expect(source.repeats(1)).toBe(0);
    expect(() => source.shift(1, 1)).toThrow("cannot leap");
  });
});
