/** Roofline -> a plot of letters for a terminal, both axes logarithmic, and a list of its points. */

import { duration, scaled } from "./format.ts";
import { type Frame, frameOf, isPlaced, type Roofline, type RooflinePoint, roofAt } from "./roofline.ts";
import { textTable } from "./text-table.ts";

const COLUMNS = 78;
const ROWS = 20;
/** Points that have a mark of their own; the JSON has all. */
const MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ROOFS = ["-", "=", "~", "'", ":", "."] as const;

/** Empty where nothing has a place on it. Without a line break at the end. */
export function printRoofline(roofline: Roofline): string {
  const { points, machines } = roofline;
  const placed = points.filter(isPlaced);
  if (placed.length === 0) return "";
  const frame = frameOf(roofline);
  const cells = Array.from({ length: ROWS }, () => new Array<string>(COLUMNS).fill(" "));
  const column = (x: number): number => scale(x, frame.x, COLUMNS - 1);
  const row = (y: number): number => ROWS - 1 - scale(y, frame.y, ROWS - 1);
  machines.forEach((machine, m) => {
    for (let at = 0; at < COLUMNS; at++) {
      const intensity = 10 ** (frame.x[0] + (at / (COLUMNS - 1)) * (frame.x[1] - frame.x[0]));
      const y = row(roofAt(machine, intensity));
      if (y >= 0 && y < ROWS) cells[y]![at] = ROOFS[m % ROOFS.length]!;
    }
  });
  points.forEach((point, p) => {
    if (!isPlaced(point)) return;
    const [y, x] = [row(point.operations_per_second), column(point.operations_per_byte)];
    const line = cells[y]!;
    line[x] = /[A-Za-z0-9*]/.test(line[x]!) ? "*" : markOf(p);
  });
  const labels = cells.map((_, r) => (r % 5 === 0 || r === ROWS - 1 ? scaled(valueAt(frame.y, (ROWS - 1 - r) / (ROWS - 1)), "FLOP/s") : ""));
  const width = Math.max(...labels.map(({ length }) => length));
  const plot = cells.map((line, r) => `  ${labels[r]!.padStart(width)} |${line.join("")}`.trimEnd());
  const roofs = machines.map(
    ({ name, peak_flops_per_second: peak, tiers }, m) =>
      `  ${ROOFS[m % ROOFS.length]!.repeat(3)} ${name}: ${scaled(peak, "FLOP/s")}, ${tiers.map((tier) => `${tier.name} ${scaled(tier.bytes_per_second, "B/s")}`).join(", ")}`,
  );
  return [
    "Roofline: operations a second against operations a byte off the chip (* : several points)",
    ...plot,
    `  ${" ".repeat(width)} +${"-".repeat(COLUMNS)}`,
    axis(frame, width + 4),
    ...roofs,
    legend(roofline),
  ].join("\n");
}

const markOf = (p: number): string => MARKS[p] ?? "*";

function axis({ x }: Frame, indent: number): string {
  const line = new Array<string>(COLUMNS + 12).fill(" ");
  for (let decade = Math.ceil(x[0]); decade <= x[1]; decade++) {
    const label = decade >= -3 && decade < 6 ? `${Number((10 ** decade).toPrecision(1))}` : `1e${decade}`;
    const at = scale(10 ** decade, x, COLUMNS - 1);
    for (let i = 0; i < label.length; i++) line[at + i] = label[i]!;
  }
  return `${" ".repeat(indent)}${line.join("").trimEnd()}  FLOP/byte`;
}

function legend({ points, arrows }: Roofline): string {
  const rows = points.slice(0, MARKS.length).map((point, p) => {
    const target = arrows.find(({ from }) => from === p)?.to;
    return [markOf(p), point.side, shortName(point), figures(point), duration(point.seconds), target === undefined ? "" : `fused into ${markOf(target)}`];
  });
  const more = points.length > MARKS.length ? [["", `... ${points.length - MARKS.length} more`, "", "", "", ""]] : [];
  return textTable(["", "side", "kernel or section", "FLOP/byte, FLOP/s", "time", ""], [...rows, ...more]);
}

const shortName = ({ name }: RooflinePoint): string => (name.length > 26 ? `${name.slice(0, 23)}...` : name);

function figures(point: RooflinePoint): string {
  if (!isPlaced(point)) return "not on the figure";
  return `${Number(point.operations_per_byte.toPrecision(3))}, ${scaled(point.operations_per_second, "")}`.trim();
}

function scale(value: number, [low, high]: readonly [number, number], steps: number): number {
  return Math.round(((Math.log10(value) - low) / (high - low)) * steps);
}

function valueAt([low, high]: readonly [number, number], share: number): number {
  return 10 ** (low + share * (high - low));
}
