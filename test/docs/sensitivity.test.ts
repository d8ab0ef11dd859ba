/** The sensitivity study: its page, figure and CSV agree with each other, and with the models as they are today. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readGpu, readMachine } from "../../src/cli/machines.ts";
import { runGpu } from "../../src/gpu/run.ts";
import type { Program } from "../../src/pattern/program.ts";
import { grouped } from "../../src/report/format.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { simulate } from "../../src/sim/simulate.ts";
import attention from "../../workloads/attention.ts";
import { root } from "../support/cli.ts";
import { wellFormed } from "../support/xml.ts";

interface Row {
  readonly machine: string;
  readonly style: string;
  readonly regime: string;
  readonly fusion: string;
  readonly seq: number;
  readonly batch: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly launches: number;
  readonly launch_seconds: number;
  readonly gain: number | null;
  readonly gain_free: number | null;
  readonly break_even_seconds: number | null;
}

/** The script's own functions, as far as they are used here. */
interface Script {
  readonly POINTS: readonly { readonly seq: number; readonly batch: number }[];
  readonly HEADS: number;
  readonly GPUS: readonly string[];
  parseCsv(text: string): readonly Row[];
  printTable(rows: readonly Row[]): string;
  drawStudy(rows: readonly Row[]): string;
}

const read = (name: string): string => readFileSync(join(root, "docs", name), "utf8");
const [csv, svg, page] = [read("sensitivity.csv"), read("sensitivity.svg"), read("sensitivity.md")];

let script: Script;
let rows: readonly Row[];

beforeAll(async () => {
  const parts = await Promise.all(["rows", "svg"].map((part) => import(join(root, `scripts/sensitivity-${part}.js`))));
  script = Object.assign({}, ...parts) as Script;
  rows = script.parseCsv(csv);
});

const programAt = ({ seq, batch }: Pick<Row, "seq" | "batch">): Program => attention.build({ seq, heads: batch * script.HEADS, dim: 128, dtype: "bf16" });
const setting = (path: string, value: string) => ({ path, value, label: path });
/** Seven digits, as the CSV has them. */
const sevenDigits = (value: number): number => Number(value.toExponential(6));

describe("the CSV of the sensitivity study", () => {
  it("has every size, both styles and every way of every GPU, once", () => {
    const ways = new Set(rows.map(({ machine, style, regime, fusion }) => [machine, style, regime, fusion].join()));
    expect(ways.size).toBe(2 + script.GPUS.length * 8);
    expect(rows).toHaveLength(script.POINTS.length * ways.size);
    expect(new Set(rows.map(({ seq, batch, machine, style, regime, fusion }) => [seq, batch, machine, style, regime, fusion].join())).size).toBe(rows.length);
  });

  it("has gains that follow from its times", () => {
    for (const row of rows) {
      const spatial = rows.find(({ style, seq, batch }) => style === "spatial" && seq === row.seq && batch === row.batch)!;
      if (row === spatial) continue;
      const own = spatial.seconds - spatial.launch_seconds;
      expect(row.gain).toBeCloseTo(row.seconds / spatial.seconds, 3);
      expect(row.gain_free).toBeCloseTo((row.seconds - row.launch_seconds) / own, 3);
      if (row.break_even_seconds !== null) expect(row.break_even_seconds * spatial.launches + own).toBeCloseTo(row.seconds, 10);
    }
  });

  it("has of GPUs what the model says today", () => {
    for (const point of script.POINTS) {
      const program = programAt(point);
      for (const row of rows.filter(({ machine, seq, batch }) => script.GPUS.includes(machine) && seq === point.seq && batch === point.batch)) {
        const machine = readGpu(row.machine, [setting("launch.regime", row.regime), setting("execution.fusion", row.fusion)]);
        const { kernels, cycles } = runGpu(program, machine);
        const bytes = kernels.reduce((sum, kernel) => sum + kernel.hbm_read_bytes + kernel.hbm_write_bytes, 0);
        const { seconds, launches } = row;
        expect({ row, seconds, launches }).toEqual({ row, seconds: sevenDigits(cycles / machine.clock_hz), launches: kernels.length });
        expect(Math.abs(row.bytes - bytes)).toBeLessThanOrEqual(1);
      }
    }
  });

  it("has of the accelerator what a simulation of its shortest sequence says today", () => {
    const row = rows.find(({ style, seq, batch }) => style === "spatial" && seq === 128 && batch === 4)!;
    const machine = readMachine(row.machine);
    const program = programAt(row);
    const { mapping } = prepare(program, machine, { style: "spatial", seed: 1 });
    const { ticks } = simulate(mapping, machine, { program, inputs: {}, values: false, engine: "fast" });
    expect(row.seconds).toBe(sevenDigits(ticks / machine.clock_hz));
  });
});

describe("the figure of the sensitivity study", () => {
  it("is what the script draws from the CSV", () => expect(svg).toBe(script.drawStudy(rows)));

  it("is well-formed", () => expect(wellFormed(svg)).toBeNull());
});

