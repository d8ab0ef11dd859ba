/** A column of numbers; of a difference each cell has the other run's number and the change, too. */

import type { Compared } from "../model/compared.ts";
import type { TermKey } from "../model/glossary.ts";
import { changeWords, pointWords } from "../model/words.ts";
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
      if (now === null || then === null) return el("span", {}, textOf(now));
      const change = isShare ? pointWords(now, then) : changeWords(now, then);
      return el("span", {}, text(now), el("small", { class: "change" }, now === then ? "the same" : `A ${text(then)}, ${change}`));
    },
  };
}
