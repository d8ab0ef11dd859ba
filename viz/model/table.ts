/** Tables that are sorted, filtered by words and comparisons, and saved as CSV. */

/** `value`: what is sorted, compared and saved; null: there is none. */
export interface Column<R> {
  readonly id: string;
  readonly title: string;
  readonly value: (row: R) => Value;
  /** As people read it. */
  readonly text: (row: R) => string;
}

export type Value = number | string | null;

export interface Order {
  readonly column: string;
  readonly descending: boolean;
}

/** What has no value stands last, either way. Rows that are alike keep their order. */
export function sorted<R>(rows: readonly R[], columns: readonly Column<R>[], { column, descending }: Order): readonly R[] {
  const by = columns.find(({ id }) => id === column);
  if (by === undefined) return rows;
  const values = new Map(rows.map((row) => [row, by.value(row)]));
  return rows.toSorted((one, other) => {
    const [a, b] = [values.get(one)!, values.get(other)!];
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return descending ? compare(b, a) : compare(a, b);
  });
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return `${a}` < `${b}` ? -1 : `${a}` > `${b}` ? 1 : 0;
}

/** "busy<0.5 pmu": each word must stand in a row, each comparison hold. A row without the value fails it. Words that look like a comparison of no column are looked for like others. */
export function filtered<R>(rows: readonly R[], columns: readonly Column<R>[], query: string): readonly R[] {
  const tests = testsOf(columns, query);
  return tests.length === 0 ? rows : rows.filter((row) => tests.every((test) => test(row)));
}

const COMPARISON = /^([\w-]+)(<=|>=|!=|=|<|>)(-?\d+(?:\.\d+)?(?:e-?\d+)?)(%?)$/i;

function testsOf<R>(columns: readonly Column<R>[], query: string): readonly ((row: R) => boolean)[] {
  const words = query
    .trim()
    .replaceAll(/\s*(<=|>=|!=|=|<|>)\s*/g, "$1")
    .split(/\s+/)
    .filter((word) => word !== "");
  return words.map((word) => comparisonOf(columns, word) ?? wordOf(columns, word.toLowerCase()));
}

function comparisonOf<R>(columns: readonly Column<R>[], word: string): ((row: R) => boolean) | null {
  const [, name, sign, number, percent] = COMPARISON.exec(word) ?? [];
  const column = columns.find(({ id }) => id === name?.toLowerCase());
  if (column === undefined || sign === undefined) return null;
  const bound = Number(number) / (percent === "%" ? 100 : 1);
  return (row) => {
    const value = column.value(row);
    return typeof value === "number" && holds(value, sign, bound);
  };
}

function holds(value: number, sign: string, bound: number): boolean {
  if (sign === "=") return value === bound;
  if (sign === "!=") return value !== bound;
  if (sign === "<") return value < bound;
  if (sign === "<=") return value <= bound;
  return sign === ">" ? value > bound : value >= bound;
}

const wordOf =
  <R>(columns: readonly Column<R>[], word: string) =>
  (row: R): boolean =>
    columns.some((column) => {
      const value = column.value(row);
      return typeof value === "string" && value.toLowerCase().includes(word);
    });

/** RFC 4180: what has a comma, a quote or a line break stands in quotes. */
export function csvOf<R>(rows: readonly R[], columns: readonly Column<R>[]): string {
  const quoted = (value: Value): string => (/[",\r\n]/.test(`${value ?? ""}`) ? `"${`${value}`.replaceAll('"', '""')}"` : `${value ?? ""}`);
  return `${[columns.map(({ id }) => quoted(id)), ...rows.map((row) => columns.map((column) => quoted(column.value(row))))].map((line) => line.join(",")).join("\r\n")}\r\n`;
}
