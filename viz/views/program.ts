/** The program: what was written, as a tree and as a graph, and what each part came to on the chip. */

import type { MountedView, View, ViewContext } from "../app/view.ts";
import { pickedUnits } from "../model/selection.ts";
import { cyclesOfUnits, totalCycles } from "../model/window.ts";
import { unitWords, windowOf, windowWords } from "../model/words.ts";
import { el } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { makeGraph } from "./program-graph.ts";
import { makeTree } from "./program-tree.ts";

export const program: View = {
  id: "program",
  tab: "program",
  title: "Program",
  what: "What was written, and what it became: operators, the stages and units that work for them, and the line of code. The graph shows which operator reads what another made. A click on either picks the operator in all views.",
  wide: true,
  absent: ({ scene }) => (scene.program.operators.length === 0 ? "The program has no operators: there is nothing to run." : null),
  mount,
};

function mount(host: HTMLElement, context: ViewContext): MountedView {
  const { run } = context;
  const words = el("p", { class: "now", "aria-live": "polite" });
  const sums = makeSums("program");
  const tree = makeTree(context);
  const graph = makeGraph(context);
  host.replaceChildren(words, sums.element, el("div", { class: "program-grid" }, tree.element, graph.element));
  return {
    update: (state, changed) => {
      if (!changed.has("window") && !changed.has("pick") && !changed.has("options")) return;
      const window = windowOf(run, state.window);
      const cycles = cyclesOfUnits(run, window);
      const picked = pickedUnits(run, state.pick);
      const count = picked === null ? run.units.length : picked.reduce((sum, one) => sum + one, 0);
      words.textContent = `What ${unitWords(count, run.units.length, state.pick)} did, ${windowWords(run, window)}.`;
      sums.update(totalCycles(cycles, (unit) => picked === null || picked[unit] === 1));
      tree.draw(cycles, state.pick, picked);
      graph.draw(cycles, state.pick, picked);
    },
  };
}
