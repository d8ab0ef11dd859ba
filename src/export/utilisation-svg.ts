/**
 * RunResult + trace -> one SVG for a paper: how many units of each kind were in which state, over time. It needs nothing else: light background, colours that the colour-blind can tell apart
 * (Okabe and Ito, "Color Universal Design", 2008), and hatching, so that it can be printed in black and white.
 */

import { duration, grouped, percent, scaled } from "../report/format.ts";
import { escaped, line, tenths, text } from "../report/svg.ts";
import type { RunBundle } from "../scene/scene.ts";
import { coarsen } from "./coarsen.ts";
import { activityOf, KINDS, type KindActivity, type UnitKind } from "./kinds.ts";
import type { State } from "./states.ts";

const WIDTH = 960;
const LEFT = 76;
const RIGHT = 724;
const TOP = 78;
const PANEL = 130;
const GAP = 34;
const MOST_COLUMNS = 324;
const INK = 'stroke="#222222"';

/** From the bottom up. */
const STACK = ["busy", "memory", "starved", "blocked", "configuring", "idle"] as const satisfies readonly State[];

const WORDS: Readonly<Record<State, string>> = {
  busy: "busy",
  memory: "waiting for memory",
  starved: "starved: waiting for input",
  blocked: "blocked: output is full",
  configuring: "being configured",
  idle: "idle in its section",
};

/** Colours as in the page. */
const FILLS: Readonly<Record<State, { readonly color: string; readonly hatch: string }>> = {
  busy: { color: "#0072b2", hatch: "" },
  memory: { color: "#cc79a7", hatch: '<circle cx="2" cy="2" r="1.1" fill="#000000"/><circle cx="6" cy="6" r="1.1" fill="#000000"/>' },
  starved: { color: "#e69f00", hatch: '<path d="M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6" stroke="#ffffff" stroke-width="1.6"/>' },
  blocked: { color: "#d55e00", hatch: '<path d="M-2,6 L2,10 M0,0 L8,8 M6,-2 L10,2" stroke="#000000" stroke-width="1.6"/>' },
  configuring: { color: "#f0e442", hatch: '<path d="M2,0 V8 M6,0 V8" stroke="#000000" stroke-width="0.8"/>' },
  idle: { color: "#eceef1", hatch: "" },
};

/** Ends in a line break. */
export function utilisationSvg(bundle: RunBundle): string {
  const { report, trace: finest, scene } = bundle;
  const trace = coarsen(finest, Math.max(1, Math.ceil(finest.bins / MOST_COLUMNS)));
  const kinds = KINDS.filter((kind) => report.units.some((unit) => unit.kind === kind));
  const bottom = TOP + kinds.length * (PANEL + GAP) - GAP;
  const title = `What the units of ${report.machine.name} did while it ran ${report.workload.name}`;
  const x = (cycle: number): number => tenths(LEFT + (cycle / Math.max(1, trace.cycles)) * (RIGHT - LEFT));
  const notes = captionOf(bundle, trace.bin_cycles);
  const height = bottom + 62 + notes.length * 16;
  const body = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 30, title, 'font-size="17" font-weight="bold"'),
    text(LEFT, 50, "units of each kind by state, stacked; those that no section uses are left out", 'fill="#555555"'),
    ...kinds.flatMap((kind, k) =>
      panel({ kind, top: TOP + k * (PANEL + GAP), activity: activityOf({ report, trace }, kind), of: scene.machine.units[kind] }, { ...bundle, trace }, x),
    ),
    ...timeAxis(bundle, bottom, x),
    ...legend(),
    ...notes.map((line, i) => text(LEFT, bottom + 64 + i * 16, line, 'fill="#555555"')),
  ];
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222222" role="img">`;
  return `${[head, `<title>${escaped(title)}</title>`, `<defs>${STACK.map(pattern).join("")}</defs>`, ...body, "</svg>"].join("\n")}\n`;
}

function captionOf({ report, trace }: RunBundle, bin_cycles: number): readonly string[] {
  const { workload, machine, cycles, seconds, clock_hz, partial, style } = report;
  const params = Object.entries(workload.params).map(([name, value]) => `${name}=${value}`);
  return [
    `${workload.name}${params.length === 0 ? "" : ` (${params.join(", ")})`} on ${machine.name}, ${style}: ${grouped(cycles)} cycles at ${scaled(clock_hz, "Hz")}, ${duration(seconds)}.`,
    trace.origin === "means"
      ? "Nothing was recorded over time: each section's means over its cycles."
      : `Means over ${grouped(bin_cycles)} cycle${bin_cycles === 1 ? "" : "s"}.`,
    ...(partial === null ? [] : [`The run was stopped (${partial.reason}): what is shown ends there.`]),
  ];
}

// --- a panel ---

interface Panel {
  readonly kind: UnitKind;
  readonly top: number;
  readonly activity: KindActivity;
  /** Units of the kind on the machine. */
  readonly of: number;
}

const NAMES: Readonly<Record<UnitKind, string>> = { pcu: "PCUs", pmu: "PMUs", ag: "AGs" };

