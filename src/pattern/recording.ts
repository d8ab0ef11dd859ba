/**
 * The state behind the builder language: which program is being recorded and which operator's body. The one module variable holds it during
 * `record` and nothing after.
 */

import { UserError } from "../base/errors.ts";
import { checkFunction, checkList, guarded } from "./given.ts";
import { noteOrigin } from "./origins.ts";
import { largestExtent } from "./parameters.ts";
import type { Expr, Index, Operator, Tensor } from "./program.ts";
import { type Handle, type Scalar, toExpr } from "./scalars.ts";

/** Records made by filter or flatMap: `late.at(i).delay`; as an extent it stands for the records there really are. */
export interface Collection<K extends string = string> {
  readonly kind: "collection";
  readonly name: string;
  readonly bound: number;
  /** Number of records, an i32 scalar. */
  readonly size: Handle;
  readonly fields: { readonly [F in K]: Handle };
  at(index: Scalar): { readonly [F in K]: Expr };
}

export type Extent = number | Collection;

/** What has been recorded of a program. */
export interface Recording {
  readonly tensors: Tensor[];
  readonly inputs: string[];
  readonly names: Set<string>;
  operators: Operator[];
  /** The operator whose body is being built. */
  operator?: { readonly name: string; reduceIndices: number };
}

let current: Recording | undefined;

/** Runs `build` with an empty recording and gives what both of them made. */
export function record<T>(name: string, build: () => T): { readonly recording: Recording; readonly result: T } {
  if (current !== undefined) throw fault("nested-program", `program "${name}" is built inside another program`, "call its operators as functions instead");
  const recording: Recording = { tensors: [], inputs: [], names: new Set(), operators: [] };
  current = recording;
  try {
    return { recording, result: build() };
  } finally {
    current = undefined;
  }
}

/** The program being recorded. */
export function building(what: string): Recording {
  if (current === undefined) throw fault("outside-program", `"${what}" stands outside a program`, "call it inside program(name, parameters, () => ...)");
  return current;
}

/** The same, where no operator's body is being built. */
export function outsideOperators(name: string): Recording {
  const state = building(name);
  if (state.operator === undefined) return state;
  throw fault("nested-operator", `"${name}" stands inside the body of "${state.operator.name}"`, "a body is made of scalars and reduce");
}

export function append(operator: Operator): void {
  building(operator.name).operators.push(operator);
  noteOrigin(operator);
}

/** Runs a body with indices of its own; a fault inside is placed at the operator. */
export function pattern<T>(name: string, extents: readonly Extent[], body: (index: Expr[]) => T): { readonly domain: readonly Index[]; readonly result: T } {
  const state = outsideOperators(name);
  state.operator = { name, reduceIndices: 0 };
  try {
    checkList(extents, "the extents", `write ${JSON.stringify(name)}, [extent, ...], (i, ...) => ...`);
    checkFunction(body, "the body", "write (i, j) => ...");
    const domain = extents.map((extent, position) => indexOf(extent, `${name}.i${position}`, `dimension ${position}`));
    return { domain, result: body(domain.map(indexExpr)) };
  } catch (error) {
    throw error instanceof UserError
      ? new UserError(
          error.faults.map((item) => ({ ...item, place: item.place ?? { path: `operator "${name}"` } })),
          error,
        )
      : error;
  } finally {
    delete state.operator;
  }
}

export function indexOf(extent: Extent, name: string, what: string): Index {
  if (typeof extent !== "number") {
    if ((extent as Partial<Collection>)?.kind !== "collection")
      throw fault("bad-extent", `${what} is no number and no collection`, "over the records of f, write [f]");
    return { name, extent: extent.bound, count: extent.size.tensor.name };
  }
  checkExtent(extent, what);
  return { name, extent };
}

export const indexExpr = ({ name }: Index): Expr => guarded({ kind: "index", dtype: "i32", index: name });

/** Adds a tensor. */
export function declare(tensor: Tensor): Handle {
  const state = building(tensor.name);
  if (state.names.has(tensor.name))
    throw fault("duplicate-name", `the name "${tensor.name}" is taken`, "names of inputs and operators are unique in a program");
  state.names.add(tensor.name);
  state.tensors.push(tensor);
  noteOrigin(tensor);
  return handleOf(tensor);
}

function handleOf(tensor: Tensor): Handle {
  const padded = (...index: readonly Scalar[]): Expr => guarded({ ...readAt(tensor, index), padded: true });
  return guarded({ kind: "tensor", tensor, at: (...index) => readAt(tensor, index), padded });
}

function readAt(tensor: Tensor, index: readonly Scalar[]): Extract<Expr, { kind: "read" }> {
  const { name, shape, dtype } = tensor;
  if (index.length !== shape.length)
    throw fault(
      "wrong-rank",
      `"${name}" has the shape [${shape.join(", ")}] and is read at ${counted(index.length, "index", "indices")}, expected ${shape.length}`,
    );
  const at = index.map((item) => toExpr(item, "i32"));
  const wrong = at.find((item) => item.dtype !== "i32");
  if (wrong !== undefined) throw fault("dtype-mismatch", `"${name}" is read at an index of dtype ${wrong.dtype}, expected i32`, `write cast("i32", ...)`);
  return guarded({ kind: "read", dtype, tensor: name, at });
}

const counted = (count: number, one: string, many: string): string => `${count === 0 ? "no" : count} ${count === 1 ? one : many}`;

export function checkExtent(extent: number, what: string, most: number = largestExtent): void {
  if (Number.isInteger(extent) && extent >= 1 && extent <= most) return;
  throw fault("bad-extent", `${what} is ${extent}, expected a whole number from 1 to ${most}`);
}

export function fault(code: string, message: string, hint?: string): UserError {
  return new UserError({ code, message, ...(hint === undefined ? {} : { hint }) });
}
