/** What would make the run faster: changes that were run, with what they gained. */

import { grouped, percent } from "../../src/report/format.ts";
import type { SceneAction } from "../../src/scene/scene.ts";
import type { RunView } from "../model/run.ts";
import { el } from "../ui/dom.ts";

const TOLD = 3;
/** What gains less than a thousandth gains nothing: another placement does as much. */
const LEAST = 0.001;

export function actionsList(run: RunView): readonly HTMLElement[] {
  const { actions } = run.scene;
  return [el("div", { class: "actions" }, el("h3", {}, "What would help"), ...(actions === null ? [askWords(run)] : actionItems(actions)))];
}

/** Nothing was tried: how to. The report has not got the command that made it (settings of the machine, a file of its own): it is not made up here. */
function askWords({ report: { machine } }: RunView): HTMLElement {
  if (machine.kind === "gpu") return el("p", {}, "Changes are tried on spatial machines only.");
  return el(
    "p",
    {},
    "No change was tried for this page. The same ",
    el("code", {}, "weft run"),
    " with ",
    el("code", {}, "--out DIR --tries 8"),
    " behind it runs the most promising changes to the schedule and the machine and puts what they gain here; ",
    el("code", {}, "weft explain"),
    " with the same settings tells it in the terminal.",
  );
}

function actionItems(actions: readonly SceneAction[]): readonly HTMLElement[] {
  const gains = actions.filter(({ before_cycles, after_cycles }) => before_cycles - after_cycles > LEAST * before_cycles);
  const rest = actions.filter((action) => !gains.slice(0, TOLD).includes(action));
  const head = gains.length === 0 ? `None of the ${actions.length} changes that were run makes it faster.` : null;
  return [
    ...(head === null ? [] : [el("p", {}, head)]),
    el("ol", {}, ...gains.slice(0, TOLD).map((action) => el("li", {}, ...wordsOf(action)))),
    ...(rest.length === 0
      ? []
      : [el("details", {}, el("summary", {}, `${rest.length} more that were run`), el("ul", {}, ...rest.map((action) => el("li", {}, ...wordsOf(action)))))]),
  ];
}

function wordsOf({ what, how, before_cycles: before, after_cycles: after }: SceneAction): readonly Node[] {
  const change = 1 - after / before;
  const gain = Math.abs(change) <= LEAST ? "no gain" : change > 0 ? `${percent(change)} fewer cycles` : `${percent(-change)} more cycles`;
  return [
    el("b", {}, what),
    el("span", { class: change > LEAST ? "gain" : "no-gain" }, ` ${gain}`),
    el("span", {}, ` (${grouped(before)} to ${grouped(after)}, verified by a run) `),
    el("code", {}, how),
  ];
}
