/** The verdict bar: how long, how near to what is possible, what limits, and what would help. */

import type { MountedView, View, ViewContext } from "../app/view.ts";
import type { RunView } from "../model/run.ts";
import { pickedUnits } from "../model/selection.ts";
import { cyclesOfUnits, totalCycles } from "../model/window.ts";
import { unitWords, windowOf, windowWords } from "../model/words.ts";
import { el, svg } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { drawBar } from "./state-bar.ts";
import { actionsList } from "./verdict-actions.ts";
import { makeBounds } from "./verdict-bounds.ts";
import { figuresList } from "./verdict-figures.ts";
import { limitWords, partialNote, warningNotes } from "./verdict-words.ts";

export const verdict: View = {
  id: "verdict",
  tab: "overview",
  title: "Verdict",
  what: "How long the run takes, how near that is to what the machine could do at best, what limits it, and what would make it faster. Words with a dotted line explain themselves.",
  wide: true,
  mount,
};

function mount(host: HTMLElement, { run, base }: ViewContext): MountedView {
  const states = makeStates(run);
  const bounds = makeBounds(run, base);
  host.replaceChildren(
    ...partialNote(run),
    figuresList(run, base),
    el("div", { class: "verdict-grid" }, limitWords(run), bounds.element),
    ...(run.units.length === 0 ? [] : [states.element]),
    ...actionsList(run),
    ...warningNotes(run),
  );
  return {
    update: (state, changed) => {
      if (changed.has("tab")) bounds.draw();
      if (changed.has("window") || changed.has("pick")) states.draw(windowOf(run, state.window), state.pick);
    },
    resize: bounds.draw,
  };
}

interface States {
  readonly element: HTMLElement;
  readonly draw: (window: { readonly from: number; readonly to: number }, pick: Parameters<typeof pickedUnits>[1]) => void;
}

const BAR = 22;

/** What all units did, as one bar. */
function makeStates(run: RunView): States {
  const head = el("h3", {});
  const picture = svg("svg", { class: "state-bar", width: "100%", height: BAR, preserveAspectRatio: "none", role: "img" });
  const sums = makeSums("verdict");
  return {
    element: el("div", { class: "verdict-states" }, head, picture, sums.element),
    draw: (window, pick) => {
      const picked = pickedUnits(run, pick);
      const total = totalCycles(cyclesOfUnits(run, window), (unit) => picked === null || picked[unit] === 1);
      const count = picked === null ? run.units.length : picked.reduce((sum, one) => sum + one, 0);
      head.textContent = `What ${unitWords(count, run.units.length, pick)} did ${windowWords(run, window)}`;
      drawBar(picture, total);
      sums.update(total);
    },
  };
}
