/** The program tree: arrows walk it, enter picks. */

import { grouped, percent } from "../../src/report/format.ts";
import type { ViewContext } from "../app/view.ts";
import type { RunView } from "../model/run.ts";
import type { Pick } from "../model/selection.ts";
import { STATES } from "../model/states.ts";
import { figuresOf, type NodeFigures, type TreeNode, treeOf } from "../model/tree.ts";
import type { StateCycles } from "../model/window.ts";
import { pointWords } from "../model/words.ts";
import { el, svg } from "../ui/dom.ts";
import { drawBar } from "./state-bar.ts";

export interface ProgramTree {
  readonly element: HTMLElement;
  readonly draw: (cycles: readonly StateCycles[], pick: Pick | null, picked: Uint8Array | null) => void;
}

interface Drawing {
  readonly context: ViewContext;
  readonly opened: Set<string>;
  /** Id of the item that tab comes to. */
  focus: string;
  cycles: readonly StateCycles[];
  busy: number;
  pick: Pick | null;
  picked: Uint8Array | null;
  readonly redraw: () => void;
}

export function makeTree(context: ViewContext): ProgramTree {
  const roots = treeOf(context.run);
  const list = el("ul", { class: "tree", role: "tree", "aria-label": "Program" });
  const drawing: Drawing = {
    ...{ context, opened: new Set(roots.filter(({ kind }) => kind === "loop").map(({ id }) => id)), focus: roots[0]?.id ?? "" },
    ...{ cycles: [], busy: 0, pick: null, picked: null },
    redraw: () => {
      const hadFocus = list.contains(document.activeElement);
      list.replaceChildren(...roots.map((node) => itemOf(node, 1, drawing)));
      if (hadFocus) list.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    },
  };
  list.addEventListener("keydown", (event) => keyed(event, list, drawing));
  return {
    element: el("div", { class: "scroll tree-box" }, list),
    draw: (cycles, pick, picked) => {
      const busy = STATES.indexOf("busy");
      Object.assign(drawing, { cycles, pick, picked, busy: cycles.reduce((sum, one) => sum + one[busy]!, 0) });
      drawing.redraw();
    },
  };
}

function itemOf(node: TreeNode, level: number, drawing: Drawing): HTMLElement {
  const { context, opened, pick } = drawing;
  const children = node.kind === "unit" ? [] : node.children();
  const hasDetail = node.operator !== null;
  const canOpen = children.length > 0 || hasDetail;
  const isOpen = canOpen && opened.has(node.id);
  const isPicked =
    node.pick !== null &&
    pick !== null &&
    pick.kind === node.pick.kind &&
    pick.name === node.pick.name &&
    (pick.section === null || pick.section === node.pick.section);
  const toggle = (event: Event): void => {
    event.stopPropagation();
    drawing.focus = node.id;
    turn(node.id, drawing);
  };
  const choose = (): void => {
    drawing.focus = node.id;
    if (node.pick !== null) context.app.store.set({ pick: isPicked ? null : node.pick });
    else turn(node.id, drawing);
  };
  const isDim = drawing.picked !== null && !node.units.some(({ number }) => drawing.picked![number] === 1);
  return el(
    "li",
    {
      ...{ role: "treeitem", "aria-level": level, "aria-selected": `${isPicked}`, tabindex: drawing.focus === node.id ? 0 : -1, "data-node": node.id },
      ...(canOpen ? { "aria-expanded": `${isOpen}` } : {}),
      "aria-label": `${node.label}, ${kindWords(node)}`,
    },
    el(
      "div",
      { class: `tree-row${isPicked ? " picked" : ""}${isDim ? " dim" : ""}`, onclick: choose, style: `padding-left:${(level - 1) * 16}px` },
      el("span", { class: "opener", "aria-hidden": "true", onclick: toggle }, canOpen ? (isOpen ? "▾" : "▸") : ""),
      el(
        "span",
        { class: "tree-name" },
        el("span", { class: `tree-label ${node.kind}`, title: node.label }, node.label),
        el("span", { class: "tree-kind" }, kindWords(node)),
      ),
      ...figureCells(node, drawing),
    ),
    isOpen && hasDetail ? detailOf(node, level) : null,
    isOpen && children.length > 0 ? el("ul", { role: "group" }, ...children.map((child) => itemOf(child, level + 1, drawing))) : null,
  );
}

