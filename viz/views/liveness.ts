/** What stands where: tiles in the scratchpads of PMUs, section by section, and tensors in the memories off the chip over time. */

import { percent, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { type HeldBytes, heldByPmus, heldByTile, histogramOf, livesOf, totalBytes } from "../model/liveness.ts";
import type { RunView } from "../model/run.ts";
import { makeChoice } from "../ui/choice.ts";
import { el } from "../ui/dom.ts";
import { drawPmus } from "./liveness-pmus.ts";
import { drawTier } from "./liveness-tiers.ts";

export const liveness: View = {
  id: "liveness",
  tab: "memory",
  title: "What stands in memory",
  what: "Above, how full each PMU's scratchpad is while a section is on the chip, the fullest first; below, which tensors need their room off the chip when. A bar picks its unit or its tensor in all views.",
  wide: true,
  absent: ({ sections, scene }) => {
    if (sections.length > 0) return null;
    return scene.machine.tiers.length > 0
      ? "The program has no section: nothing stands on the chip."
      : `${scene.machine.name} has no scratchpads that a compiler fills, and nobody recorded what its memory holds.`;
  },
  mount: (host, context) => mount(host, context),
};

const SECTION = "liveness.section";

function mount(host: HTMLElement, context: ViewContext): MountedView {
  const { app, run, base } = context;
  const sections = run.sections.map(({ number, name }) => [`${number}`, name] as const);
  const choice = makeChoice("section", sections, (value) => app.store.setOption(SECTION, value));
  const pmus = el("div");
  const tiles = el("div", { class: "two-columns" });
  const tiers = el("div");
  if (sections.length > 1) host.append(el("div", { class: "controls-row" }, choice.element));
  host.append(pmus, tiles, tiers);
  const draw = (state: ViewState): void => {
    const section = sectionOf(run, state);
    choice.show(`${section}`);
    drawChip(pmus, tiles, context, state, section);
    tiers.replaceChildren();
    const lives = livesOf(run);
    for (const { name } of run.scene.machine.tiers) drawTier(tiers, { context, state, tier: name, lives, base: base === null ? null : livesOf(base) });
  };
  return {
    update: (state, changed) => {
      if (changed.has("window") || changed.has("pick") || changed.has("options")) draw(state);
    },
    resize: () => draw(app.store.get()),
  };
}

/** A picked section, else the one that was chosen here, else the one that holds most. */
function sectionOf(run: RunView, { pick, options }: ViewState): number {
  const name = pick?.kind === "section" ? pick.name : pick?.section;
  const picked = run.sections.findIndex((section) => section.name === name);
  if (picked >= 0) return picked;
  const chosen = Number(options[SECTION] ?? "none");
  if (run.sections[chosen] !== undefined) return chosen;
  const held = run.sections.map(({ number }) => totalBytes(heldByPmus(run, number)));
  return Math.max(0, held.indexOf(Math.max(...held)));
}

function drawChip(pmus: HTMLElement, tiles: HTMLElement, context: ViewContext, state: ViewState, section: number): void {
  const { run, base } = context;
  const held = heldByPmus(run, section);
  const other = base?.sections.find(({ name }) => name === run.sections[section]!.name);
  const before = base === null || other === undefined ? null : heldByPmus(base, other.number);
  pmus.replaceChildren(el("p", { class: "tier-head" }, el("strong", {}, "on the chip "), chipWords(run, held, before)));
  if (held.length === 0) {
    tiles.replaceChildren();
    return;
  }
  drawPmus(pmus, context, state, run.sections[section]!, held, before);
  tiles.replaceChildren(tileTable(held, before), fillTable(run, held));
}

function chipWords(run: RunView, held: readonly HeldBytes[], before: readonly HeldBytes[] | null): string {
  const { units, pmu_bytes } = run.scene.machine;
  const all = units.pmu * pmu_bytes;
  if (held.length === 0) return `no PMU is used in this section; the chip has ${units.pmu} of ${scaled(pmu_bytes, "B")}`;
  const bytes = totalBytes(held);
  const change = before === null ? "" : ` (A: ${scaled(totalBytes(before), "B")} in ${before.length})`;
  return `${held.length} of ${units.pmu} PMUs hold ${scaled(bytes, "B")} of the ${scaled(all, "B")} that the chip has, ${percent(all === 0 ? 0 : bytes / all)}${change}; all buffers of a tile count, with padding`;
}

function tileTable(held: readonly HeldBytes[], before: readonly HeldBytes[] | null): HTMLElement {
  const rows = heldByTile(held);
  const old = before === null ? null : new Map(heldByTile(before).map((row) => [row.name, row.bytes]));
  const heads = ["tile", "bytes", "PMUs", "buffers", ...(old === null ? [] : ["A"])];
  return el(
    "div",
    { class: "scroll short", tabindex: 0, role: "region", "aria-label": "Tiles in scratchpads" },
    el(
      "table",
      { class: "data" },
      el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)))),
      el(
        "tbody",
        {},
        ...rows.map(({ name, bytes, pmus, buffers: [least, most] }) =>
          el(
            "tr",
            {},
            el("th", { scope: "row", title: name }, name),
            el("td", {}, scaled(bytes, "B")),
            el("td", {}, pmus),
            el("td", {}, least === most ? most : `${least} to ${most}`),
            old === null ? null : el("td", {}, scaled(old.get(name) ?? 0, "B")),
          ),
        ),
      ),
    ),
  );
}

const STEPS = 10;

function fillTable({ scene }: RunView, held: readonly HeldBytes[]): HTMLElement {
  const counts = histogramOf(held, scene.machine.pmu_bytes, STEPS);
  const most = Math.max(...counts);
  return el(
    "table",
    { class: "data fill" },
    el("caption", {}, `PMUs by how full they are, of ${scaled(scene.machine.pmu_bytes, "B")} each`),
    el(
      "tbody",
      {},
      ...counts.map((count, step) => {
        const words = `${(100 * step) / STEPS} to ${(100 * (step + 1)) / STEPS} %`;
        return el(
          "tr",
          {},
          el("th", { scope: "row" }, words),
          el("td", {}, count),
          el("td", { class: "bar" }, el("i", { class: "fill-bar", style: `width:${(100 * count) / most}%` })),
        );
      }),
    ),
  );
}
