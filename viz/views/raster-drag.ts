/** Hands on a picture of time: a drag makes a window, with shift it moves the one there is, a wheel zooms, a double click shows the whole run. */

import type { Store } from "../app/state.ts";
import type { RunView } from "../model/run.ts";
import { movedWindow, windowState, zoomedWindow } from "../model/spans.ts";
import type { Window } from "../model/window.ts";
import { windowOf } from "../model/words.ts";

export interface TimeArea {
  readonly run: RunView;
  readonly store: Store;
  /** In pixels of the stage: where time begins, and how long it is. */
  readonly room: () => { readonly left: number; readonly width: number };
  /** Between two points that are being dragged; null: no longer. */
  readonly select: (between: readonly [number, number] | null) => void;
  /** No drag: a click. */
  readonly click: (event: PointerEvent) => void;
  readonly hover: (event: PointerEvent) => void;
}

/** Pixels that a click may be off. */
const CLICK = 4;
/** Bins that a window has at least. */
const LEAST_BINS = 4;

interface Drag {
  readonly at: number;
  readonly isMove: boolean;
  readonly window: Window;
}

export function windowShown(run: RunView, store: Store): Window {
  return windowOf(run, store.get().window);
}

export function listenToTime(stage: HTMLElement, { run, store, room, select, click, hover }: TimeArea): void {
  const { cycles } = run.report;
  let drag: Drag | null = null;
  const pixelOf = (event: MouseEvent): number => {
    const { left, width } = room();
    return Math.max(0, Math.min(width, event.clientX - stage.getBoundingClientRect().left - left));
  };
  const cycleOf = (pixel: number, { from, to }: Window): number => from + (pixel / room().width) * (to - from);
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (event.target as Element).closest("button, select, label") !== null) return;
    stage.setPointerCapture(event.pointerId);
    drag = { at: pixelOf(event), isMove: event.shiftKey, window: windowShown(run, store) };
  });
  stage.addEventListener("pointermove", (event) => {
    if (drag === null) {
      hover(event);
      return;
    }
    const { at, isMove, window } = drag;
    if (!isMove) select([Math.min(at, pixelOf(event)), Math.max(at, pixelOf(event))]);
    else set(movedWindow(window, cycleOf(at, window) - cycleOf(pixelOf(event), window), cycles));
  });
  const end = (event: PointerEvent): void => {
    if (drag === null) return;
    const { at, isMove, window } = drag;
    const to = pixelOf(event);
    drag = null;
    select(null);
    if (Math.abs(to - at) <= CLICK) click(event);
    else if (!isMove) set({ from: Math.floor(cycleOf(Math.min(at, to), window)), to: Math.ceil(cycleOf(Math.max(at, to), window)) });
  };
  const set = (window: Window): void => store.set({ window: windowState(window, cycles), cursor: null });
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", () => {
    drag = null;
    select(null);
  });
  stage.addEventListener("dblclick", () => store.set({ window: null, cursor: null }));
  stage.addEventListener(
    "wheel",
    (event) => {
      const window = windowShown(run, store);
      if (event.ctrlKey || (event.deltaY > 0 && window.to - window.from >= cycles)) return;
      event.preventDefault();
      set(zoomedWindow(window, cycleOf(pixelOf(event), window), 1.2 ** (-event.deltaY / 100), cycles, leastOf(run)));
    },
    { passive: false },
  );
}

const leastOf = ({ trace }: RunView): number => Math.min(trace.cycles, LEAST_BINS * trace.bin_cycles);

/** True: the key was one of time. Left and right move by a tenth, + and - zoom, 0 shows the whole run. */
export function keyOfTime(key: string, run: RunView, store: Store): boolean {
  const { cycles } = run.report;
  const window = windowShown(run, store);
  const length = window.to - window.from;
  const set = (next: Window): void => store.set({ window: windowState(next, cycles), cursor: null });
  if (key === "ArrowLeft" || key === "ArrowRight") set(movedWindow(window, (key === "ArrowLeft" ? -length : length) / 10, cycles));
  else if (key === "+" || key === "=" || key === "-")
    set(zoomedWindow(window, (window.from + window.to) / 2, key === "-" ? 1 / 1.5 : 1.5, cycles, leastOf(run)));
  else if (key === "0") set({ from: 0, to: cycles });
  else return false;
  return true;
}
