/** Reads over borders, rounds, gathers, keys of any value, places of extremes, collections as domains: what each means, and how it is refused, printed and written. */

import { describe, expect, test } from "vitest";
import {
  add,
  argmax,
  argmin,
  type Collection,
  count,
  filter,
  fold,
  ge,
  gt,
  hashBy,
  input,
  iterate,
  lt,
  map,
  mod,
  mul,
  program,
  reduce,
  scan,
  select,
  sub,
  sum,
} from "weft";
import { printFault } from "../../src/base/errors.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import { programFromJson, programToJson } from "../../src/pattern/json.ts";
import { printProgram } from "../../src/pattern/print.ts";
import type { Expr, GatherOperator, HashOperator, IterateOperator, Operator, Program, Tensor, TensorValues } from "../../src/pattern/program.ts";
import type { Handle } from "../../src/pattern/scalars.ts";
import { checkProgram, verifyProgram } from "../../src/pattern/verify.ts";

type Outputs = Readonly<Record<string, Handle | Collection>>;

/** A program over one vector of i32. */
const over = (n: number, build: (x: Handle) => Outputs): Program => program("test", {}, () => build(input("x", "i32", [n]))).build();
const run = (built: Program, x: readonly number[]): TensorValues => interpret(checkProgram(built), { x: Int32Array.from(x) });
const valuesOf = (x: readonly number[], build: (x: Handle) => Outputs): TensorValues => run(over(x.length, build), x);
const faults = (broken: Program): readonly string[] => verifyProgram(broken).map(printFault);
const backAndForth = (built: Program): Program => programFromJson(JSON.parse(JSON.stringify(programToJson(built))));
const bodyOf = (built: Program): readonly string[] => printProgram(built).split("\n").slice(2, -2);

const constant = (value: number): Expr => ({ kind: "const", dtype: "i32", value });
const index = (name: string): Expr => ({ kind: "index", dtype: "i32", index: name });
const tensor = (name: string, dtype: Tensor["dtype"], shape: readonly number[]): Tensor => ({ name, dtype, shape, tier: "auto" });
/** An operator that the builder does not write, on x: i32[4], with the tensors it writes. */
const byHand = (operator: Operator, tensors: readonly Tensor[]): Program => ({
  ...{ schemaVersion: 1, name: "hand", params: {}, inputs: ["x"] },
  tensors: [tensor("x", "i32", [4]), ...tensors],
  operators: [operator],
  outputs: { y: tensors[0]!.name },
});

describe("a padded read", () => {
  test("is 0 on all sides outside, also where nothing is inside, and the element elsewhere", () => {
    const values = valuesOf([5, 6, 7], (x) => ({
      left: map("left", [5], (i) => x.padded(sub(i, 1))),
      never: map("never", [2], (i) => x.padded(add(i, 3))),
      apart: map("apart", [3], (i) => x.padded(sub(mul(i, 2), 1))),
    }));
    expect([...values.left!]).toEqual([0, 5, 6, 7, 0]);
    expect([...values.never!]).toEqual([0, 0]);
    expect([...values.apart!]).toEqual([0, 6, 0]);
  });

  test("is 0 where any one dimension is outside", () => {
    const built = program("corner", {}, () => {
      const x = input("x", "i32", [2, 2]);
      return { y: map("y", [2, 2], (i, j) => x.padded(sub(i, 1), sub(j, 1))) };
    }).build();
    expect([...interpret(checkProgram(built), { x: Int32Array.of(1, 2, 3, 4) }).y!]).toEqual([0, 0, 0, 1]);
  });

  test("is refused at an index that is data, with the way out", () => {
    expect(faults(over(3, (x) => ({ y: map("y", [3], (i) => x.padded(x.at(i))) })))).toEqual([
      'operator "y": "x" is read padded at an index that is not affine; clamp the index instead',
    ]);
  });

  test("is not the same as a plain one: it is printed and written apart, and not shared", () => {
    const built = over(3, (x) => ({ y: map("y", [3], (i) => add(x.at(i), x.padded(i))) }));
    expect(bodyOf(built)).toEqual(["y: i32[3]", "  y[i] = x[i] + x[i or 0]"]);
    expect(backAndForth(built)).toEqual(built);
  });
});

