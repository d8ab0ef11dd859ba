import { describe, expect, test } from "vitest";
import { prune } from "../../src/compile/prune.ts";
import { count, filter, groupBy, input, iterate, map, reduce, scan, sum } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { linesOf, programOf } from "./support.ts";

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

  test("drops the fields of a filter that nobody reads, but the last one where only the size is asked for", () => {
    const kept = (fields: readonly ("v" | "w")[]) =>
      prune(
        programOf(() => {
          const x = input("x", "i32", [4]);
          const f = filter("f", [4], (i) => ({ when: s.gt(x.at(i), 0), fields: { v: x.at(i), w: i } }));
          const sums = fields.map((field) => map(`sum.${field}`, [], () => reduce("add", [f], (r) => f.at(r)[field])));
          return { size: f.size, ...Object.fromEntries(sums.map((handle) => [handle.tensor.name, handle])) };
        }),
      );
    expect(linesOf(kept(["w"]))[0]).toBe("for i < 4 where x[i] > 0: w = i");
    expect(linesOf(kept([]))[0]).toBe("for i < 4 where x[i] > 0: v = x[i]");
    expect(linesOf(kept(["v", "w"]))[0]).toBe("for i < 4 where x[i] > 0: v = x[i], w = i");
    expect(kept([]).tensors.map((tensor) => tensor.name)).toEqual(["x", "f.v", "f.size"]);
    expect(verifyProgram(kept([]))).toEqual([]);
  });

  /** Carries a, b and c; c needs b of the round before, d is computed and never used. */
  const rounds = (output: "a" | "c") =>
    programOf(() => {
      const x = input("x", "i32", [4]);
      const unused = scan("unused", "add", [4], (i) => x.at(i));
      const carried = iterate("it", 3, { a: x, b: x, c: unused }, ({ a, b, c }) => {
        map("d", [4], (i) => s.mul(a.at(i), 2));
        return {
          next: {
            a: map("nextA", [4], (i) => s.add(a.at(i), 1)),
            b: map("nextB", [4], (i) => s.add(b.at(i), 2)),
            c: map("nextC", [4], (i) => s.add(c.at(i), b.at(i))),
          },
        };
      });
      return { y: carried[output] };
    });

  test("drops carried tensors that nobody needs, and what only they need inside and outside", () => {
    const pruned = prune(rounds("a"));
    expect(pruned.tensors.map((tensor) => tensor.name)).toEqual(["x", "it.a", "nextA"]);
    expect(pruned.operators).toMatchObject([{ name: "it", carries: [{ to: "it.a" }], body: [{ name: "nextA" }] }]);
    expect(verifyProgram(pruned)).toEqual([]);
  });

  test("keeps the carried tensors that another one needs in the next round", () => {
    const pruned = prune(rounds("c"));
    expect(pruned.operators).toMatchObject([
      { name: "unused" },
      { name: "it", carries: [{ to: "it.b" }, { to: "it.c" }], body: [{ name: "nextB" }, { name: "nextC" }] },
    ]);
    expect(prune(pruned)).toBe(pruned);
  });

  test("leaves a lean program as it is", () => {
    const lean = programOf(() => ({ y: map("y", [4], (i) => i) }));
    expect(prune(lean)).toBe(lean);
  });
});
