/** Folds too long for the chip, and tensors made in the pieces in which they are read. */

import { describe, expect, test } from "vitest";
import { reshape } from "../../src/compile/reshape.ts";
import { input, map, program, reduce } from "../../src/pattern/builder.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import * as s from "../../src/pattern/scalars.ts";
import { checkProgram } from "../../src/pattern/verify.ts";
import { wholeInputs } from "../support/programs.ts";
import { differences, prepareOn, runOn } from "../support/runs.ts";
import { type Build, linesOf, programOf, simdMachine, withPmu } from "./support.ts";

/** Products of all pairs of columns of twice x, summed over its rows. */
const pairs =
  (rows: number): Build =>
  () => {
    const x = input("x", "i32", [rows, 20]);
    const t = map("t", [rows, 20], (k, j) => s.mul(x.at(k, j), 2));
    return { y: map("y", [20, 20], (i, j) => reduce("add", [rows], (k) => s.mul(t.at(k, i), t.at(k, j)))) };
  };

describe("a fold too long for the chip", () => {
  const small = withPmu({ bytes: 8192 });

  test.each([4000, 3999, 4001])("of %i rows is cut into parts that fit, and keeps its values", (rows) => {
    const source = programOf(pairs(rows));
    const inputs = wholeInputs(source, 5);
    const prepared = prepareOn(small, source);
    expect(prepared.program.operators.map(({ name }) => name)).toContain("y.part");
    expect(differences(source, inputs, runOn(small, prepared, source, inputs).outputs!)).toEqual([]);
  });

  test("is left whole where a row of it fits a PMU, where it streams at the rate of memory, and where its loops are scheduled", () => {
    expect(prepareOn(simdMachine, programOf(pairs(40))).program.operators).toHaveLength(2);
    const sum: Build = () => {
      const x = input("x", "i32", [100_000]);
      return { y: map("y", [], () => reduce("add", [100_000], (k) => x.at(k))) };
    };
    expect(prepareOn(small, programOf(sum)).program.operators).toHaveLength(1);
    const pinned = programOf(pairs(4000), { par: { "y.1": 1 } });
    expect(prepareOn(small, pinned).program.operators).toHaveLength(2);
  });

  test("takes less time in parts", () => {
    const whole = programOf(pairs(4000), { par: { "y.1": 1 } });
    const cut = programOf(pairs(4000));
    const ticks = [whole, cut].map((source) => runOn(small, prepareOn(small, source), source, {}, "fast", false).ticks);
    expect(ticks[1]!).toBeLessThan(ticks[0]!);
  });
});

describe("reshape", () => {
  const pieces: Build = () => {
    const x = input("x", "i32", [40, 3]);
    const t = map("t", [40, 3], (i, j) => s.add(x.at(i, j), i));
    return { y: map("y", [8, 3], (p, j) => reduce("add", [5], (r) => t.at(s.add(s.mul(p, 5), r), j))) };
  };

  test("makes a tensor in the pieces in which it is read, and changes no value", () => {
    const before = programOf(pieces);
    const after = checkProgram(reshape(before));
    expect(linesOf(after)).toEqual(["t[i, j, k] = x[i * 5 + j, k] + (i * 5 + j)", "y[i, j] = sum(k < 5: t[i, k, j])"]);
    const inputs = wholeInputs(before, 2);
    expect(outputsOf(after, interpret(after, inputs))).toEqual(outputsOf(before, interpret(before, inputs)));
  });

  test("keeps what is read otherwise, in part only, or from outside", () => {
    const twice = (rows: number) => {
      const x = input("x", "i32", [rows, 3]);
      return map("t", [rows, 3], (i, j) => s.mul(x.at(i, j), 2));
    };
    const sums = (t: s.Handle, parts: number, size: number, step = size) =>
      map("y", [parts, 3], (p, j) => reduce("add", [size], (r) => t.at(s.add(s.mul(p, step), r), j)));
    const kept: readonly Build[] = [
      () => {
        const t = twice(40);
        return { t, y: sums(t, 8, 5) };
      },
      () => ({ y: sums(twice(40), 7, 5) }),
      () => {
        const t = twice(40);
        return { z: map("z", [40], (i) => t.at(i, 0)), y: sums(t, 8, 5) };
      },
      () => ({ y: sums(twice(44), 8, 7, 5) }),
      () => {
        const x = input("x", "i32", [40]);
        const t = map("t", [40], (i) => s.mul(x.at(i), 2));
        return { y: map("y", [8], (p) => reduce("add", [5], (r) => t.at(s.add(s.mul(p, 5), r)))) };
      },
    ];
    for (const build of kept) {
      const before = program("p", {}, build).build();
      expect(reshape(before)).toBe(before);
    }
  });
});
