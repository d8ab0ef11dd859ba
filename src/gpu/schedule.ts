/**
 * Which operators of a block share a kernel. An operator only ever joins the kernel of the last of its inputs to be made, so that kernels can run in the order in which they were
 * begun. What may join which is the `fusion` of the machine's config; attention.ts finds what is one kernel with tiles of its own.
 */

import type { GpuMachine } from "../machine/gpu.ts";
import { elementsOf, tensorNamed } from "../pattern/analysis.ts";
import type { Expr, Program } from "../pattern/program.ts";
import { type Attention, findAttention, type Shown } from "./attention.ts";
import { type Access, isMovement, isTransposition, type OperatorWork, type PlainOperator, type Written, workOf } from "./operators.ts";

export type KernelKind = "contraction" | "rows" | "elementwise" | "attention";

export interface Kernel {
  readonly name: string;
  readonly kind: KernelKind;
  /** In the program's order. */
  readonly works: readonly OperatorWork[];
  /** Of an attention: what of it this kernel computes. */
  readonly attention: Attention | null;
  /** Of a matrix product: what its factors are read from. */
  readonly factors: { readonly a: readonly Access[]; readonly b: readonly Access[] } | null;
  /** From outside, factors included. Views are what they show. */
  readonly reads: readonly Access[];
  /** For others. */
  readonly writes: readonly Written[];
}

interface Group {
  readonly kind: KernelKind;
  readonly works: OperatorWork[];
  readonly attention: Attention | null;
}

/** `needed`: tensors that others than these operators read. `exchanged`: those that GPUs exchange before they are read. */
export function scheduleKernels(
  operators: readonly PlainOperator[],
  program: Program,
  machine: GpuMachine,
  needed: ReadonlySet<string>,
  exchanged: ReadonlySet<string>,
): readonly Kernel[] {
  const { fusion, attention } = machine.execution;
  const isView = (operator: PlainOperator): boolean =>
    fusion !== "operator" && !needed.has(operator.name) && (isTransposition(operator) || (fusion === "fused" && isMovement(operator)));
  const works = operators.map((operator) => workOf(operator, program, machine));
  const views = new Map(works.filter(({ operator }) => isView(operator)).map((work) => [work.operator.name, work]));
  const real = works.filter(({ operator }) => !views.has(operator.name));
  const shown = viewer(views);
  const fast = { ...machine, sm: { ...machine.sm, instructions: APPROXIMATE } };
  const quick = (): readonly OperatorWork[] => real.map(({ operator }) => workOf(operator, program, fast));
  const found = fusion === "fused" && attention !== "unfused" ? findAttention(quick(), shown, needed, machine) : [];
  const groups: Group[] = [];
  const groupOf = new Map<string, Group>();
  const enter = (group: Group, work: OperatorWork): void => {
    group.works.push(work);
    for (const { tensor } of work.writes) groupOf.set(tensor, group);
  };
  for (const work of real) {
    const inside = found.filter(({ names }) => names.has(work.operator.name));
    for (const one of inside) {
      if (one.last !== work.operator.name) continue;
      const group: Group = { kind: "attention", works: [], attention: one };
      groups.push(group);
      for (const member of one.works) enter(group, member);
    }
    if (inside.length > 0) continue;
    const reads = shown(work.reads);
    const sources = reads.flatMap(({ tensor }) => groupOf.get(tensor) ?? []);
    const latest = sources.reduce<Group | undefined>((last, one) => (last === undefined || groups.indexOf(one) > groups.indexOf(last) ? one : last), undefined);
    const waits = reads.some(({ tensor }) => exchanged.has(tensor));
    const joins = latest !== undefined && !waits && mayJoin(latest, work, reads, machine, program);
    const group: Group = joins ? latest : { kind: kindOf(work), works: [], attention: null };
    if (!joins) groups.push(group);
    enter(group, work);
  }
  const readers = readersOf(groups, shown);
  return groups.map((group) => kernelOf(group, shown, (tensor) => needed.has(tensor) || [...(readers.get(tensor) ?? [])].some((one) => one !== group)));
}

/** Inside a fused attention: base-2 exponentials with the scale folded in, each row of results divided once instead of its scores, numbers that stay in f32. */
const APPROXIMATE: GpuMachine["sm"]["instructions"] = { exp: 2, log: 2, sqrt: 2, tanh: 4, sigmoid: 4, div: 0, convert: 1 };

const kindOf = ({ contraction, row, operator }: OperatorWork): KernelKind =>
  contraction !== null ? "contraction" : row > 1 || operator.kind === "scan" ? "rows" : "elementwise";

// --- views ---

/** Replaces accesses of views by those of what they show, as large a part of it as the view is read. */
function viewer(views: ReadonlyMap<string, OperatorWork>): Shown {
  const shown: Shown = (reads) =>
    reads.flatMap((access) => {
      const view = views.get(access.tensor);
      if (view === undefined) return [access];
      const behind = shown(view.reads);
      const total = behind.reduce((sum, { elements }) => sum + elements, 0);
      return behind.map((one) => ({
        ...one,
        inner: access.inner,
        inOrder: access.inOrder,
        elements: (access.elements * one.elements) / total,
        scattered: access.scattered,
        moved_bytes: access.moved_bytes,
      }));
    });
  return shown;
}

