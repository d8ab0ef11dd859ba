/** The printed form, pinned. Changed only on purpose. */

import { describe, expect, test } from "vitest";
import { add, and, cast, count, exp, filter, ge, groupBy, gt, input, iterate, le, lt, map, max, mul, neg, program, reduce, scan, select, sub, sum } from "weft";
import { printProgram } from "../../src/pattern/print.ts";

describe("a program is printed as its mathematics", () => {
  test("maps and reductions", () => {
    const built = program("layer", { rows: 4, dtype: "bf16" }, ({ rows, dtype }) => {
      const x = input("x", dtype, [rows, 8], { tier: "hbm" });
      const w = input("w", dtype, [8]);
      const dots = map("dots", [rows], (i) => reduce("add", [8], (k) => mul(x.at(i, k), w.at(k))));
      const top = map("top", [], () => reduce("max", [rows], (i) => dots.at(i)));
      return { y: map("y", [rows], (i) => exp(mul(sub(dots.at(i), top), sub(2, add(dots.at(i), neg(dots.at(i))))))) };
    }).build();
    expect(printProgram(built)).toBe(
      [
        "program layer(rows = 4, dtype = bf16)",
        "input x: bf16[4, 8] in hbm",
        "input w: bf16[8]",
        "dots: bf16[4]",
        "  dots[i] = sum(j < 8: f32(x[i, j]) * f32(w[j])) in f32",
        "top: bf16",
        "  top = max(i < 4: dots[i])",
        "y: bf16[4]",
        "  y[i] = exp((dots[i] - top) * (2 - (dots[i] + neg(dots[i]))))",
        "output y",
        "",
      ].join("\n"),
    );
  });

  test("shared parts by name, affine indices in place", () => {
    const built = program("shared", {}, () => {
      const x = input("x", "f32", [9]);
      return {
        y: map("y", [4], (i) => {
          const t = exp(x.at(add(mul(i, 2), 1)));
          const u = max(t, 0);
          return mul(add(t, u), u);
        }),
      };
    }).build();
    expect(printProgram(built).split("\n").slice(2, 6)).toEqual([
      "y: f32[4]",
      "  y[i] = (t1 + t2) * t2",
      "    where t1 = exp(x[i * 2 + 1])",
      "    where t2 = max(t1, 0)",
    ]);
  });

  test("records, groups, prefixes and loops", () => {
    const built = program("records", {}, () => {
      const x = input("x", "i32", [9]);
      const some = filter("some", [9], (i) => ({ when: and(gt(x.at(i), 0), le(x.at(i), 5)), fields: { v: x.at(i), at: i } }));
      const g = groupBy("g", [some], (i) => ({
        when: ge(some.at(i).at, 1),
        key: some.at(i).v,
        keys: 6,
        fields: { n: count(), s: sum(cast("bf16", some.at(i).v)) },
      }));
      const p = scan("p", "add", [9], (i) => x.at(i), { exclusive: true });
      const loop = iterate("loop", 3, { a: p }, ({ a }) => ({ next: { a: map("next", [9], (i) => select(lt(a.at(i), 9), add(a.at(i), 1), a.at(i))) } }));
      return { g, loop, some };
    }).build();
    expect(printProgram(built)).toBe(
      [
        "program records()",
        "input x: i32[9]",
        "some: up to 9 records",
        "  for i < 9 where x[i] > 0 and x[i] <= 5: v = x[i], at = i",
        "g: 6 groups",
        "  for i < some.size where some.at[i] >= 1 by some.v[i]:",
        "    n: i32 = sum(1)",
        "    s: bf16 = sum(bf16(some.v[i])) in f32",
        "p: i32[9], exclusive scan by sum in i32",
        "  p[i] = exclusive scan by sum in i32 of x[i]",
        "loop: 3 rounds (loop.round) of loop.a from p, then next",
        "  next: i32[9]",
        "    next[i] = select(loop.a[i] < 9, loop.a[i] + 1, loop.a[i])",
        "output g.n, g.s, loop.a, some.size, some.v, some.at",
        "",
      ].join("\n"),
    );
  });
});
