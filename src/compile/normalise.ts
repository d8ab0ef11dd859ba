/**
 * Normalise: every operator's body becomes free of reductions, or one reduction of a body free of them.
 *
 *     y[i] = exp(b[i] - sum_k x[i, k])   ->   y.1[i] = sum_k x[i, k];  y[i] = exp(b[i] - y.1[i])
 *
 * Before: a verified Program. After: the same values, and each operator is one loop nest with at most one reduction, innermost.
 * A lifted reduction ranges over just the indices it depends on, so what does not change along a loop is computed once.
 */

import type { Expr, Index, MapOperator, Operator, Program, Tensor } from "../pattern/program.ts";
import { freeIndices, renameIndices, rewriteExpr, substitute } from "./rewrite.ts";

type Reduce = Extract<Expr, { kind: "reduce" }>;

export function normalise(program: Program): Program {
  const tensors = [...program.tensors];
  const operators = program.operators.flatMap((operator) => normaliseOperator(operator, tensors));
  if (tensors.length === program.tensors.length) return program;
  return { ...program, operators, tensors };
}

/** Adds the lifted reductions' tensors to `tensors`. */
function normaliseOperator(operator: Operator, tensors: Tensor[]): readonly Operator[] {
  switch (operator.kind) {
    case "map": {
      const lifted: Operator[] = [];
      const lift = lifter(operator.name, operator.domain, tensors, lifted);
      const body = operator.body.kind === "reduce" ? lift.inside(operator.body) : lift.all(operator.body);
      return lifted.length === 0 ? [operator] : [...lifted, { ...operator, body }];
    }
    case "groupBy": {
      const lifted: Operator[] = [];
      const lift = lifter(operator.name, operator.domain, tensors, lifted);
      const fields = operator.fields.map((field) => ({ ...field, value: lift.all(field.value) }));
      const key = lift.all(operator.key);
      const next = operator.when === undefined ? { ...operator, fields, key } : { ...operator, fields, key, when: lift.all(operator.when) };
      return lifted.length === 0 ? [operator] : [...lifted, next];
    }
    case "flatMap": {
      const lifted: Operator[] = [];
      const lift = lifter(operator.name, operator.domain, tensors, lifted);
      const emits = operator.emits.map((emit) => ({
        when: lift.all(emit.when),
        fields: Object.fromEntries(Object.entries(emit.fields).map(([name, value]) => [name, lift.all(value)])),
      }));
      return lifted.length === 0 ? [operator] : [...lifted, { ...operator, emits }];
    }
    case "scan":
    case "iterate":
      return [operator];
  }
}

/** Lifts reductions out of expressions of one operator; `lifted` collects the new operators, in an order in which each reads only earlier ones. */
function lifter(owner: string, domain: readonly Index[], tensors: Tensor[], lifted: Operator[]) {
  const seen = new Map<Expr, Expr>();
  function lift(reduce: Reduce, scope: readonly Index[]): Expr {
    const plain = inside(reduce, scope);
    const free = freeIndices(plain);
    const needed = scope.filter((index) => free.has(index.name));
    const name = freshName(owner, lifted.length + 1, tensors);
    lifted.push(ownIndices({ kind: "map", name, domain: needed, body: plain }));
    tensors.push({ name, dtype: reduce.dtype, shape: needed.map((index) => index.extent), tier: "auto" });
    return { kind: "read", dtype: reduce.dtype, tensor: name, at: needed.map((index) => ({ kind: "index", dtype: "i32", index: index.name })) };
  }
  /** The reduction itself stays, those in its body are lifted. */
  function inside(reduce: Reduce, scope: readonly Index[]): Reduce {
    const body = all(reduce.body, [...scope, ...reduce.over]);
    return body === reduce.body ? reduce : { ...reduce, body };
  }
  function all(expr: Expr, scope: readonly Index[]): Expr {
    const known = seen.get(expr);
    if (known !== undefined) return known;
    const next = allNew(expr, scope);
    seen.set(expr, next);
    return next;
  }
  function allNew(expr: Expr, scope: readonly Index[]): Expr {
    switch (expr.kind) {
      case "reduce":
        return lift(expr, scope);
      case "const":
      case "index":
        return expr;
      case "read": {
        const at = expr.at.map((item) => all(item, scope));
        return at.every((item, i) => item === expr.at[i]) ? expr : { ...expr, at };
      }
      case "op": {
        const args = expr.args.map((item) => all(item, scope));
        return args.every((item, i) => item === expr.args[i]) ? expr : { ...expr, args };
      }
      case "cast": {
        const arg = all(expr.arg, scope);
        return arg === expr.arg ? expr : { ...expr, arg };
      }
    }
  }
  return { all: (expr: Expr) => all(expr, domain), inside: (reduce: Reduce) => inside(reduce, domain) };
}

/** `${owner}.${number}`, or the next number that is free. */
function freshName(owner: string, number: number, tensors: readonly Tensor[]): string {
  const name = `${owner}.${number}`;
  return tensors.some((tensor) => tensor.name === name || tensor.name.startsWith(`${name}.`)) ? freshName(owner, number + 1, tensors) : name;
}

/** Gives an operator indices of its own, so that names stay unique in the program. */
function ownIndices(operator: MapOperator): MapOperator {
  const { indices, by } = renameIndices(operator.domain, operator.name, "i");
  let body = operator.body;
  if (body.kind === "reduce") {
    const over = renameIndices(body.over, operator.name, "r");
    body = { ...body, over: over.indices, body: substitute(body.body, over.by) };
  }
  return { ...operator, domain: indices, body: rewriteExpr(body, (node) => (node.kind === "index" ? (by.get(node.index) ?? node) : node)) };
}
