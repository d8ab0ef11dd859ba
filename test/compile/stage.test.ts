import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { flatMap, groupBy, input, map, reduce, scan } from "../../src/pattern/builder.ts";
import type { Dtype, Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { arrayMachine, type Build, programOf, refusal, simdMachine, stageOn } from "./support.ts";

/** One operator over x of this shape. */
const over =
  (dtype: Dtype, shape: readonly number[], body: (x: s.Handle) => s.Handle): Build =>
  () => ({ y: body(input("x", dtype, shape)) });

describe("lanes", () => {
  const copy = (dtype: Dtype): number =>
    stageOn(
      simdMachine,
      over(dtype, [100], (x) => map("y", [100], (i) => x.at(i))),
    ).lanes;

  test("are as many as the widest value of the body leaves of a vector", () => {
    expect([copy("f64"), copy("f32"), copy("bf16"), copy("i8")]).toEqual([8, 16, 16, 16]);
    expect(
      stageOn(
        simdMachine,
        over("f32", [100], (x) => map("y", [100], (i) => s.cast("f64", x.at(i)))),
      ).lanes,
    ).toBe(8);
    const group = stageOn(
      simdMachine,
      over("f32", [100], (x) => groupBy("g", [100], (i) => ({ key: i, keys: 100, fields: { y: { fn: "add", value: x.at(i), acc: "f64" } } })).y),
    );
    expect(group.lanes).toBe(8);
  });

  const lane = (build: Build): string | null => stageOn(simdMachine, build).lane;

  test("run along the index that memory runs along", () => {
    expect(lane(over("f32", [20, 30], (x) => map("y", [20, 30], (i, j) => x.at(i, j))))).toBe("y.i1");
    expect(lane(over("f32", [20, 30], (x) => map("y", [20], (i) => reduce("add", [30], (k) => x.at(i, k)))))).toBe("y.r0");
    expect(lane(over("f32", [20, 30], (x) => map("y", [30], (j) => reduce("add", [20], (k) => x.at(k, j)))))).toBe("y.i0");
  });

  test("run along the index that leaves fewer of them idle, then along the one that needs no tree", () => {
    const product =
      (n: number, k: number): Build =>
      () => ({ y: map("y", [n], (i) => reduce("add", [k], (j) => s.cast("f32", s.add(i, j)))) });
    expect(lane(product(16, 17))).toBe("y.i0");
    expect(lane(product(17, 16))).toBe("y.r0");
    expect(lane(product(32, 32))).toBe("y.i0");
  });

  test("are nowhere in a body without loops", () => {
    expect(
      stageOn(
        simdMachine,
        over("f32", [], (x) => map("y", [], () => s.neg(x.at()))),
      ),
    ).toMatchObject({ lane: null, loops: [], kept: 0 });
  });
});

describe("a systolic array", () => {
  const gemm =
    (m: number, n: number, k: number, product: (a: Expr, b: Expr) => Expr = s.mul, dtype: Dtype = "f32"): Build =>
    () => {
      const a = input("a", dtype, [m, k]);
      const b = input("b", dtype, [k, n]);
      return { c: map("c", [m, n], (i, j) => reduce("add", [k], (l) => product(a.at(i, l), b.at(l, j)))) };
    };

  test("is found in a sum of products: one factor moves with the last index, the other with one before it", () => {
    const stage = stageOn(arrayMachine, gemm(30, 40, 50));
    expect(stage).toMatchObject({ mode: "systolic", lane: "c.i1", rows: "c.i0", lanes: 16, parts: [] });
    expect(stage.systolic).toMatchObject({ stageOperand: 0, laneOperand: 1, acc: "f32", result: "f32" });
    expect(
      stageOn(
        arrayMachine,
        gemm(30, 40, 50, (a, b) => s.mul(b, a)),
      ).systolic,
    ).toMatchObject({ stageOperand: 1, laneOperand: 0 });
  });

  test("takes narrow factors through casts that change no value", () => {
    expect(stageOn(arrayMachine, gemm(30, 40, 50, s.mul, "bf16"))).toMatchObject({
      mode: "systolic",
      systolic: { product: "f32", acc: "f32", result: "bf16" },
    });
    expect(stageOn(arrayMachine, gemm(30, 40, 50, s.mul, "i8"))).toMatchObject({ mode: "systolic", systolic: { product: "i32", acc: "i32" } });
    expect(
      stageOn(
        arrayMachine,
        gemm(30, 40, 50, (a, b) => s.mul(s.cast("bf16", a), s.cast("bf16", b))),
      ).mode,
    ).toBe("simd");
  });

  test("has the rows of the nearest index that only the other factor knows", () => {
    const batch: Build = () => {
      const a = input("a", "f32", [3, 20, 50]);
      const b = input("b", "f32", [3, 50, 40]);
      return { c: map("c", [3, 20, 40], (h, i, j) => reduce("add", [50], (l) => s.mul(a.at(h, i, l), b.at(h, l, j)))) };
    };
    expect(stageOn(arrayMachine, batch)).toMatchObject({ mode: "systolic", rows: "c.i1", lane: "c.i2" });
  });

  const refused: Readonly<Record<string, Build>> = {
    "a matrix times a vector": () => {
      const a = input("a", "f32", [30, 50]);
      const b = input("b", "f32", [50]);
      return { c: map("c", [30], (i) => reduce("add", [50], (l) => s.mul(a.at(i, l), b.at(l)))) };
    },
    "factors that both move with the last index": over("f32", [30, 50], (x) =>
      map("c", [30, 30], (i, j) => reduce("add", [50], (l) => s.mul(x.at(j, l), s.add(x.at(i, l), 0)))),
    ),
    "the square of one factor": over("f32", [30, 40, 50], (x) => map("c", [30, 40], (i, j) => reduce("add", [50], (l) => s.mul(x.at(i, j, l), x.at(i, j, l))))),
    "a sum of sums": gemm(30, 40, 50, s.add),
    "something besides the product": gemm(30, 40, 50, (a, b) => s.add(s.mul(a, b), 1)),
    "a largest product": () => {
      const a = input("a", "f32", [30, 50]);
      const b = input("b", "f32", [50, 40]);
      return { c: map("c", [30, 40], (i, j) => reduce("max", [50], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
    },
    "one row": gemm(1, 40, 50),
    "so few columns that a SIMD pipeline does as much": gemm(30, 2, 50),
  };
  test.each(Object.entries(refused))("is not made of %s", (_name, build) => {
    expect(stageOn(arrayMachine, build)).toMatchObject({ mode: "simd", systolic: null, rows: null });
  });

  test("is not made where the PCUs have no such mode", () => {
    expect(stageOn(simdMachine, gemm(30, 40, 50)).mode).toBe("simd");
  });
});

describe("stages of other operators", () => {
  const x = () => input("x", "f32", [20, 30]);

  test("a scan runs across the lanes of its last loop, and shares the loops before it", () => {
    const build: Build = () => {
      const given = x();
      return { y: scan("y", "add", [20, 30], (i, j) => given.at(i, j)) };
    };
    expect(stageOn(simdMachine, build)).toMatchObject({ lane: "y.i1", kept: 2, shareable: 1 });
  });

  test("a flatMap keeps no loop and takes its records in order; a groupBy in any order", () => {
    const records: Build = () => {
      const given = x();
      return flatMap("y", [20, 30], (i, j) => [{ when: s.gt(given.at(i, j), 0), fields: { v: given.at(i, j) } }]).fields;
    };
    expect(stageOn(simdMachine, records)).toMatchObject({ lane: "y.i1", kept: 0, shareable: 0 });
  });

  test("sparse formats are refused by name, not taken for dense ones", () => {
    const source = programOf(() => {
      const given = x();
      return { y: map("y", [20, 30], (i, j) => s.mul(given.at(i, j), 2)) };
    });
    const tensors = source.tensors.map((tensor) =>
      tensor.name === "x" ? { ...tensor, formats: [{ kind: "dense" }, { kind: "compressed" }] as const } : tensor,
    );
    expect(refusal(() => compile({ ...source, tensors }, simdMachine, { style: "spatial" }))).toContain('dimension 1 of "x" is compressed');
  });
});
