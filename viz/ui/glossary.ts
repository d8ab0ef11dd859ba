/** Words that explain themselves: a dotted line under them, and on hover or focus what they mean, with this run's numbers. */

import { type TermKey, term } from "../model/glossary.ts";
import type { RunView } from "../model/run.ts";
import { el } from "./dom.ts";

export { type TermKey, term } from "../model/glossary.ts";

/** Makes the element show what the word means. It stays open while the pointer is on it; Escape closes it. Gives the element back. */
export function withTerm<E extends HTMLElement>(element: E, key: TermKey, run: RunView): E {
  element.classList.add("term");
  if (element.tabIndex < 0) element.tabIndex = 0;
  const show = (): void => open(element, key, run);
  element.addEventListener("pointerenter", show);
  element.addEventListener("focus", show);
  element.addEventListener("pointerleave", leave);
  element.addEventListener("blur", close);
  return element;
}

interface Opened {
  readonly box: HTMLElement;
  readonly owner: HTMLElement;
}

let opened: Opened | null = null;
let leaving: ReturnType<typeof setTimeout> | null = null;

/** Milliseconds in which the pointer may get from the word to its box. */
const GRACE = 150;

function open(owner: HTMLElement, key: TermKey, run: RunView): void {
  stay();
  if (opened?.owner === owner) return;
  close();
  const box = el("div", { class: "term-box", role: "tooltip", id: "term-box", onpointerenter: stay, onpointerleave: leave }, ...contentOf(key, run));
  document.body.append(box);
  placeBeside(owner, box);
  owner.setAttribute("aria-describedby", box.id);
  opened = { box, owner };
  addEventListener("keydown", onKey, true);
  addEventListener("scroll", close, { passive: true, capture: true });
}

/** Escape closes what is open, and does nothing else then. */
function onKey(event: KeyboardEvent): void {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  close();
}

function leave(): void {
  stay();
  leaving = setTimeout(close, GRACE);
}

function stay(): void {
  if (leaving !== null) clearTimeout(leaving);
  leaving = null;
}

function close(): void {
  stay();
  opened?.owner.removeAttribute("aria-describedby");
  opened?.box.remove();
  opened = null;
  removeEventListener("keydown", onKey, true);
  removeEventListener("scroll", close, true);
}

function contentOf(key: TermKey, run: RunView): readonly HTMLElement[] {
  const { title, what, unit, formula, here } = term(key);
  const row = (name: string, value: string | null): readonly HTMLElement[] => (value === null ? [] : [el("dt", {}, name), el("dd", {}, value)]);
  return [el("strong", {}, title), el("p", {}, what), el("dl", {}, ...row("formula", formula), ...row("unit", unit), ...row("in this run", here(run)))];
}

function placeBeside(owner: HTMLElement, box: HTMLElement): void {
  const { left, top, bottom } = owner.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = bottom + 4 + height <= innerHeight || top < height + 8;
  box.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 8))}px`;
  box.style.top = `${below ? bottom + 4 : top - 4 - height}px`;
}
