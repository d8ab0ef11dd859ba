/** Groups that differ in nothing but names are searched once; one that differs in anything else is not taken for another. */

import { expect, test } from "vitest";
import type { SectionPlan } from "../../src/compile/controllers.ts";
import { compile } from "../../src/compile/index.ts";
import { input, map, program, reduce } from "../../src/pattern/builder.ts";
import type { Handle } from "../../src/pattern/scalars.ts";
import { mul } from "../../src/pattern/scalars.ts";
import { machineOf } from "../support/runs.ts";

/** Products one after the other, of these widths. */
const products = (widths: readonly number[]) =>
  program("products", {}, () => {
    let x: Handle = input("x", "f32", [96, widths[0]!]);
    for (const [layer, width] of widths.slice(1).entries()) {
      const [before, depth] = [x, x.tensor.shape[1]!];
      const w = input(`w${layer}`, "f32", [depth, width]);
      x = map(`y${layer}`, [96, width], (i, j) => reduce("add", [depth], (k) => mul(before.at(i, k), w.at(k, j))));
    }
    return { y: x };
  }).build();

const choices = (sections: readonly SectionPlan[]) => sections.map(({ loops, units }) => ({ loops: loops.map(({ tile, par }) => [tile, par]), units }));

test("layers alike have the choices of one layer, and others their own, whatever was compiled before", () => {
  const onNew = (widths: readonly number[], machine = { ...machineOf("plasticine"), tiers: { ...machineOf("plasticine").tiers } }) =>
    choices(compile(products(widths), machine, { style: "kernel-by-kernel" }).controllers.sections);
  const machine = machineOf("plasticine");
  const [one] = onNew([160, 160]);
  expect(onNew([160, 160, 160, 160], machine)).toEqual([one, one, one]);
  expect(onNew([160, 160, 48], machine)).toEqual([one, ...onNew([160, 48])]);
  expect(onNew([160, 160], { ...machine, pcu: { ...machine.pcu, count: 8 } })).toEqual(
    onNew([160, 160], { ...machine, pcu: { ...machine.pcu, count: 8 }, tiers: { ...machine.tiers } }),
  );
});

test("a tensor that is called what its tier is called is not taken for one in another tier", () => {
  const sums = (tier: "hbm" | "ddr") =>
    program("sums", {}, () => {
      const x = input(tier, "f32", [960, 1000], { tier });
      return { y: map("y", [960], (i) => reduce("add", [1000], (k) => x.at(i, k)), { tier }) };
    }).build();
  const onNew = () => {
    const machine = { ...machineOf("sn40l"), tiers: { ...machineOf("sn40l").tiers } };
    return (tier: "hbm" | "ddr") => choices(compile(sums(tier), machine, { style: "spatial" }).controllers.sections);
  };
  const both = onNew();
  expect(both("hbm")).not.toEqual(both("ddr"));
  expect(both("ddr")).toEqual(onNew()("ddr"));
});
