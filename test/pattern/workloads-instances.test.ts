/** The workload files that come with weft: they are found, and stand for the sizes and the data that they name. */

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadWorkload, workloadNames } from "../../src/cli/workload.ts";
import { elementsOf } from "../../src/pattern/analysis.ts";
import type { Program } from "../../src/pattern/program.ts";

const shapes = ({ tensors }: Program): Readonly<Record<string, string>> => Object.fromEntries(tensors.map(({ name, shape }) => [name, shape.join(" x ")]));

describe("the files of workloads/", () => {
  test("are all listed by name, and those in a folder found under its name", async () => {
    const files = readdirSync(new URL("../../workloads", import.meta.url)).filter((file) => /\.(ts|yaml)$/.test(file));
    const names = files.map((file) => file.replace(/\.(ts|yaml)$/, ""));
    expect(await workloadNames()).toEqual([...new Set(names)].filter((name) => name !== "index").sort());
    expect((await loadWorkload("cycles/sum-square")).program.schedule).toEqual({ tile: { "sum.0": 32 }, par: { "sum.0": 1 }, lanes: { "sum.0": 16 } });
  });

  test("have the thirteen benchmarks of Plasticine, at their published sizes", async () => {
    const names = (await workloadNames()).filter((name) => /^plasticine-(?!rnn-)/.test(name));
    const inputs = await Promise.all(
      names.map(async (name) => {
        const { program } = await loadWorkload(name);
        return [name, program.inputs.reduce((sum, input) => sum + elementsOf(program.tensors.find((tensor) => tensor.name === input)!.shape), 0)] as const;
      }),
    );
    expect(Object.fromEntries(inputs)).toEqual({
      "plasticine-bfs": 2 * 8 * 2 ** 16,
      "plasticine-blackscholes": 6 * 96_000_000,
      "plasticine-conv2d": 57_600 + 884_736,
      "plasticine-dot": 2 * 768_000_000,
      "plasticine-gda": 3_840_000 * (96 + 1) + 2 * 96,
      "plasticine-gemm": 47 * 7680 + 7680 * 3840,
      "plasticine-kmeans": 1536 * 96,
      "plasticine-logreg": 1536 * (384 + 1),
      "plasticine-outer": 2 * 76_800,
      "plasticine-pagerank": 2 * 8 * 7680,
      "plasticine-sgd": 38_400 * (768 + 1),
      "plasticine-spmv": 2 * 3840 * 60 + 3840,
      "plasticine-tpch-q6": 4 * 960_000_000,
    });
  });

  test("have k-means over real flights", async () => {
    const { program, inputs } = await loadWorkload("kmeans-flights");
    expect(shapes(program)).toMatchObject({ delay: "100000", distance: "100000", points: "100000 x 2" });
    const { delay, distance } = (await inputs())();
    expect([...delay!.slice(0, 3)]).toEqual([33, 19, 14]);
    expect([...distance!.slice(0, 3)]).toEqual([2176, 215, 405]);
  });
});
