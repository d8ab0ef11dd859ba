/** "Unit by time": every unit a row, what it did from left to right. */

import { counted, grouped } from "../../src/report/format.ts";
import type { Store, ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { cyclesOf, scaledWindow } from "../model/cells.ts";
import { ORDERS, type Order, type Rows, rowsOf, twinsOf } from "../model/rows.ts";
import type { RunView, UnitView } from "../model/run.ts";
import { pickedUnits } from "../model/selection.ts";
import { cyclesOfUnits, type StateCycles, totalCycles } from "../model/window.ts";
import { windowOf } from "../model/words.ts";
import { fitCanvas } from "../ui/canvas.ts";
import { makeDifference } from "../ui/difference.ts";
import { el, svg, themeColour } from "../ui/dom.ts";
import { type Pixels, pixelsOf } from "../ui/pixels.ts";
import { makeSums } from "../ui/sums.ts";
import { hideTip, showTip } from "../ui/tip.ts";
import { meansWords, timeWords } from "./fabric-notes.ts";
import { unitTip, unitWords } from "./fabric-words.ts";
import { keyOfTime, listenToTime } from "./raster-drag.ts";
import { drawAxis, drawLabels, LABEL_WIDTH } from "./raster-labels.ts";
import { paintRaster, type Raster, STACK_PIXELS } from "./raster-paint.ts";

export const raster: View = {
  id: "raster",
  tab: "fabric",
  wide: true,
  title: "Unit by time",
  what: "A row a unit, time from left to right, coloured by what the unit did. Drag to look at a window of time, shift-drag moves it, wheel zooms, double click shows the whole run; click a row to pick its unit.",
  absent: ({ units }) => (units.length === 0 ? "This program has no units." : null),
  mount: (host, context) => mountRaster(host, context),
};

const ORDER = "raster.sort";
const ONLY = "raster.only";
const HIGHEST = 560;
const ROW = 16;
const KEYS = "Unit by time. Up and down go from row to row, Enter picks the unit, left and right move the window of time, + and - zoom, 0 shows the whole run.";

interface Drawn {
  readonly raster: Raster;
  readonly picked: Uint8Array | null;
}

function mountRaster(host: HTMLElement, { app: { store }, run, base }: ViewContext): MountedView {
  const twins = base === null ? null : twinsOf(run, base);
  const sums = makeSums("raster");
  const difference = makeDifference("raster");
  const canvas = el("canvas");
  const overlay = svg("svg", { class: "space-overlay", "aria-hidden": "true" });
  const live = el("p", { class: "visually-hidden", "aria-live": "polite", "data-test": "raster-row" });
  const stage = el("div", { class: "space-stage", tabindex: 0, role: "application", "aria-label": KEYS, "data-test": "raster-map" }, canvas, overlay);
  const labels = svg("svg", { class: "space-labels", role: "img", "aria-label": "Rows" });
  const axis = svg("svg", { class: "space-axis", role: "img", "aria-label": "Time" });
  const controls = el("div", { class: "space-bar" });
  const says = el("p", { class: "space-note", "data-test": "raster-says" });
  const means = meansWords(run);
  let drawn: Drawn | null = null;
  let pixels: Pixels | null = null;
  let row = -1;
  let dragged: readonly [number, number] | null = null;

  /** Of the picture: asked for once a drawing, as that makes the browser lay out the page. */
  let size = { width: 0, height: 0 };
  const draw = (): void => {
    if (drawn === null) return;
    const { raster, picked } = drawn;
    const { width, height } = sizeIn(host.clientWidth, raster.rows.units.length);
    size = { width, height };
    const context = fitCanvas(canvas, width, height);
    pixels = pixelsOf(width, height, pixels);
    paintRaster(pixels, raster, { panel: themeColour("--panel"), empty: themeColour("--empty") }, ({ number }) => picked !== null && picked[number] === 0);
    context.putImageData(pixels.image, 0, 0);
    drawLabels(labels, raster.rows, height);
    drawAxis(axis, run, raster.window, LABEL_WIDTH, width);
    says.textContent = wordsOf(run, raster, height);
    mark();
  };
  const mark = (): void => {
    if (drawn !== null) drawMarks(overlay, drawn, size, store.get(), row, dragged);
  };
  const rowAt = (event: MouseEvent): number => {
    const rows = drawn!.raster.rows.units.length;
    return Math.max(0, Math.min(rows - 1, Math.floor(((event.clientY - stage.getBoundingClientRect().top) / size.height) * rows)));
  };
  const ofUnit = (unit: UnitView): StateCycles => cyclesOf(run, unit, drawn!.raster.window);
  const pick = (unit: UnitView): void => store.set({ pick: { kind: "unit", name: unit.scene.id, section: run.sections[unit.section]!.name } });
  listenToTime(stage, {
    ...{ run, store },
    room: () => ({ left: 0, width: size.width }),
    select: (between) => {
      dragged = between;
      mark();
    },
    click: (event) => pick(drawn!.raster.rows.units[rowAt(event)]!),
    hover: (event) => {
      const unit = drawn!.raster.rows.units[rowAt(event)]!;
      showTip(event.clientX, event.clientY, unitTip(run, unit, ofUnit(unit), true));
    },
  });
  stage.addEventListener("pointerleave", hideTip);
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || drawn === null) return;
    const { units } = drawn.raster.rows;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      row = Math.max(0, Math.min(units.length - 1, row + (event.key === "ArrowUp" ? -1 : 1)));
      live.textContent = unitWords(run, units[row]!, ofUnit(units[row]!));
      mark();
    } else if (event.key === "Enter" && row >= 0) pick(units[row]!);
    else if (!keyOfTime(event.key, run, store)) return;
    event.preventDefault();
  });
  host.append(controls, el("div", { class: "space-raster" }, labels, stage), axis, live, base === null ? sums.element : difference.element, says);
  if (means !== null) host.append(el("p", { class: "space-note" }, means));
  return {
    update: (state, changed) => {
      if (drawn !== null && changed.size === 1 && changed.has("cursor")) {
        mark();
        return;
      }
      const picked = pickedUnits(run, state.pick);
      drawn = { raster: rasterOf(run, base, twins, state, picked), picked };
      row = Math.min(row, drawn.raster.rows.units.length - 1);
      controls.replaceChildren(...controlsOf(store, state));
      tell(drawn);
      draw();
    },
    resize: draw,
  };

  function tell({ raster: { rows, window, against }, picked }: Drawn): void {
    const counts = (unit: UnitView): boolean => picked === null || picked[unit.number] === 1;
    const total = totalCycles(rows.units.filter(counts).map((unit) => cyclesOf(run, unit, window)));
    if (against === null) {
      sums.update(total);
      return;
    }
    const found = against.units.filter((unit) => unit !== null).length;
    const others = pickedUnits(against.run, store.get().pick);
    const otherTotal = totalCycles(cyclesOfUnits(against.run, against.window), (unit) => others === null || others[unit] === 1);
    difference.update(
      total,
      otherTotal,
      `${grouped(found)} of ${grouped(rows.units.length)} units are found in A by section and name, or by place.${timeWords(run, against.run)}`,
    );
  }
}

