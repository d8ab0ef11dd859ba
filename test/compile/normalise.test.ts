import { describe, expect, test } from "vitest";
import { normalise } from "../../src/compile/normalise.ts";
import { prune } from "../../src/compile/prune.ts";
import { filter, groupBy, hashBy, input, iterate, map, reduce, scan, sum } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

function normal(build: Build) {
  const program = normalise(prune(programOf(build)));
  expect(verifyProgram(program)).toEqual([]);
  return linesOf(program);
}

describe("normalise", () => {
  test("lifts a reduction out of a larger body, over just the indices it depends on", () => {
    expect(
      normal(() => {
        const x = input("x", "f32", [4, 5]);
        const b = input("b", "f32", [4]);
        return {
          y: map("y", [4, 6], (i, j) =>
            s.sub(
              b.at(i),
              s.mul(
                s.cast("f32", j),
                reduce("add", [5], (k) => x.at(i, k)),
              ),
            ),
          ),
        };
      }),
    ).toEqual(["y.1[i] = sum(j < 5: x[i, j])", "y[i, j] = b[i] - f32(j) * y.1[i]"]);
  });

  test("lifts a reduction that depends on nothing into one scalar", () => {
    expect(
      normal(() => {
        const x = input("x", "f32", [5]);
        return {
          y: map("y", [5], (i) =>
            s.div(
              x.at(i),
              reduce("add", [5], (k) => x.at(k)),
            ),
          ),
        };
      }),
    ).toEqual(["y.1 = sum(i < 5: x[i])", "y[i] = x[i] / y.1"]);
  });

  test("lifts a reduction inside another, and keeps the outer where it is the whole body", () => {
    expect(
      normal(() => {
        const x = input("x", "f32", [4, 5, 6]);
        return { y: map("y", [4], (i) => reduce("max", [5], (j) => reduce("add", [6], (k) => x.at(i, j, k)))) };
      }),
    ).toEqual(["y.1[i, j] = sum(k < 6: x[i, j, k])", "y[i] = max(j < 5: y.1[i, j])"]);
  });

  test("lifts a shared reduction once", () => {
    expect(
      normal(() => {
        const x = input("x", "f32", [4, 5]);
        return {
          y: map("y", [4], (i) => {
            const most = reduce("max", [5], (k) => x.at(i, k));
            return s.mul(most, s.exp(most));
          }),
        };
      }),
    ).toHaveLength(2);
  });

  test("lifts out of keys, conditions and values of a groupBy", () => {
    const lines = normal(() => {
      const x = input("x", "i32", [4, 5]);
      const total = (i: s.Scalar) => reduce("add", [5], (k) => x.at(i, k));
      return groupBy("g", [4], (i) => ({ key: s.mod(s.abs(total(i)), 3), keys: 3, when: s.gt(total(i), 0), fields: { sum: sum(s.mul(total(i), 2)) } }));
    });
    expect(lines.filter((line) => line.startsWith("g."))).toHaveLength(3);
  });

  const total = (x: s.Handle, i: s.Scalar) => reduce("add", [5], (k) => x.at(i, k));

  test("lifts out of scans, filters and hashes, even where the reduction is the whole body", () => {
    const lines = normal(() => {
      const x = input("x", "i32", [4, 5]);
      const f = filter("f", [4], (i) => ({ when: s.gt(total(x, i), 0), fields: { v: i } }));
      const h = hashBy("h", [4], (i) => ({ key: total(x, i), fields: { n: sum(i) } }), { bound: 4 }).fields.n;
      return { y: scan("y", "max", [4], (i) => total(x, i)), f, h };
    });
    expect(lines.filter((line) => line.includes("sum(j < 5: x[i, j])"))).toEqual(["f", "h.entry", "y"].map((name) => `${name}.1[i] = sum(j < 5: x[i, j])`));
    expect(lines).toContain("y[i] = scan by max in i32 of y.1[i]");
    expect(lines).toContain("for i < 4 where f.1[i] > 0: v = i");
    expect(lines).toContain("h.entry[i] = number of h.entry.1[i] among 4 keys");
  });

  test("lifts out of an index", () => {
    expect(
      normal(() => {
        const x = input("x", "i32", [4, 5]);
        return { y: map("y", [4], (i) => x.at(i, s.mod(s.abs(total(x, i)), 5))) };
      }),
    ).toEqual(["y.1[i] = sum(j < 5: x[i, j])", "y[i] = x[i, abs(y.1[i]) mod 5]"]);
  });

  test("lifts over a collection's records, and inside the rounds of an iterate, whose number stays what it is", () => {
    const lines = normal(() => {
      const x = input("x", "i32", [4, 5]);
      const f = filter("f", [4], (i) => ({ when: s.gt(x.at(i, 0), 0), fields: { v: i } }));
      const one = map("one", [], () => s.constant("i32", 1));
      const { v } = iterate("it", 3, { v: one }, (carried, round) => ({
        next: {
          v: map("next", [], () =>
            s.add(
              carried.v,
              reduce("add", [f], (r) => s.mul(f.at(r).v, round)),
            ),
          ),
        },
      }));
      return {
        v,
        z: map("z", [f], (r) =>
          s.sub(
            f.at(r).v,
            reduce("max", [f], (k) => s.add(f.at(k).v, r)),
          ),
        ),
      };
    });
    expect(lines).toContain("next.1 = sum(i < f.size: f.v[i] * it.round)");
    expect(lines).toContain("next = it.v + next.1");
    expect(lines).toContain("z.1[i] = max(j < f.size: f.v[j] + i)");
  });

  test("takes another name where a tensor already has the one it would give", () => {
    expect(
      normal(() => {
        const x = input("y.1", "f32", [4]);
        return {
          y: map("y", [4], (i) =>
            s.sub(
              x.at(i),
              reduce("max", [4], (k) => x.at(k)),
            ),
          ),
        };
      }),
    ).toEqual(["y.2 = max(i < 4: y.1[i])", "y[i] = y.1[i] - y.2"]);
  });

  test("leaves a normal program as it is", () => {
    const plain = programOf(() => {
      const x = input("x", "f32", [4, 5]);
      return { y: map("y", [4], (i) => reduce("add", [5], (k) => x.at(i, k))) };
    });
    expect(normalise(plain)).toBe(plain);
  });
});
