/** Programs that deadlock: what is said of each (test/golden/deadlock/), and that the change that is proposed cures it. */

import { describe, expect, it } from "vitest";
import { DeadlockError, deepenFabric, type Fabric, generateInputs, mapFabric, simulate, warnOfBuffers } from "weft";
import { withoutBuffers } from "../../examples/deadlock.ts";
import type { Program } from "../../src/pattern/program.ts";
import layernorm from "../../workloads/layernorm.ts";
import softmax from "../../workloads/softmax.ts";
import { root } from "../support/cli.ts";
import { type Stuck, stuckFabrics } from "../support/deadlocks.ts";
import { machineOf } from "../support/runs.ts";

const golden = (name: string): string => `../golden/deadlock/${name}.txt`;

/** What was said before the run, and what after it. */
const page = (foreseen: readonly string[], { message }: DeadlockError): string =>
  [...foreseen.map((line) => `foreseen: ${line}`), message, ""].join("\n").replaceAll(root, "");

function attempt({ program, machine }: Stuck, fabric: Fabric, engine: "fast" | "oracle" = "fast"): DeadlockError | number {
  try {
    return simulate(mapFabric(fabric, machine, { seed: 1 }), machine, { program, inputs: generateInputs(program, 1), values: false, engine }).ticks;
  } catch (error) {
    if (error instanceof DeadlockError) return error;
    throw error;
  }
}

describe("a fabric that deadlocks", () => {
  it.each(Object.entries(stuckFabrics))("%s", async (name, make) => {
    const stuck = make();
    const error = attempt(stuck, stuck.fabric) as DeadlockError;
    expect(error).toBeInstanceOf(DeadlockError);
    expect(attempt(stuck, stuck.fabric, "oracle")).toEqual(error);
    const { cure } = error.deadlock;
    const mended = stuck.mended ?? deepenFabric(stuck.fabric, error.deadlock);
    expect(cure.kind === "deeper").toBe(stuck.mended === undefined);
    const ticks = attempt(stuck, mended);
    expect(ticks).toBeTypeOf("number");
    if (cure.kind === "deeper") expect(cure.ends).toBe(ticks);
    const foreseen = warnOfBuffers(mapFabric(stuck.fabric, stuck.machine, { seed: 1 }), stuck.machine);
    expect(foreseen.length > 0).toBe(cure.kind !== "counts");
    expect(warnOfBuffers(mapFabric(mended, stuck.machine, { seed: 1 }), stuck.machine)).toEqual([]);
    await expect(page(foreseen, error)).toMatchFileSnapshot(golden(name));
  });
});

/** With one copy of its stages. */
const single = (program: Program, loop: string): Program => ({ ...program, schedule: { par: { [loop]: 1 } } });

describe("a compiled program without some of its tile buffers", () => {
  const cases = {
    "softmax-without-a-buffer": [single(softmax.build({ rows: 8, cols: 512 }), "y.0"), ["y.e0"]],
    "softmax-without-buffers": [single(softmax.build({ rows: 8, cols: 512 }), "y.0"), ["e.x0", "y.e0"]],
    "layernorm-without-a-buffer": [single(layernorm.build({ rows: 8, cols: 512 }), "y.0"), ["y.centred0"]],
  } as const;

  it.each(Object.entries(cases))("%s", async (name, [program, pmus]) => {
    const [first, second] = withoutBuffers(program, machineOf("plasticine"), pmus);
    expect(second?.counters?.ticks).toBeGreaterThan(0);
    const cure = first!.deadlock!.deadlock.cure;
    expect(cure).toMatchObject({ kind: "deeper", ends: second!.counters!.ticks });
    const foreseen = (trial: typeof first): readonly string[] =>
      warnOfBuffers(mapFabric(trial!.fabric, machineOf("plasticine"), { seed: 1 }), machineOf("plasticine"));
    expect(foreseen(second)).toEqual([]);
    await expect(page(foreseen(first), first!.deadlock!)).toMatchFileSnapshot(golden(name));
  });
});
