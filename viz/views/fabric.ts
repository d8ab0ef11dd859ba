/** "Fabric map": every unit of the machine in its place, over a window of time or played through it. */

import { pointer } from "d3";
import type { Store, ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { cyclesOf, SHOWN } from "../model/cells.ts";
import { neighbourOf, type Place } from "../model/places.ts";
import type { UnitView } from "../model/run.ts";
import type { StateCycles } from "../model/window.ts";
import { fitCanvas } from "../ui/canvas.ts";
import { el } from "../ui/dom.ts";
import { type Pixels, pixelOf, pixelsOf } from "../ui/pixels.ts";
import { hideTip, showTip } from "../ui/tip.ts";
import { type Camera, makeCamera } from "./fabric-camera.ts";
import { colourChoice, namesLegend, sectionChoice } from "./fabric-controls.ts";
import { type Frame, gridAt } from "./fabric-frame.ts";
import { type LinkPainter, makeLinkPainter, paintRoute } from "./fabric-links.ts";
import { makeMinimap } from "./fabric-minimap.ts";
import { type FabricModel, modelOf, type Shown, shownOf, unitsIn } from "./fabric-model.ts";
import { makeNotes } from "./fabric-notes.ts";
import { inkOfTheme, outline, type Picture, paintCells, paintLabels, paintPicked } from "./fabric-paint.ts";
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

const KEYS =
  "Fabric map. Arrow keys move from unit to unit, Enter picks, shift Enter picks the operator, + and - zoom, 0 shows the whole grid, space plays, comma and full stop step through time.";

function mountFabric(host: HTMLElement, { app: { store }, run, base }: ViewContext): MountedView {
  const model = modelOf(run, base);
  const player = makePlayer(run, store);
  const notes = makeNotes(model);
  const canvas = el("canvas", { class: "space-map" });
  const live = el("p", { class: "visually-hidden", "aria-live": "polite", "data-test": "fabric-cell" });
  const stage = el("div", { class: "space-stage", tabindex: 0, role: "application", "aria-label": KEYS, "data-test": "fabric-map" }, canvas);
  const controls = el("div", { class: "space-bar" });
  const names = el("div", {});
  let shown: Shown | null = null;
  let cursor: Place | null = null;
  let ink = inkOfTheme();
  let pixels: Pixels | null = null;
  const links = makeLinkPainter();

  const draw = (): void => {
    if (shown === null) return;
    const picture: Picture = { ...shown, ...camera.view(), places: model.places, ink };
    const { width, height } = picture.frame;
    pixels = pixelsOf(width, height, pixels);
    paintMap(fitCanvas(canvas, width, height), pixels, links, model, shown, picture, store.get(), cursor);
    minimap.draw(picture, picture.frame, camera.isZoomed());
    sayWhere(stage, picture.frame);
  };
  const camera = makeCamera(stage, model.extent, model.places, () => {
    hideTip();
    draw();
  });
  const minimap = makeMinimap(model.extent, camera.centre);
  const unitsAt = (place: Place): readonly UnitView[] => unitsIn(place, shown!.section);
  const ofUnit = (unit: UnitView): StateCycles => cyclesOf(run, unit, shown!.cells.window);
  const placeAt = (event: MouseEvent): Place | null => {
    const [x, y] = gridAt(camera.view().frame, ...(pointer(event, stage) as [number, number]));
    return model.places.find((place) => place.x === x && place.y === y) ?? null;
  };
  const pick = (place: Place | null, byOperator: boolean): void => {
    const unit = place === null ? undefined : unitsAt(place)[0];
    if (unit === undefined) store.set({ pick: null });
    else if (byOperator) store.set({ pick: { kind: "operator", name: unit.scene.operator, section: null } });
    else store.set({ pick: { kind: "unit", name: unit.scene.id, section: run.sections[unit.section]!.name } });
  };
  const moveTo = (place: Place | null): void => {
    if (place === null) return;
    cursor = place;
    live.textContent = placeWords(run, place, unitsAt(place), ofUnit);
    draw();
  };
  const act = (key: string, isShifted: boolean): boolean => {
    const move = MOVES[key];
    if (move !== undefined) moveTo(cursor === null ? firstUsed(model, shown!) : (neighbourOf(model.places, cursor, ...move) ?? cursor));
    else if (key === "Enter") pick(cursor, isShifted);
    else if (key === " ") player.toggle();
    else if (key === "," || key === ".") player.step(key === "," ? -1 : 1);
    else if (key === "+" || key === "=" || key === "-") camera.zoomBy(key === "-" ? 1 / STEP : STEP);
    else if (key === "0") camera.showAll();
    else return false;
    return true;
  };
  stage.append(minimap.element);
  stage.addEventListener("click", (event) => pick(placeAt(event), event.shiftKey));
  stage.addEventListener("pointermove", (event) => {
    const place = event.buttons === 0 ? placeAt(event) : null;
    if (place === null) hideTip();
    else showTip(event.clientX, event.clientY, placeTip(run, place, unitsAt(place), ofUnit));
  });
  stage.addEventListener("pointerleave", hideTip);
  stage.addEventListener("focus", () => {
    if (cursor === null && stage.matches(":focus-visible")) moveTo(firstUsed(model, shown!));
  });
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (act(event.key, event.shiftKey)) event.preventDefault();
  });
  host.append(controls, player.element, stage, live, notes.sums, names, notes.words);
  return {
    update: (state, changed) => {
      if (changed.has("theme")) ink = inkOfTheme();
      shown = shownOf(model, state);
      if (changed.has("colour") || changed.has("options")) {
        controls.replaceChildren(...controlsOf(model, store, state, camera));
        names.replaceChildren(...namesOf(model, store, state));
      }
      player.update(state);
      notes.update(shown, camera.view().frame.pitch);
      draw();
    },
    resize: () => {
      camera.resize();
      if (shown !== null) notes.update(shown, camera.view().frame.pitch);
      draw();
    },
    destroy: player.destroy,
  };
}

