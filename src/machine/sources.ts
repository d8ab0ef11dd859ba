/** What the forms of all machines have in common: every figure has a source, its own or that of the nearest mapping around it, and becomes its value. */

import type * as z from "zod";
import { type KeyPath, type Override, printPath } from "../base/yaml.ts";
import type { Source } from "./machine.ts";
import type { Figure } from "./quantity.ts";
import { refuse } from "./tier-schema.ts";

/** The override that set a path, in words; undefined where none did. */
export type Labels = (path: string) => string | undefined;

export function labelsOf(overrides: readonly Override[]): Labels {
  return (path) => overrides.findLast((entry) => path === entry.path || path.startsWith(`${entry.path}.`))?.label;
}

/** Path of each figure -> its source. */
export function sourcesOf(config: unknown, labels: Labels): Readonly<Record<string, Source>> {
  return Object.fromEntries(figuresOf(config).map((found) => [found.path, sourceOf(found, labels)!]));
}

/** Also runs where other faults were found, so that all come out together: the value may have holes. */
export function checkSources(config: unknown, context: z.core.$RefinementCtx<unknown>, labels: Labels): void {
  for (const found of figuresOf(config))
    if (sourceOf(found, labels) === undefined)
      refuse(context, found.keys, 'no source, expected { value, source } here or `source: ...` beside it: a paper or "assumed: reason"', "no-source");
}

interface FigureAt {
  readonly keys: KeyPath;
  readonly path: string;
  readonly source: string | undefined;
}

/** Every figure, with its own source or that of the nearest mapping around it. */
function figuresOf(value: unknown, keys: KeyPath = [], inherited?: string): FigureAt[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  if (isFigure(value)) return [{ keys, path: printPath(keys), source: value.source ?? inherited }];
  const own = "source" in value && typeof value.source === "string" ? value.source : inherited;
  return Object.entries(value).flatMap(([key, part]) => figuresOf(part, [...keys, key], own));
}

/** What an override sets has the override as its source. */
function sourceOf({ path, source }: FigureAt, labels: Labels): Source | undefined {
  const text = labels(path) === undefined ? source?.trim() : `assumed: ${labels(path)}`;
  return text === undefined ? undefined : { assumed: /^assumed\b/i.test(text), text };
}

function isFigure(value: object): value is Figure<unknown> {
  return "kind" in value && value.kind === "figure";
}

export type Plain<T> =
  T extends Figure<infer V> ? V : T extends object ? { readonly [K in keyof T as K extends "source" ? never : K]: Plain<Exclude<T[K], null | undefined>> } : T;

/** Figures become their values; sources and absent parts go. */
export function plain<T>(value: T): Plain<T> {
  if (typeof value !== "object" || value === null) return value as Plain<T>;
  if (isFigure(value)) return value.value as Plain<T>;
  const kept = Object.entries(value).filter(([key, part]) => key !== "source" && part !== null && part !== undefined);
  return Object.fromEntries(kept.map(([key, part]) => [key, plain(part as unknown)])) as Plain<T>;
}
