/** Each fault: a sound program with one thing broken by hand, as an editor or another tool might. */

import { describe, expect, test } from "vitest";
import { add, count, filter, groupBy, gt, input, iterate, map, program, reduce, scan } from "weft";
import { printFault, UserError } from "../../src/base/errors.ts";
import type { Expr, FlatMapOperator, GroupByOperator, IterateOperator, MapOperator, Operator, Program, Tensor } from "../../src/pattern/program.ts";
import { checkProgram, verifyProgram } from "../../src/pattern/verify.ts";

const sound = program("sound", {}, () => {
  const x = input("x", "f32", [4]);
  const k = input("k", "i32", [4]);
  const y = map("y", [3], (i) =>
    add(
      x.at(add(i, 1)),
      reduce("add", [4], (j) => x.at(j)),
    ),
  );
  const some = filter("some", [4], (i) => ({ when: gt(x.at(i), 0), fields: { k: k.at(i) } }));
  const groups = groupBy("groups", [some], (i) => ({ key: some.at(i).k, keys: 3, fields: { n: count() } }));
  const prefix = scan("prefix", "add", [4], (i) => x.at(i));
  const loop = iterate("loop", 3, { a: prefix }, ({ a }) => ({ next: { a: map("next", [4], (i) => add(a.at(i), 1)) } }));
  return { y, groups, loop };
}).build();

const operator = <T extends Operator>(name: string, change: (operator: T) => Operator): Program => ({
  ...sound,
  operators: sound.operators.map((item) => (item.name === name ? change(item as T) : item)),
});
const tensor = (name: string, change: Partial<Tensor>): Program => ({
  ...sound,
  tensors: sound.tensors.map((item) => (item.name === name ? { ...item, ...change } : item)),
});
const body = (change: Expr): Program => operator<MapOperator>("y", (y) => ({ ...y, body: change }));
const faults = (broken: Program): readonly string[] => verifyProgram(broken).map(printFault);

const index: Expr = { kind: "index", dtype: "i32", index: "y.i0" };
const one: Expr = { kind: "const", dtype: "i32", value: 1 };
const readX = (at: Expr): Expr => ({ kind: "read", dtype: "f32", tensor: "x", at: [at] });
const plus = (a: Expr, b: Expr, dtype = a.dtype): Expr => ({ kind: "op", dtype, op: "add", args: [a, b] });

describe("the verifier", () => {
  test("accepts a sound program and returns it", () => {
    expect(faults(sound)).toEqual([]);
    expect(checkProgram(sound)).toBe(sound);
  });

  test("reports every fault, and check throws them", () => {
    const broken = { ...tensor("x", { shape: [0] }), outputs: {} };
    expect(faults(broken).length).toBeGreaterThan(1);
    expect(() => checkProgram(broken)).toThrow(UserError);
  });
});

describe("an index of more than 2^31", () => {
  const long = (value: boolean): Program => {
    const operators = sound.operators.map((item) =>
      item.name === "y"
        ? ({ ...item, domain: [{ name: "y.i0", extent: 2 ** 33 }], body: value ? { kind: "cast", dtype: "f32", arg: index } : readX(index) } as Operator)
        : item,
    );
    return { ...sound, operators, tensors: sound.tensors.map((item) => (item.name === "x" || item.name === "y" ? { ...item, shape: [2 ** 33] } : item)) };
  };

  test("may be read at, but not be a value", () => {
    const about = (program: Program) => faults(program).filter((fault) => fault.includes('"y.i0"'));
    expect(about(long(false))).toEqual([]);
    expect(about(long(true))).toEqual([`operator "y": the index "y.i0" is used as a value and goes up to ${2 ** 33 - 1}, which no i32 holds`]);
  });
});

