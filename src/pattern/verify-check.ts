/** What the verifier knows while it goes through a program, and what every part of it asks: is this tensor declared, has it a value here, is that an extent. */

import type { Fault } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { largestExtent } from "./parameters.ts";
import type { Dtype, Index, IterateOperator, Operator, Tensor } from "./program.ts";

/** An operator with a domain and bodies of its own. */
export type Leaf = Exclude<Operator, IterateOperator>;

export interface Check {
  readonly faults: Fault[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Tensors that have a value by now. */
  readonly written: Set<string>;
  /** What was made inside a loop that has ended -> the loop. Only its carried tensors can be read from outside. */
  readonly ended: Map<string, string>;
  readonly operators: Set<string>;
  /** Index name -> where it was bound first. */
  readonly indices: Map<string, Index>;
  /** Rounds of the loops around what is being checked, and how many there are. */
  readonly rounds: Map<string, number>;
}

export function report({ faults }: Check, code: string, message: string, path: string, hint?: string): void {
  faults.push({ code, message, place: { path }, ...(hint === undefined ? {} : { hint }) });
}

export const at = (operator: { readonly name: string }): string => `operator "${operator.name}"`;

export function verifyExtent(check: Check, extent: number, what: string, path: string, most: number = largestExtent): void {
  if (Number.isInteger(extent) && extent >= 1 && extent <= most) return;
  report(check, "bad-extent", `${what} is ${extent}, expected a whole number from 1 to ${most}`, path);
}

/** Notes that `name` has a value from here on. With `expected`, its declaration must match. */
export function write(check: Check, name: string, expected: { readonly dtype: Dtype; readonly shape: readonly number[] } | undefined, path: string): void {
  const tensor = check.tensors.get(name);
  if (tensor === undefined) report(check, "unknown-tensor", `"${name}" is written but not declared`, path);
  else if (check.written.has(name)) report(check, "duplicate-name", `"${name}" is written twice`, path);
  else if (expected !== undefined) {
    if (tensor.dtype !== expected.dtype) report(check, "dtype-mismatch", `"${name}" is declared ${tensor.dtype} and written as ${expected.dtype}`, path);
    if (String(tensor.shape) !== String(expected.shape))
      report(check, "shape-mismatch", `"${name}" is declared [${tensor.shape.join(", ")}] and written as [${expected.shape.join(", ")}]`, path);
  }
  check.written.add(name);
}

export function read(check: Check, name: string, path: string): Tensor | undefined {
  const tensor = check.tensors.get(name);
  if (tensor === undefined) report(check, "unknown-tensor", `no tensor is called "${name}"`, path, suggestion(name, [...check.tensors.keys()]));
  else if (!check.written.has(name))
    report(check, "used-before-written", `"${name}" is read before anything writes it`, path, "operators stand in an order without cycles");
  else if (check.ended.has(name))
    report(check, "used-outside-loop", `"${name}" is read outside the loop "${check.ended.get(name)}" that makes it`, path, "carry it out of the loop");
  return tensor;
}

export function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, position) => names.indexOf(name) !== position))];
}
