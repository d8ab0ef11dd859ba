/** The cells of the fabric map on a canvas: drawn colour by colour, as a change of colour is what costs. */

import { type Cells, dominantOf, ELSEWHERE, SHOWN, shareOf, UNUSED } from "../model/cells.ts";
import { LESS, MORE } from "../model/hues.ts";
import type { Place } from "../model/places.ts";
import { STATE_WORDS, STATES, type UnitState } from "../model/states.ts";
import { themeColour } from "../ui/dom.ts";
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

export function paintCells(context: CanvasRenderingContext2D, picture: Picture): void {
  const { frame, places, boxes, cells, ink, picked } = picture;
  const inView = places.filter(({ x, y }) => isInView(frame, x, y));
  paintUnused(context, picture, inView);
  const shown = inView.filter(({ number }) => cells.use[number] === SHOWN);
  for (const [dimmed, group] of [
    [true, shown.filter(({ number }) => picked !== null && picked[number] === 0)],
    [false, shown.filter(({ number }) => picked === null || picked[number] === 1)],
  ] as const) {
    paintGround(context, boxes, group, ink.empty);
    paintShares(context, picture, group, dimmed ? DIM : 1);
  }
  context.globalAlpha = 1;
  if (picked !== null)
    outline(
      context,
      boxes,
      shown.filter(({ number }) => picked[number] === 1),
      ink.pick,
      Math.max(1.25, frame.pitch * 0.06),
    );
}

/** Unused silicon: an outline. Used by sections that are not shown: a filled corner. */
function paintUnused(context: CanvasRenderingContext2D, { frame, boxes, cells, ink }: Picture, places: readonly Place[]): void {
  const elsewhere = places.filter(({ number }) => cells.use[number] === ELSEWHERE);
  outline(context, boxes, [...places.filter(({ number }) => cells.use[number] === UNUSED), ...elsewhere], ink.line, Math.min(1, frame.pitch * 0.06));
  context.fillStyle = ink.muted;
  context.beginPath();
  for (const place of elsewhere) {
    const { x, y, width, height } = boxes[place.number]!;
    context.moveTo(x, y + height);
    context.lineTo(x + width, y + height);
    context.lineTo(x, y);
  }
  context.globalAlpha = 0.35;
  context.fill();
  context.globalAlpha = 1;
}

function paintGround(context: CanvasRenderingContext2D, boxes: readonly Box[], places: readonly Place[], colour: string): void {
  context.fillStyle = colour;
  context.globalAlpha = 1;
  for (const place of places) fill(context, boxes[place.number]!);
}

const fill = (context: CanvasRenderingContext2D, { x, y, width, height }: Box): void => context.fillRect(x, y, width, height);

function paintShares(context: CanvasRenderingContext2D, picture: Picture, places: readonly Place[], alpha: number): void {
  const { frame, boxes, cells, paint } = picture;
  switch (paint.kind) {
    case "states":
      (frame.pitch >= SMALLEST_STACK ? paintStacks : paintDominant)(context, picture, places, alpha);
      return;
    case "share": {
      const state = STATES.indexOf(paint.state);
      context.fillStyle = STATE_WORDS[paint.state].colour;
      for (const place of places) {
        context.globalAlpha = alpha * shareOf(cells, place.number, state);
        fill(context, boxes[place.number]!);
      }
      return;
    }
    case "names":
      context.globalAlpha = alpha;
      for (const place of places) {
        context.fillStyle = paint.hues.get(paint.nameOf(place))!;
        fill(context, boxes[place.number]!);
      }
      return;
    case "difference":
      for (const place of places) {
        const difference = paint.differences[place.number]!;
        if (Number.isNaN(difference)) continue;
        context.fillStyle = difference < 0 ? LESS : MORE;
        context.globalAlpha = alpha * Math.min(1, Math.sqrt(Math.abs(difference)));
        fill(context, boxes[place.number]!);
      }
  }
}

/** Each cell a stack of its states, busy at the bottom. */
function paintStacks(context: CanvasRenderingContext2D, { boxes, cells }: Picture, places: readonly Place[], alpha: number): void {
  const bottoms = new Float64Array(places.length);
  context.globalAlpha = alpha;
  STATES.forEach((state, s) => {
    context.fillStyle = STATE_WORDS[state].colour;
    places.forEach((place, i) => {
      const share = shareOf(cells, place.number, s);
      if (share === 0) return;
      const { x, y, width, height } = boxes[place.number]!;
      context.fillRect(x, y + height * (1 - bottoms[i]! - share), width, height * share);
      bottoms[i]! += share;
    });
  });
}

function paintDominant(context: CanvasRenderingContext2D, { boxes, cells }: Picture, places: readonly Place[], alpha: number): void {
  const dominants = places.map(({ number }) => dominantOf(cells, number));
  STATES.forEach((state, s) => {
    context.fillStyle = STATE_WORDS[state].colour;
    places.forEach((place, i) => {
      if (dominants[i] !== s) return;
      context.globalAlpha = alpha * shareOf(cells, place.number, s);
      fill(context, boxes[place.number]!);
    });
  });
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
