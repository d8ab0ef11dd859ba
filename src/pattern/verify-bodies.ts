/** Whether the expressions of an operator are well formed: bound indices, dtypes, reads that stay inside. */

import { affine, bodiesOf, rangeOfAffine } from "./analysis.ts";
import { round } from "./dtypes.ts";
import { childrenOf, freeIndexFinder, visitNodes } from "./nodes.ts";
import type { Dtype, Expr } from "./program.ts";
import { reduceFault, typeOperation } from "./typing.ts";
import { at, type Check, type Leaf, read, report } from "./verify-check.ts";

export function verifyBodies(check: Check, operator: Leaf, extents: ReadonlyMap<string, number>): void {
  const freeOf = freeIndexFinder();
  const unbound = new Set(bodiesOf(operator).flatMap((body) => [...freeOf(body)]));
  for (const { name } of operator.domain) unbound.delete(name);
  for (const name of check.rounds.keys()) unbound.delete(name);
  for (const name of unbound)
    report(
      check,
      "unbound-index",
      `the index "${name}" is not bound where it is used`,
      at(operator),
      "an index has a value in the body of its own pattern only",
    );
  visitNodes(bodiesOf(operator), (expr) => {
    const wrong = typeFault(expr);
    if (wrong !== undefined) report(check, wrong.code, wrong.message, at(operator));
    if (expr.kind === "read") verifyRead(check, expr, at(operator), extents);
  });
  visitNodes(bodiesOf(operator), (expr) => verifyValue(check, expr, at(operator), extents), valuesIn);
}

/** The expressions directly inside one whose values are computed: places that are affine become addresses. */
const valuesIn = (expr: Expr): readonly Expr[] => (expr.kind === "read" ? expr.at.filter((place) => affine(place) === null) : childrenOf(expr));

function verifyValue(check: Check, expr: Expr, path: string, extents: ReadonlyMap<string, number>): void {
  if (expr.kind !== "index" || (extents.get(expr.index) ?? 0) <= MOST_NUMBERS) return;
  report(check, "index-too-large", `the index "${expr.index}" is used as a value and goes up to ${extents.get(expr.index)! - 1}, which no i32 holds`, path);
}

const MOST_NUMBERS = 2 ** 31;

/** What is wrong with a node by its own dtype and those of its arguments. */
function typeFault(expr: Expr): { readonly code: string; readonly message: string } | undefined {
  const mismatch = (message: string | undefined) => (message === undefined ? undefined : { code: "dtype-mismatch", message });
  switch (expr.kind) {
    case "const":
      return Object.is(round(expr.dtype, expr.value), expr.value)
        ? undefined
        : { code: "bad-constant", message: `the constant ${expr.value} is no ${expr.dtype}` };
    case "op": {
      const typing = typeOperation(
        expr.op,
        expr.args.map(({ dtype }) => dtype),
      );
      if ("wrong" in typing) return mismatch(typing.wrong);
      return mismatch(typing.dtype === expr.dtype ? undefined : `${expr.op} gives ${typing.dtype} and is declared ${expr.dtype}`);
    }
    case "reduce":
      return mismatch(reduceFault(expr.fn, expr.body.dtype, expr.acc, expr.dtype));
    case "index":
      return mismatch((expr.dtype as Dtype) === "i32" ? undefined : `the index "${expr.index}" is declared ${expr.dtype as Dtype}, expected i32`);
    case "cast":
    case "read":
      return undefined;
  }
}

function verifyRead(check: Check, expr: Extract<Expr, { kind: "read" }>, path: string, extents: ReadonlyMap<string, number>): void {
  const tensor = read(check, expr.tensor, path);
  if (tensor === undefined) return;
  if (tensor.dtype !== expr.dtype) report(check, "dtype-mismatch", `"${tensor.name}" is ${tensor.dtype} and read as ${expr.dtype}`, path);
  if (expr.at.length !== tensor.shape.length) {
    report(check, "wrong-rank", `"${tensor.name}" has ${tensor.shape.length} dimensions and is read at ${expr.at.length} indices`, path);
    return;
  }
  for (const [dimension, place] of expr.at.entries()) {
    if (place.dtype !== "i32") report(check, "dtype-mismatch", `"${tensor.name}" is read at an index of dtype ${place.dtype}, expected i32`, path);
    const form = affine(place);
    if (expr.padded) {
      if (form === null) report(check, "padded-gather", `"${tensor.name}" is read padded at an index that is not affine`, path, "clamp the index instead");
      continue;
    }
    const range = form === null ? null : rangeOfAffine(form, extents);
    const extent = tensor.shape[dimension]!;
    if (range !== null && (range.lowest < 0 || range.highest >= extent))
      report(
        check,
        "read-outside",
        `"${tensor.name}" is read from ${range.lowest} to ${range.highest} in dimension ${dimension}, expected 0 to ${extent - 1}`,
        path,
        "padded(...) in place of at(...) reads 0 outside",
      );
  }
}
