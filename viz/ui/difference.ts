/** The legend of a difference: what the colours say, and by how much the states of the two runs differ. */

import { grouped, percent } from "../../src/report/format.ts";
import { LESS, MORE } from "../model/hues.ts";
import { STATES } from "../model/states.ts";
import type { StateCycles } from "../model/window.ts";
import { el } from "./dom.ts";

export interface DifferenceLegend {
  readonly element: HTMLElement;
  /** Of the second run, and of the first. `words`: what is compared. */
  readonly update: (cycles: StateCycles, base: StateCycles, words: string) => void;
}

/** `id`: of the view. */
export function makeDifference(id: string): DifferenceLegend {
  const words = el("p", { class: "space-note" });
  const list = el("ul", { class: "legend", "data-test": `${id}-sums`, "aria-label": "States of the units shown, B less A" });
  const scale = el(
    "p",
    { class: "space-note" },
    el("i", { class: "space-ramp", style: `background:linear-gradient(90deg, ${LESS}, transparent, ${MORE})`, "aria-hidden": "true" }),
    "busy share: left less, right more busy in B than in A",
  );
  return {
    element: el("div", {}, scale, list, words),
    update: (cycles, base, said) => {
      words.textContent = said;
      const shares = [sharesIn(cycles), sharesIn(base)] as const;
      list.replaceChildren(
        ...STATES.map((state, s) => {
          const [more, points] = [Math.round(cycles[s]!) - Math.round(base[s]!), shares[0][s]! - shares[1][s]!];
          return el(
            "li",
            { "data-state": state, "data-cycles": more, hidden: cycles[s] === 0 && base[s] === 0, title: `${signed(more)} unit cycles` },
            `${state} ${signed(points * 100, 1)} points`,
          );
        }),
      );
    },
  };
}

function sharesIn(cycles: StateCycles): readonly number[] {
  const all = cycles.reduce((sum, one) => sum + one, 0);
  return cycles.map((one) => (all === 0 ? 0 : one / all));
}

/** 0.123 -> "+12.3 %". */
export function signedPercent(share: number): string {
  return share < 0 ? `-${percent(-share)}` : `+${percent(share)}`;
}

function signed(value: number, digits = 0): string {
  const size = digits === 0 ? grouped(Math.abs(value)) : Math.abs(value).toFixed(digits);
  return value < 0 ? `-${size}` : `+${size}`;
}
