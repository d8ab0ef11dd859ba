/** "Sections and stages": when each section was loaded and ran, and how its pipeline filled, worked and drained. */

import { scaleLinear } from "d3";
import { counted, grouped, percent } from "../../src/report/format.ts";
import type { Store, ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { scaledWindow } from "../model/cells.ts";
import { fillAndDrain, meanFillAndDrain, type Stage, stagesOf } from "../model/pipeline.ts";
import type { RunView, SectionView } from "../model/run.ts";
import { pickedUnits } from "../model/selection.ts";
import { windowState } from "../model/spans.ts";
import { STATES } from "../model/states.ts";
import { type Activity, activityOf, busiestStages, openAtFirst } from "../model/timeline.ts";
import { configuringIn, cyclesOfUnits, overlap, totalCycles, type Window } from "../model/window.ts";
import { makeDifference } from "../ui/difference.ts";
import { el, svg } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { hideTip, showTip, tipRows } from "../ui/tip.ts";
import { meansWords, timeWords } from "./fabric-notes.ts";
import { keyOfTime, listenToTime, windowShown } from "./raster-drag.ts";
import { drawAxis } from "./raster-labels.ts";
import { hatches, type TimeScale } from "./timeline-plot.ts";
import { headRow, type RowRoom, roomIn, sectionRow, stageRow } from "./timeline-rows.ts";

export const timeline: View = {
  id: "timeline",
  tab: "overview",
  wide: true,
  title: "Sections and stages",
  what: "Each section while it is loaded (hatched yellow) and runs, and under it the stages of its pipeline: height is the share of their units, busy in blue. Drag to look at a window of time, click a name to pick its units.",
  absent: ({ sections }) => (sections.length === 0 ? "This program has no sections: nothing runs on the chip." : null),
  mount: (host, context) => mountTimeline(host, context),
};

const OPEN = "timeline.open";
const MOST_COLUMNS = 480;

function mountTimeline(host: HTMLElement, { app: { store }, run, base }: ViewContext): MountedView {
  const stages = new Map(run.sections.map((section) => [section.number, stagesOf(section)]));
  const first = openAtFirst(run.sections, ({ number }) => stages.get(number)!);
  const sums = makeSums("timeline");
  const difference = makeDifference("timeline");
  const rows = el("div", { class: "space-rows", role: "list", "aria-label": "Sections and their stages" });
  const overlay = svg("svg", { class: "space-overlay", "aria-hidden": "true" });
  const stage = el("div", { class: "space-stage space-timeline", "data-test": "timeline-map" }, rows, overlay);
  const axis = svg("svg", { class: "space-axis", role: "img", "aria-label": "Time" });
  const words = el("p", { class: "space-note" }, wordsOf(run));
  let dragged: readonly [number, number] | null = null;

  const room = (): RowRoom => roomIn(host.clientWidth);
  const mark = (): void => drawMarks(overlay, stage, room(), windowShown(run, store), store.get(), dragged);
  const draw = (): void => {
    const window = windowShown(run, store);
    const own = room();
    const { left, width } = own;
    rows.replaceChildren(
      headRow(own),
      ...rowsOf({ run, base, store, window, stages, first, room: own, scale: scaleLinear([window.from, window.to], [0, width]) }),
    );
    drawAxis(axis, run, window, left, width);
    mark();
  };
  const tell = (state: ViewState): void => {
    const window = windowShown(run, store);
    const picked = pickedUnits(run, state.pick);
    const total = totalCycles(cyclesOfUnits(run, window), (unit) => picked === null || picked[unit] === 1);
    if (base === null) {
      sums.update(total);
      return;
    }
    const others = pickedUnits(base, state.pick);
    const baseTotal = totalCycles(cyclesOfUnits(base, scaledWindow(window, run, base)), (unit) => others === null || others[unit] === 1);
    difference.update(
      total,
      baseTotal,
      `Blue above the line: busier in B; orange below: less. Sections and stages are matched by name.${timeWords(run, base)}`,
    );
  };
  listenToTime(stage, {
    ...{ run, store, room },
    select: (between) => {
      dragged = between;
      mark();
    },
    click: (event) => {
      (event.target as Element).closest(".space-row")?.querySelector<HTMLButtonElement>(".space-section, .space-stage-name")?.click();
    },
    hover: (event) => hoverRow(event, run, stages),
  });
  stage.addEventListener("pointerleave", hideTip);
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keyOfTime(event.key, run, store)) return;
    event.preventDefault();
  });
  const means = meansWords(run);
  host.append(hatches(), stage, axis, base === null ? sums.element : difference.element, words);
  if (means !== null) host.append(el("p", { class: "space-note" }, means));
  return {
    update: (state, changed) => {
      if (changed.size === 1 && changed.has("cursor")) {
        mark();
        return;
      }
      tell(state);
      draw();
    },
    resize: draw,
  };
}

