/**
 * Groups alike: groups that differ in nothing but names, as in the layers of a network, have the same plans but for those names. So have a group and itself, searched again as one of other
 * parts. What a search has found for one is remembered for the others.
 *
 *     product0, sum0, scaled0   and   product1, sum1, scaled1   ->   one search
 */

import type { Machine } from "../machine/machine.ts";
import { tensorNamed, writesOf } from "../pattern/analysis.ts";
import type { PlanContext } from "./context.ts";
import type { Group } from "./group.ts";
import type { StageShape } from "./stage.ts";

/** By tiers, which machines share that differ in how many units they have; then by what is asked, and of what group. */
const found = new WeakMap<Machine["tiers"], Map<string, unknown>>();

/** What `search` finds for the group, or found for one like it. A schedule calls loops and tensors by their names: with one, every group is searched. */
export function searchedOnce<T>(what: string, group: Group, context: PlanContext, search: () => T): T {
  if (Object.values(context.program.schedule ?? {}).length > 0) return search();
  const { tiers } = context.machine;
  const known = found.get(tiers) ?? new Map<string, unknown>();
  found.set(tiers, known);
  const key = `${what} ${likenessOf(group, context)}`;
  if (known.has(key)) return known.get(key) as T;
  const result = search();
  known.set(key, result);
  return result;
}

/** All that a plan follows from, as a text in which names are numbers in the order in which they come. */
function likenessOf(group: Group, { program, machine, leaving, homes, linkShare, buffered, tierOf }: PlanContext): string {
  const { shapes, shared, blocks, outside = [], loop } = group;
  const tensors = [...new Set(shapes.flatMap(tensorsOf))];
  const about = tensors.map((name) => {
    const { shape, dtype, tier } = tensorNamed(program, name);
    return { name, shape, dtype, tier, on: tierOf(name), leaving: leaving.has(name), home: homes.has(name), buffered: buffered?.has(name) };
  });
  const own = shapes.map(({ operator, ...shape }) => ({ kind: operator.kind, tensor: writesOf(operator), figures: figuresOf(operator), shape }));
  const indices = shapes.flatMap(({ loops }) => loops.map(({ name }) => name));
  const names = new Set([...tensors, ...indices, ...shapes.map(({ name }) => name), ...(loop?.results ?? []).map(({ to }) => to)]);
  return `${figuresOfMachine(machine)} ${linkShare} ${textOf([own, about, shared, blocks, outside.map((shape) => shapes.indexOf(shape)), loop], names)}`;
}

/** All but its tiers, which are one object, and where its figures are from. */
function figuresOfMachine(machine: Machine): string {
  const { tiers: _tiers, sources: _sources, ...rest } = machine;
  const text = machineTexts.get(machine) ?? JSON.stringify(rest);
  machineTexts.set(machine, text);
  return text;
}

const machineTexts = new WeakMap<Machine, string>();

function tensorsOf({ operator, operands, table, loops }: StageShape): readonly string[] {
  const read = operands.flatMap(({ tensor, carried }) => [
    tensor,
    ...(carried === undefined ? [] : [carried.from, ...(carried.init === null ? [] : [carried.init])]),
  ]);
  return [...writesOf(operator), ...read, ...(table === null ? [] : [table.name]), ...loops.flatMap(({ count }) => (count === undefined ? [] : [count]))];
}

/** Of an operator with tables: how many keys, of what. */
function figuresOf(operator: StageShape["operator"]): readonly unknown[] {
  if (operator.kind === "groupBy") return [operator.keys, operator.fields.map(({ acc }) => acc)];
  return operator.kind === "hash" ? [operator.keys] : [];
}

/** Where names stand. Anything else may read like one: a tensor called f32, and its type. */
const NAMED: ReadonlySet<string> = new Set(["name", "tensor", "from", "to", "init", "count", "lane", "rows"]);

/** A value as a text; each of the names as a number. */
function textOf(value: unknown, names: ReadonlySet<string>): string {
  const numbers = new Map<string, number>();
  const word = (text: string): string => {
    if (!names.has(text)) return JSON.stringify(text);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return `#${number}`;
  };
  const write = (part: unknown, field = ""): string => {
    if (typeof part === "string") return NAMED.has(field) ? word(part) : JSON.stringify(part);
    if (Array.isArray(part)) return `[${part.map((item) => write(item, field)).join()}]`;
    if (typeof part !== "object" || part === null) return Object.is(part, -0) ? "-0" : String(part);
    return `{${Object.entries(part)
      .map(([key, inner]) => `${word(key)}:${write(inner, key)}`)
      .join()}}`;
  };
  return write(value);
}
