/** The figure of the roofline: both axes logarithmic, roofs, arrows, points, names where there is room. */

import { type ScaleLogarithmic, scaleLog } from "d3";
import { decadeWord, duration, listed, percent, scaled } from "../../src/report/format.ts";
import { fastest, roofAt } from "../../src/report/roofline.ts";
import type { Roofs } from "../../src/report/sides.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import { framed, type Level, type RoofFigure, type RoofPoint } from "../model/roofline.ts";
import { svg } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";
import { tipped } from "../ui/tipped.ts";

/** How a side is drawn. */
export interface SideLook {
  readonly side: string;
  readonly words: string;
  /** A circle; else a square. */
  readonly isRound: boolean;
  readonly colour: string;
}

export interface RooflineParts {
  readonly context: ViewContext;
  readonly state: ViewState;
  readonly figure: RoofFigure;
  /** What the axes hold, whatever is hidden. */
  readonly frameOf: RoofFigure;
  readonly level: Level;
  readonly looks: readonly SideLook[];
}

interface Axes {
  readonly x: ScaleLogarithmic<number, number>;
  readonly y: ScaleLogarithmic<number, number>;
}

const HEIGHT = 460;
const PLOT = { left: 92, right: 16, top: 16, bottom: 44 } as const;
const LEAST_RADIUS = 4;
/** Of a point that takes all of its side's time. */
const MOST_RADIUS = 22;
/** Between two peaks, for the words of both. */
const LABEL_ROOM = 18;

