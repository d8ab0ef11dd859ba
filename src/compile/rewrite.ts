/** Walking and rebuilding expressions: what the program passes share. A rewrite that changes nothing returns the same object. */

import type { Expr, Index } from "../pattern/program.ts";

/** Rebuilds `expr` bottom-up: children first, then `change` on the node. */
export function rewriteExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "const":
    case "index":
      return change(expr);
    case "read": {
      const at = rewriteAll(expr.at, change);
      return change(at === expr.at ? expr : { ...expr, at });
    }
    case "op": {
      const args = rewriteAll(expr.args, change);
      return change(args === expr.args ? expr : { ...expr, args });
    }
    case "cast": {
      const arg = rewriteExpr(expr.arg, change);
      return change(arg === expr.arg ? expr : { ...expr, arg });
    }
    case "reduce": {
      const body = rewriteExpr(expr.body, change);
      return change(body === expr.body ? expr : { ...expr, body });
    }
  }
}

function rewriteAll(list: readonly Expr[], change: (expr: Expr) => Expr): readonly Expr[] {
  const next = list.map((item) => rewriteExpr(item, change));
  return next.every((item, i) => item === list[i]) ? list : next;
}

/** Replaces indices by expressions. */
export const substitute = (expr: Expr, by: ReadonlyMap<string, Expr>): Expr =>
  rewriteExpr(expr, (node) => (node.kind === "index" ? (by.get(node.index) ?? node) : node));

/** Calls `visit` on every node, parents first. */
export function visitExpr(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  switch (expr.kind) {
    case "const":
    case "index":
      return;
    case "read":
      for (const item of expr.at) visitExpr(item, visit);
      return;
    case "op":
      for (const item of expr.args) visitExpr(item, visit);
      return;
    case "cast":
      visitExpr(expr.arg, visit);
      return;
    case "reduce":
      visitExpr(expr.body, visit);
      return;
  }
}

/** Names of the indices that `expr` uses and does not bind itself. */
export function freeIndices(expr: Expr): Set<string> {
  const used = new Set<string>();
  const bound = new Set<string>();
  visitExpr(expr, (node) => {
    if (node.kind === "index") used.add(node.index);
    if (node.kind === "reduce") for (const index of node.over) bound.add(index.name);
  });
  for (const name of bound) used.delete(name);
  return used;
}

/** Fresh names `${owner}.${letter}${position}` for `indices`, and the substitution that renames them. */
export function renameIndices(indices: readonly Index[], owner: string, letter: "i" | "r"): { indices: readonly Index[]; by: Map<string, Expr> } {
  const by = new Map<string, Expr>();
  const renamed = indices.map((index, k) => {
    const name = `${owner}.${letter}${k}`;
    by.set(index.name, { kind: "index", dtype: "i32", index: name });
    return { ...index, name };
  });
  return { indices: renamed, by };
}
