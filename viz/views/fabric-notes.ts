/** The words under the fabric map: what is drawn, with the sums of it. */

import { grouped, listed, percent } from "../../src/report/format.ts";
import { SHOWN } from "../model/cells.ts";
import type { RunView } from "../model/run.ts";
import { STATE_WORDS } from "../model/states.ts";
import { makeDifference } from "../ui/difference.ts";
import { el } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { LINK_COLOUR, type Traffic } from "./fabric-links.ts";
import type { FabricModel, Shown } from "./fabric-model.ts";
import { type Paint, SMALLEST_STACK } from "./fabric-paint.ts";

export interface Notes {
  readonly sums: HTMLElement;
  readonly words: HTMLElement;
  /** `pitch`: of the places on the screen. */
  readonly update: (shown: Shown, pitch: number) => void;
}

export function makeNotes({ run, base, places }: FabricModel): Notes {
  const sums = makeSums("fabric");
  const difference = makeDifference("fabric");
  const isShared = places.some(({ units }) => units.length > 1);
  const says = el("p", { class: "space-note", "data-test": "fabric-says" });
  const links = el("div", {});
  const means = meansWords(run);
  return {
    sums: base === null ? sums.element : difference.element,
    words: el("div", {}, says, links, means === null ? null : el("p", { class: "space-note" }, means)),
    update: ({ paint, section, traffic, cells, baseCells }, pitch) => {
      says.textContent = `${cellWords(paint, pitch >= SMALLEST_STACK, section === null && isShared)} ${shapeWords(section !== null)}`;
      links.replaceChildren(linkWords(traffic, section === null && run.sections.length > 1));
      if (paint.kind !== "difference" || baseCells === null || base === null) sums.update(cells.total);
      else
        difference.update(
          cells.total,
          baseCells.total,
          differenceWords(run, base, countOf(paint.differences), cells.use.filter((use) => use === SHOWN).length),
        );
    },
  };
}

const countOf = (differences: Float64Array): number => differences.reduce((sum, one) => sum + (Number.isNaN(one) ? 0 : 1), 0);

/** What the cells say, as they are drawn now. */
function cellWords(paint: Paint, isStacked: boolean, isMerged: boolean): string {
  const merged = isMerged ? " Where sections take turns in a place, the cell adds up what they do there." : "";
  switch (paint.kind) {
    case "states":
      return `${isStacked ? "Each cell is a stack of its shares of the time shown, busy at the bottom." : "Cells are too small for stacks: each shows the state that has most of the time shown, the paler the smaller its share. Zoom in for all states."}${merged}`;
    case "share":
      return `The stronger the colour, the larger the share of the time shown that is ${paint.state} (${STATE_WORDS[paint.state].what}).${merged}`;
    case "names":
      return `Each cell has the colour of what it works for${isMerged ? ", where sections take turns of the one that is busiest there in the time shown" : ""}; zoom in to read names in the cells.`;
    case "difference":
      return "Places and links are those of B; the root of the difference is drawn, so that small ones are seen too. Empty: A has no unit that stands for the one of B.";
  }
}

function shapeWords(isElsewhere: boolean): string {
  return `PCUs are square, PMUs upright, address generators flat and at the edges; outlines are places that this program leaves unused${isElsewhere ? ", half grey where another section uses them" : ""}.`;
}

function linkWords({ busiest }: Traffic, isOfAll: boolean): HTMLElement {
  const key = el("i", { class: "space-ramp", style: `background:linear-gradient(90deg, transparent, ${LINK_COLOUR})`, "aria-hidden": "true" });
  if (busiest === null) return el("p", { class: "space-note" }, key, "Links: no token crosses one in the time shown.");
  const { link, occupancy, tokens, channel } = busiest;
  const others = link.channels.length > 2 ? ` and ${link.channels.length / 2 - 1} more` : "";
  const text = `Links: width by occupancy (tokens over cycles and tracks). Busiest: column ${link.x}, row ${link.y} to column ${link.x2}, row ${link.y2}: ${percent(occupancy)} of ${link.tracks} ${link.width} ${link.tracks === 1 ? "track" : "tracks"}, ${grouped(tokens)} ${tokens === 1 ? "token" : "tokens"}, of ${channel.id}${others}${isOfAll ? " (all sections together)" : ""}.`;
  return el("p", { class: "space-note", "data-test": "fabric-busiest" }, key, text);
}

export function meansWords({ trace: { origin } }: RunView): string | null {
  return origin === "means"
    ? "Activity over time was not recorded for this run: what the report counts is spread evenly over the time of each section, so playing through it shows means."
    : null;
}

function differenceWords(run: RunView, base: RunView, matched: number, places: number): string {
  const machines =
    run.scene.machine.name === base.scene.machine.name ? "" : ` The machines differ: ${listed([run.scene.machine.name, base.scene.machine.name])}.`;
  return `In ${grouped(matched)} of ${grouped(places)} places a unit is found in A by section and name, or by place.${timeWords(run, base)}${machines}`;
}

/** What is compared, of runs that differ in length. */
export function timeWords({ report: { cycles } }: RunView, { report: base }: RunView): string {
  return cycles === base.cycles
    ? ""
    : ` The runs differ in length (${grouped(cycles)} and ${grouped(base.cycles)} cycles): the same part of each run's own time is compared.`;
}
