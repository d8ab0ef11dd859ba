/** The labels left of the raster: groups of rows, or the single rows where they are high enough; and the axis below. */

import { axisBottom, scaleLinear, select } from "d3";
import { counted, duration, grouped } from "../../src/report/format.ts";
import type { Rows } from "../model/rows.ts";
import type { RunView } from "../model/run.ts";
import type { Window } from "../model/window.ts";
import { svg } from "../ui/dom.ts";

export const LABEL_WIDTH = 168;
export const AXIS_HEIGHT = 22;
/** Pixels that a line of letters takes. */
const LINE = 12;
const LETTERS = 25;
/** Half of a tick's words. */
const EDGE = 48;

export function drawLabels(picture: SVGSVGElement, { units, groups }: Rows, height: number): void {
  const rowHeight = height / Math.max(1, units.length);
  picture.replaceChildren();
  picture.setAttribute("width", `${LABEL_WIDTH}`);
  picture.setAttribute("height", `${height}`);
  if (rowHeight >= LINE) {
    units.forEach(({ scene }, row) => addLabel(picture, scene.id, `${scene.id}: ${scene.label}`, (row + 0.5) * rowHeight));
    return;
  }
  let free = 0;
  for (const { label, from, to } of groups) {
    const [top, bottom] = [from * rowHeight, to * rowHeight];
    picture.append(svg("line", { x1: LABEL_WIDTH - 6, x2: LABEL_WIDTH - 1, y1: top + 0.5, y2: top + 0.5, stroke: "var(--muted)" }));
    const middle = Math.min(height - LINE / 2, Math.max(LINE / 2, (top + bottom) / 2));
    if (middle - LINE / 2 < free) continue;
    addLabel(picture, `${label} (${to - from})`, `${label}: ${to - from} units`, middle);
    free = middle + LINE / 2;
  }
}

function addLabel(picture: SVGSVGElement, text: string, title: string, y: number): void {
  const short = text.length > LETTERS ? `${text.slice(0, LETTERS - 9)}…${text.slice(-8)}` : text;
  picture.append(
    svg("text", { x: LABEL_WIDTH - 9, y, "text-anchor": "end", "dominant-baseline": "central", class: "space-label" }, short, svg("title", {}, title)),
  );
}

/** Cycles, and the time that they take. */
export function drawAxis(picture: SVGSVGElement, run: RunView, { from, to }: Window, left: number, width: number): void {
  picture.replaceChildren();
  picture.setAttribute("width", `${left + width}`);
  picture.setAttribute("height", `${AXIS_HEIGHT}`);
  const scale = scaleLinear([from, to], [left, left + width]);
  const ticks = axisBottom<number>(scale)
    .ticks(Math.max(2, Math.floor(width / 190)))
    .tickFormat((at) => `${exactly(at, to - from)} · ${duration(at / run.report.clock_hz)}`);
  const axis = select(picture).append<SVGGElement>("g").attr("class", "axis").call(ticks);
  axis
    .selectAll<SVGTextElement, number>("text")
    .attr("text-anchor", (at) => (scale(at) - left < EDGE ? "start" : left + width - scale(at) < EDGE ? "end" : "middle"));
}

/** In full where neighbouring ticks would look alike. */
function exactly(at: number, length: number): string {
  return length > at / 20 ? counted(at) : grouped(at);
}
