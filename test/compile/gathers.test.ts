import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { liftGathers } from "../../src/compile/gathers.ts";
import { prune } from "../../src/compile/prune.ts";
import { filter, groupBy, hashBy, input, iterate, map, reduce, scan, sum } from "../../src/pattern/builder.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Program, TensorValues } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf, refusal } from "./support.ts";

/** Lines of what comes out, for a program over x [8], m [8, 5], and indices idx [8]. */
function lifted(build: (x: s.Handle, m: s.Handle, idx: s.Handle) => ReturnType<Build>) {
  const program = liftGathers(prune(programOf(() => build(input("x", "f32", [8]), input("m", "f32", [8, 5]), input("idx", "i32", [8])))));
  expect(verifyProgram(program)).toEqual([]);
  expect(liftGathers(program)).toBe(program);
  return linesOf(program).filter((line) => !/^\S+: /.test(line));
}

describe("liftGathers", () => {
  test("puts a gather in front of its reader", () => {
    expect(lifted((x, _m, idx) => ({ y: map("y", [8], (i) => s.mul(x.at(idx.at(i)), 2)) }))).toEqual(["y.g1[i] = element idx[i] of x", "y[i] = y.g1[i] * 2"]);
  });

  test("makes a map that is nothing but a gather one", () => {
    expect(lifted((x, _m, idx) => ({ y: map("y", [8], (i) => x.at(idx.at(i))) }))).toEqual(["y[i] = element idx[i] of x"]);
    expect(lifted((x, _m, idx) => ({ y: map("y", [8, 3], (i) => x.at(idx.at(i))) }))).toEqual(["y.g1[i] = element idx[i] of x", "y[i, j] = y.g1[i]"]);
  });

  test("ranges over just the loops that the index uses, those of a reduction included", () => {
    expect(lifted((x, _m, idx) => ({ y: map("y", [8, 4], (_i, j) => reduce("add", [3], (k) => x.at(idx.at(s.add(j, k))))) }))).toEqual([
      "y.g1[i, j] = element idx[i + j] of x",
      "y[i, j] = sum(k < 3: y.g1[j, k])",
    ]);
  });

  test("lifts what is gathered to make an index first", () => {
    expect(lifted((x, _m, idx) => ({ y: map("y", [8], (i) => x.at(idx.at(idx.at(i)))) }))).toEqual([
      "y.g1[i] = element idx[i] of idx",
      "y[i] = element y.g1[i] of x",
    ]);
  });

  test("lifts equal gathers once, however they are written", () => {
    expect(lifted((x, _m, idx) => ({ y: map("y", [8], (i) => s.add(x.at(idx.at(i)), s.exp(x.at(idx.at(i))))) }))).toHaveLength(2);
    const grouped = lifted((x, _m, idx) =>
      groupBy("g", [8], (i) => ({ key: s.cast("i32", x.at(idx.at(i))), keys: 9, when: s.gt(x.at(idx.at(i)), 0), fields: { t: sum(x.at(idx.at(i))) } })),
    );
    expect(grouped.filter((line) => line.includes("element"))).toHaveLength(1);
  });

  test("numbers the elements of a matrix, and lets no dimension make up for another", () => {
    expect(lifted((_x, m, idx) => ({ y: map("y", [8, 5], (i, k) => m.at(idx.at(i), k)) }))).toEqual([
      "y[i, j] = element select(idx[i] >= 0 and idx[i] < 8, idx[i] * 5 + j, -1) of m",
    ]);
  });

  test("asks for no more than what is not sure", () => {
    expect(lifted((_x, m, idx) => ({ y: map("y", [8], (i) => m.at(s.max(idx.at(i), 0), s.mod(i, 5))) }))).toEqual([
      "y[i] = element select(t1 < 8, t1 * 5 + i mod 5, -1) of m",
      "where t1 = max(idx[i], 0)",
    ]);
    expect(lifted((_x, m) => ({ y: map("y", [8], (i) => m.at(s.div(i, 2), s.min(i, 4))) }))).toEqual(["y[i] = element i / 2 * 5 + min(i, 4) of m"]);
  });

  test("keeps the size of a collection, and the number of a round", () => {
    const lines = lifted((x, _m, idx) => {
      const f = filter("f", [8], (i) => ({ when: s.gt(idx.at(i), 0), fields: { v: idx.at(i) } }));
      const { c } = iterate("it", 3, { c: x }, (carried, round) => ({ next: { c: map("next", [8], (i) => carried.c.at(s.mod(s.add(i, round), 8))) } }));
      return { c, y: map("y", [], () => reduce("add", [f], (r) => x.at(f.at(r).v))) };
    });
    expect(lines).toContain("y.g1[i] = element f.v[i] of x");
    expect(lines).toContain("y = sum(i < f.size: y.g1[i])");
    expect(lines).toContain("next[i] = element (i + it.round) mod 8 of it.c");
  });

  test("knows that the number of a round stays inside too", () => {
    const lines = lifted((_x, m, idx) => {
      const one = map("one", [], () => s.constant("f32", 1));
      return iterate("it", 5, { c: one }, ({ c }, round) => ({ next: { c: map("next", [], () => s.add(c, m.at(s.mod(s.abs(idx.at(3)), 8), round))) } }));
    });
    expect(lines).toContain("next.g1 = element select(t1 >= 0, t1 * 5 + it.round, -1) of m");
  });

  test("lifts out of scans, filters and hashes", () => {
    const lines = lifted((x, _m, idx) => ({
      a: scan("a", "add", [8], (i) => x.at(idx.at(i))),
      b: filter("b", [8], (i) => ({ when: s.gt(x.at(idx.at(i)), 0), fields: { v: x.at(idx.at(i)) } })),
      c: hashBy("c", [8], (i) => ({ key: idx.at(idx.at(i)), fields: { n: sum(i) } }), { bound: 8 }).fields.n,
    }));
    expect(lines.filter((line) => line.includes("element"))).toEqual([
      "a.g1[i] = element idx[i] of x",
      "b.g1[i] = element idx[i] of x",
      "c.entry.g1[i] = element idx[i] of idx",
    ]);
  });

  test("leaves affine and padded reads as they are", () => {
    const plain = programOf(() => {
      const x = input("x", "f32", [8]);
      return { y: map("y", [8], (i) => s.add(x.at(s.sub(7, i)), x.padded(s.sub(i, 1)))) };
    });
    expect(liftGathers(plain)).toBe(plain);
  });

  test("refuses a table whose elements an i32 cannot number", () => {
    const build: Build = () => {
      const [m, idx] = [input("m", "i8", [2 ** 16, 2 ** 16]), input("idx", "i32", [8])];
      return { y: map("y", [8], (i) => m.at(idx.at(i), 0)) };
    };
    expect(refusal(() => liftGathers(programOf(build)))).toMatch(/gathers from "m", whose 4294967296 elements an i32 cannot number/);
  });

  test("reads the same element or fails, wherever data points", () => {
    const program = programOf(() => {
      const m = input("m", "i32", [4, 6, 2]);
      const [a, b, c] = [input("a", "i32", [1]), input("b", "i32", [1]), input("c", "i32", [1])];
      return { y: map("y", [1], (i) => m.at(a.at(i), b.at(i), c.at(i))) };
    });
    const after = liftGathers(program);
    const near = fc.oneof(fc.integer({ min: -1, max: 6 }), fc.constantFrom(2 ** 30, -(2 ** 30), 2 ** 29, 2 ** 31 - 1, -(2 ** 31)));
    fc.assert(
      fc.property(near, near, near, (a, b, c) => {
        const inputs = { m: Int32Array.from({ length: 48 }, (_, i) => i), a: Int32Array.of(a), b: Int32Array.of(b), c: Int32Array.of(c) };
        expect(resultOf(after, inputs)).toBe(resultOf(program, inputs));
      }),
      { numRuns: 500 },
    );
  });
});

function resultOf(program: Program, inputs: TensorValues): number | string {
  try {
    return interpret(program, inputs).y![0]!;
  } catch {
    return "outside";
  }
}
