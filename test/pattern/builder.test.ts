import { describe, expect, test } from "vitest";
import { add, cast, constant, count, eq, exp, filter, groupBy, input, map, mul, program, reduce, select, zip } from "weft";
import { UserError } from "../../src/base/errors.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import type { Handle } from "../../src/pattern/scalars.ts";

/** The text of what building a program over x[4] throws. */
function refusal(build: (x: Handle) => Parameters<typeof program>[2] extends (p: never) => infer O ? O : never): string {
  return messageOf(() => program("test", {}, () => build(input("x", "f32", [4]))).build());
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "nothing was thrown";
}

describe("the builder", () => {
  test("records a program as plain data", () => {
    const scaled = program("scaled", { n: 4, by: { default: 2, min: -9, max: 9 } }, ({ n, by }) => {
      const x = input("x", "f32", [n], { tier: "ddr" });
      return { y: map("y", [n], (i) => mul(x.at(i), by)) };
    });
    const built = scaled.build({ n: "3", by: -1 });
    expect(built).toEqual({
      schemaVersion: 1,
      name: "scaled",
      params: { n: 3, by: -1 },
      inputs: ["x"],
      tensors: [
        { name: "x", dtype: "f32", shape: [3], tier: "ddr" },
        { name: "y", dtype: "f32", shape: [3], tier: "auto" },
      ],
      operators: [
        {
          kind: "map",
          name: "y",
          domain: [{ name: "y.i0", extent: 3 }],
          body: {
            kind: "op",
            dtype: "f32",
            op: "mul",
            args: [
              { kind: "read", dtype: "f32", tensor: "x", at: [{ kind: "index", dtype: "i32", index: "y.i0" }] },
              { kind: "const", dtype: "f32", value: -1 },
            ],
          },
        },
      ],
      outputs: { y: "y" },
    });
    expect(JSON.parse(JSON.stringify(built))).toEqual(built);
  });

  test("names the indices of reductions in the order of their making, across one operator", () => {
    const built = program("names", {}, () => {
      const x = input("x", "f32", [2, 3]);
      return {
        y: map("y", [], () =>
          add(
            reduce("add", [2, 3], (i, j) => x.at(i, j)),
            reduce("max", [2], (i) => x.at(i, 0)),
          ),
        ),
      };
    }).build();
    expect(
      JSON.stringify(built)
        .match(/y\.r\d/g)
        ?.filter((name, at, all) => all.indexOf(name) === at),
    ).toEqual(["y.r0", "y.r1", "y.r2"]);
  });

  test("takes scalar tensors where a value is wanted", () => {
    const built = program("scalars", {}, () => {
      const x = input("x", "f32", [4]);
      const total = map("total", [], () => reduce("add", [4], (i) => x.at(i)));
      return { y: map("y", [4], (i) => add(x.at(i), total)) };
    }).build();
    expect(built.operators[1]).toMatchObject({ body: { args: [{}, { kind: "read", tensor: "total", at: [] }] } });
  });

  test("does the last product of a reduction in the accumulator's dtype, and other bodies in their own", () => {
    const built = program("widen", {}, () => {
      const x = input("x", "bf16", [4]);
      return {
        product: map("product", [], () => reduce("add", [4], (i) => mul(x.at(i), x.at(i)))),
        plain: map("plain", [], () => reduce("add", [4], (i) => exp(x.at(i)))),
        narrow: map("narrow", [], () => reduce("add", [4], (i) => mul(x.at(i), 3), { acc: "bf16" })),
        high: map("high", [], () => reduce("max", [4], (i) => x.at(i))),
      };
    }).build();
    const bodies = built.operators.map((operator) => (operator.kind === "map" && operator.body.kind === "reduce" ? operator.body : undefined));
    expect(bodies.map((body) => [body?.dtype, body?.acc, body?.body.dtype])).toEqual([
      ["bf16", "f32", "f32"],
      ["bf16", "f32", "bf16"],
      ["bf16", "bf16", "bf16"],
      ["bf16", "bf16", "bf16"],
    ]);
    expect(bodies[0]?.body).toMatchObject({
      op: "mul",
      args: [
        { kind: "cast", dtype: "f32" },
        { kind: "cast", dtype: "f32" },
      ],
    });
  });

  test("flattens collections and groups among the outputs", () => {
    const built = program("flat", {}, () => {
      const k = input("k", "i32", [4]);
      const some = filter("some", [4], (i) => ({ when: eq(k.at(i), 1), fields: { k: k.at(i) } }));
      return { some, groups: groupBy("g", [some], (i) => ({ key: some.at(i).k, keys: 2, fields: { n: count() } })) };
    }).build();
    expect(built.outputs).toEqual({ "some.size": "some.size", "some.k": "some.k", "groups.n": "g.n" });
  });

  test("leaves nothing behind when a build fails", () => {
    expect(refusal((x) => ({ y: map("y", [4], () => x.at()) }))).toContain("read at no indices");
    expect(refusal((x) => ({ y: map("y", [4], (i) => x.at(i)) }))).toBe("nothing was thrown");
  });
});

