/** Every workload against the ten lines of plain JavaScript that say the same, at small and odd sizes. */

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { countOperations } from "../../src/pattern/analysis.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import { precisionOf, round } from "../../src/pattern/dtypes.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import type { TensorValues } from "../../src/pattern/program.ts";
import { defaultAccumulator } from "../../src/pattern/typing.ts";
import { checkProgram } from "../../src/pattern/verify.ts";
import attention from "../../workloads/attention.ts";
import dot from "../../workloads/dot.ts";
import flights from "../../workloads/flights.ts";
import gemm from "../../workloads/gemm.ts";
import { workloads } from "../../workloads/index.ts";
import softmax from "../../workloads/softmax.ts";
import tpchQ6 from "../../workloads/tpch-q6.ts";

interface Evaluated {
  readonly inputs: TensorValues;
  readonly outputs: TensorValues;
}

function evaluate(definition: Definition, settings: Readonly<Record<string, unknown>>, seed = 1): Evaluated {
  const program = checkProgram(definition.build(settings));
  const inputs = generateInputs(program, seed);
  return { inputs, outputs: outputsOf(program, interpret(program, inputs)) };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** |found - expected| <= roundings of `dtype` times the scale. */
function near(found: number, expected: number, dtype: "f32" | "bf16" | "f16", roundings: number, scale: number): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(roundings * 2 ** -precisionOf(dtype) * scale);
}

describe("the list of workloads", () => {
  test("has every program of workloads/, called as its file", () => {
    const files = readdirSync(new URL("../../workloads", import.meta.url)).filter((file) => file.endsWith(".ts") && file !== "index.ts");
    expect(workloads.map(({ name }) => `${name}.ts`)).toEqual(files.sort());
  });

  test("is well formed at the default sizes", () => {
    for (const workload of workloads) expect(() => checkProgram(workload.build())).not.toThrow();
  });
});

describe("dot", () => {
  test.each([1, 7, 100, 257])("of %d numbers is the sum of their products, within n + 1 roundings", (n) => {
    const { inputs, outputs } = evaluate(dot, { n });
    const products = range(n).map((i) => inputs.a![i]! * inputs.b![i]!);
    near(outputs.dot![0]!, total(products), "f32", n + 1, total(products.map(Math.abs)));
  });

  test("of i8 accumulates in i32", () => {
    const { inputs, outputs } = evaluate(dot, { n: 1009, dtype: "i8" });
    expect(outputs.dot).toEqual(Int32Array.from([total(range(1009).map((i) => inputs.a![i]! * inputs.b![i]!))]));
  });

  test("of bf16 rounds once: neither products nor sums are rounded to bf16", () => {
    const { inputs, outputs } = evaluate(dot, { n: 301, dtype: "bf16" });
    const sum = range(301).reduce((acc, i) => Math.fround(acc + inputs.a![i]! * inputs.b![i]!), 0);
    expect(outputs.dot![0]).toBe(round("bf16", sum));
  });
});

describe("gemm", () => {
  test.each([
    [1, 1, 1],
    [3, 5, 7],
    [17, 2, 33],
  ])("of %d x %d x %d is the matrix product", (m, n, k) => {
    const { inputs, outputs } = evaluate(gemm, { m, n, k, dtype: "f32" });
    for (const i of range(m)) {
      for (const j of range(n)) {
        const products = range(k).map((l) => inputs.a![i * k + l]! * inputs.b![l * n + j]!);
        near(outputs.c![i * n + j]!, total(products), "f32", k + 1, total(products.map(Math.abs)));
      }
    }
  });

  test("counts 2 m n k operations", () => {
    expect(countOperations(gemm.build({ m: 3, n: 5, k: 7 }))).toEqual({ flops: 210, int_ops: 0, special_ops: 0 });
    expect(countOperations(gemm.build({ m: 3, n: 5, k: 7, dtype: "i8" })).int_ops).toBe(210);
  });
});

describe("softmax", () => {
  test.each([
    [1, 1],
    [3, 7],
    [5, 33],
  ])("of %d rows of %d is e^x over its sum", (rows, cols) => {
    const { inputs, outputs } = evaluate(softmax, { rows, cols });
    for (const i of range(rows)) {
      const row = range(cols).map((j) => inputs.x![i * cols + j]!);
      const sum = total(row.map((x) => Math.exp(x)));
      row.forEach((x, j) => {
        near(outputs.y![i * cols + j]!, Math.exp(x) / sum, "f32", cols + 8, Math.exp(x) / sum);
      });
    }
  });
});

