/** The plots of the timeline: a section's runs, and what units did as areas over time. */

import { area, type ScaleLinear } from "d3";
import { LESS, MORE } from "../model/hues.ts";
import type { FillAndDrain } from "../model/pipeline.ts";
import type { SectionView } from "../model/run.ts";
import { STATE_WORDS, STATES, type UnitState } from "../model/states.ts";
import type { Activity } from "../model/timeline.ts";
import { svg } from "../ui/dom.ts";

/** Cycles to pixels. */
export type TimeScale = ScaleLinear<number, number>;

/** Waiting is paler than work; an idle unit leaves the ground as it is. */
const SEEN: readonly (readonly [state: UnitState, opacity: number])[] = [
  ["busy", 1],
  ["starved", 0.4],
  ["blocked", 0.4],
  ["memory", 0.4],
];

export function drawStates(picture: SVGSVGElement, { columns, shares }: Activity, width: number, height: number): void {
  const below = new Float64Array(columns);
  for (const [state, opacity] of SEEN) {
    const at = STATES.indexOf(state);
    const above = below.map((sum, column) => sum + shares[column * STATES.length + at]!);
    if (above.some((sum, column) => sum > below[column]!))
      picture.append(svg("path", { d: band(below, above, width, height), fill: STATE_WORDS[state].colour, "fill-opacity": opacity }));
    below.set(above);
  }
}

/** Between two heights by column, 0 .. 1, as steps. */
function band(below: Float64Array, above: Float64Array, width: number, height: number): string {
  const columns = below.length;
  const edges = Array.from({ length: 2 * columns }, (_, i) => i);
  const shape = area<number>()
    .x((i) => (((i + 1) >> 1) * width) / columns)
    .y0((i) => height * (1 - below[i >> 1]!))
    .y1((i) => height * (1 - above[i >> 1]!));
  return shape(edges) ?? "";
}

/** More above the middle, less below it. */
export function drawDifference(picture: SVGSVGElement, differences: Float64Array, width: number, height: number): void {
  const flat = differences.map(() => 0.5);
  const more = differences.map((one) => 0.5 + Math.max(0, one) / 2);
  const less = differences.map((one) => 0.5 + Math.min(0, one) / 2);
  picture.append(
    svg("path", { d: band(flat, more, width, height), fill: MORE }),
    svg("path", { d: band(less, flat, width, height), fill: LESS }),
    svg("line", { x1: 0, x2: width, y1: height / 2, y2: height / 2, stroke: "var(--line)" }),
  );
}

/** Frames of the section's runs; hatched while its configuration is loaded. */
export function drawSpans(picture: SVGSVGElement, { spans }: SectionView, scale: TimeScale, height: number): void {
  const [left, right] = scale.range() as [number, number];
  const seen = (at: number): number => Math.max(left, Math.min(right, scale(at)));
  for (const { start, configuring_cycles, cycles } of spans) {
    const [from, ready, to] = [seen(start), seen(start + configuring_cycles), seen(start + cycles)];
    if (to - from < 0.3 && (to === left || from === right)) continue;
    picture.append(svg("rect", { class: "space-run", x: from, y: 0.5, width: Math.max(0.6, to - from), height: height - 1 }));
    if (ready > from) picture.append(svg("rect", { x: from, y: 1, width: ready - from, height: height - 2, fill: "url(#space-configuring)" }));
  }
}

/** Too narrow for two hatched ends and two ticks. */
const NARROW = 36;

/** Hatched until the first firing and behind the last, a tick at each. */
export function drawFill(picture: SVGSVGElement, { start, first, last, end }: FillAndDrain, scale: TimeScale, height: number): void {
  const [left, right] = scale.range() as [number, number];
  const [from, begin, done, to] = [start, first, last, end].map((at) => Math.max(left, Math.min(right, scale(at)))) as [number, number, number, number];
  if (to - from < NARROW) return;
  for (const [a, b] of [
    [from, begin],
    [done, to],
  ] as const) {
    if (b > a) picture.append(svg("rect", { x: a, y: 0, width: b - a, height, fill: "url(#space-fill)" }));
  }
  for (const at of [first, last]) {
    const x = scale(at);
    if (x >= left && x <= right) picture.append(svg("line", { x1: x, x2: x, y1: 0, y2: height, stroke: "var(--ink)", "stroke-width": 1.5 }));
  }
}

/** Hatches, once a view. */
export function hatches(): SVGSVGElement {
  const hatch = (id: string, colour: string, ground: string): SVGElement =>
    svg(
      "pattern",
      { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 6, height: 6, fill: ground }),
      svg("line", { x1: 0, x2: 0, y1: 0, y2: 6, stroke: colour, "stroke-width": 2 }),
    );
  const configuring = hatch("space-configuring", "#6b5f00", STATE_WORDS.configuring.colour);
  return svg(
    "svg",
    { width: 0, height: 0, "aria-hidden": "true", class: "space-defs" },
    svg("defs", {}, configuring, hatch("space-fill", "var(--muted)", "none")),
  );
}
