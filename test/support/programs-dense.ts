/** Steps of random programs over dense tensors: maps, windows, permutes, reductions, products, prefixes, casts. */

import { elementsOf } from "../../src/pattern/analysis.ts";
import { argmax, argmin, input, map, reduce, scan } from "../../src/pattern/builder.ts";
import { dtypes, identity, isFloat, isInteger } from "../../src/pattern/dtypes.ts";
import type { Dtype, Expr, ReduceFn } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import {
  allows,
  binaries,
  type Cook,
  domainOf,
  dtypeOf,
  fits,
  isBool,
  largest,
  type Made,
  madeOf,
  over,
  partner,
  pick,
  rank,
  shapeOf,
  take,
  top,
  unary,
} from "./programs-made.ts";

export const elementwise: Cook = (name, { b, operation }, world, first) => {
  const second = partner(world, first, b);
  const [bound, f] = pick(binaries(first, second), operation)!;
  const handle = map(name, domainOf(first), (...at) => f(first.handle.at(...at), second.handle.at(...at)));
  return [over(first, handle, bound, first.exact && second.exact)];
};

export const pointwise: Cook = (name, { operation }, _world, first) => {
  const [bound, f, exact] = unary(first, operation);
  return [
    over(
      first,
      map(name, domainOf(first), (...at) => f(first.handle.at(...at))),
      bound,
      first.exact && exact,
    ),
  ];
};

/** Which of two tensors is larger, as bools. */
export const compare: Cook = (name, { b, operation }, world, first) => {
  const second = partner(world, first, b);
  const f = pick([s.lt, s.le, s.eq, s.ne, s.gt, s.ge], operation)!;
  return [
    over(
      first,
      map(name, domainOf(first), (...at) => f(first.handle.at(...at), second.handle.at(...at))),
      1,
      true,
    ),
  ];
};

/** A vector of the last extent against every row. */
export const broadcast: Cook = (name, step, world, first) => {
  const fit = world.made.filter((item) => rank(item) === 1 && shapeOf(item)[0] === shapeOf(first).at(-1) && dtypeOf(item) === dtypeOf(first) && !item.of);
  const vector = first.of === undefined ? pick(fit, step.b) : undefined;
  if (vector === undefined) return pointwise(name, step, world, first);
  take(world, vector);
  const [bound, f] = pick(binaries(first, vector), step.operation)!;
  const handle = map(name, shapeOf(first), (...at) => f(first.handle.at(...at), vector.handle.at(at.at(-1)!)));
  return [over(first, handle, bound, first.exact && vector.exact)];
};

/** Every element against one scalar, which is made where there is none. */
export const scalar: Cook = (name, step, world, first) => {
  const known = pick(
    world.made.filter((item) => rank(item) === 0 && dtypeOf(item) === dtypeOf(first)),
    step.b,
  );
  const [one] = known === undefined ? foldOf(`${name}.one`, step.operation, first, rank(first)) : [known];
  if (one === undefined || dtypeOf(one) !== dtypeOf(first)) return one === undefined ? [] : [one];
  take(world, one);
  const [bound, f] = pick(binaries(first, one), step.operation)!;
  const made = over(
    first,
    map(name, domainOf(first), (...at) => f(first.handle.at(...at), one.handle.at())),
    bound,
    first.exact && one.exact,
  );
  return known === undefined ? [one, made] : [made];
};

export const transpose: Cook = (name, _step, _world, first) => {
  const extents = [...domainOf(first)].reverse();
  return [
    over(
      first,
      map(name, extents, (...at) => first.handle.at(...at.reverse())),
      first.bound,
      first.exact,
    ),
  ];
};

