/**
 * Compiles the expressions of one operator to closures over one register file. Each node of the DAG has a register, filled in the outermost loop
 * that binds all the indices it depends on, so shared and loop-invariant nodes are computed once.
 */

import { UserError } from "../base/errors.ts";
import { elementsOf } from "./analysis.ts";
import { identity, roundFunction, scalarFunction } from "./dtypes.ts";
import { freeIndexFinder, visitNodes } from "./nodes.ts";
import type { Dtype, Expr, Index, ReduceFn, Tensor, Values } from "./program.ts";

export interface StoredTensor {
  readonly tensor: Tensor;
  readonly values: Values;
}

/** The tensors by name, and the numbers of the rounds that the loops around are in, by the name of their index. */
export interface Store {
  (name: string): StoredTensor;
  readonly rounds: Map<string, number>;
}

export interface Bodies {
  readonly registers: Float64Array;
  /** The register of each root's value. */
  readonly results: readonly number[];
  /** Runs over the domain in row-major order; calls `use` when the results of an element stand in their registers. */
  forEach(use: (position: number) => void): void;
}

/** A loop level and what is computed once for each of its iterations. */
interface Scope {
  readonly indices: ReadonlySet<string>;
  readonly steps: (() => void)[];
}

interface Compiler {
  readonly operator: string;
  readonly store: Store;
  readonly registers: Float64Array;
  readonly slots: Map<Expr, number>;
  readonly indexSlots: Map<string, number>;
  readonly freeOf: (expr: Expr) => ReadonlySet<string>;
  used: number;
}

export function compileBodies(operator: string, domain: readonly Index[], roots: readonly Expr[], store: Store): Bodies {
  const freeOf = freeIndexFinder();
  const compiler: Compiler = {
    operator,
    store,
    registers: new Float64Array(countRegisters(domain, roots)),
    slots: new Map(),
    indexSlots: new Map(),
    freeOf,
    used: 0,
  };
  const outside: Scope = { indices: new Set(), steps: [] };
  const inside = scopeOf(compiler, domain);
  const results = roots.map((root) => slotOf(compiler, root, [outside, inside]));
  const extents = domain.map((index) => tripsOf(compiler, index));
  const indexSlots = domain.map(({ name }) => compiler.indexSlots.get(name)!);
  return {
    registers: compiler.registers,
    results,
    forEach: (use) => {
      for (const step of outside.steps) step();
      let position = 0;
      const full = domain.every(({ count }) => count === undefined);
      const visit = full ? () => use(position++) : () => use(flatPosition(domain, indexSlots, compiler.registers));
      loop(extents, indexSlots, compiler.registers, [...inside.steps, visit]);
    },
  };
}

/** acc fn value, rounded to `acc`. */
export function foldFunction(fn: ReduceFn, acc: Dtype): (total: number, value: number) => number {
  const apply = scalarFunction(fn, acc);
  const toAcc = roundFunction(acc);
  return (total, value) => apply(total, toAcc(value), 0);
}

function countRegisters(domain: readonly Index[], roots: readonly Expr[]): number {
  let registers = domain.length;
  visitNodes(roots, (expr) => {
    registers += 1 + (expr.kind === "reduce" ? expr.over.length : 0);
  });
  return registers;
}

function scopeOf(compiler: Compiler, indices: readonly Index[]): Scope {
  for (const { name } of indices) compiler.indexSlots.set(name, compiler.used++);
  return { indices: new Set(indices.map(({ name }) => name)), steps: [] };
}

/** The register of `expr`; compiles it on first sight. `scopes` are the enclosing loops, outermost first. */
function slotOf(compiler: Compiler, expr: Expr, scopes: readonly Scope[]): number {
  const known = compiler.slots.get(expr);
  if (known !== undefined) return known;
  const free = compiler.freeOf(expr);
  const depth = scopes.findLastIndex(({ indices }) => [...free].some((name) => indices.has(name)));
  const own = scopes.slice(0, Math.max(depth, 0) + 1);
  const slot = expr.kind === "index" ? indexSlotOf(compiler, expr.index) : compiler.used++;
  const step = stepOf(compiler, expr, slot, own);
  if (step !== undefined) own.at(-1)!.steps.push(step);
  compiler.slots.set(expr, slot);
  return slot;
}

