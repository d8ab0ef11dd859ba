/** A column of numbers; of a difference each cell has the other run's number and the change, too. */

import type { Compared } from "../model/compared.ts";
import type { TermKey } from "../model/glossary.ts";
import { changeWords, pointWords, SAME } from "../model/words.ts";
import { el } from "../ui/dom.ts";
import type { ShownColumn } from "../ui/table.ts";

export interface Figure<R> {
  readonly id: string;
  readonly title: string;
  readonly term: TermKey;
  /** Null: there is none. */
  readonly value: (row: R) => number | null;
  readonly text: (value: number) => string;
  /** It changes by points. */
  readonly isShare?: true;
}

export function figureColumn<R>({ id, title, term, value, text, isShare }: Figure<R>, isDifference: boolean): ShownColumn<Compared<R>> {
  const textOf = (number: number | null): string => (number === null ? "–" : text(number));
  const column: ShownColumn<Compared<R>> = { id, title, term, value: ({ row }) => value(row), text: ({ row }) => textOf(value(row)) };
  if (!isDifference) return column;
  return {
    ...column,
    cell: ({ row, before }) => {
      const [now, then] = [value(row), before === null ? null : value(before)];
      const change = now === null || then === null ? SAME : isShare ? pointWords(now, then) : changeWords(now, then);
      return el("span", {}, textOf(now), change === SAME ? null : el("small", { class: "change" }, `A ${textOf(then)}, ${change}`));
    },
  };
}
