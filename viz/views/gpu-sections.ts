/** The spatial run as rows: sections with the loading of their configurations, what crosses the pins, and how busy its stages are. */

import { area, curveStepAfter, type ScaleLinear, scaleLinear } from "d3";
import { duration, grouped, percent, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { App } from "../app/view.ts";
import { servedColumns } from "../model/bandwidth.ts";
import type { RunView } from "../model/run.ts";
import { columnsOf, servedOf } from "../model/traffic.ts";
import { wholeOf } from "../model/window.ts";
import { svg } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";
import { tipped } from "../ui/tipped.ts";

export const SPAN_HEIGHT = 28;
export const PINS_HEIGHT = 44;

const LOADING = "loading the configuration";

/** `x`: of cycles. */
export function spanRow(run: RunView, x: ScaleLinear<number, number>, top: number, app: App, { pick }: ViewState): SVGGElement {
  const group = svg("g", {});
  const { clock_hz, cycles: all } = run.report;
  run.trace.spans.forEach(({ section, start, configuring_cycles, cycles, runs }) => {
    const { name, result } = run.sections[section]!;
    const [from, began, to] = [x(start), x(start + configuring_cycles), x(start + cycles)];
    const isPicked = pick?.kind === "section" && pick.name === name;
    const bar = svg("rect", { class: isPicked ? "span picked" : "span", x: from, y: top, width: Math.max(0.7, to - from), height: SPAN_HEIGHT });
    const words = `${name}: ${duration(cycles / clock_hz)}, of which ${duration(configuring_cycles / clock_hz)} load its configuration`;
    const rows = (): HTMLElement =>
      tipRows(`section ${name}`, [
        ["time", `${duration(cycles / clock_hz)}, ${percent(cycles / all)} of the run`],
        ["loading its configuration", duration(configuring_cycles / clock_hz)],
        ...(runs > 1 ? [["runs", `${grouped(runs)} that follow each other, drawn as one`] as const] : []),
        ["operators", result.ops.length > 8 ? `${result.ops.slice(0, 8).join(", ")} and ${result.ops.length - 8} more` : result.ops.join(", ")],
        ["limit", result.limit.resource],
      ]);
    group.append(to - from < 3 ? bar : tipped(bar, words, rows, () => app.store.set({ pick: isPicked ? null : { kind: "section", name, section: null } })));
    if (began > from) group.append(svg("rect", { x: from, y: top, width: began - from, height: SPAN_HEIGHT, fill: "url(#gpu-gap)", "pointer-events": "none" }));
    const label = spanLabel(name, from, began, to);
    if (label !== null) group.append(svg("text", { class: "halo ink", x: label.at + 4, y: top + 18, "pointer-events": "none" }, label.words));
  });
  return group;
}

/** Where there is room: that it loads, or its name, cut where it must be. */
function spanLabel(name: string, from: number, began: number, to: number): { readonly at: number; readonly words: string } | null {
  const letters = (room: number): number => Math.floor((room - 8) / 7.2);
  if (letters(began - from) >= LOADING.length && began - from > to - began) return { at: from, words: LOADING };
  const at = letters(to - began) >= Math.min(name.length, 8) ? began : from;
  const room = letters(to - at);
  if (room < 4) return null;
  return { at, words: name.length > room ? `${name.slice(0, room - 1)}…` : name };
}

/** Of all memories off the chip together; none where nobody recorded it. */
export function pinsRow(run: RunView, x: ScaleLinear<number, number>, top: number): SVGGElement | null {
  const tiers = servedOf(run);
  const peak = tiers.reduce((sum, { tier }) => sum + (run.report.tiers[tier]?.peak_bytes_per_second ?? 0), 0);
  if (tiers.length === 0) return null;
  const [left, right] = x.range() as [number, number];
  const columns = Math.max(1, Math.min(run.trace.bins, Math.floor((x(run.report.cycles) - left) / 2)));
  const windows = columnsOf(wholeOf(run), columns);
  const rates = tiers.map((tier) => servedColumns(run, tier, windows));
  const steps = [...windows, { from: run.report.cycles, to: run.report.cycles }].map(({ from }, column) => ({
    at: from,
    rate: rates.reduce((sum, of) => sum + of[Math.min(column, columns - 1)]!.bytes_per_second, 0),
  }));
  const y = scaleLinear([0, peak || 1], [top + PINS_HEIGHT, top]);
  const shape = area<(typeof steps)[number]>()
    .x(({ at }) => x(at))
    .y0(y(0))
    .y1(({ rate }) => y(Math.min(rate, peak)))
    .curve(curveStepAfter);
  return svg(
    "g",
    {},
    svg("path", { class: "served", d: shape(steps) }),
    svg("line", { class: "grid", x1: left, x2: right, y1: y(0), y2: y(0) }),
    svg("line", { class: "service", x1: left, x2: right, y1: y(peak), y2: y(peak) }),
    svg("text", { x: left - 8, y: y(peak) + 10, "text-anchor": "end" }, scaled(peak, "B/s")),
    svg("text", { x: left - 8, y: y(0), "text-anchor": "end" }, `${tiers.map(({ tier }) => tier.toUpperCase()).join(" + ")} traffic`),
  );
}
