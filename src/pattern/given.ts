/**
 * What JavaScript lets through although the builder's types forbid it: a body without return, `x.at(i) * 2`, extents without brackets. Each check
 * says what was found, what is expected and what to write; the types cannot, for a workload runs without a type checker.
 */

import { UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { dtypes, isDtype } from "./dtypes.ts";

const operatorsHint = "JavaScript's operators do not work on expressions, write add(a, b), gt(a, b), select(c, a, b) ...";

/** The expression or tensor, which refuses to be compared or calculated with by JavaScript: `x.at(i) > 0.5` would quietly be false. */
export function guarded<E extends object>(expr: E): E {
  return Object.defineProperty(expr, Symbol.toPrimitive, { value: refusePrimitive });
}

function refusePrimitive(): never {
  throw wrong("no-value", "an expression stands where JavaScript wants a number or a text", operatorsHint);
}

/** A number, an expression or a tensor. */
export function checkScalar(value: unknown, what = ""): void {
  const expected = `expected a number, an expression or a scalar tensor${what}, found ${found(value)}`;
  if (value === undefined) throw wrong("no-value", expected, "is a return or an operand missing?");
  if (typeof value === "number" ? Number.isNaN(value) : typeof value === "string") throw wrong("no-value", expected, operatorsHint);
  if (typeof value === "function") throw wrong("no-value", expected, "an element of a tensor is x.at(i)");
  if (typeof value !== "number" && !(isRecord(value) && "kind" in value && value.kind !== "collection")) throw wrong("no-value", expected);
}

/** A list of extents. */
export function checkList(value: unknown, what: string, hint: string): void {
  if (!Array.isArray(value)) throw wrong("bad-extent", `${what} ${value === undefined ? "are missing" : `are ${found(value)}`}, expected a list`, hint);
}

export function checkFunction(value: unknown, what: string, hint: string): void {
  if (typeof value !== "function") throw wrong("no-function", `${what} is ${found(value)}, expected a function`, hint);
}

/** A record that has at least `keys`. */
export function checkRecord(value: unknown, keys: readonly string[], what: string): void {
  const expected = keys.length === 0 ? "a record" : `{ ${keys.join(", ")} }`;
  if (!isRecord(value) || Array.isArray(value)) throw wrong("no-record", `${what} gives ${found(value)}, expected ${expected}`, returnHint(value));
  const missing = keys.filter((key) => value[key] === undefined);
  if (missing.length > 0)
    throw wrong("no-record", `${what} gives ${found(value)}, expected ${expected}`, `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`);
}

export function checkEmits(value: unknown, what: string): void {
  if (!Array.isArray(value)) throw wrong("no-record", `${what} gives ${found(value)}, expected a list of { when, fields }`, returnHint(value));
  for (const emit of value) checkRecord(emit, ["when", "fields"], what);
}

export function checkTensor(value: unknown, what: string): void {
  if (!isRecord(value) || value.kind !== "tensor") throw wrong("no-tensor", `${what} is ${found(value)}, expected a tensor`);
}

export function checkDtype(value: unknown): void {
  if (!isDtype(value))
    throw wrong(
      "unknown-dtype",
      `there is no dtype ${typeof value === "string" ? quoted(value) : found(value)}`,
      suggestion(typeof value === "string" ? value : "", dtypes),
    );
}

/** What a program's build function returns. */
export function checkOutputs(value: unknown, program: string): void {
  if (value instanceof Promise)
    throw wrong("bad-outputs", `program ${quoted(program)} returns a promise, expected its outputs`, "build functions are not async");
  if (!isRecord(value) || "kind" in value || Array.isArray(value))
    throw wrong("bad-outputs", `program ${quoted(program)} returns ${found(value)}, expected a record of outputs`, "write return { y }");
  for (const [name, output] of Object.entries(value)) checkOutput(output, name);
}

function checkOutput(output: unknown, name: string): void {
  if (isRecord(output) && (output.kind === "tensor" || output.kind === "collection")) return;
  const computed = typeof output === "number" || (isRecord(output) && "dtype" in output);
  if (computed || !isRecord(output))
    throw wrong(
      "bad-outputs",
      `output ${quoted(name)} is ${found(output)}, expected a tensor`,
      computed ? `a scalar is a tensor too: map(${quoted(name)}, [], () => ...)` : undefined,
    );
  for (const [field, handle] of Object.entries(output)) checkTensor(handle, `output ${quoted(`${name}.${field}`)}`);
}

const returnHint = (value: unknown): string | undefined => (value === undefined ? "is a return missing?" : undefined);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;

const quoted = (text: string): string => JSON.stringify(text);

/** A value in the words of a message. */
function found(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return value.includes("[object") ? "a text" : `the text ${quoted(value)}`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  if (!isRecord(value)) return String(value);
  const { kind, name, tensor } = value;
  if (kind === "tensor" && isRecord(tensor)) return `the tensor ${quoted(String(tensor.name))}`;
  if (kind === "collection") return `the collection ${quoted(String(name))}`;
  if (kind !== undefined) return "an expression";
  return Object.keys(value).length === 0 ? "an empty record" : `{ ${Object.keys(value).join(", ")} }`;
}

function wrong(code: string, message: string, hint?: string): UserError {
  return new UserError({ code, message, ...(hint === undefined ? {} : { hint }) });
}
