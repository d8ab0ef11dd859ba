/** The page: heading, tabs, the strip of time, and the panels of the tab that is open. */

import type { RunView } from "../model/run.ts";
import { el } from "../ui/dom.ts";
import { hideTip } from "../ui/tip.ts";
import { makePanel, type Panel } from "./panel.ts";
import { openBundleFile } from "./payload.ts";
import { createStore, type ViewState } from "./state.ts";
import { makeStrip } from "./strip.ts";
import type { App } from "./view.ts";
import { TABS, VIEWS } from "./views.ts";

const ALL_KEYS = new Set<keyof ViewState>(["tab", "window", "cursor", "pick", "colour", "sides", "theme", "options"]);

/** Mounts the page; the app that it gives is for the tests, too. */
export function mountShell(root: HTMLElement, first: readonly RunView[]): App {
  const store = createStore();
  let runs = first;
  let panels: readonly Panel[] = [];
  const strip = makeStrip(store);
  const main = el("main", { id: "panels", role: "tabpanel" });
  const head = el("header", { class: "page-head" });
  const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Views" });
  const say = el("p", { class: "page-words", role: "status" });

  let isOfPage = false;
  /** `isOther`: the runs are others. What stands for the page stays: a slider that is being moved must not go. */
  const rebuild = (isOther = false): void => {
    if (isOther && isOfPage) return;
    for (const panel of panels) panel.destroy();
    hideTip();
    const state = store.get();
    const tab = tabOf(state);
    const views = VIEWS.filter((view) => view.tab === tab);
    isOfPage = views.every((view) => view.isOfPage === true);
    panels = views.map((view) => makePanel(view, app, state.sides));
    main.replaceChildren(...panels.map(({ element }) => element));
    main.setAttribute("aria-labelledby", `tab-${tab}`);
    for (const panel of panels) panel.update(state, ALL_KEYS);
  };
  const drawHead = (): void => {
    const state = store.get();
    head.replaceChildren(...headOf(app, state, open));
    tabs.replaceChildren(...tabsOf(state, store.set));
    document.documentElement.dataset.theme = state.theme;
    document.title = `weft: ${runs.map(({ title }) => title).join(" / ")}`;
  };
  const drawStrip = (state: ViewState): void => strip.draw(stripRun(runs, state), state);
  const open = async (file: File): Promise<void> => {
    say.textContent = `opening ${file.name} ...`;
    const opened = await openBundleFile(file);
    say.textContent = "why" in opened ? `${file.name}: ${opened.why}` : "";
    if ("run" in opened) app.replaceRun(1, opened.run);
  };
  const app: App = {
    store,
    runs: () => runs,
    replaceRun: (position, run) => {
      const [a, b] = runs;
      if (position === 0 && run !== null) runs = b === undefined ? [run] : [run, b];
      else if (position === 1) runs = run === null ? [a!] : [a!, run];
      drawHead();
      drawStrip(store.get());
      rebuild(true);
    },
  };
  root.replaceChildren(el("a", { class: "skip", href: "#panels" }, "to the views"), head, say, strip.element, tabs, main);
  drawHead();
  drawStrip(store.get());
  rebuild();
  store.listen((state, changed) => {
    if (changed.has("theme") || changed.has("tab") || changed.has("sides")) drawHead();
    if (changed.has("window") || changed.has("pick") || changed.has("sides") || changed.has("theme")) drawStrip(state);
    else if (changed.has("cursor")) strip.moveCursor(stripRun(runs, state), state);
    if (changed.has("tab") || changed.has("sides") || changed.has("theme")) rebuild();
    else for (const panel of panels) panel.update(state, changed);
  });
  let width = main.clientWidth;
  new ResizeObserver(() => {
    if (main.clientWidth === width) return;
    width = main.clientWidth;
    drawStrip(store.get());
    for (const panel of panels) panel.resize();
  }).observe(main);
  addEventListener("keydown", (event) => keyed(event, app));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) void open(file);
  });
  return app;
}

function tabOf({ tab }: ViewState): string {
  return (TABS.find(({ id }) => id === tab) ?? TABS[0]!).id;
}

function stripRun(runs: readonly RunView[], { sides }: ViewState): RunView {
  return (sides === "b" || sides === "difference" ? runs[1] : undefined) ?? runs[0]!;
}

/** Escape takes the pick away, then the window; [ and ] go from tab to tab. */
function keyed(event: KeyboardEvent, { store }: App): void {
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement) return;
  const state = store.get();
  if (event.key === "Escape") store.set(state.pick !== null ? { pick: null } : { window: null, cursor: null });
  const step = event.key === "]" ? 1 : event.key === "[" ? -1 : 0;
  const at = TABS.findIndex(({ id }) => id === tabOf(state));
  if (step !== 0) store.set({ tab: TABS[(at + step + TABS.length) % TABS.length]!.id });
}

// --- heading ---

function headOf(app: App, state: ViewState, open: (file: File) => void): readonly Node[] {
  const [a, b] = app.runs();
  const params = Object.entries(a!.report.workload.params).map(([name, value]) => `${name} ${value}`);
  const choose = (label: string, value: string, choices: readonly (readonly [string, string])[], set: (value: string) => void): HTMLElement =>
    el(
      "label",
      {},
      `${label} `,
      el(
        "select",
        { onchange: (event: Event) => set((event.target as HTMLSelectElement).value) },
        ...choices.map(([key, words]) => el("option", { value: key, selected: key === value }, words)),
      ),
    );
  const sides = [["both", "side by side"] as const, ["difference", "B less A"] as const, ["a", "A alone"] as const, ["b", "B alone"] as const];
  const themes = [["auto", "as the system"] as const, ["light", "light"] as const, ["dark", "dark"] as const];
  return [
    el("h1", {}, b === undefined ? a!.title : `A: ${a!.title}  ·  B: ${b.title}`),
    el("p", { class: "params" }, `${params.join(", ")} · ${a!.report.style} · seed ${a!.report.workload.seed} · weft ${a!.report.weft.version}`),
    el(
      "div",
      { class: "controls" },
      b === undefined ? null : choose("compare", state.sides, sides, (value) => app.store.set({ sides: value as ViewState["sides"] })),
      b === undefined ? null : el("button", { type: "button", onclick: () => app.replaceRun(1, null) }, "close B"),
      el(
        "label",
        { class: "file" },
        b === undefined ? "compare with " : "other B ",
        el("input", {
          type: "file",
          accept: ".html,.bin",
          onchange: (event: Event) => {
            const file = (event.target as HTMLInputElement).files?.[0];
            if (file !== undefined) open(file);
          },
        }),
      ),
      choose("colours", state.theme, themes, (value) => app.store.set({ theme: value as ViewState["theme"] })),
    ),
  ];
}

function tabsOf(state: ViewState, set: (change: Partial<ViewState>) => void): readonly HTMLElement[] {
  const open = tabOf(state);
  return TABS.filter(({ id }) => VIEWS.some(({ tab }) => tab === id)).map(({ id, title }) =>
    el(
      "button",
      { type: "button", role: "tab", id: `tab-${id}`, "aria-selected": `${id === open}`, "aria-controls": "panels", onclick: () => set({ tab: id }) },
      title,
    ),
  );
}
