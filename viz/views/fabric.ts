/** "Fabric map": every unit of the machine in its place, over a window of time or played through it. */

import { pointer, select, type ZoomTransform, zoom, zoomIdentity } from "d3";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { SHOWN } from "../model/cells.ts";
import { neighbourOf, type Place } from "../model/places.ts";
import type { UnitView } from "../model/run.ts";
import { configuringIn, cyclesOfUnit, type StateCycles } from "../model/window.ts";
import { fitCanvas } from "../ui/canvas.ts";
import { makeDifference } from "../ui/difference.ts";
import { el } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { hideTip, showTip } from "../ui/tip.ts";
import { cellWords, colourChoice, differenceWords, linkWords, meansWords, namesLegend, sectionChoice, shapeWords } from "./fabric-controls.ts";
import { type Frame, gridAt, heightFor, wholeFrame, zoomed } from "./fabric-frame.ts";
import { paintLinks, paintRoute } from "./fabric-links.ts";
import { makeMinimap } from "./fabric-minimap.ts";
import { type FabricModel, modelOf, type Shown, shownOf, unitsIn } from "./fabric-model.ts";
import { inkOfTheme, outline, type Picture, paintCells, paintLabels, SMALLEST_STACK } from "./fabric-paint.ts";
import { makePlayer } from "./fabric-player.ts";
import { placeTip, placeWords } from "./fabric-words.ts";

export const fabric: View = {
  id: "fabric",
  tab: "fabric",
  wide: true,
  title: "Fabric map",
  what: "Every unit of the machine in its place, and the links between their switches. Play through time, zoom with wheel or + and -, click a unit to pick it, shift-click for its operator.",
  absent: ({ scene }) => (scene.machine.grid.columns * scene.machine.grid.rows === 0 ? "This machine has no grid of units." : null),
  mount: (host, context) => mountFabric(host, context),
};

const MOST_ZOOM = 16;

