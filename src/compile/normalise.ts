/**
 * Normalise: the body of every map becomes free of reductions, or one reduction of a body free of them; all other bodies become free of them.
 *
 *     y[i] = exp(b[i] - sum_k x[i, k])   ->   y.1[i] = sum_k x[i, k];  y[i] = exp(b[i] - y.1[i])
 *
 * Before: a verified Program. After: the same values, and each operator is one loop nest with at most one reduction, innermost.
 * A lifted reduction ranges over just the indices it depends on, so what does not change along a loop is computed once.
 */

import { bodiesOf } from "../pattern/analysis.ts";
import { childrenOf, freeIndexFinder, visitNodes, withChildren } from "../pattern/nodes.ts";
import type { Expr, Index, MapOperator, Operator, Program, Tensor } from "../pattern/program.ts";
import { mapBlocks } from "./blocks.ts";
import { freshName, ownFold, type Reduce, readAt, rewriteBodies } from "./rewrite.ts";

export const normalise = (program: Program): Program => mapBlocks(program, normaliseBlock);

function normaliseBlock(block: Program): Program {
  const tensors = [...block.tensors];
  const operators = block.operators.flatMap((operator) => (operator.kind === "iterate" ? [operator] : normaliseOperator(operator, tensors)));
  return tensors.length === block.tensors.length ? block : { ...block, operators, tensors };
}

/** Adds the lifted reductions' tensors to `tensors`. */
function normaliseOperator(operator: Exclude<Operator, { kind: "iterate" }>, tensors: Tensor[]): readonly Operator[] {
  if (isNormal(operator)) return [operator];
  const lifted: MapOperator[] = [];
  const lift = lifter(operator.name, operator.domain, tensors, lifted);
  const next = rewriteBodies(operator, (body) => (operator.kind === "map" && body.kind === "reduce" ? lift.inside(body) : lift.all(body)));
  return [...lifted, next];
}

function isNormal(operator: Operator): boolean {
  const bodies = operator.kind === "map" && operator.body.kind === "reduce" ? [operator.body.body] : bodiesOf(operator);
  let normal = true;
  visitNodes(bodies, (expr) => {
    normal &&= expr.kind !== "reduce";
  });
  return normal;
}

/** Lifts reductions out of expressions of one operator; `lifted` collects the new operators, in an order in which each reads only earlier ones. */
function lifter(owner: string, domain: readonly Index[], tensors: Tensor[], lifted: MapOperator[]) {
  const seen = new Map<Expr, Expr>();
  const freeOf = freeIndexFinder();
  function lift(reduce: Reduce, scope: readonly Index[]): Expr {
    const plain = inside(reduce, scope);
    const free = freeOf(plain);
    const needed = scope.filter((index) => free.has(index.name));
    const name = freshName(owner, "", lifted.length + 1, tensors);
    lifted.push(ownFold(name, needed, plain));
    tensors.push({ name, dtype: reduce.dtype, shape: needed.map((index) => index.extent), tier: "auto" });
    return readAt({ name, dtype: reduce.dtype }, needed);
  }
  /** The reduction itself stays, those in its body are lifted. */
  function inside(reduce: Reduce, scope: readonly Index[]): Reduce {
    const body = all(reduce.body, [...scope, ...reduce.over]);
    return body === reduce.body ? reduce : { ...reduce, body };
  }
  function all(expr: Expr, scope: readonly Index[]): Expr {
    const known = seen.get(expr);
    if (known !== undefined) return known;
    const next =
      expr.kind === "reduce"
        ? lift(expr, scope)
        : withChildren(
            expr,
            childrenOf(expr).map((child) => all(child, scope)),
          );
    seen.set(expr, next);
    return next;
  }
  return { all: (expr: Expr) => all(expr, domain), inside: (reduce: Reduce) => inside(reduce, domain) };
}
