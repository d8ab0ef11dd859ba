import { describe, expect, test } from "vitest";
import { freshName, renameIndices, rewriteBodies, rewriteExpr, rewriter, substitute } from "../../src/compile/rewrite.ts";
import { bodiesOf } from "../../src/pattern/analysis.ts";
import { filter, hashBy, input, iterate, map, reduce, scan, sum } from "../../src/pattern/builder.ts";
import { visitNodes } from "../../src/pattern/nodes.ts";
import type { Expr, MapOperator, Operator } from "../../src/pattern/program.ts";
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

describe("rewriter", () => {
  test("changes what several expressions share once", () => {
    const shared = s.add(s.constant("i32", 1), s.constant("i32", 2));
    let changes = 0;
    const change = rewriter((node) => {
      changes++;
      return node.kind === "const" ? s.constant("i32", node.value + 1) : node;
    });
    const [a, b] = [change(s.neg(shared)), change(s.abs(shared))] as Extract<Expr, { kind: "op" }>[];
    expect(a!.args[0]).toBe(b!.args[0]);
    expect(changes).toBe(5);
  });
});

describe("rewriteBodies", () => {
  const operators = programOf(() => {
    const x = input("x", "i32", [4]);
    const y = map("y", [4], (i) => x.at(x.at(i)));
    const f = filter("f", [4], (i) => ({ when: s.gt(x.at(i), 0), fields: { v: x.at(i), w: i } }));
    const h = hashBy("h", [4], (i) => ({ key: x.at(i), when: s.lt(x.at(i), 3), fields: { n: sum(x.at(i)) } }), { bound: 4 });
    const { c } = iterate("it", 2, { c: y }, (carried) => ({ next: { c: map("next", [4], (i) => carried.c.at(i)) } }));
    return { c, f, h, z: scan("z", "add", [4], (i) => y.at(i)) };
  }).operators;
  const gather: Operator = { kind: "gather", name: "g", domain: [], tensor: "x", index: s.constant("i32", 1) };

  test.each([...operators, gather].map((operator) => [operator.kind, operator] as const))(
    "gives each body of a %s to the change, in the order of bodiesOf",
    (_kind, operator) => {
      const seen: Expr[] = [];
      const next = rewriteBodies(operator, (body) => {
        seen.push(body);
        return { ...body };
      });
      expect(seen).toEqual(bodiesOf(operator));
      expect(next).toEqual(operator);
      expect(next === operator).toBe(seen.length === 0);
      expect(rewriteBodies(operator, (body) => body)).toBe(operator);
    },
  );
});

describe("freshName", () => {
  test("is the first number that no tensor has, nor has a name under it", () => {
    expect(freshName("y", "g", 1, [])).toBe("y.g1");
    expect(freshName("y", "g", 1, [{ name: "y.g1" }, { name: "y.g2.size" }, { name: "y.g31" }])).toBe("y.g3");
  });
});

describe("indices", () => {
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
