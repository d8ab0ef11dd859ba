/** The columns of the stage table; of a difference each cell has the other run's figure and the change. */

import { grouped, percent } from "../../src/report/format.ts";
import type { CauseStep } from "../../src/result/result.ts";
import type { Compared } from "../model/compared.ts";
import { type StageRow, type Stall, shareOf } from "../model/stages.ts";
import { STATES } from "../model/states.ts";
import { el, svg } from "../ui/dom.ts";
import type { ShownColumn } from "../ui/table.ts";
import { type Figure, figureColumn } from "./figure-column.ts";
import { drawBar } from "./state-bar.ts";

export type StageCell = Compared<StageRow>;

const share = (id: "busy" | "starved" | "blocked" | "memory"): Figure<StageRow> => ({
  id,
  title: id,
  term: id,
  value: (row) => shareOf(row, id),
  text: percent,
  isShare: true,
});

const FIGURES: readonly Figure<StageRow>[] = [
  { id: "units", title: "units", term: "unit", value: ({ units }) => units.length, text: grouped },
  { id: "firings", title: "firings", term: "firing", value: ({ firings }) => Math.round(firings), text: grouped },
  { id: "ii", title: "ii", term: "ii", value: ({ ii }) => ii, text: grouped },
  { id: "depth", title: "depth", term: "depth", value: ({ depth }) => depth, text: grouped },
  { id: "required", title: "required", term: "required rate", value: ({ required }) => required, text: rateText },
  { id: "achieved", title: "achieved", term: "achieved rate", value: ({ achieved }) => achieved, text: rateText },
  {
    id: "slowdown",
    title: "slowdown",
    term: "slowdown",
    value: ({ slowdown }) => slowdown,
    text: (times) => `${times < 10 ? times.toFixed(2) : grouped(times)}×`,
  },
  { id: "load", title: "load", term: "load", value: ({ load }) => load, text: percent, isShare: true },
  share("busy"),
  share("starved"),
  share("blocked"),
  share("memory"),
];

/** Firings a cycle: 0.0833, 1. */
function rateText(rate: number): string {
  return `${Number(rate.toPrecision(3))}`;
}

/** `sections`: there are several, so that rows say which. `isDifference`: of two runs. */
export function stageColumns(sections: boolean, isDifference: boolean): readonly ShownColumn<StageCell>[] {
  const name: ShownColumn<StageCell> = {
    id: "stage",
    title: "stage",
    term: "stage",
    value: ({ row }) => rowName(row),
    text: ({ row }) => rowName(row),
    cell: nameCell,
  };
  const section: ShownColumn<StageCell> = {
    id: "section",
    title: "section",
    term: "section",
    value: ({ row }) => row.section.name,
    text: ({ row }) => row.section.name,
    isWords: true,
    cell: ({ row }) => el("span", { class: "ellipsis", title: row.section.name }, row.section.name),
  };
  const changed: ShownColumn<StageCell> = {
    id: "changed",
    title: "changed",
    term: "cycle",
    value: changedCycles,
    text: (cell) => grouped(changedCycles(cell)),
  };
  return [
    name,
    ...(sections ? [section] : [{ ...section, isHidden: true }]),
    ...(isDifference ? [changed] : []),
    ...FIGURES.map((figure) => figureColumn(figure, isDifference)),
    { id: "states", title: "states", term: "cycle", value: () => null, text: () => "", cell: barCell, isWords: true },
    {
      id: "stall",
      title: "waits most for",
      term: "root",
      value: ({ row }) => stallWords(row),
      text: ({ row }) => stallWords(row),
      cell: stallCell,
      isWords: true,
    },
  ];
}

const rowName = ({ stage, units, key }: StageRow): string => (key.endsWith(stage) ? stage : units[0]!.scene.id);

function nameCell({ row, only }: StageCell): Node {
  const isUnit = rowName(row) !== row.stage;
  return el(
    "span",
    {},
    el("span", { class: "ellipsis" }, rowName(row)),
    row.isCritical && !isUnit ? el("span", { class: "badge", title: "its busiest unit sets the pace of the section" }, "critical") : null,
    only === null ? null : el("span", { class: "badge" }, `only ${only}`),
  );
}

/** Unit cycles that are in another state than in A: half of the sum of changes, and what one has more than the other. */
function changedCycles({ row, before }: StageCell): number {
  const was = before?.cycles ?? row.cycles.map(() => 0);
  const [more, less] = row.cycles.reduce(([up, down], cycles, s) => [up + Math.max(0, cycles - was[s]!), down + Math.max(0, was[s]! - cycles)], [0, 0]);
  return Math.max(more!, less!);
}

function barCell({ row }: StageCell): Node {
  const picture = svg("svg", { width: 84, height: 12, class: "state-bar", role: "img" });
  const rest = STATES.map((state, s) =>
    state === "busy" || state === "starved" || state === "blocked" || state === "memory" || state === "unattributed" ? row.cycles[s]! : 0,
  );
  const known = rest.reduce((sum, one) => sum + one, 0);
  rest[STATES.indexOf("idle")] = Math.max(0, row.ran - known);
  drawBar(picture, rest);
  return picture;
}

// --- stalls ---

function stallWords({ stalls }: StageRow): string {
  const [most] = stalls;
  return most === undefined ? "nothing" : `${most.root} (${most.state})`;
}

/** Causes that the tooltip names. */
const NAMED = 4;

function stallCell({ row }: StageCell): Node {
  const waited = row.stalls.reduce((sum, { cycles }) => sum + cycles, 0);
  if (waited === 0) return el("span", {}, "nothing");
  const lines = row.stalls
    .slice(0, NAMED)
    .map((stall) => `${percent(stall.cycles / waited)} of its waits: ${stall.state}, back to ${stall.root}${wayWords(stall)}`);
  return el(
    "span",
    { class: "ellipsis", title: `${lines.join("\n")}\n(of the whole run)` },
    `${row.stalls[0]!.root}, ${percent(row.stalls[0]!.cycles / waited)}`,
  );
}

function wayWords({ channel, path }: Stall): string {
  const steps = path.slice(0, NAMED).map(stepWords);
  return `; at ${channel}${steps.length === 0 ? "" : `, where ${steps.join(", ")}${path.length > NAMED ? ", ..." : ""}`}`;
}

function stepWords({ unit, state, channel }: CauseStep): string {
  if (state === "busy") return `${unit} is busy`;
  return state === "memory" ? `${unit} waits for ${channel}` : `${unit} is ${state} by ${channel}`;
}
