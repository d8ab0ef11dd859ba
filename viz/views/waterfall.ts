/** A waterfall on the line of time of both machines: from the one's time, part by part, to the other's. */

import type { ScaleLinear } from "d3";
import { duration, percent } from "../../src/report/format.ts";
import type { Waterfall, WaterfallPart } from "../../src/report/waterfall.ts";
import { el, svg } from "../ui/dom.ts";
import { tipped } from "../ui/tipped.ts";

const ROW = 20;
/** Width of one. */
const LETTER = 7;

export function waterfallHeight({ parts }: Waterfall): number {
  return (parts.length + 2) * ROW;
}

/** `x`: of seconds. Bars begin where the one before them ended. */
export function waterfallRows(waterfall: Waterfall, x: ScaleLinear<number, number>, top: number): SVGGElement {
  const { from, to, from_ps, to_ps, parts } = waterfall;
  const group = svg("g", { "data-test": "waterfall", "data-from-ps": from_ps, "data-to-ps": to_ps });
  group.append(whole(from, from_ps, x, top));
  let reached = from_ps;
  parts.forEach((part, row) => {
    group.append(partRow(part, reached, from_ps - to_ps, x, top + (row + 1) * ROW));
    reached += part.ps;
  });
  group.append(whole(to, to_ps, x, top + (parts.length + 1) * ROW));
  return group;
}

const seconds = (ps: number): number => ps / 1e12;

function whole(name: string, ps: number, x: ScaleLinear<number, number>, top: number): SVGGElement {
  const [left] = x.range() as [number, number];
  return svg(
    "g",
    {},
    svg("rect", { class: "whole", x: left, y: top + 2, width: Math.max(1, x(seconds(ps)) - left), height: ROW - 4 }),
    beside(`${name}: ${duration(seconds(ps))}`, left, x(seconds(ps)), x, top),
  );
}

function partRow({ name, ps, why }: WaterfallPart, reached: number, saved: number, x: ScaleLinear<number, number>, top: number): SVGGElement {
  const [left] = x.range() as [number, number];
  const [begin, end] = [x(seconds(Math.min(reached, reached + ps))), x(seconds(Math.max(reached, reached + ps)))];
  const amount = signed(ps);
  const bar = svg("rect", {
    class: ps <= 0 ? "less" : "more",
    x: begin,
    y: top + 4,
    width: Math.max(1, end - begin),
    height: ROW - 8,
    "data-part": name,
    "data-ps": ps,
  });
  const share = saved === 0 ? "" : ` (${percent(Math.abs(ps / saved))} of the whole difference)`;
  tipped(bar, `${name}: ${amount}. ${why}`, () => el("div", {}, el("strong", {}, `${name}: ${amount}${share}`), el("p", {}, why)));
  return svg(
    "g",
    {},
    svg("line", { class: "grid", x1: begin, x2: begin, y1: top - 4, y2: top + 4 }),
    svg("text", { x: left - 8, y: top + ROW - 6, "text-anchor": "end" }, name),
    bar,
    beside(amount, begin, end, x, top),
  );
}

/** Behind the bar, or before it where there is no room; in a bar that leaves room nowhere; else behind it, cut. */
function beside(words: string, begin: number, end: number, x: ScaleLinear<number, number>, top: number): SVGTextElement {
  const [left, right] = x.range() as [number, number];
  const size = words.length * LETTER;
  const y = top + ROW - 6;
  if (end + size + 8 < right) return svg("text", { class: "halo ink", x: end + 6, y }, words);
  if (begin - size - 8 > left) return svg("text", { class: "halo ink", x: begin - 6, y, "text-anchor": "end" }, words);
  if (begin + size + 8 < end) return svg("text", { class: "on-block", x: begin + 6, y }, words);
  return svg("text", { class: "halo ink", x: end + 6, y }, cut(words, Math.floor((right - end - 8) / LETTER)));
}

const cut = (words: string, letters: number): string => (letters < 2 ? "" : `${words.slice(0, letters - 1)}…`);

function signed(ps: number): string {
  return ps === 0 ? "0" : `${ps < 0 ? "-" : "+"}${duration(Math.abs(seconds(ps)))}`;
}
