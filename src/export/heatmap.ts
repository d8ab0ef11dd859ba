/**
 * Report -> the grid in a terminal, a cell a unit, shaded by its busy share of the run. Cells have the letter of their kind where there is room; a grid too wide for 80 columns has a cell for several
 * units. Where colours are not wanted, a ramp of characters.
 */

import { grouped, percent } from "../report/format.ts";
import type { RunResult, UnitResult } from "../result/result.ts";

/** plain: characters alone. */
export type Colours = "plain" | "256" | "24-bit";

export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

const MOST_COLUMNS = 80;
/** Of a terminal's letters: "c 87". */
const WIDEST = 4;
const RAMP = " .:-=+*#%@";
const LETTERS: Readonly<Record<UnitResult["kind"], string>> = { pcu: "c", pmu: "m", ag: "a" };

/** Ends in a line break. */
export function heatmap(report: RunResult, grid: Grid, colours: Colours): string {
  const sites = sitesOf(report);
  const frame = frameOf(sites, grid);
  const cells = cellsOf(sites, frame);
  const rows = Array.from({ length: frame.rows }, (_, row) => rowOf(cells, row, frame, colours));
  return `${[titleOf(report, frame), "", header(frame), ...rows, "", ...legend(frame, colours)].join("\n")}\n`;
}

// --- what stands where ---

interface Site {
  readonly kind: UnitResult["kind"];
  readonly x: number;
  readonly y: number;
  /** Of the run's cycles, over all sections, 0 .. 1. */
  readonly busy: number;
}

/** Places that any section uses. */
function sitesOf({ units, cycles }: RunResult): readonly Site[] {
  const sites = new Map<string, Site>();
  for (const { kind, x, y, busy_cycles } of units) {
    const key = `${kind} ${x} ${y}`;
    const before = sites.get(key)?.busy ?? 0;
    sites.set(key, { kind, x, y, busy: before + busy_cycles / Math.max(1, cycles) });
  }
  return [...sites.values()];
}

interface Frame extends Grid {
  /** Units a cell, along each axis. */
  readonly factor: number;
  /** Letters a cell; of those outside of the grid. */
  readonly width: number;
  readonly outer: number;
  /** The first and last column with units: address generators stand outside of the grid. */
  readonly first: number;
  readonly last: number;
  /** Letters of the row's number and a blank. */
  readonly margin: number;
  /** Of the machine. */
  readonly grid: Grid;
}

/** `columns` and `rows`: cells of the grid without what stands outside. */
function frameOf(sites: readonly Site[], grid: Grid): Frame {
  const first = Math.min(0, ...sites.map(({ x }) => x));
  const last = Math.max(grid.columns - 1, ...sites.map(({ x }) => x));
  const margin = `${grid.rows - 1}`.length + 1;
  const room = MOST_COLUMNS - margin - 2;
  const outside = -first + last - grid.columns + 1;
  const factor = Math.ceil(grid.columns / Math.max(1, room - outside));
  const columns = Math.ceil(grid.columns / factor);
  const width = Math.min(WIDEST, Math.floor((room - outside) / columns));
  const outer = outside === 0 ? 0 : Math.min(width, Math.floor((room - columns * width) / outside));
  return { ...{ factor, width, outer, first, last, margin, grid }, columns, rows: Math.ceil(grid.rows / factor) };
}

/** Mean over the used places of a cell. */
interface Cell {
  readonly busy: number;
  readonly letter: string;
}

/** By "column row": columns below 0 and from frame.columns on stand outside of the grid. */
function cellsOf(sites: readonly Site[], { factor, columns, grid }: Frame): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell & { readonly units: number }>();
  for (const { kind, x, y, busy } of sites) {
    const column = x < 0 ? x : x >= grid.columns ? columns + x - grid.columns : Math.floor(x / factor);
    const key = `${column} ${Math.floor(y / factor)}`;
    const before = cells.get(key) ?? { busy: 0, letter: LETTERS[kind], units: 0 };
    const units = before.units + 1;
    cells.set(key, { busy: (before.busy * before.units + busy) / units, letter: before.letter === LETTERS[kind] ? before.letter : " ", units });
  }
  return cells;
}

// --- in letters ---

