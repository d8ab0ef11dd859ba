/** What a zod schema found wrong -> faults that name the place, what was found, what was expected and the nearest valid choice. */

import * as z from "zod";
import type { Fault, Place } from "./errors.ts";
import { either, suggest, suggestion } from "./suggest.ts";

type Key = string | number;
type Issue = z.core.$ZodIssue;

/** The checked data, and where its parts stand. */
export interface Located {
  readonly data: unknown;
  place(path: readonly Key[], part?: "value" | "key"): Place;
}

/** Refinements may pass `params: { code, hint }` with a custom issue. */
export function schemaFaults(issues: readonly Issue[], schema: z.ZodType, text: Located): Fault[] {
  return issues.flatMap((issue) => issueFaults(issue, [], schema, text));
}

function issueFaults(issue: Issue, base: readonly Key[], schema: z.ZodType, text: Located): Fault[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, schema, text));
  if (issue.code === "custom") return [customFault(issue, path, text)];
  const found = valueAt(text.data, path);
  if (found === undefined)
    return [{ code: "missing-key", message: `missing key ${name(path)}, expected ${either(expected(issue, path, schema))}`, place: text.place(path) }];
  if (issue.code === "invalid_union") {
    const branches = fittingBranches(issue);
    if (branches.length === 1) return branches[0]!.flatMap((inner) => issueFaults(inner, path, schema, text));
  }
  return [valueFault(issue, path, found, schema, text)];
}

function unknownKey(path: readonly Key[], key: string, schema: z.ZodType, text: Located): Fault {
  return {
    code: "unknown-key",
    message: `unknown key ${JSON.stringify(key)}`,
    place: text.place([...path, key], "key"),
    hint: suggestion(key, keysAt(schema, path)),
  };
}

function customFault(issue: Issue & { code: "custom" }, path: readonly Key[], text: Located): Fault {
  const { code, hint } = issue.params ?? {};
  return {
    code: typeof code === "string" ? code : "bad-value",
    message: issue.message,
    place: text.place(path),
    ...(typeof hint === "string" ? { hint } : {}),
  };
}

function valueFault(issue: Issue, path: readonly Key[], found: unknown, schema: z.ZodType, text: Located): Fault {
  const choices = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const near = typeof found === "string" ? suggest(found, choices) : undefined;
  return {
    code: faultCodes[issue.code] ?? "bad-value",
    message: `expected ${either(expected(issue, path, schema))}, found ${printFound(found)}`,
    place: text.place(path),
    ...(near === undefined ? {} : { hint: `did you mean ${JSON.stringify(near)}?` }),
  };
}

const faultCodes: Partial<Record<Issue["code"], string>> = {
  invalid_type: "wrong-type",
  invalid_union: "wrong-type",
  invalid_value: "unknown-choice",
  too_big: "out-of-range",
  too_small: "out-of-range",
};

/** The branches of a union that take a value of this type at all; where none does, all of them. */
function fittingBranches(issue: Issue & { code: "invalid_union" }): Issue[][] {
  const fits = (branch: readonly Issue[]): boolean =>
    branch.every(
      (inner) => inner.path.length > 0 || !(inner.code === "invalid_type" || (inner.code === "invalid_union" && fittingBranches(inner).length !== 1)),
    );
  const fitting = issue.errors.filter(fits);
  return fitting.length > 0 ? fitting : [...issue.errors];
}

// --- what would have been right ---

/** What a schema accepts, in words, where its type alone says too little: "a frequency in Hz, kHz, MHz or GHz". */
export const phrases = z.registry<{ readonly expected: string }>();

/** Each kind of value that is accepted, as a phrase. Of a mapping or a list only where nothing simpler would do. */
function expected(issue: Issue, path: readonly Key[], schema: z.ZodType): string[] {
  const all = [...new Set(alternatives(issue, path, schema))];
  const simple = all.filter((phrase) => phrase !== typeNames.object && phrase !== typeNames.array);
  return simple.length > 0 ? simple : all;
}

function alternatives(issue: Issue, path: readonly Key[], schema: z.ZodType): string[] {
  switch (issue.code) {
    case "invalid_type":
      return [phraseAt(issue.expected, path, schema)];
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value));
    case "invalid_union":
      return issue.errors.flatMap((branch) => branch.filter((inner) => inner.path.length === 0).flatMap((inner) => alternatives(inner, path, schema)));
    case "too_big":
    case "too_small":
      return [rangeAt(path, schema) ?? limit(issue)];
    default:
      return [issue.message];
  }
}

function phraseAt(type: string, path: readonly Key[], schema: z.ZodType): string {
  const isNumber = type === "number" || type === "int";
  if (!isNumber && type !== "string") return typeNames[type] ?? type;
  const phrase = schemasAt(schema, path).map((inner) => phrases.get(inner)?.expected);
  return phrase.find((words) => words !== undefined) ?? (isNumber ? (rangeAt(path, schema) ?? numberKind(path, schema)) : "text");
}

const typeNames: Readonly<Record<string, string>> = {
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  null: "null",
};

/** "a whole number from 1 to 1024", where both bounds are given. */
function rangeAt(path: readonly Key[], schema: z.ZodType): string | undefined {
  const { minValue: least, maxValue: most } = numberAt(path, schema) ?? {};
  if (least == null || most == null || !Number.isFinite(least) || !Number.isFinite(most) || Math.max(-least, most) >= Number.MAX_SAFE_INTEGER) return undefined;
  return `${numberKind(path, schema)} from ${least} to ${most}`;
}

function numberKind(path: readonly Key[], schema: z.ZodType): string {
  return numberAt(path, schema)?.format === "safeint" ? "a whole number" : "a number";
}

function numberAt(path: readonly Key[], schema: z.ZodType): z.ZodNumber | undefined {
  return schemasAt(schema, path).find((inner) => inner instanceof z.ZodNumber);
}

function limit(issue: Issue & { code: "too_big" | "too_small" }): string {
  const bound =
    issue.code === "too_big"
      ? `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`
      : `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
  return `${bound}${{ string: " characters", array: " entries" }[String(issue.origin)] ?? ""}`;
}

/** Keys that a mapping at `path` may have. */
export function keysAt(schema: z.ZodType, path: readonly Key[]): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((inner) => (inner instanceof z.ZodObject ? Object.keys(inner.shape) : [])))];
}

/** Every schema that a value at `path` may meet, unions and wrappers taken apart. */
function schemasAt(schema: z.ZodType, path: readonly Key[]): z.ZodType[] {
  return path.reduce<z.ZodType[]>((schemas, key) => schemas.flatMap((inner) => childOf(inner, key)).flatMap(takeApart), takeApart(schema));
}

function childOf(schema: z.ZodType, key: Key): z.ZodType[] {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? [schema.shape[key] as z.ZodType] : [];
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  if (schema instanceof z.ZodRecord) return [schema.valueType as z.ZodType];
  return [];
}

function takeApart(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodUnion) return (schema.options as readonly z.ZodType[]).flatMap(takeApart);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault || schema instanceof z.ZodLazy)
    return takeApart(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return takeApart((schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType);
  return [schema];
}

// --- what was found ---

function valueAt(data: unknown, path: readonly Key[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<Key, unknown>)[key] : undefined),
    data,
  );
}

/** As the user wrote it, cut to a line's length. */
export function printFound(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function name(path: readonly Key[]): string {
  return JSON.stringify(String(path[path.length - 1] ?? ""));
}
