/** The cells of the fabric map. */

import { type Cells, dominantOf, ELSEWHERE, SHOWN, shareOf } from "../model/cells.ts";
import { LESS, MORE } from "../model/hues.ts";
import type { Place } from "../model/places.ts";
import { STATE_WORDS, STATES, type UnitState } from "../model/states.ts";
import { themeColour } from "../ui/dom.ts";
import { fillPixels, mixed, outlinePixels, type Pixels, pixelOf } from "../ui/pixels.ts";
import { type Box, type Frame, isInView } from "./fabric-frame.ts";

/** What colours a cell. `hues`: of operators or sections, by name. */
export type Paint =
  | { readonly kind: "states" }
  | { readonly kind: "share"; readonly state: UnitState }
  | { readonly kind: "names"; readonly hues: ReadonlyMap<string, string>; readonly nameOf: (place: Place) => string }
  | { readonly kind: "difference"; readonly differences: Float64Array };

export interface Ink {
  readonly panel: string;
  readonly empty: string;
  readonly line: string;
  readonly muted: string;
  readonly ink: string;
  readonly pick: string;
  readonly accent: string;
}

export function inkOfTheme(): Ink {
  const [panel, empty, line, muted, ink, pick, accent] = ["--panel", "--empty", "--line", "--muted", "--ink", "--pick", "--accent"].map(themeColour);
  return { panel: panel!, empty: empty!, line: line!, muted: muted!, ink: ink!, pick: pick!, accent: accent! };
}

/** At a smaller pitch cells show the state that has most of the window, not all of them. */
export const SMALLEST_STACK = 10;
/** Of what is not picked. */
const DIM = 0.22;

export interface Picture {
  readonly frame: Frame;
  readonly places: readonly Place[];
  /** Of the places, in the frame. */
  readonly boxes: readonly Box[];
  readonly cells: Cells;
  readonly paint: Paint;
  readonly ink: Ink;
  /** One flag a place; null: nothing is picked. */
  readonly picked: Uint8Array | null;
}

/** Draws cells over what is there. */
export function paintCells(pixels: Pixels, { frame, places, boxes, cells, paint, ink, picked }: Picture): void {
  const [panel, line] = [pixelOf(ink.panel), pixelOf(ink.line)];
  const fillers = [true, false].map((isDim) => fillerOf(paint, cells, frame, ink, isDim ? DIM : 1));
  for (const place of places) {
    if (!isInView(frame, place.x, place.y)) continue;
    const area = areaOf(boxes[place.number]!, pixels.scale);
    const use = cells.use[place.number];
    if (use === SHOWN) fillers[picked !== null && picked[place.number] === 0 ? 0 : 1]!(pixels, place, area);
    else {
      const [left, top, right, bottom] = area;
      outlinePixels(pixels, left, top, right, bottom, line);
      if (use === ELSEWHERE) fillPixels(pixels, left, (top + bottom) >> 1, right, bottom, mixed(panel, pixelOf(ink.muted), 0.35));
    }
  }
}

/** Pixels of the screen: left, top, right, bottom. */
type Area = readonly [number, number, number, number];

function areaOf({ x, y, width, height }: Box, scale: number): Area {
  const [left, top] = [Math.round(x * scale), Math.round(y * scale)];
  return [left, top, left + Math.max(1, Math.round(width * scale)), top + Math.max(1, Math.round(height * scale))];
}

type Filler = (pixels: Pixels, place: Place, area: Area) => void;

