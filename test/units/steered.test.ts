import { describe, expect, it } from "vitest";
import { verifyFabric } from "../../src/fabric/verify.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import type { Example } from "../support/examples.ts";
import { run, tinyMachine } from "../support/fabrics.ts";
import { appending, fetching, gathering, hashing, sharding } from "../support/indirect-examples.ts";

/** Sizes that end in part of a vector, in one vector, and in less than one. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  gather: [gathering(200, 37), gathering(16, 400), gathering(3, 1)],
  fetch: [fetching(200, 3000), fetching(16, 5), fetching(3, 1)],
  append: [appending(333), appending(16, 40), appending(3)],
  hash: [hashing(300, 60, 64), hashing(16, 20, 32), hashing(3, 3, 4)],
  shard: [sharding(300, 100, 3), sharding(16, 40, 2), sharding(3, 3, 3)],
};

const cases = Object.entries(examples).flatMap(([kind, list]) => list.map((example, i) => [`${kind} ${i}`, example] as const));

/** Times and counts without values. */
function timesOf({ outputs: _, ...rest }: RunCounters): Omit<RunCounters, "outputs"> {
  return rest;
}

describe.each(cases)("%s", (_name, { fabric, inputs, answers }) => {
  it("keeps the machine's limits", () => {
    expect(verifyFabric(fabric, tinyMachine)).toEqual([]);
  });

  it("gives the plain answer", () => {
    const { outputs } = run(fabric, inputs);
    for (const [name, answer] of Object.entries(answers)) expect(Array.from(outputs![name]!)).toEqual(answer);
  });

  it("runs alike in both engines", () => {
    expect(run(fabric, inputs, { engine: "oracle" })).toEqual(run(fabric, inputs));
  });

  it("takes the same time, bursts and accesses when only times are asked for", () => {
    const [seen, blind] = [run(fabric, inputs), run(fabric, inputs, { values: false })];
    expect(blind.outputs).toBeNull();
    expect(timesOf(blind)).toEqual(timesOf(seen));
  });
});

describe("what data steers", () => {
  it("costs a fetch a burst for each element that lies alone, and next to nothing where they lie together", () => {
    const bytes = (example: Example) => run(example.fabric, example.inputs).sections[0]!.tiers.ddr!.read_bytes;
    const [wide, narrow] = [fetching(200, 3000), fetching(200, 16)];
    expect(bytes(narrow)).toBe(13 * 64 + 64);
    expect(bytes(wide)).toBeGreaterThan(10 * bytes(narrow));
  });

  it("costs an append the bursts of its records, not of its bound", () => {
    const { fabric, inputs, answers } = appending(333);
    const records = answers.size![0]!;
    expect(run(fabric, inputs).sections[0]!.tiers.ddr!.write_bytes).toBe(64 * Math.ceil((4 * records) / 64) + 64);
  });

  it.each([
    ['"op" reads element 9 of "t", expected 0 to 8', fetching(40, 9)],
    ['"op" reads element 9 of "table", expected 0 to 8', gathering(40, 9)],
  ])("ends a run where an index is outside, whether values are asked for or not: %s", (message, { fabric, inputs }) => {
    const wrong = { ...inputs, index: Int32Array.from(inputs.index!, (index, at) => (at === 30 ? 9 : index)) };
    for (const values of [true, false]) expect(() => run(fabric, wrong, { values })).toThrow(message);
  });

  it("ends a run with more records than there is room for, whether values are asked for or not", () => {
    const { fabric, inputs, answers } = appending(100, 60);
    expect(answers.size![0]).toBeGreaterThan(60);
    for (const values of [true, false]) expect(() => run(fabric, inputs, { values })).toThrow('"op" makes more records than its bound of 60');
  });

  it("ends a run where a key is beyond the whole table, whether values are asked for or not", () => {
    const { fabric, inputs } = sharding(100, 50, 2);
    const wrong = { key: inputs.key!.map((key, at) => (at === 70 ? 50 : key)) };
    for (const values of [true, false]) expect(() => run(fabric, wrong, { values })).toThrow('"op" meets the key 50, expected 0 to 49');
  });

  it("costs a shard the accesses of its own keys only", () => {
    const { fabric, inputs } = sharding(300, 100, 3);
    const own = (first: number, end: number): number => inputs.key!.filter((key) => key >= first && key < end).length;
    const units = run(fabric, inputs).sections[0]!.units.filter(({ kind }) => kind === "pmu");
    expect(units.map((unit) => unit.sram_write_bytes)).toEqual([4 * own(0, 34), 4 * own(34, 68), 4 * own(68, 100)]);
  });
});
