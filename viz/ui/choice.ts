/** One of a few, to choose from a list. */

import { el } from "./dom.ts";

export interface Choice {
  readonly element: HTMLElement;
  readonly show: (value: string) => void;
}

export function makeChoice(label: string, choices: readonly (readonly [value: string, words: string])[], use: (value: string) => void): Choice {
  const select = el("select", { onchange: () => use(select.value) }, ...choices.map(([value, words]) => el("option", { value }, words)));
  return {
    element: el("label", { class: "choice" }, `${label} `, select),
    show: (value) => {
      select.value = value;
    },
  };
}