function wordsOf({ trace: { bin_cycles } }: RunView): string {
  const grain = bin_cycles === 1 ? "" : `, both to within a bin of ${counted(bin_cycles)} cycles`;
  return `Fill: from the section's start, once it is configured, to the first firing of a stage; drain: from its last firing to the section's end; hatched, with a line at the first and the last firing${grain}. Waiting units are pale in the colours of their states. Busiest: the stages whose units are busy most of the time shown.`;
}

interface RowsParts {
  readonly run: RunView;
  readonly base: RunView | null;
  readonly store: Store;
  readonly window: Window;
  readonly stages: ReadonlyMap<number, readonly Stage[]>;
  readonly first: ReadonlySet<number>;
  readonly room: RowRoom;
  readonly scale: TimeScale;
}

function rowsOf(parts: RowsParts): readonly HTMLElement[] {
  const { run, store, stages, first } = parts;
  const state = store.get();
  const open = openIn(state, first);
  const picked = pickedUnits(run, state.pick);
  const inTime = [...run.sections].sort((a, b) => startOf(a) - startOf(b));
  return inTime.flatMap((section) => {
    const all = stages.get(section.number)!;
    const toggle = (): void => store.setOption(OPEN, [...toggled(open, section.number)].join(",") || NONE);
    const last = section.spans.at(-1);
    const zoom = (): void => {
      if (last !== undefined)
        store.set({ window: windowState({ from: section.spans[0]!.start, to: last.start + last.cycles }, run.report.cycles), cursor: null });
    };
    const row = { ...partsOf(parts, section, section.units, baseSection(parts, section)?.units), isDim: isDim(picked, section.units) };
    const pick = (): void => store.set({ pick: { kind: "section", name: section.name, section: section.name } });
    const head = sectionRow({ ...row, pick, isOpen: open.has(section.number), toggle, zoom });
    return open.has(section.number) ? [head, ...stageRows(parts, section, all, picked)] : [head];
  });
}

const NONE = "none";

/** Those that never ran stand last. */
const startOf = ({ spans }: SectionView): number => spans[0]?.start ?? Number.MAX_SAFE_INTEGER;

function openIn({ options }: ViewState, first: ReadonlySet<number>): ReadonlySet<number> {
  const said = options[OPEN];
  if (said === undefined) return first;
  return new Set(said === NONE ? [] : said.split(",").map(Number));
}

function toggled(open: ReadonlySet<number>, section: number): ReadonlySet<number> {
  const next = new Set(open);
  if (!next.delete(section)) next.add(section);
  return next;
}

function isDim(picked: Uint8Array | null, units: Stage["units"]): boolean {
  return picked !== null && !units.some(({ number }) => picked[number] === 1);
}

function baseSection({ base }: RowsParts, { name }: SectionView): SectionView | undefined {
  return base?.sections.find((section) => section.name === name);
}

function partsOf(
  { run, base, room, scale, window }: RowsParts,
  section: SectionView,
  units: Stage["units"],
  twins: Stage["units"] | undefined,
): {
  readonly section: SectionView;
  readonly room: RowRoom;
  readonly time: number;
  readonly scale: TimeScale;
  readonly activity: Activity;
  readonly base: Activity | null | undefined;
} {
  const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.floor(scale.range()[1]! / 2)));
  const other = base === null ? undefined : twins === undefined ? null : activityOf(base, twins, scaledWindow(window, run, base), columns);
  return { section, room, scale, time: timeOf(section, window), activity: activityOf(run, units, window, columns), base: other };
}