describe("iterate", () => {
  test("numbers its rounds, as an index and as a value", () => {
    const values = valuesOf([10, 20, 30], (x) => {
      const zero = map("zero", [], () => sub(x.at(0), x.at(0)));
      return iterate("loop", 3, { total: zero }, ({ total }, round) => ({
        next: { total: map("next", [], () => add(total, mul(x.at(round), add(round, 1)))) },
      }));
    });
    expect([...values["loop.total"]!]).toEqual([10 + 40 + 90]);
  });

  test("holds loops, which start anew in each round and see the rounds of both", () => {
    const values = valuesOf([1], (x) =>
      iterate("outer", 3, { a: x }, ({ a }, i) => {
        const { b } = iterate("inner", 2, { b: a }, ({ b }, j) => ({ next: { b: map("next", [1], (k) => add(mul(b.at(k), 2), add(mul(i, 10), j))) } }));
        return { next: { a: b } };
      }),
    );
    const round = (a: number, i: number) => (a * 2 + i * 10) * 2 + i * 10 + 1;
    expect([...values["outer.a"]!]).toEqual([[0, 1, 2].reduce(round, 1)]);
  });

  test("ends after the round in which `until` holds, and exchanges carried tensors all at once", () => {
    const values = valuesOf([0, 100], (x) => {
      const one = map("one", [], () => x.at(0));
      const two = map("two", [], () => x.at(1));
      return iterate("loop", 50, { a: one, b: two, n: one }, ({ a, b, n }) => {
        const next = map("next", [], () => add(n, 1));
        return { next: { a: b, b: a, n: next }, until: map("done", [], () => ge(next, 3)) };
      });
    });
    expect(["a", "b", "n"].map((name) => values[`loop.${name}`]![0])).toEqual([100, 0, 3]);
  });

  test("leaves in a collection what earlier rounds put beyond its size", () => {
    const values = valuesOf([3, 2, 1], (x) => {
      const { a } = iterate("loop", 2, { a: x }, ({ a }, round) => {
        const some = filter("some", [3], (i) => ({ when: gt(a.at(i), round), fields: { v: a.at(i) } }));
        const twice = map("twice", [some], (i) => mul(some.at(i).v, 2));
        return { next: { a: map("next", [3], (i) => add(twice.at(i), 0)) } };
      });
      return { a };
    });
    // Round 0 keeps 3, 2, 1; round 1 keeps 6, 4, 2; all of them. The sizes are those of the last round.
    expect([...values["loop.a"]!]).toEqual([12, 8, 4]);
    const fewer = valuesOf([3, 2, 1], (x) => {
      const { a } = iterate("loop", 2, { a: x }, ({ a }, round) => {
        const some = filter("some", [3], (i) => ({ when: lt(i, sub(3, mul(round, 2))), fields: { v: a.at(i) } }));
        return { next: { a: map("next", [3], (i) => some.at(i).v) } };
      });
      return { a };
    });
    expect([...fewer["loop.a"]!]).toEqual([3, 2, 1]);
  });

  const counted = over(3, (x) => iterate("loop", 2, { a: x }, ({ a }, round) => ({ next: { a: map("next", [3], (i) => add(a.at(i), round)) } })));
  const loop = (change: Partial<IterateOperator>): Program => ({ ...counted, operators: [{ ...(counted.operators[0] as IterateOperator), ...change }] });

  test("is printed with its round, and comes back from JSON", () => {
    expect(bodyOf(counted)).toEqual(["loop: 2 rounds (loop.round) of loop.a from x, then next", "  next: i32[3]", "    next[i] = loop.a[i] + loop.round"]);
    expect(backAndForth(counted)).toEqual(counted);
  });

  test("lets out its carried tensors only, and its round not at all", () => {
    const leak = over(3, (x) => {
      let inside = x;
      const { a } = iterate("loop", 2, { a: x }, ({ a }) => {
        inside = map("next", [3], (i) => add(a.at(i), 1));
        return { next: { a: inside } };
      });
      return { a, y: map("y", [3], (i) => inside.at(i)), inside };
    });
    const outside = '"next" is read outside the loop "loop" that makes it; carry it out of the loop';
    expect(faults(leak)).toEqual([`operator "y": ${outside}`, `output "inside": ${outside}`]);
    const lost = over(3, (x) => {
      let number: Expr | undefined;
      const { a } = iterate("loop", 2, { a: x }, ({ a }, round) => {
        number = round;
        return { next: { a: map("next", [3], (i) => add(a.at(i), 1)) } };
      });
      return { a, y: map("y", [3], () => number!) };
    });
    expect(faults(lost).join()).toContain('operator "y": the index "loop.round" is not bound where it is used');
    expect(() => interpret(lost, { x: new Int32Array(3) })).toThrow('y: the index "loop.round" is not bound here');
  });

  test("of an inner loop lets out nothing into the outer one either", () => {
    const leak = over(3, (x) =>
      iterate("outer", 2, { a: x }, ({ a }) => {
        let inside = a;
        iterate("inner", 2, { b: a }, ({ b }) => {
          inside = map("deep", [3], (i) => add(b.at(i), 1));
          return { next: { b: inside } };
        });
        return { next: { a: map("next", [3], (i) => inside.at(i)) } };
      }),
    );
    expect(faults(leak)).toEqual(['operator "next": "deep" is read outside the loop "inner" that makes it; carry it out of the loop']);
  });

  test("is refused with a round that is another index", () => {
    expect(faults(loop({ round: { name: "loop.round", extent: 3 } }))).toContain('operator "loop": the index "loop.round" runs over 3 rounds of 2');
    expect(faults(loop({ round: { name: "next.i0", extent: 2 } })).join()).toContain('the index "next.i0" is bound twice');
  });
});