/** A tensor of three dimensions, or what a vector gives with another one. */
export const cube: Cook = (name, step, world, first) => {
  const depth = 1 + (step.operation % 4);
  const shape = shapeOf(first);
  if (first.of !== undefined || rank(first) === 0 || rank(first) > 2 || !fits([depth, ...shape])) return pointwise(name, step, world, first);
  if (rank(first) === 1) return outer(name, step, world, first);
  const deep = madeOf(input(`${name}.z`, dtypeOf(first), [depth, ...shape]), isBool(first) ? 1 : 3, true);
  world.made.push(deep);
  world.inputs.add(deep);
  const [bound, f] = pick(binaries(deep, first), step.b)!;
  return [
    madeOf(
      map(name, [depth, ...shape], (d, ...at) => f(deep.handle.at(d!, ...at), first.handle.at(...at))),
      bound,
      first.exact,
    ),
  ];
};

const outer: Cook = (name, step, world, first) => {
  const vectors = world.made.filter((item) => rank(item) === 1 && dtypeOf(item) === dtypeOf(first) && !item.of && fits([...shapeOf(item), ...shapeOf(first)]));
  const second = pick(vectors, step.b);
  if (second === undefined) return pointwise(name, step, world, first);
  take(world, second);
  const [bound, f] = pick(binaries(first, second), step.operation)!;
  const handle = map(name, [...shapeOf(first), ...shapeOf(second)], (i, j) => f(first.handle.at(i!), second.handle.at(j!)));
  return [madeOf(handle, bound, first.exact && second.exact)];
};

