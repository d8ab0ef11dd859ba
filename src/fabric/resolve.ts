/**
 * A section as it stands for one run: what the contract leaves open until then (rounds of the loops around it, real lengths of collections) becomes numbers.
 * Everything that walks a nest takes resolved sections.
 */

import type { Access, Affine, Guard, Loop, Nest, Node, Section, Unit, Work } from "./fabric.ts";

/** Numbers of the rounds under way, by symbol; values of size tensors, by tensor. */
interface Known {
  readonly rounds: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
}

/**
 * The section with the given rounds and sizes filled in. Where nothing is open it is the same object.
 *
 *     [i < ceil(n / 16) <= 8] where 0 <= 16 i + lane < n <= 100, load x[r + 16 i + lane]   ->   [i < 3] where 0 <= 16 i + lane < 40, load x[16 i + lane + 2]      with n = 40, r = 2
 */
export function resolveSection(section: Section, rounds: Known["rounds"], sizes: Known["sizes"]): Section {
  const units = mapSame(section.units, (unit) => resolveUnit(unit, { rounds, sizes }));
  return units === section.units ? section : { ...section, units };
}

/** Names of the size tensors that a section needs, each once. */
export function sizesOf(section: Section): readonly string[] {
  const nests = section.units.flatMap((unit) => unit.nests);
  const names = nests.flatMap(({ loops, guards }) => [...loops.map((loop) => loop.size?.tensor), ...guards.map((guard) => guard.size)]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Symbols of the rounds that a section needs, each once. */
export function roundsOf(section: Section): readonly string[] {
  const affines = section.units.flatMap((unit) => unit.nests.flatMap(affinesOf));
  return [...new Set(affines.flatMap(({ rounds = {} }) => Object.keys(rounds)))];
}

/** Every affine form of a nest. */
export function affinesOf({ guards, work }: Nest): readonly Affine[] {
  const inWork =
    work.kind === "compute" ? work.nodes.flatMap((node) => (node.kind === "affine" ? [node.value] : [])) : "access" in work ? work.access.dims : [];
  return [...guards.map(({ value }) => value), ...inWork];
}

function resolveUnit(unit: Unit, known: Known): Unit {
  const nests = mapSame(unit.nests, (nest) => resolveNest(nest, known));
  return nests === unit.nests ? unit : { ...unit, nests };
}

function resolveNest(nest: Nest, known: Known): Nest {
  const loops = mapSame(nest.loops, (loop) => resolveLoop(loop, known));
  const guards = mapSame(nest.guards, (guard) => resolveGuard(guard, known));
  const work = resolveWork(nest.work, known);
  return loops === nest.loops && guards === nest.guards && work === nest.work ? nest : { ...nest, loops, guards, work };
}

function resolveLoop(loop: Loop, { sizes }: Known): Loop {
  if (loop.size === undefined) return loop;
  const { tensor, per } = loop.size;
  return { name: loop.name, trip: Math.min(loop.trip, Math.max(1, Math.ceil(lookUp(sizes, tensor, "size") / per))) };
}

function resolveGuard(guard: Guard, known: Known): Guard {
  const value = resolveAffine(guard.value, known);
  if (guard.size !== undefined) return { value, limit: Math.min(guard.limit, lookUp(known.sizes, guard.size, "size")) };
  return value === guard.value ? guard : { value, limit: guard.limit };
}

function resolveAffine(affine: Affine, { rounds }: Known): Affine {
  if (affine.rounds === undefined) return affine;
  const { constant, loops, lane } = affine;
  const shift = Object.entries(affine.rounds).reduce((sum, [symbol, factor]) => sum + factor * lookUp(rounds, symbol, "round"), 0);
  return { constant: constant + shift, loops, lane };
}

function resolveWork(work: Work, known: Known): Work {
  if (work.kind === "compute") {
    const nodes = mapSame(work.nodes, (node) => resolveNode(node, known));
    return nodes === work.nodes ? work : { ...work, nodes };
  }
  if (!("access" in work)) return work;
  const access = resolveAccess(work.access, known);
  return access === work.access ? work : { ...work, access };
}

function resolveNode(node: Node, known: Known): Node {
  if (node.kind !== "affine") return node;
  const value = resolveAffine(node.value, known);
  return value === node.value ? node : { ...node, value };
}

function resolveAccess(access: Access, known: Known): Access {
  const dims = mapSame(access.dims, (dim) => resolveAffine(dim, known));
  return dims === access.dims ? access : { ...access, dims };
}

function lookUp(values: Readonly<Record<string, number>>, name: string, what: string): number {
  const value = values[name];
  if (value === undefined) throw new Error(`a section runs without the ${what} ${name}`);
  return value;
}

/** Like `map`, but the same array where no entry changes. */
function mapSame<T>(list: readonly T[], change: (entry: T) => T): readonly T[] {
  const changed = list.map(change);
  return changed.every((entry, i) => entry === list[i]) ? list : changed;
}
