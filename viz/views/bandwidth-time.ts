/** The line of time that the views of memory share: scale, axis in cycles and seconds, sections above, and the brush that chooses a window. */

import { axisBottom, brushX, type D3BrushEvent, type ScaleLinear, scaleLinear, select } from "d3";
import { counted, duration } from "../../src/report/format.ts";
import type { Store, ViewState } from "../app/state.ts";
import type { RunView } from "../model/run.ts";
import type { Window } from "../model/window.ts";
import { svg } from "../ui/dom.ts";

export const LEFT = 84;
export const RIGHT = 14;
/** Room for the names of sections, and for the axis. */
export const SECTIONS_HEIGHT = 18;
export const AXIS_HEIGHT = 30;
/** A label nearer to the end of the axis begins or ends at its tick. */
const EDGE = 44;

export type TimeScale = ScaleLinear<number, number>;

/** Name of the option under which views keep whether they show the window alone. */
const ZOOM = "memory.zoom";

/** What the views of memory show: the whole run (the longer of two), or the window alone. */
export function domainOf(run: RunView, base: RunView | null, state: ViewState): Window {
  if (state.window !== null && isZoomed(state)) return { from: state.window[0], to: state.window[1] };
  return { from: 0, to: Math.max(1, run.report.cycles, base?.report.cycles ?? 0) };
}

export function isZoomed({ window, options }: ViewState): boolean {
  return window !== null && options[ZOOM] === "window";
}

export function toggleZoom(store: Store): void {
  store.setOption(ZOOM, isZoomed(store.get()) ? null : "window");
}

export function timeScale({ from, to }: Window, width: number): TimeScale {
  return scaleLinear()
    .domain([from, to])
    .range([LEFT, Math.max(LEFT + 1, width - RIGHT)]);
}

/** Columns of two pixels, but no more than there are bins. */
export function columnCount({ trace }: RunView, { from, to }: Window, width: number): number {
  const bins = Math.ceil((to - from) / Math.max(1, trace.bin_cycles));
  return Math.max(1, Math.min(bins, Math.floor((width - LEFT - RIGHT) / 2)));
}

export function axisGroup(x: TimeScale, y: number, clock_hz: number): SVGGElement {
  const group = svg("g", { class: "axis", transform: `translate(0,${y})` });
  const [from, to] = x.range() as [number, number];
  const ticks = Math.max(2, Math.floor((to - from) / 150));
  select(group).call(
    axisBottom(x)
      .ticks(ticks)
      .tickSize(4)
      .tickFormat((at) => `${counted(Number(at))} · ${duration(Number(at) / clock_hz)}`),
  );
  for (const [tick, label] of [...group.querySelectorAll(".tick")].map((one, at) => [x.ticks(ticks)[at]!, one.querySelector("text")!] as const)) {
    if (x(tick) - from < EDGE) label.setAttribute("text-anchor", "start");
    if (to - x(tick) < EDGE) label.setAttribute("text-anchor", "end");
  }
  return group;
}

/** Names of sections over their spans, loading hatched. */
export function sectionMarks(run: RunView, x: TimeScale, height: number): SVGGElement {
  const group = svg("g", { class: "sections" });
  const [low, high] = x.domain() as [number, number];
  const [first, last] = x.range() as [number, number];
  const clip = (cycle: number): number => Math.min(last, Math.max(first, x(cycle)));
  let free = first;
  for (const { section, start, configuring_cycles, cycles } of run.trace.spans) {
    if (start + cycles <= low || start >= high) continue;
    const [from, began, to] = [clip(start), clip(start + configuring_cycles), clip(start + cycles)];
    if (began - from >= 0.5) group.append(svg("rect", { class: "configuring", x: from, y: SECTIONS_HEIGHT, width: began - from, height }));
    if (began - from > 150)
      group.append(svg("text", { x: (from + began) / 2, class: "halo", y: SECTIONS_HEIGHT + 34, "text-anchor": "middle" }, "loading the configuration"));
    if (to - from >= 6) group.append(svg("line", { class: "section-edge", x1: from, x2: from, y1: 2, y2: SECTIONS_HEIGHT + height }));
    const name = run.sections[section]!.name;
    const letters = Math.floor((to - Math.max(from, free)) / 7.2);
    if (letters >= 3) {
      group.append(svg("text", { x: Math.max(from, free) + 4, y: 12 }, name.length > letters ? `${name.slice(0, letters - 1)}…` : name));
      free = to;
    }
  }
  return group;
}

/** Over the plot; the selection is the page's window, and ends with the run's cycles. `window`: that is drawn as chosen. */
export function brushGroup(store: Store, window: ViewState["window"], x: TimeScale, top: number, height: number, cycles: number): SVGGElement {
  const [left, right] = x.range() as [number, number];
  const group = svg("g", { class: "brush" });
  const brush = brushX<unknown>()
    .extent([
      [left, top],
      [Math.min(right, Math.max(left, x(cycles))), top + height],
    ])
    .on("end", ({ selection, sourceEvent }: D3BrushEvent<unknown>) => {
      if (sourceEvent === undefined || sourceEvent === null) return;
      if (selection === null) store.set({ window: null });
      else store.set({ window: (selection as [number, number]).map((at) => Math.round(x.invert(at))) as [number, number] });
    });
  const layer = select<SVGGElement, unknown>(group).call(brush);
  const place = (cycle: number): number => Math.min(right, Math.max(left, x(cycle)));
  if (window !== null) layer.call(brush.move, [place(window[0]), place(window[1])]);
  return group;
}