/** The dimensions in another order. */
export const permute: Cook = (name, step, world, first) => {
  if (first.of !== undefined || rank(first) < 3) return transpose(name, step, world, first);
  const orders = [
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const order = [...pick(orders, step.operation)!, ...shapeOf(first).keys()].filter((d, at, all) => all.indexOf(d) === at);
  const handle = map(
    name,
    order.map((d) => shapeOf(first)[d]!),
    (...at) => first.handle.at(...order.map((_, d) => at[order.indexOf(d)]!)),
  );
  return [madeOf(handle, first.bound, first.exact)];
};

/** Neighbours, every second element, or the elements backwards along the last dimension. */
export const window: Cook = (name, step, world, first) => {
  const extent = shapeOf(first).at(-1);
  if (extent === undefined || extent < 2 || first.of !== undefined) return transpose(name, step, world, first);
  const rest = shapeOf(first).slice(0, -1);
  const read = (at: readonly Expr[], last: Expr): Expr => first.handle.at(...at.slice(0, -1), last);
  const bodies: readonly (readonly [extent: number, body: (...at: Expr[]) => Expr])[] = [
    [Math.ceil(extent / 2), (...at) => read(at, s.mul(at.at(-1)!, 2))],
    [extent, (...at) => read(at, s.sub(extent - 1, at.at(-1)!))],
    [extent - 1, (...at) => s.max(read(at, at.at(-1)!), read(at, s.add(at.at(-1)!, 1)))],
  ];
  const [last, body] = pick(bodies, step.operation)!;
  return [{ ...first, handle: map(name, [...rest, last], body) }];
};

/** Windows of one to three elements, one to three apart: x[step * i + k], along the last dimension. */
export const stride: Cook = (name, step, world, first) => {
  const extent = shapeOf(first).at(-1);
  const [apart, width] = [1 + (step.operation % 3), 1 + (step.b % 3)];
  if (extent === undefined || extent < width || first.of !== undefined) return transpose(name, step, world, first);
  const [fn, bound] = foldFn(first, width, step.a);
  const extents = [...shapeOf(first).slice(0, -1), Math.floor((extent - width) / apart) + 1];
  const at = (index: readonly Expr[], k: Expr): Expr => first.handle.at(...index.slice(0, -1), s.add(s.mul(index.at(-1)!, apart), k));
  return [
    madeOf(
      map(name, extents, (...index) => reduce(fn, [width], (k) => at(index, k))),
      bound,
      first.exact,
    ),
  ];
};

/** Windows that reach over the borders, where there are zeros: of three elements along the last dimension, or of 3 x 3 along the last two. */
export const padded: Cook = (name, step, world, first) => {
  const levels = Math.min(rank(first), 1 + (step.b % 2));
  if (levels === 0 || first.of !== undefined) return transpose(name, step, world, first);
  const [apart, shift] = [1 + (step.operation % 2), pick([-1, 0, 1, -2, shapeOf(first).at(-1)!], step.operation)!];
  const [fn, bound] = foldFn(first, 3 ** levels, step.a);
  const kept = rank(first) - levels;
  const place = (i: Expr, k: Expr): Expr => s.add(s.add(s.mul(i, apart), k), shift);
  const extents = shapeOf(first).map((extent, d) => (d < kept ? extent : Math.ceil(extent / apart)));
  const body = (...at: Expr[]): Expr =>
    reduce(fn, new Array(levels).fill(3), (...k) => first.handle.padded(...at.slice(0, kept), ...k.map((item, d) => place(at[kept + d]!, item))));
  return [madeOf(map(name, extents, body), bound, first.exact)];
};

/** A function that may fold `count` elements of a tensor, and the bound of what it gives. */
function foldFn(item: Made, count: number, choice: number): readonly [fn: ReduceFn, bound: number] {
  const dtype = dtypeOf(item);
  const orders: readonly ReduceFn[] = ["max", "min"];
  if (dtype === "bool") return [pick<ReduceFn>(["and", "or", ...orders], choice)!, 1];
  if (isInteger(dtype)) {
    const fn = pick<ReduceFn>(["add", ...orders, "mul", "and", "or"], choice)!;
    return [fn, fn === "add" ? item.bound * count : fn === "mul" ? 2 ** 31 : fn === "and" || fn === "or" ? top(dtype) : item.bound];
  }
  const sums = item.exact && item.bound * count <= largest(dtype);
  const fn = pick<ReduceFn>(sums ? ["add", ...orders] : orders, choice)!;
  return [fn, fn === "add" ? item.bound * count : item.bound];
}

/** What is known of a fold that may have been of nothing: its identity may be infinite. */
function folded(handle: s.Handle, fn: ReduceFn, bound: number, exact: boolean, empty: boolean): Made {
  const nothing = Math.abs(identity(fn, handle.tensor.dtype));
  return empty && nothing > bound ? madeOf(handle, Number.POSITIVE_INFINITY, false) : madeOf(handle, bound, exact);
}

/** Folds the last `levels` dimensions. */
export function foldOf(name: string, operation: number, first: Made, levels: number): readonly Made[] {
  const kept = Math.max(0, rank(first) - levels);
  const [fn, bound] = foldFn(first, elementsOf(shapeOf(first).slice(kept)), operation);
  const [outside, inside] = [domainOf(first).slice(0, kept), domainOf(first).slice(kept)];
  const handle = map(name, outside, (...at) => reduce(fn, inside, (...k) => first.handle.at(...at, ...k)));
  return [folded(handle, fn, bound, first.exact, first.of !== undefined)];
}

export const fold: Cook = (name, { operation }, _world, first) => foldOf(name, operation, first, 1);
export const foldAll: Cook = (name, { operation }, _world, first) => foldOf(name, operation, first, rank(first));

/** Folds any of the dimensions, not only the last ones; half of the narrow floats give a wide result. */
export const axes: Cook = (name, step, world, first) => {
  if (first.of !== undefined || rank(first) < 2) return fold(name, step, world, first);
  const mask = 1 + (step.b % (2 ** rank(first) - 1));
  const gone = (d: number): boolean => (mask & (1 << d)) !== 0;
  const extents = (wanted: boolean): readonly number[] => shapeOf(first).filter((_, d) => gone(d) === wanted);
  const [fn, bound] = foldFn(first, elementsOf(extents(true)), step.operation);
  const at = (kept: readonly Expr[], inner: readonly Expr[]): readonly Expr[] => {
    const [rest, folds] = [[...kept], [...inner]];
    return shapeOf(first).map((_, d) => (gone(d) ? folds : rest).shift()!);
  };
  const wide = isFloat(dtypeOf(first)) && step.a % 2 === 0 ? ({ acc: "f32", dtype: "f32" } as const) : {};
  const handle = map(name, extents(false), (...kept) =>
    reduce(fn, extents(true), (...inner) => first.handle.at(...at(kept, inner)), dtypeOf(first) === "f64" ? {} : wide),
  );
  return [madeOf(handle, bound, first.exact)];
};

/** Two reductions over the last dimension in one body. */
export const several: Cook = (name, step, world, first) => {
  if (rank(first) === 0 || first.of !== undefined) return transpose(name, step, world, first);
  const second = partner(world, first, step.b);
  const extent = shapeOf(first).at(-1)!;
  const [fn, one] = foldFn(first, extent, step.operation);
  const [other, two] = foldFn(second, extent, step.a);
  const half = (fn: ReduceFn, item: Made, at: readonly Expr[]): Expr => reduce(fn, [extent], (k) => item.handle.at(...at, k));
  const extents = shapeOf(first).slice(0, -1);
  const exact = first.exact && second.exact;
  const body =
    (f: (x: Expr, y: Expr) => Expr) =>
    (...at: Expr[]): Expr => {
      const [x, y] = [half(fn, first, at), half(other, second, at)];
      return x.dtype === y.dtype ? f(x, y) : f(x, s.cast(x.dtype, y));
    };
  const joins = isBool(first) || !allows(dtypeOf(first), one + two) ? s.max : pick([s.sub, s.max, s.add], step.b)!;
  return [madeOf(map(name, extents, body(joins)), one + two, exact)];
};

/** Where the largest or smallest element of the last dimension is; or which row of a second matrix is nearest to each row. */
export const extreme: Cook = (name, step, world, first) => {
  if (rank(first) === 0 || first.of !== undefined) return transpose(name, step, world, first);
  const arg = step.operation % 2 === 0 ? argmin : argmax;
  const extent = shapeOf(first).at(-1)!;
  const rows = step.b % 2 === 0 ? nearest(name, step.a, first, world.made, arg) : undefined;
  if (rows !== undefined) {
    take(world, rows.second);
    return [rows.made];
  }
  const handle = map(name, shapeOf(first).slice(0, -1), (...at) => arg(extent, (k) => first.handle.at(...at, k)));
  return [madeOf(handle, extent, true)];
};

function nearest(
  name: string,
  choice: number,
  first: Made,
  made: readonly Made[],
  arg: typeof argmin,
): { readonly made: Made; readonly second: Made } | undefined {
  const [rows, cols] = shapeOf(first);
  const fit = (item: Made): boolean =>
    [rank(item) === 2, shapeOf(item)[1] === cols, dtypeOf(item) === dtypeOf(first), item.exact, !item.of].every(Boolean) &&
    fits([...shapeOf(item), rows!]) &&
    allows(dtypeOf(first), (item.bound + first.bound) ** 2 * cols!);
  const second = rank(first) === 2 && first.exact && !isBool(first) ? pick(made.filter(fit), choice) : undefined;
  if (second === undefined) return undefined;
  const between = (i: Expr, r: Expr, k: Expr): Expr => s.sub(first.handle.at(i, k), second.handle.at(r, k));
  const distance = (i: Expr, r: Expr): Expr => reduce("add", [cols!], (k) => s.mul(between(i, r, k), between(i, r, k)));
  const candidates = shapeOf(second)[0]!;
  return {
    second,
    made: madeOf(
      map(name, [rows!], (i) => arg(candidates, (r) => distance(i, r))),
      candidates,
      true,
    ),
  };
}

/** Each element less its row's largest: a reduction inside a larger body. */
export const centre: Cook = (name, step, world, first) => {
  if (rank(first) === 0) return transpose(name, step, world, first);
  const extents = domainOf(first);
  const less = isBool(first) ? s.ne : allows(dtypeOf(first), 2 * first.bound) ? s.sub : s.min;
  const body = (...at: Expr[]): Expr =>
    less(
      first.handle.at(...at),
      reduce("max", [extents.at(-1)!], (k) => first.handle.at(...at.slice(0, -1), k)),
    );
  return [over(first, map(name, extents, body), 2 * first.bound, first.exact)];
};

/** Matrix times matrix (second transposed), or inner products of rows with a vector. */
export const product: Cook = (name, step, world, first) => {
  const inner = shapeOf(first).at(-1);
  if (inner === undefined || isBool(first) || !first.exact || first.of !== undefined) return transpose(name, step, world, first);
  const joined = (item: Made): readonly number[] => [...shapeOf(first), ...shapeOf(item).slice(0, -1)];
  const fit = (item: Made): boolean =>
    [rank(item) > 0, shapeOf(item).at(-1) === inner, dtypeOf(item) === dtypeOf(first), item.exact, !item.of].every(Boolean) &&
    fits(joined(item)) &&
    allows(dtypeOf(first), first.bound * item.bound * inner);
  const second = pick(world.made.filter(fit), step.b);
  if (second === undefined) return transpose(name, step, world, first);
  take(world, second);
  const rest = shapeOf(first).slice(0, -1);
  const body = (...at: Expr[]): Expr =>
    reduce("add", [inner], (k) => s.mul(first.handle.at(...at.slice(0, rest.length), k), second.handle.at(...at.slice(rest.length), k)));
  return [madeOf(map(name, [...rest, ...shapeOf(second).slice(0, -1)], body), first.bound * second.bound * inner, true)];
};

/** Prefixes along the last dimension. */
export const prefix: Cook = (name, step, world, first) => {
  if (rank(first) === 0) return transpose(name, step, world, first);
  const [fn, bound] = foldFn(first, shapeOf(first).at(-1)!, step.operation);
  const exclusive = step.b % 2 === 0;
  const handle = scan(name, fn, domainOf(first), (...at) => first.handle.at(...at), { exclusive });
  return [over(first, handle, folded(handle, fn, bound, first.exact, exclusive).bound, folded(handle, fn, bound, first.exact, exclusive).exact)];
};

/** A cast to one of these dtypes that holds the values. */
export const castTo =
  (wanted: readonly Dtype[]): Cook =>
  (name, step, world, first) => {
    const dtype = pick(
      wanted.filter((item) => first.exact && (!isFloat(item) || first.bound <= largest(item))),
      step.operation,
    );
    if (dtype === undefined) return transpose(name, step, world, first);
    return [
      over(
        first,
        map(name, domainOf(first), (...at) => s.cast(dtype, first.handle.at(...at))),
        first.bound * (1 + 2 ** -3),
        true,
      ),
    ];
  };

export const recast = castTo(["f32", "i32", "bf16"]);
export const convert = castTo(dtypes);

/** Products and sums far beyond what an integer dtype holds. */
export const wrap: Cook = (name, { operation, b }, _world, first) => {
  const dtype = isInteger(dtypeOf(first)) ? dtypeOf(first) : pick<Dtype>(["i32", "i16", "i8", "i4"], b)!;
  const high = top(dtype) - 1;
  const bodies: readonly ((x: Expr) => Expr)[] = [
    (x) => s.mul(s.add(x, high), s.sub(x, high)),
    (x) => s.sub(s.mul(x, high), s.mul(x, x)),
    (x) => s.add(s.mul(s.mul(x, x), x), high - 2),
    (x) => s.neg(s.add(s.mul(x, 5), high)),
  ];
  const body = pick(bodies, operation)!;
  const source = (...at: Expr[]): Expr => s.cast(dtype, first.handle.at(...at));
  return [
    over(
      first,
      map(name, domainOf(first), (...at) => body(source(...at))),
      top(dtype),
      true,
    ),
  ];
};
