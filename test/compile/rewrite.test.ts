import { describe, expect, test } from "vitest";
import { freeIndices, renameIndices, rewriteExpr, substitute } from "../../src/compile/rewrite.ts";
import { input, map, reduce } from "../../src/pattern/builder.ts";
import { visitNodes } from "../../src/pattern/nodes.ts";
import type { Expr, MapOperator } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { compileOn, programOf, simdMachine } from "./support.ts";

const bodyOf = (index: number, build: Parameters<typeof programOf>[0]): Expr => (programOf(build).operators[index] as MapOperator).body;

const rowSum = bodyOf(0, () => {
  const x = input("x", "f32", [4, 5]);
  return {
    y: map("y", [4], (i) =>
      s.mul(
        s.cast("f32", i),
        reduce("add", [5], (k) => x.at(i, k)),
      ),
    ),
  };
});

/** v * v * v ..., 2 to the power of `depth` times, each product shared. */
const squared = (depth: number) => () => {
  const x = input("x", "f32", [20]);
  return {
    y: map("y", [20], (i) => {
      let value: Expr = x.at(i);
      for (let k = 0; k < depth; k++) value = s.mul(value, value);
      return value;
    }),
  };
};

describe("rewriteExpr", () => {
  test("gives the same object where nothing changes", () => {
    expect(rewriteExpr(rowSum, (node) => node)).toBe(rowSum);
    expect(substitute(rowSum, new Map([["other", s.constant("i32", 1)]]))).toBe(rowSum);
  });

  test("changes children before their parents, and leaves the original alone", () => {
    const before = structuredClone(rowSum);
    const kinds: string[] = [];
    const changed = rewriteExpr(rowSum, (node) => {
      kinds.push(node.kind);
      return node.kind === "read" ? s.constant("f32", 7) : node;
    });
    expect(kinds.indexOf("read")).toBeLessThan(kinds.indexOf("reduce"));
    expect(kinds.at(-1)).toBe("op");
    expect(JSON.stringify(changed)).toContain('"value":7');
    expect(rowSum).toEqual(before);
  });

  test("takes each node of a graph once, however many paths lead to it", () => {
    const deep = bodyOf(0, squared(60));
    let visits = 0;
    visitNodes([deep], () => visits++);
    expect(visits).toBe(62);
    const doubled = rewriteExpr(deep, (node) => (node.kind === "read" ? s.add(node, node) : node));
    visits = 0;
    visitNodes([doubled], () => visits++);
    expect(visits).toBe(63);
  });

  test("lets a body of 2^40 paths compile", () => {
    expect(compileOn(simdMachine, squared(40)).fabric.sections[0]!.units.filter((unit) => unit.kind === "pcu").length).toBeGreaterThanOrEqual(7);
  });
});

describe("indices", () => {
  test("are free unless a reduction inside binds them", () => {
    expect(freeIndices(rowSum)).toEqual(new Set(["y.i0"]));
    expect(freeIndices((rowSum as Extract<Expr, { kind: "op" }>).args[1]!)).toEqual(new Set(["y.i0"]));
  });

  test("get names of their new owner", () => {
    const { indices, by } = renameIndices(
      [
        { name: "a", extent: 3 },
        { name: "b", extent: 4 },
      ],
      "z",
      "r",
    );
    expect(indices).toEqual([
      { name: "z.r0", extent: 3 },
      { name: "z.r1", extent: 4 },
    ]);
    expect(by.get("b")).toEqual({ kind: "index", dtype: "i32", index: "z.r1" });
  });
});