function kindWords({ kind, operator, units }: TreeNode): string {
  const many = units.length === 1 ? "1 unit" : `${grouped(units.length)} units`;
  switch (kind) {
    case "loop":
      return `loop, ${many}`;
    case "operator":
      return units.length === 0 ? `${operator!.kind}, no units of its own` : many;
    case "memory":
      return `data, ${many}`;
    case "stage":
    case "unit":
      return "";
  }
}

function figureCells(node: TreeNode, { context: { run, base }, cycles, busy }: Drawing): readonly Node[] {
  if (node.units.length === 0) return [];
  const figures = figuresOf(run, node.units, cycles, busy);
  const picture = svg("svg", { width: 70, height: 10, class: "state-bar", role: "img" });
  drawBar(picture, figures.cycles);
  const share = el("span", { class: "tree-share", title: "its share of the busy cycles of all units" }, percent(figures.busyShare));
  const change = base === null ? null : changeOf(node, run, base);
  return [picture, share, el("span", { class: "tree-cause", title: causeWords(figures) }, change ?? causeWords(figures))];
}

/** What its units wait most for. */
function causeWords({ stalls }: NodeFigures): string {
  const [most] = stalls;
  return most === undefined ? "" : `${most.state} by ${most.root}`;
}

/** Of a difference: how much more of the whole run its units were busy. */
function changeOf({ units, kind }: TreeNode, run: RunView, base: RunView): string | null {
  if (kind === "unit") return null;
  const share = (of: RunView, wanted: (operator: string) => boolean): number | null => {
    const own = of.units.filter(({ scene }) => wanted(scene.operator));
    return own.length === 0 || of.report.cycles === 0 ? null : own.reduce((sum, { result }) => sum + result.busy_cycles, 0) / (own.length * of.report.cycles);
  };
  const names = new Set(units.map(({ scene }) => scene.operator));
  const [now, before] = [share(run, (name) => names.has(name)), share(base, (name) => names.has(name))];
  if (now === null) return null;
  return before === null ? "only in B" : `busy ${percent(now)}, A ${percent(before)}: ${pointWords(now, before)}`;
}

/** Its text and where it stands. */
function detailOf({ operator }: TreeNode, level: number): HTMLElement {
  const { text, place, carries } = operator!;
  return el(
    "div",
    { class: "tree-detail", style: `margin-left:${level * 16 + 4}px` },
    el("pre", {}, text),
    carries.length === 0 ? null : el("p", {}, carries.map(({ to, init, from }) => `${to} starts as ${init}, then becomes ${from}`).join("; ")),
    place === null ? null : el("p", {}, "written in ", el("code", {}, `${place.file}:${place.line}`)),
  );
}

function turn(id: string, drawing: Drawing): void {
  if (!drawing.opened.delete(id)) drawing.opened.add(id);
  drawing.redraw();
}

/** As the tree pattern of WAI-ARIA has it. */
function keyed(event: KeyboardEvent, list: HTMLElement, drawing: Drawing): void {
  const items = [...list.querySelectorAll<HTMLElement>('[role="treeitem"]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const item = items[at];
  if (item === undefined) return;
  const id = item.dataset.node!;
  const isOpen = item.getAttribute("aria-expanded");
  const go = (to: HTMLElement | undefined): void => {
    if (to === undefined) return;
    drawing.focus = to.dataset.node!;
    item.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(items[at + 1]),
    ArrowUp: () => go(items[at - 1]),
    Home: () => go(items[0]),
    End: () => go(items.at(-1)),
    ArrowRight: () => (isOpen === "false" ? turn(id, drawing) : go(items[at + 1])),
    ArrowLeft: () => (isOpen === "true" ? turn(id, drawing) : go(item.parentElement?.closest<HTMLElement>('[role="treeitem"]') ?? undefined)),
    Enter: () => item.querySelector<HTMLElement>(".tree-row")!.click(),
    " ": () => item.querySelector<HTMLElement>(".tree-row")!.click(),
  };
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  drawing.focus = id;
  act();
}
