/** Bytes by tensor: what each moved over the pins, and how many times over its own size. */

import { grouped, listed, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import type { RunView } from "../model/run.ts";
import { OTHERS_COLOUR, tensorColours } from "../model/tensor-colours.ts";
import { onChipTensors, type TensorRow, tensorRows } from "../model/tensors.ts";
import { type Window, wholeOf } from "../model/window.ts";
import { windowOf } from "../model/words.ts";
import { el, svg } from "../ui/dom.ts";
import { unrecorded } from "./bandwidth-words.ts";

export const tensors: View = {
  id: "tensors",
  tab: "memory",
  title: "Bytes by tensor",
  wide: true,
  what: "What crossed the pins, tensor by tensor. A tensor that is moved more than once over its size is read again and again: a tile that stays on the chip would save that. A row picks its tensor in all views.",
  absent: (run) => unrecorded(run) ?? (tensorRows(run, wholeOf(run)).length === 0 ? "No tensor has a place off the chip." : null),
  mount: (host, context) => mount(host, context),
};

function mount(host: HTMLElement, { app, run, base }: ViewContext): MountedView {
  const bytes = el("tfoot", { "data-test": "tensors-bytes" });
  const body = el("tbody");
  const head = el(
    "tr",
    {},
    ...["tensor", "size", "in", "read", "written", "times its size", ...(base === null ? [] : ["A moved", "change"]), ""].map((words) =>
      el("th", { scope: "col" }, words),
    ),
  );
  const words = el("p", { class: "view-words" }, chipWords(run));
  host.append(
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Bytes by tensor" },
      el("table", { class: "data tensors" }, el("thead", {}, head), body, bytes),
    ),
    words,
  );
  const draw = (state: ViewState): void => {
    const window = windowOf(run, state.window);
    const rows = tensorRows(run, window);
    const most = rows.reduce((top, row) => Math.max(top, row.read_bytes + row.write_bytes), 1);
    const before = base === null ? null : new Map(tensorRows(base, wholeOf(base)).map((row) => [row.name, row.read_bytes + row.write_bytes]));
    const colours = tensorColours(run);
    body.replaceChildren(
      ...rows.map((row) => rowOf(row, { state, context: { app, run, base }, most, colour: colours.get(row.name) ?? OTHERS_COLOUR, before })),
    );
    bytes.replaceChildren(...totals(run, rows, window, base === null ? 7 : 9));
  };
  return {
    update: (state, changed) => {
      if (changed.has("window") || changed.has("pick")) draw(state);
    },
  };
}

interface RowParts {
  readonly state: ViewState;
  readonly context: ViewContext;
  /** Bytes of the row that moves most. */
  readonly most: number;
  readonly colour: string;
  /** Of the other run. */
  readonly before: ReadonlyMap<string, number> | null;
}

function rowOf(row: TensorRow, { state: { pick }, context, most, colour, before }: RowParts): HTMLElement {
  const { name, what, tier, read_bytes, write_bytes, times } = row;
  const isPicked = pick?.kind === "tensor" && pick.name === name;
  const use = (): void => context.app.store.set({ pick: isPicked ? null : { kind: "tensor", name, section: null } });
  const moved = read_bytes + write_bytes;
  const swatch = el("i", { class: "dot", style: `background:${colour}`, "aria-hidden": "true" });
  const button = el("button", { type: "button", class: "row-name", "aria-pressed": isPicked ? "true" : "false", title: name, onclick: use }, swatch, name);
  const about = what === null ? "made by the compiler" : `${what.role}, ${what.shape.length === 0 ? "scalar" : what.shape.join(" x ")} ${what.dtype}`;
  return el(
    "tr",
    { class: isPicked ? "picked" : null },
    el("th", { scope: "row", title: `${name}: ${about}` }, button, el("small", {}, about)),
    cell(what === null ? null : what.bytes),
    el("td", {}, tier),
    cell(read_bytes),
    cell(write_bytes),
    el("td", {}, times === null ? "" : `${Number(times.toPrecision(3))} x`),
    ...(before === null ? [] : [cell(before.get(name) ?? 0), el("td", {}, signedBytes(moved - (before.get(name) ?? 0)))]),
    el("td", { class: "bar" }, bar(read_bytes / most, write_bytes / most)),
  );
}

const cell = (bytes: number | null): HTMLElement => (bytes === null ? el("td", {}, "?") : el("td", { title: `${grouped(bytes)} bytes` }, scaled(bytes, "B")));

function signedBytes(change: number): string {
  return change === 0 ? "0" : `${change < 0 ? "-" : "+"}${scaled(Math.abs(change), "B")}`;
}

/** Reads, then writes, of the row that moves most. */
function bar(read: number, write: number): SVGSVGElement {
  return svg(
    "svg",
    { width: 90, height: 10, "aria-hidden": "true" },
    svg("rect", { class: "read", width: 90 * read, height: 10 }),
    svg("rect", { class: "write", x: 90 * read, width: 90 * write, height: 10 }),
  );
}

function totals(run: RunView, rows: readonly TensorRow[], window: Window, columns: number): readonly HTMLElement[] {
  const whole = window.from <= 0 && window.to >= run.report.cycles;
  return run.trace.tiers.map(({ name: tier }) => {
    const sum = (of: "read_bytes" | "write_bytes"): number => rows.reduce((total, row) => total + (row.tier === tier ? row[of] : 0), 0);
    const figure = (direction: "read" | "write"): HTMLElement => {
      const bytes = Math.round(sum(`${direction}_bytes`));
      return el("td", { "data-tier": tier, "data-direction": direction, "data-bytes": bytes, title: `${grouped(bytes)} bytes` }, scaled(bytes, "B"));
    };
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, `all of ${tier}${whole ? "" : ", in the window"}`),
      el("td"),
      el("td", {}, tier),
      figure("read"),
      figure("write"),
      el("td", { colspan: columns - 5 }),
    );
  });
}

function chipWords(run: RunView): string {
  const kept = onChipTensors(run);
  if (kept.length === 0) return "";
  const bytes = kept.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const names = kept.slice(0, 4).map(({ name }) => name);
  const more = kept.length > 4 ? [`${kept.length - 4} more`] : [];
  return `${kept.length} intermediate ${kept.length === 1 ? "result" : "results"} of ${scaled(bytes, "B")} never left the chip: ${listed([...names, ...more])}.`;
}