/** `alpha`: how much of the colours is seen. */
function fillerOf(paint: Paint, cells: Cells, { pitch }: Frame, ink: Ink, alpha: number): Filler {
  const [panel, empty] = [pixelOf(ink.panel), pixelOf(ink.empty)];
  const seen = (colour: string, part: number): number => mixed(panel, mixed(empty, pixelOf(colour), part), alpha);
  const states = STATES.map((state) => seen(STATE_WORDS[state].colour, 1));
  const plain =
    (pixelOfPlace: (place: Place) => number): Filler =>
    (pixels, place, [left, top, right, bottom]) =>
      fillPixels(pixels, left, top, right, bottom, pixelOfPlace(place));
  switch (paint.kind) {
    case "states":
      return pitch < SMALLEST_STACK
        ? plain(({ number }) => dominantPixel(cells, number, seen))
        : (pixels, { number }, area) => fillStack(pixels, cells, number, area, states);
    case "share": {
      const [state, { colour }] = [STATES.indexOf(paint.state), STATE_WORDS[paint.state]];
      return plain(({ number }) => seen(colour, shareOf(cells, number, state)));
    }
    case "names":
      return plain((place) => seen(paint.hues.get(paint.nameOf(place))!, 1));
    case "difference":
      return plain(({ number }) => {
        const difference = paint.differences[number]!;
        return Number.isNaN(difference) ? seen(ink.empty, 1) : seen(difference < 0 ? LESS : MORE, Math.min(1, Math.sqrt(Math.abs(difference))));
      });
  }
}

function dominantPixel(cells: Cells, place: number, seen: (colour: string, part: number) => number): number {
  const state = dominantOf(cells, place);
  return seen(STATE_WORDS[STATES[state]!].colour, shareOf(cells, place, state));
}

/** A stack of the place's states, busy at the bottom. A row of pixels that states share has a mix of their colours. */
function fillStack(pixels: Pixels, cells: Cells, place: number, [left, top, right, bottom]: Area, colours: readonly number[]): void {
  const high = bottom - top;
  let from = 0;
  /** Of the row that is begun, as far as it is filled. */
  let mix = 0;
  for (let s = 0; s < STATES.length; s++) {
    const share = shareOf(cells, place, s);
    if (share === 0) continue;
    const to = Math.min(high, from + share * high);
    const row = Math.floor(from);
    const begun = from - row;
    mix = begun === 0 ? colours[s]! : mixed(mix, colours[s]!, 1 - begun / Math.min(1, to - row));
    if (begun > 0) fillPixels(pixels, left, bottom - row - 1, right, bottom - row, mix);
    const first = Math.ceil(from);
    if (to > first) {
      fillPixels(pixels, left, bottom - Math.ceil(to), right, bottom - first, colours[s]!);
      mix = colours[s]!;
    }
    from = to;
  }
}

export function paintPicked(context: CanvasRenderingContext2D, { frame, places, boxes, cells, ink, picked }: Picture): void {
  if (picked === null) return;
  const found = places.filter(({ number }) => cells.use[number] === SHOWN && picked[number] === 1);
  outline(context, boxes, found, ink.pick, Math.max(1.25, frame.pitch * 0.06));
}

export function outline(context: CanvasRenderingContext2D, boxes: readonly Box[], places: readonly Place[], colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  for (const place of places) {
    const { x, y, width: wide, height } = boxes[place.number]!;
    context.rect(x - width / 2, y - width / 2, wide + width, height + width);
  }
  context.stroke();
}

/** Names in cells that have room for them. */
export function paintLabels(context: CanvasRenderingContext2D, { frame, places, boxes, cells, paint }: Picture): void {
  if (paint.kind !== "names" || frame.pitch < 44) return;
  context.font = `${Math.min(12, frame.pitch * 0.2)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const place of places) {
    if (cells.use[place.number] !== SHOWN || !isInView(frame, place.x, place.y)) continue;
    const { x, y, width, height } = boxes[place.number]!;
    const name = paint.nameOf(place);
    context.fillStyle = isLight(paint.hues.get(name)!) ? "#000000" : "#ffffff";
    context.fillText(shortened(context, name, width - 2), x + width / 2, y + height / 2);
  }
}

function isLight(rgb: string): boolean {
  const [red = 0, green = 0, blue = 0] = (rgb.match(/\d+/g) ?? []).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 120;
}

/** As much of a text as fits into so many pixels. */
export function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let [fits, over] = [0, text.length];
  while (over - fits > 1) {
    const half = (fits + over) >> 1;
    if (context.measureText(`${text.slice(0, half)}…`).width <= width) fits = half;
    else over = half;
  }
  return fits === 0 ? "" : `${text.slice(0, fits)}…`;
}