describe("the verifier names", () => {
  const cases: readonly (readonly [name: string, broken: Program, message: string])[] = [
    [
      "a read that the tensor has become too short for",
      tensor("x", { shape: [3] }),
      'operator "y": "x" is read from 1 to 3 in dimension 0, expected 0 to 2; padded(...) in place of at(...) reads 0 outside',
    ],
    [
      "a read beyond the end",
      body(readX(plus(index, { ...one, value: 2 }))),
      'operator "y": "x" is read from 2 to 4 in dimension 0, expected 0 to 3; padded(...) in place of at(...) reads 0 outside',
    ],
    [
      "a negative read",
      body(readX(plus(index, { ...one, value: -1 }))),
      'operator "y": "x" is read from -1 to 1 in dimension 0, expected 0 to 3; padded(...) in place of at(...) reads 0 outside',
    ],
    ["an unknown tensor", body({ kind: "read", dtype: "f32", tensor: "xx", at: [one] }), 'operator "y": no tensor is called "xx"; did you mean "x"?'],
    [
      "a read of what comes later",
      body({ kind: "read", dtype: "f32", tensor: "prefix", at: [one] }),
      'operator "y": "prefix" is read before anything writes it; operators stand in an order without cycles',
    ],
    [
      "a read of itself",
      body({ kind: "read", dtype: "f32", tensor: "y", at: [one] }),
      'operator "y": "y" is read before anything writes it; operators stand in an order without cycles',
    ],
    ["a read as another dtype", body({ kind: "read", dtype: "bf16", tensor: "x", at: [one] }), 'operator "y": "x" is f32 and read as bf16'],
    ["a wrong rank", body({ kind: "read", dtype: "f32", tensor: "x", at: [one, one] }), 'operator "y": "x" has 1 dimensions and is read at 2 indices'],
    ["an index of another dtype", body(readX({ kind: "cast", dtype: "i16", arg: one })), 'operator "y": "x" is read at an index of dtype i16, expected i32'],
    [
      "an unbound index",
      body(readX({ kind: "index", dtype: "i32", index: "z.i0" })),
      'operator "y": the index "z.i0" is not bound where it is used; an index has a value in the body of its own pattern only',
    ],
    [
      "an index outside its reduction",
      body(plus(readX({ kind: "index", dtype: "i32", index: "y.r0" }), readX(index))),
      'operator "y": the index "y.r0" is not bound where it is used; an index has a value in the body of its own pattern only',
    ],
    ["mixed dtypes", body(plus(readX(one), index)), 'operator "y": add of f32 and i32: operands have one dtype, cast one of them'],
    ["a wrong result dtype", body(plus(readX(one), readX(one), "bf16")), 'operator "y": add gives f32 and is declared bf16'],
    ["a constant that its dtype lacks", body({ kind: "const", dtype: "f32", value: 0.1 }), 'operator "y": the constant 0.1 is no f32'],
    ["too many operands", body({ kind: "op", dtype: "f32", op: "exp", args: [readX(one), readX(one)] }), 'operator "y": exp takes 1 operands, found 2'],
    ["a body of another dtype than its tensor", tensor("y", { dtype: "bf16" }), 'operator "y": "y" is declared bf16 and written as f32'],
    ["a shape of another size", tensor("y", { shape: [4] }), 'operator "y": "y" is declared [4] and written as [3]'],
    ["an empty extent", tensor("k", { shape: [0] }), 'tensor "k": dimension 0 is 0, expected a whole number from 1 to 1099511627776'],
    ["a negative extent", tensor("k", { shape: [-4] }), 'tensor "k": dimension 0 is -4, expected a whole number from 1 to 1099511627776'],
    ["a fractional extent", tensor("k", { shape: [1.5] }), 'tensor "k": dimension 0 is 1.5, expected a whole number from 1 to 1099511627776'],
    ["an absurd size", tensor("k", { shape: [2 ** 20, 2 ** 21] }), 'tensor "k": 1048576 x 2097152 elements are more than 1099511627776'],
    ["formats for other dimensions", tensor("k", { formats: [] }), 'tensor "k": 0 formats for 1 dimensions'],
    ["an unknown dtype", tensor("k", { dtype: "f23" as "f32" }), 'tensor "k": dtype "f23" does not exist; did you mean "f32"?'],
    ["an unknown tier", tensor("k", { tier: "disk" as "ddr" }), 'tensor "k": tier "disk" does not exist; expected sram, hbm, ddr or auto'],
    [
      "a tensor that nothing writes",
      { ...sound, tensors: [...sound.tensors, { name: "q", dtype: "f32", shape: [], tier: "auto" }] },
      'tensor "q": nothing writes "q"',
    ],
    ["two tensors of one name", { ...sound, tensors: [...sound.tensors, sound.tensors[0]!] }, 'tensor "x": two tensors are called "x"'],
    ["two operators of one name", { ...sound, operators: [...sound.operators, sound.operators[0]!] }, 'operator "y": two operators are called "y"'],
    ["an input that is written", operator<MapOperator>("y", (y) => ({ ...y, name: "x" })), 'operator "x": "x" is written twice'],
    [
      "an index bound twice",
      operator<MapOperator>("y", (y) => ({ ...y, domain: [{ name: "y.r0", extent: 3 }] })),
      'operator "y": the index "y.r0" is bound twice',
    ],
    ["no outputs", { ...sound, outputs: {} }, "outputs: the program has no outputs; write return { y }"],
    [
      "an unknown output",
      { ...sound, outputs: { z: "zz" } },
      'output "z": no tensor is called "zz"; expected x, k, y, some.k, some.size, groups.n, prefix, loop.a or next',
    ],
    ["an unknown input", { ...sound, inputs: ["x", "k", "q"] }, 'input "q": "q" is written but not declared'],
    [
      "a count that is no scalar",
      operator<GroupByOperator>("groups", (g) => ({ ...g, domain: [{ ...g.domain[0]!, count: "k" }] })),
      'operator "groups": "k" counts iterations and is i32[4], expected one i32',
    ],
    [
      "a bound of nothing",
      operator<FlatMapOperator>("some", (s) => ({ ...s, bound: 0 })),
      'operator "some": the bound is 0, expected a whole number from 1 to 2147483647',
    ],
    [
      "a condition that is no bool",
      operator<FlatMapOperator>("some", (s) => ({ ...s, emits: [{ ...s.emits[0]!, when: one }] })),
      'operator "some": `when` is i32, expected bool',
    ],
    [
      "emits of different fields",
      operator<FlatMapOperator>("some", (s) => ({ ...s, emits: [...s.emits, { ...s.emits[0]!, fields: { q: one } }] })),
      'operator "some": emits have the fields {k: i32} and {q: i32}, expected the same',
    ],
    [
      "a flatMap without emits",
      operator<FlatMapOperator>("some", (s) => ({ ...s, emits: [] })),
      'operator "some": a flatMap needs an emit with at least one field',
    ],
    [
      "a key that is provably out of range",
      operator<GroupByOperator>("groups", (g) => ({ ...g, key: { ...one, value: 3 } })),
      'operator "groups": the key runs from 3 to 3, expected 0 to 2',
    ],
    [
      "a key that is no integer",
      operator<GroupByOperator>("groups", (g) => ({ ...g, key: { ...one, dtype: "f32" } })),
      'operator "groups": the key is f32, expected an integer',
    ],
    [
      "no keys",
      operator<GroupByOperator>("groups", (g) => ({ ...g, keys: -1 })),
      'operator "groups": the number of keys is -1, expected a whole number from 1 to 2147483647',
    ],
    [
      "two fields of one name",
      operator<GroupByOperator>("groups", (g) => ({ ...g, fields: [...g.fields, ...g.fields] })),
      'operator "groups": two fields are called "n"',
    ],
    [
      "a loop without rounds",
      operator<IterateOperator>("loop", (l) => ({ ...l, times: 0 })),
      'operator "loop": the number of rounds is 0, expected a whole number from 1 to 2147483647',
    ],
    [
      "a stop that is no bool",
      operator<IterateOperator>("loop", (l) => ({ ...l, until: "next" })),
      'operator "loop": "next" ends the loop and is f32[4], expected one bool',
    ],
    [
      "a carry of another shape",
      operator<IterateOperator>("loop", (l) => ({ ...l, carries: [{ ...l.carries[0]!, from: "y" }] })),
      'operator "loop": the next value "y" is f32[3], expected f32[4] as the carried "loop.a"',
    ],
  ];
  test.each(cases)("%s", (_, broken, message) => {
    expect(faults(broken)).toContain(message);
  });
});
