/** Rebuilding expressions and the operators they stand in: what the program passes share. A rewrite that changes nothing returns the same object. */

import { childrenOf, visitNodes, withChildren } from "../pattern/nodes.ts";
import type { Expr, Index, MapOperator, Operator, Program } from "../pattern/program.ts";

export type Reduce = Extract<Expr, { kind: "reduce" }>;

/** A map whose body is one reduction. */
export type Fold = MapOperator & { readonly body: Reduce };

export const isFold = (operator: Operator): operator is Fold => operator.kind === "map" && operator.body.kind === "reduce";

/** Rebuilds `expr` bottom-up: children first, then `change` on the node. Each node of the graph once, however often it is shared. */
export function rewriteExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  return rewriter(change)(expr);
}

/** The same for several expressions: what they share is changed once. */
export function rewriter(change: (expr: Expr) => Expr): (expr: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  return (expr) => {
    visitNodes([expr], (node) => {
      if (done.has(node)) return;
      const children = childrenOf(node).map((child) => done.get(child)!);
      done.set(node, change(withChildren(node, children)));
    });
    return done.get(expr)!;
  };
}

/** The operator with other bodies, those of `bodiesOf`; an iterate as it is. */
export function rewriteBodies<O extends Operator>(operator: O, change: (body: Expr) => Expr): O {
  let changed = false;
  const next = withBodies(operator, (body) => {
    const result = change(body);
    changed ||= result !== body;
    return result;
  });
  return changed ? (next as O) : operator;
}

function withBodies(operator: Operator, change: (body: Expr) => Expr): Operator {
  switch (operator.kind) {
    case "map":
    case "scan":
      return { ...operator, body: change(operator.body) };
    case "flatMap":
      return { ...operator, emits: operator.emits.map(({ when, fields }) => ({ when: change(when), fields: withFields(fields, change) })) };
    case "groupBy": {
      const when = operator.when === undefined ? {} : { when: change(operator.when) };
      return { ...operator, ...when, key: change(operator.key), fields: operator.fields.map((field) => ({ ...field, value: change(field.value) })) };
    }
    case "hash":
      return { ...operator, ...(operator.when === undefined ? {} : { when: change(operator.when) }), key: change(operator.key) };
    case "gather":
      return { ...operator, index: change(operator.index) };
    case "iterate":
      return operator;
  }
}

const withFields = (fields: Readonly<Record<string, Expr>>, change: (body: Expr) => Expr): Record<string, Expr> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value)]));

/** The program with `made` in place of the map `maker`, under its name: the tensor has the shape of the new domain, and who reads it does so at `placesOf` where he did. */
export function remade(program: Program, maker: MapOperator, made: MapOperator, placesOf: (at: readonly Expr[]) => readonly Expr[]): Program {
  const readAnew = (body: Expr): Expr =>
    rewriteExpr(body, (node) => (node.kind === "read" && node.tensor === maker.name ? { ...node, at: placesOf(node.at) } : node));
  const visit = (list: readonly Operator[]): readonly Operator[] =>
    list.map((operator) => {
      if (operator === maker) return made;
      return operator.kind === "iterate" ? { ...operator, body: visit(operator.body) } : rewriteBodies(operator, readAnew);
    });
  const shape = made.domain.map(({ extent }) => extent);
  const tensors = program.tensors.map((tensor) => (tensor.name === maker.name ? { ...tensor, shape } : tensor));
  return { ...program, operators: visit(program.operators), tensors };
}

/** Replaces indices by expressions. */
export const substitute = (expr: Expr, by: ReadonlyMap<string, Expr>): Expr =>
  rewriteExpr(expr, (node) => (node.kind === "index" ? (by.get(node.index) ?? node) : node));

/** Fresh names `${owner}.${letter}${position}` for `indices`, and the substitution that renames them. */
export function renameIndices(indices: readonly Index[], owner: string, letter: "i" | "r"): { indices: readonly Index[]; by: Map<string, Expr> } {
  const by = new Map<string, Expr>();
  const renamed = indices.map((index, k) => {
    const name = `${owner}.${letter}${k}`;
    by.set(index.name, indexRead(name));
    return { ...index, name };
  });
  return { indices: renamed, by };
}

/** name[domain] = a reduction of a body free of them, with indices of its own, so that names stay unique in the program. */
export function ownFold(name: string, domain: readonly Index[], reduce: Reduce): MapOperator {
  const { indices, by } = renameIndices(domain, name, "i");
  const over = renameIndices(reduce.over, name, "r");
  const body = substitute(reduce.body, new Map([...by, ...over.by]));
  return { kind: "map", name, domain: indices, body: { ...reduce, over: over.indices, body } };
}

/** name[domain] = a body free of reductions, with indices of its own. */
export function ownMap(name: string, domain: readonly Index[], body: Expr): MapOperator {
  const { indices, by } = renameIndices(domain, name, "i");
  return { kind: "map", name, domain: indices, body: substitute(body, by) };
}

export const indexRead = (index: string): Expr => ({ kind: "index", dtype: "i32", index });

/** `tensor` at plain indices. */
export const readAt = ({ name, dtype }: { readonly name: string; readonly dtype: Expr["dtype"] }, indices: readonly Index[]): Expr => ({
  kind: "read",
  dtype,
  tensor: name,
  at: indices.map((index) => indexRead(index.name)),
});

/** `${owner}.${label}${number}`, or the next number that is free: no tensor has the name, or a name under it. */
export function freshName(owner: string, label: string, number: number, tensors: readonly { readonly name: string }[]): string {
  const name = `${owner}.${label}${number}`;
  return tensors.some((tensor) => tensor.name === name || tensor.name.startsWith(`${name}.`)) ? freshName(owner, label, number + 1, tensors) : name;
}
