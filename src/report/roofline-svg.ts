/**
 * Roofline -> one SVG that needs nothing else: light background, both axes logarithmic, colours that the colour-blind can tell apart (Okabe and Ito, "Color Universal
 * Design", 2008), a title on every point.
 */

import { decadeWord, duration, scaled } from "./format.ts";
import { type Frame, fastest, frameOf, isPlaced, type PlacedPoint, type Roofline, roofAt } from "./roofline.ts";
import { escaped, line, tenths, text } from "./svg.ts";

const WIDTH = 960;
const HEIGHT = 620;
const PLOT = { left: 90, top: 60, right: 700, bottom: 550 } as const;
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"] as const;
const RADIUS = 6;
/** Points that are nearer to each other share a place for their numbers. */
const NEAR = 14;
/** Letters of a name in the list beside the figure. */
const NAME_LETTERS = 30;
const MOST_LISTED = 26;

/** Ends in a line break. */
export function rooflineSvg(roofline: Roofline, title: string): string {
  const frame = frameOf(roofline);
  const colorOf = colorsOf(roofline);
  const body = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(PLOT.left, 32, `Roofline of ${title}`, 'font-size="17" font-weight="bold"'),
    ...gridLines(frame),
    ...roofline.machines.flatMap((machine) => roofLines(machine, frame, colorOf(machine.name))),
    ...arrowLines(roofline, frame),
    ...roofline.points.flatMap((point, p) => (isPlaced(point) ? [mark(point, p, frame, colorOf(point.machine))] : [])),
    ...numbers(roofline, frame),
    ...listBeside(roofline, colorOf),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222222" role="img">`;
  const arrow =
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#666666"/></marker></defs>';
  return `${[head, `<title>${escaped(`Roofline of ${title}`)}</title>`, arrow, ...body, "</svg>"].join("\n")}\n`;
}

type ColorOf = (machine: string) => string;

function colorsOf({ machines }: Roofline): ColorOf {
  const colors = new Map(machines.map(({ name }, m) => [name, COLORS[m % COLORS.length]!]));
  return (machine) => colors.get(machine) ?? "#000000";
}

// --- places ---

const xOf = (value: number, { x }: Frame): number => tenths(PLOT.left + ((Math.log10(value) - x[0]) / (x[1] - x[0])) * (PLOT.right - PLOT.left));

const yOf = (value: number, { y }: Frame): number => tenths(PLOT.bottom - ((Math.log10(value) - y[0]) / (y[1] - y[0])) * (PLOT.bottom - PLOT.top));

const placeOf = (point: PlacedPoint, frame: Frame): readonly [number, number] => [
  xOf(point.operations_per_byte, frame),
  yOf(point.operations_per_second, frame),
];

// --- what is drawn ---

function gridLines(frame: Frame): readonly string[] {
  const lines: string[] = [];
  for (let decade = frame.x[0]; decade <= frame.x[1]; decade++) {
    const x = xOf(10 ** decade, frame);
    lines.push(line(x, PLOT.top, x, PLOT.bottom, 'stroke="#dddddd"'), text(x, PLOT.bottom + 18, decadeWord(decade), 'text-anchor="middle"'));
  }
  for (let decade = frame.y[0]; decade <= frame.y[1]; decade++) {
    const y = yOf(10 ** decade, frame);
    lines.push(line(PLOT.left, y, PLOT.right, y, 'stroke="#dddddd"'), text(PLOT.left - 8, y + 4, scaled(10 ** decade, "FLOP/s"), 'text-anchor="end"'));
  }
  lines.push(text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 42, "operations a byte off the chip (FLOP/byte)", 'text-anchor="middle"'));
  return lines;
}

/** Up the slope of the fastest tier to the peak, and on along it. */
function roofLines(machine: Roofline["machines"][number], frame: Frame, color: string): readonly string[] {
  const { name, peak_flops_per_second: peak, tiers } = machine;
  if (fastest(tiers) === 0) return [];
  const ridge = peak / fastest(tiers);
  const begin = Math.max(10 ** frame.x[0], 10 ** frame.y[0] / fastest(tiers));
  const places = [begin, ridge, 10 ** frame.x[1]].map((x) => `${xOf(x, frame)},${yOf(roofAt(machine, x), frame)}`);
  const words = `${name}: peak ${scaled(peak, "FLOP/s")}, ${tiers.map((tier) => `${tier.name} ${scaled(tier.bytes_per_second, "B/s")}`).join(", ")}`;
  return [
    `<polyline points="${places.join(" ")}" fill="none" stroke="${color}" stroke-width="2"><title>${escaped(words)}</title></polyline>`,
    text(PLOT.right - 4, yOf(peak, frame) - 6, `${name} ${scaled(peak, "FLOP/s")}`, `text-anchor="end" fill="${color}"`),
  ];
}

