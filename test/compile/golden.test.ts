/** What the compiler makes of each workload, and what it says where it refuses: changed only on purpose, visible in the diff. */

import { describe, expect, test } from "vitest";
import { compile, printControllers } from "../../src/compile/index.ts";
import { input, map, reduce } from "../../src/pattern/builder.ts";
import { printProgram } from "../../src/pattern/print.ts";
import type { Schedule } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { workloads } from "../../workloads/index.ts";
import { middleSizes } from "../laws/workload-sizes.ts";
import { machineOf } from "../support/runs.ts";
import { type Build, programOf, refusal, withPcu, withPmu } from "./support.ts";

const golden = (name: string): string => `../golden/compile/${name}.txt`;

describe.each(["plasticine", "sn40l"])("for %s", (machine) => {
  test.each(workloads.map((workload) => [workload.name, workload] as const))("%s", async (name, workload) => {
    const { program, controllers } = compile(workload.build(middleSizes[name]), machineOf(machine), { style: "spatial" });
    await expect(`${printProgram(program)}\n\n${printControllers(controllers)}\n`).toMatchFileSnapshot(golden(`${name}.${machine}`));
  });
});

test("every workload has a size here", () => {
  expect(Object.keys(middleSizes).toSorted()).toEqual(workloads.map((workload) => workload.name).toSorted());
});

const gemm: Build = () => {
  const a = input("a", "f32", [64, 40]);
  const b = input("b", "f32", [40, 96]);
  return { c: map("c", [64, 96], (i, j) => reduce("add", [40], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
};
const trace: Build = () => {
  const x = input("x", "f32", [2000, 2000]);
  return { y: map("y", [], () => reduce("add", [2000], (i) => x.at(i, i))) };
};

/** What is refused on plasticine, or on the machine named. */
const refused: Readonly<Record<string, () => unknown>> = {
  "a tile that is too large": () => compile(programOf(trace), withPmu({ count: 8 }, machineOf("plasticine")), { style: "spatial" }),
  "a tensor that fits in no tier": () =>
    on(() => {
      const x = input("x", "f32", [200_000, 200_000]);
      return { y: map("y", [200_000], (i) => x.at(i, 0)) };
    }),
  "a tier that the machine lacks": () =>
    on(() => {
      const x = input("x", "f32", [9], { tier: "hbm" });
      return { y: map("y", [9], (i) => s.neg(x.at(i))) };
    }),
  "an operation larger than a PCU": () =>
    compile(
      programOf(() => ({ y: map("y", [9], (i) => s.exp(s.cast("f32", i))) })),
      withPcu({ special_stages: 7 }),
      { style: "spatial" },
    ),
  "a schedule that names no loop": () => on(gemm, { tile: { "c.O": 8 }, par: { gemm: 2 } }),
  "a tile that is no size": () => on(gemm, { tile: { "c.0": 1.5 } }),
  "a tile beyond its extent": () => on(gemm, { tile: { "c.1": 97 } }),
  "more copies than tiles": () => on(gemm, { tile: { "c.0": 32 }, par: { "c.0": 4 } }),
  "more copies than PCUs": () => on(gemm, { par: { "c.0": 16, "c.1": 6 } }),
  "a schedule whose tiles fit nowhere": () =>
    on(
      () => {
        const x = input("x", "f32", [4000, 4800]);
        return { y: map("y", [4800, 4000], (i, j) => x.at(j, i)) };
      },
      { tile: { "y.0": 4800, "y.1": 4000 } },
    ),
  "a loop nest with more loops than a PCU counts": () =>
    compile(
      programOf(() => {
        const x = input("x", "f32", [2, 3, 4, 5, 40]);
        return { y: map("y", [2, 3, 4, 5, 40], (i, j, k, l, m) => s.neg(x.at(i, j, k, l, m))) };
      }),
      withPcu({ counters: 3 }),
      { style: "spatial" },
    ),
};

function on(build: Build, schedule?: Schedule): unknown {
  return compile(programOf(build, schedule), machineOf("plasticine"), { style: "spatial" });
}

test("refusals", async () => {
  const said = Object.entries(refused).map(([what, run]) => `${what}:\n${refusal(run)}\n`);
  await expect(said.join("\n")).toMatchFileSnapshot(golden("refusals"));
});
