/** Expressions as graphs: arguments, visits, sharing, free indices. Nodes may have several users, so everything here works once for each node. */

import type { Expr } from "./program.ts";

/** The expressions directly inside an expression. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "const":
    case "index":
      return [];
    case "read":
      return expr.at;
    case "op":
      return expr.args;
    case "cast":
      return [expr.arg];
    case "reduce":
      return [expr.body];
  }
}

/** Calls `visit` once for each node object of the DAG, arguments before their users. */
export function visitNodes(roots: readonly Expr[], visit: (expr: Expr) => void, children: (expr: Expr) => readonly Expr[] = childrenOf): void {
  const seen = new Set<Expr>();
  const walk = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    children(expr).forEach(walk);
    visit(expr);
  };
  roots.forEach(walk);
}

/** A function that gives the same object for equal expressions, so that sharing shows however they were written. */
export function interner(): (expr: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  const ids = new Map<Expr, number>();
  const known = new Map<string, Expr>();
  const intern = (expr: Expr): Expr => {
    const before = done.get(expr);
    if (before !== undefined) return before;
    const next = withChildren(expr, childrenOf(expr).map(intern));
    const key = nodeKey(next, (child) => ids.get(child)!);
    const result = known.get(key) ?? next;
    if (result === next) ids.set(next, ids.size);
    known.set(key, result);
    done.set(expr, result);
    return result;
  };
  return intern;
}

/** The expression with other arguments, in the order of `childrenOf`; itself if they are the same. */
export function withChildren(expr: Expr, children: readonly Expr[]): Expr {
  if (childrenOf(expr).every((child, position) => child === children[position])) return expr;
  switch (expr.kind) {
    case "const":
    case "index":
      return expr;
    case "read":
      return { ...expr, at: children };
    case "op":
      return { ...expr, args: children };
    case "cast":
      return { ...expr, arg: children[0]! };
    case "reduce":
      return { ...expr, body: children[0]! };
  }
}

/** Text that two nodes share if and only if they are equal, given numbers for their arguments. */
function nodeKey(expr: Expr, idOf: (child: Expr) => number): string {
  const children = childrenOf(expr).map(idOf).join(" ");
  switch (expr.kind) {
    case "const":
      return `const ${expr.dtype} ${Object.is(expr.value, -0) ? "-0" : expr.value}`;
    case "index":
      return `index ${expr.index}`;
    case "read":
      return `read${expr.padded ? " padded" : ""} ${JSON.stringify(expr.tensor)} ${expr.dtype} ${children}`;
    case "op":
      return `op ${expr.op} ${expr.dtype} ${children}`;
    case "cast":
      return `cast ${expr.dtype} ${children}`;
    case "reduce":
      return `reduce ${expr.fn} ${expr.acc} ${expr.dtype} ${JSON.stringify(expr.over)} ${children}`;
  }
}

/** The names of indices that each node uses and does not bind itself; memoised per returned function. */
export function freeIndexFinder(): (expr: Expr) => ReadonlySet<string> {
  const known = new Map<Expr, ReadonlySet<string>>();
  const find = (expr: Expr): ReadonlySet<string> => {
    const done = known.get(expr);
    if (done !== undefined) return done;
    const free = new Set<string>(expr.kind === "index" ? [expr.index] : []);
    for (const child of childrenOf(expr)) for (const name of find(child)) free.add(name);
    if (expr.kind === "reduce") for (const { name } of expr.over) free.delete(name);
    known.set(expr, free);
    return free;
  };
  return find;
}
