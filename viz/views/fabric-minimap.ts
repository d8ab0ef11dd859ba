/** Where in the grid one is, when the map is zoomed: all cells small, and the part in view as a frame. */

import type { Extent } from "../model/places.ts";
import { fitCanvas } from "../ui/canvas.ts";
import { el } from "../ui/dom.ts";
import { type Pixels, pixelOf, pixelsOf } from "../ui/pixels.ts";
import { boxesOf, type Frame, wholeFrame } from "./fabric-frame.ts";
import { type Picture, paintCells } from "./fabric-paint.ts";

export interface Minimap {
  readonly element: HTMLCanvasElement;
  /** `frame`: of the large map; `isZoomed`: it shows less than all. */
  readonly draw: (picture: Picture, frame: Frame, isZoomed: boolean) => void;
}

const WIDTH = 168;

/** `goTo`: brings a column and row into the middle of the large map. */
export function makeMinimap(extent: Extent, goTo: (x: number, y: number) => void): Minimap {
  const height = Math.max(24, Math.min(140, (WIDTH * extent.rows) / (extent.right - extent.left + 1)));
  const small = wholeFrame(extent, WIDTH, height);
  let pixels: Pixels | null = null;
  const element = el("canvas", { class: "space-minimap", "aria-hidden": "true", hidden: true });
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    go(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.buttons === 1) go(event);
  });
  const go = (event: PointerEvent): void => goTo((event.offsetX - small.left) / small.pitch, (event.offsetY - small.top) / small.pitch);
  return {
    element,
    draw: (picture, frame, isZoomed) => {
      element.hidden = !isZoomed;
      if (!isZoomed) return;
      const context = fitCanvas(element, WIDTH, height);
      pixels = pixelsOf(WIDTH, height, pixels);
      pixels.data.fill(pixelOf(picture.ink.panel));
      paintCells(pixels, { ...picture, frame: small, boxes: boxesOf(small, picture.places) });
      context.putImageData(pixels.image, 0, 0);
      const scale = small.pitch / frame.pitch;
      context.strokeStyle = picture.ink.ink;
      context.lineWidth = 1.5;
      context.strokeRect(small.left - frame.left * scale, small.top - frame.top * scale, frame.width * scale, frame.height * scale);
    },
  };
}
