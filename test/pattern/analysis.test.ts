import { describe, expect, test } from "vitest";
import { add, cast, count, div, exp, filter, groupBy, gt, hashBy, input, iterate, map, mul, program, reduce, select, sub } from "weft";
import { affine, countOperations, countOperator, footprint, readsOf, tensorBytes, tensorsReadBy, writesOf } from "../../src/pattern/analysis.ts";
import type { Program } from "../../src/pattern/program.ts";

const rows = 3;
const cols = 5;

function counted(build: (x: ReturnType<typeof input>) => Parameters<typeof program>[2] extends (p: never) => infer O ? O : never): Program {
  return program("counted", {}, () => build(input("x", "f32", [rows, cols]))).build();
}

describe("operation counts", () => {
  test("take a fold of n elements as n, and special functions apart", () => {
    const built = counted((x) => ({ y: map("y", [rows], (i) => reduce("add", [cols], (j) => exp(x.at(i, j)))) }));
    expect(countOperations(built)).toEqual({ flops: rows * cols, int_ops: 0, special_ops: rows * cols });
  });

  test("take what does not depend on an index once along it", () => {
    const built = counted((x) => ({ y: map("y", [rows, cols], (i, j) => add(mul(x.at(i, 0), 2), x.at(i, j))) }));
    expect(countOperations(built).flops).toBe(rows + rows * cols);
  });

  test("leave out affine index arithmetic, and take that of gathers as integer operations", () => {
    expect(countOperations(counted((x) => ({ y: map("y", [2, cols], (i, j) => x.at(add(i, 1), j)) })))).toEqual({ flops: 0, int_ops: 0, special_ops: 0 });
    const gather = counted((x) => ({ y: map("y", [rows, cols], (i, j) => x.at(div(i, 2), sub(cols - 1, j))) }));
    expect(countOperations(gather)).toEqual({ flops: 0, int_ops: rows, special_ops: 0 });
  });

  test("class comparisons by what they compare and casts as nothing", () => {
    const built = counted((x) => ({ y: map("y", [rows, cols], (i, j) => cast("i32", select(gt(x.at(i, j), 0), x.at(i, j), 1))) }));
    expect(countOperations(built)).toEqual({ flops: 2 * rows * cols, int_ops: 0, special_ops: 0 });
  });

  test("take a collection by its bound, or by its real size where that is known", () => {
    const built = counted((x) => {
      const some = filter("some", [rows, cols], (i, j) => ({ when: gt(x.at(i, j), 0), fields: { v: x.at(i, j) } }));
      return groupBy("g", [some], (i) => ({ key: cast("i32", some.at(i).v), keys: 2, fields: { n: count() } }));
    });
    expect(countOperations(built)).toEqual({ flops: 15, int_ops: 15, special_ops: 0 });
    expect(countOperations(built, { "some.size": 4 })).toEqual({ flops: 15, int_ops: 4, special_ops: 0 });
  });

  test("take one comparison for each key that is numbered", () => {
    const built = counted((x) => hashBy("g", [rows], (i) => ({ key: cast("i32", x.at(i, 0)), fields: { n: count() } }), { bound: 2 }).fields);
    expect(built.operators.map((operator) => countOperator(operator).int_ops)).toEqual([rows, 2 + rows, 2 * rows + rows]);
  });

  const looped = counted((x) =>
    iterate("outer", 4, { a: x }, ({ a }) => {
      const fixed = map("fixed", [rows, cols], (i, j) => mul(x.at(i, j), 2));
      const { b } = iterate("inner", 3, { b: a }, ({ b }) => {
        const own = map("own", [rows, cols], (i, j) => exp(a.at(i, j)));
        return { next: { b: map("next", [rows, cols], (i, j) => add(add(b.at(i, j), fixed.at(i, j)), own.at(i, j))) } };
      });
      return { next: { a: b } };
    }),
  );

  test("take what changes from round to round once a round, and the rest once in all", () => {
    const n = rows * cols;
    expect(countOperations(looped)).toEqual({ flops: n + 12 * 2 * n, int_ops: 0, special_ops: 4 * n });
    expect(countOperator(looped.operators[0]!)).toEqual(countOperations(looped));
  });

  test("take the rounds there really were", () => {
    const n = rows * cols;
    expect(countOperations(looped, {}, { outer: 2, inner: 5 })).toEqual({ flops: n + 5 * 2 * n, int_ops: 0, special_ops: 2 * n });
  });

  test("take the number of the round as an index", () => {
    const built = counted((x) =>
      iterate("loop", 4, { a: x }, (_, round) => ({ next: { a: map("next", [rows, cols], (i, j) => mul(x.at(i, j), cast("f32", round))) } })),
    );
    expect(countOperations(built).flops).toBe(4 * rows * cols);
  });
});