function titleOf({ workload, machine, cycles, utilization: { pcu, pmu, ag } }: RunResult, { factor }: Frame): string {
  const kinds = `busy: PCUs ${percent(pcu)}, PMUs ${percent(pmu)}, AGs ${percent(ag)} of all on the machine`;
  const cells = factor === 1 ? "" : `\na cell is ${factor} x ${factor} places, the mean of those in use`;
  return `${workload.name} on ${machine.name}: ${grouped(cycles)} cycles\n${kinds}${cells}`;
}

function header(frame: Frame): string {
  const every = frame.width >= 3 ? 1 : 10;
  const numbers = Array.from({ length: frame.columns }, (_, column) => (column % every === 0 ? `${column * frame.factor}` : ""));
  let line = "";
  numbers.forEach((number, column) => {
    if (number !== "") line = `${line.padEnd(column * frame.width)}${number}`;
  });
  return `${" ".repeat(frame.margin - frame.first * frame.outer + 1)}${line}`;
}

function rowOf(cells: ReadonlyMap<string, Cell>, row: number, frame: Frame, colours: Colours): string {
  const { first, last, columns, grid } = frame;
  const end = columns + last - grid.columns;
  const letters: string[] = [`${row * frame.factor}`.padStart(frame.margin - 1), " "];
  for (let column = first; column <= end; column++) {
    if (column === 0) letters.push("|");
    letters.push(cellWords(cells.get(`${column} ${row}`), isOutside(column, frame), frame, colours));
    if (column === columns - 1) letters.push("|");
  }
  return letters.join("").trimEnd();
}

const isOutside = (column: number, { columns }: Frame): boolean => column < 0 || column >= columns;

/** A place without a unit of the program is a dot in the grid, and blank outside of it. */
function cellWords(cell: Cell | undefined, outside: boolean, frame: Frame, colours: Colours): string {
  const width = outside ? frame.outer : frame.width;
  if (cell === undefined) return (outside ? "" : "·").padStart(Math.ceil(width / 2)).padEnd(width);
  const letter = width < WIDEST ? "" : cell.letter;
  if (colours !== "plain") return painted(`${letter}${percentWord(cell.busy, width - letter.length)}`, cell.busy, colours);
  return letter === "" ? rampOf(cell.busy).repeat(width) : `${letter}${rampOf(cell.busy).repeat(width - 2)} `;
}

/** Where there is room for "100". */
const percentWord = (share: number, width: number): string => (width < 3 ? "" : `${Math.round(share * 100)}`).padStart(width);

function rampOf(busy: number): string {
  return RAMP[Math.min(RAMP.length - 1, Math.ceil(busy * (RAMP.length - 1)))]!;
}

function legend({ width }: Frame, colours: Colours): readonly string[] {
  const steps = Array.from({ length: 11 }, (_, tenth) => tenth / 10);
  const scale = colours === "plain" ? `[${RAMP}]` : steps.map((step) => painted("  ", step, colours)).join("");
  const numbers = colours === "plain" || width < 3 ? "" : " (numbers: %)";
  return [
    `busy share of the run's cycles: 0 % ${scale} 100 %${numbers}`,
    `${width < WIDEST ? "" : "c: PCU, m: PMU; "}·: no unit of the program; AGs stand outside of the bars`,
  ];
}

// --- colours ---

/** From dark to light in even steps: viridis (S. van der Walt and N. Smith, matplotlib 2015) at 0, 1/4 ... 1. */
const STOPS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

function painted(words: string, share: number, colours: Exclude<Colours, "plain">): string {
  const [r, g, b] = colourOf(share);
  const ink = share > 0.5 ? 16 : 231;
  const ground = colours === "24-bit" ? `2;${r};${g};${b}` : `5;${16 + 36 * sixth(r) + 6 * sixth(g) + sixth(b)}`;
  return `\x1b[48;${ground};38;5;${ink}m${words}\x1b[0m`;
}

/** Nearest of the six steps of a terminal's 216 colours. */
const sixth = (value: number): number => Math.round((value / 255) * 5);

function colourOf(share: number): readonly [number, number, number] {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const from = Math.min(STOPS.length - 2, Math.floor(place));
  const [a, b] = [STOPS[from]!, STOPS[from + 1]!];
  const mix = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * (place - from));
  return [mix(0), mix(1), mix(2)];
}
