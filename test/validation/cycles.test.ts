/** The shorter programs of `weft validate cycles`, each within the tolerance of its row, and the values of all. The command runs every row. */

import { describe, expect, test } from "vitest";
import { CYCLES_CASES } from "../../src/cli/cycles.ts";
import { isWithin } from "../../src/cli/outcome.ts";
import { dataBytes } from "../../src/cli/study.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import dotProduct from "../../workloads/cycles/dot-product.ts";
import gda from "../../workloads/cycles/gda.ts";
import gemm from "../../workloads/cycles/gemm.ts";
import kmeans from "../../workloads/cycles/kmeans.ts";
import memReduce from "../../workloads/cycles/mem-reduce.ts";
import outerProduct from "../../workloads/cycles/outer-product.ts";
import simpleDotProduct from "../../workloads/cycles/simple-dot-product.ts";
import sumSquare from "../../workloads/cycles/sum-square.ts";
import tpchQ6 from "../../workloads/cycles/tpch-q6.ts";
import { differences, machineOf, prepareOn, reportOf, roundings, runOn } from "../support/runs.ts";

const definitions: Readonly<Record<string, Definition>> = {
  "cycles/dot-product": dotProduct,
  "cycles/gemm": gemm,
  "cycles/outer-product": outerProduct,
  "cycles/simple-dot-product": simpleDotProduct,
  "cycles/sum-square": sumSquare,
  "cycles/tpch-q6": tpchQ6,
};

const short = /^(SumSquare|SimpleDot|Dot|TPCHQ6|OuterProduct_0|GEMM_9|GEMM_13)/;

describe("at small sizes the longer programs mean what the interpreter says:", () => {
  const machine = machineOf("plasticine-20x20-ddr4");

  test.each([
    ["GDA", gda, { c: 20, r: 6, mp1: 2 }],
    ["Kmeans", kmeans, { k: 5, d: 20, n: 10, mp1: 2 }],
    ["MemReduceTest", memReduce, { d: 40, n: 10, op: 3 }],
    ["GEMM", gemm, { dim: 24, ts: 12, its: 8, loop_i: 3, loop_kk: 2, ip: 5 }],
  ] as const)("%s", (_name, definition, params) => {
    const program = definition.build(params);
    const inputs = generateInputs(program, 1);
    const prepared = prepareOn(machine, program);
    expect(differences(program, inputs, runOn(machine, prepared, program, inputs).outputs!, roundings(8))).toEqual([]);
  });
});

describe("Plasticine's own simulator and this one agree on", () => {
  const machine = machineOf("plasticine-20x20-ddr4");

  test.each(CYCLES_CASES.filter(({ name }) => short.test(name)).map((item) => [item.name, item] as const))("%s", (_name, { workload, set, figures }) => {
    const program = definitions[workload]!.build(Object.fromEntries(set.map((setting) => setting.split("="))));
    const inputs = generateInputs(program, 1);
    const prepared = prepareOn(machine, program);
    const counters = runOn(machine, prepared, program, inputs);
    const [figure] = figures;
    const found = figure!.of(reportOf(machine, program, prepared.mapping, counters), machine, dataBytes(program), null);
    expect(isWithin(figure!.expected, found)).toBe(true);
    expect(differences(program, inputs, counters.outputs!)).toEqual([]);
  });
});
