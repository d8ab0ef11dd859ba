/** Fast-forward through DRAM controllers: random parts, policies and streams. Leaps are taken, and change no counter. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gcd } from "../../src/base/gcd.ts";
import type { NetworkSpec, RequestSource } from "../../src/engine/network.ts";
import { readResult } from "../../src/engine/result.ts";
import { advance, createCourse, runNetwork } from "../../src/engine/run.ts";
import { createState } from "../../src/engine/state.ts";
import type { DramSpec } from "../../src/machine/machine.ts";
import { dramServer } from "../../src/memory/dram-server.ts";
import { port, server, stage, wire } from "../support/networks.ts";

const CHANNELS = Number(process.env.LAWS_CHANNELS ?? 50);
const SEED = Number(process.env.FC_SEED ?? 4);

/** Of a channel's bursts every `step`th, from `base` on. */
interface Stream {
  readonly base: number;
  readonly write: boolean;
  readonly ii: number;
  readonly outstanding: number;
}

interface Plan {
  readonly dram: DramSpec;
  readonly step: number;
  readonly firings: number;
  readonly streams: readonly Stream[];
  /** Ticks of the network for each tick of the channel. */
  readonly slow: number;
}

function sourceOf({ base, write }: Stream, step: number): RequestSource {
  let calls = 0;
  return {
    maxBursts: 1,
    next(n, into, _inputs, words) {
      calls++;
      into[0] = 0;
      words[0] = 2 * (base + n * step) + Number(write);
      return 1;
    },
    repeats: (firings) => (calls > firings ? Number.POSITIVE_INFINITY : 0),
    words: { family: 0, moves: (firings) => 2 * step * firings, period: (stride) => stride / gcd(stride, 2 * step) },
    shift(more) {
      calls += more;
    },
  };
}

/** Each stream fills a FIFO that a stage empties at a pace of its own. */
function networkOf({ dram, step, firings, streams, slow }: Plan): NetworkSpec {
  return {
    processes: streams.flatMap((stream, i) => [
      stage(`stream${i}`, firings, [port(i, "stream-out")], { requests: { outstanding: stream.outstanding, source: sourceOf(stream, step) } }),
      stage(`sink${i}`, firings, [port(i, "stream-in")], { ii: stream.ii }),
    ]),
    channels: streams.map((_, i) => wire(`c${i}`)),
    resources: [server("dram", { clock: { numerator: 1, denominator: slow }, server: dramServer(dram, 0) })],
  };
}

const PARTS = [
  { organization: "DDR3_8Gb_x8", speed: "DDR3_1600K", mapping: "robaraco" },
  { organization: "DDR4_8Gb_x8", speed: "DDR4_2400R", mapping: "rorabacobg" },
  { organization: "HBM3_16Gb_8hi", speed: "HBM3_6400Mbps", mapping: "rostbacobgpc" },
] as const;

const controller = fc.record({
  scheduler: fc.constantFrom("FR-FCFS", "FR-FCFS-row-hit", "FCFS"),
  read_entries: fc.constantFrom(8, 32),
  write_entries: fc.constantFrom(8, 32),
  drain_above: fc.constantFrom(4, 6),
  drain_below: fc.constantFrom(1, 2),
  row_accesses: fc.constantFrom(0, 0, 4),
  refresh: fc.constantFrom("none", "none", "all-bank"),
});

const plan: fc.Arbitrary<Plan> = fc.record({
  dram: fc
    .record({
      part: fc.constantFrom(...PARTS),
      ranks: fc.constantFrom(1, 1, 2),
      mapping_xor: fc.constantFrom([], [], ["ba" as const]),
      controller,
    })
    .map(({ part, ...rest }): DramSpec => ({ ...part, ...rest, ...(part.organization.startsWith("HBM") && { ranks: 1 }) })),
  step: fc.constantFrom(1, 16, 32, 96, 128, 1000),
  firings: fc.integer({ min: 2000, max: 4000 }),
  // 39 and 65 divide refresh intervals of 6240 and 9360 ticks, so that rows and refreshes meet again soon.
  streams: fc.array(
    fc.record({
      base: fc.oneof(fc.nat(2 ** 16), fc.constant(0)),
      write: fc.boolean(),
      ii: fc.constantFrom(1, 4, 7, 39, 65, 195),
      outstanding: fc.constantFrom(1, 4, 40),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  slow: fc.constantFrom(1, 1, 2),
});

function runForward(spec: NetworkSpec) {
  const course = createCourse(createState(spec), true);
  while (advance(course));
  return { result: readResult(course.state), skipped: course.skipped };
}

describe("fast-forward through a channel of DRAM", () => {
  it("ends as the run of each firing does, on every counter", () => {
    const leaped = { none: 0, "all-bank": 0, several: 0, writes: 0, xor: 0 };
    const check = (drawn: Plan): void => {
      const { result, skipped } = runForward(networkOf(drawn));
      expect(result).toEqual(runNetwork(networkOf(drawn)));
      if (skipped.firings === 0) return;
      leaped[drawn.dram.controller.refresh as "none" | "all-bank"]++;
      if (drawn.streams.length > 1) leaped.several++;
      if (drawn.streams.some(({ write }) => write)) leaped.writes++;
      if (drawn.dram.mapping_xor!.length > 0) leaped.xor++;
    };
    fc.assert(fc.property(plan, check), { numRuns: CHANNELS, seed: SEED });
    for (const [what, runs] of Object.entries(leaped)) expect(runs, what).toBeGreaterThan(0.04 * CHANNELS);
  });
});
