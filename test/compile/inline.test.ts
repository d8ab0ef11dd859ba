import { describe, expect, test } from "vitest";
import { inlineElementwise } from "../../src/compile/inline.ts";
import { groupBy, input, map, reduce, sum } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

function inlined(build: Build) {
  const result = inlineElementwise(programOf(build));
  expect(verifyProgram(result.program)).toEqual([]);
  return { lines: linesOf(result.program), merged: result.merged };
}

/** t[i, j] = x[i, j] * 2, read as `reader` does. */
const doubled =
  (reader: (t: s.Handle, x: s.Handle) => ReturnType<Build>): Build =>
  () => {
    const x = input("x", "f32", [4, 5]);
    return reader(
      map("t", [4, 5], (i, j) => s.mul(x.at(i, j), 2)),
      x,
    );
  };

describe("inlineElementwise", () => {
  test("takes an elementwise operator into the reduction that reads each of its elements once", () => {
    const { lines, merged } = inlined(doubled((t) => ({ y: map("y", [4], (i) => reduce("add", [5], (k) => t.at(i, k))) })));
    expect(lines).toEqual(["y[i] = sum(j < 5: x[i, j] * 2)"]);
    expect(merged).toEqual({ y: ["t"] });
  });

  test("takes it in where the reader walks it in another order", () => {
    expect(inlined(doubled((t) => ({ y: map("y", [5, 4], (i, j) => s.add(t.at(j, i), 1)) }))).lines).toEqual(["y[i, j] = x[j, i] * 2 + 1"]);
  });

  test("takes a chain into its end, and says what was merged in program order", () => {
    const { lines, merged } = inlined(
      doubled((t) => {
        const u = map("u", [4, 5], (i, j) => s.neg(t.at(i, j)));
        return { y: map("y", [4, 5], (i, j) => s.exp(u.at(i, j))) };
      }),
    );
    expect(lines).toHaveLength(1);
    expect(merged).toEqual({ y: ["t", "u"] });
  });

  test("takes it into a groupBy", () => {
    const { merged } = inlined(doubled((t) => groupBy("g", [4, 5], (i, j) => ({ key: s.constant("i32", 0), keys: 1, fields: { sum: sum(t.at(i, j)) } }))));
    expect(merged).toEqual({ g: ["t"] });
  });

  const kept: Readonly<Record<string, Build>> = {
    "is an output": doubled((t) => ({ t, y: map("y", [4, 5], (i, j) => s.exp(t.at(i, j))) })),
    "has two readers": doubled((t) => ({ y: map("y", [4, 5], (i, j) => s.exp(t.at(i, j))), z: map("z", [4, 5], (i, j) => s.neg(t.at(i, j))) })),
    "is read at two places": doubled((t) => ({ y: map("y", [4, 4], (i, j) => s.add(t.at(i, j), t.at(i, s.add(j, 1)))) })),
    "is read more than once an element": doubled((t) => ({ y: map("y", [4, 5, 3], (i, j) => s.exp(t.at(i, j))) })),
    "is read in part": doubled((t) => ({ y: map("y", [4, 3], (i, j) => s.exp(t.at(i, j))) })),
    "is read at a diagonal": doubled((t) => ({ y: map("y", [4], (i) => s.exp(t.at(i, i))) })),
    "is read at a sum": doubled((t) => ({ y: map("y", [4, 4], (i, j) => s.exp(t.at(i, s.add(j, 1)))) })),
  };
  test.each(Object.entries(kept))("leaves an operator that %s", (_name, build) => {
    expect(inlined(build).lines.some((line) => line.startsWith("t["))).toBe(true);
    expect(inlined(build).merged).toEqual({});
  });

  test("leaves reductions", () => {
    const plain = programOf(() => {
      const x = input("x", "f32", [4, 5]);
      const t = map("t", [4], (i) => reduce("add", [5], (k) => x.at(i, k)));
      return { y: map("y", [4], (i) => s.neg(t.at(i))) };
    });
    expect(inlineElementwise(plain).program).toBe(plain);
  });
});