function sizeIn(width: number, rows: number): { readonly width: number; readonly height: number } {
  return { width: Math.max(80, width - LABEL_WIDTH), height: Math.round(Math.max(40, Math.min(HIGHEST, rows * ROW))) };
}

function rasterOf(run: RunView, base: RunView | null, twins: ReturnType<typeof twinsOf> | null, state: ViewState, picked: Uint8Array | null): Raster {
  const window = windowOf(run, state.window);
  const units = picked === null || state.options[ONLY] !== "yes" ? run.units : run.units.filter(({ number }) => picked[number] === 1);
  const rows: Rows = rowsOf(run, units, orderOf(state), cyclesOfUnits(run, window));
  const against =
    base === null || twins === null ? null : { run: base, units: rows.units.map(({ number }) => twins[number]!), window: scaledWindow(window, run, base) };
  return { run, rows, window, against };
}

function orderOf({ options }: ViewState): Order {
  return ORDERS.find((order) => order === options[ORDER]) ?? "operator";
}

function controlsOf(store: Store, state: ViewState): readonly HTMLElement[] {
  const order = orderOf(state);
  return [
    el(
      "label",
      {},
      "rows by ",
      el(
        "select",
        { "data-test": "raster-sort", onchange: (event: Event) => store.setOption(ORDER, (event.target as HTMLSelectElement).value) },
        ...ORDERS.map((one) => el("option", { value: one, selected: one === order }, one)),
      ),
    ),
    el(
      "label",
      {},
      el("input", {
        type: "checkbox",
        checked: state.options[ONLY] === "yes",
        disabled: state.pick === null,
        onchange: (event: Event) => store.setOption(ONLY, (event.target as HTMLInputElement).checked ? "yes" : null),
      }),
      " only rows of what is picked",
    ),
  ];
}

function wordsOf({ trace }: RunView, { rows: { units }, against }: Raster, height: number): string {
  const pixels = (height * devicePixelRatio) / units.length;
  const cells =
    against !== null
      ? "Each row: busy share of the unit less that of its twin in A, its root so that small differences are seen; the page's colour where there is no twin."
      : pixels >= STACK_PIXELS
        ? "Each row is a stack of states, busy at the bottom."
        : pixels >= 1
          ? "Rows are too low for stacks: a point has the colours of its states, mixed by their shares."
          : `${grouped(units.length)} units share ${grouped(height * devicePixelRatio)} rows of pixels, about ${(1 / pixels).toFixed(1)} each: a point has the colours of all their states, mixed by their shares.`;
  const grain =
    trace.bin_cycles === 1
      ? "Every cycle was recorded."
      : `A bin of the recording is ${counted(trace.bin_cycles)} cycles: what the order was within one is not known, and drawn even.`;
  return `${cells} ${grain}`;
}

function drawMarks(
  overlay: SVGSVGElement,
  { raster: { rows, window }, picked }: Drawn,
  { width, height }: { readonly width: number; readonly height: number },
  { cursor }: ViewState,
  row: number,
  dragged: readonly [number, number] | null,
): void {
  overlay.setAttribute("width", `${width}`);
  overlay.setAttribute("height", `${height}`);
  const high = height / Math.max(1, rows.units.length);
  const marks: SVGElement[] = [];
  if (picked !== null) {
    rows.units.forEach(({ number }, at) => {
      if (picked[number] === 1) marks.push(svg("rect", { x: 0, y: at * high, width: 4, height: Math.max(1, high), fill: "var(--pick)" }));
    });
  }
  if (row >= 0)
    marks.push(svg("rect", { x: 0.5, y: row * high, width: width - 1, height: Math.max(2, high), fill: "none", stroke: "var(--accent)", "stroke-width": 2 }));
  if (cursor !== null && cursor >= window.from && cursor <= window.to) {
    const x = ((cursor - window.from) / Math.max(1, window.to - window.from)) * width;
    marks.push(svg("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: height }));
  }
  if (dragged !== null)
    marks.push(svg("rect", { x: dragged[0], y: 0, width: dragged[1] - dragged[0], height, fill: "var(--ink)", "fill-opacity": 0.2, stroke: "var(--ink)" }));
  overlay.replaceChildren(...marks);
}