function panel({ kind, top, activity, of }: Panel, bundle: Pick<RunBundle, "report" | "trace">, x: (cycle: number) => number): readonly string[] {
  const { trace, report } = bundle;
  const lengths = Array.from({ length: trace.bins }, (_, b) => Math.min(trace.cycles, (b + 1) * trace.bin_cycles) - b * trace.bin_cycles);
  const heights = STACK.map((state) => lengths.map((length, b) => activity[state][b]! / length));
  const most = Math.max(1, ...lengths.map((_, b) => heights.reduce((sum, column) => sum + column[b]!, 0)));
  const used = Math.round(Math.max(...busiestSection(report, kind)));
  const scale = niceTop(Math.max(most, used));
  const y = (units: number): number => tenths(top + PANEL - (units / scale) * PANEL);
  const floor = new Float64Array(trace.bins);
  const areas = STACK.map((state, i) => {
    const below = Float64Array.from(floor);
    heights[i]!.forEach((height, b) => (floor[b]! += height));
    return area(state, below, floor, trace.bin_cycles, trace.cycles, x, y);
  });
  const ticks = [0, scale / 2, scale].filter((tick) => Number.isInteger(tick));
  return [
    ...areas,
    `<path d="M${LEFT},${top} V${top + PANEL} H${RIGHT}" fill="none" stroke="#222222"/>`,
    ...ticks.flatMap((tick) => [line(LEFT - 4, y(tick), LEFT, y(tick), INK), text(LEFT - 8, y(tick) + 4, grouped(tick), 'text-anchor="end"')]),
    text(0, 0, NAMES[kind], `text-anchor="middle" transform="translate(${LEFT - 48},${top + PANEL / 2}) rotate(-90)" font-weight="bold"`),
    text(
      LEFT,
      top - 6,
      `${NAMES[kind]}: ${grouped(used)} of ${grouped(of)} in use${report.sections.length > 1 ? " at most" : ""}; busy share of all ${grouped(of)} over the run: ${percent(report.utilization[kind])}`,
      "",
    ),
  ];
}

/** Units of a kind that each section has. */
const busiestSection = ({ sections }: RunBundle["report"], kind: UnitKind): readonly number[] => sections.map(({ units }) => units[kind]);

/** Between two lines of steps, from the first bin on. */
function area(
  state: State,
  below: Float64Array,
  above: Float64Array,
  bin_cycles: number,
  cycles: number,
  x: (cycle: number) => number,
  y: (units: number) => number,
): string {
  if (above.every((value, b) => value === below[b])) return "";
  const steps = (values: Float64Array): readonly (readonly [number, number])[] =>
    [...values].flatMap(
      (value, b) =>
        [
          [x(b * bin_cycles), y(value)],
          [x(Math.min(cycles, (b + 1) * bin_cycles)), y(value)],
        ] as const,
    );
  const outline = [...steps(above), ...steps(below).toReversed()].filter(([px, py], i, all) => !(i > 0 && all[i - 1]![0] === px && all[i - 1]![1] === py));
  return `<path class="${state}" d="M${outline.map(([px, py]) => `${px},${py}`).join("L")}Z" fill="url(#${state})"/>`;
}

/** The next number that is easy to halve. */
function niceTop(most: number): number {
  const step = 10 ** Math.floor(Math.log10(most));
  const nice = [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10].map((times) => times * step).find((top) => top >= most)!;
  return Math.max(2, nice);
}

// --- around them ---

function timeAxis({ report }: RunBundle, bottom: number, x: (cycle: number) => number): readonly string[] {
  const { cycles, clock_hz } = report;
  const step = niceStep(cycles / 6);
  const ticks = Array.from({ length: Math.floor(cycles / step) + 1 }, (_, t) => t * step);
  return [
    ...ticks.flatMap((tick) => [
      line(x(tick), bottom, x(tick), bottom + 4, INK),
      text(x(tick), bottom + 17, grouped(tick), 'text-anchor="middle"'),
      text(x(tick), bottom + 31, tick === 0 ? "0" : duration(tick / clock_hz), 'text-anchor="middle" fill="#555555" font-size="11"'),
    ]),
    text((LEFT + RIGHT) / 2, bottom + 46, "time, cycles of the fabric clock (below: in seconds)", 'text-anchor="middle"'),
  ];
}

function niceStep(least: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((times) => times * decade).find((step) => step >= least)!;
}

/** As they are stacked: the uppermost first. */
function legend(): readonly string[] {
  return [...STACK].reverse().flatMap((state, i) => {
    const y = TOP + i * 22;
    return [
      `<rect x="${RIGHT + 24}" y="${y}" width="22" height="14" fill="url(#${state})" stroke="#222222" stroke-width="0.5"/>`,
      text(RIGHT + 54, y + 11, WORDS[state], ""),
    ];
  });
}

function pattern(state: State): string {
  const { color, hatch } = FILLS[state];
  return `<pattern id="${state}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="${color}"/>${hatch}</pattern>`;
}
