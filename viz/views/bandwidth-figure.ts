/** The figure of a tier: what it served, what was asked of it by tensor, and how many bursts found their row open. */

import { area, curveStepAfter, line, type ScaleLinear, scaleLinear } from "d3";
import { duration, grouped, percent, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import { highest, type ServedColumn, type Stack, servedColumns, stacksOf } from "../model/bandwidth.ts";
import type { RunView } from "../model/run.ts";
import { columnsOf, type Served, servedOf } from "../model/traffic.ts";
import { svg } from "../ui/dom.ts";
import { hideTip, showTip, tipRows } from "../ui/tip.ts";
import {
  AXIS_HEIGHT,
  axisGroup,
  brushGroup,
  columnCount,
  domainOf,
  isZoomed,
  LEFT,
  RIGHT,
  SECTIONS_HEIGHT,
  sectionMarks,
  type TimeScale,
  timeScale,
} from "./bandwidth-time.ts";

const SERVED_HEIGHT = 96;
const ASKED_HEIGHT = 110;
const HITS_HEIGHT = 52;
const GAP = 14;
/** Times the rate of the pins: requests come in heaps, and memory serves them one after the other. */
const MOST_ASKED = 1.5;

export interface Figure {
  readonly element: SVGSVGElement;
  readonly draw: (state: ViewState) => void;
  readonly moveCursor: (state: ViewState) => void;
}

/** A rate axis: bytes a second upwards from `zero`. */
type RateScale = ScaleLinear<number, number>;

interface Drawn {
  readonly x: TimeScale;
  readonly served: readonly ServedColumn[];
  readonly stacks: readonly Stack[];
}

export function makeFigure(context: ViewContext, served: Served): Figure {
  const element = svg("svg", { class: "plot", tabindex: 0, role: "img" });
  let drawn: Drawn | null = null;
  let at = 0;
  const hair = svg("line", { class: "hair", visibility: "hidden" });
  const pointer = svg("line", { class: "cursor", visibility: "hidden" });
  const moveCursor = ({ cursor }: ViewState): void => {
    const [low, high] = drawn?.x.domain() ?? [0, -1];
    if (drawn === null || cursor === null || cursor < low! || cursor > high!) pointer.setAttribute("visibility", "hidden");
    else standAt(pointer, element, drawn.x(cursor));
  };
  const tell = (column: number, clientX: number, clientY: number): void => {
    if (drawn === null) return;
    at = Math.max(0, Math.min(drawn.served.length - 1, column));
    const { from, to } = drawn.served[at]!;
    const x = drawn.x((from + to) / 2);
    standAt(hair, element, x);
    showTip(clientX, clientY, readout(context.run, served, drawn, at));
  };
  const leave = (): void => {
    hair.setAttribute("visibility", "hidden");
    hideTip();
  };
  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (drawn === null) return;
    const [first, last] = drawn.x.range() as [number, number];
    const place = (clientX - element.getBoundingClientRect().left - first) / (last - first);
    if (place < 0 || place > 1) leave();
    else tell(Math.floor(place * drawn.served.length), clientX, clientY);
  });
  element.addEventListener("pointerleave", leave);
  element.addEventListener("blur", leave);
  element.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0 || drawn === null) return;
    event.preventDefault();
    const { left, top } = element.getBoundingClientRect();
    tell(at + step, left + drawn.x(drawn.served[Math.max(0, Math.min(drawn.served.length - 1, at + step))]!.from), top + 40);
  });
  return {
    element,
    draw: (state) => {
      drawn = drawFigure(element, context, served, state);
      element.append(pointer, hair);
      moveCursor(state);
    },
    moveCursor,
  };
}

/** A line over the whole plot, at this place. */
function standAt(one: SVGLineElement, { clientHeight }: SVGSVGElement, x: number): void {
  const places = { x1: x, x2: x, y1: SECTIONS_HEIGHT, y2: clientHeight - AXIS_HEIGHT, visibility: "visible" };
  for (const [name, value] of Object.entries(places)) one.setAttribute(name, `${value}`);
}

