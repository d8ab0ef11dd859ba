/**
 * Attention as one kernel: a product of two tensors (scores), what is made of its results element by element and row by row, and products that fold those along a row or a column, with the scores
 * never in memory. Found by structure: scores are results of products of short vectors that only operators of this kind read, in the end products with short results. What depends on a product that
 * folded scores (a backward pass) is a kernel of its own, which makes the scores it needs again from the statistics of their rows, as FlashAttention does (Dao et al., NeurIPS 2022).
 */

import { type GpuMachine, tensorMacs } from "../machine/gpu.ts";
import { affine, readsOf, visitNodes } from "../pattern/analysis.ts";
import type { Expr } from "../pattern/program.ts";
import type { Access, OperatorWork } from "./operators.ts";
import type { Contraction } from "./products.ts";

export interface Attention {
  /** Operators that are this kernel's own. */
  readonly names: ReadonlySet<string>;
  /** The last of them in the program. */
  readonly last: string;
  /** What the kernel computes, scores that it makes again included. */
  readonly works: readonly OperatorWork[];
  /** Tensors of scores: never in memory. */
  readonly inner: ReadonlySet<string>;
  /** Heads, rows and columns of the scores. */
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Length of the vectors whose product is a score: the longest. */
  readonly width: number;
  /** Multiply-accumulates of all its products for one score. */
  readonly macs: number;
  /** It also adds up along columns: results of one of both kinds are added up in memory. */
  readonly isBackward: boolean;
  /** Scores of row i and column j > i + diagonal are masked away; null: none is. */
  readonly diagonal: number | null;
}

export type Shown = (reads: readonly Access[]) => readonly Access[];

/** Longest vector that is a factor of a score, or row of a result: of a tile of 64 rows, accumulators of f32 take a quarter of the registers of an SM. */
const LONGEST_VECTOR = 256;

/** What is found, in the order of the program. */
export function findAttention(works: readonly OperatorWork[], shown: Shown, needed: ReadonlySet<string>, machine: GpuMachine): readonly Attention[] {
  const starts = works.filter(({ contraction: c }) => c !== null && c.k <= LONGEST_VECTOR && c.n > 1 && tensorMacs(machine, c.dtype) > 0);
  const taken = new Set<OperatorWork>();
  return starts.flatMap((start) => {
    const region = taken.has(start) ? null : regionOf(start, works, shown, needed);
    if (region === null) return [];
    for (const work of region.all) taken.add(work);
    return kernelsOf(region, works, shown);
  });
}

/** Scores have the domain of the first; statistics are one number a row. */
interface Region {
  readonly first: OperatorWork & { readonly contraction: Contraction };
  readonly scores: ReadonlySet<OperatorWork>;
  readonly statistics: ReadonlySet<OperatorWork>;
  readonly results: ReadonlySet<OperatorWork>;
  /** In the order of the program. */
  readonly all: readonly OperatorWork[];
}

function regionOf(first: OperatorWork, works: readonly OperatorWork[], shown: Shown, needed: ReadonlySet<string>): Region | null {
  const { batch, m, n } = first.contraction!;
  const [size, rows] = [first.elements, batch * m];
  const scores = new Set([first]);
  const statistics = new Set<OperatorWork>();
  const results = new Set<OperatorWork>();
  const isMade = (set: ReadonlySet<OperatorWork>, tensor: string): boolean => [...set].some((work) => makes(work, tensor));
  for (let before = 0; before < scores.size + statistics.size + results.size; ) {
    before = scores.size + statistics.size + results.size;
    for (const work of works) {
      if (scores.has(work) || statistics.has(work) || results.has(work)) continue;
      const names = shown(work.reads).map(({ tensor }) => tensor);
      const isBeside = work.contraction !== null && work.elements === size && work.contraction.k <= LONGEST_VECTOR && isTakenBeside(work, works, scores, shown);
      if (isBeside) scores.add(work);
      if (isBeside || !names.some((name) => isMade(scores, name))) continue;
      if (work.contraction !== null && resultWidth(work, first.contraction!) <= LONGEST_VECTOR) results.add(work);
      else if (work.row === n && work.elements === rows) statistics.add(work);
      else if (work.row === 1 && work.elements === size && work.operator.kind === "map") scores.add(work);
      else return null;
    }
  }
  const leaves = [...scores].some(({ writes }) => writes.some(({ tensor }) => needed.has(tensor)));
  if (results.size === 0 || statistics.size === 0 || leaves) return null;
  const all = works.filter((work) => scores.has(work) || statistics.has(work) || results.has(work));
  return { first: first as Region["first"], scores, statistics, results, all };
}

const makes = ({ writes }: OperatorWork, name: string): boolean => writes.some(({ tensor }) => tensor === name);

/** A product of its own whose results some operator takes beside scores, element by element. */
function isTakenBeside(work: OperatorWork, works: readonly OperatorWork[], scores: ReadonlySet<OperatorWork>, shown: Shown): boolean {
  return works.some((reader) => {
    if (reader.contraction !== null || reader.row > 1 || reader.elements !== work.elements) return false;
    const names = shown(reader.reads).map(({ tensor }) => tensor);
    return names.some((name) => makes(work, name)) && names.some((name) => [...scores].some((score) => score !== work && makes(score, name)));
  });
}

/** Multiply-accumulates for one score. */
function resultWidth({ contraction: c }: OperatorWork, { batch, m, n }: Contraction): number {
  return (c!.batch * c!.m * c!.n * c!.k) / (batch * m * n);
}

