/** Windows of time moved and zoomed by hand. */

import type { Window } from "./window.ts";

/** Zoomed by a factor around a point: what is under it stays there. `least`: cycles that a window has at least. */
export function zoomedWindow({ from, to }: Window, at: number, factor: number, cycles: number, least: number): Window {
  const length = Math.min(cycles, Math.max(least, (to - from) / factor));
  const share = to > from ? (at - from) / (to - from) : 0.5;
  return insideOf(at - share * length, length, cycles);
}

export function movedWindow({ from, to }: Window, by: number, cycles: number): Window {
  return insideOf(from + by, to - from, cycles);
}

function insideOf(from: number, length: number, cycles: number): Window {
  const begin = Math.max(0, Math.min(cycles - length, Math.round(from)));
  return { from: begin, to: Math.min(cycles, begin + Math.round(length)) };
}

/** As the page's state has it: null is the whole run. */
export function windowState({ from, to }: Window, cycles: number): readonly [number, number] | null {
  return from <= 0 && to >= cycles ? null : [from, to];
}
