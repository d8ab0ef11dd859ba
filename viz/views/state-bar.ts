/** A bar of states, each as long as its share. */

import { STATE_WORDS, STATES } from "../model/states.ts";
import type { StateCycles } from "../model/window.ts";
import { svg } from "../ui/dom.ts";

export function drawBar(picture: SVGSVGElement, cycles: StateCycles): void {
  const total = cycles.reduce((sum, one) => sum + one, 0);
  const share = (one: number): number => (total === 0 ? 0 : (100 * one) / total);
  let at = 0;
  picture.replaceChildren(
    ...STATES.flatMap((state, s) => {
      const width = share(cycles[s]!);
      at += width;
      return width === 0 ? [] : [svg("rect", { x: `${at - width}%`, y: 0, width: `${width}%`, height: "100%", fill: STATE_WORDS[state].colour })];
    }),
  );
  picture.setAttribute("aria-label", STATES.flatMap((state, s) => (cycles[s] === 0 ? [] : [`${state} ${Math.round(share(cycles[s]!))} %`])).join(", "));
}