describe("the builder names the operator and what is wrong with it", () => {
  const other: Definition = program("other", {}, () => ({ z: input("z", "f32", [1]) }));
  const cases: readonly (readonly [name: string, build: Parameters<typeof refusal>[0], message: string])[] = [
    ["mixed dtypes", (x) => ({ y: map("y", [4], (i) => add(x.at(i), i)) }), 'operator "y": add of f32 and i32: operands have one dtype, cast one of them'],
    ["exp of integers", () => ({ y: map("y", [4], (i) => exp(i)) }), 'operator "y": exp of i32: expected a float'],
    [
      "a condition that is no bool",
      (x) => ({ y: map("y", [4], (i) => select(x.at(i), x.at(i), 0)) }),
      'operator "y": the condition of select is f32, expected bool',
    ],
    ["wrong rank", (x) => ({ y: map("y", [4], (i) => x.at(i, i)) }), 'operator "y": "x" has the shape [4] and is read at 2 indices, expected 1'],
    [
      "a float index",
      (x) => ({ y: map("y", [4], (i) => x.at(x.at(i))) }),
      'operator "y": "x" is read at an index of dtype f32, expected i32; write cast("i32", ...)',
    ],
    ["a lone number", () => ({ y: map("y", [4], () => 1) }), 'operator "y": the number 1 stands alone, so its dtype is unknown; write constant("f32", 1)'],
    [
      "a fraction for an integer",
      () => ({ y: map("y", [4], (i) => mul(i, 0.5)) }),
      'operator "y": the constant 0.5 is no i32: expected a whole number from -2147483648 to 2147483647',
    ],
    ["an extent of zero", (x) => ({ y: map("y", [0], (i) => x.at(i)) }), 'operator "y": dimension 0 is 0, expected a whole number from 1 to 1099511627776'],
    [
      "a negative extent",
      (x) => ({ y: map("y", [], () => reduce("add", [-4], (i) => x.at(i))) }),
      'operator "y": reduction 0 is -4, expected a whole number from 1 to 1099511627776',
    ],
    ["a fractional extent", () => ({ z: input("z", "f32", [2.5]) }), 'input "z", dimension 0 is 2.5, expected a whole number from 1 to 1099511627776'],
    [
      "an absurd extent",
      (x) => ({ y: map("y", [2 ** 41], (i) => x.at(i)) }),
      'operator "y": dimension 0 is 2199023255552, expected a whole number from 1 to 1099511627776',
    ],
    [
      "a sum of bools",
      (x) => ({ y: map("y", [], () => reduce("add", [4], (i) => eq(x.at(i), 0))) }),
      'operator "y": a reduction by add of bool: expected a number, not a bool',
    ],
    [
      "an accumulator of another kind",
      (x) => ({ y: map("y", [], () => reduce("add", [4], (i) => x.at(i), { acc: "i32" })) }),
      'operator "y": a reduction of f32 accumulates in i32 and gives f32: expected one kind (float, integer or bool) throughout, cast before or after',
    ],
    ["a name used twice", (x) => ({ y: map("x", [4], (i) => x.at(i)) }), 'the name "x" is taken; names of inputs and operators are unique in a program'],
    [
      "a reduce in the open",
      (x) => ({ y: x, z: void reduce("add", [4], (i) => x.at(i)) as never }),
      'a reduce stands outside a pattern; wrap it: map("total", [], () => reduce(...))',
    ],
    [
      "a map in a body",
      (x) => ({ y: map("y", [4], (i) => add(map("z", [4], (j) => x.at(j)).at(i), 1)) }),
      'operator "y": "z" stands inside the body of "y"; a body is made of scalars and reduce',
    ],
    [
      "a program in a program",
      (x) => ({ y: x, z: void other.build() as never }),
      'program "other" is built inside another program; call its operators as functions instead',
    ],
    ["a zip of two shapes", (x) => ({ y: zip("y", [x, input("z", "f32", [3])], (a, b) => add(a, b)) }), 'zip "y" of shapes [4] and [3]: expected one shape'],
  ];
  test.each(cases)("%s", (_, build, message) => {
    expect(refusal(build)).toBe(message);
  });

  test("outside a program", () => {
    expect(messageOf(() => input("x", "f32", [1]))).toBe('"x" stands outside a program; call it inside program(name, parameters, () => ...)');
  });
});