describe("the page of the sensitivity study", () => {
  it("has the table of the CSV, and shows the figure", () => {
    expect(page).toContain(`\n${script.printTable(rows)}\n`);
    expect(page).toContain("(sensitivity.svg)");
  });

  it("has no gain, time or bytes that are none of the CSV's", () => {
    const prose = page.replaceAll(/^\|.*$/gm, "");
    const gains = rows.flatMap(({ gain, gain_free }) => [gain, gain_free].flatMap((value) => (value === null ? [] : [value.toFixed(2)])));
    const times = rows.flatMap((row) =>
      [row.seconds, row.launch_seconds, row.break_even_seconds].flatMap((value) => (value === null ? [] : [(value * 1e6).toFixed(1)])),
    );
    const megabytes = rows.map(({ bytes }) => grouped(bytes / 1e6));
    const [saidGains, saidTimes, saidBytes] = [/([\d.]+) x\b/g, /([\d.]+) us\b/g, /([\d,]+) MB\b/g].map((pattern) =>
      [...prose.matchAll(pattern)].map((match) => match[1]!),
    );
    expect(saidGains!.length).toBeGreaterThan(5);
    expect(saidTimes!.length).toBeGreaterThan(5);
    expect(saidBytes!.length).toBeGreaterThan(1);
    expect(saidGains!.filter((said) => !gains.includes(said))).toEqual([]);
    expect(saidTimes!.filter((said) => !times.includes(said))).toEqual([]);
    expect(saidBytes!.filter((said) => !megabytes.includes(said))).toEqual([]);
  });
});

describe("the conclusions of the sensitivity study", () => {
  const way = (machine: string, fusion: string, regime: string, has: (row: Row) => boolean): readonly Row[] => {
    const found = rows.filter((row) => row.machine === machine && row.fusion === fusion && row.regime === regime && has(row));
    expect(found.length).toBeGreaterThan(0);
    return found;
  };
  const isAtBatch4 = ({ batch }: Row): boolean => batch === 4;
  const isShort = (row: Row): boolean => isAtBatch4(row) && row.seq <= 256;
  const isLong = (row: Row): boolean => isAtBatch4(row) && row.seq >= 512;
  const gains = (found: readonly Row[]): boolean => found.every(({ gain }) => gain! > 1);
  const loses = (found: readonly Row[]): boolean => found.every(({ gain }) => gain! < 1);

  it("against library kernels in a stream: a gain, on h100 from 512 tokens on", () => {
    expect(gains(way("a100-80", "library", "stream", isAtBatch4))).toBe(true);
    expect(gains(way("h100", "library", "stream", isLong))).toBe(true);
    expect(way("h100", "library", "stream", ({ seq }) => seq <= 256).every(({ gain }) => Math.abs(gain! - 1) < 0.1)).toBe(true);
  });

  it("at short sequences the gain is launches", () => {
    for (const gpu of script.GPUS) {
      const [eager] = way(gpu, "library", "eager", ({ seq }) => seq === 128);
      expect(eager!.launch_seconds / eager!.seconds).toBeGreaterThan(0.9);
      expect(loses(way(gpu, "library", "graph", ({ seq }) => seq === 128))).toBe(true);
    }
  });

  it("against a fused kernel in a graph: a loss on a100-80 up to 256 tokens, on h100 everywhere", () => {
    expect(loses(way("a100-80", "fused", "graph", isShort))).toBe(true);
    expect(gains(way("a100-80", "fused", "graph", isLong))).toBe(true);
    const h100 = way("h100", "fused", "graph", () => true);
    expect(loses(h100)).toBe(true);
    expect(h100.filter(isAtBatch4).every(({ gain_free }) => gain_free! < 1)).toBe(true);
  });

  it("one fused kernel loses to three of a library where there are few heads", () => {
    const [library, fused] = ["library", "fused"].map((fusion) => way("a100-80", fusion, "graph", ({ batch }) => batch === 1)[0]!);
    expect(library!.seconds).toBeLessThan(fused!.seconds);
  });

  it("reconfiguration decides at 128 tokens, not at 512", () => {
    const assumed = rows.find(({ style }) => style === "spatial")!.launch_seconds;
    const breakEven = (gpu: string, fusion: string, at: number): number =>
      way(gpu, fusion, "graph", (row) => isAtBatch4(row) && row.seq === at)[0]!.break_even_seconds!;
    for (const gpu of script.GPUS) {
      for (const fusion of ["library", "fused"]) {
        expect(breakEven(gpu, fusion, 128)).toBeGreaterThan(0);
        expect(breakEven(gpu, fusion, 128)).toBeLessThan(assumed);
      }
    }
    expect(breakEven("a100-80", "fused", 512)).toBeGreaterThan(assumed);
    expect(breakEven("h100", "fused", 512)).toBeLessThan(0);
  });

  it("kernel by kernel the accelerator takes longer than any GPU's stream of kernels", () => {
    const ofStreams = rows.filter(({ regime }) => regime === "stream");
    for (const own of rows.filter(({ machine, style }) => machine === "sn40l" && style === "kernel-by-kernel")) {
      expect(ofStreams.filter(({ seq, batch, gain }) => seq === own.seq && batch === own.batch && gain! >= own.gain!)).toEqual([]);
    }
  });
});
