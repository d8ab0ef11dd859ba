import { describe, expect, it, test } from "vitest";
import { verifyFabric } from "../../src/fabric/verify.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import { type TilesShape, tablesTurned, tilesRead, withPmu } from "../support/banks.ts";
import type { Example } from "../support/examples.ts";
import { type Run, run } from "../support/fabrics.ts";

const machine = withPmu({});

const one: TilesShape = { tiles: 4, rows: 16, cols: 16, readers: ["rows"] };

const ticks = ({ fabric, inputs }: Example, options: Run = {}): number => run(fabric, inputs, { machine, values: false, ...options }).ticks;

const conflicts = (counters: RunCounters): number => counters.sections[0]!.units.find(({ id }) => id === "tile")!.bank_conflicts;

const conflictsOf = ({ fabric, inputs }: Example): number => conflicts(run(fabric, inputs, { machine, values: false }));

const cases: Readonly<Record<string, Example>> = {
  "two readers of one buffer": tilesRead({ ...one, readers: ["rows", "rows"] }),
  "three readers, some across the rows": tilesRead({ ...one, readers: ["rows", "columns", "columns"], lie: { strides: [17, 1] } }),
  "ragged columns in cyclic order": tilesRead({ ...one, rows: 20, readers: ["columns"] }),
  "ragged columns, hashed": tilesRead({ ...one, rows: 20, cols: 19, readers: ["columns", "rows"], lie: { banking: "hashed" } }),
  "rows in blocks": tilesRead({ ...one, cols: 24, readers: ["rows"], lie: { banking: "block" } }),
  "columns in a diagonal layout": tilesRead({ ...one, rows: 32, readers: ["columns"], lie: { banking: "diagonal" } }),
  "a table that is read while another is filled": tablesTurned(5, 70, 40),
};

describe.each(Object.entries(cases))("%s", (_name, { fabric, inputs, answers }) => {
  it("is a fabric that the machine takes", () => {
    expect(verifyFabric(fabric, machine)).toEqual([]);
  });

  it("computes the plain answer", () => {
    const { outputs } = run(fabric, inputs, { machine });
    for (const [name, answer] of Object.entries(answers)) expect(Array.from(outputs![name]!), name).toEqual(answer);
  });

  it("counts the same in the fast engine and in the oracle, with values and without", () => {
    const plain = (options: Run) => ({ ...run(fabric, inputs, { machine, ...options }), outputs: null, skipped: 0, periods: [], skippedIn: [] });
    const oracle = plain({ engine: "oracle" });
    expect(plain({ engine: "fast" })).toEqual(oracle);
    expect(plain({ engine: "fast", values: false })).toEqual(oracle);
  });
});

test("readers of one buffer share its read ports: two take twice as long as one, unless there are two ports", () => {
  const long = { ...one, reps: 400 };
  const alone = ticks(tilesRead(long));
  const shared = ticks(tilesRead({ ...long, readers: ["rows", "rows"] }));
  const apart = ticks(tilesRead({ ...long, readers: ["rows", "rows"] }), { machine: withPmu({ read_ports: 2 }) });
  expect(shared / alone).toBeGreaterThan(1.9);
  expect(shared / alone).toBeLessThan(2.05);
  expect(apart / alone).toBeLessThan(1.02);
});

test("a column takes as many turns as it has words in cyclic order, and one where rows are padded or lie diagonally", () => {
  const columns = (lie: TilesShape["lie"], ii = 1) => tilesRead({ ...one, reps: 40, readers: ["columns"], ii, ...(lie && { lie }) });
  const [packed, padded, diagonal] = [columns({}, 16), columns({ strides: [17, 1] }), columns({ banking: "diagonal" })];
  const rows = ticks(tilesRead({ ...one, reps: 40 }));
  expect([ticks(padded), ticks(diagonal)]).toEqual([rows, rows]);
  expect(ticks(packed) - rows).toBeGreaterThanOrEqual(15 * 4 * 40 * 16 * 0.99);
  const vectors = 4 * 40 * 16;
  expect([conflictsOf(padded), conflictsOf(diagonal), conflictsOf(packed)]).toEqual([0, 0, 15 * vectors]);
});

test("a vector at the edge takes the turns of the words that it has", () => {
  const { tiles, cols, reps } = { tiles: 3, cols: 16, reps: 5 };
  const ragged = tilesRead({ tiles, rows: 20, cols, readers: ["columns"], reps });
  // 16 words take 16 turns, the 4 that are left 4.
  expect(conflictsOf(ragged)).toBe(tiles * reps * cols * (15 + 3));
});

test("fast-forward skips what queues, and changes no counter", () => {
  const { fabric, inputs } = tilesRead({ ...one, tiles: 200, readers: ["rows", "columns"], lie: { strides: [17, 1] } });
  const skipping = run(fabric, inputs, { machine, values: false });
  expect(skipping.skipped).toBeGreaterThan(skipping.firings / 2);
  const oracle = run(fabric, inputs, { machine, values: false, engine: "oracle" });
  const counted = ({ ticks: end, sections }: RunCounters) => ({ end, sections });
  expect(counted(skipping)).toEqual(counted(oracle));
});
