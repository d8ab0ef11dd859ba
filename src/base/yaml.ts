/**
 * YAML text -> a value checked by a zod schema. Every fault names its place: file, line, column and key path, or the `--set` that caused it.
 * All faults are reported together; only a syntax error stops before the schema is asked, and of syntax errors only the first means anything.
 */

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parse, parseDocument, type YAMLError } from "yaml";
import type * as z from "zod";
import { type Fault, type Place, UserError } from "./errors.ts";
import { schemaFaults } from "./yaml-faults.ts";

/** `--set pcu.lanes=32`: a value, itself YAML, that stands in for the file's. Keys with dots are quoted: `tile."gemm.0"`. */
export interface Override {
  readonly path: string;
  readonly value: string;
  /** How to name it in a fault: `--set pcu.lanes=32`. */
  readonly label: string;
}

export type KeyPath = readonly (string | number)[];

/** A parsed text that still knows where everything stands. */
export interface YamlText {
  /** Plain data, overrides applied. */
  readonly data: unknown;
  /** Place of the value at `path` ("key": of its key). What does not exist is placed at its nearest ancestor's key. */
  place(path: KeyPath, part?: "value" | "key"): Place;
}

/** The value that `text` and `overrides` describe, as `schema` gives it. Throws a UserError with all faults. */
export function parseYaml<T>(text: string, file: string, schema: z.ZodType<T>, overrides: readonly Override[] = []): T {
  const faults: Fault[] = [];
  const yaml = readYaml(text, file, overrides, faults);
  const result = yaml === undefined ? undefined : schema.safeParse(yaml.data);
  if (yaml !== undefined && result?.success === false) faults.push(...schemaFaults(result.error.issues, schema, yaml));
  if (faults.length > 0 || result?.data === undefined) throw new UserError(inFileOrder(faults));
  return result.data;
}

/** Reads without a schema. What is wrong is added to `faults`; undefined if so much is wrong that there is no data. */
export function readYaml(text: string, file: string, overrides: readonly Override[], faults: Fault[]): YamlText | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): Place => position(file, lines, offset);
  const errors = [...document.errors, ...document.warnings];
  const broken = errors.find(({ code }) => code !== "DUPLICATE_KEY");
  faults.push(...errors.filter((error) => error.code === "DUPLICATE_KEY" || error === broken).map((error) => syntaxFault(error, text, at)));
  if (broken !== undefined) return undefined;
  const read = attempt(() => document.toJS({ maxAliasCount: 1000 }) as unknown);
  if ("error" in read) {
    faults.push({ code: "yaml-syntax", message: firstLine(read.error), place: { file } });
    return undefined;
  }
  const applied = applyOverrides(read.value, overrides, faults);
  return { data: applied.data, place: (path, part = "value") => applied.place(path, finder(document.contents, document, at)(path, part), part) };
}

// --- positions ---

interface Found {
  readonly place: Place;
  /** Whether the path's end was reached in the text. */
  readonly exists: boolean;
}

type Finder = (path: KeyPath, part: "value" | "key") => Found;

function finder(contents: ParsedNode | null, document: ReturnType<typeof parseDocument>, at: (offset: number) => Place): Finder {
  const follow = (node: Node | null): Node | null => (isAlias(node) ? (node.resolve(document) ?? null) : node);
  return (path, part) => {
    let value: Node | null = contents;
    let keyStart = contents?.range?.[0] ?? 0;
    for (const [depth, key] of path.entries()) {
      const next = child(follow(value), key);
      if (next === undefined) return { place: { ...at(keyStart), path: printPath(path) }, exists: false };
      keyStart = next.key?.range?.[0] ?? next.value?.range?.[0] ?? keyStart;
      value = next.value;
      if (depth === path.length - 1 && part === "key") break;
    }
    const empty = value === null || (isScalar(value) && value.value === null && value.source === "");
    const start = part === "key" || empty ? keyStart : (value?.range?.[0] ?? keyStart);
    return { place: { ...at(start), ...(path.length === 0 ? {} : { path: printPath(path) }) }, exists: true };
  };
}

function child(node: Node | null, key: string | number): { readonly key?: Node; readonly value: Node | null } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(key)];
    return item === undefined ? undefined : { value: item as Node };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  return pair === undefined ? undefined : { key: pair.key as Node, value: pair.value as Node | null };
}

