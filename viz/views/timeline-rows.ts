/** Rows of the timeline: a name that picks, a plot, and figures. */

import { counted, grouped, percent } from "../../src/report/format.ts";
import type { FillAndDrain, meanFillAndDrain, Stage } from "../model/pipeline.ts";
import type { SectionView } from "../model/run.ts";
import { STATES } from "../model/states.ts";
import { type Activity, busyDifference } from "../model/timeline.ts";
import { signedPercent } from "../ui/difference.ts";
import { el, svg } from "../ui/dom.ts";
import { drawDifference, drawFill, drawSpans, drawStates, type TimeScale } from "./timeline-plot.ts";

const MOST_FIGURES = 256;
const LEAST_PLOT = 80;
const HIGH = { section: 22, stage: 26 } as const;
const BUSY = STATES.indexOf("busy");

/** Of a row so wide, in pixels: where time begins, how long it is, and what is left for figures. */
export interface RowRoom {
  readonly left: number;
  readonly width: number;
  readonly figures: number;
}

export function roomIn(width: number): RowRoom {
  const left = Math.round(Math.max(150, Math.min(360, width * 0.19)));
  const figures = Math.round(Math.min(MOST_FIGURES, Math.max(140, width * 0.26)));
  return { left, width: Math.max(LEAST_PLOT, width - left - figures), figures };
}

export interface RowParts {
  readonly section: SectionView;
  /** Cycles of the window in which the section ran. */
  readonly time: number;
  readonly room: RowRoom;
  readonly scale: TimeScale;
  readonly activity: Activity;
  /** The same of the other run; undefined: no difference is drawn; null: the other run has no such row. */
  readonly base: Activity | null | undefined;
  readonly isDim: boolean;
  readonly pick: () => void;
}

/** Over the columns. */
export function headRow({ left, width, figures }: RowRoom): HTMLElement {
  return el(
    "div",
    { class: "space-row space-note", role: "listitem" },
    el("div", { style: `width:${left}px` }, "section, and stages (operator / kind) x units"),
    el("div", { style: `width:${width}px` }),
    el("div", { class: "space-row-figures", style: `width:${figures}px` }, "busy while the section runs, fill and drain in cycles"),
  );
}

export interface SectionParts extends RowParts {
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly zoom: () => void;
}

export function sectionRow(parts: SectionParts): HTMLElement {
  const { section, isOpen, toggle, zoom } = parts;
  const { name, result, spans } = section;
  const label = [
    el("button", { type: "button", class: "space-link", "aria-expanded": `${isOpen}`, "aria-label": `Stages of ${name}`, onclick: toggle }, isOpen ? "▾" : "▸"),
    el("button", { type: "button", class: "space-link space-section", title: `${name}: pick its units`, onclick: parts.pick }, name),
    el("button", { type: "button", class: "space-link", "aria-label": `Look at the time of ${name} only`, title: "look at its time only", onclick: zoom }, "⤢"),
  ];
  const runs = result.runs === 1 ? "1 run" : `${grouped(result.runs)} runs`;
  const configuring = result.configuring_cycles === 0 ? "" : `, ${counted(result.configuring_cycles)} of them configuring`;
  const words = result.runs === 0 ? "never ran" : `${counted(result.cycles)} cycles in ${runs}${configuring}`;
  const row = rowOf("section", parts, label, words);
  row.dataset.section = name;
  if (spans.some((span) => span.runs > 1)) row.title = "Some of its runs are told together: there are too many to keep each.";
  return row;
}

export interface StageParts extends RowParts {
  readonly stage: Stage;
  readonly isBusiest: boolean;
  readonly ends: readonly FillAndDrain[];
  readonly mean: ReturnType<typeof meanFillAndDrain>;
}

export function stageRow(parts: StageParts): HTMLElement {
  const { stage, isBusiest, ends, mean, section, scale, activity } = parts;
  const units = stage.units.length === 1 ? "1 unit" : `${grouped(stage.units.length)} units`;
  const label = [
    el("button", { type: "button", class: "space-link space-stage-name", title: `${stage.name}, ${units}: pick them`, onclick: parts.pick }, stage.name),
    el("span", { class: "space-note" }, ` x ${stage.units.length}`),
    isBusiest ? el("span", { class: "space-busiest", title: "its units are busy most of the time shown: it sets the pace of the section" }, "busiest") : null,
  ];
  const row = rowOf("stage", parts, label, [busyWords(parts, activity), fillWords(mean)].join(" · "));
  row.dataset.stage = stage.name;
  row.dataset.section = section.name;
  if (isBusiest) row.dataset.busiest = "";
  if (mean !== null) {
    row.dataset.fill = `${Math.round(mean.fill_cycles)}`;
    row.dataset.drain = `${Math.round(mean.drain_cycles)}`;
  }
  if (parts.base === undefined) for (const one of ends) drawFill(row.querySelector("svg")!, one, scale, HIGH.stage);
  return row;
}

function busyWords({ base, stage, time }: StageParts, { cycles }: Activity): string {
  if (base === undefined || base === null) {
    const share = time === 0 ? 0 : cycles[BUSY]! / (time * stage.units.length);
    return `busy ${percent(share)}${base === null ? ", not in A" : ""}`;
  }
  return `busy ${signedPercent(shareOf(cycles) - shareOf(base.cycles))} of the time shown`;
}

function shareOf(cycles: Activity["cycles"]): number {
  const all = cycles.reduce((sum, one) => sum + one, 0);
  return all === 0 ? 0 : cycles[BUSY]! / all;
}

function fillWords(mean: StageParts["mean"]): string {
  if (mean === null) return "fill and drain not seen";
  return `${mean.runs > 1 ? "means: " : ""}fill ${counted(Math.round(mean.fill_cycles))}, drain ${counted(Math.round(mean.drain_cycles))}`;
}

function rowOf(
  kind: keyof typeof HIGH,
  { section, room, scale, activity, base, isDim }: RowParts,
  label: readonly (Node | null)[],
  figures: string,
): HTMLElement {
  const high = HIGH[kind];
  const width = scale.range()[1]!;
  const picture = svg("svg", { width, height: high, class: "space-plot", "aria-hidden": "true" });
  if (base === undefined) drawStates(picture, activity, width, high);
  else if (base !== null) drawDifference(picture, busyDifference(activity, base), width, high);
  if (kind === "section") drawSpans(picture, section, scale, high);
  return el(
    "div",
    { class: `space-row space-row-${kind}`, role: "listitem", style: isDim ? "opacity:0.4" : null },
    el("div", { class: "space-row-label", style: `width:${room.left}px` }, ...label),
    picture,
    el("div", { class: "space-row-figures space-note", style: `width:${room.figures}px` }, figures),
  );
}
