/**
 * Program <-> JSON. Expressions are DAGs, so they are written as one table of nodes that refer to each other by position; equal nodes are
 * written once. Numbers that JSON does not have (NaN, the infinities, -0) are written as text.
 */

import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { printPath } from "../base/yaml.ts";
import { schemaFaults } from "../base/yaml-faults.ts";
import { dtypes } from "./dtypes.ts";
import { interner, visitNodes } from "./nodes.ts";
import type { Dtype, Expr, Operator, Program } from "./program.ts";
import { scalarRules } from "./typing.ts";
import { checkProgram } from "./verify.ts";

/** Position in `nodes`. */
type Ref = number;

/** A type with every expression replaced by its position. */
type Tabled<T> = T extends Expr
  ? Ref
  : T extends readonly (infer Item)[]
    ? readonly Tabled<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Tabled<T[K]> }
      : T;

type JsonNumber = number | "NaN" | "Infinity" | "-Infinity" | "-0";

/** An expression with its arguments replaced by their positions. */
type Shallow<T extends Expr> = T extends { readonly kind: "const" }
  ? Omit<T, "value"> & { readonly value: JsonNumber }
  : { readonly [K in keyof T]: T[K] extends Expr ? Ref : T[K] extends readonly Expr[] ? readonly Ref[] : T[K] };
type JsonNode = Shallow<Expr>;

export interface ProgramJson extends Omit<Program, "operators"> {
  readonly nodes: readonly JsonNode[];
  readonly operators: readonly Tabled<Operator>[];
}

export function programToJson(program: Program): ProgramJson {
  const nodes: JsonNode[] = [];
  const intern = interner();
  const refs = new Map<Expr, Ref>();
  const refOf = (root: Expr): Ref => {
    visitNodes([intern(root)], (expr) => {
      if (!refs.has(expr)) refs.set(expr, nodes.push(nodeOf(expr, (child) => refs.get(child)!)) - 1);
    });
    return refs.get(intern(root))!;
  };
  const operators = program.operators.map((operator) => mapBodies(operator, refOf) as Tabled<Operator>);
  return { ...program, nodes, operators };
}

/** Throws a UserError with all faults if `json` is no well-formed program. */
export function programFromJson(json: unknown): Program {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new UserError(schemaFaults(parsed.error.issues, schema, { data: json, place: (path) => ({ path: printPath(path) }) }));
  const { nodes, operators, ...rest } = parsed.data as unknown as ProgramJson;
  const exprs: Expr[] = [];
  for (const [position, node] of nodes.entries()) exprs.push(exprOf(node, (ref) => exprAt(exprs, ref, `nodes[${position}]`)));
  const bodies = operators.map((operator) => mapBodies(operator, (ref) => exprAt(exprs, ref as Ref, `operator "${operator.name}"`)) as Operator);
  return checkProgram({ ...rest, operators: bodies });
}

function exprAt(exprs: readonly Expr[], ref: Ref, path: string): Expr {
  const expr = exprs[ref];
  if (expr !== undefined) return expr;
  throw new UserError({ code: "bad-reference", message: `refers to node ${ref}, expected one of the ${exprs.length} before it`, place: { path } });
}

function nodeOf(expr: Expr, refOf: (expr: Expr) => Ref): JsonNode {
  switch (expr.kind) {
    case "const":
      return { ...expr, value: numberToJson(expr.value) };
    case "index":
      return { ...expr };
    case "read":
      return { ...expr, at: expr.at.map(refOf) };
    case "op":
      return { ...expr, args: expr.args.map(refOf) };
    case "cast":
      return { ...expr, arg: refOf(expr.arg) };
    case "reduce":
      return { ...expr, body: refOf(expr.body) };
  }
}

function exprOf(node: JsonNode, at: (ref: Ref) => Expr): Expr {
  switch (node.kind) {
    case "const":
      return { ...node, value: Number(node.value) };
    case "index":
      return node;
    case "read":
      return { ...node, at: node.at.map(at) };
    case "op":
      return { ...node, args: node.args.map(at) };
    case "cast":
      return { ...node, arg: at(node.arg) };
    case "reduce":
      return { ...node, body: at(node.body) };
  }
}

function numberToJson(value: number): JsonNumber {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : (String(value) as JsonNumber);
}

