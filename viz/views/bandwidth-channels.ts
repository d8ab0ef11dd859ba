/** Channels of a tier, a row each: the share of time in which they were in service. */

import { interpolateRgb } from "d3";
import { percent } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import { columnsOf, countIn, type Served } from "../model/traffic.ts";
import { overlap, type Window } from "../model/window.ts";
import { windowOf } from "../model/words.ts";
import { fitCanvas } from "../ui/canvas.ts";
import { el, themeColour } from "../ui/dom.ts";
import { hideTip, showTip, tipRows } from "../ui/tip.ts";
import { columnCount, domainOf, LEFT, RIGHT } from "./bandwidth-time.ts";

const FULL = "#d55e00";

export function drawChannels(host: HTMLElement, { run, base }: ViewContext, served: Served, state: ViewState): void {
  const width = host.clientWidth || 800;
  const domain = domainOf(run, base, state);
  const columns = columnsOf(domain, columnCount(run, domain, width));
  const { channels, busy, tier } = served;
  const row = Math.max(2, Math.min(12, Math.floor(150 / channels)));
  const canvas = el("canvas", { class: "plot-canvas", role: "img", "aria-label": labelOf(run, served, windowOf(run, state.window)) });
  host.replaceChildren(
    el("span", { class: "heat-label" }, `${channels} ${channels === 1 ? "channel" : "channels"}`),
    canvas,
    scaleWords(run, served, windowOf(run, state.window)),
  );
  canvas.style.marginLeft = `${LEFT}px`;
  const inner = Math.max(1, width - LEFT - RIGHT);
  const context = fitCanvas(canvas, inner, row * channels);
  const colour = interpolateRgb(themeColour("--empty"), FULL);
  const share = (channel: number, window: Window): number => {
    const length = overlap(window.from, window.to, 0, run.report.cycles);
    return length === 0 ? 0 : Math.min(1, countIn(run, busy, channel, window) / length);
  };
  columns.forEach((window, c) => {
    const [x, next] = [(c * inner) / columns.length, ((c + 1) * inner) / columns.length];
    for (let channel = 0; channel < channels; channel++) {
      context.fillStyle = colour(share(channel, window));
      context.fillRect(x, channel * row, next - x + 0.5, row > 3 ? row - 1 : row);
    }
  });
  canvas.addEventListener("pointermove", ({ offsetX, offsetY, clientX, clientY }) => {
    const [column, channel] = [
      columns[Math.min(columns.length - 1, Math.floor((offsetX / inner) * columns.length))]!,
      Math.min(channels - 1, Math.floor(offsetY / row)),
    ];
    showTip(
      clientX,
      clientY,
      tipRows(`${tier} channel ${channel}`, [
        ["in service", percent(share(channel, column))],
        ["cycles", `${Math.round(column.from)} to ${Math.round(column.to)}`],
      ]),
    );
  });
  canvas.addEventListener("pointerleave", hideTip);
}

/** Mean and fullest channel of a window. */
function balanceOf(
  run: ViewContext["run"],
  { busy, channels }: Served,
  window: Window,
): { readonly mean: number; readonly most: number; readonly fullest: number } {
  const length = Math.max(1, overlap(window.from, window.to, 0, run.report.cycles));
  const shares = Array.from({ length: channels }, (_, channel) => countIn(run, busy, channel, window) / length);
  const most = Math.max(...shares);
  return { mean: shares.reduce((sum, one) => sum + one, 0) / channels, most, fullest: shares.indexOf(most) };
}

function labelOf(run: ViewContext["run"], served: Served, window: Window): string {
  const { mean, most, fullest } = balanceOf(run, served, window);
  return `Channels of ${served.tier}: in service ${percent(mean)} of the time on average; the fullest, channel ${fullest}, ${percent(most)}`;
}

function scaleWords(run: ViewContext["run"], served: Served, window: Window): HTMLElement {
  const ramp = el("i", { class: "ramp", style: `background:linear-gradient(90deg, var(--empty), ${FULL})`, "aria-hidden": "true" });
  return el("p", { class: "view-words" }, "in service 0 ", ramp, ` 100 % of a column's cycles · ${labelOf(run, served, window)}`);
}
