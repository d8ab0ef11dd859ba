/**
 * Random programs that read at many kinds of places: constants, strides, backwards, diagonals, sums of indices, several places of one tensor, in up to
 * four loops. All values are whole numbers of [-3, 3], so results do not depend on the order of folds.
 */

import * as fc from "fast-check";
import { input, map, program, reduce } from "../../src/pattern/builder.ts";
import type { Dtype, Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type ProgramCase, wholeInputs } from "../support/programs.ts";

interface Step {
  readonly kept: readonly number[];
  readonly folded: readonly number[];
  readonly fn: number;
  readonly reads: readonly (readonly number[])[];
}

/** Programs of 1 to 4 operators, each of 1 to 3 reads; every operator is an output unless another reads it. */
export function placeCases(extents: readonly number[] = [1, 2, 3, 5, 8, 17, 20]): fc.Arbitrary<ProgramCase> {
  const extent = fc.constantFrom(...extents);
  const step = fc.record({
    kept: fc.array(extent, { maxLength: 3 }),
    folded: fc.array(extent, { maxLength: 2 }),
    fn: fc.nat(99),
    reads: fc.array(fc.array(fc.nat(999), { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
  });
  const dtype = fc.constantFrom<Dtype>("f32", "i32", "bf16", "i8");
  return fc.record({ dtype, steps: fc.array(step, { minLength: 1, maxLength: 4 }), seed: fc.nat(99) }).map(({ dtype: type, steps, seed }) => {
    const built = program("places", {}, () => build(type, steps)).build();
    return { program: built, inputs: wholeInputs(built, seed) };
  });
}

interface Loop {
  readonly at: Expr;
  readonly extent: number;
}

function build(dtype: Dtype, steps: readonly Step[]): Record<string, s.Handle> {
  const made: s.Handle[] = [];
  const used = new Set<s.Handle>();
  steps.forEach((step, position) => {
    const sources = step.reads.map(([choice], r) => made[choice! % (made.length + 1)] ?? fresh(`x${position}.${r}`, dtype, step, step.reads[r]!));
    for (const source of sources) used.add(source);
    made.push(operator(`s${position}`, step, sources));
  });
  return Object.fromEntries(made.filter((handle) => !used.has(handle)).map((handle) => [handle.tensor.name, handle]));
}

/** An input with as many dimensions as the step has loops (three at most), large enough for strides and sums. */
function fresh(name: string, dtype: Dtype, { kept, folded }: Step, dice: readonly number[]): s.Handle {
  const loops = [...kept, ...folded].slice(0, 3);
  return input(
    name,
    dtype,
    loops.map((extent, d) => extent + (dice[d + 1]! % 4 === 0 ? 3 : dice[d + 1]! % 4 === 1 ? extent : 0)),
  );
}

function operator(name: string, { kept, folded, fn, reads }: Step, sources: readonly s.Handle[]): s.Handle {
  const bounded = (value: Expr): Expr => s.max(s.min(value, 3), -3);
  return map(name, kept, (...outer) => {
    const body = (...inner: readonly Expr[]): Expr => {
      const loops = [...outer, ...inner].map((at, k): Loop => ({ at, extent: [...kept, ...folded][k]! }));
      const values = sources.map((source, r) => source.at(...source.tensor.shape.map((extent, d) => place(extent, loops, reads[r]![d + 1]!, d))));
      return values.reduce((a, b, r) => [s.add, s.sub, s.min, s.max][(fn + r) % 4]!(a, b));
    };
    if (folded.length === 0) return bounded(body());
    return bounded(s.cast(sources[0]!.tensor.dtype, reduce((["add", "max", "min"] as const)[fn % 3]!, folded, body)));
  });
}

/** A place inside `extent`: of the kind that the dice say where it fits, else a plain index or a constant. */
function place(extent: number, loops: readonly Loop[], dice: number, dimension: number): Expr {
  const one = (choice: number): Loop | undefined => loops[choice % Math.max(1, loops.length)];
  const a = one(dice % 7 < 4 ? dimension : dice);
  const b = one(dice >> 3);
  const fixed = s.constant("i32", dice % extent);
  if (a === undefined || b === undefined || a.extent > extent) return fixed;
  switch ((dice >> 2) % 9) {
    case 0:
      return fixed;
    case 1:
      return s.sub(extent - 1, a.at);
    case 2:
      return (a.extent - 1) * 2 < extent ? s.mul(a.at, 2) : a.at;
    case 3:
      return a.extent + b.extent - 2 < extent ? s.add(a.at, b.at) : a.at;
    case 4:
      return s.add(a.at, extent - a.extent);
    case 5:
      return a.extent + b.extent - 2 < extent ? s.add(s.sub(a.at, b.at), b.extent - 1) : a.at;
    default:
      return a.at;
  }
}
