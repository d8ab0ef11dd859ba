import { describe, expect, test } from "vitest";
import { add, constant, input, iterate, map, program, reduce, scan } from "weft";
import { programFromJson, programToJson } from "../../src/pattern/json.ts";
import { workloads } from "../../workloads/index.ts";

const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

describe("JSON of programs", () => {
  test("brings every workload back as it was", () => {
    for (const workload of workloads) expect(programFromJson(throughText(programToJson(workload.build())))).toEqual(workload.build());
  });

  test("brings scans, loops, formats, schedules and odd numbers back", () => {
    const built = program("odd", {}, () => {
      const x = input("x", "f32", [4], { data: { kind: "normal", mean: 0, deviation: 1 } });
      const low = map("low", [4], (i) => add(x.at(i), constant("f32", -0)));
      const p = scan("p", "max", [4], (i) => add(low.at(i), constant("f32", Number.NEGATIVE_INFINITY)));
      return iterate("loop", 2, { a: p }, ({ a }) => ({ next: { a: map("next", [4], (i) => add(a.at(i), constant("f32", Number.NaN))) } }));
    }).build();
    const tensors = built.tensors.map((tensor) => ({ ...tensor, formats: tensor.shape.map(() => ({ kind: "nm", n: 2, m: 4 }) as const) }));
    const full = { ...built, tensors, schedule: { tile: { "low.0": 2 }, par: { "p.0": 3 } } };
    expect(programFromJson(throughText(programToJson(full)))).toEqual(full);
  });

  test("stays small for a graph whose tree has 2^60 leaves", () => {
    const built = program("deep", {}, () => {
      const x = input("x", "i32", [2]);
      return {
        y: map("y", [2], (i) => {
          let value = x.at(i);
          for (let step = 0; step < 60; step++) value = add(value, value);
          return value;
        }),
      };
    }).build();
    const json = programToJson(built);
    expect(json.nodes).toHaveLength(62);
    expect(programToJson(programFromJson(throughText(json)))).toEqual(json);
  });

  test("writes equal expressions once, so that programs that are equal have equal text", () => {
    const twice = program("p", {}, () => ({ y: map("y", [2], () => reduce("add", [3], (k) => add(add(k, 1), add(k, 1)))) })).build();
    const once = program("p", {}, () => {
      const body = (k: Parameters<typeof add>[0]) => {
        const next = add(k, 1);
        return add(next, next);
      };
      return { y: map("y", [2], () => reduce("add", [3], body)) };
    }).build();
    expect(JSON.stringify(programToJson(twice))).toBe(JSON.stringify(programToJson(once)));
  });

  test("is refused with the place where its form is wrong", () => {
    const json = programToJson(program("p", {}, () => ({ y: map("y", [2], (i) => add(i, 1)) })).build());
    expect(() => programFromJson({ ...json, schemaVersion: 2 })).toThrow(/^schemaVersion: /);
    expect(() => programFromJson({ ...json, nodes: [{ kind: "index", dtype: "i33", index: "i" }] })).toThrow(/^nodes\[0\]\.dtype: /);
    expect(() => programFromJson({ ...json, operators: [{ ...json.operators[0], body: 9 }] })).toThrow(
      'operator "y": refers to node 9, expected one of the 3 before it',
    );
    expect(() => programFromJson({ ...json, nodes: [{ kind: "cast", dtype: "f32", arg: 0 }] })).toThrow(
      "nodes[0]: refers to node 0, expected one of the 0 before it",
    );
    expect(() => programFromJson({ ...json, outputs: {} })).toThrow("outputs: the program has no outputs");
    expect(() => programFromJson("text")).toThrow();
  });
});
