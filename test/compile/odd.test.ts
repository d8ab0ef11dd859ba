/** Programs with odd shapes, places and dtypes, all the way: compiled, placed, simulated with values, and compared with the interpreter. */

import { describe, expect, test } from "vitest";
import { interpretControllers } from "../../src/compile/index.ts";
import { count, filter, fold, groupBy, input, map, program, reduce, sum } from "../../src/pattern/builder.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import type { Dtype, Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { wholeInputs } from "../support/programs.ts";
import { differences, machineOf, prepareOn, roundings, runOn } from "../support/runs.ts";

type Build = Parameters<typeof program>[2];

/** One operator over x. */
const over =
  (dtype: Dtype, shape: readonly number[], body: (x: s.Handle) => s.Handle): Build =>
  () => ({ y: body(input("x", dtype, shape)) });

const chain =
  (length: number, shape: readonly number[]): Build =>
  () => {
    let last = input("x", "f32", shape);
    for (let k = 0; k < length; k++) {
      const before = last;
      last = map(`m${k}`, shape, (...at) =>
        s.add(
          before.at(...at),
          reduce("max", [shape.at(-1)!], (j) => before.at(...at.slice(0, -1), j)),
        ),
      );
    }
    return { y: last };
  };

const programs: Readonly<Record<string, Build>> = {
  "a lifted fold beside a body that is cut in two": () => {
    const x = input("x", "f32", [5, 20]);
    const root = (i: Expr) =>
      s.sqrt(
        s.add(
          reduce("add", [20], (j) => s.mul(x.at(i, j), x.at(i, j))),
          1,
        ),
      );
    return { y: map("y", [5, 20], (i, j) => s.div(x.at(i, j), root(i))) };
  },
  "names like those of units": () => {
    const x = input("x", "f32", [24]);
    const a = map("x.load0", [24], (i) => s.add(x.at(i), 1));
    const b = map("y[1]", [24], (i) => s.mul(s.exp(a.at(i)), s.exp(x.at(i))));
    const c = map("y.1", [24], (i) => s.add(s.exp(b.at(i)), a.at(i)));
    return { "y.1": c, "y/read": map("y/read", [24], (i) => s.div(s.exp(c.at(i)), s.exp(b.at(i)))) };
  },
  "one element": over("f32", [1], (x) => map("y", [1], (i) => s.add(x.at(i), 1))),
  "a scalar": over("f32", [], (x) => map("y", [], () => s.add(x.at(), 1))),
  "a scalar that scalars read": () => {
    const x = input("x", "f32", []);
    const a = map("a", [], () => s.mul(x.at(), 2));
    const b = map("b", [], () => s.add(a.at(), x.at()));
    return { a, b };
  },
  "a prime": over("f32", [101], (x) => map("y", [101], (i) => s.neg(x.at(i)))),
  "fewer than the lanes": over("i8", [3], (x) => map("y", [3], (i) => s.neg(x.at(i)))),
  "three dimensions": over("f32", [3, 5, 7], (x) => map("y", [3, 5, 7], (i, j, k) => s.add(x.at(i, j, k), 1))),
  "four dimensions": over("f32", [2, 3, 5, 7], (x) => map("y", [2, 3, 5, 7], (i, j, k, l) => s.add(x.at(i, j, k, l), 1))),
  "four dimensions turned round": over("f32", [2, 3, 5, 17], (x) => map("y", [17, 5, 3, 2], (i, j, k, l) => x.at(l, k, j, i))),
  "five dimensions": over("f32", [2, 3, 2, 3, 2], (x) => map("y", [2, 3, 2, 3, 2], (i, j, k, l, m) => s.add(x.at(i, j, k, l, m), 1))),
  "extents of one among others": over("f32", [1, 19, 1], (x) => map("y", [1, 19, 1], (i, j, k) => s.add(x.at(i, j, k), 1))),
  "a constant place": over("f32", [4, 33], (x) => map("y", [33], (i) => s.add(x.at(2, i), x.at(0, 5)))),
  "every third element": over("f32", [100], (x) => map("y", [34], (i) => x.at(s.mul(i, 3)))),
  "every third row": over("f32", [30, 20], (x) => map("y", [10, 20], (i, j) => x.at(s.mul(i, 3), j))),
  backwards: over("f32", [77], (x) => map("y", [77], (i) => x.at(s.sub(76, i)))),
  "rows backwards": over("f32", [9, 20], (x) => map("y", [9, 20], (i, j) => x.at(s.sub(8, i), j))),
  "a diagonal": over("f32", [40, 40], (x) => map("y", [40], (i) => x.at(i, i))),
  "a diagonal of rows": over("f32", [12, 20, 12], (x) => map("y", [12, 20], (i, j) => x.at(i, j, i))),
  "an antidiagonal": over("f32", [21, 21], (x) => map("y", [21], (i) => x.at(i, s.sub(20, i)))),
  "two places of one tensor": over("f32", [100], (x) => map("y", [98], (i) => s.sub(x.at(i), x.at(s.add(i, 2))))),
  "a stencil in two dimensions": over("f32", [12, 40], (x) =>
    map("y", [10, 38], (i, j) =>
      s.add(s.add(x.at(i, s.add(j, 1)), x.at(s.add(i, 2), s.add(j, 1))), s.add(x.at(s.add(i, 1), j), x.at(s.add(i, 1), s.add(j, 2)))),
    ),
  ),
  "a convolution": () => {
    const x = input("x", "f32", [20]);
    const w = input("w", "f32", [5]);
    return { y: map("y", [16], (i) => reduce("add", [5], (k) => s.mul(x.at(s.add(i, k)), w.at(k)))) };
  },
  "a convolution in two dimensions": () => {
    const x = input("x", "f32", [10, 20, 3]);
    const w = input("w", "f32", [3, 3, 3, 6]);
    return {
      y: map("y", [8, 18, 6], (i, j, f) => reduce("add", [3, 3, 3], (a, b, c) => s.mul(x.at(s.add(i, a), s.add(j, b), c), w.at(a, b, c, f)))),
    };
  },
  "an outer product": () => {
    const a = input("a", "f32", [17]);
    const b = input("b", "f32", [35]);
    return { y: map("y", [17, 35], (i, j) => s.mul(a.at(i), b.at(j))) };
  },
  "an input that is an output": () => {
    const x = input("x", "f32", [20]);
    return { x, y: map("y", [20], (i) => s.add(x.at(i), 1)) };
  },
  "one tensor under two names": () => {
    const y = map("y", [20], (i) => s.cast("f32", i));
    return { a: y, b: y };
  },
  "an intermediate with two readers": () => {
    const x = input("x", "f32", [20, 30]);
    const t = map("t", [20, 30], (i, j) => s.mul(x.at(i, j), 2));
    const a = map("a", [20, 30], (i, j) => s.add(t.at(i, j), 1));
    const b = map("b", [20], (i) => reduce("add", [30], (j) => t.at(i, j)));
    return { a, b };
  },
  "an intermediate read straight and turned": () => {
    const x = input("x", "f32", [20, 20]);
    const t = map("t", [20, 20], (i, j) => s.mul(x.at(i, j), 2));
    return { y: map("y", [20, 20], (i, j) => s.add(t.at(i, j), t.at(j, i))) };
  },
  "an intermediate that is an output": () => {
    const x = input("x", "f32", [20, 30]);
    const t = map("t", [20, 30], (i, j) => s.mul(x.at(i, j), 2));
    return { t, y: map("y", [20, 30], (i, j) => s.add(t.at(i, j), 1)) };
  },
  "a chain of six reductions": chain(6, [10, 20]),
  "a chain of eight": chain(8, [33]),
  "many outputs": () => {
    const x = input("x", "f32", [40]);
    return Object.fromEntries(Array.from({ length: 6 }, (_, k) => [`y${k}`, map(`y${k}`, [40], (i) => s.mul(x.at(i), k))]));
  },
  ...Object.fromEntries(
    (["mul", "min", "max", "add"] as const).map((fn) => [
      `${fn} over all`,
      over("f32", [37], (x) => map("y", [], () => reduce(fn, [37], (i) => s.max(s.min(x.at(i), 1.5), -1.5)))),
    ]),
  ),
  ...Object.fromEntries(
    (["and", "or"] as const).flatMap((fn) => [
      [`${fn} of bools`, over("bool", [9, 37], (x) => map("y", [9], (i) => reduce(fn, [37], (j) => x.at(i, j))))],
      [`${fn} of integers`, over("i32", [9, 37], (x) => map("y", [9], (i) => reduce(fn, [37], (j) => x.at(i, j))))],
      [`${fn} of all integers`, over("i16", [37], (x) => map("y", [], () => reduce(fn, [37], (j) => x.at(j))))],
    ]),
  ),
  "a product of bytes that wraps": over("i8", [9, 37], (x) => map("y", [9], (i) => reduce("mul", [37], (j) => x.at(i, j), { acc: "i8" }))),
  "a sum of bytes": over("i8", [9, 37], (x) => map("y", [9], (i) => reduce("add", [37], (j) => x.at(i, j)))),
  "a sum over two axes": over("f32", [6, 7, 20], (x) => map("y", [6], (i) => reduce("add", [7, 20], (j, k) => x.at(i, j, k)))),
  "a sum over the first axis": over("f32", [13, 20], (x) => map("y", [20], (j) => reduce("add", [13], (i) => x.at(i, j)))),
  "a sum over the outer of three axes": over("f32", [6, 7, 20], (x) => map("y", [7, 20], (j, k) => reduce("add", [6], (i) => x.at(i, j, k)))),
  "a sum over first and last": over("f32", [6, 7, 20], (x) => map("y", [7], (j) => reduce("add", [6, 20], (i, k) => x.at(i, j, k)))),
  "a reduction that keeps nothing of three": over("f32", [6, 7, 20], (x) => map("y", [], () => reduce("max", [6, 7, 20], (i, j, k) => x.at(i, j, k)))),
  "nested reductions": over("f32", [6, 7, 20], (x) => map("y", [6], (i) => reduce("max", [7], (j) => reduce("add", [20], (k) => x.at(i, j, k))))),
  "reductions beside each other": over("f32", [9, 20], (x) =>
    map("y", [9], (i) =>
      s.sub(
        reduce("max", [20], (j) => x.at(i, j)),
        reduce("min", [20], (j) => x.at(i, j)),
      ),
    ),
  ),
  "a reduction of an index": over("i32", [9], (x) => map("y", [9], (i) => reduce("add", [33], (j) => s.mul(x.at(i), s.add(i, j))))),
  "no operand at all": () => ({ y: map("y", [7, 20], (i, j) => s.sub(i, j)) }),
  "a constant": () => ({ y: map("y", [20], () => s.constant("f32", 3)) }),
  "a scalar constant": () => ({ y: map("y", [], () => s.constant("bf16", 3)) }),
  "a copy": over("bool", [5, 20], (x) => map("y", [5, 20], (i, j) => x.at(i, j))),
  bools: over("bool", [50], (x) => map("y", [50], (i) => s.not(x.at(i)))),
  "comparisons of bytes": over("i8", [50], (x) => map("y", [50], (i) => s.lt(x.at(i), 1))),
  "many dtypes in one body": () => {
    const a = input("a", "i8", [40]);
    const b = input("b", "f32", [40]);
    const c = input("c", "bool", [40]);
    return { y: map("y", [40], (i) => s.select(c.at(i), s.cast("bf16", a.at(i)), s.cast("bf16", b.at(i)))) };
  },
  f64: over("f64", [40], (x) => map("y", [40], (i) => s.div(x.at(i), 3))),
  i4: over("i4", [40], (x) => map("y", [40], (i) => s.add(x.at(i), 1))),
  fp8: over("fp8e4m3", [40], (x) => map("y", [40], (i) => s.mul(x.at(i), 3))),
  "a transpose": over("bf16", [19, 45], (x) => map("y", [45, 19], (i, j) => x.at(j, i))),
  "a transpose of a result": () => {
    const x = input("x", "f32", [19, 45]);
    const t = map("t", [19, 45], (i, j) => s.exp(x.at(i, j)));
    return { y: map("y", [45, 19], (i, j) => s.add(t.at(j, i), 1)), t };
  },
  "a batch of products": () => {
    const a = input("a", "bf16", [3, 9, 17]);
    const b = input("b", "bf16", [3, 17, 21]);
    return { y: map("y", [3, 9, 21], (h, i, j) => reduce("add", [17], (k) => s.mul(a.at(h, i, k), b.at(h, k, j)))) };
  },
  "a product with both turned": () => {
    const a = input("a", "f32", [17, 9]);
    const b = input("b", "f32", [21, 17]);
    return { y: map("y", [9, 21], (i, j) => reduce("add", [17], (k) => s.mul(a.at(k, i), b.at(j, k)))) };
  },
  "a product with itself": over("f32", [17, 9], (x) => map("y", [17, 17], (i, j) => reduce("add", [9], (k) => s.mul(x.at(i, k), x.at(j, k))))),
  "a square of sums": over("f32", [17, 9], (x) => map("y", [17], (i) => reduce("add", [9], (k) => s.mul(x.at(i, k), x.at(i, k))))),
  "two products in a row": () => {
    const a = input("a", "f32", [18, 10]);
    const b = input("b", "f32", [10, 20]);
    const c = input("c", "f32", [20, 7]);
    const t = map("t", [18, 20], (i, j) => reduce("add", [10], (k) => s.mul(a.at(i, k), b.at(k, j))));
    return { y: map("y", [18, 7], (i, j) => reduce("add", [20], (k) => s.mul(t.at(i, k), c.at(k, j)))) };
  },
  "a product of a transposed result": () => {
    const a = input("a", "f32", [18, 10]);
    const b = input("b", "f32", [10, 20]);
    const t = map("t", [18, 20], (i, j) => reduce("add", [10], (k) => s.mul(a.at(i, k), b.at(k, j))));
    return { y: map("y", [20, 20], (i, j) => reduce("add", [18], (k) => s.mul(t.at(k, i), t.at(k, j)))) };
  },
  "a reduction of a product": () => {
    const a = input("a", "f32", [6, 10]);
    const b = input("b", "f32", [10, 20]);
    const t = map("t", [6, 20], (i, j) => reduce("add", [10], (k) => s.mul(a.at(i, k), b.at(k, j))));
    return { y: map("y", [20], (j) => reduce("add", [6], (i) => t.at(i, j))), z: map("z", [6], (i) => reduce("max", [20], (j) => t.at(i, j))) };
  },
  "a prefix of a result": () => {
    const x = input("x", "f32", [10, 48]);
    const t = map("t", [10, 48], (i, j) => s.mul(x.at(i, j), 2));
    return { y: map("y", [10, 40], (i, j) => s.add(t.at(i, j), 1)), z: map("z", [7, 48], (i, j) => s.add(t.at(i, j), 1)) };
  },
  "a window of a result": () => {
    const x = input("x", "f32", [10, 48]);
    const t = map("t", [10, 48], (i, j) => s.mul(x.at(i, j), 2));
    return { y: map("y", [10, 47], (i, j) => s.add(t.at(i, j), t.at(i, s.add(j, 1)))) };
  },
  "neighbouring rows of a result": () => {
    const x = input("x", "f32", [10, 48]);
    const t = map("t", [10, 48], (i, j) => s.mul(x.at(i, j), 2));
    return { y: map("y", [9, 48], (i, j) => s.add(t.at(i, j), t.at(s.add(i, 1), j))) };
  },
  "a skewed read of a result": () => {
    const x = input("x", "f32", [10, 48]);
    const t = map("t", [10, 48], (i, j) => s.mul(x.at(i, j), 2));
    return { y: map("y", [10, 30], (i, j) => t.at(i, s.add(i, j))) };
  },
  "a diagonal of a result": () => {
    const x = input("x", "f32", [20, 20]);
    const t = map("t", [20, 20], (i, j) => reduce("add", [20], (k) => s.mul(x.at(i, k), x.at(j, k))));
    return { y: map("y", [20], (i) => t.at(i, i)) };
  },
  "one element of a result": () => {
    const x = input("x", "f32", [20, 20]);
    const t = map("t", [20], (i) => reduce("add", [20], (k) => x.at(i, k)));
    return { y: map("y", [20, 20], (i, j) => s.sub(s.add(x.at(i, j), t.at(3)), t.at(i))) };
  },
  "a total against all": () => {
    const x = input("x", "f32", [20, 20]);
    const t = map("t", [], () => reduce("add", [20, 20], (i, j) => x.at(i, j)));
    return { y: map("y", [20, 20], (i, j) => s.sub(x.at(i, j), t.at())) };
  },
  "column sums against rows": () => {
    const x = input("x", "f32", [21, 20]);
    const t = map("t", [20], (j) => reduce("add", [21], (i) => x.at(i, j)));
    return { y: map("y", [21, 20], (i, j) => s.sub(x.at(i, j), t.at(j))) };
  },
  "x, its rows' maxima and their sums": () => {
    const x = input("x", "f32", [21, 20]);
    const t = map("t", [21], (i) => reduce("max", [20], (j) => x.at(i, j)));
    const u = map("u", [], () => reduce("add", [21], (i) => t.at(i)));
    return { y: map("y", [21, 20], (i, j) => s.sub(s.sub(x.at(i, j), t.at(i)), u.at())) };
  },
  "a group of a whole matrix": () => {
    const k = input("k", "i32", [7, 45]);
    const v = input("v", "f32", [7, 45]);
    return groupBy("g", [7, 45], (i, j) => ({
      key: s.mod(s.abs(k.at(i, j)), 4),
      keys: 5,
      when: s.gt(v.at(i, j), -2),
      fields: { n: count(), sum: sum(v.at(i, j)), least: fold("min", v.at(i, j)), most: fold("max", v.at(i, j)) },
    }));
  },
  "one key": () => {
    const v = input("v", "i32", [45]);
    return groupBy("g", [45], (i) => ({ key: s.constant("i32", 0), keys: 1, fields: { sum: sum(v.at(i)) } }));
  },
  "a group of one record": () => {
    const v = input("v", "i32", [1]);
    return groupBy("g", [1], (i) => ({ key: i, keys: 3, fields: { sum: sum(v.at(i)) } }));
  },
  "more keys than records": () => {
    const v = input("v", "i32", [20]);
    return groupBy("g", [20], (i) => ({ key: s.mul(i, 3), keys: 70, fields: { sum: sum(v.at(i)), n: count() } }));
  },
  "groups that a reduction reads": () => {
    const v = input("v", "i32", [50]);
    const g = groupBy("g", [50], (i) => ({ key: s.mod(s.abs(v.at(i)), 3), keys: 20, fields: { n: count() } }));
    return { y: map("y", [], () => reduce("max", [20], (k) => g.n.at(k))), z: map("z", [20], (k) => s.add(g.n.at(s.sub(19, k)), g.n.at(k))) };
  },
  "bf16 groups": () => {
    const v = input("v", "bf16", [50]);
    const g = groupBy("g", [50], (i) => ({ key: s.cast("i32", s.abs(v.at(i))), keys: 4, fields: { sum: sum(v.at(i)) } }));
    return { y: map("y", [4], (k) => s.mul(g.sum.at(k), 2)), g: g.sum };
  },
  "a filter that nothing passes": () => {
    const v = input("v", "f32", [50]);
    const f = filter("f", [50], (i) => ({ when: s.gt(v.at(i), 9), fields: { v: v.at(i) } }));
    return { n: map("n", [], () => s.add(f.size.at(), 0)), most: map("most", [], () => reduce("max", [f], (i) => f.at(i).v)) };
  },
  "a filter of a matrix, summed": () => {
    const v = input("v", "i32", [7, 20]);
    const f = filter("f", [7, 20], (i, j) => ({ when: s.gt(v.at(i, j), 0), fields: { v: s.mul(v.at(i, j), i) } }));
    return { n: f.size, total: map("total", [], () => reduce("add", [f], (i) => f.at(i).v)) };
  },
  "a body of twenty operations": over("f32", [50], (x) =>
    map("y", [50], (i) => {
      let value: Expr = x.at(i);
      for (let k = 0; k < 20; k++) value = s.sub(s.mul(value, 0.5), x.at(i));
      return value;
    }),
  ),
  "a body with eight operands": () => {
    const all = Array.from({ length: 8 }, (_, k) => input(`x${k}`, "f32", [50]));
    return { y: map("y", [50], (i) => all.map((x) => x.at(i)).reduce((a, b) => s.add(a, b))) };
  },
  "special functions in a row": over("f32", [50], (x) => map("y", [50], (i) => s.tanh(s.sqrt(s.exp(s.div(x.at(i), 7)))))),
};

describe.each(["plasticine", "sn40l"])("on %s", (name) => {
  const machine = machineOf(name);
  test.each(Object.entries(programs))("%s", (_name, build) => {
    const source = program("odd", {}, build).build();
    const inputs = Object.fromEntries(
      Object.entries(wholeInputs(source, 5)).map(([tensor, values]) => [tensor, values instanceof Uint8Array ? values.map((value) => value & 1) : values]),
    );
    const prepared = prepareOn(machine, source);
    const planned = outputsOf(source, interpretControllers(prepared.controllers, inputs));
    expect(differences(source, inputs, planned, roundings(40))).toEqual([]);
    const { outputs } = runOn(machine, prepared, source, inputs);
    expect(differences(source, inputs, outputs!, roundings(40))).toEqual([]);
  });
});