describe("attention", () => {
  test.each([
    [1, 1, 1, "f32"],
    [5, 2, 3, "f32"],
    [17, 1, 8, "bf16"],
  ] as const)("of %d positions, %d heads of %d in %s weighs the values by softmax of the scores", (seq, heads, dim, dtype) => {
    const { inputs, outputs } = evaluate(attention, { seq, heads, dim, dtype });
    const { q, k, v } = inputs as { q: Float32Array; k: Float32Array; v: Float32Array };
    for (const h of range(heads)) {
      for (const i of range(seq)) {
        const at = (array: Float32Array, position: number, d: number): number => array[(h * seq + position) * dim + d]!;
        const e = range(seq).map((j) => Math.exp(total(range(dim).map((d) => at(q, i, d) * at(k, j, d))) / Math.sqrt(dim)));
        for (const d of range(dim)) {
          const expected = total(range(seq).map((j) => (e[j]! / total(e)) * at(v, j, d)));
          near(outputs.y![(h * seq + i) * dim + d]!, expected, dtype, 12, 1);
        }
      }
    }
  });
});

describe("tpch-q6", () => {
  test.each([1, 101, 5000])("over %d records sums price times discount of what the query selects", (n) => {
    const { inputs, outputs } = evaluate(tpchQ6, { n });
    const { shipdate, discount, quantity, extendedprice } = inputs as Record<string, Int32Array>;
    const [from, to] = ["1994-01-01", "1995-01-01"].map((day) => Date.parse(day) / 86_400_000) as [number, number];
    const selected = range(n).filter((i) => shipdate![i]! >= from && shipdate![i]! < to && discount![i]! >= 5 && discount![i]! <= 7 && quantity![i]! < 24);
    const revenue = total(selected.map((i) => extendedprice![i]! * discount![i]!));
    near(outputs.revenue![0]!, revenue, "f32", n, revenue);
    if (n === 5000) expect(selected.length / n).toBeCloseTo(0.018, 2);
  });

  test("reads four i32 columns, whose ranges are those of the specification", () => {
    const { inputs } = evaluate(tpchQ6, { n: 20_000 });
    const ranges = Object.entries(inputs).map(([name, column]) => [name, column.constructor.name, Math.min(...column), Math.max(...column)]);
    expect(ranges.map(([name, array]) => [name, array])).toEqual(["shipdate", "discount", "quantity", "extendedprice"].map((name) => [name, "Int32Array"]));
    expect(ranges[0]!.slice(2)).toEqual([8037, 10561]);
    expect(ranges[1]!.slice(2)).toEqual([0, 10]);
    expect(ranges[2]!.slice(2)).toEqual([1, 50]);
    expect(ranges[3]![2]).toBeGreaterThanOrEqual(90_000);
    expect(ranges[3]![3]).toBeLessThanOrEqual(10_495_000);
  });
});

describe("flights", () => {
  test.each([1, 97, 4001])("of %d rows counts and averages the late ones of each origin", (rows) => {
    const { inputs, outputs } = evaluate(flights, { rows, origins: 13, late: 20 });
    const late = range(rows).filter((i) => inputs.delay![i]! > 20);
    for (const origin of range(13)) {
      const delays = late.filter((i) => inputs.origin![i] === origin).map((i) => inputs.delay![i]!);
      expect(outputs.count![origin]).toBe(delays.length);
      expect(outputs.sum![origin]).toBe(total(delays));
      expect(outputs.mean![origin]).toBe(delays.length === 0 ? 0 : Math.fround(total(delays) / delays.length));
    }
  });

  test("of which none is late gives zeros", () => {
    const { outputs } = evaluate(flights, { rows: 50, origins: 3, late: 2000 });
    expect([...outputs.count!, ...outputs.sum!, ...outputs.mean!]).toEqual(new Array(9).fill(0));
  });
});

describe("accumulators", () => {
  test("are f32 for sums of 16- and 8-bit floats, i32 for narrow integers, and the dtype itself for maxima", () => {
    expect((["bf16", "f16", "fp8e4m3", "f32", "f64", "i8", "i32"] as const).map((dtype) => defaultAccumulator("add", dtype))).toEqual([
      ...["f32", "f32", "f32", "f32", "f64", "i32", "i32"],
    ]);
    expect(defaultAccumulator("max", "bf16")).toBe("bf16");
  });
});