function readersOf(groups: readonly Group[], shown: Shown): ReadonlyMap<string, ReadonlySet<Group>> {
  const readers = new Map<string, Set<Group>>();
  for (const group of groups)
    for (const { reads } of group.works) for (const { tensor } of shown(reads)) readers.set(tensor, (readers.get(tensor) ?? new Set<Group>()).add(group));
  return readers;
}

// --- joining ---

function mayJoin(group: Group, work: OperatorWork, reads: readonly Access[], { execution: { fusion, epilogue } }: GpuMachine, program: Program): boolean {
  if (fusion === "operator" || work.contraction !== null || work.operator.kind !== "map") return false;
  if (group.kind === "attention") return work.row === 1 && isOfResults(group, work, reads);
  if (group.kind === "rows" && sharesRows(group, work, reads, program)) return true;
  if (work.row > 1) return false;
  const made = reads.filter(({ tensor }) => makes(group, tensor));
  const inPlace = made.some(({ tensor }) => elementsOf(tensorNamed(program, tensor).shape) === work.elements);
  if (fusion === "fused" && (group.kind !== "contraction" || epilogue === "any")) return inPlace && work.elements === largest(group);
  return group.kind === "contraction" && inPlace && isEpilogue(work, reads, group.works[0]!.contraction!.n, program);
}

/** What is made of an attention's results element by element, or of several put side by side. */
function isOfResults(group: Group, { elements, operator }: OperatorWork, reads: readonly Access[]): boolean {
  const made = reads.filter(({ tensor }) => makes(group, tensor) && group.attention?.inner.has(tensor) !== true);
  if (isMovement(operator)) return made.length === reads.length && made.reduce((sum, access) => sum + access.elements, 0) === elements;
  return made.some((access) => access.elements === elements);
}

const makes = (group: Group, tensor: string): boolean => group.works.some(({ writes }) => writes.some((one) => one.tensor === tensor));

const largest = (group: Group): number => group.works.reduce((most, { elements }) => Math.max(most, elements), 0);

/** A statistic of the group's rows is used for them again, or what was made of them is folded along the same rows. */
function sharesRows(group: Group, work: OperatorWork, reads: readonly Access[], program: Program): boolean {
  const folds = group.works.filter(({ row }) => row > 1);
  const rows = folds[0]?.elements ?? 0;
  const length = folds[0]?.row ?? 1;
  const elements = work.elements * work.row;
  if (elements > rows * length) return false;
  if (work.row > 1 && work.elements !== rows) return false;
  return reads.some(({ tensor }) => makes(group, tensor) && isOfRows(elementsOf(tensorNamed(program, tensor).shape), rows, length, work));
}

function isOfRows(size: number, rows: number, length: number, { elements, row }: OperatorWork): boolean {
  if (size === rows) return row > 1 || elements === rows || elements === rows * length;
  return row > 1 && size === rows * length;
}

/** What the interface of a library of matrix products takes along: a factor that is a constant, or a vector added to each row. */
function isEpilogue({ operator }: OperatorWork, reads: readonly Access[], columns: number, program: Program): boolean {
  if (operator.kind !== "map" || operator.body.kind !== "op") return false;
  const { op, args } = operator.body;
  const isConstant = (arg: Expr): boolean => arg.kind === "const";
  if (op === "mul" || op === "div") return args.some(isConstant) && args.some(({ kind }) => kind === "read");
  return (
    op === "add" &&
    args.every(({ kind }) => kind === "read") &&
    reads.some(({ tensor }) => isBias(tensorNamed(program, tensor).shape, columns, operator.domain.length))
  );
}

/** One number a column of the product, and fewer dimensions than its result. */
const isBias = (shape: readonly number[], columns: number, dimensions: number): boolean => shape.length < dimensions && elementsOf(shape) === columns;

// --- kernels ---

function kernelOf({ kind, works, attention }: Group, shown: Shown, isNeeded: (tensor: string) => boolean): Kernel {
  const made = new Set(works.flatMap(({ writes }) => writes.map(({ tensor }) => tensor)));
  const reads = new Map<string, Access>();
  for (const access of works.flatMap((work) => shown(work.reads))) {
    const before = reads.get(access.tensor);
    if (!made.has(access.tensor) && (before === undefined || before.elements < access.elements)) reads.set(access.tensor, access);
  }
  const product = works.find(({ contraction }) => contraction !== null);
  const factor = (name: string): readonly Access[] => shown(product!.reads.filter(({ tensor }) => tensor === name));
  const leaves = ({ tensor }: Written): boolean => isNeeded(tensor) && attention?.inner.has(tensor) !== true;
  return {
    name: works.map(({ operator }) => operator.name).join("+"),
    ...{ kind, works, attention },
    factors: product === undefined ? null : { a: factor(product.contraction!.a), b: factor(product.contraction!.b) },
    reads: [...reads.values()],
    writes: works.flatMap(({ writes }) => writes.filter(leaves)),
  };
}
