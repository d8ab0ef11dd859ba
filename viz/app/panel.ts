/** A panel: a view with its heading, its words, its pictures to save, and a place for each run that it shows. */

import type { RunView } from "../model/run.ts";
import { el } from "../ui/dom.ts";
import { pictureOf, savePng, saveSvg } from "../ui/export.ts";
import type { ViewState } from "./state.ts";
import type { App, MountedView, View } from "./view.ts";

export interface Panel {
  readonly element: HTMLElement;
  readonly update: (state: ViewState, changed: ReadonlySet<keyof ViewState>) => void;
  readonly resize: () => void;
  readonly destroy: () => void;
}

/** What is mounted side by side: a run alone, or less another. */
interface Shown {
  readonly run: RunView;
  readonly base: RunView | null;
  readonly label: string | null;
}

export function makePanel(view: View, app: App, sides: ViewState["sides"]): Panel {
  const shown = view.isOfPage === true ? [{ run: app.runs()[0]!, base: null, label: null }] : shownOf(app.runs(), sides);
  const body = el("div", { class: shown.length > 1 ? "panel-body two" : "panel-body" });
  const element = el(
    "section",
    { class: view.wide === true ? "panel wide" : "panel", "data-view": view.id, "aria-labelledby": `title-${view.id}` },
    el(
      "header",
      {},
      el("h2", { id: `title-${view.id}` }, view.title),
      ...(view.isOfPage === true ? [] : pictureButtons(view, body)),
      el("p", { class: "what" }, view.what),
    ),
    body,
  );
  const mounted = shown.map((one) => mountOne(view, app, one, body)).filter((one): one is MountedView => one !== null);
  return {
    element,
    update: (state, changed) => {
      for (const one of mounted) one.update(state, changed);
    },
    resize: () => {
      for (const one of mounted) one.resize?.();
    },
    destroy: () => {
      for (const one of mounted) one.destroy?.();
      element.remove();
    },
  };
}

function shownOf([a, b]: readonly RunView[], sides: ViewState["sides"]): readonly Shown[] {
  if (a === undefined) return [];
  if (b === undefined) return [{ run: a, base: null, label: null }];
  switch (sides) {
    case "a":
      return [{ run: a, base: null, label: `A: ${a.title}` }];
    case "b":
      return [{ run: b, base: null, label: `B: ${b.title}` }];
    case "both":
      return [
        { run: a, base: null, label: `A: ${a.title}` },
        { run: b, base: null, label: `B: ${b.title}` },
      ];
    case "difference":
      return [{ run: b, base: a, label: `B less A: ${b.title} less ${a.title}` }];
  }
}

function mountOne(view: View, app: App, { run, base, label }: Shown, body: HTMLElement): MountedView | null {
  const host = el("div", { class: "view-host", "data-run": label === null ? "a" : label[0]!.toLowerCase() });
  body.append(el("div", { class: "side" }, label === null ? null : el("h3", {}, label), host));
  const absent = view.absent?.(run) ?? null;
  if (absent === null) return view.mount(host, { app, run, base });
  host.append(el("p", { class: "absent" }, absent));
  return null;
}

function pictureButtons(view: View, body: HTMLElement): readonly HTMLElement[] {
  const button = (format: string, use: (picture: SVGSVGElement, name: string) => unknown): HTMLElement =>
    el(
      "button",
      {
        type: "button",
        class: "save",
        "aria-label": `Save ${view.title} as ${format}`,
        onclick: () => {
          const picture = pictureOf(body, view.title);
          if (picture !== null) void use(picture, `weft-${view.id}`);
        },
      },
      format,
    );
  return [button("SVG", saveSvg), button("PNG", savePng)];
}