export function drawRoofline(host: HTMLElement, parts: RooflineParts): void {
  const { figure, frameOf, level, looks, state } = parts;
  const width = host.clientWidth || 800;
  const frame = framed(frameOf);
  const axes: Axes = {
    x: scaleLog(frame.x.map((decade) => 10 ** decade) as [number, number], [PLOT.left, width - PLOT.right]),
    y: scaleLog(frame.y.map((decade) => 10 ** decade) as [number, number], [HEIGHT - PLOT.bottom, PLOT.top]),
  };
  const lookOf = (side: string): SideLook => looks.find((look) => look.side === side) ?? looks[0]!;
  const places = new Map(figure.points.map((point) => [point.number, placeOf(point, axes)]));
  const element = svg("svg", {
    class: "plot roofline",
    height: HEIGHT,
    role: "group",
    "aria-label": `Roofline of ${listed(figure.machines.map(({ name }) => name))}`,
  });
  element.append(
    svg(
      "defs",
      {},
      svg(
        "marker",
        { id: "roof-head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
        svg("path", { class: "arrow-head", d: "M0,0 L8,4 L0,8 z" }),
      ),
    ),
    grid(axes, frame, level),
    ...figure.machines.map((machine, at) => {
      const colour = lookOf(looks.find(({ side }) => side.startsWith(machine.name))?.side ?? "").colour;
      const peak = axes.y(machine.peak_flops_per_second);
      const isBelow = figure.machines.some((other) => axes.y(other.peak_flops_per_second) < peak && peak - axes.y(other.peak_flops_per_second) < LABEL_ROOM);
      return roof(machine, axes, colour, at, isBelow);
    }),
  );
  for (const { from, to } of figure.arrows) {
    const [a, b] = [places.get(from.number), places.get(to.number)];
    if (a !== undefined && b !== undefined) element.append(arrow(a, b, radiusOf(to)));
  }
  const bySize = [...figure.points].sort((a, b) => b.share - a.share);
  for (const point of bySize) element.append(mark(point, places.get(point.number)!, lookOf(point.side), parts, isPicked(point, state)));
  element.append(...names(bySize, places, width));
  host.replaceChildren(element);
}

const placeOf = ({ operations_per_byte, operations_per_second }: RoofPoint, { x, y }: Axes): readonly [number, number] => [
  x(operations_per_byte),
  y(operations_per_second),
];

const radiusOf = ({ share }: RoofPoint): number => Math.max(LEAST_RADIUS, MOST_RADIUS * Math.sqrt(Math.min(1, share)));

function grid({ x, y }: Axes, frame: { readonly x: readonly [number, number]; readonly y: readonly [number, number] }, level: Level): SVGGElement {
  const group = svg("g", {});
  const [left, right] = x.range() as [number, number];
  const [bottom, top] = y.range() as [number, number];
  for (let decade = frame.x[0]; decade <= frame.x[1]; decade++) {
    const at = x(10 ** decade);
    group.append(
      svg("line", { class: "grid", x1: at, x2: at, y1: top, y2: bottom }),
      svg("text", { x: at, y: bottom + 16, "text-anchor": "middle" }, decadeWord(decade)),
    );
  }
  for (let decade = frame.y[0]; decade <= frame.y[1]; decade++) {
    const at = y(10 ** decade);
    group.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
      svg("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, scaled(10 ** decade, "op/s")),
    );
  }
  group.append(
    svg(
      "text",
      { x: (left + right) / 2, y: bottom + 36, "text-anchor": "middle" },
      level === "off the chip" ? "operations a byte off the chip" : `operations a byte of ${level}`,
    ),
  );
  return group;
}

/** A slope for each tier up to the peak, and the peak along. `isBelow`: another peak is close above it, so that its words stand below. */
function roof(machine: Roofs, { x, y }: Axes, colour: string, at: number, isBelow: boolean): SVGGElement {
  const { name, peak_flops_per_second: peak, tiers } = machine;
  const group = svg("g", {});
  if (fastest(tiers) === 0) return group;
  const [low, high] = x.domain() as [number, number];
  const floor = y.domain()[0]!;
  for (const { name: tier, bytes_per_second } of tiers) {
    const ridge = Math.min(high, peak / bytes_per_second);
    const begin = Math.max(low, floor / bytes_per_second);
    if (begin >= ridge) continue;
    const isFastest = bytes_per_second === fastest(tiers);
    const words = `${name}, ${tier}: ${scaled(bytes_per_second, "B/s")}`;
    group.append(
      svg(
        "path",
        {
          class: isFastest ? "roof" : "roof slower",
          stroke: colour,
          d: `M${x(begin)},${y(begin * bytes_per_second)}L${x(ridge)},${y(Math.min(peak, ridge * bytes_per_second))}`,
        },
        svg("title", {}, words),
      ),
    );
    const [px, py] = [x(begin), y(begin * bytes_per_second)];
    const turn = (Math.atan2(y(ridge * bytes_per_second) - py, x(ridge) - px) * 180) / Math.PI;
    group.append(svg("text", { class: "halo ink", transform: `translate(${px},${py}) rotate(${turn}) translate(${24 + 150 * at},-5)` }, words));
  }
  const ridge = peak / fastest(tiers);
  if (ridge < high)
    group.append(
      svg(
        "path",
        { class: "roof", stroke: colour, d: `M${x(Math.max(low, ridge))},${y(peak)}H${x(high)}` },
        svg("title", {}, `${name}: ${scaled(peak, "FLOP/s")}`),
      ),
    );
  group.append(
    svg("text", { class: "halo ink", x: x(high) - 4, y: y(peak) + (isBelow ? 14 : -6), "text-anchor": "end" }, `${name}: ${scaled(peak, "FLOP/s")}`),
  );
  return group;
}

function arrow([x, y]: readonly [number, number], [x2, y2]: readonly [number, number], radius: number): SVGPathElement {
  const rest = Math.max(0, 1 - (radius + 2) / Math.max(1, Math.hypot(x2 - x, y2 - y)));
  return svg("path", { class: "arrow", "marker-end": "url(#roof-head)", d: `M${x},${y}L${x + (x2 - x) * rest},${y + (y2 - y) * rest}` });
}

/** A circle or a square of one area. */
export function markOf({ isRound, colour }: SideLook, x: number, y: number, radius: number): SVGElement {
  if (isRound) return svg("circle", { class: "point", cx: x, cy: y, r: radius, fill: colour, stroke: colour });
  const side = radius * Math.sqrt(Math.PI);
  return svg("rect", { class: "point", x: x - side / 2, y: y - side / 2, width: side, height: side, fill: colour, stroke: colour });
}

function isPicked({ style, name, ops }: RoofPoint, { pick }: ViewState): boolean {
  if (pick === null) return false;
  if (pick.kind === "operator") return ops.includes(pick.name);
  return pick.name === name && pick.kind === (style === "spatial" ? "section" : "kernel");
}

function mark(point: RoofPoint, [x, y]: readonly [number, number], look: SideLook, { context, level, figure }: RooflineParts, picked: boolean): SVGElement {
  const element = markOf(look, x, y, radiusOf(point));
  element.setAttribute("data-point", point.name);
  if (picked) element.classList.add("picked");
  const machine = figure.machines.find(({ name }) => name === point.machine);
  const roofs = machine === undefined ? 0 : roofAt(machine, point.operations_per_byte);
  const rows = (): HTMLElement =>
    tipRows(point.name, [
      ["side", look.words],
      ["operators", point.ops.length > 6 ? `${point.ops.slice(0, 6).join(", ")} and ${point.ops.length - 6} more` : point.ops.join(", ")],
      [level === "off the chip" ? "operations a byte" : `operations a byte of ${level}`, `${Number(point.operations_per_byte.toPrecision(3))}`],
      ["speed", scaled(point.operations_per_second, "op/s")],
      ["of its roof", roofs === 0 ? "unknown" : percent(point.operations_per_second / roofs)],
      ["time", `${duration(point.seconds)}, ${percent(point.share)} of its side's`],
    ]);
  const isSection = context.run.sections.some(({ name }) => name === point.name) && point.style !== "kernel-by-kernel";
  return tipped(
    element,
    `${point.name}, ${look.words}: ${scaled(point.operations_per_second, "op/s")} at ${Number(point.operations_per_byte.toPrecision(3))} operations a byte, ${duration(point.seconds)}`,
    rows,
    () => context.app.store.set({ pick: picked ? null : { kind: isSection ? "section" : "kernel", name: point.name, section: null } }),
  );
}

const LETTERS = 26;
const LINE = 13;
/** Points that have a name, of each figure. */
const MOST_NAMES = 24;

/** Of the points that take most time, where no other name stands. */
function names(points: readonly RoofPoint[], places: ReadonlyMap<number, readonly [number, number]>, width: number): readonly SVGTextElement[] {
  const taken: { readonly x: number; readonly y: number; readonly width: number }[] = [];
  return points.slice(0, MOST_NAMES).flatMap((point) => {
    const [px, py] = places.get(point.number)!;
    const words = point.name.length > LETTERS ? `${point.name.slice(0, LETTERS - 1)}…` : point.name;
    const size = words.length * 6.2;
    const right = px + radiusOf(point) + 4;
    const isLeft = right + size > width - PLOT.right;
    const x = isLeft ? px - radiusOf(point) - 4 - size : right;
    if (taken.some((other) => Math.abs(other.y - py) < LINE && x < other.x + other.width && other.x < x + size)) return [];
    taken.push({ x, y: py, width: size });
    return [svg("text", { class: "halo ink", x: isLeft ? x + size : x, y: py + 4, "text-anchor": isLeft ? "end" : "start", "pointer-events": "none" }, words)];
  });
}
