/** What a deadlock says where the workload's code was bundled, and with which exit code it ends. */

import { expect, test } from "vitest";
import { type Trial, withoutBuffers } from "../../examples/deadlock.ts";
import { EXIT, failureOf } from "../../src/cli/failure.ts";
import { readMachine } from "../../src/cli/machines.ts";
import { loadWorkload } from "../../src/cli/workload.ts";
import { type DeadlockError, deepenFabric, type Fabric, type Program } from "../../src/index.ts";

const small = ["rows=8", "cols=512"].map((setting) => ({ path: setting.split("=")[0]!, value: setting.split("=")[1]!, label: `--set ${setting}` }));

/** With one copy of its stages. */
const single = (program: Program): Program => ({ ...program, schedule: { par: { "y.0": 1 } } });

/** The first trial, which deadlocks. */
function stuckIn(trials: readonly Trial[]): { readonly fabric: Fabric; readonly error: DeadlockError } {
  const [{ fabric, deadlock: error }] = trials as readonly [Trial];
  if (error === undefined) throw new Error("it runs");
  return { fabric, error };
}

test("names the lines as they were written, and ends with exit code 3", async () => {
  const { program, placeOf } = await loadWorkload("softmax", { settings: small });
  const { error } = stuckIn(withoutBuffers(single(program), readMachine("plasticine", []), ["y.e0"], placeOf));
  expect(error.message).toContain("pcu of operator e at workloads/softmax.ts:7:13");
  expect(error.message).toContain("pcu of operator sum at workloads/softmax.ts:8:15");
  const failure = failureOf(error);
  expect(failure.exitCode).toBe(EXIT.stopped);
  expect(failure.text).toMatch(/^weft: deadlock: section max\.\.y is in deadlock: nothing fires after cycle \d+/);
});

test("a fabric is deepened by what helps, and by nothing else", async () => {
  const { program } = await loadWorkload("softmax", { settings: small });
  const { error, fabric } = stuckIn(withoutBuffers(single(program), readMachine("plasticine", []), ["y.e0"]));
  const deepened = deepenFabric(fabric, error.deadlock);
  const depths = (one: Fabric): readonly number[] => one.sections.flatMap(({ channels }) => channels.map(({ depth }) => depth));
  expect(depths(deepened).filter((depth, c) => depth !== depths(fabric)[c])).toEqual([24]);
  expect(deepenFabric(fabric, { ...error.deadlock, cure: { kind: "unknown" } })).toBe(fabric);
});
