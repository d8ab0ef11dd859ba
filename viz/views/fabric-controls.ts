/** The bar over the map: what colours a unit, which section is shown, zoom. And the words under it that say what the colours mean. */

import { grouped, listed, percent } from "../../src/report/format.ts";
import type { Store, ViewState } from "../app/state.ts";
import type { RunView } from "../model/run.ts";
import { STATE_WORDS, STATES } from "../model/states.ts";
import { el } from "../ui/dom.ts";
import { LINK_COLOUR, type Traffic } from "./fabric-links.ts";
import type { Paint } from "./fabric-paint.ts";

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

/** What the cells say, as they are drawn now. */
export function cellWords(paint: Paint, isStacked: boolean, isMerged: boolean): string {
  const merged = isMerged ? " Where sections take turns in a place, the cell adds up what they do there." : "";
  switch (paint.kind) {
    case "states":
      return `${isStacked ? "Each cell is a stack of its shares of the time shown, busy at the bottom." : "Cells are too small for stacks: each shows the state that has most of the time shown, the paler the smaller its share. Zoom in for all states."}${merged}`;
    case "share":
      return `The stronger the colour, the larger the share of the time shown that is ${paint.state} (${STATE_WORDS[paint.state].what}).${merged}`;
    case "names":
      return "Each cell has the colour of what it works for; zoom in to read names in the cells.";
    case "difference":
      return "The root of the difference is drawn, so that small ones are seen too. Empty: one of the two runs has no unit there.";
  }
}

export function shapeWords(isElsewhere: boolean): string {
  return `PCUs are square, PMUs upright, address generators flat and at the edges; outlines are places that this program leaves unused${isElsewhere ? ", with a grey corner where another section uses them" : ""}.`;
}

export function linkWords(run: RunView, { busiest }: Traffic): HTMLElement {
  const key = el("i", { class: "space-ramp", style: `background:linear-gradient(90deg, transparent, ${LINK_COLOUR})`, "aria-hidden": "true" });
  if (busiest === null) return el("p", { class: "space-note" }, key, "Links: no token crosses one in the time shown.");
  const { link, occupancy, tokens, channel } = busiest;
  const others = link.channels.length > 1 ? ` and ${link.channels.length - 1} more` : "";
  const text = `Links: width by occupancy (tokens over cycles and tracks). Busiest: column ${link.x}, row ${link.y} to column ${link.x2}, row ${link.y2}: ${percent(occupancy)} of ${link.tracks} ${link.width} ${link.tracks === 1 ? "track" : "tracks"}, ${grouped(tokens)} tokens, of ${channel.id}${others}${run.sections.length > 1 ? " (all sections shown)" : ""}.`;
  return el("p", { class: "space-note", "data-test": "fabric-busiest" }, key, text);
}

export function meansWords({ trace: { origin } }: RunView): string | null {
  return origin === "means"
    ? "Activity over time was not recorded for this run: what the report counts is spread evenly over the time of each section, so playing through it shows means."
    : null;
}

export function differenceWords(run: RunView, base: RunView, matched: number, places: number): string {
  const time =
    run.report.cycles === base.report.cycles
      ? ""
      : ` The runs differ in length (${grouped(run.report.cycles)} and ${grouped(base.report.cycles)} cycles): the same part of each run's own time is compared.`;
  const machines =
    run.scene.machine.name === base.scene.machine.name
      ? ""
      : ` The machines differ: ${listed([run.scene.machine.name, base.scene.machine.name])}; places are matched by column and row.`;
  return `${grouped(matched)} of ${grouped(places)} places have a unit in both runs.${time}${machines}`;
}
