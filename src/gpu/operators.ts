/** What an operator of a program asks of a GPU: instructions of its threads, products for tensor cores, elements that it reads and writes. Sizes of collections count as their bounds. */

import type { GpuMachine, LaneKind } from "../machine/gpu.ts";
import { laneKindOf } from "../machine/gpu.ts";
import { type AffineForm, affine, bodiesOf, elementsOf, indicesOf, readsOf, tensorNamed, visitNodes, writesOf } from "../pattern/analysis.ts";
import { bytesOf, isFloat } from "../pattern/dtypes.ts";
import { childrenOf, freeIndexFinder, interner } from "../pattern/nodes.ts";
import type { Dtype, Expr, IterateOperator, Operator, Program, ScalarOp } from "../pattern/program.ts";
import { type Contraction, contractionOf } from "./products.ts";

export type PlainOperator = Exclude<Operator, IterateOperator>;

/** Instructions of a thread by the lanes that take them; `special` are among those of f32 and f64. */
export type Instructions = Readonly<Record<LaneKind | "special", number>>;

/** All reads of one tensor by one operator. */
export interface Access {
  readonly tensor: string;
  readonly element_bytes: number;
  readonly tensor_bytes: number;
  /** A float of fewer bits than lanes compute in. */
  readonly narrow: boolean;
  /** Neighbours in the order of the operator's loops are neighbours, or the same, in memory: its places depend on the innermost index. */
  readonly inner: boolean;
  /** Element by element in the order of the result. */
  readonly inOrder: boolean;
  /** Elements read where each combination of them counts once. */
  readonly elements: number;
  /** For each element: its own bytes, or its share of the sectors that a scattered run of elements takes. */
  readonly moved_bytes: number;
  /** At places that are data. */
  readonly scattered: boolean;
  /** Another part of the tensor in each round of a loop around it. */
  readonly swept: boolean;
}

export interface OperatorWork {
  readonly operator: PlainOperator;
  readonly contraction: Contraction | null;
  /** Elements folded into one of its results; 1: it folds nothing. */
  readonly row: number;
  /** Elements of the domain. */
  readonly elements: number;
  /** Without those of the contraction's own products and sums, of loads and stores and their conversions. */
  readonly instructions: Instructions;
  readonly reads: readonly Access[];
  readonly writes: readonly Written[];
  /** Tensors whose elements do not lie in the order of the result, of which what only moves reads one for each, and one more where index values are operands: a kernel for any shape computes their addresses index by index. */
  readonly addressed: number;
  /** It adds up, and makes nothing of what it reads but sums, differences and products, and quotients by constants. */
  readonly isPolynomial: boolean;
}

export interface Written {
  readonly tensor: string;
  readonly element_bytes: number;
  /** Each time that one is written counts: the slots of a keyed fold once for each of its values. */
  readonly elements: number;
  /** Of the tensor. */
  readonly bytes: number;
  readonly narrow: boolean;
  readonly scattered: boolean;
}

/** Bytes that memory moves at a time: a sector (CUDA C++ Best Practices Guide, coalesced access). */
export const SECTOR_BYTES = 32;

