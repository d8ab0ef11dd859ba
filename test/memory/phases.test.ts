import { describe, expect, it } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { measurePace } from "../../src/memory/pace.ts";
import { measurePhases } from "../../src/memory/phases.ts";
import type { Stream } from "../../src/memory/streams.ts";
import { placedTiers } from "../../src/memory/tiers.ts";

const machine = readMachine("sn40l");
const hbm = placedTiers(machine).find(({ name }) => name === "hbm")!;

/** Reads of one channel, `stride` bursts apart. */
function reads(from: number, firings: number, stride: number): Stream {
  let n = 0;
  return {
    ...{ firings, maxBursts: 1, meanBursts: 1 },
    next(into, words) {
      into[0] = hbm.first;
      words[0] = 2 * (from + stride * n++);
      return 1;
    },
  };
}

const long = (): readonly Stream[] => [reads(0, 8000, 1)];
/** In each burst another row of the same bank. */
const scattered = (): readonly Stream[] => [reads(1 << 20, 4000, 256 * 32)];

/** Bursts a tick between refreshes and in them. */
const rateOf = (streams: readonly Stream[]): number => {
  const { ticks, bursts, refresh } = measurePace(machine, hbm, streams);
  return (bursts / ticks) * (1 - refresh!.duration / refresh!.interval);
};

describe("the pace of a section with phases", () => {
  it("is that of its bursts where it has one phase", () => {
    const { timing, services, activates } = measurePhases(machine, hbm, new Map([[3, long()]]));
    const pace = measurePace(machine, hbm, long());
    expect(timing.service).toBe(pace.ticks);
    expect(services.size).toBe(0);
    expect(activates).toBe(pace.activates);
  });

  it("gives each phase the rate that it has alone", () => {
    const { timing, services } = measurePhases(
      machine,
      hbm,
      new Map([
        [0, long()],
        [1, scattered()],
      ]),
    );
    const ratio = services.get(1)! / timing.service;
    expect(ratio).toBeGreaterThan(2);
    expect(Math.abs(ratio / (rateOf(long()) / rateOf(scattered())) - 1)).toBeLessThan(0.01);
  });

  it("counts the rows of all", () => {
    const all = measurePhases(
      machine,
      hbm,
      new Map([
        [0, long()],
        [1, scattered()],
      ]),
    );
    const alone = [long(), scattered()].map((streams) => measurePace(machine, hbm, streams).activates);
    expect(all.activates).toBeCloseTo((2 * alone[0]! + alone[1]!) / 3, 6);
  });
});
