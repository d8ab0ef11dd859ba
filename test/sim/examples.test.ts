import { describe, expect, it } from "vitest";
import { centreRows, dot, type Example, elementwise, groupBy, systolicGemm } from "../support/examples.ts";
import { run } from "../support/fabrics.ts";

const examples: Readonly<Record<string, () => Example>> = {
  "elementwise, one element": () => elementwise(1),
  "elementwise, a ragged tail": () => elementwise(1003),
  "dot, one pair": () => dot(1),
  "dot, a prime length": () => dot(997),
  "rows centred through a PMU": () => centreRows(7, 37),
  "rows centred, three buffers": () => centreRows(11, 64, 3),
  "systolic gemm, whole tiles": () => systolicGemm(8, 32, 16),
  "systolic gemm, ragged everywhere": () => systolicGemm(7, 21, 19),
  "group by, conflicting keys": () => groupBy(500, 7),
  "group by, more keys than banks": () => groupBy(301, 40),
};

describe.each(Object.entries(examples))("%s", (_name, example) => {
  it("computes the plain answer", () => {
    const { fabric, inputs, answers } = example();
    const { outputs } = run(fabric, inputs);
    for (const [name, answer] of Object.entries(answers)) expect(Array.from(outputs![name]!), name).toEqual(answer);
  });

  it("counts the same in the fast engine and in the oracle", () => {
    const { fabric, inputs } = example();
    expect(run(fabric, inputs, { engine: "fast" })).toEqual(run(fabric, inputs, { engine: "oracle" }));
  });

  it("takes the same time without values", () => {
    const { fabric, inputs } = example();
    const timed = run(fabric, inputs, { values: false });
    expect(timed.outputs).toBeNull();
    expect({ ...timed, outputs: null }).toEqual({ ...run(fabric, inputs), outputs: null });
  });
});
