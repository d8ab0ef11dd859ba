/** An operator that stands only in a user's file (examples/brightest.ts, which the README shows) compiles, fuses and runs like one that comes with weft. */

import { expect, test, vi } from "vitest";
import brightest from "../../examples/brightest.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { range, total } from "../pattern/workloads-support.ts";
import { machineOf, prepareOn, runOn } from "../support/runs.ts";
import { said, wordsOf } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

test.each(["plasticine", "sn40l"])("on %s its values are those of plain loops", (name) => {
  const [images, rows, columns] = [6, 21, 37];
  const program = brightest.build({ images, rows, columns });
  const inputs = generateInputs(program, 3);
  const { outputs } = runOn(machineOf(name), prepareOn(machineOf(name), program), program, inputs);
  for (const n of range(images)) {
    const pixel = (i: number, j: number): number => (i < 0 || j < 0 || i >= rows || j >= columns ? 0 : inputs.x![(n * rows + i) * columns + j]!);
    const blur = range(rows).map((i) => range(columns).map((j) => total([-1, 0, 1].flatMap((p) => [-1, 0, 1].map((q) => pixel(i + p, j + q))))));
    const best = Math.max(...blur.flat());
    const row = blur.findIndex((line) => line.includes(best));
    expect([n, outputs!.row![n], outputs!.column![n]]).toEqual([n, row, blur[row]!.indexOf(best)]);
  }
});

test.each(["plasticine", "sn40l"])("on %s the filtered images never leave the chip", async (name) => {
  const stages = prepareOn(machineOf(name), brightest.build()).controllers.sections.flatMap((section) => section.stages);
  expect(stages.flatMap(({ stores }) => stores.map(({ tensor }) => tensor)).sort()).toEqual(["column", "row", "where"]);
  const { code, stdout } = await said(wordsOf(`explain examples/brightest.ts --machine ${name} --tries 0`));
  expect(code).toBe(0);
  const ways = stdout.split("\n").filter((line) => line.trim().startsWith("reads blur:"));
  expect(ways.length).toBeGreaterThan(1);
  for (const way of ways) expect(way).toMatch(/streamed from stage blur,|that stage blur fills,/);
});
