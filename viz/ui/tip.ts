/** The page's one tooltip: what it says is text that a screen reader gets by other ways (labels, live regions, tables). */

import { type Child, el } from "./dom.ts";

let box: HTMLElement | null = null;

/** `x`, `y`: of the pointer, or of the focused element, in the window. */
export function showTip(x: number, y: number, ...children: readonly Child[]): void {
  box ??= makeBox();
  box.replaceChildren(...children.filter((child): child is Node | string => typeof child === "string" || child instanceof Node));
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? Math.max(4, x - 14 - width) : x + 14;
  const top = y + 14 + height > innerHeight ? Math.max(4, innerHeight - height - 4) : y + 14;
  box.style.transform = `translate(${left}px, ${top}px)`;
}

export function hideTip(): void {
  if (box !== null) box.hidden = true;
}

function makeBox(): HTMLElement {
  const made = el("div", { class: "tip", role: "presentation" });
  document.body.append(made);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
  addEventListener("scroll", hideTip, { passive: true });
  return made;
}

/** Rows of a name and what it has, for a tooltip. */
export function tipRows(title: string, rows: readonly (readonly [name: string, value: string])[]): HTMLElement {
  return el(
    "div",
    {},
    el("strong", {}, title),
    el("table", {}, ...rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))),
  );
}