describe("gather", () => {
  const operator: GatherOperator = {
    kind: "gather",
    name: "y",
    domain: [{ name: "i", extent: 4 }],
    tensor: "x",
    index: { kind: "read", dtype: "i32", tensor: "x", at: [index("i")] },
  };
  const gather = (change: Partial<GatherOperator> = {}, shape = [4]): Program => byHand({ ...operator, ...change }, [tensor("y", "i32", shape)]);

  test("takes the element of that number", () => {
    expect([...run(gather(), [3, 0, 0, 1]).y!]).toEqual([1, 3, 3, 0]);
  });

  test("is refused at an element that is not there, where the program shows it and where data does", () => {
    expect(() => run(gather(), [0, 4, 0, 0])).toThrow('y: "y" reads element 4 of "x", expected 0 to 3');
    expect(() => run(gather(), [0, -1, 0, 0])).toThrow('y: "y" reads element -1 of "x", expected 0 to 3');
    expect(faults(gather({ index: { kind: "op", dtype: "i32", op: "add", args: [index("i"), constant(1)] } }))).toEqual([
      'operator "y": "x" is read from element 1 to 4, expected 0 to 3',
    ]);
  });

  test("is refused with an index of another dtype, an unknown table, itself, another shape", () => {
    expect(faults(gather({ index: { kind: "const", dtype: "f32", value: 0 } }))).toEqual(['operator "y": the index is f32, expected i32']);
    expect(faults(gather({ tensor: "z" })).join()).toContain('no tensor is called "z"');
    expect(faults(gather({ tensor: "y" })).join()).toContain('"y" is read before anything writes it');
    expect(faults(gather({}, [5]))).toEqual(['operator "y": "y" is declared [5] and written as [4]']);
  });

  test("is printed, and comes back from JSON", () => {
    expect(bodyOf(gather())).toEqual(["y: i32[4]", "  y[i] = element x[i] of x"]);
    expect(backAndForth(gather())).toEqual(gather());
  });
});

describe("hash", () => {
  const operator: HashOperator = {
    ...{ kind: "hash", name: "h", domain: [{ name: "i", extent: 4 }] },
    key: { kind: "read", dtype: "i32", tensor: "x", at: [index("i")] },
    keys: 3,
  };
  const when: Expr = { kind: "op", dtype: "bool", op: "gt", args: [operator.key, constant(0)] };
  const hash = (change: Partial<HashOperator> = {}): Program => byHand({ ...operator, ...change }, [tensor("h", "i32", [4])]);

  test("numbers keys in the order in which they appear, and leaves out what takes no part", () => {
    expect([...run(hash(), [7, -9, 7, 2]).h!]).toEqual([0, 1, 0, 2]);
    expect([...run(hash({ when }), [7, -9, 7, 2]).h!]).toEqual([0, -1, 0, 1]);
  });

  test("is refused with more keys than its bound", () => {
    expect(() => run(hash(), [1, 2, 3, 4])).toThrow('h: "h" meets more distinct keys than its bound of 3');
  });

  test("is refused with a key or a condition of another dtype, and without keys", () => {
    expect(faults(hash({ key: { kind: "cast", dtype: "i8", arg: operator.key } }))).toEqual(['operator "h": the key is i8, expected i32']);
    expect(faults(hash({ when: operator.key }))).toEqual(['operator "h": `when` is i32, expected bool']);
    expect(faults(hash({ keys: 0 })).join()).toContain("the number of keys is 0");
  });

  test("is printed, and comes back from JSON", () => {
    expect(bodyOf(hash({ when }))).toEqual(["h: i32[4]", "  h[i] = number of x[i] among 3 keys where x[i] > 0, else -1"]);
    expect(backAndForth(hash({ when }))).toEqual(hash({ when }));
  });
});

