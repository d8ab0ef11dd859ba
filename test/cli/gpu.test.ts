/** GPUs on the command line: run, check, list and compare. */

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { parseComparison } from "../../src/report/compare-schema.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import { parseResult } from "../../src/result/schema.ts";
import { said, wordsOf } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const weft = (command: string) => said(wordsOf(command));

describe("weft run on a GPU", () => {
  it.each(["softmax", "attention", "decoder", "pagerank", "flights", "sgd"])("reports %s as a result that holds together", async (workload) => {
    const { code, stdout } = await weft(`run ${workload} --machine a100-80 --json -`);
    expect(code).toBe(0);
    const result = parseResult(JSON.parse(stdout));
    expect(brokenInvariants(result)).toEqual([]);
    expect([result.machine.kind, result.style]).toEqual(["gpu", "kernel-by-kernel"]);
    expect(result.launches).toBe(result.sections.reduce((sum, { runs }) => sum + runs, 0));
    expect(result.cycles).toBeGreaterThan(0);
  });

  it("prints kernels with their tiling, and what it assumes", async () => {
    const { stdout } = await weft("run attention --machine a100-80 --set machine.execution.fusion=fused --set machine.launch.regime=graph");
    expect(stdout).toContain("flash-2, 128 x 64");
    expect(stdout).toContain("machine.launch.regime=graph");
    expect(stdout).not.toContain("pmu");
  });

  it("takes longer where launches do", async () => {
    const cycles = async (regime: string): Promise<number> =>
      JSON.parse((await weft(`run decoder --machine h100 --set machine.launch.regime=${regime} --json -`)).stdout).cycles;
    const [eager, stream, graph] = [await cycles("eager"), await cycles("stream"), await cycles("graph")];
    expect(eager).toBeGreaterThan(stream);
    expect(stream).toBeGreaterThan(graph);
  });

  it.each(["--values", "--engine oracle", "--max-cycles 5", "--checkpoint x.ckpt"])("refuses %s, which only a fabric has", async (flag) => {
    const { code, stderr } = await weft(`run softmax --machine h100 ${flag}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(flag.split(" ")[0] as string)]);
  });

  it.each(["compile softmax", "explain softmax", "search softmax --tries 2", "area"])("%s says that it takes no GPU", async (command) => {
    const { code, stderr } = await weft(command === "area" ? "area h100" : `${command} --machine h100`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/the GPU "h100"[\s\S]*weft run and weft compare/)]);
  });

  it("names every fault of a config, and checks one that has none", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "weft-")), "mine.yaml");
    writeFileSync(file, readFileSync(new URL("../../configs/h100.yaml", import.meta.url), "utf8").replace("threads:", "treads:"));
    const { code, stderr } = await weft(`check ${file}`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/mine\.yaml:\d+:\d+[\s\S]*threads/)]);
    expect((await weft("check configs/h100.yaml")).stdout).toContain("configs/h100.yaml: a GPU without faults");
  });

  it("is listed with its peaks", async () => {
    expect((await weft("list")).stdout).toMatch(/h100: 132 SMs[\s\S]*989.4 TFLOPS at f16/);
  });
});

describe("weft compare with GPUs", () => {
  it("has each GPU as a library runs it and fused in a graph, and a waterfall from each to the spatial run that adds up", async () => {
    const { code, stdout } = await weft("compare softmax --set rows=64 --set cols=256 --machine plasticine a100-80 v100 --json -");
    expect(code).toBe(0);
    const { sides, waterfalls, roofline } = parseComparison(JSON.parse(stdout));
    expect(sides.map(({ name }) => name)).toEqual([
      "plasticine spatial",
      "plasticine kernel-by-kernel",
      "a100-80 kernel-by-kernel, library, stream",
      "a100-80 kernel-by-kernel, fused, graph",
      "v100 kernel-by-kernel, library, stream",
      "v100 kernel-by-kernel, fused, graph",
    ]);
    expect(waterfalls.map(({ from }) => from)).toEqual([
      "a100-80 kernel-by-kernel, library, stream",
      "v100 kernel-by-kernel, library, stream",
      "plasticine kernel-by-kernel",
    ]);
    for (const { from_ps, to_ps, parts } of waterfalls) expect(parts.reduce((sum, { ps }) => sum + ps, from_ps)).toBe(to_ps);
    expect(waterfalls[0]!.parts.map(({ name }) => name)).toEqual([
      ...["launches", "HBM round trips", "fill and drain", "under-filled SMs", "quantisation"],
      ...["rates below peak", "another chip", "spatial beyond its bound", "reconfiguration"],
    ]);
    expect(roofline.arrows.length).toBeGreaterThan(0);
  });

  it("gives a setting to the kind of machine that has it", async () => {
    const { code, stdout } = await weft(
      "compare dot --set n=4096 --machine plasticine h100 --set machine.launch.regime=graph --set machine.pcu.stages=8 --json -",
    );
    expect(code).toBe(0);
    expect(parseComparison(JSON.parse(stdout)).sides.map(({ regime }) => regime)).toEqual([null, null, "library, graph", "fused, graph"]);
  });

  it("runs GPUs without an accelerator beside them", async () => {
    const { code, stdout } = await weft("compare gemm --set m=64 --set n=64 --set k=64 --machine a100-80 h100");
    expect(code).toBe(0);
    expect(stdout).toContain("h100");
    expect(stdout.split("\n").filter((line) => line.length > 110)).toEqual([]);
  });
});
