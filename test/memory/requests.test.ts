import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Access, Affine } from "../../src/fabric/fabric.ts";
import type { Walkable } from "../../src/fabric/walk.ts";
import { channelOf, channelOrder, requestSource } from "../../src/memory/requests.ts";
import type { PlacedTier } from "../../src/memory/tiers.ts";
import { bytesOf } from "../../src/pattern/dtypes.ts";
import type { Dtype } from "../../src/pattern/program.ts";
import { affine, below, tensor, tinyTier } from "../support/fabrics.ts";

interface Case {
  readonly nest: Walkable;
  readonly access: Access;
  readonly dtype: Dtype;
  readonly base_bytes: number;
  readonly tier: PlacedTier;
}

const ddr: PlacedTier = { name: "ddr", spec: tinyTier, first: 0 };

function sourceOf({ nest, access, dtype, base_bytes, tier }: Case) {
  return requestSource(nest, access, tensor("t", dtype, access.shape, base_bytes), tier, false);
}

const firings = ({ loops }: Walkable): number => loops.reduce((product, { trip }) => product * trip, 1);

/** What firings n0, n0 + 1 ... ask for. */
function ask(source: ReturnType<typeof sourceOf>, from: number, to: number): number[][] {
  const into = new Int32Array(source.maxBursts);
  const words = new Float64Array(source.maxBursts);
  return Array.from({ length: to - from }, (_, i) => Array.from(into.subarray(0, source.next(from + i, into, [], words))));
}

/** The rule as it reads: bursts of the valid bytes, lane by lane, that the last request did not touch. */
function plainRule({ nest, access, dtype, base_bytes, tier: { spec, first } }: Case): number[][] {
  let touched = new Set<number>();
  return Array.from({ length: firings(nest) }, (_, n) => {
    const counters = nest.loops.map((_, l) => Math.floor(n / nest.loops.slice(l + 1).reduce((product, { trip }) => product * trip, 1)) % nest.loops[l]!.trip);
    const at = (value: Affine, lane: number): number => value.loops.reduce((sum, c, l) => sum + c * counters[l]!, value.constant + value.lane * lane);
    const bursts = new Set<number>();
    for (let lane = 0; lane < nest.lanes; lane++) {
      const inside = access.dims.every((dim, d) => at(dim, lane) >= 0 && at(dim, lane) < access.shape[d]!);
      if (!inside || nest.guards.some(({ value, limit }) => at(value, lane) < 0 || at(value, lane) >= limit)) continue;
      const element = access.dims.reduce((sum, dim, d) => sum * access.shape[d]! + at(dim, lane), 0);
      const begin = base_bytes + element * bytesOf(dtype);
      for (let byte = Math.floor(begin); byte < begin + bytesOf(dtype); byte++) bursts.add(Math.floor(byte / spec.burst_bytes));
    }
    const asked = [...bursts].filter((burst) => !touched.has(burst));
    if (bursts.size > 0) touched = bursts;
    return asked.map((burst) => first + plainChannel(Math.floor((burst * spec.burst_bytes) / spec.interleave_bytes), spec));
  });
}

function plainChannel(line: number, { channels, interleave }: PlacedTier["spec"]): number {
  if (interleave === "linear" || channels === 1) return line % channels;
  let sum = line;
  for (let power = channels; power < 1024 || power <= channels * channels; power *= channels) sum += Math.floor(line / power);
  return sum % channels;
}

const step = fc.integer({ min: -2, max: 9 });
const cases: fc.Arbitrary<Case> = fc.integer({ min: 0, max: 3 }).chain((depth) => {
  const along = (lane: number) =>
    fc.record({ constant: fc.integer({ min: -4, max: 12 }), loops: fc.array(step, { minLength: depth, maxLength: depth }), lane: fc.constant(lane) });
  const shape = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }));
  return fc.record({
    nest: fc.record({
      loops: fc.array(
        fc.integer({ min: 1, max: 6 }).map((trip) => ({ name: "i", trip })),
        { minLength: depth, maxLength: depth },
      ),
      lanes: fc.constantFrom(1, 3, 8),
      guards: fc.array(fc.record({ value: along(1), limit: fc.integer({ min: 1, max: 40 }) }), { maxLength: 1 }),
    }),
    access: fc.record({ dims: fc.tuple(along(0), along(1)), shape }),
    dtype: fc.constantFrom<Dtype>("f32", "bf16", "i8", "i4", "f64"),
    base_bytes: fc.integer({ min: 0, max: 3 }).map((k) => k * 20),
    tier: fc
      .record({
        burst_bytes: fc.constantFrom(8, 16, 32),
        turns: fc.constantFrom(1, 2, 4),
        channels: fc.constantFrom(1, 2, 3),
        interleave: fc.constantFrom("linear" as const, "skewed" as const),
      })
      .map(({ burst_bytes, turns, channels, interleave }) => ({
        name: "ddr" as const,
        spec: { ...tinyTier, burst_bytes, interleave_bytes: burst_bytes * turns, channels, interleave },
        first: 1,
      })),
  });
});