// --- kernels ---

function kernelsOf(region: Region, works: readonly OperatorWork[], shown: Shown): readonly Attention[] {
  const { scores, statistics, results, all, first } = region;
  const levelOf = levels(works, results, shown);
  const later = [...results].filter((work) => levelOf(work) > 0 || foldsRows(work, region));
  const forward = [...results].filter((work) => !later.includes(work));
  const taken = new Set<string>();
  return [forward, later].flatMap((ends) => {
    if (ends.length === 0) return [];
    const isAgain = taken.size > 0;
    const reached = neededFor(ends, region, shown);
    const own = reached.filter(({ operator }) => !taken.has(operator.name));
    for (const { operator } of own) taken.add(operator.name);
    const made = isAgain ? reached.filter((work) => !statistics.has(work)) : reached;
    const { batch, m, n } = first.contraction;
    const widths = made.filter(({ contraction }) => contraction !== null).map((work) => resultWidth(work, first.contraction));
    return [
      {
        ...{ names: new Set(own.map(({ operator }) => operator.name)), last: own.at(-1)!.operator.name, works: made },
        inner: new Set([...scores].flatMap(({ writes }) => writes.map(({ tensor }) => tensor))),
        ...{ batch, rows: m, columns: n, width: Math.max(...widths), macs: widths.reduce((sum, width) => sum + width, 0) },
        isBackward: ends.some((work) => foldsRows(work, region)),
        diagonal: diagonalOf(
          all.filter((work) => scores.has(work)),
          first.contraction,
        ),
      },
    ];
  });
}

/** Of the region, what some of its results are made of; other results are read from memory. */
function neededFor(ends: readonly OperatorWork[], { all, results }: Region, shown: Shown): readonly OperatorWork[] {
  const found = new Set<OperatorWork>();
  const visit = (work: OperatorWork): void => {
    if (found.has(work)) return;
    found.add(work);
    for (const { tensor } of shown(work.reads)) {
      const source = all.find((one) => makes(one, tensor));
      if (source !== undefined && !results.has(source)) visit(source);
    }
  };
  ends.forEach(visit);
  return all.filter((work) => found.has(work));
}

/** How many results an operator waits for, one after the other. */
function levels(works: readonly OperatorWork[], results: ReadonlySet<OperatorWork>, shown: Shown): (work: OperatorWork) => number {
  const made = new Map(works.flatMap((work) => work.writes.map(({ tensor }) => [tensor, work] as const)));
  const known = new Map<OperatorWork, number>();
  const levelOf = (work: OperatorWork): number => {
    const before = known.get(work);
    if (before !== undefined) return before;
    const sources = shown(work.reads).flatMap(({ tensor }) => made.get(tensor) ?? []);
    const level = sources.reduce((most, source) => Math.max(most, levelOf(source) + (results.has(source) ? 1 : 0)), 0);
    known.set(work, level);
    return level;
  };
  return levelOf;
}

/** A result that adds up along the scores' rows: it folds the index with which a score is read where the first product has its m. */
function foldsRows({ operator, contraction }: OperatorWork, { first, scores }: Region): boolean {
  if (first.operator.kind !== "map" || contraction === null) return false;
  const rowPlaces = first.operator.domain.flatMap(({ name }, place) => (first.contraction.m_indices.includes(name) ? [place] : []));
  const isScore = (tensor: string): boolean => [...scores].some((score) => makes(score, tensor));
  const read = readsOf(operator).find(({ tensor }) => isScore(tensor));
  return rowPlaces.some((place) => {
    const at = read?.at[place];
    return at?.kind === "index" && contraction.k_indices.includes(at.index);
  });
}

/** From a select between a score and minus infinity by row and column; null where there is none. */
function diagonalOf(scores: readonly OperatorWork[], { n_indices }: Contraction): number | null {
  const found = scores.flatMap(({ operator }) => {
    if (operator.kind !== "map") return [];
    const columns = operator.domain.filter((_, place) => isColumn(place, scores[0]!, n_indices)).map(({ name }) => name);
    const diagonals: number[] = [];
    visitNodes([operator.body], (expr) => {
      const [condition, , masked] = expr.kind === "op" && expr.op === "select" ? expr.args : [];
      if (masked?.kind !== "const" || masked.value !== Number.NEGATIVE_INFINITY || condition?.kind !== "op") return;
      const diagonal = boundOf(condition, columns);
      if (diagonal !== null) diagonals.push(diagonal);
    });
    return diagonals;
  });
  return found.length === 0 ? null : Math.min(...found);
}

function isColumn(place: number, { operator }: OperatorWork, names: readonly string[]): boolean {
  return operator.kind === "map" && names.includes(operator.domain[place]?.name ?? "");
}

/** c of a condition that says column <= row + c. */
function boundOf({ op, args }: Extract<Expr, { kind: "op" }>, columns: readonly string[]): number | null {
  const isTurned = op === "ge" || op === "gt";
  if (!isTurned && op !== "le" && op !== "lt") return null;
  const [low, high] = (isTurned ? [args[1]!, args[0]!] : [args[0]!, args[1]!]).map(affine);
  if (low == null || high == null) return null;
  const column = columns.find((name) => low.coefficients.get(name) === 1);
  const isRow = [...high.coefficients].every(([name, factor]) => factor === 1 && !columns.includes(name));
  if (column === undefined || low.coefficients.size !== 1 || high.coefficients.size !== 1 || !isRow) return null;
  return high.constant - low.constant - (op === "lt" || op === "gt" ? 1 : 0);
}
