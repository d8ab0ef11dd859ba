import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commonGrid, convertTime, crossTime, makeCrossing } from "../../src/engine/clock.ts";
import { createHeap, popHeap, pushHeap } from "../../src/engine/heap.ts";
import type { NetworkSpec } from "../../src/engine/network.ts";
import { countedLoops } from "../../src/engine/steering.ts";
import { verifyNetwork } from "../../src/engine/verify.ts";
import { findChain, findWaits } from "../../src/engine/waiting.ts";
import { cyclicSource, port, server, stage, wire } from "../support/networks.ts";

describe("time that crosses clocks", () => {
  it("is rounded up exactly, also beyond 2^53 / numerator", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 50), fc.integer({ min: 1, max: 2 ** 22 }), fc.integer({ min: 1, max: 2 ** 22 }), (time, numerator, denominator) => {
        const exact = (BigInt(time) * BigInt(numerator) + BigInt(denominator) - 1n) / BigInt(denominator);
        fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
        expect(BigInt(convertTime(time, numerator, denominator))).toBe(exact);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe("time that crosses from process to process", () => {
  it("is the first tick of the other clock that is not before the exact time", () => {
    const part = fc.integer({ min: 1, max: 2 ** 10 });
    fc.assert(
      fc.property(fc.nat(2 ** 20), fc.nat(20), fc.nat(20), part, part, part, part, (tick, ticks, latency, a, b, c, d) => {
        const [from, to] = [
          { numerator: a, denominator: b },
          { numerator: c, denominator: d },
        ];
        // Times the product of both numerators, everything is whole.
        const exact = ((tick + ticks) * b + latency * a) * c;
        const seen = crossTime(tick, makeCrossing(ticks, latency, from, to));
        expect(seen * d * a).toBeGreaterThanOrEqual(exact);
        expect((seen - 1) * d * a).toBeLessThan(exact);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("stands on a grid that holds the ticks of all", () => {
    const clocks = [2, 3, 4].map((numerator) => ({ numerator, denominator: 5 }));
    expect([commonGrid([]), commonGrid(clocks)]).toEqual([1, 12]);
  });
});

describe("pending bursts", () => {
  it("come out by time, then by slot, then by word, however pushes and pops mix", () => {
    const entry = fc.record({ time: fc.nat(20), slot: fc.nat(5), word: fc.nat(3), pops: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 80 }), (entries) => {
        const heap = createHeap();
        const model: (readonly [number, number, number])[] = [];
        const pop = () => {
          model.sort(([a, s, v], [b, t, w]) => a - b || s - t || v - w);
          expect([heap.time[0], heap.slot[0], heap.word[0]]).toEqual(model.shift());
          popHeap(heap);
        };
        for (const { time, slot, word, pops } of entries) {
          pushHeap(heap, time, slot, word);
          model.push([time, slot, word]);
          for (let i = 0; i < pops && model.length > 0; i++) pop();
        }
        while (model.length > 0) pop();
        expect(heap.size).toBe(0);
      }),
      { seed: 1 },
    );
  });
});

describe("who waits for what", () => {
  // "split" fills the short branch before it feeds the long one, "join" wants both at once.
  const split = stage("split", 4, [port(0, "stream-out"), port(1, "stream-out", 4)]);
  const join = stage("join", 4, [port(0, "stream-in"), port(1, "stream-in", 4)]);
  const spec: NetworkSpec = { processes: [split, join], channels: [wire("short", 2), wire("long", 1)], resources: [] };

  it("names the ring of a deadlock by token, slot and the process at the other end", () => {
    const waits = findWaits(spec, [2, 0]);
    expect(waits).toEqual([
      { process: 0, need: "slot", channel: 0, other: 1 },
      { process: 1, need: "token", channel: 1, other: 0 },
    ]);
    expect(findChain(waits)).toEqual({ waits, isRing: true });
  });

  it("names nobody who has done all its firings, but who waits for such a one", () => {
    expect(findWaits(spec, [4, 4])).toEqual([]);
    const [longer] = [stage("join", 8, join.ports)];
    const waits = findWaits({ ...spec, processes: [split, longer] }, [4, 4]);
    expect(findChain(waits)).toEqual({ waits: [{ process: 1, need: "token", channel: 0, other: 0 }], isRing: false });
  });
});

describe("the verifier", () => {
  const source = stage("source", 6, [port(0, "stream-out", 2)]);
  const sink = stage("sink", 3, [port(0, "stream-in")]);
  const steered = { fire: () => 1, steering: countedLoops([() => 1, () => 1]) };
  const good: NetworkSpec = { processes: [source, sink], channels: [wire("c")], resources: [server("r")] };
  const refusals: readonly (readonly [string, Partial<NetworkSpec>])[] = [
    ["channel c: depth 0, must be an integer >= 1", { channels: [wire("c", 0)] }],
    ["channel c: latency 0, must be an integer >= 1", { channels: [wire("c", 1, { latency: 0 })] }],
    ["channel c: 0.5 words, must be an integer >= 0", { channels: [wire("c", 1, { words: 0.5 })] }],
    ["process source: period 4 of the port on c does not divide 6 firings", { processes: [{ ...source, ports: [port(0, "stream-out", 4)] }, sink] }],
    ["process source: a port names channel 7 of 1", { processes: [{ ...source, ports: [port(7, "stream-out")] }, sink] }],
    ["process source: ii 0, must be an integer >= 1", { processes: [{ ...source, ii: 0 }, sink] }],
    ["process source: latency -1, must be an integer >= 0", { processes: [{ ...source, latency: -1 }, sink] }],
    ["process source: NaN firings, must be an integer >= 0", { processes: [{ ...source, firings: Number.NaN }, sink] }],
    ["process source: clock 0 / 1, must be integers from 1 to 131072", { processes: [{ ...source, clock: { numerator: 0, denominator: 1 } }, sink] }],
    ["process source: clock 1 / 131073, must be integers", { processes: [{ ...source, clock: { numerator: 1, denominator: 131073 } }, sink] }],
    ["the port on c has a level, but the process is not steered", { processes: [{ ...source, ports: [{ ...port(0, "stream-out"), level: 0 }] }, sink] }],
    [
      "the port on c has level 3 and period 1, must be from 0 to 2 and 1",
      { processes: [{ ...source, ports: [{ ...port(0, "stream-out"), level: 3 }], behaviour: steered }, sink] },
    ],
    ["the port on c has level undefined and period 2, must be from 0 to 2 and 1", { processes: [{ ...source, behaviour: steered }, sink] }],
    ["process source: 0 outstanding, must be an integer >= 1", { processes: [{ ...source, requests: { outstanding: 0, source: cyclicSource([[0]]) } }, sink] }],
    ["channel c: 0 ports pop from it, must be 1", { processes: [source] }],
    ["channel c: 2 ports push into it, must be 1", { processes: [source, source, sink] }],
    ["channel c: a stream port pushes and a buffer port pops", { processes: [source, { ...sink, ports: [port(0, "buffer-in")] }] }],
    ["resource r: service 0, must be an integer >= 1", { resources: [server("r", { service: 0 })] }],
    ["resource r: latency -2, must be an integer >= 0", { resources: [server("r", { latency: -2 })] }],
    ["resource r: clock 0 / 1, must be integers >= 1", { resources: [server("r", { clock: { numerator: 0, denominator: 1 } })] }],
    [
      "resource r: clock 999999937 / 1000000007 is too fine a ratio to be exact",
      { resources: [server("r", { clock: { numerator: 999999937, denominator: 1000000007 } })] },
    ],
    [
      "resource r: refresh of 9 every 9, must be integers with 0 <= duration < interval",
      { resources: [server("r", { refresh: { interval: 9, duration: 9 } })] },
    ],
  ];

  it("accepts a network by the rules", () => {
    expect(() => verifyNetwork(good)).not.toThrow();
  });

  it.each(refusals)("says %s", (message, change) => {
    expect(() => verifyNetwork({ ...good, ...change })).toThrow(message);
  });
});
