import { describe, expect, it } from "vitest";
import type { Fabric } from "../../src/fabric/fabric.ts";
import { type DepthQuestion, deepened, leastDepth } from "../../src/sim/depths.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { centreRows } from "../support/examples.ts";
import { affine, fabricOf, input, load, mappingOf, op, pcu, programOf, reads, sends, store, tensor, tinyMachine } from "../support/fabrics.ts";

const machine = tinyMachine;

function setUp(fabric: Fabric, channel: string) {
  const mapping = mappingOf(fabric);
  const cyclesOf = (some: typeof mapping): number => simulate(some, machine, { program: programOf(fabric, [], []), values: false, engine: "fast" }).ticks;
  const { depth } = fabric.sections[0]!.channels.find(({ id }) => id === channel)!;
  const question: DepthQuestion = { section: 0, channels: [channel], depth };
  const before = cyclesOf(mapping);
  const answer = (budget: number) => leastDepth(question, { mapping, machine, before }, cyclesOf, budget);
  return { mapping, before, answer, cyclesAt: (tried: number) => cyclesOf(deepened(mapping, question, tried)) };
}

/** What is split goes straight to where it is joined, and there the long way, too: of which the straight one must hold as much as is on the long way. */
function skewed(depth: number): Fabric {
  const trips = [400];
  const [x, y] = [tensor("x", "f32", [6400], 0), tensor("y", "f32", [6400], 1 << 20)];
  const walk = [affine([16], 1)];
  return fabricOf(
    [x, y],
    [
      load("a", x, trips, walk),
      pcu("split", trips, [reads("a", 1), sends("straight", 1), sends("long", 1)], [input("a")], { straight: 0, long: 0 }),
      pcu("slow", trips, [reads("long", 1), sends("late", 1)], [input("long")], { late: 0 }, { latency: 90 }),
      pcu("join", trips, [reads("straight", 1), reads("late", 1), sends("c", 1)], [input("straight"), input("late"), op("add", [0, 1])], { c: 2 }),
      store("c", y, trips, walk),
    ],
    { straight: { depth } },
  );
}

describe("the least depth", () => {
  it.each([
    ["of a FIFO beside a long way", skewed(4), "straight"],
    ["of a FIFO of one slot", skewed(1), "straight"],
    ["of a tile buffer", centreRows(24, 2048, 1).fabric, "full"],
  ])("%s is one with which the run is as fast as with the deepest, and one less is slower", (_, fabric, channel) => {
    const { before, answer, cyclesAt } = setUp(fabric, channel);
    const { deepest, least, short, cycles } = answer(40);
    expect(least).not.toBeNull();
    expect(cycles).toBeLessThan(before);
    expect(cycles).toBe(cyclesAt(least!));
    expect(cycles).toBeLessThanOrEqual(cyclesAt(deepest) * 1.001);
    expect(short).toBe(least! - 1);
    expect(cyclesAt(short)).toBeGreaterThan(cyclesAt(deepest) * 1.001);
  });

  it("is null where no depth helps, after one run", () => {
    const { before, answer } = setUp(skewed(4), "c");
    expect(answer(9)).toEqual({ deepest: 256, least: null, short: 256, cycles: before, runs: 1 });
  });

  it("of a buffer is one that its PMU has room for", () => {
    const { mapping, answer } = setUp(centreRows(24, 2048, 1).fabric, "full");
    const { deepest } = answer(40);
    const bytes = (buffers: number): number =>
      deepened(mapping, { section: 0, channels: ["full"] }, buffers).fabric.sections[0]!.units.flatMap(({ scratch }) => scratch)[0]!.bytes;
    expect(bytes(deepest)).toBeLessThanOrEqual(machine.pmu.bytes);
    expect(deepest === 64 || bytes(deepest + 1) > machine.pmu.bytes).toBe(true);
  });

  it("takes no more runs than it may: what is left open lies above what is known to be too few", () => {
    const whole = setUp(skewed(4), "straight").answer(40);
    const { least, short, runs } = setUp(skewed(4), "straight").answer(3);
    expect(runs).toBe(3);
    expect(short).toBeLessThan(whole.least!);
    expect(least).toBeGreaterThanOrEqual(whole.least!);
  });
});
