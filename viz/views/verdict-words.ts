/** What limited the run, in the report's sentence; what a reader of the numbers must know; and how a run ended that was stopped. */

import { partialWords } from "../../src/report/partial.ts";
import type { RunView } from "../model/run.ts";
import { el } from "../ui/dom.ts";
import { withTerm } from "../ui/glossary.ts";

/** The sentence's parts are parted by semicolons: the first says what, the others what the time went to. */
export function limitWords(run: RunView): HTMLElement {
  const { resource, sentence } = run.report.limit;
  const [head, ...rest] = sentence.split("; ");
  return el(
    "div",
    { class: "limit" },
    el("h3", {}, withTerm(el("span", {}, "Limited by"), "limit", run), " ", el("b", { class: "limit-resource" }, resource)),
    el("p", {}, `${head}.`),
    rest.length === 0 ? null : el("ul", {}, ...rest.map((part) => el("li", {}, `${part}.`))),
  );
}

export function partialNote({ report: { partial } }: RunView): readonly HTMLElement[] {
  return partial === null ? [] : [el("p", { class: "partial", role: "note" }, el("b", {}, "This run did not end. "), `It was ${partialWords(partial)}.`)];
}

/** Beyond this many, the rest is folded away. */
const SHOWN = 3;

export function warningNotes({ report: { warnings } }: RunView): readonly HTMLElement[] {
  if (warnings.length === 0) return [];
  const items = warnings.map((warning) => el("li", {}, warning));
  const rest = items.slice(SHOWN);
  return [
    el(
      "div",
      { class: "verdict-notes" },
      el("h3", {}, "Keep in mind"),
      el("ul", {}, ...items.slice(0, SHOWN)),
      rest.length === 0 ? null : el("details", {}, el("summary", {}, `${rest.length} more`), el("ul", {}, ...rest)),
    ),
  ];
}
