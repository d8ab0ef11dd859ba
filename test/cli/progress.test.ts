import { describe, expect, it } from "vitest";
import { makePace, makeTeller, printWait } from "../../src/cli/progress.ts";
import type { Progress } from "../../src/sim/simulate.ts";

describe("the time to go", () => {
  it("is not told before it means something: neither too early nor after too little", () => {
    const [early, little] = [makePace(), makePace()];
    expect([0, 2, 4].map((seconds) => early(seconds, seconds / 10))).toEqual([null, null, null]);
    expect(early(6, 0.6)).toBeCloseTo(4);
    expect([0, 100, 200].map((seconds) => little(seconds, seconds * 1e-5))).toEqual([null, null, null]);
    expect(little(1000, 1e-2)).toBeCloseTo(99_000);
  });

  it("counts from where a run that resumes begins", () => {
    const pace = makePace();
    pace(100, 0.5);
    expect(pace(110, 0.6)).toBeCloseTo(40);
  });

  it("follows a pace that changes, by and by", () => {
    const pace = makePace();
    for (let seconds = 0; seconds <= 100; seconds += 2) pace(seconds, seconds * 1e-3);
    const atOnce = pace(102, 0.102 + 0.02)!;
    expect(atOnce).toBeLessThan(878);
    expect(atOnce).toBeGreaterThan(500);
    let last = 0;
    for (let seconds = 104; seconds <= 160; seconds += 2) last = pace(seconds, 0.122 + (seconds - 102) * 1e-2)!;
    expect(last).toBeGreaterThan(29);
    expect(last).toBeLessThan(60);
  });

  it("is not told of a run that stands still from the start, nor of one that has ended", () => {
    const [still, ended] = [makePace(), makePace()];
    expect([0, 10, 20].map((seconds) => still(seconds, 0.3))).toEqual([null, null, null]);
    expect([0, 10, 20].map((seconds) => ended(seconds, seconds / 20))[2]).toBeNull();
  });

  it("has no more digits than an estimate has", () => {
    expect([0.2, 9.1, 41, 99, 130, 5000, 5400, 40_000].map(printWait)).toEqual(["1 s", "10 s", "50 s", "100 s", "2 min", "83 min", "1.5 h", "11 h"]);
  });
});

describe("progress", () => {
  const at = (share: number, more: Partial<Progress> = {}): Progress => ({ section: "one", done: share, sections: 1, ticks: 1e6 * share, share, ...more });

  it("is told every two seconds, and at the end", () => {
    let seconds = 0;
    const tell = makeTeller(() => seconds);
    const told = [1, 2, 3, 4, 4.5].map((now) => {
      seconds = now;
      return tell(at(now / 4.5));
    });
    expect(told.map((line) => line !== null)).toEqual([false, true, false, true, true]);
    expect(told[1]).toBe("simulated 44.4 %, 444,444 cycles");
  });

  it("names the section and its run, and the time to go", () => {
    let seconds = 0;
    const tell = makeTeller(() => seconds);
    seconds = 10;
    tell(at(0.1, { done: 2, sections: 20 }));
    seconds = 20;
    expect(tell(at(0.2, { done: 4.4, sections: 20 }))).toBe("simulated 20.0 %, 200,000 cycles, section one, run 5 of 20, about 80 s to go");
  });
});