function mountFabric(host: HTMLElement, { app: { store }, run, base }: ViewContext): MountedView {
  const model = modelOf(run, base);
  const sums = makeSums("fabric");
  const difference = makeDifference("fabric");
  const player = makePlayer(run, store);
  const canvas = el("canvas", { class: "space-map" });
  const live = el("p", { class: "visually-hidden", "aria-live": "polite", "data-test": "fabric-cell" });
  const stage = el(
    "div",
    {
      class: "space-stage",
      tabindex: 0,
      role: "application",
      "aria-label":
        "Fabric map. Arrow keys move from unit to unit, Enter picks, shift Enter picks the operator, + and - zoom, space plays, comma and full stop step through time.",
      "data-test": "fabric-map",
    },
    canvas,
  );
  const controls = el("div", { class: "space-bar" });
  const names = el("div", {});
  const notes = el("div", { class: "space-notes" });
  let shown: Shown | null = null;
  let transform = zoomIdentity;
  let cursor: Place | null = null;
  let ink = inkOfTheme();

  const whole = (): Frame => {
    const width = Math.max(160, stage.clientWidth);
    return wholeFrame(model.extent, width, heightFor(model.extent, width, Math.max(240, innerHeight * 0.7)));
  };
  const frameNow = (): Frame => zoomed(whole(), transform);
  const minimap = makeMinimap(model.extent, (x, y) => {
    const { pitch, left, top } = whole();
    camera.translateTo(select<HTMLElement, unknown>(stage), left + x * pitch, top + y * pitch);
  });
  const camera = zoom<HTMLElement, unknown>()
    .scaleExtent([1, MOST_ZOOM])
    .extent(() => {
      const { width, height } = whole();
      return [
        [0, 0],
        [width, height],
      ];
    })
    .filter((event: WheelEvent | MouseEvent) => isForCamera(event, transform.k))
    .on("zoom", ({ transform: to }: { readonly transform: ZoomTransform }) => {
      transform = to;
      hideTip();
      draw();
    });

  const draw = (): void => {
    if (shown === null) return;
    const frame = frameNow();
    camera.translateExtent([
      [0, 0],
      [frame.width, frame.height],
    ]);
    const context = fitCanvas(canvas, frame.width, frame.height);
    const picture: Picture = { ...shown, places: model.places, frame, ink };
    paintMap(context, model, shown, picture, store.get(), cursor);
    minimap.draw(picture, frame, transform.k > 1.01);
  };
  const ofUnit = (unit: UnitView): StateCycles => {
    const { window } = shown!.cells;
    const section = run.sections[unit.section]!;
    return cyclesOfUnit(run, section, unit, window, configuringIn(section, window));
  };
  const placeAt = (event: MouseEvent): Place | null => {
    const [x, y] = gridAt(frameNow(), ...(pointer(event, stage) as [number, number]));
    return model.places.find((place) => place.x === x && place.y === y) ?? null;
  };
  const pick = (place: Place | null, byOperator: boolean): void => {
    const [unit] = place === null ? [] : unitsIn(place, shown!.section);
    if (unit === undefined) store.set({ pick: null });
    else
      store.set({
        pick: byOperator
          ? { kind: "operator", name: unit.scene.operator, section: null }
          : { kind: "unit", name: unit.scene.id, section: run.sections[unit.section]!.name },
      });
  };
  const moveTo = (place: Place | null): void => {
    if (place === null) return;
    cursor = place;
    live.textContent = placeWords(run, place, unitsIn(place, shown!.section), ofUnit);
    draw();
  };
  stage.append(minimap.element);
  select<HTMLElement, unknown>(stage).call(camera);
  stage.addEventListener("click", (event) => pick(placeAt(event), event.shiftKey));
  stage.addEventListener("pointermove", (event) => {
    const place = event.buttons === 0 ? placeAt(event) : null;
    if (place === null) hideTip();
    else showTip(event.clientX, event.clientY, placeTip(run, place, unitsIn(place, shown!.section), ofUnit));
  });
  stage.addEventListener("pointerleave", hideTip);
  stage.addEventListener("focus", () => cursor === null && stage.matches(":focus-visible") && moveTo(firstUsed(model, shown!)));
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move !== undefined) moveTo(cursor === null ? firstUsed(model, shown!) : (neighbourOf(model.places, cursor, ...move) ?? cursor));
    else if (event.key === "Enter") pick(cursor, event.shiftKey);
    else if (event.key === " ") player.toggle();
    else if (event.key === "," || event.key === ".") player.step(event.key === "," ? -1 : 1);
    else if (event.key === "+" || event.key === "=" || event.key === "-")
      camera.scaleBy(select<HTMLElement, unknown>(stage), event.key === "-" ? 1 / 1.5 : 1.5);
    else if (event.key === "0") camera.transform(select<HTMLElement, unknown>(stage), zoomIdentity);
    else return;
    event.preventDefault();
  });
  const zoomBy = (factor: number): void => camera.scaleBy(select<HTMLElement, unknown>(stage), factor);
  const zoomButtons = el(
    "span",
    { class: "space-group" },
    el("button", { type: "button", "aria-label": "Zoom in", onclick: () => zoomBy(1.5) }, "+"),
    el("button", { type: "button", "aria-label": "Zoom out", onclick: () => zoomBy(1 / 1.5) }, "−"),
    el("button", { type: "button", onclick: () => camera.transform(select<HTMLElement, unknown>(stage), zoomIdentity) }, "whole grid"),
  );
  host.append(controls, player.element, stage, live, base === null ? sums.element : difference.element, names, notes);

  const updateControls = (state: ViewState): void => {
    controls.replaceChildren(
      ...(base === null ? [colourChoice(store, state)] : []),
      ...[sectionChoice(run, store, state)].filter((one) => one !== null),
      zoomButtons,
    );
    const kind = base === null && (state.colour === "operator" || state.colour === "section") ? state.colour : null;
    names.replaceChildren(...(kind === null ? [] : [namesLegend(store, model.hues[kind], kind)]));
  };
  const updateNotes = ({ paint, section, traffic, cells, baseCells }: Shown): void => {
    const isStacked = frameNow().pitch >= SMALLEST_STACK;
    const isMerged = section === null && model.places.some(({ units }) => units.length > 1);
    const means = meansWords(run);
    notes.replaceChildren(
      el("p", { class: "space-note", "data-test": "fabric-says" }, `${cellWords(paint, isStacked, isMerged)} ${shapeWords(section !== null)}`),
      linkWords(run, traffic),
      ...(means === null ? [] : [el("p", { class: "space-note" }, means)]),
    );
    if (paint.kind === "difference" && baseCells !== null && base !== null) {
      const matched = paint.differences.reduce((sum, one) => sum + (Number.isNaN(one) ? 0 : 1), 0);
      difference.update(cells.total, baseCells.total, differenceWords(run, base, matched, cells.use.filter((use) => use === SHOWN).length));
    } else sums.update(cells.total);
  };
  const update = (state: ViewState, changed: ReadonlySet<keyof ViewState>): void => {
    if (changed.has("theme")) ink = inkOfTheme();
    shown = shownOf(model, state);
    if (changed.has("colour") || changed.has("options")) updateControls(state);
    player.update(state);
    updateNotes(shown);
    draw();
  };
  return {
    update,
    resize: () => {
      if (shown === null) return;
      draw();
      updateNotes(shown);
    },
    destroy: player.destroy,
  };
}

/** Shift is for picks; a wheel that would zoom out of the whole grid scrolls the page. */
function isForCamera(event: WheelEvent | MouseEvent, scale: number): boolean {
  if (event.shiftKey || event.button !== 0 || (event.target as Element).closest(".space-minimap") !== null) return false;
  return !("deltaY" in event && event.deltaY > 0 && scale <= 1);
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function firstUsed({ places }: FabricModel, { cells }: Shown): Place | null {
  return places.find(({ number }) => cells.use[number] === SHOWN) ?? places[0] ?? null;
}

function paintMap(
  context: CanvasRenderingContext2D,
  { run }: FabricModel,
  { lanes, traffic, section }: Shown,
  picture: Picture,
  { pick }: ViewState,
  cursor: Place | null,
): void {
  const { frame, ink } = picture;
  context.clearRect(0, 0, frame.width, frame.height);
  paintLinks(context, frame, lanes, traffic, ink.line);
  paintCells(context, picture);
  paintLabels(context, picture);
  if (pick?.kind === "channel") {
    for (const one of run.sections) {
      const channel =
        (section === null || one.number === section) && (pick.section === null || pick.section === one.name)
          ? one.scene.channels.find(({ id }) => id === pick.name)
          : undefined;
      if (channel !== undefined) paintRoute(context, frame, one, channel, ink.pick);
    }
  }
  if (cursor !== null) outline(context, frame, [cursor], ink.accent, Math.max(2, frame.pitch * 0.08));
}