describe("hashBy", () => {
  test("gives for any keys what a map by key gives", () => {
    const x = [70_000, -3, 70_000, 5, -3, -3, 2 ** 31 - 1, 5];
    const values = valuesOf(x, (x) => {
      const groups = hashBy("groups", [8], (i) => ({ when: lt(i, 7), key: x.at(i), fields: { n: count(), last: fold("max", i), total: sum(mul(i, 10)) } }), {
        bound: 6,
      });
      return { groups, big: map("big", [], () => reduce("add", [groups], (g) => select(gt(groups.at(g).n, 1), groups.at(g).total, 0))) };
    });
    const expected = new Map<number, { n: number; last: number; total: number }>();
    for (const [i, key] of x.slice(0, 7).entries()) {
      const { n, total } = expected.get(key) ?? { n: 0, total: 0 };
      expected.set(key, { n: n + 1, last: i, total: total + 10 * i });
    }
    const size = values["groups.size"]![0]!;
    const column = (name: string): number[] => [...values[name]!.slice(0, size)];
    expect(column("groups.fold.key")).toEqual([...expected.keys()]);
    for (const field of ["n", "last", "total"] as const) expect(column(`groups.fold.${field}`)).toEqual([...expected.values()].map((group) => group[field]));
    expect(values.big![0]).toBe([...expected.values()].filter(({ n }) => n > 1).reduce((sum, { total }) => sum + total, 0));
  });

  test("takes a collection, and refuses fields of its own names", () => {
    const values = valuesOf([4, 9, 4, 1], (x) => {
      const some = filter("some", [4], (i) => ({ when: gt(x.at(i), 1), fields: { v: x.at(i) } }));
      return { groups: hashBy("groups", [some], (i) => ({ key: some.at(i).v, fields: { n: count() } }), { bound: 4 }) };
    });
    expect([...values["groups.fold.n"]!]).toEqual([2, 1, 0, 0]);
    const named = (field: string) => () => over(4, (x) => ({ g: hashBy("g", [4], (i) => ({ key: x.at(i), fields: { [field]: count() } }), { bound: 4 }) }));
    expect(named("key")).toThrow('a field of "g" is called "key", which hashBy makes itself');
    expect(named("size")).toThrow('a field of "g" is called "size", which hashBy makes itself');
  });
});

describe("argmin and argmax", () => {
  test("give the first of equals", () => {
    const values = valuesOf([3, 1, 9, 1, 9], (x) => ({
      low: map("low", [], () => argmin(5, (k) => x.at(k))),
      high: map("high", [], () => argmax(5, (k) => x.at(k))),
      even: map("even", [], () => argmax(5, (k) => mod(x.at(k), 1))),
    }));
    expect(["low", "high", "even"].map((name) => values[name]![0])).toEqual([1, 2, 0]);
  });

  test("give the last index where nothing compares", () => {
    const built = program("nan", {}, () => {
      const x = input("x", "f32", [3]);
      return { y: map("y", [], () => argmin(3, (k) => x.at(k))) };
    }).build();
    expect([...interpret(built, { x: Float32Array.of(1, Number.NaN, 0) }).y!]).toEqual([2]);
  });
});

describe("a scan", () => {
  test("over a collection goes over the records there are, and keeps 0 beyond", () => {
    const values = valuesOf([5, -1, 7, 2], (x) => {
      const some = filter("some", [4], (i) => ({ when: gt(x.at(i), 0), fields: { v: x.at(i) } }));
      return {
        up: scan("up", "add", [some], (i) => some.at(i).v),
        before: scan("before", "max", [some], (i) => some.at(i).v, { exclusive: true }),
        rows: scan("rows", "add", [2, some], (i, j) => add(some.at(j).v, i)),
      };
    });
    expect([...values.up!]).toEqual([5, 12, 14, 0]);
    expect([...values.before!]).toEqual([-(2 ** 31), 5, 7, 0]);
    expect([...values.rows!]).toEqual([5, 12, 14, 0, 6, 14, 17, 0]);
  });
});
