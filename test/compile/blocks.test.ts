import { describe, expect, test } from "vitest";
import { allOperators, allWritesOf, blockOf, mapBlocks } from "../../src/compile/blocks.ts";
import { input, iterate, map } from "../../src/pattern/builder.ts";
import type { IterateOperator } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { programOf } from "./support.ts";

/** Two rounds of three rounds. */
const nested = programOf(() => {
  const x = input("x", "i32", [4]);
  const { v } = iterate("outer", 2, { v: x }, (carried, round) => {
    const { w } = iterate("inner", 3, { w: carried.v }, (own, own2) => ({ next: { w: map("step", [4], (i) => s.add(own.w.at(i), s.mul(round, own2))) } }));
    const done = map("done", [], () => s.gt(w.at(0), 9));
    return { next: { v: w }, until: done };
  });
  return { y: map("y", [4], (i) => v.at(i)) };
});

describe("mapBlocks", () => {
  test("visits the program and the body of each iterate, outermost first, with the rounds around it", () => {
    const seen: unknown[] = [];
    const result = mapBlocks(nested, (block, rounds) => {
      seen.push([block.operators.map(({ name }) => name), rounds.map(({ name, extent }) => `${name} < ${extent}`)]);
      return block;
    });
    expect(seen).toEqual([
      [["outer", "y"], []],
      [["inner", "done"], ["outer.round < 2"]],
      [["step"], ["outer.round < 2", "inner.round < 3"]],
    ]);
    expect(result).toBe(nested);
  });

  test("puts what a pass makes of a body, and its tensors, into the program", () => {
    const result = mapBlocks(nested, (block) => {
      const found = block.operators.findIndex(({ name }) => name === "step");
      if (found < 0) return block;
      const zero = { kind: "map", name: "zero", domain: [], body: s.constant("i32", 0) } as const;
      return { ...block, operators: [zero, ...block.operators], tensors: [...block.tensors, { name: "zero", dtype: "i32", shape: [], tier: "auto" }] };
    });
    expect(allOperators(result.operators).map(({ name }) => name)).toEqual(["outer", "inner", "zero", "step", "done", "y"]);
    expect(result.tensors.at(-1)!.name).toBe("zero");
    expect(result.inputs).toEqual(["x"]);
    expect(result.outputs).toEqual({ y: "y" });
  });
});

describe("blockOf", () => {
  test("takes from outside what it does not write, and leaves what the next round and the end of the loop need", () => {
    const outer = nested.operators[0] as IterateOperator;
    const block = blockOf(outer, nested);
    expect(block.inputs).toEqual(["x", "outer.v", "y"]);
    expect(block.outputs).toEqual({ "inner.w": "inner.w", done: "done" });
    expect(allWritesOf(outer)).toEqual(["outer.v", "inner.w", "step", "done"]);
  });
});