function drawFigure(element: SVGSVGElement, { app, run, base }: ViewContext, served: Served, state: ViewState): Drawn {
  const width = element.clientWidth || element.parentElement?.clientWidth || 800;
  const domain = domainOf(run, base, state);
  const x = timeScale(domain, width);
  const windows = columnsOf(domain, columnCount(run, domain, width));
  const picked = state.pick?.kind === "tensor" ? state.pick.name : null;
  const columns = servedColumns(run, served, windows);
  const stacks = stacksOf(run, served.tier, windows, picked);
  const before = base === null ? null : servedOf(base).find(({ tier }) => tier === served.tier);
  const other = base === null || before === undefined || before === null ? null : servedColumns(base, before, windows);
  const plot = SERVED_HEIGHT + GAP + ASKED_HEIGHT + (served.activates === null ? 0 : GAP + HITS_HEIGHT);
  const height = SECTIONS_HEIGHT + plot + AXIS_HEIGHT;
  element.setAttribute("height", `${height}`);
  element.setAttribute("aria-label", labelOf(run, served));
  const askedTop = SECTIONS_HEIGHT + SERVED_HEIGHT + GAP;
  element.replaceChildren(
    sectionMarks(run, x, plot),
    servedPart(run, served, columns, other, x),
    askedPart(stacks, columns, x, askedTop, (run.report.tiers[served.tier]?.peak_bytes_per_second ?? 0) * MOST_ASKED),
    ...(served.activates === null ? [] : [hitsPart(columns, x, askedTop + ASKED_HEIGHT + GAP)]),
    axisGroup(x, SECTIONS_HEIGHT + plot, run.report.clock_hz),
    brushGroup(app.store, isZoomed(state) ? null : state.window, x, SECTIONS_HEIGHT, plot, run.report.cycles),
  );
  return { x, served: columns, stacks };
}

function labelOf(run: RunView, { tier }: Served): string {
  const { achieved_bytes_per_second, peak_bytes_per_second } = run.report.tiers[tier] ?? { achieved_bytes_per_second: 0, peak_bytes_per_second: 0 };
  return `Bandwidth of ${tier} over time: ${scaled(achieved_bytes_per_second, "B/s")} on average of ${scaled(peak_bytes_per_second, "B/s")}. Arrow keys step through time.`;
}

/** With its last column once more, so that the last step has its whole length. */
function closed<T extends { readonly from: number; readonly to: number }>(columns: readonly T[]): T[] {
  const last = columns.at(-1);
  return last === undefined ? [] : [...columns, { ...last, from: last.to }];
}

function rateAxis(y: RateScale, ticks: readonly number[], width: number): SVGGElement {
  const group = svg("g", {});
  for (const tick of ticks) {
    group.append(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    group.append(svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, scaled(Math.abs(tick), "B/s")));
  }
  return group;
}

function servedPart(run: RunView, { tier }: Served, columns: readonly ServedColumn[], other: readonly ServedColumn[] | null, x: TimeScale): SVGGElement {
  const peak = run.report.tiers[tier]?.peak_bytes_per_second ?? 0;
  const service = run.scene.machine.tiers.find(({ name }) => name === tier)?.service_share ?? 1;
  const most = [...columns, ...(other ?? [])].reduce((top, { bytes_per_second }) => Math.max(top, bytes_per_second), peak);
  const y = scaleLinear([0, most * 1.04 || 1], [SECTIONS_HEIGHT + SERVED_HEIGHT, SECTIONS_HEIGHT]);
  const [left, right] = x.range() as [number, number];
  const level = (rate: number, kind: string): SVGLineElement => svg("line", { class: kind, x1: left, x2: right, y1: y(rate), y2: y(rate) });
  const place = ({ from }: ServedColumn): number => x(from);
  const height = ({ bytes_per_second }: ServedColumn): number => y(bytes_per_second);
  const filled = area<ServedColumn>().x(place).y0(y(0)).y1(height).curve(curveStepAfter);
  const outline = line<ServedColumn>().x(place).y(height).curve(curveStepAfter);
  return svg(
    "g",
    {},
    rateAxis(y, [0, peak / 2, peak], right + RIGHT),
    svg("path", { class: "served", d: filled(closed(columns)) }),
    other === null ? null : svg("path", { class: "base-line", d: outline(closed(other)) }),
    level(peak, "peak"),
    service < 1 ? level(peak * service, "service") : null,
    svg(
      "text",
      { class: "strong halo", x: left + 6, y: y(0) - 6 },
      most > peak ? "served (a burst counts whole in one bin: single columns may stand above the pins)" : "served",
    ),
    service < 1
      ? svg("text", { class: "halo", x: right - 4, y: y(peak * service) + 13, "text-anchor": "end" }, `dashed: refresh leaves ${percent(service)}`)
      : null,
  );
}

