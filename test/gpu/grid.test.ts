/** A grid of thread blocks, run event by event, against one whose blocks are stepped through one by one, and against cases that are plain. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BlockClass, type Rates, runGrid } from "../../src/gpu/grid.ts";

const rates: Rates = { l2_read: 1000, l2_write: 500, hbm: 200, overlap: 0.85 };
const block = (count: number, sm_cycles: number, more: Partial<BlockClass> = {}): BlockClass => ({
  ...{ count, sm_cycles, chain_cycles: sm_cycles, l2_read_bytes: 0, l2_write_bytes: 0, hbm_bytes: 0 },
  ...more,
});

describe("blocks that only compute", () => {
  test.each([
    ["one block", 1, 1, 100],
    ["less than a wave", 7, 1, 100],
    ["one wave", 8, 1, 100],
    ["a wave and a block", 9, 2, 200],
    ["three waves", 24, 3, 300],
    ["a prime", 31, 4, 400],
  ])("%s", (_, count, waves, cycles) => {
    const ran = runGrid([block(count, 100)], 8, 1, rates);
    expect(ran).toMatchObject({ waves, cycles });
    expect(ran.idle_sm_cycles).toBeCloseTo(8 * cycles - count * 100);
  });

  test("share the pipes of their SM: slots alone make nothing faster", () => {
    expect(runGrid([block(64, 100)], 8, 4, rates).cycles).toBe(800);
  });

  test("hide each other's latency", () => {
    expect(runGrid([block(32, 100, { chain_cycles: 400 })], 8, 4, rates).cycles).toBe(400);
    expect(runGrid([block(32, 100, { chain_cycles: 400 })], 8, 1, rates).cycles).toBe(1600);
  });

  test("no blocks take no time", () => {
    expect(runGrid([], 8, 4, rates)).toEqual({ cycles: 0, idle_sm_cycles: 0, waves: 0 });
  });
});

test("blocks that only read take what their bytes take, wherever they run", () => {
  for (const count of [8, 16, 64]) expect(runGrid([block(count, 0, { hbm_bytes: 2000 })], 8, 1, rates).cycles).toBe(count * 10);
});

test("is as blocks stepped through one by one", () => {
  const classes = fc.array(
    fc
      .record({
        count: fc.integer({ min: 1, max: 30 }),
        sm_cycles: fc.integer({ min: 1, max: 500 }),
        wait: fc.integer({ min: 0, max: 500 }),
        bytes: fc.nat(5000),
      })
      .map(({ count, sm_cycles, wait, bytes }) => block(count, sm_cycles, { chain_cycles: sm_cycles + wait, l2_read_bytes: bytes, hbm_bytes: bytes / 3 })),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(classes, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), (all, sms, slots) => {
      // Of SMs with as many free slots any may have the next block: that makes no difference where what they hold is alike.
      const drawn = slots === 1 ? all : all.slice(0, 1);
      const [found, wanted] = [runGrid(drawn, sms, slots, rates).cycles, stepped(drawn, sms, slots)];
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

/** Every block by itself on an SM of its own number; each goes on at its pace until the first of all ends. */
function stepped(classes: readonly BlockClass[], sms: number, slots: number): number {
  const waiting = classes.flatMap((one) => Array.from({ length: one.count }, () => one));
  let running: { readonly one: BlockClass; readonly sm: number; left: number }[] = [];
  let now = 0;
  const on = (sm: number): number => running.filter((each) => each.sm === sm).length;
  const sum = (of: (one: BlockClass) => number): number => running.reduce((total, { one }) => total + of(one), 0);
  while (waiting.length > 0 || running.length > 0) {
    while (waiting.length > 0) {
      const sm = Array.from({ length: sms }, (_, s) => s).reduce((best, s) => (on(s) < on(best) ? s : best));
      if (on(sm) >= slots) break;
      running.push({ one: waiting.shift()!, sm, left: 1 });
    }
    const memory =
      sum((one) => one.l2_read_bytes) / rates.l2_read + sum((one) => one.l2_write_bytes) / rates.l2_write + sum((one) => one.hbm_bytes) / rates.hbm;
    const takes = running.map(({ one, sm }) => {
      const own = one.l2_read_bytes + one.l2_write_bytes + one.hbm_bytes > 0 ? memory : 0;
      const pipes = on(sm) * one.sm_cycles;
      return Math.max(one.chain_cycles, pipes, own) + (1 - rates.overlap) * Math.min(pipes, own);
    });
    const step = Math.min(...running.map(({ left }, r) => left * takes[r]!));
    now += step;
    running.forEach((each, r) => {
      each.left -= step / takes[r]!;
    });
    running = running.filter(({ left }) => left > 1e-9);
  }
  return now;
}