/** Cycles of the window in which the section ran, configuring left out. */
function timeOf(section: SectionView, window: Window): number {
  const { from, to } = window;
  return section.spans.reduce((sum, { start, cycles }) => sum + overlap(from, to, start, start + cycles), 0) - configuringIn(section, window);
}

function stageRows(parts: RowsParts, section: SectionView, stages: readonly Stage[], picked: Uint8Array | null): readonly HTMLElement[] {
  const { run, store, window } = parts;
  const twin = baseSection(parts, section);
  const twins = new Map(twin === undefined ? [] : stagesOf(twin).map(({ name, units }) => [name, units]));
  const made = stages.map((stage) => ({ stage, row: partsOf(parts, section, stage.units, twins.get(stage.name)) }));
  const busiest = busiestStages(
    stages,
    made.map(({ row }) => row.activity),
  );
  const spans = section.spans.filter(({ start, cycles }) => start < window.to && start + cycles > window.from);
  return made.map(({ stage, row }, at) =>
    stageRow({
      ...{ ...row, stage },
      isDim: isDim(picked, stage.units),
      isBusiest: busiest.has(at),
      ends: spans.flatMap((span) => fillAndDrain(run, section, stage, span) ?? []),
      mean: meanFillAndDrain(run, section, stage),
      pick: () => store.set({ pick: { kind: "stage", name: stage.name, section: section.name } }),
    }),
  );
}

function hoverRow(event: PointerEvent, run: RunView, stages: ReadonlyMap<number, readonly Stage[]>): void {
  const row = (event.target as Element).closest<HTMLElement>(".space-row");
  const section = run.sections.find(({ name }) => name === row?.dataset.section);
  if (row === null || section === undefined) {
    hideTip();
    return;
  }
  const stage = stages.get(section.number)!.find(({ name }) => name === row.dataset.stage);
  const units = stage?.units ?? section.units;
  const cycles = totalCycles(units.map(({ number }) => STATES.map((state) => run.units[number]!.result[`${state}_cycles`])));
  const all = Math.max(
    1,
    cycles.reduce((sum, one) => sum + one, 0),
  );
  const mean = stage === undefined ? null : meanFillAndDrain(run, section, stage);
  showTip(
    event.clientX,
    event.clientY,
    tipRows(stage === undefined ? `section ${section.name}` : `stage ${stage.name} of ${section.name}`, [
      ["units", grouped(units.length)],
      ...STATES.flatMap((state, s) =>
        cycles[s] === 0 ? [] : [[`${state}, whole run`, `${percent(cycles[s]! / all)}  (${grouped(cycles[s]!)} unit cycles)`] as const],
      ),
      ...(mean === null
        ? []
        : [
            ["fill", `${grouped(mean.fill_cycles)} cycles${mean.runs > 1 ? `, mean of ${mean.runs} runs` : ""}`] as const,
            ["drain", `${grouped(mean.drain_cycles)} cycles`] as const,
          ]),
    ]),
  );
}

function drawMarks(
  overlay: SVGSVGElement,
  stage: HTMLElement,
  { left, width }: { readonly left: number; readonly width: number },
  { from, to }: Window,
  { cursor }: ViewState,
  dragged: readonly [number, number] | null,
): void {
  const height = stage.clientHeight;
  overlay.setAttribute("width", `${left + width}`);
  overlay.setAttribute("height", `${height}`);
  overlay.replaceChildren();
  if (cursor !== null && cursor >= from && cursor <= to) {
    const x = left + ((cursor - from) / Math.max(1, to - from)) * width;
    overlay.append(svg("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: height }));
  }
  if (dragged !== null)
    overlay.append(
      svg("rect", { x: left + dragged[0], y: 0, width: dragged[1] - dragged[0], height, fill: "var(--ink)", "fill-opacity": 0.2, stroke: "var(--ink)" }),
    );
}
