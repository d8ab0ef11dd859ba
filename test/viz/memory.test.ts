import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highest, servedColumns, stacksOf } from "../../viz/model/bandwidth.ts";
import { energyCells, energyDetails, energyParts, sankeyOf, totalOf } from "../../viz/model/energy.ts";
import { inkOn } from "../../viz/model/ink.ts";
import { footprintOf, heldByPmus, heldByTile, histogramOf, livesOf, peakOf, tileName, totalBytes } from "../../viz/model/liveness.ts";
import { type RunView, viewOf } from "../../viz/model/run.ts";
import { stageActivity } from "../../viz/model/stage-activity.ts";
import { tensorColours } from "../../viz/model/tensor-colours.ts";
import { onChipTensors, tensorRows } from "../../viz/model/tensors.ts";
import { bytesByTensor, bytesByTier, columnsOf, placeOf, servedOf, totalIn } from "../../viz/model/traffic.ts";
import { wholeOf } from "../../viz/model/window.ts";
import { kmeansBundle, softmaxBundle } from "../support/traces.ts";

const softmax = viewOf(softmaxBundle());
const kmeans = viewOf(kmeansBundle());
const runs: readonly (readonly [string, RunView])[] = [
  ["softmax", softmax],
  ["kmeans", kmeans],
];

describe.each(runs)("bytes off the chip of %s", (_, run) => {
  const { ddr } = run.report.tiers;
  const whole = wholeOf(run);

  it("are the report's, by tensor and by tier, to the byte", () => {
    const moved = { tier: "ddr", read_bytes: ddr!.read_bytes, write_bytes: ddr!.write_bytes };
    expect(bytesByTier(run, whole)).toEqual([moved]);
    const rows = tensorRows(run, whole);
    const sum = (of: "read_bytes" | "write_bytes"): number => rows.reduce((total, row) => total + row[of], 0);
    expect({ tier: "ddr", read_bytes: sum("read_bytes"), write_bytes: sum("write_bytes") }).toEqual(moved);
  });

  it("are as many where memory serves them", () => {
    for (const { tier, bursts, channels, burst_bytes } of servedOf(run)) {
      const { read_bytes, write_bytes } = run.report.tiers[tier]!;
      expect(totalIn(run, bursts, channels, whole) * burst_bytes).toBe(read_bytes + write_bytes);
    }
  });

  it("of windows that follow each other add up to the whole, wherever they are cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (columns) => {
        const parts = columnsOf(whole, columns).map((window) => bytesByTensor(run, window));
        const total = (rows: ReturnType<typeof bytesByTensor>): number => rows.reduce((sum, row) => sum + row.read_bytes + row.write_bytes, 0);
        expect(parts.reduce((sum, rows) => sum + total(rows), 0)).toBeCloseTo(total(bytesByTensor(run, whole)), 3);
      }),
    );
  });

  it("are drawn in columns that hold them all, and never above the pins", () => {
    const windows = columnsOf(whole, 37);
    const seconds = run.report.seconds / windows.length;
    for (const served of servedOf(run)) {
      const { peak_bytes_per_second, read_bytes, write_bytes } = run.report.tiers[served.tier]!;
      const columns = servedColumns(run, served, windows);
      expect(columns.reduce((sum, column) => sum + column.bytes_per_second * seconds, 0)).toBeCloseTo(read_bytes + write_bytes, 2);
      for (const { bytes_per_second } of columns)
        expect(bytes_per_second).toBeLessThanOrEqual(peak_bytes_per_second * 1.01 + (4 * served.burst_bytes) / seconds);
      const stacks = stacksOf(run, served.tier, windows, null);
      expect(stacks.reduce((sum, { rate }) => sum + rate.reduce((total, one) => total + one * seconds, 0), 0)).toBeCloseTo(read_bytes + write_bytes, 2);
      expect(highest(stacks, "read")).toBeGreaterThan(0);
    }
  });
});

describe("a place between bins", () => {
  it("has the whole run at its last cycle, though the last bin is short", () => {
    expect(placeOf(softmax, 0)).toBe(0);
    expect(placeOf(softmax, softmax.report.cycles)).toBe(softmax.trace.bins);
    expect(placeOf(softmax, softmax.trace.bin_cycles)).toBe(1);
  });
});

