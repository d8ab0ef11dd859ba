/** Tensors in a memory off the chip over time: how many bytes live, and from when to when each does. */

import { area, curveStepAfter, line, scaleLinear } from "d3";
import { duration, grouped, percent, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import { inkOn } from "../model/ink.ts";
import { type FootprintStep, footprintOf, type Life, peakOf } from "../model/liveness.ts";
import { OTHERS_COLOUR, tensorColours } from "../model/tensor-colours.ts";
import type { TierName } from "../model/traffic.ts";
import { el, svg } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";
import { tipped } from "../ui/tipped.ts";
import { AXIS_HEIGHT, axisGroup, brushGroup, domainOf, isZoomed, LEFT, SECTIONS_HEIGHT, sectionMarks, type TimeScale, timeScale } from "./bandwidth-time.ts";

const FOOTPRINT_HEIGHT = 70;
const ROW = 16;
/** Tensors that have a row. */
const MOST_ROWS = 14;
/** Letters of a name beside the rows. */
const LETTERS = 12;

export interface TierParts {
  readonly context: ViewContext;
  readonly state: ViewState;
  readonly tier: TierName;
  readonly lives: readonly Life[];
  readonly base: readonly Life[] | null;
}

export function drawTier(host: HTMLElement, parts: TierParts): void {
  const { context, tier, lives } = parts;
  const { run, base } = context;
  const own = lives.filter((life) => life.tier === tier);
  const capacity = run.scene.machine.tiers.find(({ name }) => name === tier)?.bytes ?? 0;
  const steps = footprintOf(run, own, tier);
  const other = base === null || parts.base === null ? null : footprintOf(base, parts.base, tier);
  const peak = peakOf(steps);
  const words =
    own.length === 0
      ? "no tensor has its place here"
      : `${own.length} ${own.length === 1 ? "tensor" : "tensors"}, at most ${scaled(peak, "B")} at a time, ${percent(capacity === 0 ? 0 : peak / capacity)} of ${scaled(capacity, "B")}${other === null ? "" : ` (A: ${scaled(peakOf(other), "B")})`}`;
  host.append(el("p", { class: "tier-head" }, el("strong", {}, `in ${tier} `), words));
  if (own.length === 0) return;
  host.append(picture(host.clientWidth || 800, parts, own, steps, other));
  const rest = own.length - MOST_ROWS;
  host.append(
    el(
      "p",
      { class: "view-words" },
      `${rest > 0 ? `${rest} smaller ${rest === 1 ? "tensor has" : "tensors have"} no row. ` : ""}A tensor needs its room from the first burst that writes it (an input from the start) to the last that reads it (an output to the end); what a loop carries is written under one name and read under another; bursts are placed to the bin of ${grouped(run.trace.bin_cycles)} cycles in which they were asked for. ${run.trace.tiers.length === 0 ? "Bursts were not recorded." : ""}`,
    ),
  );
}

function picture(
  width: number,
  { context, state }: TierParts,
  lives: readonly Life[],
  steps: readonly FootprintStep[],
  other: readonly FootprintStep[] | null,
): SVGSVGElement {
  const { app, run, base } = context;
  const x = timeScale(domainOf(run, base, state), width);
  const rows = lives.slice(0, MOST_ROWS);
  const plot = FOOTPRINT_HEIGHT + 10 + rows.length * ROW;
  return svg(
    "svg",
    { class: "plot", height: SECTIONS_HEIGHT + plot + AXIS_HEIGHT, role: "group", "aria-label": "Tensors over time" },
    sectionMarks(run, x, plot),
    footprint(steps, other, x),
    axisGroup(x, SECTIONS_HEIGHT + plot, run.report.clock_hz),
    brushGroup(app.store, isZoomed(state) ? null : state.window, x, SECTIONS_HEIGHT, FOOTPRINT_HEIGHT, run.report.cycles),
    ...rows.map((life, row) => lifeRow(life, SECTIONS_HEIGHT + FOOTPRINT_HEIGHT + 10 + row * ROW, x, context, state)),
  );
}

function footprint(steps: readonly FootprintStep[], other: readonly FootprintStep[] | null, x: TimeScale): SVGGElement {
  const most = Math.max(1, peakOf(steps), other === null ? 0 : peakOf(other));
  const y = scaleLinear([0, most * 1.06], [SECTIONS_HEIGHT + FOOTPRINT_HEIGHT, SECTIONS_HEIGHT]);
  const [left, right] = x.range() as [number, number];
  const place = ({ at }: FootprintStep): number => Math.min(right, Math.max(left, x(at)));
  const filled = area<FootprintStep>()
    .x(place)
    .y0(y(0))
    .y1(({ bytes }) => y(bytes))
    .curve(curveStepAfter);
  const outline = line<FootprintStep>()
    .x(place)
    .y(({ bytes }) => y(bytes))
    .curve(curveStepAfter);
  return svg(
    "g",
    {},
    ...[0, most].flatMap((bytes) => [
      svg("line", { class: "grid", x1: left, x2: right, y1: y(bytes), y2: y(bytes) }),
      svg("text", { x: LEFT - 6, y: y(bytes) + 4, "text-anchor": "end" }, scaled(bytes, "B")),
    ]),
    svg("path", { class: "held", d: filled([...steps]) }),
    other === null ? null : svg("path", { class: "base-line", d: outline([...other]) }),
    svg("text", { class: "strong halo", x: left + 6, y: y(0) - 6 }, `live${other === null ? "" : " (line: A)"}`),
  );
}

function lifeRow(life: Life, top: number, x: TimeScale, { app, run }: ViewContext, { pick }: ViewState): SVGGElement {
  const { tensor, bytes, span, role } = life;
  const [left, right] = x.range() as [number, number];
  const clip = (cycle: number): number => Math.min(right, Math.max(left, x(cycle)));
  const isPicked = pick?.kind === "tensor" && pick.name === tensor;
  const name = tensor.length > LETTERS ? `${tensor.slice(0, LETTERS - 1)}…` : tensor;
  const label = svg("text", { class: isPicked ? "picked" : null, x: LEFT - 6, y: top + 11, "text-anchor": "end" }, name);
  if (span === null) return svg("g", {}, label, svg("text", { x: left + 6, y: top + 11 }, `${scaled(bytes, "B")}, never touched`));
  const [from, to] = [clip(span[0]), clip(span[1])];
  const words = `${tensor}: ${scaled(bytes, "B")}, ${role}, live from cycle ${grouped(span[0])} to ${grouped(span[1])}`;
  const colour = tensorColours(run).get(tensor) ?? OTHERS_COLOUR;
  const bar = svg("rect", {
    class: isPicked ? "life picked" : "life",
    x: from,
    y: top + 2,
    width: Math.max(1, to - from),
    height: ROW - 4,
    fill: colour,
  });
  tipped(
    bar,
    words,
    () =>
      tipRows(tensor, [
        ["size", scaled(bytes, "B")],
        ["role", role],
        ["live", `cycle ${grouped(span[0])} to ${grouped(span[1])}`],
        ["for", `${duration((span[1] - span[0]) / run.report.clock_hz)}, ${percent((span[1] - span[0]) / Math.max(1, run.report.cycles))} of the run`],
      ]),
    () => app.store.set({ pick: isPicked ? null : { kind: "tensor", name: tensor, section: null } }),
  );
  return svg("g", {}, label, bar, sizeLabel(scaled(bytes, "B"), from, to, [left, right], top + 12, colour));
}

/** Behind the bar, before it, or where it takes all the room in it. */
function sizeLabel(words: string, from: number, to: number, [left, right]: readonly [number, number], y: number, colour: string): SVGTextElement {
  if (right - to > 70) return svg("text", { x: to + 4, y }, words);
  if (from - left > 70) return svg("text", { x: from - 4, y, "text-anchor": "end" }, words);
  return svg("text", { x: from + 6, y, style: `fill:${inkOn(colour)}`, "pointer-events": "none" }, words);
}
