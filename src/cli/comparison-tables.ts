/** What a suite of comparisons found, in tables and words: a table for each group, a line for each case, and below them how many are within and what was asked. */

import { grouped, percent } from "../report/format.ts";
import { byCase, type Demand, errorOf, isJudged, isMet, isRowWithin, type Row, tally } from "./comparison.ts";
import { printTable, signedPercent, type Table } from "./markdown.ts";

/** Ends in a line break. `demands`: what was asked of the rows together. */
export function printRows(rows: readonly Row[], demands: readonly Demand[]): string {
  const groups = distinct(rows.map(({ group }) => group));
  const tables = groups.map((group) =>
    printGroup(
      group,
      rows.filter((row) => row.group === group),
    ),
  );
  return [...tables, bullets(summary(rows)), bullets(demands.map((demand) => verdict(demand, rows))), notes(rows), sources(rows)]
    .filter((part) => part !== "")
    .join("\n");
}

function printGroup(group: string, rows: readonly Row[]): string {
  return `${group === "" ? "" : `### ${group}\n\n`}${printTable(groupTable(rows))}`;
}

/** Figures side by side: what was found elsewhere, weft's, the error. */
function groupTable(rows: readonly Row[]): Table {
  const columns = distinct(rows.map(({ what }) => what)).map((what) => ({ what, isCompared: rows.some((row) => row.what === what && row.expected !== null) }));
  return {
    head: ["case", ...columns.flatMap(({ what, isCompared }) => (isCompared ? [what, "weft", "error"] : [what])), "within"],
    rows: byCase(rows).map((figures) => [
      figures[0]!.case,
      ...columns.flatMap(({ what, isCompared }) =>
        cellsOf(
          figures.find((row) => row.what === what),
          isCompared,
        ),
      ),
      !figures.some(isJudged) ? "" : figures.every(isRowWithin) ? "yes" : "no",
    ]),
  };
}

function cellsOf(row: Row | undefined, isCompared: boolean): readonly string[] {
  if (row === undefined) return isCompared ? ["", "", ""] : [""];
  if (!isCompared) return [figure(row.measured)];
  const error = errorOf(row);
  return [row.expected === null ? "" : figure(row.expected), figure(row.measured), error === null ? "" : error === 0 ? "0" : signedPercent(error)];
}

/** 10111 -> "10,111", 18.3271 -> "18.33". */
function figure(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 10_000 ? grouped(value) : `${Number(value.toPrecision(4))}`;
}

function summary(rows: readonly Row[]): readonly string[] {
  return distinct(rows.map(({ what }) => what)).flatMap((what) => {
    const found = tally(rows, what);
    if (found === null) return [];
    const { cases, within, mean_error, worst } = found;
    const far = errorOf(worst) === 0 ? "none is off" : `mean error ${percent(mean_error)}, largest ${signedPercent(errorOf(worst) ?? 0)} (${nameOf(worst)})`;
    return [`${what}: ${grouped(within)} of ${grouped(cases)} ${tolerancesOf(rows, what)}; ${far}`];
  });
}

function tolerancesOf(rows: readonly Row[], what: string): string {
  const tolerances = distinct(rows.filter((row) => row.what === what && isJudged(row)).map(({ tolerance }) => tolerance as number));
  return [...tolerances]
    .sort((a, b) => a - b)
    .map((one) => (one === 0 ? "equal" : `within ${percent(one)}`))
    .join(" or ");
}

const nameOf = ({ group, case: name }: Row): string => (group === "" ? name : `${group}, ${name}`);

function verdict(demand: Demand, rows: readonly Row[]): string {
  const found = tally(rows, demand.what);
  const of = demand.what === undefined ? "" : ` of ${demand.what}`;
  const met = isMet(demand, rows) ? "yes" : "no";
  if (demand.kind === "mean error")
    return `asked: mean error${of} at most ${percent(demand.most)}; it is ${found === null ? "unknown" : percent(found.mean_error)}: ${met}`;
  const share = found === null ? "there are none" : `${grouped(found.within)} of ${grouped(found.cases)} are, ${percent(found.within / found.cases)}`;
  return `asked: at least ${percent(demand.least)} of the cases within their tolerances${of}; ${share}: ${met}`;
}

/** The same words on many rows are told once, with the first of them. */
function notes(rows: readonly Row[]): string {
  return bullets(
    distinct(rows.flatMap(({ note }) => (note === undefined ? [] : [note]))).map((note) => {
      const cases = distinct(rows.filter((row) => row.note === note).map(nameOf));
      const others = cases.length > MOST_NAMED ? [`${cases.length - MOST_NAMED} more`] : [];
      return `${[...cases.slice(0, MOST_NAMED), ...others].join("; ")}: ${note}`;
    }),
  );
}

/** Cases named beside a note. */
const MOST_NAMED = 3;

function sources(rows: readonly Row[]): string {
  const compared = rows.filter(({ expected }) => expected !== null);
  return bullets(
    distinct(compared.map(({ source }) => source)).map(
      (source) => `source of ${distinct(compared.filter((row) => row.source === source).map(({ what }) => what)).join(" and ")}: ${source}`,
    ),
  );
}

const distinct = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}.\n`).join("");
