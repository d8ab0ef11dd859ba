import { describe, expect, test } from "vitest";
import { type Body, bodyOf } from "../../src/compile/body.ts";
import { NO_KEY } from "../../src/fabric/nests.ts";
import { count, groupBy, input, map, reduce } from "../../src/pattern/builder.ts";
import type { GroupByOperator, MapOperator } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type Build, programOf } from "./support.ts";

const body = (build: Build): Body => bodyOf(programOf(build).operators[0] as MapOperator | GroupByOperator);

describe("bodyOf", () => {
  test("computes equal subexpressions once, and reads equal places once", () => {
    const { nodes, operands } = body(() => {
      const x = input("x", "f32", [9]);
      return { y: map("y", [7], (i) => s.mul(s.add(x.at(i), x.at(s.add(i, 2))), s.add(x.at(i), x.at(s.add(s.add(i, 1), 1))))) };
    });
    expect(nodes.map((node) => node.kind)).toEqual(["operand", "operand", "op", "op"]);
    expect(operands.map(({ at }) => at)).toEqual([[{ constant: 0, of: { "y.i0": 1 } }], [{ constant: 2, of: { "y.i0": 1 } }]]);
  });

  test("knows strides, backward steps, diagonals and cancelled indices", () => {
    const { operands } = body(() => {
      const x = input("x", "f32", [20, 20]);
      return { y: map("y", [5, 5], (i, j) => s.add(x.at(s.mul(i, 3), s.sub(9, j)), x.at(s.add(i, j), s.sub(s.add(i, 2), i)))) };
    });
    expect(operands.map(({ at }) => at)).toEqual([
      [
        { constant: 0, of: { "y.i0": 3 } },
        { constant: 9, of: { "y.i1": -1 } },
      ],
      [
        { constant: 0, of: { "y.i0": 1, "y.i1": 1 } },
        { constant: 2, of: {} },
      ],
    ]);
  });

  test("keeps constants apart that only look alike: 0 and -0, the infinities and NaN", () => {
    const { nodes } = body(() => ({
      y: map("y", [2], () => [-0, Infinity, -Infinity, Number.NaN, 1].map((v) => s.constant("f32", v)).reduce((a, b) => s.add(a, b), s.constant("f32", 0))),
    }));
    expect(nodes.filter((node) => node.kind === "const").map((node) => node.value)).toEqual([0, -0, Infinity, -Infinity, Number.NaN, 1]);
  });

  test("ends in the reduction of a fold", () => {
    const { nodes, results } = body(() => {
      const x = input("x", "bf16", [4, 5]);
      return { y: map("y", [4], (i) => reduce("add", [5], (k) => x.at(i, k))) };
    });
    expect(nodes[results[0]!]).toEqual({ kind: "reduce", dtype: "bf16", acc: "f32", fn: "add", arg: results[0]! - 1 });
  });

  test("gives a groupBy's key first, NO_KEY where the record takes no part, then the values", () => {
    const { nodes, results } = body(() => {
      const x = input("x", "i8", [4]);
      return groupBy("g", [4], (i) => ({ key: s.and(x.at(i), 1), keys: 2, when: s.gt(x.at(i), 0), fields: { n: count(), x: { fn: "max", value: x.at(i) } } }));
    });
    const [key, one, value] = results.map((id) => nodes[id]!);
    expect(key).toMatchObject({ kind: "op", op: "select", dtype: "i32" });
    expect(nodes[(key as { args: readonly number[] }).args[2]!]).toMatchObject({ value: NO_KEY });
    expect(nodes[(key as { args: readonly number[] }).args[1]!]).toMatchObject({ kind: "cast", dtype: "i32" });
    expect(one).toMatchObject({ kind: "const", value: 1 });
    expect(value).toMatchObject({ kind: "operand" });
  });

  test("leaves affine forms of indices to the counters, and all other arithmetic to the datapath", () => {
    const counted = body(() => ({ y: map("y", [4, 8], (i, j) => s.sub(s.add(s.mul(i, 8), s.mul(2, j)), 3)) }));
    expect(counted).toMatchObject({ nodes: [{ kind: "index", place: { constant: -3, of: { "y.i0": 8, "y.i1": 2 } } }], results: [0] });
    const computed = (f: (i: s.Scalar, j: s.Scalar) => s.Scalar) => body(() => ({ y: map("y", [4, 8], f) })).nodes.map(({ kind }) => kind);
    expect(computed((i, j) => s.mul(i, j))).toContain("op");
    expect(computed((i) => s.mul(i, 2 ** 21))).toContain("op");
    expect(computed((i) => s.mod(i, 3))).toContain("op");
  });

  test("takes no read at an index that is data: that is a gather's", () => {
    const gather: Build = () => {
      const x = input("x", "f32", [9]);
      const at = input("at", "i32", [5]);
      return { y: map("y", [5], (i) => x.at(at.at(i))) };
    };
    expect(() => body(gather)).toThrow('"y" reads "x" at an index that is not affine');
  });
});
