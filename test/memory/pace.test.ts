import { describe, expect, it } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { measurePace } from "../../src/memory/pace.ts";
import type { Stream } from "../../src/memory/streams.ts";
import { placedTiers } from "../../src/memory/tiers.ts";

const machine = readMachine("sn40l");
const hbm = placedTiers(machine).find(({ name }) => name === "hbm")!;

/** Reads of one channel, one behind the other, from burst number `from` on. */
function reads(from: number, firings: number): Stream {
  let n = 0;
  return {
    firings,
    maxBursts: 1,
    meanBursts: 1,
    next(into, words) {
      into[0] = hbm.first;
      words[0] = 2 * (from + n++);
      return 1;
    },
  };
}

const ticksOf = (streams: readonly Stream[]): number => {
  const { ticks, bursts } = measurePace(machine, hbm, streams);
  return ticks / bursts;
};

describe("the pace of a channel", () => {
  it("is near that of its pins for one long read", () => {
    const ticks = ticksOf([reads(0, 10_000)]);
    expect(ticks).toBeGreaterThanOrEqual(hbm.spec.burst_clocks);
    expect(ticks).toBeLessThan(1.5 * hbm.spec.burst_clocks);
  });

  it("does not suffer from one generator having most of the bursts, however late its answers are", () => {
    const others = Array.from({ length: 24 }, (_, i) => reads((i + 1) * 100_000, 200));
    expect(ticksOf([reads(0, 4800), ...others])).toBeLessThan(1.5 * hbm.spec.burst_clocks);
  });
});
