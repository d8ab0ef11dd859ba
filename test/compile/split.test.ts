import { describe, expect, test } from "vitest";
import { splitFold } from "../../src/compile/split.ts";
import { filter, input, iterate, map, reduce } from "../../src/pattern/builder.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

const product: Build = () => {
  const [a, b] = [input("a", "bf16", [4, 12]), input("b", "bf16", [12])];
  return { y: map("y", [4], (i) => reduce("add", [12], (k) => s.mul(a.at(i, k), b.at(k)))) };
};

function splitLines(build: Build, parts: number, operator = "y") {
  const program = splitFold(programOf(build), operator, parts);
  expect(verifyProgram(program)).toEqual([]);
  return linesOf(program);
}

describe("splitFold", () => {
  test("makes folds of equal parts, in the accumulator's dtype, and folds those", () => {
    const program = splitFold(programOf(product), "y", 3);
    expect(linesOf(program)).toEqual(["y.part[i, j] = sum(k < 4: f32(a[j, i * 4 + k]) * f32(b[i * 4 + k]))", "y[i] = sum(j < 3: y.part[j, i]) in f32"]);
    expect(program.tensors.at(-1)).toEqual({ name: "y.part", dtype: "f32", shape: [3, 4], tier: "auto" });
    expect(verifyProgram(program)).toEqual([]);
  });

  test("folds what does not fill a part apart, and rounds once", () => {
    expect(splitLines(product, 5)).toEqual([
      "y.part[i, j] = sum(k < 2: f32(a[j, i * 2 + k]) * f32(b[i * 2 + k]))",
      "y.total[i] = sum(j < 5: y.part[j, i])",
      "y.rest[i] = sum(j < 2: f32(a[i, 10 + j]) * f32(b[10 + j]))",
      "y[i] = bf16(y.total[i] + y.rest[i])",
    ]);
  });

  test("cuts the longest loop", () => {
    const volume: Build = () => {
      const x = input("x", "f32", [3, 8]);
      return { y: map("y", [], () => reduce("max", [3, 8], (i, j) => x.at(i, j))) };
    };
    expect(splitLines(volume, 2)).toEqual(["y.part[i] = max(j < 3, k < 4: x[j, i * 4 + k])", "y = max(i < 2: y.part[i])"]);
  });

  test("can cut a part again, and a fold inside an iterate", () => {
    const rounds: Build = () => {
      const x = input("x", "i32", [16]);
      const one = map("one", [], () => s.constant("i32", 1));
      return iterate("it", 2, { v: one }, ({ v }) => ({ next: { v: map("y", [], () => reduce("add", [16], (k) => s.mul(x.at(k), v))) } }));
    };
    const once = splitFold(programOf(rounds), "y", 4);
    const twice = splitFold(splitFold(once, "y.part", 2), "y", 2);
    expect(verifyProgram(twice)).toEqual([]);
    const inputs = { x: Int32Array.from({ length: 16 }, (_, i) => i) };
    expect(interpret(twice, inputs)["it.v"]).toEqual(interpret(programOf(rounds), inputs)["it.v"]);
  });

  test("lets a collection end in any part", () => {
    const build: Build = () => {
      const x = input("x", "i32", [9]);
      const f = filter("f", [9], (i) => ({ when: s.gt(x.at(i), 0), fields: { v: x.at(i) } }));
      return { y: map("y", [], () => reduce("mul", [f], (r) => f.at(r).v)) };
    };
    expect(splitLines(build, 3)).toContain("y.part[i] = product(j < 3: select(i * 3 + j < f.size, f.v[i * 3 + j], 1))");
    for (let records = 0; records <= 9; records++) {
      const inputs = { x: Int32Array.from({ length: 9 }, (_, i) => (i < records ? i + 2 : 0)) };
      expect(interpret(splitFold(programOf(build), "y", 4), inputs).y).toEqual(interpret(programOf(build), inputs).y);
    }
  });

  test("leaves a fold in one part, and refuses what it cannot cut", () => {
    const plain = programOf(product);
    expect(splitFold(plain, "y", 1)).toBe(plain);
    expect(() => splitFold(plain, "y", 13)).toThrow('"y" folds 12 elements, too few for 13 parts');
    expect(() => splitFold(plain, "z", 2)).toThrow('no operator "z"');
    expect(() =>
      splitFold(
        programOf(() => ({ y: map("y", [3], (i) => i) })),
        "y",
        2,
      ),
    ).toThrow('"y" is not one fold');
  });
});
