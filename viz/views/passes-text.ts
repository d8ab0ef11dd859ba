/** A long text: only the lines in view are there; a box finds words in it, and a list leads to its sections. */

import { el } from "../ui/dom.ts";

const LINE = 18;
const HEIGHT = 520;
/** Lines drawn beyond those in view. */
const BEYOND = 20;

interface Reading {
  readonly lines: readonly string[];
  readonly area: HTMLElement;
  readonly sheet: HTMLElement;
  /** Lines with what is sought, and which of them one is at. */
  found: readonly number[];
  at: number;
  query: string;
}

export function makeText(name: string, lines: readonly string[]): HTMLElement {
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0);
  const sheet = el("div", { class: "text-sheet", style: `height:${lines.length * LINE}px;min-width:${longest + 8}ch` });
  const area = el("div", { class: "text-area", tabindex: 0, role: "region", "aria-label": `Text of the ${name}`, style: `max-height:${HEIGHT}px` }, sheet);
  const reading: Reading = { lines, area, sheet, found: [], at: -1, query: "" };
  const count = el("span", { role: "status" });
  const box = el("input", { type: "search", placeholder: "find in this text", "aria-label": `Find in the text of the ${name}`, size: 24 });
  const step = (by: number): void => {
    find(reading, box.value, by);
    count.textContent = box.value === "" ? "" : reading.found.length === 0 ? "not found" : `${reading.at + 1} of ${reading.found.length} lines`;
  };
  box.addEventListener("input", () => step(0));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
  });
  area.addEventListener("scroll", () => draw(reading), { passive: true });
  draw(reading);
  const bar = el(
    "div",
    { class: "table-bar" },
    box,
    el("button", { type: "button", "aria-label": "previous line found", onclick: () => step(-1) }, "▴"),
    el("button", { type: "button", "aria-label": "next line found", onclick: () => step(1) }, "▾"),
    count,
    ...sectionList(reading),
  );
  return el("div", {}, bar, area);
}

/** Leads to where sections begin, if there are several. */
function sectionList(reading: Reading): readonly HTMLElement[] {
  const heads = reading.lines.flatMap((line, number) => (line.startsWith("section ") ? [[line, number] as const] : []));
  if (heads.length < 2) return [];
  const options = heads.map(([line, number]) => el("option", { value: number }, line.length > 70 ? `${line.slice(0, 69)}…` : line));
  const choose = (event: Event): void => goTo(reading, Number((event.target as HTMLSelectElement).value));
  return [el("label", {}, "go to ", el("select", { onchange: choose }, ...options))];
}

function find(reading: Reading, query: string, by: number): void {
  if (query !== reading.query) {
    const wanted = query.toLowerCase();
    reading.query = query;
    reading.found = query === "" ? [] : reading.lines.flatMap((line, number) => (line.toLowerCase().includes(wanted) ? [number] : []));
    reading.at = reading.found.length === 0 ? -1 : 0;
  } else if (reading.found.length > 0) reading.at = (reading.at + by + reading.found.length) % reading.found.length;
  const line = reading.found[reading.at];
  if (line !== undefined) goTo(reading, line);
  draw(reading);
}

function goTo({ area }: Reading, line: number): void {
  area.scrollTop = Math.max(0, line * LINE - HEIGHT / 3);
}

function draw(reading: Reading): void {
  const { lines, area, sheet, found, at } = reading;
  const first = Math.max(0, Math.floor(area.scrollTop / LINE) - BEYOND);
  const last = Math.min(lines.length, first + Math.ceil(HEIGHT / LINE) + 2 * BEYOND);
  sheet.replaceChildren(
    ...lines.slice(first, last).map((line, i) => {
      const number = first + i;
      const classes = number === found[at] ? "text-line at" : "text-line";
      return el(
        "div",
        { class: classes, style: `top:${number * LINE}px` },
        el("span", { class: "number", "aria-hidden": "true" }, `${number + 1}`),
        ...markedIn(line, reading.query),
      );
    }),
  );
}

function markedIn(line: string, query: string): readonly (Node | string)[] {
  if (query === "") return [line];
  const parts: (Node | string)[] = [];
  const [low, wanted] = [line.toLowerCase(), query.toLowerCase()];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(line.slice(from, at), el("mark", {}, line.slice(at, at + wanted.length)));
    from = at + wanted.length;
  }
  return [...parts, line.slice(from)];
}
