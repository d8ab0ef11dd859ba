/** The strip of time above all tabs: what all units did over the whole run, the window that is looked at, and the cursor. A drag makes a window, Escape the whole run. */

import { axisBottom, brushX, type D3BrushEvent, type ScaleLinear, scaleLinear, select } from "d3";
import { counted, duration } from "../../src/report/format.ts";
import { type RunView, sumAt } from "../model/run.ts";
import { pickedUnits } from "../model/selection.ts";
import { RECORDED, STATE_WORDS, STATES } from "../model/states.ts";
import { configuringIn, cyclesOfUnits, type StateCycles, totalCycles } from "../model/window.ts";
import { windowOf } from "../model/words.ts";
import { el, svg } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import type { Store, ViewState } from "./state.ts";

const HEIGHT = 64;
const AXIS = 18;
const MARGIN = 28;

export interface Strip {
  readonly element: HTMLElement;
  readonly draw: (run: RunView, state: ViewState) => void;
  /** The cursor alone: cheap enough for every frame of a scrub. */
  readonly moveCursor: (run: RunView, state: ViewState) => void;
}

export function makeStrip(store: Store): Strip {
  const words = el("p", { class: "strip-words", "aria-live": "polite" });
  const sums = makeSums("strip");
  const picture = svg("svg", { class: "strip", role: "img", height: HEIGHT + AXIS });
  const reset = el("button", { type: "button", onclick: () => store.set({ window: null, cursor: null }) }, "whole run");
  const clear = el("button", { type: "button", onclick: () => store.set({ pick: null }) }, "all units");
  const element = el("section", { class: "strip-box", "aria-label": "Time" }, el("div", { class: "strip-head" }, words, reset, clear, sums.element), picture);
  return {
    element,
    draw: (run, state) => {
      const { from, to } = windowOf(run, state.window);
      const picked = pickedUnits(run, state.pick);
      sums.update(totalCycles(cyclesOfUnits(run, { from, to }), (unit) => picked === null || picked[unit] === 1));
      reset.disabled = state.window === null && state.cursor === null;
      clear.disabled = state.pick === null;
      words.textContent = wordsOf(run, state, from, to, picked);
      drawPicture(picture, run, state, picked, store);
      moveCursor(picture, run, state);
    },
    moveCursor: (run, state) => {
      reset.disabled = state.window === null && state.cursor === null;
      moveCursor(picture, run, state);
    },
  };
}

function wordsOf({ report, units, trace }: RunView, { window, pick }: ViewState, from: number, to: number, picked: Uint8Array | null): string {
  const time = duration((to - from) / report.clock_hz);
  const when = window === null ? `whole run: ${counted(report.cycles)} cycles, ${time}` : `cycles ${counted(from)} to ${counted(to)}, ${time}`;
  const number = picked === null ? units.length : picked.reduce((sum, one) => sum + one, 0);
  const who = pick === null ? `all ${number} units` : `${pick.kind} ${pick.name}: ${number} of ${units.length} units`;
  return `${when} · ${who} · a bin is ${counted(trace.bin_cycles)} ${trace.bin_cycles === 1 ? "cycle" : "cycles"}${trace.origin === "means" ? " · activity over time was not recorded: means" : ""}`;
}

function drawPicture(picture: SVGSVGElement, run: RunView, state: ViewState, picked: Uint8Array | null, store: Store): void {
  const width = picture.clientWidth || 800;
  const { cycles, clock_hz } = run.report;
  const x = scaleOf(run, width);
  const root = select(picture);
  root.selectAll("*").remove();
  root.attr("aria-label", `States of the units over time, ${counted(cycles)} cycles`);
  const columns = Math.max(1, Math.min(Math.floor((width - 2 * MARGIN) / 2), run.trace.bins));
  const stacks = columnsOf(run, columns, picked);
  STATES.forEach((name, s) => {
    root
      .append("path")
      .attr("fill", STATE_WORDS[name].colour)
      .attr(
        "d",
        bars(stacks, s, (column) => x((column * cycles) / columns)),
      );
  });
  root
    .append("g")
    .attr("transform", `translate(0,${HEIGHT})`)
    .call(
      axisBottom(x)
        .ticks(8)
        .tickSize(4)
        .tickFormat((at) => `${counted(Number(at))} · ${duration(Number(at) / clock_hz)}`),
    );
  root.append("line").attr("class", "cursor").attr("y2", HEIGHT);
  const brush = brushX<unknown>()
    .extent([
      [MARGIN, 0],
      [width - MARGIN, HEIGHT],
    ])
    .on("end", ({ selection, sourceEvent }: D3BrushEvent<unknown>) => {
      if (sourceEvent === undefined || sourceEvent === null) return;
      if (selection === null) store.set({ window: null });
      else store.set({ window: (selection as [number, number]).map((at) => Math.round(x.invert(at))) as [number, number] });
    });
  const layer = root.append("g").attr("class", "brush").call(brush);
  const { from, to } = windowOf(run, state.window);
  if (state.window !== null && to > from) layer.call(brush.move, [x(from), x(to)]);
}

function scaleOf({ report }: RunView, width: number): ScaleLinear<number, number> {
  return scaleLinear()
    .domain([0, Math.max(1, report.cycles)])
    .range([MARGIN, width - MARGIN]);
}

function moveCursor(picture: SVGSVGElement, run: RunView, { cursor }: ViewState): void {
  const x = scaleOf(run, picture.clientWidth || 800)(Math.min(cursor ?? 0, run.report.cycles));
  select(picture)
    .select("line.cursor")
    .attr("visibility", cursor === null ? "hidden" : "visible")
    .attr("x1", x)
    .attr("x2", x);
}

/** Mean share of each state in so many columns of time. */
function columnsOf(run: RunView, columns: number, picked: Uint8Array | null): readonly StateCycles[] {
  const { cycles } = run.report;
  const units = run.units.filter((_, unit) => picked === null || picked[unit] === 1).length;
  const edges = Array.from({ length: columns + 1 }, (_, column) => (column * cycles) / columns);
  const stacks = Array.from({ length: columns }, () => STATES.map(() => 0));
  for (const section of run.sections) {
    const { first, bins } = section.trace;
    const own = section.units.filter(({ number }) => picked === null || picked[number] === 1);
    RECORDED.forEach((state, s) => {
      for (const { index } of own) {
        let before = 0;
        for (let column = 0; column < columns; column++) {
          const after = sumAt(section.sums[state], index, bins, edges[column + 1]! / run.trace.bin_cycles - first);
          stacks[column]![s]! += after - before;
          before = after;
        }
      }
    });
    for (let column = 0; column < columns; column++)
      stacks[column]![STATES.indexOf("configuring")]! += own.length * configuringIn(section, { from: edges[column]!, to: edges[column + 1]! });
  }
  const length = cycles / columns;
  return stacks.map((stack) => {
    const shares = stack.map((sum) => (units * length === 0 ? 0 : sum / (units * length)));
    const rest = Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0));
    return shares.map((share, s) => (STATES[s] === "idle" ? rest : share));
  });
}

function bars(stacks: readonly StateCycles[], s: number, x: (column: number) => number): string {
  return stacks
    .map((stack, column) => {
      const below = stack.slice(0, s).reduce((sum, share) => sum + share, 0);
      const [top, height] = [HEIGHT * (1 - below - stack[s]!), HEIGHT * stack[s]!];
      return height <= 0 ? "" : `M${x(column).toFixed(1)},${top.toFixed(1)}H${x(column + 1).toFixed(1)}v${height.toFixed(1)}H${x(column).toFixed(1)}Z`;
    })
    .join("");
}
