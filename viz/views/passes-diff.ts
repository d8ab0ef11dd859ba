/** Lines that went and lines that came, with the words that differ marked. */

import { diffOf } from "../model/diff.ts";
import { el } from "../ui/dom.ts";

/** Lines beyond these are folded into a count. */
const MOST = 1500;

/** `gone`, `made`: what the two sides are called. */
export function diffElement(before: readonly string[], after: readonly string[], gone: string, made: string): HTMLElement {
  const lines = diffOf(before, after);
  const names = { "-": gone, "+": made };
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": `${gone} and ${made}` },
    el(
      "div",
      { class: "diff" },
      ...lines
        .slice(0, MOST)
        .map(({ sign, parts }) =>
          el(
            "div",
            { class: sign === "-" ? "gone" : "made" },
            el("span", { class: "sign" }, sign === "-" ? "−" : "+", el("span", { class: "visually-hidden" }, ` ${names[sign]}: `)),
            el("span", {}, ...parts.map(({ text, isChanged }) => (isChanged ? el("mark", {}, text) : text))),
          ),
        ),
      lines.length > MOST ? el("p", {}, `... ${lines.length - MOST} more lines`) : null,
    ),
  );
}