/** The operator with `change` applied to each of its bodies. */
function mapBodies<A, B>(operator: Operator | Tabled<Operator>, change: (body: A) => B): unknown {
  const apply = (body: unknown): B => change(body as A);
  switch (operator.kind) {
    case "map":
    case "scan":
      return { ...operator, body: apply(operator.body) };
    case "flatMap":
      return {
        ...operator,
        emits: operator.emits.map(({ when, fields }) => ({
          when: apply(when),
          fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, apply(value)])),
        })),
      };
    case "groupBy": {
      const fields = operator.fields.map((field) => ({ ...field, value: apply(field.value) }));
      return { ...operator, ...(operator.when === undefined ? {} : { when: apply(operator.when) }), key: apply(operator.key), fields };
    }
    case "gather":
      return { ...operator, index: apply(operator.index) };
    case "hash":
      return { ...operator, ...(operator.when === undefined ? {} : { when: apply(operator.when) }), key: apply(operator.key) };
    case "iterate":
      return { ...operator, body: operator.body.map((inner) => mapBodies(inner, change)) };
  }
}

// --- schema ---

const dtype = z.enum(dtypes as readonly [Dtype, ...Dtype[]]);
const ref = z.int().min(0);
const index = z.strictObject({ name: z.string(), extent: z.number(), count: z.string().optional() });
const reduceFn = z.enum(["add", "mul", "min", "max", "and", "or"]);
const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity", "-0"])]);

const node = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("const"), dtype, value: number }),
  z.strictObject({ kind: z.literal("index"), dtype, index: z.string() }),
  z.strictObject({ kind: z.literal("read"), dtype, tensor: z.string(), at: z.array(ref), padded: z.literal(true).optional() }),
  z.strictObject({ kind: z.literal("op"), dtype, op: z.enum(Object.keys(scalarRules)), args: z.array(ref) }),
  z.strictObject({ kind: z.literal("cast"), dtype, arg: ref }),
  z.strictObject({ kind: z.literal("reduce"), dtype, fn: reduceFn, acc: dtype, over: z.array(index), body: ref }),
]);

const common = { name: z.string(), domain: z.array(index) };
const operator: z.ZodType = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("map"), ...common, body: ref }),
    z.strictObject({ kind: z.literal("scan"), ...common, fn: reduceFn, acc: dtype, exclusive: z.boolean(), body: ref }),
    z.strictObject({
      kind: z.literal("flatMap"),
      ...common,
      bound: z.number(),
      emits: z.array(z.strictObject({ when: ref, fields: z.record(z.string(), ref) })),
    }),
    z.strictObject({
      kind: z.literal("groupBy"),
      ...common,
      ...{ when: ref.optional(), key: ref, keys: z.number() },
      fields: z.array(z.strictObject({ name: z.string(), fn: reduceFn, acc: dtype, dtype, value: ref })),
    }),
    z.strictObject({ kind: z.literal("gather"), ...common, tensor: z.string(), index: ref }),
    z.strictObject({ kind: z.literal("hash"), ...common, when: ref.optional(), key: ref, keys: z.number() }),
    z.strictObject({
      kind: z.literal("iterate"),
      ...{ name: z.string(), times: z.number(), round: index, until: z.string().optional() },
      carries: z.array(z.strictObject({ to: z.string(), init: z.string(), from: z.string() })),
      body: z.array(operator),
    }),
  ]),
);

const format = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["dense", "compressed", "bitmask"]) }),
  z.strictObject({ kind: z.literal("block"), size: z.number() }),
  z.strictObject({ kind: z.literal("nm"), n: z.number(), m: z.number() }),
]);

const data = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("uniform"), low: z.number(), high: z.number() }),
  z.strictObject({ kind: z.literal("normal"), mean: z.number(), deviation: z.number() }),
  z.strictObject({ kind: z.literal("index") }),
  z.strictObject({ kind: z.literal("constant"), value: z.number() }),
]);

const factors = z.record(z.string(), z.int().min(1)).optional();

/** A workload's `schedule`. */
export const scheduleSchema = z.strictObject({ tile: factors, par: factors, lanes: factors, buffer: factors, cut: z.array(z.string()).optional() });

const schema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  params: z.record(z.string(), z.union([z.number(), z.string()])),
  inputs: z.array(z.string()),
  tensors: z.array(
    z.strictObject({
      ...{ name: z.string(), dtype, shape: z.array(z.number()), tier: z.enum(["sram", "hbm", "ddr", "auto"]) },
      ...{ formats: z.array(format).optional(), data: data.optional() },
    }),
  ),
  nodes: z.array(node),
  operators: z.array(operator),
  outputs: z.record(z.string(), z.string()),
  schedule: scheduleSchema.optional(),
});
