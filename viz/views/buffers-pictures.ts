/** Small pictures of how full channels were. */

import { area, curveStepBefore, line } from "d3";
import { grouped, percent } from "../../src/report/format.ts";
import { el, svg } from "../ui/dom.ts";
import type { BufferRow } from "./buffers.ts";

const WIDTH = 210;
const HEIGHT = 34;
/** Points at most: a few for each pixel. */
const MOST = 420;

/** Mean over the channels as an area against the slots, their least and most as a band. */
export function areaPicture({ run, window, group: { section }, use, fill }: BufferRow): Node {
  if (use === null) return el("span", { class: "muted" }, run.trace.origin === "means" ? "not recorded" : "data decides");
  const { bin_cycles } = run.trace;
  const { first, bins } = section.trace;
  const [from, to] = [Math.max(0, Math.floor(window.from / bin_cycles) - first), Math.min(bins, Math.ceil(window.to / bin_cycles) - first)];
  const step = Math.max(1, Math.ceil((to - from) / MOST));
  const at = Array.from({ length: Math.max(0, Math.floor((to - from) / step)) }, (_, i) => from + i * step);
  const x = (bin: number): number => (WIDTH * ((first + bin + 1) * bin_cycles - window.from)) / (window.to - window.from);
  const y = (slots: number): number => HEIGHT - 1 - ((HEIGHT - 3) * slots) / use.slots;
  const band = area<number>(
    (bin) => x(bin),
    (bin) => y(use.least[bin]!),
    (bin) => y(use.most[bin]!),
  ).curve(curveStepBefore);
  const filled = area<number>(
    (bin) => x(bin),
    HEIGHT - 1,
    (bin) => y(use.mean[bin]!),
  ).curve(curveStepBefore);
  const edge = line<number>(
    (bin) => x(bin),
    (bin) => y(use.mean[bin]!),
  ).curve(curveStepBefore);
  const words = `mean ${Number((fill?.mean ?? 0).toPrecision(3))} of ${grouped(use.slots)} slots, at most ${grouped(fill?.peak ?? 0)}${use.sinks.length === 1 ? "" : `; ${use.sinks.length} channels: the band goes from the emptiest to the fullest`}${use.sinks.length < use.all ? `; of ${use.all - use.sinks.length} it cannot be told` : ""}`;
  return svg(
    "svg",
    { width: WIDTH, height: HEIGHT, role: "img", "aria-label": words, class: "use" },
    svg("title", {}, words),
    svg("line", { x1: 0, x2: WIDTH, y1: y(use.slots), y2: y(use.slots), stroke: "var(--muted)", "stroke-dasharray": "3 3" }),
    svg("path", { d: filled(at) ?? "", fill: "var(--accent)", "fill-opacity": 0.3 }),
    use.sinks.length === 1 ? null : svg("path", { d: band(at) ?? "", fill: "var(--accent)", "fill-opacity": 0.18 }),
    svg("path", { d: edge(at) ?? "", fill: "none", stroke: "var(--accent)" }),
  );
}

const TENTH = 9;

/** Ten bars, from nearly empty to nearly full: in how many of the samples. */
export function tenthsPicture({ fill }: BufferRow): Node {
  if (fill === null || fill.samples === 0) return el("span", {}, "–");
  const most = Math.max(...fill.tenths);
  const words = `in ${percent(fill.empty)} of the samples empty, in ${percent(fill.full)} full; by tenths of the slots ${fill.tenths.map(percent).join(", ")}`;
  const bars = fill.tenths.map((share, tenth) => {
    const height = ((HEIGHT - 4) * share) / most;
    return svg("rect", { x: tenth * TENTH, y: HEIGHT - 1 - height, width: TENTH - 1, height, fill: "var(--accent)" });
  });
  return svg(
    "svg",
    { width: 10 * TENTH, height: HEIGHT, role: "img", "aria-label": words },
    svg("title", {}, words),
    svg("line", { x1: 0, x2: 10 * TENTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, stroke: "var(--line)" }),
    ...bars,
  );
}