describe("reads and writes", () => {
  const built = counted((x) => {
    const some = filter("some", [rows, cols], (i, j) => ({ when: gt(x.at(i, j), 0), fields: { v: x.at(i, j) } }));
    return { y: map("y", [some], (i) => add(some.at(i).v, x.at(1, 2))) };
  });

  test("name each read once, with its affine indices", () => {
    expect(readsOf(built.operators[0]!).map(({ tensor, affine: forms }) => [tensor, forms.map((form) => [...(form?.coefficients ?? [])])])).toEqual([
      ["x", [[["some.i0", 1]], [["some.i1", 1]]]],
    ]);
    expect([...tensorsReadBy(built.operators[1]!)]).toEqual(["some.v", "x", "some.size"]);
    expect(built.operators.map(writesOf)).toEqual([["some.v", "some.size"], ["y"]]);
  });

  test("of a loop are those inside, where loops in it start, and what it hands on", () => {
    const nested = counted((x) => {
      const y = input("y", "f32", [rows, cols]);
      const z = input("z", "f32", [rows, cols]);
      return iterate("outer", 2, { a: x, c: x }, ({ a }) => {
        const { b } = iterate("inner", 2, { b: y }, ({ b }) => ({ next: { b: map("next", [rows, cols], (i, j) => add(a.at(i, j), b.at(i, j))) } }));
        return { next: { a: b, c: z } };
      });
    }).operators[0]!;
    expect([...tensorsReadBy(nested)].sort()).toEqual(["inner.b", "next", "outer.a", "x", "y", "z"]);
    expect(writesOf(nested)).toEqual(["outer.a", "outer.c"]);
  });

  test("know an index that is data", () => {
    const gather = program("gather", {}, () => {
      const k = input("k", "i32", [4]);
      return { y: map("y", [4], (i) => k.at(k.at(i))) };
    }).build();
    expect(readsOf(gather.operators[0]!).map(({ affine: [form] }) => form !== null)).toEqual([true, false]);
  });
});

describe("affine forms", () => {
  const index = (name: string) => ({ kind: "index", dtype: "i32", index: name }) as const;

  test("cancel, and have none for products of indices", () => {
    const [i, j] = [index("i"), index("j")];
    expect(affine(sub(add(mul(3, i), j), mul(i, 3)))).toEqual({ constant: 0, coefficients: new Map([["j", 1]]) });
    expect(affine(mul(i, j))).toBeNull();
    expect(affine(div(i, 2))).toBeNull();
    expect(affine(cast("i8", i))).toBeNull();
  });
});

describe("bytes", () => {
  test("are packed: two i4 in a byte, the last rounded up", () => {
    expect(tensorBytes({ dtype: "i4", shape: [3, 3] })).toBe(5);
    expect(tensorBytes({ dtype: "bf16", shape: [] })).toBe(2);
  });

  test("are told by role", () => {
    const built = counted((x) => {
      const half = map("half", [rows, cols], (i, j) => mul(x.at(i, j), 0.5));
      return { y: map("y", [rows], (i) => half.at(i, 0)) };
    });
    expect(footprint(built)).toEqual({ inputs: 60, intermediates: 60, outputs: 12 });
  });
});
