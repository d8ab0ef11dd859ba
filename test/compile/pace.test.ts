/** The compiler's model of a memory's pace, against the controller itself on the bursts of the same walks. */
import { describe, expect, test } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { bestShareOfPins, shareOfPins, type Walkers } from "../../src/compile/pace.ts";
import type { Nest, TensorLayout } from "../../src/fabric/fabric.ts";
import { measurePace } from "../../src/memory/pace.ts";
import { type Stream, streamOf } from "../../src/memory/streams.ts";
import { placedTiers } from "../../src/memory/tiers.ts";

const machine = readMachine("sn40l");
const hbm = placedTiers(machine)[0]!;

/** A matrix of bf16 and its like, each generator at tiles of so many rows, one behind the other. */
const [rows, cols] = [8192, 4096];
const layoutAt = (base_bytes: number): TensorLayout => ({ tensor: "x", dtype: "bf16", shape: [rows, cols], tier: "hbm", base_bytes });

function walk(kind: "load" | "store", generators: number, tile: number, c: number): Stream {
  const loops = [
    { name: "turn", trip: Math.ceil(rows / tile / generators) },
    { name: "row", trip: tile },
    { name: "vector", trip: cols / 32 },
  ];
  const dims = [
    { constant: c * tile, loops: [generators * tile, 1, 0], lane: 0 },
    { constant: 0, loops: [0, 0, 32], lane: 1 },
  ];
  const nest: Nest = {
    ...{ id: `${kind}${c}`, loops, lanes: 32, ii: 1, latency: 8, guards: [], ports: [] },
    work: { kind, tensor: "x", access: { dims, shape: [rows, cols] }, port: "x" },
  };
  return streamOf(nest, layoutAt(kind === "load" ? 0 : 68_681_728), hbm)!;
}

const walkers = (writes: boolean, generators: number, tile: number): Walkers => ({
  ...{ bytes: rows * cols * 2, writes, generators, vectorBytes: 64, used: 1, visit: tile * cols * 2 },
  apart: [{ copies: generators, generators, bytes: tile * cols * 2 }],
});

describe("the share of its pins that a memory is expected to reach", () => {
  test.each([
    [32, 1, 0, 0.05],
    [26, 1, 26, 0.1],
    [10, 1, 10, 0.1],
    [64, 1, 64, 0.1],
    [26, 32, 26, 0.2],
    [16, 32, 16, 0.2],
    [26, 32, 0, 0.25],
  ])("is near to what its controller reaches: %i loads of tiles of %i rows, %i stores", (loads, tile, stores, within) => {
    const streams = [
      ...Array.from({ length: loads }, (_, c) => walk("load", loads, tile, c)),
      ...Array.from({ length: stores }, (_, c) => walk("store", stores, tile, c)),
    ];
    const { ticks, bursts } = measurePace(machine, hbm, streams);
    const measured = hbm.spec.burst_clocks / (ticks / bursts);
    const expected = shareOfPins(machine, hbm.spec, [walkers(false, loads, tile), ...(stores === 0 ? [] : [walkers(true, stores, tile)])]);
    expect(Math.abs(expected / measured - 1)).toBeLessThan(within);
  });

  test("is 1 where nothing is written and every row is opened once, and never more than with the fewest changes of direction", () => {
    expect(shareOfPins(machine, hbm.spec, [walkers(false, 32, 1)])).toBe(1);
    expect(bestShareOfPins(machine, hbm.spec, 0)).toBe(1);
    const half = bestShareOfPins(machine, hbm.spec, 0.5);
    expect(half).toBeLessThan(1);
    expect(shareOfPins(machine, hbm.spec, [walkers(false, 4, 1), walkers(true, 4, 1)])).toBeLessThan(half);
    expect(shareOfPins(machine, hbm.spec, [walkers(false, 64, 1), walkers(true, 64, 1)])).toBe(half);
  });

  test("falls where more rows are walked at one time than there are sets of banks", () => {
    const near = shareOfPins(machine, hbm.spec, [walkers(false, 26, 1), walkers(true, 26, 1)]);
    expect(shareOfPins(machine, hbm.spec, [walkers(false, 26, 32), walkers(true, 26, 32)])).toBeLessThan(0.8 * near);
  });

  test("knows nothing of a tier without a DRAM part", () => {
    const { dram: _, ...rate } = hbm.spec;
    expect(shareOfPins(machine, rate, [walkers(true, 1, 32)])).toBe(1);
  });
});
