/** What of the grid is in view: wheel, drag and double click move it. */

import { select, type ZoomTransform, zoom, zoomIdentity } from "d3";
import type { Extent, Place } from "../model/places.ts";
import { type Box, boxesOf, type Frame, heightFor, wholeFrame, zoomed } from "./fabric-frame.ts";

export interface Camera {
  readonly view: () => InView;
  readonly isZoomed: () => boolean;
  readonly zoomBy: (factor: number) => void;
  readonly showAll: () => void;
  /** Brings a column and row into the middle. */
  readonly centre: (x: number, y: number) => void;
  /** The stage has another width. */
  readonly resize: () => void;
}

/** Kept as long as nothing moves: to ask for the room there is makes the browser lay out the page, and boxes are many. */
export interface InView {
  readonly frame: Frame;
  /** Of the places. */
  readonly boxes: readonly Box[];
}

const MOST_ZOOM = 16;

export function makeCamera(stage: HTMLElement, extent: Extent, places: readonly Place[], moved: () => void): Camera {
  const target = select<HTMLElement, unknown>(stage);
  let transform = zoomIdentity;
  let room: Frame | null = null;
  let seen: InView | null = null;
  const whole = (): Frame => {
    room ??= roomOf(stage, extent);
    return room;
  };
  const corners = (): [[number, number], [number, number]] => [
    [0, 0],
    [whole().width, whole().height],
  ];
  const behaviour = zoom<HTMLElement, unknown>()
    .scaleExtent([1, MOST_ZOOM])
    .extent(corners)
    .filter((event: WheelEvent | MouseEvent) => isForCamera(event, transform.k))
    .on("zoom", ({ transform: to }: { readonly transform: ZoomTransform }) => {
      transform = to;
      seen = null;
      moved();
    });
  target.call(behaviour);
  return {
    view: () => {
      if (seen !== null) return seen;
      behaviour.translateExtent(corners());
      const frame = zoomed(whole(), transform);
      seen = { frame, boxes: boxesOf(frame, places) };
      return seen;
    },
    isZoomed: () => transform.k > 1.01,
    zoomBy: (factor) => behaviour.scaleBy(target, factor),
    showAll: () => behaviour.transform(target, zoomIdentity),
    centre: (x, y) => behaviour.translateTo(target, whole().left + x * whole().pitch, whole().top + y * whole().pitch),
    resize: () => {
      room = null;
      seen = null;
    },
  };
}

function roomOf(stage: HTMLElement, extent: Extent): Frame {
  const width = Math.max(160, stage.clientWidth);
  return wholeFrame(extent, width, heightFor(extent, width, Math.max(240, innerHeight * 0.7)));
}

/** Shift is for picks; a wheel that would zoom out of the whole grid scrolls the page. */
function isForCamera(event: WheelEvent | MouseEvent, scale: number): boolean {
  if (event.shiftKey || event.button !== 0 || (event.target as Element).closest(".space-minimap") !== null) return false;
  return !("deltaY" in event && event.deltaY > 0 && scale <= 1);
}
