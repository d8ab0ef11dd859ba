/** Where the energy of a run went: from sections to parts of the machine to details. */

import { energy as joules, listed, percent, percents } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { ENERGY_PARTS, energyCells, energyParts, energyWarnings, PART_WORDS, totalOf } from "../model/energy.ts";
import type { RunView } from "../model/run.ts";
import { makeChoice } from "../ui/choice.ts";
import { el } from "../ui/dom.ts";
import { drawChange } from "./energy-change.ts";
import { drawSankey } from "./energy-sankey.ts";
import { drawTreemap } from "./energy-treemap.ts";

export const energy: View = {
  id: "energy",
  tab: "memory",
  title: "Energy",
  what: "Where the energy of the whole run went, by part of the machine and by what happened there. A picked section shows its share alone; a section in the figure picks it.",
  wide: true,
  absent: ({ report }) =>
    report.energy_pJ.total === 0
      ? `The run took no energy that the table ${report.energy_detail.table} counts: ${report.cycles === 0 ? "nothing ran" : "all its events have a price of 0"}.`
      : null,
  mount: (host, context) => mount(host, context),
};

const FIGURE = "energy.figure";

function mount(host: HTMLElement, context: ViewContext): MountedView {
  const { app, run, base } = context;
  const choice = makeChoice(
    "figure",
    [
      ["sankey", "flows (Sankey)"],
      ["treemap", "areas (treemap)"],
    ],
    (value) => app.store.setOption(FIGURE, value),
  );
  const sums = el("ul", { class: "legend", "data-test": "energy-sums", "aria-label": "Energy by part" });
  const words = el("p", { class: "tier-head" });
  const figure = el("div");
  host.append(el("div", { class: "controls-row" }, base === null ? choice.element : null, sums), words, figure, notes(run));
  const draw = (state: ViewState): void => {
    const kind = state.options[FIGURE] ?? "sankey";
    const section = sectionOf(run, state);
    choice.show(kind);
    showSums(sums, run, section);
    words.replaceChildren(...headOf(context, section));
    figure.replaceChildren();
    const cells = energyCells(run.report, section);
    if (base !== null) drawChange(figure, energyCells(base.report, section), cells);
    else if (cells.length === 0) figure.append(el("p", { class: "absent" }, `Section ${section} took no energy.`));
    else if (kind === "treemap") drawTreemap(figure, cells);
    else drawSankey(figure, cells, context);
  };
  return {
    update: (state, changed) => {
      if (changed.has("pick") || changed.has("options")) draw(state);
    },
    resize: () => draw(app.store.get()),
  };
}

/** A section that is picked, or of which something is. */
function sectionOf(run: RunView, { pick }: ViewState): string | null {
  const name = pick?.kind === "section" ? pick.name : (pick?.section ?? null);
  return run.report.energy_detail.sections.length > 1 && run.report.energy_detail.sections.some((section) => section.name === name) ? name : null;
}

function headOf({ run, base }: ViewContext, section: string | null): readonly (Node | string)[] {
  const { energy_detail, seconds } = run.report;
  const total = totalOf(energyParts(run.report, section));
  const node = `by the table ${energy_detail.table}, ${energy_detail.process_nm} nm`;
  const of =
    section === null
      ? `, ${(run.report.energy_pJ.total / 1e12 / Math.max(seconds, 1e-12)).toPrecision(3)} W on average`
      : `, ${percent(total / run.report.energy_pJ.total)} of the run's`;
  const before = base === null ? "" : `; A: ${joules(totalOf(energyParts(base.report, section)))}`;
  return [el("strong", {}, joules(total)), ` ${section === null ? "in the whole run" : `in section ${section}`}${of}, ${node}${before}`];
}

/** The total is the sum of these in their order, to the last digit. */
function showSums(list: HTMLElement, run: RunView, section: string | null): void {
  const parts = energyParts(run.report, section);
  const shares = totalOf(parts) === 0 ? parts.map(() => "0 %") : percents(parts.map(({ pJ }) => pJ));
  list.replaceChildren(
    ...parts.map(({ part, pJ }, p) =>
      el(
        "li",
        { "data-part": part, "data-pj": pJ, hidden: pJ === 0, title: PART_WORDS[part].what },
        el("i", { style: `background:${PART_WORDS[part].colour}`, "aria-hidden": "true" }),
        `${part} ${joules(pJ)}, ${shares[p]}`,
      ),
    ),
  );
}

function notes({ report }: RunView): HTMLElement {
  const nothing = ENERGY_PARTS.filter((part) => report.energy_pJ[part] === 0);
  const words = [
    ...(nothing.length === 0 ? [] : [`No energy for ${listed(nothing)}.`]),
    ...energyWarnings(report).map((warning) => `${warning[0]!.toUpperCase()}${warning.slice(1)}.`),
  ];
  return el("ul", { class: "notes", "aria-label": "What the figures leave out" }, ...words.map((one) => el("li", {}, one)));
}
