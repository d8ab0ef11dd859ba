import { describe, expect, test } from "vitest";
import { normalise } from "../../src/compile/normalise.ts";
import { groupBy, input, map, reduce, sum } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

function normal(build: Build) {
  const program = normalise(programOf(build));
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
