/** Both machines' rooflines in one figure, and from kernels to the sections into which they were fused. */

import { percent } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { figureOf, type Level, levelsOf, type RoofFigure } from "../model/roofline.ts";
import { makeChoice } from "../ui/choice.ts";
import { el, svg } from "../ui/dom.ts";
import { drawRoofline, markOf, type SideLook } from "./roofline-figure.ts";

export const roofline: View = {
  id: "roofline",
  tab: "gpu",
  title: "Roofline",
  what: "Operations a second against operations a byte off the chip. Under the slope a point is held back by memory, under the flat part by compute. A point is a kernel or a section, its area its time; a dashed arrow leads from a kernel to the section into which it was fused. A point picks what it is.",
  wide: true,
  absent: ({ scene, report }) =>
    scene.gpu.comparison.roofline.points.length === 0
      ? report.partial === null
        ? "Nothing ran: there are no points."
        : "The run was stopped: a part of a run has no point."
      : null,
  mount: (host, context) => mount(host, context),
};

const LEVEL = "roofline.tier";
const LEAST = "roofline.least";
const HIDDEN = "roofline.hidden";

function mount(host: HTMLElement, context: ViewContext): MountedView {
  const { app, run, base } = context;
  const { comparison, why } = run.scene.gpu;
  const levels = levelsOf(comparison);
  const level = makeChoice(
    "bytes of",
    levels.map((name) => [name, name === "off the chip" ? "all memory off the chip" : `${name} alone`] as const),
    (value) => app.store.setOption(LEVEL, value === levels[0] ? null : value),
  );
  const said = el("output", {});
  const least = el("input", {
    type: "range",
    min: 0,
    max: 25,
    step: 0.5,
    "aria-label": "Hide points below this share of their side's time, in percent",
    oninput: () => app.store.setOption(LEAST, least.value === "0" ? null : least.value),
  });
  const legend = el("ul", { class: "legend", "aria-label": "Sides" });
  const figure = el("div");
  const words = el("p", { class: "view-words" });
  host.append(
    el(
      "div",
      { class: "controls-row" },
      levels.length > 1 ? level.element : null,
      el("label", { class: "choice" }, "hide what takes less than ", least, " ", said),
      legend,
    ),
    figure,
    words,
  );
  const looks = looksOf(context);
  const draw = (state: ViewState): void => {
    const chosen = levels.find((name) => name === state.options[LEVEL]) ?? levels[0]!;
    const share = Number(state.options[LEAST] ?? 0) / 100;
    const hidden = new Set((state.options[HIDDEN] ?? "").split("|"));
    level.show(chosen);
    least.value = `${share * 100}`;
    said.textContent = share === 0 ? "nothing is hidden" : `${percent(share)} of its side's time`;
    const toggle = (side: string): void => {
      const next = hidden.has(side) ? [...hidden].filter((name) => name !== side) : [...hidden, side];
      app.store.setOption(HIDDEN, next.filter((name) => name !== "").join("|") || null);
    };
    legend.replaceChildren(
      ...looks.map((look) =>
        el(
          "li",
          {},
          sideButton(look, !hidden.has(look.side), () => toggle(look.side)),
        ),
      ),
    );
    const all = both(figureOf(comparison, chosen), base === null ? null : figureOf(base.scene.gpu.comparison, chosen), context);
    const shown = { ...all, points: all.points.filter((point) => point.share >= share && !hidden.has(point.side)) };
    drawRoofline(figure, { context, state, figure: shown, frameOf: all, level: chosen, looks });
    words.textContent = [...(why === null ? [] : [`No GPU beside it: ${why}.`]), ...wordsOf(all, shown, chosen)].join(" ");
  };
  return {
    update: (state, changed) => {
      if (changed.has("pick") || changed.has("options")) draw(state);
    },
    resize: () => draw(app.store.get()),
  };
}

/** The sides of the run's comparison, this run first; A of a difference behind them. */
function looksOf({ run, base }: ViewContext): readonly SideLook[] {
  const sides = [...run.scene.gpu.comparison.sides]
    .reverse()
    .map(({ name, style }, at) => ({ side: name, words: base !== null && at === 0 ? `B: ${name}` : name, style, at }));
  const own = sides.map(
    ({ side, words, style, at }): SideLook => ({ side, words, isRound: style === "spatial" || at === 0, colour: COLOURS[at % COLOURS.length]! }),
  );
  return base === null ? own : [...own, { side: BASE, words: `A: ${base.title}`, isRound: true, colour: BASE_COLOUR }];
}

const COLOURS = ["#0072b2", "#009e73", "#d55e00"] as const;
const BASE = "A";
const BASE_COLOUR = "#cc79a7";

/** With the points of A's own run, by another side's name. */
function both(figure: RoofFigure, other: RoofFigure | null, { base }: ViewContext): RoofFigure {
  if (other === null || base === null) return figure;
  const own = base.scene.gpu.comparison.sides.at(-1)?.name;
  return {
    ...figure,
    points: [...figure.points, ...other.points.filter(({ side }) => side === own).map((point) => ({ ...point, side: BASE, number: point.number + 1e6 }))],
  };
}

function sideButton(look: SideLook, isShown: boolean, use: () => void): HTMLElement {
  const mark = svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, markOf(look, 7, 7, 5));
  return el(
    "button",
    {
      type: "button",
      class: isShown ? "swatch" : "swatch off",
      "aria-pressed": isShown ? "true" : "false",
      title: isShown ? "hide its points" : "show its points",
      onclick: use,
    },
    mark,
    look.words,
  );
}

function wordsOf(all: RoofFigure, shown: RoofFigure, level: Level): readonly string[] {
  const hidden = all.points.length - shown.points.length;
  return [
    ...(hidden === 0 ? [] : [`${hidden} of ${all.points.length} points are hidden.`]),
    ...(all.unplaced === 0
      ? []
      : [
          `${all.unplaced} ${all.unplaced === 1 ? "kernel or section has" : "kernels or sections have"} no place: they move no bytes ${level === "off the chip" ? level : `of ${level}`}, or compute nothing.`,
        ]),
    "Time of a section is that of all its runs, the loading of its configuration included; a special function counts as one operation.",
  ];
}
