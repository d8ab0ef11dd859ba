/** Programs on which a law once failed, shrunk: what failed stands in the test's name. */

import { describe, expect, test } from "vitest";
import { groupBy, hashBy, input, map, program, reduce, sum } from "../../src/pattern/builder.ts";
import { add, div, mul, sub } from "../../src/pattern/scalars.ts";
import { cook, type ProgramCase, wholeInputs } from "../support/programs.ts";
import { differences, machineOf, prepareOn, runOn } from "../support/runs.ts";

type Build = Parameters<typeof program>[2];

const caseOf = (build: Build): ProgramCase => {
  const built = program("p", {}, build).build();
  return { program: built, inputs: wholeInputs(built, 11) };
};

const found: Readonly<Record<string, ProgramCase>> = {
  "a loop inside a loop, each with an end by data, took another time without values": cook({
    rows: 1,
    cols: 1,
    dtype: "f64",
    steps: [
      { kind: "nested", a: 0, b: 0, operation: 5, inner: [] },
      { kind: "map", a: 0, b: 0, operation: 0, inner: [] },
    ],
    seed: 853,
  }),
  "a hash with its list of keys needed three outputs of a PMU that has one": caseOf(() => {
    const x = input("x", "i32", [40]);
    return { h: hashBy("h", [40], (i) => ({ key: mul(x.at(i), 1001), fields: { total: sum(i) } }), { bound: 16 }) };
  }),
  "rows too long for a tile of as many rows as lanes were refused": caseOf(() => {
    const x = input("x", "i32", [40, 5000]);
    const most = map("most", [40], (i) => reduce("max", [5000], (j) => x.at(i, j)));
    const half = map("half", [40], (i) => div(most.at(i), 2));
    const less = map("less", [40, 5000], (i, j) => sub(x.at(i, j), half.at(i)));
    const total = map("total", [40], (i) => reduce("add", [5000], (j) => less.at(i, j)));
    return { y: map("y", [40, 5000], (i, j) => add(less.at(i, j), total.at(i))) };
  }),
  "a table of more groups than a PMU has words was refused": caseOf(() => {
    const x = input("x", "i32", [300]);
    return groupBy("g", [300], (i) => ({ key: add(mul(i, 200), add(x.at(i), 3)), keys: 70_000, fields: { n: sum(i) } }));
  }),
};

describe.each(["plasticine", "sn10", "sn40l"])("on %s", (name) => {
  const machine = machineOf(name);
  test.each(Object.entries(found))("%s", (_what, { program: source, inputs }) => {
    const prepared = prepareOn(machine, source);
    const fast = runOn(machine, prepared, source, inputs);
    expect(differences(source, inputs, fast.outputs!)).toEqual([]);
    expect(runOn(machine, prepared, source, inputs, "fast", false)).toEqual({ ...fast, outputs: null });
    expect(runOn(machine, prepared, source, inputs, "oracle")).toEqual(fast);
  });
});
