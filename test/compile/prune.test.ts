import { describe, expect, test } from "vitest";
import { prune } from "../../src/compile/prune.ts";
import { count, groupBy, input, map, sum } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { programOf } from "./support.ts";

describe("prune", () => {
  test("drops what no output needs, with what only that needed, and keeps the inputs", () => {
    const pruned = prune(
      programOf(() => {
        const x = input("x", "f32", [4]);
        const w = input("w", "f32", [4]);
        const a = map("a", [4], (i) => s.add(x.at(i), 1));
        const b = map("b", [4], (i) => s.mul(a.at(i), w.at(i)));
        map("c", [4], (i) => s.neg(b.at(i)));
        return { y: map("y", [4], (i) => s.exp(a.at(i))) };
      }),
    );
    expect(pruned.operators.map((operator) => operator.name)).toEqual(["a", "y"]);
    expect(pruned.tensors.map((tensor) => tensor.name)).toEqual(["x", "w", "a", "y"]);
    expect(verifyProgram(pruned)).toEqual([]);
  });

  test("drops the fields of a groupBy that nobody reads", () => {
    const pruned = prune(
      programOf(() => {
        const x = input("x", "i32", [4]);
        const g = groupBy("g", [4], (i) => ({ key: i, keys: 4, fields: { n: count(), sum: sum(x.at(i)) } }));
        return { sum: g.sum };
      }),
    );
    expect(pruned.operators[0]).toMatchObject({ fields: [{ name: "sum" }] });
    expect(pruned.tensors.map((tensor) => tensor.name)).toEqual(["x", "g.sum"]);
    expect(verifyProgram(pruned)).toEqual([]);
  });

  test("leaves a lean program as it is", () => {
    const lean = programOf(() => ({ y: map("y", [4], (i) => i) }));
    expect(prune(lean)).toBe(lean);
  });
});