export function workOf(operator: PlainOperator, program: Program, machine: GpuMachine): OperatorWork {
  const intern = interner();
  const bodies = bodiesOf(operator).map(intern);
  const extents = new Map(indicesOf(operator).map(({ name, extent }) => [name, extent]));
  const freeOf = freeIndexFinder();
  const iterations = (names: Iterable<string>): number => [...names].reduce((product, name) => product * (extents.get(name) ?? 1), 1);
  const found = contractionOf(operator, bodies, extents);
  const users = usersIn(bodies);
  const costs = machine.sm.instructions;
  const counts: Record<LaneKind | "special", number> = { f64: 0, f32: 0, i32: 0, special: 0 };
  const count = (dtype: Dtype, each: number, times: number, special = 0): void => {
    counts[laneKindOf(dtype)] += each * times;
    counts.special += special * times;
  };
  const skipped = found === null ? new Set<Expr>() : new Set<Expr>([found.fold, found.product]);
  visitNodes(
    bodies,
    (expr) => {
      if (skipped.has(expr)) return;
      const times = iterations(freeOf(expr));
      if (expr.kind === "op") {
        const dtype = (expr.op === "select" ? expr.args[1] : expr.args[0])?.dtype ?? expr.dtype;
        const each = isFused(expr, users) ? 0 : costOf(expr.op, dtype, costs);
        count(dtype, each, times, each > 0 && SPECIALS.has(expr.op) && isFloat(dtype) ? 1 : 0);
      }
      if (expr.kind === "reduce") count(expr.acc, 1, times * iterations(expr.over.map(({ name }) => name)));
      if (expr.kind === "cast" && expr.arg.kind !== "read") count("f32", costs.convert, times);
    },
    (expr) => (expr.kind === "read" ? expr.at.filter((place) => affine(place) === null) : childrenOf(expr)),
  );
  const domain = iterations(operator.domain.map(({ name }) => name));
  const writes = writesOf(operator).map((tensor) => {
    const { dtype, shape } = tensorNamed(program, tensor);
    return {
      tensor,
      element_bytes: bytesOf(dtype),
      elements: operator.kind === "groupBy" ? domain : elementsOf(shape),
      bytes: Math.ceil(elementsOf(shape) * bytesOf(dtype)),
      narrow: isNarrow(dtype),
      scattered: operator.kind === "groupBy",
    };
  });
  if (operator.kind === "scan" || operator.kind === "groupBy" || operator.kind === "hash") count("i32", FOLDING, domain);
  const reads = accessesOf(operator, program, iterations);
  const outOfOrder = reads.filter(({ inOrder }) => !inOrder).length;
  return {
    operator,
    contraction: found?.contraction ?? null,
    row: found === null ? rowOf(bodies) : 1,
    elements: domain,
    instructions: counts,
    reads,
    writes,
    isPolynomial: bodies.every(isPolynomial),
    addressed: isMovement(operator) ? Math.min(1, outOfOrder) : outOfOrder + (usesIndices(bodies) ? 1 : 0),
  };
}

/** Assumed: instructions of an element in a scan, a keyed fold or a hash table, beside those of its body: shuffles or an atomic with its address. */
const FOLDING = 8;

const SPECIALS: ReadonlySet<ScalarOp> = new Set(["exp", "log", "sqrt", "tanh", "sigmoid", "div", "mod"]);

const isNarrow = (dtype: Dtype): boolean => isFloat(dtype) && bytesOf(dtype) < 4;

function costOf(op: ScalarOp, dtype: Dtype, costs: GpuMachine["sm"]["instructions"]): number {
  if (op === "div" || op === "mod") return costs.div;
  if (op === "exp" || op === "log" || op === "sqrt" || op === "tanh" || op === "sigmoid") return isFloat(dtype) ? costs[op] : 1;
  return 1;
}

/** A product that only a sum uses becomes part of its fused multiply-add. */
function isFused(expr: Extract<Expr, { kind: "op" }>, users: ReadonlyMap<Expr, readonly Expr[]>): boolean {
  if (expr.op !== "mul" || !isFloat(expr.dtype)) return false;
  const [user, ...others] = users.get(expr) ?? [];
  if (user === undefined || others.length > 0) return false;
  if (user.kind === "reduce") return user.fn === "add";
  if (user.kind !== "op" || (user.op !== "add" && user.op !== "sub")) return false;
  return user.args.find((arg) => arg.kind === "op" && arg.op === "mul" && (users.get(arg)?.length ?? 0) === 1) === expr;
}

function usersIn(bodies: readonly Expr[]): ReadonlyMap<Expr, readonly Expr[]> {
  const users = new Map<Expr, Expr[]>();
  visitNodes(bodies, (expr) => {
    for (const child of childrenOf(expr)) users.set(child, [...(users.get(child) ?? []), expr]);
  });
  return users;
}

/** The longest fold of a body. */
function rowOf(bodies: readonly Expr[]): number {
  let longest = 1;
  visitNodes(bodies, (expr) => {
    if (expr.kind === "reduce")
      longest = Math.max(
        longest,
        expr.over.reduce((product, { extent }) => product * extent, 1),
      );
  });
  return longest;
}

