/** Rows of two runs beside each other, what changed most first. */

export interface Compared<R> {
  /** Of the run that is shown; where only the other one has it, that one's. */
  readonly row: R;
  /** The same in the other run. */
  readonly before: R | null;
  /** Null: both have it, or there is but one run. */
  readonly only: "A" | "B" | null;
}

/** `before`: rows of A; null: there is one run. Rows are the same that have the same key. */
export function compared<R>(rows: readonly R[], before: readonly R[] | null, keyOf: (row: R) => string): readonly Compared<R>[] {
  if (before === null) return rows.map((row) => ({ row, before: null, only: null }));
  const others = new Map(before.map((row) => [keyOf(row), row]));
  const both = rows.map((row): Compared<R> => {
    const other = others.get(keyOf(row)) ?? null;
    others.delete(keyOf(row));
    return { row, before: other, only: other === null ? "B" : null };
  });
  return [...both, ...[...others.values()].map((row): Compared<R> => ({ row, before: null, only: "A" }))];
}
