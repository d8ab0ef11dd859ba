/** `weft compare`. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { parseSettings } from "../../src/cli/settings.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import { reconfigurationCycles } from "../../src/machine/derived.ts";
import type { Comparison } from "../../src/report/compare.ts";
import { parseComparison } from "../../src/report/compare-schema.ts";
import { isPlaced, roofAt } from "../../src/report/roofline.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { ended, start, temporaryFolder } from "../support/cli.ts";
import { said, wordsOf } from "../support/said.ts";
import { wellFormed } from "../support/xml.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const SMALL = "--set rows=64 --set cols=256";

const compared = (command: string) => said(wordsOf(`compare ${command}`));

async function written(command: string): Promise<{ readonly comparison: Comparison; readonly svg: string; readonly stdout: string; readonly stderr: string }> {
  const folder = temporaryFolder();
  const [json, drawing] = [join(folder, "c.json"), join(folder, "c.svg")];
  const { stdout, stderr } = await compared(`${command} --json ${json} --svg ${drawing}`);
  return { comparison: parseComparison(JSON.parse(readFileSync(json, "utf8"))), svg: readFileSync(drawing, "utf8"), stdout, stderr };
}

describe("weft compare", () => {
  it("runs both styles of a machine and accounts for the whole difference", async () => {
    const { comparison, svg, stdout } = await written(`softmax --machine plasticine ${SMALL}`);
    expect(comparison.sides.map(({ name, provenance }) => [name, provenance])).toEqual([
      ["plasticine spatial", "simulated"],
      ["plasticine kernel-by-kernel", "simulated"],
    ]);
    const [waterfall] = comparison.waterfalls;
    expect(waterfall!.parts.reduce((sum, { ps }) => sum + ps, 0)).toBe(waterfall!.to_ps - waterfall!.from_ps);
    expect(waterfall!.to_ps).toBe(Math.round(comparison.sides[0]!.seconds * 1e12));
    expect(wellFormed(svg)).toBeNull();
    expect(stdout).toContain("From plasticine kernel-by-kernel to plasticine spatial");
    expect(stdout.split("\n").filter((line) => line.length > 110)).toEqual([]);
  });

  it("says the same of a side as a run of it", async () => {
    const { comparison } = await written(`softmax --machine plasticine ${SMALL}`);
    for (const side of comparison.sides) {
      const run = await said(wordsOf(`run softmax --machine plasticine --style ${side.style} ${SMALL} --json -`));
      const result = JSON.parse(run.stdout);
      expect([side.cycles, side.launches, side.simulated!.energy_pJ, side.simulated!.limit]).toEqual([
        result.cycles,
        result.launches,
        result.energy_pJ.total,
        result.limit,
      ]);
    }
  });

  it.each([
    "softmax --set rows=64 --set cols=256",
    "layernorm --set rows=64 --set cols=256",
    "attention --set seq=64 --set heads=1 --set dim=32",
    "mlp --set rows=32 --set hidden=64 --set ffn=64",
  ])("has all points of %s below the roofs, and an arrow from each kernel to the section that contains its operators", async (workload) => {
    const { comparison } = await written(`${workload} --machine plasticine`);
    const { points, arrows, machines } = comparison.roofline;
    for (const point of points.filter(isPlaced))
      expect(point.operations_per_second).toBeLessThanOrEqual(roofAt(machines[0]!, point.operations_per_byte) * (1 + 1e-9));
    const kernels = points.flatMap(({ style }, p) => (style === "kernel-by-kernel" ? [p] : []));
    expect(kernels.length).toBeGreaterThan(1);
    expect(arrows.map(({ from }) => from)).toEqual(kernels);
    for (const { from, to } of arrows) {
      expect(points[to]!.style).toBe("spatial");
      expect(points[to]!.ops).toEqual(expect.arrayContaining([...points[from]!.ops]));
    }
  });

  it("tells a run that takes too long as expected, in words, and the rest as ever", async () => {
    const { comparison, stdout } = await written(`softmax --machine plasticine ${SMALL} --max-seconds 0.001`);
    expect(comparison.sides.map(({ provenance, simulated }) => [provenance, simulated])).toEqual([
      ["expected, not simulated", null],
      ["expected, not simulated", null],
    ]);
    expect(comparison.sides[1]!.launches).toBe(4);
    expect(comparison.sides[0]!.cycles).toBeGreaterThan(1000);
    expect(comparison.waterfalls).toEqual([]);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("its time is what its plan expects, not simulated");
  });

  it("refuses what is wrong with one message, before anything runs or is written", async () => {
    const refused = async (command: string): Promise<string> => {
      const file = join(temporaryFolder(), "c.json");
      const { code, stdout, stderr } = await compared(`${command} --json ${file}`);
      expect([code, stdout, existsSync(file)]).toEqual([2, "", false]);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      return stderr;
    };
    expect(await refused("softmx --machine plasticine")).toContain('did you mean "softmax"?');
    expect(await refused("softmax --machine plasticine sn4l")).toContain('did you mean "sn40l"?');
    expect(await refused("softmax")).toContain("--machine: expected at least one machine, found none");
    expect(await refused("softmax --machine sn40l sn40l")).toContain("--machine: sn40l is named twice");
    expect(await refused("softmax --machine plasticine --set rws=3")).toContain("rws");
    expect(await refused("softmax --machine plasticine --max-seconds no")).toContain("--max-seconds");
    expect((await compared("softmax --machine plasticine --json - --svg -")).stderr).toContain("only one of --json and --svg can be standard output");
  });

  it("ends at once on Ctrl-C, and leaves nothing half-written", async () => {
    const folder = temporaryFolder();
    const child = start(wordsOf("compare mlp --machine sn40l --json c.json --svg c.svg"), folder);
    child.stderr!.once("data", () => child.kill("SIGINT"));
    const { code, stderr } = await ended(child);
    expect([code, existsSync(join(folder, "c.json")), existsSync(join(folder, "c.svg"))]).toEqual([130, false, false]);
    expect(stderr).toContain("interrupted");
  });
});

describe("another reconfiguration time, the plan kept", () => {
  const TIMES = [0, 1e-7, 1e-6, 1e-4, 1e-3];
  const tierOf: Readonly<Record<string, "ddr" | "hbm">> = { plasticine: "ddr", sn40l: "hbm" };

  /** Of four kernels: cycles of real runs of one mapping, and what re-timing says. */
  async function retimed(name: string, settings: readonly string[]) {
    const machine = readMachine(name, parseSettings(settings).machine);
    const { program } = await loadWorkload("softmax", { settings: parseSettings(["rows=64", "cols=256"]).workload });
    const { mapping } = prepare(program, machine, { style: "kernel-by-kernel", seed: 1 });
    const configuring = (reconfiguration_seconds: number): number => 4 * reconfigurationCycles({ ...machine, reconfiguration_seconds });
    const real = (reconfiguration_seconds: number): number =>
      simulate(mapping, { ...machine, reconfiguration_seconds }, { program, values: false, engine: "fast" }).ticks;
    const sections = real(machine.reconfiguration_seconds) - configuring(machine.reconfiguration_seconds);
    return { machine, real: TIMES.map(real), said: TIMES.map((seconds) => sections + configuring(seconds)) };
  }

  it.each(["plasticine", "sn40l"])("is what a real run of the same mapping takes on %s, where its memory does not refresh", async (name) => {
    const { real, said: told } = await retimed(name, [`machine.tiers.${tierOf[name]}.dram.controller.refresh=none`]);
    expect(told).toEqual(real);
  });

  it.each(["plasticine", "sn40l"])("is that but for a refresh a section on %s", async (name) => {
    const { machine, real, said: told } = await retimed(name, []);
    const { refresh, clock_hz } = machine.tiers[tierOf[name]!]!;
    const window = Math.ceil((refresh!.duration_clocks * machine.clock_hz) / clock_hz);
    real.forEach((cycles, i) => expect(Math.abs(cycles - told[i]!)).toBeLessThanOrEqual(4 * window));
    expect(window).toBeLessThan(700);
  });
});
