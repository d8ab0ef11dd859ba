/** Steps of random programs whose addresses or sizes are data: gathers, records kept and made, groups by dense keys and by any keys. */

import { elementsOf } from "../../src/pattern/analysis.ts";
import {
  type Collection,
  count,
  type Emit,
  type Extent,
  type Fold,
  filter,
  flatMap,
  fold,
  groupBy,
  hashBy,
  input,
  map,
  reduce,
  sum,
} from "../../src/pattern/builder.ts";
import { bytesOf, isFloat } from "../../src/pattern/dtypes.ts";
import type { Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { pointwise, transpose } from "./programs-dense.ts";
import {
  allows,
  type Cook,
  condition,
  domainOf,
  dtypeOf,
  fits,
  isBool,
  keyOf,
  type Made,
  madeOf,
  over,
  partner,
  pick,
  rank,
  type Step,
  shapeOf,
  take,
  type World,
} from "./programs-made.ts";

// --- gather ---

/** Reads of one tensor at places that come from another one. */
export const gather: Cook = (name, step, world, first) => {
  const tables = world.made.filter((item) => rank(item) > 0 && item.of === undefined);
  const table = pick(tables, step.b);
  if (table === undefined) return pointwise(name, step, world, first);
  take(world, table);
  const ways = [everywhere, rows, given, gathered, everywhere];
  return pick(ways, step.operation)!(name, step, world, first, table);
};

type Gather = (name: string, step: Step, world: World, first: Made, table: Made) => readonly Made[];

/** Clamped, or what is left after a division. */
const placeOf = (value: Expr, extent: number, choice: number): Expr =>
  choice % 3 === 0 ? s.min(s.max(s.cast("i32", value), 0), extent - 1) : keyOf(value, extent);

/** One element for each element of the index, every dimension from data. */
const everywhere: Gather = (name, { a }, _world, first, table) => {
  const place = (value: Expr): readonly Expr[] => shapeOf(table).map((extent, d) => placeOf(value, extent, a + d));
  return [
    over(
      first,
      map(name, domainOf(first), (...at) => table.handle.at(...place(first.handle.at(...at)))),
      table.bound,
      table.exact,
    ),
  ];
};

/** Whole rows. */
const rows: Gather = (name, step, world, first, table) => {
  const [extent, ...rest] = shapeOf(table);
  if (rest.length === 0 || !fits([...shapeOf(first), ...rest])) return everywhere(name, step, world, first, table);
  const own = domainOf(first);
  const body = (...at: Expr[]): Expr => table.handle.at(placeOf(first.handle.at(...at.slice(0, own.length)), extent!, step.a), ...at.slice(own.length));
  const made = madeOf(map(name, [...own, ...rest], body), table.bound, table.exact);
  return [first.of === undefined ? made : summed(`${name}.all`, made, [...own, ...rest])];
};

/** A tensor over a collection and more: only what folds all of it goes on. */
const summed = (name: string, item: Made, extents: readonly Extent[]): Made => {
  const fn = isBool(item) ? "or" : "max";
  const handle = map(name, [], () => reduce(fn, extents, (...at) => item.handle.at(...at)));
  return madeOf(handle, Number.POSITIVE_INFINITY, false);
};

/** At an input that stays within the table: nothing in the program says so. */
const given: Gather = (name, { a }, world, _first, table) => {
  const [extent, ...rest] = shapeOf(table);
  const data = { kind: "uniform", low: 0, high: extent! - 1 } as const;
  const at = madeOf(input(`${name}.at`, "i32", [1 + (a % 17)], { data }), extent!, true);
  world.made.push(at);
  world.inputs.add(at);
  return [
    madeOf(
      map(name, [1 + (a % 17), ...rest], (i, ...places) => table.handle.at(at.handle.at(i!), ...places)),
      table.bound,
      table.exact,
    ),
  ];
};

/** Folds what the last dimension of the index points at, as a sparse matrix times a vector does. */
const gathered: Gather = (name, step, world, first, table) => {
  if (rank(first) === 0 || first.of !== undefined) return everywhere(name, step, world, first, table);
  const extent = shapeOf(first).at(-1)!;
  const sums = !isBool(table) && table.exact && allows(dtypeOf(table), table.bound * extent);
  const body = (...at: Expr[]): Expr =>
    reduce(sums ? "add" : "max", [extent], (k) => {
      const value = first.handle.at(...at, k);
      return table.handle.at(...shapeOf(table).map((size, d) => placeOf(value, size, step.a + d)));
    });
  return [madeOf(map(name, shapeOf(first).slice(0, -1), body), sums ? table.bound * extent : table.bound, table.exact)];
};

/** Out of an input of a megabyte, which no scratchpad holds, at places far apart. */
export const far: Cook = (name, step, _world, first) => {
  const dtype = dtypeOf(first);
  const extent = Math.floor(2 ** 20 / bytesOf(dtype));
  const table = madeOf(input(`${name}.table`, dtype, [extent]), isBool(first) ? 1 : 3, true);
  const place = (at: readonly Expr[]): Expr => keyOf(s.add(s.mul(s.cast("i32", first.handle.at(...at)), 79_193), at.at(-1) ?? step.a), extent);
  return [
    over(
      first,
      map(name, domainOf(first), (...at) => table.handle.at(place(at))),
      table.bound,
      true,
    ),
  ];
};

// --- records ---

/** The fields of a collection and its size. */
function recordsOf(collection: Collection, known: Readonly<Record<string, readonly [bound: number, exact: boolean]>>): readonly Made[] {
  const fields = Object.entries(collection.fields).map(([field, handle]): Made => ({ ...madeOf(handle, ...known[field]!), of: collection }));
  return [...fields, madeOf(collection.size, collection.bound, true)];
}

/** Those that meet a condition, with a value beside them and their place. */
export const keep: Cook = (name, step, world, first) => {
  const second = partner(world, first, step.b);
  const kept = filter(name, domainOf(first), (...at) => ({
    when: condition(first.handle.at(...at), step.operation),
    fields: { own: first.handle.at(...at), other: second.handle.at(...at), place: at.at(-1) ?? s.constant("i32", 0) },
  }));
  return recordsOf(kept, { own: [first.bound, first.exact], other: [second.bound, second.exact], place: [Math.max(1, ...shapeOf(first)), true] });
};

/** Several records an element; of two that exclude each other there are just as many as elements. */
export const emit: Cook = (name, step, world, first) => {
  const second = partner(world, first, step.b);
  const elements = elementsOf(shapeOf(first));
  const exclusive = step.operation % 2 === 0;
  const emits = (...at: Expr[]): readonly Emit<"value" | "kind">[] => {
    const [own, other] = [first.handle.at(...at), second.handle.at(...at)];
    const when = condition(own, step.a);
    const fields = (value: Expr, kind: number) => ({ value, kind: s.constant("i32", kind) });
    return [
      { when, fields: fields(own, 0) },
      { when: exclusive ? s.not(when) : condition(other, step.operation), fields: fields(other, 1) },
    ];
  };
  const bound = elements * (exclusive ? 1 : 2) + (step.operation % 3 === 0 ? 5 : 0);
  const made = flatMap(name, domainOf(first), emits, { bound });
  return recordsOf(made, { value: [Math.max(first.bound, second.bound), first.exact && second.exact], kind: [1, true] });
};

/** All that a collection has room for, as a plain tensor: zeros beyond its size. Not in a loop, where what earlier rounds left stands there. */
export const beyond: Cook = (name, step, world, first) => {
  const item = pick(
    world.made.filter(({ of }) => of !== undefined),
    step.a,
  );
  if (item === undefined || world.inLoop) return pointwise(name, step, world, first);
  take(world, item);
  const [bound, f, exact] = pick([[item.bound, (x: Expr) => x, true] as const, [1, (x: Expr) => condition(x, step.b), true] as const], step.operation)!;
  return [
    madeOf(
      map(name, shapeOf(item), (i) => f(item.handle.at(i!))),
      bound,
      item.exact && exact,
    ),
  ];
};

// --- groups ---

/** A sum, or where there is none of a dtype or it could be inexact, an extreme. */
function foldsOf(
  item: Made,
  value: Expr,
  elements: number,
): { readonly fields: Readonly<Record<string, Fold>>; readonly known: Record<string, readonly [number, boolean]> } {
  if (isBool(item)) return { fields: { all: fold("and", value), any: fold("or", value) }, known: { all: [1, true], any: [1, true] } };
  const extremes = { low: fold("min", value), high: fold("max", value) };
  const endless = [Number.POSITIVE_INFINITY, !isFloat(value.dtype)] as const;
  if (!item.exact || !allows(value.dtype, item.bound * elements)) return { fields: extremes, known: { low: endless, high: endless } };
  return { fields: { sum: sum(value), high: extremes.high }, known: { sum: [item.bound * elements, true], high: endless } };
}

/** By a key of a small range: every field over all records of the key; keys without records have the fold's identity. */
export const dense: Cook = (name, step, world, first) => {
  const second = partner(world, first, step.b);
  const elements = elementsOf(shapeOf(first));
  const keys = 1 + (step.operation % 7);
  let known: Record<string, readonly [number, boolean]> = {};
  const groups = groupBy(name, domainOf(first), (...at) => {
    const folds = foldsOf(second, second.handle.at(...at), elements);
    known = { ...folds.known, n: [elements, true] };
    const when = step.a % 3 === 0 ? { when: condition(first.handle.at(...at), step.a) } : {};
    return { ...when, key: keyOf(first.handle.at(...at), keys), keys, fields: { n: count(), ...folds.fields } };
  });
  return Object.entries(groups).map(([field, handle]) => madeOf(handle, ...known[field]!));
};

/** By any key: a record for each one there is. */
export const hash: Cook = (name, step, world, first) => {
  if (rank(first) === 0) return transpose(name, step, world, first);
  const second = partner(world, first, step.b);
  const elements = elementsOf(shapeOf(first));
  const spread = (value: Expr): Expr => (step.operation % 2 === 0 ? s.cast("i32", value) : s.sub(s.mul(s.cast("i32", value), 1_000_003), 5));
  const distinct = first.exact && Number.isFinite(first.bound) ? 4 * Math.ceil(first.bound) + 1 : elements;
  let known: Record<string, readonly [number, boolean]> = {};
  const records = hashBy(
    name,
    domainOf(first),
    (...at) => {
      const folds = foldsOf(second, second.handle.at(...at), elements);
      known = { ...folds.known, n: [elements, true], key: [2 ** 31, true] };
      const when = step.a % 3 === 0 ? { when: condition(first.handle.at(...at), step.a) } : {};
      return { ...when, key: spread(first.handle.at(...at)), fields: { n: count(), ...folds.fields } };
    },
    { bound: Math.min(elements, distinct) },
  );
  return recordsOf(records, known);
};

/** Filter by one tensor, group by its remainder, sum and count the other. */
export const group: Cook = (name, step, world, first) => {
  const second = partner(world, first, step.b);
  const elements = elementsOf(shapeOf(first));
  if (!first.exact || !second.exact || isBool(second) || !(isFloat(dtypeOf(second)) ? elements * second.bound <= 2 ** 20 : true))
    return transpose(name, step, world, first);
  const keys = 1 + (step.operation % 5);
  const kept = filter(`${name}.kept`, domainOf(first), (...at) => ({
    when: s.ge(first.handle.at(...at), -1),
    fields: { key: keyOf(first.handle.at(...at), keys), value: second.handle.at(...at) },
  }));
  const groups = groupBy(`${name}.groups`, [kept], (i) => ({ key: kept.at(i!).key, keys, fields: { count: count(), sum: sum(kept.at(i!).value) } }));
  const bound = elements * second.bound;
  return [madeOf(groups.count, elements, true), madeOf(groups.sum, bound, allows(dtypeOf(second), bound))];
};
