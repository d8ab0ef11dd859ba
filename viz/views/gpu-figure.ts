/** The figure of a GPU beside the spatial run: rows of both, the waterfall, and an axis of seconds above and below. */

import { axisBottom, axisTop, type ScaleLinear, scaleLinear, select } from "d3";
import { duration } from "../../src/report/format.ts";
import type { SceneGpuSide } from "../../src/scene/scene.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import { el, svg } from "../ui/dom.ts";
import { brushGroup } from "./bandwidth-time.ts";
import { HBM_HEIGHT, KERNEL_HEIGHT, kernelRows } from "./gpu-kernels.ts";
import { PINS_HEIGHT, pinsRow, SPAN_HEIGHT, spanRow } from "./gpu-sections.ts";
import { stageStrip } from "./gpu-stages.ts";
import { waterfallHeight, waterfallRows } from "./waterfall.ts";

export interface BesideParts {
  readonly context: ViewContext;
  readonly state: ViewState;
  readonly side: SceneGpuSide;
  /** The longer of both fills the width, whichever machine's it is. */
  readonly hasOwnAxes: boolean;
}

type Scale = ScaleLinear<number, number>;

const LEFT = 150;
const RIGHT = 24;
const AXIS = 24;
const HEAD = 20;
const GAP = 12;

export function drawBeside(host: HTMLElement, parts: BesideParts): void {
  const { context, state, side, hasOwnAxes } = parts;
  const { app, run, base } = context;
  const width = host.clientWidth || 800;
  const range: [number, number] = [LEFT, Math.max(LEFT + 1, width - RIGHT)];
  const [gpuTime, time] = [side.result.seconds, Math.max(run.report.seconds, base?.report.seconds ?? 0)];
  const both = Math.max(gpuTime, time, 1e-12);
  const above = scaleLinear([0, hasOwnAxes ? Math.max(gpuTime, 1e-12) : both], range);
  const below = scaleLinear([0, hasOwnAxes ? Math.max(time, 1e-12) : both], range);
  const element = svg("svg", { class: "plot beside", role: "group", "aria-label": `${side.name} above, ${run.title} below` }, patterns());
  let top = AXIS;
  element.append(axis(above, top, "above"), head(`${side.name}: ${duration(gpuTime)}`, top + 14));
  top += HEAD;
  element.append(kernelRows(side, above, top, app, state), rowName("kernels", top + 18));
  top += KERNEL_HEIGHT + 10 + HBM_HEIGHT + GAP;
  if (run.sections.length > 0) top = drawSpatial(element, parts, { below, both }, top);
  element.append(axis(below, top + 4, "below"));
  element.setAttribute("height", `${top + 4 + AXIS}`);
  const strip = el("div");
  host.replaceChildren(element, strip);
  stageStrip(strip, run, cyclesScale(below, run.report.clock_hz));
}

interface Scales {
  readonly below: Scale;
  /** Seconds of the longer of both. */
  readonly both: number;
}

/** The waterfall and the spatial run below it; gives where they end. */
function drawSpatial(element: SVGSVGElement, { context, state, side }: BesideParts, { below, both }: Scales, begin: number): number {
  const { app, run, base } = context;
  const waterfall = run.scene.gpu.comparison.waterfalls.find(({ from }) => from === side.name) ?? null;
  const cycles = cyclesScale(below, run.report.clock_hz);
  let top = begin;
  if (waterfall === null) element.append(svg("text", { x: LEFT, y: top + 14 }, noWaterfall(context)));
  else element.append(waterfallRows(waterfall, scaleLinear([0, both], below.range()), top));
  top += (waterfall === null ? 24 : waterfallHeight(waterfall)) + GAP;
  element.append(head(`${run.title}, ${run.report.style}: ${duration(run.report.seconds)}`, top + 14));
  top += HEAD;
  const spans = top;
  const pins = pinsRow(run, cycles, top + SPAN_HEIGHT + 10);
  top += SPAN_HEIGHT + (pins === null ? 0 : 10 + PINS_HEIGHT);
  element.append(
    brushGroup(app.store, state.window, cycles, spans, top - spans, run.report.cycles),
    spanRow(run, cycles, spans, app, state),
    rowName("sections", spans + 18),
  );
  if (pins !== null) element.append(pins);
  if (base !== null) {
    top += GAP;
    element.append(spanRow(base, cyclesScale(below, base.report.clock_hz), top, app, state), rowName("sections of A", top + 18));
    top += SPAN_HEIGHT;
  }
  return top;
}

/** The same place for so many cycles as for their seconds. */
function cyclesScale(seconds: Scale, clock_hz: number): Scale {
  return scaleLinear([0, seconds.domain()[1]! * clock_hz], seconds.range());
}

function axis(x: Scale, top: number, where: "above" | "below"): SVGGElement {
  const group = svg("g", { class: "axis", transform: `translate(0,${top})` });
  const [left, right] = x.range() as [number, number];
  const ticks = Math.max(2, Math.floor((right - left) / 110));
  select(group).call(
    (where === "above" ? axisTop(x) : axisBottom(x))
      .ticks(ticks)
      .tickSize(4)
      .tickFormat((at) => (Number(at) === 0 ? "0" : duration(Number(at)))),
  );
  return group;
}

const head = (words: string, y: number): SVGTextElement => svg("text", { class: "strong", x: LEFT, y }, words);

const rowName = (words: string, y: number): SVGTextElement => svg("text", { x: LEFT - 8, y, "text-anchor": "end" }, words);

function noWaterfall({ run }: ViewContext): string {
  if (run.report.partial !== null) return "The run was stopped: what it would have taken is not simulated, and there is no waterfall.";
  return run.report.style === "spatial" ? "There is no waterfall to this run." : "This run is kernel by kernel: a waterfall leads to a spatial run.";
}

/** Hatching: for what waits, and for what is many in one. */
function patterns(): SVGDefsElement {
  const hatch = (id: string, kind: string, step: number): SVGPatternElement =>
    svg(
      "pattern",
      { id, class: kind, width: step, height: step, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { x1: 0, x2: 0, y1: 0, y2: step }),
    );
  return svg("defs", {}, hatch("gpu-gap", "hatch-gap", 5), hatch("gpu-rounds", "hatch-rounds", 7));
}
