/**
 * Random programs of what the loops alone do not say: gathers, filters and their sizes, flatMaps, scans, hashes, rounds. All values are i32, so results do
 * not depend on the order of folds, and every index is brought inside its tensor.
 */

import * as fc from "fast-check";
import {
  argmax,
  type Collection,
  count,
  filter,
  flatMap,
  groupBy,
  hashBy,
  input,
  iterate,
  map,
  program,
  reduce,
  scan,
  sum,
} from "../../src/pattern/builder.ts";
import type { Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type ProgramCase, wholeInputs } from "../support/programs.ts";

interface Step {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

/** Programs of 1 to 5 steps over vectors of n elements, a matrix of n x 3 and the filters made on the way. */
export function irregularCases(extents: readonly number[] = [1, 2, 3, 5, 8, 17]): fc.Arbitrary<ProgramCase> {
  const step = fc.record({ kind: fc.nat(99), a: fc.nat(99), b: fc.nat(99) });
  return fc.record({ n: fc.constantFrom(...extents), steps: fc.array(step, { minLength: 1, maxLength: 5 }), seed: fc.nat(999) }).map(({ n, steps, seed }) => {
    const built = program("irregular", {}, () => build(n, steps)).build();
    return { program: built, inputs: wholeInputs(built, seed) };
  });
}

interface Made {
  readonly n: number;
  readonly matrix: s.Handle;
  readonly vectors: s.Handle[];
  readonly collections: Collection<"v" | "w">[];
  readonly outputs: Record<string, s.Handle | Collection>;
}

function build(n: number, steps: readonly Step[]): Made["outputs"] {
  const vectors = [input("x", "i32", [n]), input("y", "i32", [n])];
  const made: Made = { n, matrix: input("m", "i32", [n, 3]), vectors, collections: [], outputs: {} };
  for (const [position, { kind, a, b }] of steps.entries()) {
    const name = `s${position}`;
    const result = kinds[kind % kinds.length]!(name, pick(made.vectors, a), pick(made.vectors, b), made, b);
    const vector = result.kind === "tensor" && result.tensor.shape.length === 1;
    if (vector && result.tensor.shape[0] === n) made.vectors.push(result);
    if (result.kind === "collection") made.collections.push(result as Made["collections"][number]);
    if (!vector || position % 2 === 0 || position === steps.length - 1) made.outputs[name] = result.kind === "collection" ? result.size : result;
  }
  return made.outputs;
}

const pick = <T>(items: readonly T[], choice: number): T => items[choice % items.length]!;
/** Any number as one of [0, extent). */
const inside = (value: s.Scalar, extent: number): Expr => s.mod(s.and(value, 65535), extent);

type Kind = (name: string, a: s.Handle, b: s.Handle, made: Made, choice: number) => s.Handle | Collection;

const kinds: readonly Kind[] = [
  (name, a, b, { n }) => map(name, [n], (i) => s.add(a.at(i), s.mul(b.at(i), 2))),
  (name, a, b, { n }) => map(name, [n], (i) => a.at(inside(b.at(i), n))),
  (name, a, b, { n }) => map(name, [n], (i) => s.sub(a.at(inside(b.at(inside(a.at(i), n)), n)), a.at(s.sub(n - 1, i)))),
  (name, a, _b, { n, matrix }) => map(name, [n], (i) => s.add(matrix.at(inside(a.at(i), n), 1), matrix.at(i, inside(a.at(i), 3)))),
  (name, a, _b, { n }) => map(name, [n], (i) => s.max(a.at(s.max(s.sub(i, 1), 0)), s.add(a.at(s.min(s.add(i, 1), n - 1)), a.padded(s.sub(i, 2))))),
  (name, a, b, { n, matrix }) =>
    map(name, [n], (i) =>
      s.add(
        reduce("add", [3], (k) => s.mul(matrix.at(inside(a.at(i), n), k), matrix.at(i, k))),
        b.at(i),
      ),
    ),
  (name, a, b, { n }) =>
    map(name, [n], (i) =>
      s.add(
        a.at(i),
        argmax(n, (k) => s.mul(b.at(k), s.sub(i, k))),
      ),
    ),
  (name, a, b, { n }) =>
    scan(
      name,
      "add",
      [n],
      (i) =>
        s.add(
          a.at(inside(b.at(i), n)),
          reduce("max", [2], (k) => s.mul(b.at(i), k)),
        ),
      { exclusive: n % 2 === 0 },
    ),
  filtered,
  filtered,
  (name, a, b, { n }) =>
    flatMap(name, [n], (i) => [
      { when: s.gt(a.at(i), 0), fields: { v: a.at(i), w: b.at(i) } },
      { when: s.lt(b.at(inside(a.at(i), n)), 1), fields: { v: i, w: reduce("max", [n], (k) => b.at(k)) } },
    ]),
  walked,
  walked,
  walked,
  (name, a, b, { n }) =>
    groupBy(name, [n], (i) => ({ key: inside(a.at(i), 4), keys: 4, when: s.ne(b.at(i), 1), fields: { t: sum(a.at(inside(b.at(i), n))) } })).t,
  (name, a, b, { n }) =>
    hashBy(name, [n], (i) => ({ key: a.at(inside(b.at(i), n)), when: s.ge(b.at(i), -1), fields: { v: sum(b.at(i)), w: count() } }), { bound: n }),
  rounds,
  rounds,
];

function filtered(name: string, a: s.Handle, b: s.Handle, { n }: Made, choice: number): Collection {
  const most = (i: Expr): Expr => (choice % 3 === 0 ? reduce("max", [n], (k) => s.sub(b.at(k), i)) : b.at(inside(i, n)));
  return filter(name, [n], (i) => ({ when: s.gt(a.at(i), -1), fields: { v: s.add(b.at(i), i), w: most(i) } }));
}

/** Something that reads a collection: in order, by way of a map, another filter or a reduction of two, or at a place that is data. */
function walked(name: string, a: s.Handle, _b: s.Handle, { n, collections }: Made, choice: number): s.Handle | Collection {
  const records = collections.at(-1);
  if (records === undefined) return map(name, [n], (i) => s.neg(a.at(i)));
  const at = (r: s.Scalar) => records.at(r) as { readonly v: Expr; readonly w: Expr };
  switch (choice % 6) {
    case 0:
      return map(name, [], () => reduce("max", [records], (r) => s.mul(at(r).v, at(r).w)));
    case 1:
      return groupBy(name, [records], (r) => ({ key: inside(at(r).w, 3), keys: 3, when: s.ne(at(r).v, 2), fields: { t: sum(at(r).v) } })).t;
    case 2:
      return filter(name, [records], (r) => ({ when: s.gt(at(r).v, 0), fields: { v: at(r).w, w: at(r).v } }));
    case 3:
      return map(name, [n], (i) =>
        s.add(
          reduce("add", [records], (r) => s.mul(at(r).v, a.at(inside(at(r).w, n)))),
          i,
        ),
      );
    case 4: {
      const twice = map(`${name}.twice`, [records], (r) => s.mul(at(r).v, 2));
      return map(name, [], () => reduce("add", [records], (r) => (choice % 4 < 2 ? s.neg(twice.at(r)) : s.sub(twice.at(r), r))));
    }
    default: {
      const twice = map(`${name}.twice`, [records], (r) => s.mul(at(r).v, 2));
      return map(name, [2], (i) =>
        s.add(
          reduce("min", [records], (r) => s.add(twice.at(r), i)),
          records.size,
        ),
      );
    }
  }
}

/** Three rounds of two carried vectors, the second of which may turn out to be of no use, or until a sum is odd. */
function rounds(name: string, a: s.Handle, b: s.Handle, { n }: Made, choice: number): s.Handle {
  const carried = iterate(name, 3, { p: a, q: b }, ({ p, q }, round) => {
    const t = map(`${name}.t`, [n], (i) => s.add(p.at(i), round));
    const next = map(`${name}.next`, [n], (i) => s.sub(t.at(i), p.at(inside(s.add(i, round), n))));
    const other = map(`${name}.other`, [n], (i) => s.add(q.at(i), choice % 2 === 0 ? reduce("add", [n], (k) => b.at(k)) : next.at(i)));
    const odd = map(`${name}.odd`, [], () =>
      s.eq(
        inside(
          reduce("add", [n], (k) => p.at(k)),
          2,
        ),
        1,
      ),
    );
    return { next: { p: next, q: other }, ...(choice % 3 === 0 ? { until: odd } : {}) };
  });
  return choice % 4 < 2 ? carried.p : carried.q;
}