describe("tensors", () => {
  it("say how often they were moved over their size, and which never left the chip", () => {
    const rows = new Map(tensorRows(softmax, wholeOf(softmax)).map((row) => [row.name, row]));
    expect(rows.get("x")).toMatchObject({ tier: "ddr", write_bytes: 0, times: 1, what: { role: "input", bytes: 16 * 256 * 4 } });
    expect(rows.get("y")).toMatchObject({ read_bytes: 0, times: 1, what: { role: "output" } });
    expect(onChipTensors(softmax).map(({ name }) => name)).toEqual(["max", "e", "sum"]);
  });

  it("have colours of their own, letters on which can be read", () => {
    expect([...tensorColours(softmax).keys()].sort()).toEqual(["x", "y"]);
    expect(["#000000", "#ffffff", "#ccbb44", "#0072b2"].map(inkOn)).toEqual(["#ffffff", "#000000", "#000000", "#ffffff"]);
  });
});

describe("what lives off the chip", () => {
  it("is an input from the start to its last read, and an output from its first write to the end", () => {
    const [x, y] = ["x", "y"].map((name) => livesOf(softmax).find(({ tensor }) => tensor === name)!);
    expect(x!.span![0]).toBe(0);
    expect(x!.span![1]).toBeLessThan(softmax.report.cycles);
    expect(y!.span![0]).toBeGreaterThan(softmax.report.sections[0]!.configuring_cycles);
    expect(y!.span![1]).toBe(softmax.report.cycles);
    const steps = footprintOf(softmax, livesOf(softmax), "ddr");
    expect(steps[0]).toEqual({ at: 0, bytes: x!.bytes });
    expect(steps.at(-1)).toEqual({ at: softmax.report.cycles, bytes: y!.bytes });
    expect(peakOf(steps)).toBe(x!.bytes + y!.bytes);
  });

  it.each(runs)("of %s is never less than nothing, and at most all its tensors", (_, run) => {
    const lives = livesOf(run);
    const all = lives.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { bytes } of footprintOf(run, lives, "ddr")) {
      expect(bytes).toBeGreaterThanOrEqual(0);
      expect(bytes).toBeLessThanOrEqual(all);
    }
  });
});

describe("what PMUs hold", () => {
  it("is told by unit, by tile and by how full they are: the same bytes, the same PMUs", () => {
    for (const { number } of kmeans.sections) {
      const held = heldByPmus(kmeans, number);
      const capacity = kmeans.scene.machine.pmu_bytes;
      expect(heldByTile(held).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(totalBytes(held));
      expect(histogramOf(held, capacity, 10).reduce((sum, count) => sum + count, 0)).toBe(held.length);
      expect(held.map(({ bytes }) => bytes)).toEqual([...held.map(({ bytes }) => bytes)].sort((a, b) => b - a));
      for (const { bytes } of held) expect(bytes).toBeLessThanOrEqual(capacity);
    }
  });

  it("is named after what copies of a unit have in common", () => {
    expect(tileName("scores.query0[0,21]", "tile")).toBe("scores.query0");
    expect(tileName("value.home''''", "tile")).toBe("value.home");
    expect(tileName("pool[1]", "rank[1]")).toBe("pool rank");
  });
});

describe("energy", () => {
  it.each(runs)("of %s adds up to the report's total to the last digit, by part; and by detail, by flow", (_, { report }) => {
    expect(totalOf(energyParts(report))).toBe(report.energy_pJ.total);
    const cells = energyCells(report);
    const { total } = report.energy_pJ;
    expect(energyDetails(cells).reduce((sum, { pJ }) => sum + pJ, 0) / total).toBeCloseTo(1, 12);
    const { nodes, links } = sankeyOf(cells, "run");
    const into = (column: number): number =>
      links.reduce((sum, { target, pJ }) => sum + (nodes.find(({ id }) => id === target)!.column === column ? pJ : 0), 0);
    expect([into(1) / total, into(2) / total].map((share) => Number(share.toFixed(12)))).toEqual([1, 1]);
  });

  it("of a section is its own", () => {
    const [first] = kmeans.report.energy_detail.sections;
    expect(totalOf(energyParts(kmeans.report, first!.name))).toBe(first!.energy_pJ.total);
    expect(new Set(energyCells(kmeans.report, first!.name).map(({ section }) => section))).toEqual(new Set([first!.name]));
    expect(totalOf(energyParts(kmeans.report, "no such"))).toBe(0);
  });
});

describe("stages over time", () => {
  it("are busy as long as their units are", () => {
    const windows = columnsOf(wholeOf(kmeans), 20);
    const stages = stageActivity(kmeans, windows, 100);
    const busy = kmeans.report.units.reduce((sum, unit) => sum + unit.busy_cycles, 0);
    expect(stages.reduce((sum, stage) => sum + stage.busy_cycles, 0)).toBe(busy);
    const length = kmeans.report.cycles / windows.length;
    expect(stages.reduce((sum, { units, busy: shares }) => sum + units * length * shares.reduce((total, one) => total + one, 0), 0)).toBeCloseTo(busy, 3);
  });
});
