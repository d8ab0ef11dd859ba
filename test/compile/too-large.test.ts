/** Programs that cannot fit: the refusal names the tensor or the operator, what it needs, what there is, and a way out. */

import { expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { compile } from "../../src/compile/index.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { workloads } from "../../workloads/index.ts";
import { machineOf } from "../support/runs.ts";

type Params = Readonly<Record<string, number | string>>;

const plasticine = machineOf("plasticine");
const { pcu, pmu, ag } = plasticine;

const cases: readonly (readonly [workload: string, params: Params, change: Partial<Machine>, refusal: string])[] = [
  ["gemm", { m: 100_000, n: 100_000, k: 100_000 }, {}, 'tensor "a" needs 40000000000 bytes; plasticine has no hbm, 34359738368 bytes free in ddr'],
  ["softmax", { cols: 10_000_000 }, {}, 'tensor "x" needs 163840000000 bytes; plasticine has no hbm, 34359738368 bytes free in ddr'],
  [
    "hashjoin",
    {},
    { pmu: { ...pmu, bytes: 4096 } },
    '"place.entry" does not fit plasticine: the hash table of "place.entry" needs 201376 bytes of a PMU\'s 4096',
  ],
  ["fft", {}, { pcu: { ...pcu, count: 2 } }, '"nextRe" does not fit plasticine: needs 5 PCUs of 2'],
  ["mergesort", {}, { ag: { ...ag, count: 1 } }, '"filled" does not fit plasticine: needs 2 AGs of 1'],
  ["blackscholes", {}, { pcu: { ...pcu, stages: 1 } }, 'one operation of "price" does not fit a PCU: it needs 4 stages of 1'],
  ["blackscholes", {}, { pcu: { ...pcu, vector_in: 1 } }, 'one operation of "price" does not fit a PCU: it needs 2 vector inputs of 1'],
];

test.each(cases)("%s %o", (name, params, change, refusal) => {
  const program = workloads.find((one) => one.name === name)!.build(params);
  const refused = (): unknown => compile(program, { ...plasticine, ...change }, { style: "spatial" });
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(refusal);
  try {
    refused();
  } catch (error) {
    expect((error as UserError).faults[0]!.hint).toMatch(/smaller|larger|split/);
  }
});