function position(file: string, lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

/** `tiers.ddr.channels`, `loops[2].trip`. */
export function printPath(path: KeyPath): string {
  return path
    .map((key, depth) => (typeof key === "number" ? `[${key}]` : `${depth === 0 ? "" : "."}${/[.[\]\s]/.test(key) ? JSON.stringify(key) : key}`))
    .join("");
}

// --- syntax ---

function syntaxFault(error: YAMLError, text: string, at: (offset: number) => Place): Fault {
  const place = at(error.pos[0]);
  if (error.code !== "DUPLICATE_KEY") return { code: "yaml-syntax", message: `not valid YAML: ${syntaxWords(error)}`, place };
  const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? "";
  return { code: "duplicate-key", message: `key ${JSON.stringify(key.replace(/^["']|["']$/g, ""))} appears twice in one mapping`, place };
}

function syntaxWords(error: YAMLError): string {
  const open = /^Flow (map|sequence) in block collection must be/.exec(error.message)?.[1];
  if (open === undefined) return firstLine(error);
  return `a ${open === "map" ? "{" : "["} before this place has no ${open === "map" ? "}" : "]"}`;
}

function firstLine(error: Error): string {
  return (error.message.split("\n")[0] ?? "").replace(/:$/, "");
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: run() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function inFileOrder(faults: readonly Fault[]): readonly Fault[] {
  const order = (fault: Fault): number => (fault.place?.line ?? 1e9) * 1e5 + (fault.place?.column ?? 0);
  return [...faults].sort((a, b) => order(a) - order(b));
}

// --- overrides ---

interface Applied {
  readonly data: unknown;
  place(path: KeyPath, inText: Found, part: "value" | "key"): Place;
}

/** `data` with the overrides written in, and who is to blame for what stands at a path. */
function applyOverrides(data: unknown, overrides: readonly Override[], faults: Fault[]): Applied {
  const root = overrides.length === 0 ? data : structuredClone(data ?? {});
  const done: { readonly path: KeyPath; readonly label: string }[] = [];
  for (const { path: text, value, label } of overrides) {
    const path = splitPath(text);
    const parsed = attempt(() => parse(value) as unknown);
    const wrong = "error" in parsed ? `not valid YAML: ${firstLine(parsed.error).replace(/ at line \d.*$/, "")}` : write(root, path, parsed.value);
    if (wrong === undefined) done.push({ path, label });
    else faults.push({ code: "bad-override", message: wrong, place: { path: label } });
  }
  const blame = (path: KeyPath, exists: boolean): string | undefined =>
    done.findLast((entry) => startsWith(path, entry.path) || (!exists && startsWith(entry.path, path)))?.label;
  return {
    data: root,
    place: (path, inText) => {
      const label = blame(path, inText.exists);
      return label === undefined ? inText.place : { path: label };
    },
  };
}

function splitPath(text: string): KeyPath {
  return [...text.matchAll(/"([^"]*)"|[^."]+/g)].map((match) => match[1] ?? match[0]);
}

function startsWith(path: KeyPath, head: KeyPath): boolean {
  return head.length <= path.length && head.every((key, depth) => String(key) === String(path[depth]));
}

/** Writes into plain data, making mappings on the way. Returns what is wrong with the path, if anything. */
function write(root: unknown, path: KeyPath, value: unknown): string | undefined {
  if (path.length === 0) return "expected a key path before the equals sign";
  let target: unknown = root;
  for (const [depth, key] of path.entries()) {
    if (typeof target !== "object" || target === null) return `${printPath(path.slice(0, depth))} is ${JSON.stringify(target)} and has no keys`;
    if (Array.isArray(target) && !(Number.isInteger(Number(key)) && Number(key) >= 0 && Number(key) <= target.length))
      return `${printPath(path.slice(0, depth))} is a list of ${target.length}; expected a position from 0 to ${target.length}, found ${JSON.stringify(key)}`;
    const last = depth === path.length - 1;
    const old = Object.hasOwn(target, key) ? (target as Record<string, unknown>)[key] : undefined;
    const next = last ? value : (old ?? {});
    Object.defineProperty(target, key, { value: next, enumerable: true, configurable: true, writable: true });
    target = next;
  }
  return undefined;
}
