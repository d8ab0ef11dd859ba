/** The pass explorer: what each step of the compiler changed, then what became of the program. */

import type { ScenePass } from "../../src/scene/scene.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { linesOnlyIn } from "../model/diff.ts";
import type { RunView } from "../model/run.ts";
import { el } from "../ui/dom.ts";
import { diffElement } from "./passes-diff.ts";
import { makeText } from "./passes-text.ts";

export const passes: View = {
  id: "passes",
  tab: "compiler",
  title: "Compiler passes",
  what: "Step by step from what was written to what runs: the lines that a pass took away and made, then the loops, the units and their places. Up and down, or previous and next, go from step to step.",
  wide: true,
  absent: ({ scene }) => (scene.passes.length === 0 ? "Nothing was compiled for this run: kernels of a GPU are planned operator by operator." : null),
  mount,
};

/** Steps that are a text of their own, not a change of the program. */
const TEXTS: ReadonlySet<string> = new Set(["controllers", "fabric", "mapping"]);

interface Step {
  readonly pass: ScenePass;
  readonly isText: boolean;
  /** "changed", "nothing to do"; of a difference whether it is like A's. */
  readonly words: string;
  readonly isQuiet: boolean;
  /** Of a difference: what A and B have alone. */
  readonly lines: { readonly before: readonly string[]; readonly after: readonly string[] } | null;
}

function mount(host: HTMLElement, { app, run, base }: ViewContext): MountedView {
  const steps = stepsOf(run, base);
  const list = el("ol", { class: "pass-list", "aria-label": "Steps of the compiler" });
  const body = el("div", { class: "pass-body" });
  let shown = -1;
  const go = (to: number): void => {
    if (to < 0 || to >= steps.length) return;
    app.store.setOption("passes.step", `${to}`);
  };
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(shown + step);
  });
  host.replaceChildren(el("div", { class: "pass-grid" }, list, body));
  return {
    update: ({ options }, changed) => {
      if (!changed.has("options")) return;
      const wanted = stepIn(options, steps);
      if (wanted === shown) return;
      const hadFocus = list.contains(document.activeElement);
      shown = wanted;
      list.replaceChildren(
        ...steps.map((step, i) =>
          el(
            "li",
            {},
            stepButton(step, i === shown, () => go(i)),
          ),
        ),
      );
      body.replaceChildren(...stepContent(steps, shown, go));
      if (hadFocus) list.querySelector<HTMLElement>('[aria-current="step"]')?.focus();
    },
  };
}

/** The one in the address, or the first that changed something. */
function stepIn(options: ViewState["options"], steps: readonly Step[]): number {
  const said = Number(options["passes.step"] ?? "none");
  if (Number.isInteger(said) && said >= 0 && said < steps.length) return said;
  return Math.max(
    0,
    steps.findIndex(({ isQuiet }) => !isQuiet),
  );
}

function stepsOf(run: RunView, base: RunView | null): readonly Step[] {
  return run.scene.passes.map((pass, i): Step => {
    const isText = TEXTS.has(pass.name);
    if (base !== null) return differenceOf(pass, base.scene.passes[i], isText);
    const isQuiet = pass.before.length + pass.after.length === 0;
    const words = isText ? `${pass.after.length} lines` : isQuiet ? "nothing to do" : `${pass.before.length} lines away, ${pass.after.length} made`;
    return { pass, isText, words, isQuiet, lines: null };
  });
}

/** What it left in B and not in A, and the other way. Of a pass the lines that it made. */
function differenceOf(pass: ScenePass, other: ScenePass | undefined, isText: boolean): Step {
  const before = linesOnlyIn(other?.after ?? [], pass.after);
  const after = linesOnlyIn(pass.after, other?.after ?? []);
  const isQuiet = before.length + after.length === 0;
  return {
    pass,
    isText,
    words: isQuiet ? "the same as in A" : `${before.length} lines only in A, ${after.length} only in B`,
    isQuiet,
    lines: { before, after },
  };
}

function stepButton({ pass, words, isQuiet }: Step, isShown: boolean, choose: () => void): HTMLElement {
  return el(
    "button",
    { type: "button", class: isQuiet ? "quiet" : "", "aria-current": isShown ? "step" : null, tabindex: isShown ? 0 : -1, onclick: choose },
    el("b", {}, pass.name),
    el("span", {}, words),
  );
}

function stepContent(steps: readonly Step[], at: number, go: (to: number) => void): readonly HTMLElement[] {
  const { pass, isText, lines, isQuiet } = steps[at]!;
  const button = (words: string, to: number): HTMLElement =>
    el("button", { type: "button", disabled: to < 0 || to >= steps.length, onclick: () => go(to) }, words);
  const head = el(
    "div",
    { class: "pass-head" },
    el("h3", {}, `${at + 1} of ${steps.length}: ${pass.name}`),
    button("previous", at - 1),
    button("next", at + 1),
  );
  const what = el("p", { class: "now" }, pass.what);
  if (lines !== null) return [head, what, isQuiet ? el("p", {}, "The same in both runs.") : diffElement(lines.before, lines.after, "only in A", "only in B")];
  if (isText) return [head, what, makeText(pass.name, pass.after)];
  return [
    head,
    what,
    isQuiet ? el("p", {}, "Nothing to do: the program has nothing that this step is about.") : diffElement(pass.before, pass.after, "before", "after"),
  ];
}
