/** Bandwidth off the chip over time: by tier, by tensor, by channel. */

import { duration, grouped, percent, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import type { RunView } from "../model/run.ts";
import { bytesByTier, type Served, servedOf } from "../model/traffic.ts";
import { windowOf } from "../model/words.ts";
import { el } from "../ui/dom.ts";
import { drawChannels } from "./bandwidth-channels.ts";
import { type Figure, makeFigure } from "./bandwidth-figure.ts";
import { tensorLegend } from "./bandwidth-legend.ts";
import { isZoomed, toggleZoom } from "./bandwidth-time.ts";
import { resumedWords, unrecorded } from "./bandwidth-words.ts";

export const bandwidth: View = {
  id: "bandwidth",
  tab: "memory",
  title: "Bandwidth off the chip",
  what: "What each memory served over time against the rate of its pins; below it what was asked for, reads above the line and writes under it, by tensor; then its channels, one a row. Drag over the time to choose a window for all views; a name in the legend picks its tensor.",
  wide: true,
  absent: unrecorded,
  mount: (host, context) => mount(host, context),
};

function mount(host: HTMLElement, { app, run, base }: ViewContext): MountedView {
  const zoom = el("button", { type: "button", onclick: () => toggleZoom(app.store) });
  const words = el("p", { class: "view-words" });
  const bytes = el("ul", { class: "legend", "data-test": "bandwidth-bytes", "aria-label": "Bytes asked for" });
  const figures = servedOf(run).map((served) => ({ served, ...makeTier(host, { app, run, base }, served) }));
  host.prepend(el("div", { class: "controls-row" }, zoom, bytes), words);
  const draw = (state: ViewState): void => {
    zoom.textContent = isZoomed(state) ? "show the whole run" : "show the window alone";
    zoom.disabled = state.window === null;
    words.textContent = [resumedWords(run), base === null ? "" : changeWords(run, base)].join(" ").trim();
    showBytes(bytes, run, state);
    for (const figure of figures) figure.draw(state);
  };
  return {
    update: (state, changed) => {
      if (changed.has("window") || changed.has("options") || changed.has("pick")) draw(state);
      else if (changed.has("cursor")) for (const figure of figures) figure.moveCursor(state);
    },
    resize: () => draw(app.store.get()),
  };
}

function makeTier(host: HTMLElement, context: ViewContext, served: Served): Pick<Figure, "draw" | "moveCursor"> {
  const moved = context.run.report.tiers[served.tier];
  if (moved === undefined || moved.read_bytes + moved.write_bytes === 0) {
    host.append(el("p", { class: "tier-head" }, el("strong", {}, served.tier), ` ${headOf(context.run, served)}: nothing was asked of it`));
    return { draw: () => {}, moveCursor: () => {} };
  }
  const figure = makeFigure(context, served);
  const heat = el("div", { class: "heat-row" });
  const legend = el("div", {});
  const hits = served.activates === null ? el("p", { class: "view-words" }, noHits(context.run, served)) : null;
  host.append(
    el(
      "section",
      { "aria-label": served.tier },
      el("p", { class: "tier-head" }, el("strong", {}, served.tier), ` ${headOf(context.run, served)}`),
      figure.element,
      legend,
      hits,
      heat,
    ),
  );
  return {
    moveCursor: figure.moveCursor,
    draw: (state) => {
      figure.draw(state);
      legend.replaceChildren(tensorLegend(context, served.tier, state));
      drawChannels(heat, context, served, state);
    },
  };
}

function headOf(run: RunView, { tier, channels }: Served): string {
  const machine = run.scene.machine.tiers.find(({ name }) => name === tier);
  const result = run.report.tiers[tier];
  if (result === undefined) return "";
  const { achieved_bytes_per_second: achieved, peak_bytes_per_second: peak } = result;
  const share = peak === 0 ? 0 : achieved / peak;
  return `${machine?.standard ?? ""}, ${channels} ${channels === 1 ? "channel" : "channels"}, ${scaled(peak, "B/s")} at the pins; this run ${scaled(achieved, "B/s")} on average, ${percent(share)} of that`;
}

function noHits({ report }: RunView, { tier }: Served): string {
  return `Row hits of ${tier}: the run did not simulate single commands (fidelity ${report.fidelity.dram}); machine.tiers.${tier}.fidelity=detailed does.`;
}

function showBytes(list: HTMLElement, run: RunView, { window }: ViewState): void {
  const { from, to } = windowOf(run, window);
  list.replaceChildren(
    ...bytesByTier(run, { from, to }).flatMap(({ tier, read_bytes, write_bytes }) =>
      (
        [
          ["read", read_bytes],
          ["write", write_bytes],
        ] as const
      ).map(([direction, moved]) =>
        el(
          "li",
          { "data-tier": tier, "data-direction": direction, "data-bytes": Math.round(moved), title: `${grouped(moved)} bytes` },
          `${tier} ${direction === "read" ? "reads" : "writes"} ${scaled(moved, "B")}`,
        ),
      ),
    ),
  );
}

function changeWords(run: RunView, base: RunView): string {
  return servedOf(run)
    .map(({ tier }) => {
      const [a, b] = [base.report.tiers[tier], run.report.tiers[tier]];
      const total = (of: typeof a): number => (of === undefined ? 0 : of.read_bytes + of.write_bytes);
      const rate = (of: typeof a): number => of?.achieved_bytes_per_second ?? 0;
      const change = total(b) - total(a);
      return `${tier}: A ${scaled(total(a), "B")} at ${scaled(rate(a), "B/s")}, B ${scaled(total(b), "B")} at ${scaled(rate(b), "B/s")}: ${change < 0 ? "-" : "+"}${scaled(Math.abs(change), "B")}`;
    })
    .concat(`filled: B (${duration(run.report.seconds)}); line: A (${duration(base.report.seconds)})`)
    .join(" · ");
}
