/**
 * A suite of `weft validate` that runs no workload: a model of one part, held row by row against another simulator's figures or a published table. Each suite has a file of
 * its own; its rows come from a file in test/validation/data/, or are computed from a published table.
 */

import { join } from "node:path";
import { packageRoot, readText } from "./files.ts";

export interface ComparisonSuite {
  readonly kind: "comparison";
  readonly name: string;
  /** What is held against what: a sentence, or a few. */
  readonly title: string;
  /** What the models of this suite do not have, a sentence each, without the full stop. */
  readonly leavesOut: readonly string[];
  /** What the rows must do together; at least one. */
  readonly demands: readonly Demand[];
  /** What the models were given that a reader must know to judge them, in Markdown that ends in a line break; absent: nothing. It stands below the tables. */
  readonly given?: () => string;
  /** In the order of the tables. Called in a thread of its own, so that it may compute for long and Ctrl-C is still answered at once. */
  readonly rows: (progress: RowProgress) => readonly Row[] | Promise<readonly Row[]>;
}

/** Called before each case, as often as one likes: words are told now and then. */
export type RowProgress = (done: number, total: number, what: string) => void;

/** One figure of one case. Plain data: it travels between threads. */
export interface Row {
  /** The table it stands in, such as a configuration; "" where the suite has only one. */
  readonly group: string;
  /** A line of that table. */
  readonly case: string;
  /** Columns of that table: the name of the figure, with its unit where it has one, such as "bandwidth, GB/s". */
  readonly what: string;
  /** Null: there to be looked at, not judged. */
  readonly expected: number | null;
  /** Whose figure it is: "SCALE-Sim v2 (commit 22f88b1)". Told once below the tables. */
  readonly source: string;
  readonly measured: number;
  /** The largest relative error, 0 .. 1; 0: equal. Null: what is expected stands beside it with the error, not judged. */
  readonly tolerance: number | null;
  /** Why it is off, or what is particular; the same words on many rows are told once. */
  readonly note?: string;
}

/** `what`: of these rows only. `least` and `most` are shares, 0 .. 1. */
export type Demand = (
  | { /** Cases all of whose judged figures are within their tolerances. */ readonly kind: "share within"; readonly least: number }
  | { /** The mean of the sizes of the relative errors. */ readonly kind: "mean error"; readonly most: number }
) & { readonly what?: string };

/** Of what was expected; null for information. */
export function errorOf({ expected, measured }: Row): number | null {
  if (expected === null) return null;
  return measured === expected ? 0 : expected === 0 ? Number.POSITIVE_INFINITY : (measured - expected) / Math.abs(expected);
}

/** What is for information is within, unless it is no number. */
export function isRowWithin(row: Row): boolean {
  const error = errorOf(row);
  return error === null || row.tolerance === null ? Number.isFinite(row.measured) : Math.abs(error) <= row.tolerance;
}

/** It has something to be held against, and a tolerance. */
export function isJudged({ expected, tolerance }: Row): boolean {
  return expected !== null && tolerance !== null;
}

export interface Tally {
  readonly cases: number;
  readonly within: number;
  /** Of the sizes of the errors. */
  readonly mean_error: number;
  readonly worst: Row;
}

/** Of the judged rows, or of those of one figure; null where there are none. */
export function tally(rows: readonly Row[], what?: string): Tally | null {
  const judged = rows.filter((row) => isJudged(row) && (what === undefined || row.what === what));
  const [first] = judged;
  if (first === undefined) return null;
  const cases = byCase(judged);
  return {
    cases: cases.length,
    within: cases.filter((figures) => figures.every(isRowWithin)).length,
    mean_error: judged.reduce((sum, row) => sum + sizeOfError(row), 0) / judged.length,
    worst: judged.reduce((worst, row) => (sizeOfError(row) > sizeOfError(worst) ? row : worst), first),
  };
}

/** A demand on figures of which there are none is not met. */
export function isMet(demand: Demand, rows: readonly Row[]): boolean {
  const found = tally(rows, demand.what);
  if (found === null) return false;
  return demand.kind === "mean error" ? found.mean_error <= demand.most : found.within >= demand.least * found.cases;
}

/** The figures of each case together, cases in the order in which they begin. */
export function byCase(rows: readonly Row[]): readonly (readonly Row[])[] {
  const cases = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.group, row.case]);
    const figures = cases.get(key);
    if (figures === undefined) cases.set(key, [row]);
    else figures.push(row);
  }
  return [...cases.values()];
}

const sizeOfError = (row: Row): number => Math.abs(errorOf(row) ?? 0);

/** A file of test/validation/data/: what others measured, with its source, as JSON. */
export function readFigures(name: string): unknown {
  return JSON.parse(readText(join(packageRoot, "test/validation/data", name)));
}
