import { describe, expect, test } from "vitest";
import { bodyOf } from "../../src/compile/body.ts";
import { type Part, partition } from "../../src/compile/partition.ts";
import { groupBy, input, map, reduce } from "../../src/pattern/builder.ts";
import type { Dtype, Expr, GroupByOperator, MapOperator } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type Build, programOf, refusal, simdMachine, withPcu } from "./support.ts";

function parts(build: Build, machine = simdMachine, lanes = 16, tree = false, packed = 1): readonly Part[] {
  const operator = programOf(build).operators.at(-1) as MapOperator | GroupByOperator;
  return partition(bodyOf(operator), { pcu: machine.pcu, lanes, packed, tree }, operator.name);
}

const pointwise =
  (f: (x: Expr) => Expr): Build =>
  () => {
    const x = input("x", "f32", [50]);
    return { y: map("y", [50], (i) => f(x.at(i))) };
  };

/** `length` operations, one after the other, each with a constant of its own. */
const chain = (length: number): Build => pointwise((x) => Array.from({ length }, (_, k) => k + 2).reduce((value, k) => s.mul(value, k), x));

const stages = (list: readonly Part[]): readonly number[] => list.map((part) => part.stages);

describe("partition", () => {
  test("splits a body of sixteen operations over PCUs of six stages", () => {
    const list = parts(chain(16));
    expect(stages(list)).toEqual([6, 6, 4]);
    expect(list.map((part) => part.operands)).toEqual([[0], [], []]);
    expect(list.slice(1).map((part) => part.imports)).toEqual(list.slice(0, 2).map((part) => part.exports));
    expect(stages(parts(chain(6)))).toEqual([6]);
    expect(stages(parts(chain(7)))).toEqual([6, 1]);
  });

  test("charges special functions their stages, where there is no tail unit", () => {
    expect(stages(parts(pointwise((x) => s.exp(s.add(x, 1)))))).toEqual([3]);
    expect(
      stages(
        parts(
          pointwise((x) => s.tanh(s.sqrt(s.exp(s.log(x))))),
          withPcu({ special_stages: 4 }),
        ),
      ),
    ).toEqual([4, 4, 4, 4]);
    expect(
      stages(
        parts(
          pointwise((x) => s.sigmoid(s.div(x, 3))),
          withPcu({ special_stages: 3 }),
        ),
      ),
    ).toEqual([6]);
  });

  test("takes one stage for a folded tree, and one more for the numbers that share a lane, whose factors the multiplier widens", () => {
    const products =
      (dtype: Dtype): Build =>
      () => {
        const [a, b] = [input("a", dtype, [50]), input("b", dtype, [50])];
        return { y: map("y", [], () => reduce("add", [50], (k) => s.mul(a.at(k), b.at(k)))) };
      };
    const folded = withPcu({ folded_tree: true, packing: 4 });
    expect(stages(parts(products("f32"), simdMachine, 16, true))).toEqual([6]);
    expect(stages(parts(products("f32"), folded, 16, true))).toEqual([3]);
    expect(stages(parts(products("fp8e4m3"), folded, 16, true))).toEqual([5]);
    expect(stages(parts(products("fp8e4m3"), folded, 64, true, 4))).toEqual([4]);
  });

  test("does one special function a PCU in the tail unit, and nothing after it", () => {
    const tail = withPcu({ tail: true, special_stages: 4 });
    expect(
      stages(
        parts(
          pointwise((x) => s.exp(s.add(x, 1))),
          tail,
        ),
      ),
    ).toEqual([1]);
    expect(
      stages(
        parts(
          pointwise((x) => s.mul(s.exp(s.add(x, 1)), 2)),
          tail,
        ),
      ),
    ).toEqual([1, 1]);
    expect(
      stages(
        parts(
          pointwise((x) => s.exp(s.log(x))),
          tail,
        ),
      ),
    ).toEqual([0, 0]);
  });

  test("folds across lanes in log2(lanes) stages and one to accumulate", () => {
    const sum: Build = () => {
      const x = input("x", "f32", [4, 50]);
      return { y: map("y", [4], (i) => reduce("add", [50], (k) => s.mul(x.at(i, k), 2))) };
    };
    expect(stages(parts(sum, simdMachine, 16, false))).toEqual([2]);
    expect(stages(parts(sum, simdMachine, 16, true))).toEqual([6]);
    expect(stages(parts(sum, simdMachine, 17, true))).toEqual([1, 6]);
    expect(stages(parts(sum, simdMachine, 8, true))).toEqual([5]);
  });

  const sumOf =
    (count: number): Build =>
    () => {
      const all = Array.from({ length: count }, (_, k) => input(`x${k}`, "f32", [50]));
      return { y: map("y", [50], (i) => all.map((x) => x.at(i)).reduce((a, b) => s.add(a, b))) };
    };

  test("gives no PCU more operands and imports than it has vector inputs", () => {
    for (const vector_in of [2, 3, 4]) {
      const list = parts(sumOf(8), withPcu({ vector_in }));
      for (const part of list) expect(part.operands.length + part.imports.length).toBeLessThanOrEqual(vector_in);
      expect(list.flatMap((part) => part.operands).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(list).toHaveLength(Math.ceil(7 / (vector_in - 1)));
    }
  });

  test("keeps the values alive between stages within the registers", () => {
    /** All of x^2 .. x^6 are alive before the sums begin. */
    const powers: Build = pointwise((x) => {
      const all = [2, 3, 4].map((k) => s.mul(s.add(x, k), s.sub(x, k)));
      return all.reduce((a, b) => s.add(a, b));
    });
    for (const registers of [2, 3, 4, 6])
      for (const part of parts(powers, withPcu({ registers, vector_in: 8, vector_out: 8 }))) expect(part.registers).toBeLessThanOrEqual(registers);
    expect(parts(powers, withPcu({ registers: 2, vector_in: 8, vector_out: 8 })).length).toBeGreaterThan(parts(powers, withPcu({ registers: 6 })).length);
  });

  test("sends on results that need no work: an operand, an index, a constant", () => {
    const passed = parts(() => {
      const x = input("x", "i32", [50]);
      return groupBy("g", [50], (i) => ({ key: i, keys: 50, fields: { x: { fn: "add", value: x.at(i) }, n: { fn: "add", value: s.constant("i32", 1) } } }));
    });
    expect(passed).toHaveLength(1);
    expect(passed[0]).toMatchObject({ stages: 0, nodes: [], operands: [0] });
    expect(passed[0]!.exports).toHaveLength(3);
  });

  test("refuses an operation that fits no PCU, with the need and the bound", () => {
    expect(refusal(() => parts(pointwise(s.exp), withPcu({ special_stages: 8 })))).toBe(
      'y: one operation of "y" does not fit a PCU: it needs 8 stages of 6; use a machine with larger PCUs or split the operation',
    );
    expect(refusal(() => parts(sumOf(2), withPcu({ vector_in: 1 })))).toContain("it needs 2 vector inputs of 1");
  });
});