describe("numbers", () => {
  test("take the dtype of their neighbours and are rounded to it", () => {
    const x = constant("bf16", 1);
    expect(add(x, 0.1)).toMatchObject({ dtype: "bf16", args: [{}, { dtype: "bf16", value: 0.10009765625 }] });
    expect(select(eq(x, 0), 1, x)).toMatchObject({ dtype: "bf16", args: [{ dtype: "bool" }, { dtype: "bf16", value: 1 }, {}] });
  });

  test("are cast at once, and a cast to its own dtype is none", () => {
    expect(cast("f16", 0.1)).toEqual({ kind: "const", dtype: "f16", value: 0.0999755859375 });
    const x = constant("f32", 3);
    expect(cast("f32", x)).toBe(x);
    expect(cast("i8", x)).toEqual({ kind: "cast", dtype: "i8", arg: x });
  });
});

describe("parameters", () => {
  const sized = program("sized", { n: 8, low: { default: 0, min: -5, max: 5, real: true }, dtype: "f32", mode: "a" }, ({ n, dtype }) => ({
    x: input("x", dtype, [n]),
  }));

  test("have defaults, may be set as text, and stand in the program", () => {
    expect(sized.params).toEqual({ n: 8, low: 0, dtype: "f32", mode: "a" });
    expect(sized.build({ n: "12", low: "-0.5", dtype: "i8" }).params).toEqual({ n: 12, low: -0.5, dtype: "i8", mode: "a" });
  });

  test("are refused all at once, each with what was expected", () => {
    expect(messageOf(() => sized.build({ n: 0, m: 3, low: 7, dtype: "f23", mode: 4 })).split("\n")).toEqual([
      "n: n is 0, expected a whole number from 1 to 1099511627776",
      'm: the workload has no parameter "m"; did you mean "n"?',
      "low: low is 7, expected a number from -5 to 5",
      'dtype: dtype is "f23", which is no dtype; did you mean "f32"?',
      "mode: mode is 4, expected a text",
    ]);
    for (const n of [-1, 1.5, 2 ** 41, Number.NaN, "many", "", null])
      expect(messageOf(() => sized.build({ n }))).toMatch(/^n: n is .*, expected a whole number/);
  });
});
