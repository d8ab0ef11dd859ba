/** The legend of states with the sums that a view draws: what the tests hold against the report. */

import { grouped, percents } from "../../src/report/format.ts";
import { STATE_WORDS, STATES } from "../model/states.ts";
import type { StateCycles } from "../model/window.ts";
import { el } from "./dom.ts";

export interface SumsLegend {
  readonly element: HTMLElement;
  readonly update: (cycles: StateCycles) => void;
}

/** `id`: of the view. */
export function makeSums(id: string): SumsLegend {
  const element = el("ul", { class: "legend", "data-test": `${id}-sums`, "aria-label": "States of the units shown" });
  return {
    element,
    update: (cycles) => {
      const whole = cycles.map(Math.round);
      const shares = whole.every((one) => one === 0) ? whole.map(() => "0 %") : percents(whole);
      element.replaceChildren(
        ...STATES.map((state, s) =>
          el(
            "li",
            { "data-state": state, "data-cycles": whole[s], title: `${STATE_WORDS[state].what}: ${grouped(whole[s]!)} unit cycles`, hidden: whole[s] === 0 },
            el("i", { style: `background:${STATE_WORDS[state].colour}`, "aria-hidden": "true" }),
            `${state} ${shares[s]}`,
          ),
        ),
      );
    },
  };
}
