/** The shorter programs of `weft validate cycles`, each within the tolerance of its row; all others by the command. */

import { describe, expect, test } from "vitest";
import { CYCLES_CASES } from "../../src/cli/cycles.ts";
import { isWithin } from "../../src/cli/outcome.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import dotProduct from "../../workloads/cycles/dot-product.ts";
import gemm from "../../workloads/cycles/gemm.ts";
import outerProduct from "../../workloads/cycles/outer-product.ts";
import simpleDotProduct from "../../workloads/cycles/simple-dot-product.ts";
import sumSquare from "../../workloads/cycles/sum-square.ts";
import tpchQ6 from "../../workloads/cycles/tpch-q6.ts";
import { differences, machineOf, prepareOn, reportOf, runOn } from "../support/runs.ts";

const definitions: Readonly<Record<string, Definition>> = {
  "cycles/dot-product": dotProduct,
  "cycles/gemm": gemm,
  "cycles/outer-product": outerProduct,
  "cycles/simple-dot-product": simpleDotProduct,
  "cycles/sum-square": sumSquare,
  "cycles/tpch-q6": tpchQ6,
};

const short = /^(SumSquare|SimpleDot|Dot|TPCHQ6|OuterProduct_0|GEMM_9|GEMM_13)/;

describe("Plasticine's own simulator and this one agree on", () => {
  const machine = machineOf("plasticine-20x20-ddr4");

  test.each(CYCLES_CASES.filter(({ name }) => short.test(name)).map((item) => [item.name, item] as const))("%s", (_name, { workload, set, figures }) => {
    const program = definitions[workload]!.build(Object.fromEntries(set.map((setting) => setting.split("="))));
    const inputs = generateInputs(program, 1);
    const prepared = prepareOn(machine, program);
    const counters = runOn(machine, prepared, program, inputs);
    const [figure] = figures;
    expect(isWithin(figure!.expected, figure!.of(reportOf(machine, program, prepared.mapping, counters), machine))).toBe(true);
    expect(differences(program, inputs, counters.outputs!)).toEqual([]);
  });
});
