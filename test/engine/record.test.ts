/** What is recorded of networks made by hand: each thing in the bins of the ticks at which it happened. */

import { describe, expect, it } from "vitest";
import { addColumns, cellsAt, createGrid, growGrid, isFull, MOST_BINS, reserveBins } from "../../src/engine/grid.ts";
import type { NetworkSpec } from "../../src/engine/network.ts";
import { BURSTS, BUSY_COLUMN, FIRINGS, SERVED_COLUMN, STATE_COLUMNS } from "../../src/engine/record.ts";
import { cyclicSource, port, server, stage, wire } from "../support/networks.ts";
import { binsOf, type Recorded, record, total } from "../support/recordings.ts";

const state = ({ processes }: Recorded, p: number, name: keyof typeof STATE_COLUMNS, bins: number): readonly number[] =>
  binsOf(processes, p, STATE_COLUMNS[name]).slice(0, bins);

const fill = (value: number, times: number): readonly number[] => new Array<number>(times).fill(value);

/** A process that pushes 8 tokens, and one that pops them. */
function pair(first: Parameters<typeof stage>[3], second: Parameters<typeof stage>[3], depth = 8): NetworkSpec {
  const processes = [stage("from", 8, [port(0, "stream-out")], first), stage("to", 8, [port(0, "stream-in")], second)];
  return { processes, channels: [wire("between", depth)], resources: [] };
}

describe("a recorded process", () => {
  it("is starved up to its first token, and busy from then on", () => {
    const recorded = record(pair({ latency: 40 }, { ii: 4 }));
    expect(state(recorded, 1, "starved", 80)).toEqual([...fill(1, 41), ...fill(0, 39)]);
    expect(state(recorded, 1, "busy", 80)).toEqual([...fill(0, 41), ...fill(1, 32), ...fill(0, 7)]);
  });

  it("is blocked until a slot is free", () => {
    const recorded = record(pair({}, { ii: 40 }, 1), { bin: 8 });
    expect(state(recorded, 0, "busy", 2)).toEqual([2, 0]);
    expect(total(state(recorded, 0, "blocked", 40))).toBe(recorded.result.processes[0]!.blocked);
    expect(state(recorded, 0, "blocked", 5)).toEqual([6, 8, 8, 8, 8]);
  });

  it("stands where its run stands", () => {
    const recorded = record(pair({ latency: 40 }, { ii: 4 }), { origin: 100 });
    expect(state(recorded, 1, "starved", 160)).toEqual([...fill(0, 100), ...fill(1, 41), ...fill(0, 19)]);
  });

  it("does again in each period that is skipped what it did in the last", () => {
    // Every 64 firings a tile goes to a process that takes 300 ticks for it.
    const rounds = 400;
    const tile = 64;
    const processes = [stage("fills", rounds * tile, [port(0, "buffer-out", tile)]), stage("takes", rounds, [port(0, "buffer-in")], { ii: 300 })];
    const spec: NetworkSpec = { processes, channels: [wire("tile", 1)], resources: [] };
    const [slow, fast] = [record(spec, { bin: 64 }), record(spec, { bin: 64, fastForward: true })];
    expect(fast.skipped).toBeGreaterThan(1000);
    for (const name of ["busy", "blocked"] as const) {
      const [was, is] = [slow, fast].map((recorded) => state(recorded, 0, name, MOST_BINS));
      expect(Math.max(...was!.map((ticks, b) => Math.abs(ticks - is![b]!)))).toBeLessThanOrEqual(2);
    }
    expect(new Set(state(fast, 0, "busy", 1000)).size).toBeGreaterThan(2);
  });
});

describe("a recorded resource", () => {
  const source = () => cyclicSource([[0, 0], []]);
  const reads = (ii: number): NetworkSpec => ({
    processes: [stage("reads", 12, [], { ii, requests: { outstanding: 12, source: source() } })],
    channels: [],
    resources: [server("memory")],
  });

  it("serves burst after burst where they are all there", () => {
    const { resources, processes } = record(reads(1), { bin: 8 });
    expect(binsOf(resources, 0, BUSY_COLUMN).slice(0, 8)).toEqual([8, 8, 8, 8, 8, 8, 0, 0]);
    expect(binsOf(resources, 0, SERVED_COLUMN).slice(0, 8)).toEqual([2, 2, 2, 2, 2, 2, 0, 0]);
    expect([BURSTS, FIRINGS].map((column) => total(binsOf(processes, 0, column)))).toEqual([12, 12]);
  });

  it("serves each when it comes where they are far apart", () => {
    const { resources } = record(reads(64), { bin: 64 });
    expect(binsOf(resources, 0, BUSY_COLUMN).slice(0, 13)).toEqual([8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 0]);
  });
});

describe("bins", () => {
  it("become twice as long whenever time runs past them, and keep what they have", () => {
    const grid = createGrid();
    const columns = addColumns(grid, 2);
    for (let bin = 0; bin < 5; bin++) cellsAt(grid, columns, bin).set([bin, 1]);
    growGrid(grid, 2 * MOST_BINS + 1);
    expect(grid).toMatchObject({ bin: 4, end: 4 * MOST_BINS, cells: 2 * 2 });
    expect([0, 1, 2].map((bin) => columns.bins[bin] && [...columns.bins[bin]])).toEqual([[6, 4], [4, 1], null]);
  });

  it("are counted as often as they stand between the first and the last of their columns", () => {
    const grid = createGrid();
    const columns = addColumns(grid, 3);
    cellsAt(grid, columns, 7);
    cellsAt(grid, columns, 3);
    expect(columns).toMatchObject({ first: 3, last: 8 });
    expect(grid.cells).toBe(15);
  });

  it("become longer where their columns are many", () => {
    const grid = createGrid();
    const columns = addColumns(grid, 100_000);
    reserveBins(grid, columns, 0, 1000);
    expect(grid.bin).toBe(8);
    for (let bin = 0; bin * grid.bin < 1000; bin++) cellsAt(grid, columns, bin);
    expect(isFull(grid)).toBe(false);
  });
});
