/** The bar over the map: what colours a unit, and which section is shown. */

import type { Store, ViewState } from "../app/state.ts";
import type { RunView } from "../model/run.ts";
import { STATES } from "../model/states.ts";
import { el } from "../ui/dom.ts";

export const SECTION = "fabric.section";

/** Null: all of them. */
export function sectionShown(run: RunView, { options }: ViewState): number | null {
  const found = run.sections.find(({ name }) => name === options[SECTION]);
  return found === undefined ? null : found.number;
}

const ALL = "";

export function sectionChoice(run: RunView, store: Store, state: ViewState): HTMLElement | null {
  if (run.sections.length < 2) return null;
  const shown = sectionShown(run, state);
  const set = (event: Event): void => store.setOption(SECTION, (event.target as HTMLSelectElement).value || null);
  const onlyThen = (): void => {
    const spans = run.sections[shown!]!.spans;
    const last = spans.at(-1);
    if (last !== undefined) store.set({ window: [spans[0]!.start, last.start + last.cycles], cursor: null });
  };
  return el(
    "span",
    {},
    el(
      "label",
      {},
      "section ",
      el(
        "select",
        { onchange: set, "data-test": "fabric-section" },
        el("option", { value: ALL, selected: shown === null }, `all ${run.sections.length}, by place`),
        ...run.sections.map(({ name, number, units }) => el("option", { value: name, selected: number === shown }, `${name} (${units.length} units)`)),
      ),
    ),
    shown === null ? null : el("button", { type: "button", onclick: onlyThen }, "only its time"),
  );
}

export function colourChoice(store: Store, { colour }: ViewState): HTMLElement {
  const option = (value: string, words: string): HTMLElement => el("option", { value, selected: value === colour }, words);
  return el(
    "label",
    {},
    "colour ",
    el(
      "select",
      { onchange: (event: Event) => store.set({ colour: (event.target as HTMLSelectElement).value }), "data-test": "fabric-colour" },
      option("state", "all states, as stacks"),
      ...STATES.map((state) => option(state, `share ${state}`)),
      option("operator", "operator"),
      option("section", "section"),
    ),
  );
}

/** Of operators or sections: a click picks. */
export function namesLegend(store: Store, hues: ReadonlyMap<string, string>, kind: "operator" | "section"): HTMLElement {
  const entry = ([name, hue]: readonly [string, string]): HTMLElement =>
    el(
      "li",
      {},
      el("i", { style: `background:${hue}`, "aria-hidden": "true" }),
      el("button", { type: "button", class: "space-link", onclick: () => store.set({ pick: { kind, name, section: null } }) }, name),
    );
  return el("ul", { class: "legend space-names", "aria-label": kind === "operator" ? "Operators" : "Sections" }, ...[...hues].map(entry));
}