function arrowLines({ arrows, points }: Roofline, frame: Frame): readonly string[] {
  return arrows.flatMap(({ from, to }) => {
    const [a, b] = [points[from]!, points[to]!];
    if (!isPlaced(a) || !isPlaced(b)) return [];
    const title = `<title>${escaped(`${a.name} was fused into ${b.name}`)}</title>`;
    const [x, y, x2, y2] = [...placeOf(a, frame), ...placeOf(b, frame)] as [number, number, number, number];
    const rest = Math.max(0, 1 - (RADIUS + 3) / Math.max(1, Math.hypot(x2 - x, y2 - y)));
    return [
      `<path d="M${x},${y} L${tenths(x + (x2 - x) * rest)},${tenths(y + (y2 - y) * rest)}" stroke="#666666" stroke-width="1" stroke-dasharray="4 3" marker-end="url(#head)">${title}</path>`,
    ];
  });
}

/** A circle: spatial; a square: kernel by kernel. */
function mark(point: PlacedPoint, p: number, frame: Frame, color: string): string {
  const [x, y] = placeOf(point, frame);
  const figures = `${Number(point.operations_per_byte.toPrecision(3))} FLOP/byte, ${scaled(point.operations_per_second, "FLOP/s")}, ${duration(point.seconds)}`;
  const title = `<title>${escaped(`${p + 1}: ${point.name} on ${point.side} (${point.ops.join(", ")}): ${figures}`)}</title>`;
  return `<g class="point">${shape(point.style, x, y, color)}${title}</g>`;
}

/** Beside the points; those that lie on each other have theirs in one row. */
function numbers({ points }: Roofline, frame: Frame): readonly string[] {
  const groups: { readonly x: number; readonly y: number; readonly numbers: number[] }[] = [];
  points.forEach((point, p) => {
    if (!isPlaced(point)) return;
    const [x, y] = placeOf(point, frame);
    const near = groups.find((group) => Math.abs(group.x - x) < NEAR && Math.abs(group.y - y) < NEAR);
    if (near === undefined) groups.push({ x, y, numbers: [p + 1] });
    else near.numbers.push(p + 1);
  });
  return groups.map(({ x, y, numbers: all }) => text(x + 8, y - 8, all.join(", "), 'font-size="11"'));
}

function shape(style: string, x: number, y: number, color: string): string {
  if (style === "spatial") return `<circle cx="${x}" cy="${y}" r="${RADIUS}" fill="${color}"/>`;
  return `<rect x="${tenths(x - 5)}" y="${tenths(y - 5)}" width="10" height="10" fill="#ffffff" stroke="${color}" stroke-width="2"/>`;
}

function listBeside({ points }: Roofline, colorOf: ColorOf): readonly string[] {
  const x = PLOT.right + 24;
  const lines = [text(x, PLOT.top - 22, "circle: spatial", 'font-size="11"'), text(x, PLOT.top - 8, "square: kernel by kernel", 'font-size="11"')];
  let side = "";
  let y = PLOT.top + 10;
  for (const [p, point] of points.slice(0, MOST_LISTED).entries()) {
    if (point.side !== side) {
      side = point.side;
      lines.push(text(x, y, side, `font-weight="bold" fill="${colorOf(point.machine)}"`));
      y += 16;
    }
    const name = point.name.length > NAME_LETTERS ? `${point.name.slice(0, NAME_LETTERS - 3)}...` : point.name;
    lines.push(text(x, y, `${p + 1}  ${name}${isPlaced(point) ? "" : " (no place)"}`, ""));
    y += 16;
  }
  if (points.length > MOST_LISTED) lines.push(text(x, y, `... ${points.length - MOST_LISTED} more`, ""));
  return lines;
}