/** Long walks that go over the channels again and again, some of them past the edge of the tensor. */
const regular: fc.Arbitrary<Case> = fc
  .record({
    trips: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 4, max: 60 })),
    steps: fc.tuple(fc.constantFrom(0, 8, 32, 100), fc.constantFrom(0, 4, 8, 16)),
    edge: fc.integer({ min: 40, max: 1200 }),
    lanes: fc.constantFrom(1, 4, 8),
    channels: fc.constantFrom(1, 2, 3),
  })
  .map(({ trips, steps, edge, lanes, channels }) => ({
    nest: { loops: trips.map((trip) => ({ name: "i", trip })), lanes, guards: [] },
    access: { dims: [affine(steps, 1)], shape: [edge] },
    dtype: "f32" as const,
    base_bytes: 20,
    tier: { name: "ddr" as const, spec: { ...tinyTier, burst_bytes: 16, interleave_bytes: 16, channels, interleave: "linear" as const }, first: 1 },
  }));

describe("requestSource", () => {
  it("asks for what the rule says, in order of address, never for more than maxBursts", () => {
    const check = (example: Case): void => {
      const source = sourceOf(example);
      const asked = ask(source, 0, firings(example.nest));
      expect(asked).toEqual(plainRule(example));
      expect(source.bursts()).toBe(asked.flat().length);
      expect(Math.max(...asked.map((bursts) => bursts.length))).toBeLessThanOrEqual(source.maxBursts);
    };
    fc.assert(fc.property(cases, check), { numRuns: 400 });
  });

  it("foretells calls that repeat earlier ones, and stands after a shift where those calls lead", () => {
    let foretold = 0;
    const check = (example: Case, cut: number, period: number, part: number): void => {
      const total = firings(example.nest);
      const from = cut % (total + 1);
      const [called, shifted] = [sourceOf(example), sourceOf(example)];
      const asked = ask(called, 0, total);
      ask(shifted, 0, from);
      const calls = Math.min(total - from, shifted.repeats(period));
      if (calls === 0) return;
      foretold++;
      expect(asked.slice(from, from + calls)).toEqual(asked.slice(from - period, from - period + calls));
      const skipped = part % (calls + 1);
      shifted.shift(skipped, period);
      expect(ask(shifted, from + skipped, total)).toEqual(asked.slice(from + skipped));
      expect(shifted.bursts()).toBe(called.bursts());
    };
    fc.assert(fc.property(fc.oneof(regular, cases), fc.nat(), fc.integer({ min: 1, max: 70 }), fc.nat(), check), { numRuns: 4000 });
    expect(foretold).toBeGreaterThan(200);
  });

  it("foretells a whole tensor's calls once every turn of the channels", () => {
    const walk: Case = {
      nest: { loops: [{ name: "i", trip: 64 }], lanes: 8, guards: [] },
      access: { dims: [affine([8], 1)], shape: [512] },
      dtype: "f32",
      base_bytes: 0,
      tier: ddr,
    };
    const source = sourceOf(walk);
    ask(source, 0, 9);
    expect([1, 2, 3, 4, 8].map((period) => source.repeats(period))).toEqual([0, 0, 0, 55, 55]);
  });

  it("moves each burst of a dense tensor once, and the part of the last that is there whole", () => {
    const trips = [Math.ceil(1003 / 16)];
    const source = requestSource(
      { loops: [{ name: "i", trip: trips[0]! }], lanes: 16, guards: [below(affine([16], 1), 1003)] },
      { dims: [affine([16], 1)], shape: [1003] },
      tensor("t", "i8", [1003], 32),
      ddr,
      false,
    );
    ask(source, 0, trips[0]!);
    expect(source.bursts()).toBe(Math.ceil((32 + 1003) / 64));
  });

  it("goes round the channels by interleave_bytes", () => {
    const tier: PlacedTier = { ...ddr, spec: { ...tinyTier, interleave_bytes: 128, channels: 3 } };
    const source = requestSource(
      { loops: [{ name: "i", trip: 8 }], lanes: 16, guards: [] },
      { dims: [affine([16], 1)], shape: [128] },
      tensor("t", "f32", [128], 64),
      tier,
      false,
    );
    expect(ask(source, 0, 8).flat()).toEqual([0, 1, 1, 2, 2, 0, 0, 1]);
  });
});

describe("channelOf", () => {
  it("spreads strides of a power of two over all channels where it is skewed, and meets in one where it is linear", () => {
    for (const stride of [4, 8, 16, 64, 256]) {
      const lines = Array.from({ length: 64 }, (_, i) => i * stride);
      expect(new Set(lines.map((line) => channelOf(line, channelOrder({ channels: 4, interleave: "skewed" })))).size).toBe(4);
      expect(new Set(lines.map((line) => channelOf(line, channelOrder({ channels: 4, interleave: "linear" })))).size).toBe(1);
    }
  });
});