/** An index that the operator does not bind is the round of a loop around it. */
function indexSlotOf(compiler: Compiler, name: string): number {
  const known = compiler.indexSlots.get(name);
  if (known !== undefined) return known;
  const round = compiler.store.rounds.get(name);
  if (round === undefined) throw failure(compiler.operator, "unbound-index", `the index "${name}" is not bound here`);
  const slot = compiler.used++;
  compiler.registers[slot] = round;
  compiler.indexSlots.set(name, slot);
  return slot;
}

/** What fills the register `slot`. Constants are filled at once. */
function stepOf(compiler: Compiler, expr: Expr, slot: number, scopes: readonly Scope[]): (() => void) | undefined {
  const { registers } = compiler;
  switch (expr.kind) {
    case "index":
      return undefined;
    case "const":
      registers[slot] = expr.value;
      return undefined;
    case "read":
      return readStep(compiler, expr, slot, scopes);
    case "op": {
      const compute = scalarFunction(expr.op, (expr.op === "select" ? expr.args[1] : expr.args[0])!.dtype);
      const [a = 0, b = 0, c = 0] = expr.args.map((arg) => slotOf(compiler, arg, scopes));
      return () => {
        registers[slot] = compute(registers[a]!, registers[b]!, registers[c]!);
      };
    }
    case "cast": {
      const toDtype = roundFunction(expr.dtype);
      const arg = slotOf(compiler, expr.arg, scopes);
      return () => {
        registers[slot] = toDtype(registers[arg]!);
      };
    }
    case "reduce":
      return reduceStep(compiler, expr, slot, scopes);
  }
}

function readStep(compiler: Compiler, { tensor: name, at, padded }: Extract<Expr, { kind: "read" }>, slot: number, scopes: readonly Scope[]): () => void {
  const { registers, operator } = compiler;
  const { tensor, values } = compiler.store(name);
  const slots = at.map((place) => slotOf(compiler, place, scopes));
  const { shape } = tensor;
  return () => {
    let position = 0;
    for (let d = 0; d < slots.length; d++) {
      const place = registers[slots[d]!]!;
      const extent = shape[d]!;
      if (place < 0 || place >= extent) {
        if (padded) {
          registers[slot] = 0;
          return;
        }
        throw failure(operator, "read-outside", `"${operator}" reads "${name}" at ${place} in dimension ${d}, expected 0 to ${extent - 1}`);
      }
      position = position * extent + place;
    }
    registers[slot] = values[position]!;
  };
}

function reduceStep(compiler: Compiler, { over, body, fn, acc, dtype }: Extract<Expr, { kind: "reduce" }>, slot: number, scopes: readonly Scope[]): () => void {
  const { registers } = compiler;
  const inside = scopeOf(compiler, over);
  const value = slotOf(compiler, body, [...scopes, inside]);
  const indexSlots = over.map(({ name }) => compiler.indexSlots.get(name)!);
  const combine = foldFunction(fn, acc);
  const toDtype = roundFunction(dtype);
  const start = identity(fn, acc);
  let total = start;
  const steps = [
    ...inside.steps,
    () => {
      total = combine(total, registers[value]!);
    },
  ];
  return () => {
    total = start;
    const trips = over.map((index) => tripsOf(compiler, index));
    loop(trips, indexSlots, registers, steps);
    registers[slot] = toDtype(total);
  };
}

function tripsOf({ store }: Compiler, { extent, count }: Index): number {
  return count === undefined ? extent : store(count).values[0]!;
}

/** Nested loops over `trips`, outermost first, each counter in its register. */
function loop(trips: readonly number[], indexSlots: readonly number[], registers: Float64Array, steps: readonly (() => void)[], depth = 0): void {
  if (depth === trips.length) {
    for (let step = 0; step < steps.length; step++) steps[step]!();
    return;
  }
  const slot = indexSlots[depth]!;
  for (let i = 0; i < trips[depth]!; i++) {
    registers[slot] = i;
    loop(trips, indexSlots, registers, steps, depth + 1);
  }
}

function flatPosition(domain: readonly Index[], indexSlots: readonly number[], registers: Float64Array): number {
  return domain.reduce((position, { extent }, d) => position * extent + registers[indexSlots[d]!]!, 0);
}

export function failure(path: string, code: string, message: string): UserError {
  return new UserError({ code, message, place: { path } });
}

/** Elements of a tensor that values are computed for: what one typed array can hold. */
export function checkedLength({ name, shape }: Tensor): number {
  const length = elementsOf(shape);
  if (length <= 2 ** 31) return length;
  throw failure(name, "too-large", `"${name}" has ${length} elements; values are computed for at most ${2 ** 31} a tensor`);
}
