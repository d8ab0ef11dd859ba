/** Loops of random programs: a number of rounds, or until a condition holds; tensors carried, exchanged and computed from round to round. */

import { iterate, map, reduce } from "../../src/pattern/builder.ts";
import type { Expr } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { allows, dtypeOf, isBool, type Made, madeOf, pick, rank, type Step, shapeOf, take, top, type World } from "./programs-made.ts";

/** What else a loop needs: how a step of its body is cooked. */
export type CookStep = (name: string, step: Step, world: World) => void;

export interface LoopKind {
  readonly until: boolean;
  readonly nested: boolean;
}

export function loop(name: string, step: Step, world: World, cookStep: CookStep, { until, nested }: LoopKind): readonly Made[] {
  const inits = carriedFirst(step, world);
  if (inits.length === 0) return [];
  take(world, ...inits);
  const bound = Math.max(...inits.map((item) => item.bound));
  const exact = inits.every((item) => item.exact);
  const times = 1 + (step.operation % 4);
  const known = inits.map((item) => ({ bound: isBool(item) ? 1 : bound, exact }));
  const init = Object.fromEntries(inits.map(({ handle }, position) => [`c${position}`, handle]));
  const results = iterate(name, times, init, (handles, round) => {
    const carried = inits.map((_, position) => madeOf(handles[`c${position}`]!, known[position]!.bound, exact));
    const inside: World = { ...world, made: [...carried, ...world.made.slice(-6)], inLoop: true };
    const before = inside.made.length;
    if (nested) inside.made.push(...loop(`${name}.in`, step, inside, cookStep, { until: !until, nested: false }));
    else for (const [position, item] of step.inner.entries()) cookStep(`${name}.s${position}`, item, inside);
    const body: Body = { name, step, carried, made: inside.made.slice(before), outside: world.made, round, times };
    const next = carried.map((item, position) => nextOf(body, item, position));
    const record = Object.fromEntries(next.map((handle, position) => [`c${position}`, handle]));
    return { next: record, ...(until ? { until: doneOf(body, next[0]!, bound) } : {}) };
  });
  return inits.map((_, position) => madeOf(results[`c${position}`]!, known[position]!.bound, exact));
}

/** One to three tensors whose values have a bound, alike as often as not. */
function carriedFirst({ a, b }: Step, { made }: World): readonly Made[] {
  const fit = made.filter((item) => item.of === undefined && Number.isFinite(item.bound));
  const first = pick(fit, a);
  if (first === undefined) return [];
  const alike = fit.filter((item) => String(shapeOf(item)) === String(shapeOf(first)) && dtypeOf(item) === dtypeOf(first));
  const others = b % 2 === 0 ? alike : fit;
  return [first, ...[b, a + b].slice(0, b % 3).map((choice) => pick(others, choice)!)];
}

interface Body {
  readonly name: string;
  readonly step: Step;
  readonly carried: readonly Made[];
  /** In this round. */
  readonly made: readonly Made[];
  readonly outside: readonly Made[];
  readonly round: Expr;
  readonly times: number;
}

/** What a carried tensor is in the next round: another carried one, something made in this round, or a body that may use the number of the round. */
function nextOf(body: Body, own: Made, position: number): s.Handle {
  const { name, step, carried, made } = body;
  const alike = (item: Made): boolean =>
    [String(shapeOf(item)) === String(shapeOf(own)), dtypeOf(item) === dtypeOf(own), !item.of, item.exact || !own.exact].every(Boolean);
  const other = carried.find((item, at) => at > position && alike(item));
  if (other !== undefined && step.b % 4 === 2) return other.handle;
  const source = pick(made.filter(alike), step.a) ?? own;
  const way = (step.operation + step.b + position) % 4;
  if (way === 0 && source !== own && source.bound <= own.bound) return source.handle;
  const [bound, value] = pick([plain, fromRow, chosen, counted], way)!(body, own, source);
  return map(`${name}.next${position}`, shapeOf(own), (...at) => clamp(value(at), bound, own));
}

/** A value, with the bound of what it gives. */
type Next = (body: Body, own: Made, source: Made) => readonly [bound: number, value: (at: readonly Expr[]) => Expr];

const plain: Next = (_body, own, source) => [
  Math.max(own.bound, source.bound),
  (at) => (isBool(own) ? s.not(source.handle.at(...at)) : s.max(source.handle.at(...at), own.handle.at(...at))),
];

/** With the round's row of a tensor that has one more dimension. */
const fromRow: Next = (body, own, source) => {
  const fit = (item: Made): boolean =>
    [dtypeOf(item) === dtypeOf(own), !item.of, String(shapeOf(item).slice(1)) === String(shapeOf(own)), item.exact || !own.exact].every(Boolean) &&
    rank(item) === rank(own) + 1 &&
    shapeOf(item)[0]! >= body.times;
  const table = pick(body.outside.filter(fit), body.step.a);
  if (table === undefined) return chosen(body, own, source);
  const sums = !isBool(own) && allows(dtypeOf(own), source.bound + table.bound);
  const bound = sums ? source.bound + table.bound : Math.max(source.bound, table.bound);
  return [bound, (at) => (sums ? s.add : s.max)(source.handle.at(...at), table.handle.at(body.round, ...at))];
};

/** One thing in the first rounds, another in the last. */
const chosen: Next = ({ round, step }, own, source) => [
  Math.max(own.bound, source.bound),
  (at) => {
    const value = source.handle.at(...at);
    return s.select(s.lt(round, 1 + (step.a % 3)), value, isBool(own) ? s.not(own.handle.at(...at)) : s.neg(own.handle.at(...at)));
  },
];

/** More in each round. */
const counted: Next = (body, own, source) => {
  const dtype = dtypeOf(own);
  if (isBool(own) || !allows(dtype, source.bound + body.times)) return chosen(body, own, source);
  return [source.bound + body.times, (at) => s.add(source.handle.at(...at), s.cast(dtype, body.round))];
};

/** Within the bound of the carried tensor, so that rounds do not add up. Integers that fill their dtype wrap. */
function clamp(value: Expr, bound: number, own: Made): Expr {
  if (bound <= own.bound || isBool(own) || own.bound >= top(dtypeOf(own)) - 1) return value;
  const limit = Math.max(1, Math.floor(own.bound));
  return s.min(s.max(value, -limit), limit);
}

/** Whether a round was the last: an element of the first tensor reaches what may or may not come. */
function doneOf({ name, step }: Body, next: s.Handle, bound: number): s.Handle {
  const { shape, dtype } = next.tensor;
  const limit = pick([1, 2, 3, Math.max(1, Math.min(7, Math.floor(bound)))], step.a + step.operation)!;
  return map(`${name}.done`, [], () => {
    const most = shape.length === 0 ? next.at() : reduce(dtype === "bool" && step.b % 2 === 0 ? "and" : "max", shape, (...at) => next.at(...at));
    return dtype === "bool" ? most : s.ge(most, limit);
  });
}