/** `cap`: what is asked for faster is cut there. */
function askedPart(stacks: readonly Stack[], columns: readonly ServedColumn[], x: TimeScale, top: number, cap: number): SVGGElement {
  const asked = { read: highest(stacks, "read"), write: highest(stacks, "write") };
  const [reads, writes] = [Math.min(cap, asked.read), Math.min(cap, asked.write)];
  const y = scaleLinear([-writes * 1.04, reads * 1.04 || 1], [top + ASKED_HEIGHT, top]).clamp(true);
  const cutWords = (rate: number): string => (rate > cap ? `, cut at ${MOST_ASKED} x the pins (at most ${scaled(rate, "B/s")})` : "");
  const [left, right] = x.range() as [number, number];
  const steps = closed(columns);
  const last = columns.length - 1;
  const shape = ({ rate, below, direction }: Stack): string | null => {
    const sign = direction === "read" ? 1 : -1;
    return area<ServedColumn>()
      .x(({ from }) => x(from))
      .y0((_, c) => y(sign * below[Math.min(c, last)]!))
      .y1((_, c) => y(sign * (below[Math.min(c, last)]! + rate[Math.min(c, last)]!)))
      .curve(curveStepAfter)(steps);
  };
  return svg(
    "g",
    {},
    rateAxis(y, [...(reads > 0 ? [reads] : []), 0, ...(writes > 0.2 * reads ? [-writes] : [])], right + RIGHT),
    ...stacks.map((stack) => svg("path", { fill: stack.colour, d: shape(stack) })),
    svg("line", { class: "peak", x1: left, x2: right, y1: y(0), y2: y(0) }),
    svg("text", { class: "strong halo", x: left + 6, y: top + 12 }, `reads asked for${cutWords(asked.read)}`),
    svg(
      "text",
      { class: "strong halo", x: left + 6, y: y(0) + (top + ASKED_HEIGHT - y(0) < 16 ? -5 : 14) },
      writes === 0 ? "no writes" : `writes asked for${cutWords(asked.write)}`,
    ),
  );
}

function hitsPart(columns: readonly ServedColumn[], x: TimeScale, top: number): SVGGElement {
  const y = scaleLinear([0, 1], [top + HITS_HEIGHT, top]);
  const [left, right] = x.range() as [number, number];
  const shape = line<ServedColumn>()
    .defined(({ hits }) => hits !== null)
    .x(({ from }) => x(from))
    .y(({ hits }) => y(hits ?? 0))
    .curve(curveStepAfter);
  const group = svg("g", {});
  for (const tick of [0, 0.5, 1]) {
    group.append(svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }));
    group.append(svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, percent(tick)));
  }
  group.append(
    svg("path", { class: "hits", d: shape(closed(columns)) }),
    svg("text", { class: "strong halo", x: left + 6, y: top + HITS_HEIGHT - 6 }, "row hits"),
  );
  return group;
}

function readout(run: RunView, { tier }: Served, { served, stacks }: Drawn, column: number): HTMLElement {
  const { from, to, bytes_per_second, hits } = served[column]!;
  const peak = run.report.tiers[tier]?.peak_bytes_per_second ?? 0;
  const rows = stacks.flatMap(({ name, direction, rate }) => (rate[column]! > 0 ? [{ name, direction, rate: rate[column]! }] : []));
  const top = rows.sort((a, b) => b.rate - a.rate).slice(0, 6);
  return tipRows(`${tier}, cycles ${grouped(from)} to ${grouped(to)}`, [
    ["time", `${duration(from / run.report.clock_hz)} on`],
    ["served", `${scaled(bytes_per_second, "B/s")}${peak === 0 ? "" : `, ${percent(bytes_per_second / peak)} of the pins`}`],
    ...(hits === null ? [] : [["row hits", percent(hits)] as const]),
    ...top.map(({ name, direction, rate }) => [`${direction} ${name}`, scaled(rate, "B/s")] as const),
  ]);
}
