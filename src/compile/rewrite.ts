/** Walking and rebuilding expressions: what the program passes share. A rewrite that changes nothing returns the same object. */

import { childrenOf, visitNodes, withChildren } from "../pattern/nodes.ts";
import type { Expr, Index } from "../pattern/program.ts";

/** Rebuilds `expr` bottom-up: children first, then `change` on the node. Each node of the graph once, however often it is shared. */
export function rewriteExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  const done = new Map<Expr, Expr>();
  visitNodes([expr], (node) => {
    const children = childrenOf(node).map((child) => done.get(child)!);
    done.set(node, change(withChildren(node, children)));
  });
  return done.get(expr)!;
}

/** Replaces indices by expressions. */
export const substitute = (expr: Expr, by: ReadonlyMap<string, Expr>): Expr =>
  rewriteExpr(expr, (node) => (node.kind === "index" ? (by.get(node.index) ?? node) : node));

/** Names of the indices that `expr` uses and does not bind itself. */
export function freeIndices(expr: Expr): Set<string> {
  const used = new Set<string>();
  const bound = new Set<string>();
  visitNodes([expr], (node) => {
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
