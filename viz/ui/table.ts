/** A table that is sorted by its headers, filtered by a box, opened row by row and saved as CSV. How it is sorted and filtered stands in the page's address. */

import type { ViewState } from "../app/state.ts";
import type { App } from "../app/view.ts";
import type { RunView } from "../model/run.ts";
import { type Column, csvOf, filtered, type Order, sorted } from "../model/table.ts";
import { el } from "./dom.ts";
import { save } from "./export.ts";
import { type TermKey, withTerm } from "./glossary.ts";

export interface ShownColumn<R> extends Column<R> {
  /** What explains its header. */
  readonly term?: TermKey;
  /** In place of its text. */
  readonly cell?: (row: R) => Node;
  /** Of words: they stand at the left. */
  readonly isWords?: true;
  /** For the filter box, the order and CSV alone. */
  readonly isHidden?: boolean;
}

export interface TableParts<R> {
  /** Of the view: options and tests name it. */
  readonly id: string;
  readonly app: App;
  readonly run: RunView;
  /** "stages": what its rows are. */
  readonly what: string;
  /** The first names a row. */
  readonly columns: readonly ShownColumn<R>[];
  readonly order: Order;
  /** For the box: "busy<50% pmu". */
  readonly example: string;
  readonly keyOf: (row: R) => string;
  readonly pick: (row: R) => void;
  readonly isPicked: (row: R) => boolean;
  /** Not among what is picked elsewhere. */
  readonly isDim: (row: R) => boolean;
  readonly canOpen: (row: R) => boolean;
  /** Rows behind it when it is opened. */
  readonly inside: (row: R) => readonly R[];
  /** What the filter box leaves. */
  readonly shown?: (rows: readonly R[]) => void;
}

export interface Table<R> {
  readonly element: HTMLElement;
  readonly draw: (rows: readonly R[], state: ViewState) => void;
}

/** Rows beyond these are not drawn until asked for. */
const MOST = 300;

export function makeTable<R>(parts: TableParts<R>): Table<R> {
  const { id, app, columns, what } = parts;
  const visible = columns.filter(({ isHidden }) => isHidden !== true);
  const opened = new Set<string>();
  let all: readonly R[] = [];
  let most = MOST;
  const box = el("input", {
    type: "search",
    placeholder: parts.example,
    "aria-label": `Filter ${what}: words, and comparisons such as ${parts.example}`,
    size: 26,
  });
  const count = el("span", { role: "status" });
  const head = el("tr", {});
  const body = el("tbody", {});
  const showAll = (): void => {
    most = Number.POSITIVE_INFINITY;
    draw(all, app.store.get());
  };
  const more = el("button", { type: "button", onclick: showAll }, "show all");
  box.addEventListener("input", () => app.store.setOption(`${id}.filter`, box.value === "" ? null : box.value));
  const rowsNow = (state: ViewState): readonly R[] => sorted(filtered(all, columns, state.options[`${id}.filter`] ?? ""), columns, orderOf(parts, state));
  const saveCsv = (): void => save(new Blob([csvOf(rowsNow(app.store.get()), columns)], { type: "text/csv" }), `weft-${id}.csv`);
  const drawRow = (row: R, isInside: boolean): readonly HTMLElement[] => {
    const key = parts.keyOf(row);
    const canOpen = !isInside && parts.canOpen(row);
    const isOpen = canOpen && opened.has(key);
    const toggle = (): void => {
      if (!opened.delete(key)) opened.add(key);
      draw(all, app.store.get());
      body.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] .opener`)?.focus();
    };
    const own = rowElement(parts, visible, row, { isInside, isOpen, toggle: canOpen ? toggle : null });
    return [own, ...(isOpen ? sorted(parts.inside(row), columns, orderOf(parts, app.store.get())).flatMap((one) => drawRow(one, true)) : [])];
  };
  const draw = (rows: readonly R[], state: ViewState): void => {
    all = rows;
    const now = rowsNow(state);
    const query = state.options[`${id}.filter`] ?? "";
    if (document.activeElement !== box) box.value = query;
    count.textContent = now.length === rows.length ? `${rows.length} ${what}` : `${now.length} of ${rows.length} ${what}`;
    head.replaceChildren(...visible.map((column) => headerOf(parts, column, orderOf(parts, state))));
    body.replaceChildren(...now.slice(0, most).flatMap((row) => drawRow(row, false)));
    more.hidden = now.length <= most;
    more.textContent = `show all ${now.length}`;
    parts.shown?.(now);
  };
  const bar = el(
    "div",
    { class: "table-bar" },
    box,
    count,
    el("button", { type: "button", onclick: saveCsv, "aria-label": `Save these ${what} as CSV` }, "CSV"),
  );
  const table = el("table", { class: "data rows" }, el("caption", { class: "visually-hidden" }, what), el("thead", {}, head), body);
  return { element: el("div", {}, bar, el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": what }, table, more)), draw };
}

/** "busy-" is by busy, the largest first. */
function orderOf<R>({ id, order }: TableParts<R>, { options }: ViewState): Order {
  const said = options[`${id}.sort`];
  return said === undefined ? order : { column: said.replace(/-$/, ""), descending: said.endsWith("-") };
}

function headerOf<R>({ id, app, run }: TableParts<R>, column: ShownColumn<R>, { column: by, descending }: Order): HTMLElement {
  const isSorted = column.id === by;
  const turn = (): void => app.store.setOption(`${id}.sort`, isSorted && descending ? column.id : `${column.id}-`);
  const button = el(
    "button",
    { type: "button", class: "sorter", onclick: turn, "data-column": column.id },
    column.title,
    isSorted ? (descending ? " ▾" : " ▴") : "",
  );
  if (column.term !== undefined) withTerm(button, column.term, run);
  return el(
    "th",
    { scope: "col", class: column.isWords === true ? "words" : null, "aria-sort": isSorted ? (descending ? "descending" : "ascending") : "none" },
    button,
  );
}

interface RowState {
  readonly isInside: boolean;
  readonly isOpen: boolean;
  /** Null: there is nothing in it. */
  readonly toggle: (() => void) | null;
}

function rowElement<R>(parts: TableParts<R>, columns: readonly ShownColumn<R>[], row: R, { isInside, isOpen, toggle }: RowState): HTMLElement {
  const [first, ...rest] = columns as readonly [ShownColumn<R>, ...ShownColumn<R>[]];
  const isPicked = parts.isPicked(row);
  const name = first.text(row);
  const classes = [isInside ? "inside" : "", isPicked ? "picked" : "", parts.isDim(row) ? "dim" : ""].filter((one) => one !== "").join(" ");
  const opener =
    toggle === null
      ? el("span", { class: "opener" })
      : el("button", { type: "button", class: "opener", "aria-expanded": `${isOpen}`, "aria-label": `Units of ${name}`, onclick: toggle }, isOpen ? "▾" : "▸");
  const label = first.cell?.(row) ?? name;
  const picker = el("button", { type: "button", class: "picker", "aria-pressed": `${isPicked}`, title: name, onclick: () => parts.pick(row) }, label);
  return el(
    "tr",
    { class: classes, "data-key": parts.keyOf(row) },
    el("th", { scope: "row" }, opener, picker),
    ...rest.map((column) => el("td", { class: column.isWords === true ? "words" : null }, column.cell?.(row) ?? column.text(row))),
  );
}
