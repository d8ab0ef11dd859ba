/** Plays through time: a slider for the store's cursor, and a button that moves it. */

import { counted, duration, grouped } from "../../src/report/format.ts";
import type { Store, ViewState } from "../app/state.ts";
import type { RunView } from "../model/run.ts";
import type { Window } from "../model/window.ts";
import { windowOf } from "../model/words.ts";
import { el } from "../ui/dom.ts";

export interface Player {
  readonly element: HTMLElement;
  readonly update: (state: ViewState) => void;
  /** A step on, or back. */
  readonly step: (steps: number) => void;
  readonly toggle: () => void;
  readonly destroy: () => void;
}

/** Steps of a window: at single speed it is played in STEPS / RATE seconds. */
const STEPS = 200;
const RATE = 20;
const SPEEDS = [0.5, 1, 2] as const;

/** Cycles that the map shows at a cursor: no less than a bin, as the order within one is not known. */
export function stepOf(run: RunView, { from, to }: Window): number {
  return Math.max(run.trace.bin_cycles, Math.ceil((to - from) / STEPS));
}

/** What the map shows: the step at the cursor, or the window. */
export function shownWindow(run: RunView, { window, cursor }: ViewState): Window {
  const whole = windowOf(run, window);
  if (cursor === null) return whole;
  const from = Math.max(0, Math.min(cursor, run.report.cycles - 1));
  return { from, to: Math.min(run.report.cycles, from + stepOf(run, whole)) };
}

export function makePlayer(run: RunView, store: Store): Player {
  let frame = 0;
  let before = 0;
  /** Of a step that has not been made yet. */
  let due = 0;
  const speed = el("select", { "aria-label": "Speed" }, ...SPEEDS.map((one) => el("option", { value: one, selected: one === 1 }, `${one} x`)));
  const slider = el("input", { type: "range", min: 0, step: 1, class: "space-slider", "aria-label": "Point in time: arrow keys step, space plays" });
  const play = el("button", { type: "button", "data-test": "fabric-play", onclick: () => toggle() }, "play");
  const all = el("button", { type: "button", onclick: () => store.set({ cursor: null }) }, "whole window");
  const words = el("span", { class: "space-note", "data-test": "fabric-time" });

  const windowNow = (): Window => shownWindow(run, { ...store.get(), cursor: null });
  const step = (steps: number): void => {
    const { from, to } = windowNow();
    const length = stepOf(run, { from, to });
    const at = store.get().cursor;
    const last = from + (Math.ceil((to - from) / length) - 1) * length;
    store.set({ cursor: at === null ? from : Math.max(from, Math.min(last, at + steps * length)) });
  };
  const stop = (): void => {
    cancelAnimationFrame(frame);
    frame = 0;
    play.textContent = "play";
  };
  const tick = (now: number): void => {
    frame = requestAnimationFrame(tick);
    due += ((now - before) / 1000) * RATE * Number(speed.value);
    before = now;
    const steps = Math.floor(due);
    if (steps === 0) return;
    due -= steps;
    const at = store.get().cursor;
    step(steps);
    if (at !== null && store.get().cursor === at) stop();
  };
  const toggle = (): void => {
    if (frame !== 0) {
      stop();
      return;
    }
    const { from, to } = windowNow();
    const { cursor } = store.get();
    if (cursor === null || cursor + 2 * stepOf(run, { from, to }) > to) store.set({ cursor: from });
    play.textContent = "pause";
    before = performance.now();
    due = 0;
    frame = requestAnimationFrame(tick);
  };
  slider.addEventListener("input", () => {
    const { from, to } = windowNow();
    store.set({ cursor: from + Number(slider.value) * stepOf(run, { from, to }) });
  });
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    toggle();
  });
  return {
    element: el("div", { class: "space-bar" }, play, speed, slider, all, words),
    update: (state) => {
      const shown = shownWindow(run, state);
      const { from, to } = windowNow();
      const length = stepOf(run, { from, to });
      slider.max = `${Math.max(0, Math.ceil((to - from) / length) - 1)}`;
      slider.value = `${state.cursor === null ? 0 : Math.round((state.cursor - from) / length)}`;
      all.disabled = state.cursor === null;
      words.textContent = timeWords(run, shown, state.cursor !== null);
      slider.setAttribute("aria-valuetext", words.textContent);
    },
    step,
    toggle,
    destroy: stop,
  };
}

function timeWords({ report: { clock_hz } }: RunView, { from, to }: Window, isStep: boolean): string {
  if (!isStep) return `shown: all of the window, ${counted(to - from)} cycles (${duration((to - from) / clock_hz)})`;
  return `shown: ${counted(to - from)} cycles from cycle ${grouped(from)} on (${duration(from / clock_hz)})`;
}