function accessesOf(operator: PlainOperator, program: Program, iterations: (names: Iterable<string>) => number): readonly Access[] {
  const freeOf = freeIndexFinder();
  const byTensor = new Map<string, Access>();
  const bound = new Set(indicesOf(operator).map(({ name }) => name));
  const innermost = indicesOf(operator).at(-1)?.name ?? "";
  for (const { tensor, at, affine: forms } of readsOf(operator)) {
    const { dtype, shape } = tensorNamed(program, tensor);
    const indices = new Set(at.flatMap((place) => [...freeOf(place)]));
    const scattered = forms.some((form) => form === null);
    const elements = scattered ? iterations(indices) : Math.min(iterations(indices), elementsOf(shape));
    const before = byTensor.get(tensor);
    if (before !== undefined && before.elements >= elements && !scattered) continue;
    byTensor.set(tensor, {
      tensor,
      element_bytes: bytesOf(dtype),
      tensor_bytes: Math.ceil(elementsOf(shape) * bytesOf(dtype)),
      narrow: isNarrow(dtype),
      inner: indices.has(innermost),
      inOrder: isInOrder(at, operator),
      elements,
      scattered,
      moved_bytes: scattered ? sectorShare(bytesOf(dtype), iterations(behindData(forms))) : bytesOf(dtype),
      swept: !scattered && [...indices].some((name) => !bound.has(name)),
    });
  }
  return [...byTensor.values()];
}

/** Indices of the places behind the last one that is data: their elements lie one behind the other. */
function behindData(forms: readonly (AffineForm | null)[]): ReadonlySet<string> {
  return new Set(forms.slice(forms.lastIndexOf(null) + 1).flatMap((form) => [...(form?.coefficients.keys() ?? [])]));
}

/** Bytes moved for each element of a run of so many: whole sectors. */
const sectorShare = (bytes: number, run: number): number => (Math.ceil((run * bytes) / SECTOR_BYTES) * SECTOR_BYTES) / run;

function isInOrder(at: readonly Expr[], { domain }: PlainOperator): boolean {
  return at.length === domain.length && at.every((place, position) => place.kind === "index" && place.index === domain[position]!.name);
}

function isPolynomial(body: Expr): boolean {
  let only = true;
  visitNodes(
    [body],
    (expr) => {
      if (expr.kind === "op") only &&= ["add", "sub", "mul", "neg"].includes(expr.op) || (expr.op === "div" && expr.args[1]!.kind === "const");
      if (expr.kind === "reduce") only &&= expr.fn === "add";
    },
    (expr) => (expr.kind === "read" ? [] : childrenOf(expr)),
  );
  return only;
}

/** Index values are operands of the bodies themselves, not only places of reads. */
function usesIndices(bodies: readonly Expr[]): boolean {
  let uses = false;
  visitNodes(
    bodies,
    (expr) => {
      if (expr.kind === "index") uses = true;
    },
    (expr) => (expr.kind === "read" ? [] : childrenOf(expr)),
  );
  return uses;
}

// --- what is no work ---

/** The matrices of a tensor, turned: the interface of a library of matrix products takes its factors either way. */
export function isTransposition(operator: PlainOperator): boolean {
  if (operator.kind !== "map" || operator.body.kind !== "read" || operator.domain.length < 2) return false;
  const places = operator.body.at.map((place) => (place.kind === "index" ? place.index : ""));
  const kept = operator.domain.map(({ name }) => name);
  const turned = [...kept.slice(0, -2), kept.at(-1)!, kept.at(-2)!];
  return places.length === kept.length && places.every((name, place) => name === turned[place]);
}

/** Elements of other tensors, chosen by places that are no data, as where two are put one behind the other. */
export function isMovement(operator: PlainOperator): boolean {
  if (operator.kind !== "map") return false;
  let moves = true;
  visitNodes(
    [operator.body],
    (expr) => {
      if (expr.kind === "read") moves &&= expr.at.every((place) => affine(place) !== null);
      else moves &&= expr.kind === "op" && expr.op === "select";
    },
    (expr) => (expr.kind === "read" ? [] : expr.kind === "op" && expr.op === "select" ? expr.args.slice(1) : childrenOf(expr)),
  );
  return moves;
}
