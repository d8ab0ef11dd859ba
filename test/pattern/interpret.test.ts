import { describe, expect, test } from "vitest";
import {
  add,
  and,
  cast,
  count,
  exp,
  filter,
  flatMap,
  fold,
  gt,
  input,
  iterate,
  lt,
  map,
  max,
  mod,
  mul,
  program,
  reduce,
  scan,
  select,
  sub,
  sum,
  zip,
} from "weft";
import { UserError } from "../../src/base/errors.ts";
import type { Extent } from "../../src/pattern/builder.ts";
import { groupBy } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Dtype, TensorValues } from "../../src/pattern/program.ts";
import type { Handle } from "../../src/pattern/scalars.ts";
import { checkProgram } from "../../src/pattern/verify.ts";

/** Values of a program over one vector x. */
function valuesOf(
  x: readonly number[],
  build: (x: Handle, n: number) => Parameters<typeof program>[2] extends (p: never) => infer O ? O : never,
  dtype: Dtype = "i32",
): TensorValues {
  const built = checkProgram(program("test", {}, () => build(input("x", dtype, [x.length]), x.length)).build());
  return interpret(built, { x: dtype === "i32" ? Int32Array.from(x) : Float32Array.from(x) });
}

const listed = (values: TensorValues, name: string): number[] => [...values[name]!];

describe("map and reduce", () => {
  test("nest: a reduction may use outer indices, other reductions and shared parts", () => {
    const values = valuesOf([3, 1, 2], (x, n) => ({
      y: map("y", [n], (i) => {
        const below = reduce("add", [n], (j) => select(lt(x.at(j), x.at(i)), x.at(j), 0));
        return add(
          mul(below, 100),
          add(
            below,
            reduce("max", [n], (j) => reduce("add", [2], () => x.at(j))),
          ),
        );
      }),
    }));
    expect(listed(values, "y")).toEqual([309, 6, 107]);
  });

  test("evaluate a node with many users once: forty doublings take no 2^40 steps", () => {
    const values = valuesOf([1, 5], (x, n) => ({
      y: map("y", [n], (i) => {
        let value = x.at(i);
        for (let step = 0; step < 40; step++) value = mod(add(value, value), 1000);
        return value;
      }),
    }));
    expect(listed(values, "y")).toEqual([1, 5].map((start) => Number((BigInt(start) * 2n ** 40n) % 1000n)));
  });

  test("give one value where the domain is empty of indices", () => {
    expect(
      listed(
        valuesOf([4, 5, 6], (x, n) => ({ y: map("y", [], () => reduce("mul", [n], (i) => x.at(i))) })),
        "y",
      ),
    ).toEqual([120]);
  });

  test("round after each operation, and sums only at the end", () => {
    const values = valuesOf(
      [256, 1, 1, 1],
      (x, n) => ({
        sum: map("sum", [], () => reduce("add", [n], (i) => x.at(i))),
        pair: map("pair", [n - 1], (i) => add(x.at(i), x.at(add(i, 1)))),
      }),
      "bf16",
    );
    expect(listed(values, "sum")).toEqual([260]);
    expect(listed(values, "pair")).toEqual([256, 2, 2]);
  });

  test("zip element by element", () => {
    expect(
      listed(
        valuesOf([1, 2, 3], (x) => ({ y: zip("y", [x, x], (a, b) => mul(a, b)) })),
        "y",
      ),
    ).toEqual([1, 4, 9]);
  });

  test("gather where an index is data, and say so when it leaves the tensor", () => {
    const build = (x: Handle, n: number) => ({ y: map("y", [n], (i) => x.at(x.at(i))) });
    expect(listed(valuesOf([2, 0, 1], build), "y")).toEqual([1, 2, 0]);
    expect(() => valuesOf([2, 3, 1], build)).toThrow(
      new UserError({ code: "read-outside", message: `"y" reads "x" at 3 in dimension 0, expected 0 to 2`, place: { path: "y" } }),
    );
  });
});

