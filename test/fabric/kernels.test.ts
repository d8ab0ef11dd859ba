import fc from "fast-check";
import { expect, it } from "vitest";
import { kernelOf } from "../../src/fabric/kernels.ts";
import { round, scalarFunction } from "../../src/pattern/dtypes.ts";
import type { Dtype, ScalarOp } from "../../src/pattern/program.ts";

const words = (dtype: Dtype) =>
  fc.array(
    fc.oneof(fc.double(), fc.integer()).map((word) => round(dtype, word)),
    { minLength: 5, maxLength: 5 },
  );

it.each<Dtype>(["f32", "i32", "bf16", "i8"])("computes in %s what the scalar functions compute, in the lanes asked for", (dtype) => {
  const setting = fc.record({
    op: fc.constantFrom<ScalarOp>("add", "sub", "mul", "min", "lt"),
    a: words(dtype),
    b: words(dtype),
    lo: fc.nat(5),
    hi: fc.nat(5),
  });
  const check = ({ op, a, b, lo, hi }: { op: ScalarOp; a: number[]; b: number[]; lo: number; hi: number }): void => {
    const f = scalarFunction(op, dtype);
    const out = new Float64Array(5).fill(77);
    kernelOf(op, dtype)(out, Float64Array.from(a), Float64Array.from(b), Float64Array.from(b), lo, hi);
    expect(Array.from(out)).toEqual(a.map((word, l) => (l >= lo && l < hi ? f(word, b[l]!, 0) : 77)));
  };
  fc.assert(fc.property(setting, check), { numRuns: 300 });
});
