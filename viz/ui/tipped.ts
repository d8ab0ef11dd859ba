/** Elements that say more when the pointer or the keyboard's focus is on them. */

import { hideTip, showTip } from "./tip.ts";

/** `label`: what a screen reader says of it. `use`: what a click or Enter does. Gives the element back. */
export function tipped<E extends HTMLElement | SVGElement>(element: E, label: string, content: () => Node, use: (() => void) | null = null): E {
  element.setAttribute("tabindex", "0");
  element.setAttribute("aria-label", label);
  element.setAttribute("role", use === null ? "img" : "button");
  const atPointer = (event: Event): void => {
    const { clientX, clientY } = event as PointerEvent;
    showTip(clientX, clientY, content());
  };
  element.addEventListener("pointerenter", atPointer);
  element.addEventListener("pointermove", atPointer);
  element.addEventListener("pointerleave", hideTip);
  element.addEventListener("blur", hideTip);
  element.addEventListener("focus", () => {
    if (!element.matches(":focus-visible")) return;
    const { left, bottom, width } = element.getBoundingClientRect();
    showTip(left + Math.min(width / 2, 60), bottom, content());
  });
  if (use === null) return element;
  element.classList.add("usable");
  element.addEventListener("click", use);
  element.addEventListener("keydown", (event) => {
    const { key } = event as KeyboardEvent;
    if (key !== "Enter" && key !== " ") return;
    event.preventDefault();
    use();
  });
  return element;
}