describe("filter, flatMap and groupBy", () => {
  test("keep records in order, and operators over them see just those", () => {
    const values = valuesOf([5, 1, 7, 2, 9], (x, n) => {
      const big = filter("big", [n], (i) => ({ when: gt(x.at(i), 4), fields: { value: x.at(i), at: i } }));
      return { big, total: map("total", [], () => reduce("add", [big], (i) => big.at(i).value)), double: map("double", [big], (i) => mul(big.at(i).value, 2)) };
    });
    expect(listed(values, "big.size")).toEqual([3]);
    expect(listed(values, "big.value")).toEqual([5, 7, 9, 0, 0]);
    expect(listed(values, "big.at")).toEqual([0, 2, 4, 0, 0]);
    expect(listed(values, "total")).toEqual([21]);
    expect(listed(values, "double")).toEqual([10, 14, 18, 0, 0]);
  });

  test("emit up to several records an index, and refuse more than the bound", () => {
    const build = (bound: number) => (x: Handle, n: number) => ({
      out: flatMap(
        "out",
        [n],
        (i) => [
          { when: gt(x.at(i), 0), fields: { v: x.at(i) } },
          { when: gt(x.at(i), 1), fields: { v: mul(x.at(i), 10) } },
        ],
        { bound },
      ),
    });
    expect(listed(valuesOf([1, 0, 2], build(3)), "out.v")).toEqual([1, 2, 20]);
    expect(() => valuesOf([1, 0, 2], build(2))).toThrow(`"out" makes more records than its bound of 2`);
  });

  test("work over an empty collection", () => {
    const values = valuesOf([1, 2], (x, n) => {
      const none = filter("none", [n], (i) => ({ when: gt(x.at(i), 9), fields: { v: x.at(i) } }));
      return {
        m: map("m", [], () => reduce("max", [none], (i) => none.at(i).v)),
        g: groupBy("g", [none], (i) => ({ key: none.at(i).v, keys: 2, fields: { n: count() } })),
      };
    });
    expect(listed(values, "m")).toEqual([-(2 ** 31)]);
    expect(listed(values, "g.n")).toEqual([0, 0]);
  });

  test("combine every field of a group, and give identities to empty groups", () => {
    const values = valuesOf([5, 1, 7, 2, 9], (x, n) => ({
      g: groupBy("g", [n], (i) => ({
        when: and(gt(x.at(i), 1), lt(x.at(i), 9)),
        key: mod(x.at(i), 4),
        keys: 4,
        fields: { n: count(), sum: sum(x.at(i)), top: fold("max", x.at(i)) },
      })),
    }));
    expect(listed(values, "g.n")).toEqual([0, 1, 1, 1]);
    expect(listed(values, "g.sum")).toEqual([0, 5, 2, 7]);
    expect(listed(values, "g.top")).toEqual([-(2 ** 31), 5, 2, 7]);
  });

  test("refuse a key outside its range", () => {
    const build = (x: Handle, n: number) => ({ g: groupBy("g", [n], (i) => ({ key: x.at(i), keys: 3, fields: { n: count() } })) });
    expect(() => valuesOf([0, 3], build)).toThrow(`"g" meets the key 3, expected 0 to 2`);
    expect(() => valuesOf([-1, 0], build)).toThrow(`"g" meets the key -1, expected 0 to 2`);
  });

  test("take a domain of several dimensions in row-major order, and a collection next to a plain extent", () => {
    const values = valuesOf([3, 0, 4], (x, n) => {
      const some = filter("some", [n], (i) => ({ when: gt(x.at(i), 0), fields: { v: x.at(i) } }));
      const both: readonly Extent[] = [some, 2];
      return { grid: map("grid", both, (i, j) => add(mul(some.at(i).v, 10), j)) };
    });
    expect(listed(values, "grid")).toEqual([30, 31, 40, 41, 0, 0]);
  });
});

describe("scan and iterate", () => {
  test("prefix along the last index, with and without the element itself", () => {
    const values = valuesOf([1, 2, 3, 4], (x) => ({
      in: scan("in", "add", [2, 2], (i, j) => x.at(add(mul(i, 2), j))),
      ex: scan("ex", "add", [4], (i) => x.at(i), { exclusive: true }),
    }));
    expect(listed(values, "in")).toEqual([1, 3, 3, 7]);
    expect(listed(values, "ex")).toEqual([0, 1, 3, 6]);
  });

  test("carry tensors from round to round, all at once, until told to stop", () => {
    const build = (times: number) => (x: Handle, n: number) => {
      const twin = map("twin", [n], (i) => x.at(i));
      return iterate("loop", times, { a: x, b: twin }, ({ a, b }) => {
        const next = map("next", [n], (i) => add(a.at(i), b.at(i)));
        return {
          next: { a: b, b: next },
          until: map("done", [], () =>
            gt(
              reduce("max", [n], (i) => next.at(i)),
              20,
            ),
          ),
        };
      });
    };
    expect(listed(valuesOf([1, 2], build(4)), "loop.b")).toEqual([8, 16]);
    expect(listed(valuesOf([1, 2], build(100)), "loop.b")).toEqual([13, 26]);
    expect(listed(valuesOf([1, 2], build(100)), "loop.a")).toEqual([8, 16]);
  });
});

describe("inputs", () => {
  const built = program("inputs", { n: 1000 }, ({ n }) => {
    const x = input("x", "f32", [n]);
    const k = input("k", "i8", [n], { data: { kind: "index" } });
    const g = input("g", "bf16", [n], { data: { kind: "normal", mean: 10, deviation: 2 } });
    const c = input("c", "i32", [n], { data: { kind: "constant", value: 7 } });
    return { y: zip("y", [x, g], (a, b) => exp(sub(a, cast("f32", b)))), z: zip("z", [c, k], (a, b) => max(a, cast("i32", b))) };
  });

  test("come from the seed: same seed same values, each input a stream of its own", () => {
    const program = built.build();
    expect(generateInputs(program, 1)).toEqual(generateInputs(program, 1));
    expect(generateInputs(program, 1).x).not.toEqual(generateInputs(program, 2).x);
    expect(generateInputs(built.build({ n: 10 }), 1).x).toEqual(generateInputs(program, 1).x!.slice(0, 10));
  });

  test("follow their generators, rounded to their dtypes", () => {
    const { x, k, g, c } = generateInputs(built.build(), 3);
    expect(x!.every((value) => value >= -1 && value < 1)).toBe(true);
    expect([...k!.slice(126, 130)]).toEqual([126, 127, -128, -127]);
    expect([...g!].reduce((total, value) => total + value, 0) / 1000).toBeCloseTo(10, 0);
    expect(new Set(c)).toEqual(new Set([7]));
  });

  test("that are missing or of another length are refused", () => {
    const program = built.build({ n: 3 });
    const inputs = generateInputs(program, 1);
    expect(() => interpret(program, { ...inputs, x: new Float32Array(2) })).toThrow(`x: the input "x" has 2 values, its shape needs 3`);
    const { x: _, ...others } = inputs;
    expect(() => interpret(program, others)).toThrow(`x: no values for the input "x"`);
  });

  test("too large to hold are refused before memory is asked for", () => {
    expect(() =>
      generateInputs(
        program("huge", {}, () => {
          const x = input("x", "f32", [65536, 65536]);
          return { y: zip("y", [x], (a) => a) };
        }).build(),
        1,
      ),
    ).toThrow(`"x" has 4294967296 elements; values are computed for at most 2147483648 a tensor`);
  });
});