/** Where the grid stands, for tests that click on it. */
function sayWhere({ dataset }: HTMLElement, { pitch, left, top }: Frame): void {
  if (dataset.pitch === `${pitch}` && dataset.left === `${left}` && dataset.top === `${top}`) return;
  Object.assign(dataset, { pitch, left, top });
}

const STEP = 1.5;
const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function firstUsed({ places }: FabricModel, { cells }: Shown): Place | null {
  return places.find(({ number }) => cells.use[number] === SHOWN) ?? places[0] ?? null;
}

function controlsOf({ run, base }: FabricModel, store: Store, state: ViewState, camera: Camera): readonly HTMLElement[] {
  const zoom = el(
    "span",
    { class: "space-group" },
    el("button", { type: "button", "aria-label": "Zoom in", onclick: () => camera.zoomBy(STEP) }, "+"),
    el("button", { type: "button", "aria-label": "Zoom out", onclick: () => camera.zoomBy(1 / STEP) }, "−"),
    el("button", { type: "button", onclick: camera.showAll }, "whole grid"),
  );
  return [base === null ? colourChoice(store, state) : null, sectionChoice(run, store, state), zoom].filter((one) => one !== null);
}

function namesOf({ base, hues }: FabricModel, store: Store, { colour }: ViewState): readonly HTMLElement[] {
  if (base !== null || (colour !== "operator" && colour !== "section")) return [];
  return [namesLegend(store, hues[colour], colour)];
}

function paintMap(
  context: CanvasRenderingContext2D,
  pixels: Pixels,
  links: LinkPainter,
  { run }: FabricModel,
  { lanes, traffic, section }: Shown,
  picture: Picture,
  { pick }: ViewState,
  cursor: Place | null,
): void {
  const { frame, boxes, ink } = picture;
  pixels.data.fill(pixelOf(ink.panel));
  links.paint(pixels, frame, lanes, traffic, ink.panel, ink.line);
  paintCells(pixels, picture);
  context.putImageData(pixels.image, 0, 0);
  paintPicked(context, picture);
  paintLabels(context, picture);
  if (pick?.kind === "channel") {
    for (const one of run.sections) {
      if ((section !== null && one.number !== section) || (pick.section !== null && pick.section !== one.name)) continue;
      const channel = one.scene.channels.find(({ id }) => id === pick.name);
      if (channel !== undefined) paintRoute(context, frame, one, channel, ink.pick);
    }
  }
  if (cursor !== null) outline(context, boxes, [cursor], ink.accent, Math.max(2, frame.pitch * 0.08));
}
