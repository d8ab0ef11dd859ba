/** A thin strip below the sections: how busy each stage is over time. */

import { interpolateRgb, type ScaleLinear } from "d3";
import { percent } from "../../src/report/format.ts";
import type { RunView } from "../model/run.ts";
import { stageActivity } from "../model/stage-activity.ts";
import { columnsOf } from "../model/traffic.ts";
import { wholeOf } from "../model/window.ts";
import { fitCanvas } from "../ui/canvas.ts";
import { el, themeColour } from "../ui/dom.ts";
import { hideTip, showTip, tipRows } from "../ui/tip.ts";

const ROW = 7;
const MOST_STAGES = 16;
const BUSY = "#0072b2";

/** `x`: of cycles. */
export function stageStrip(host: HTMLElement, run: RunView, x: ScaleLinear<number, number>): void {
  const [left] = x.range() as [number, number];
  const width = Math.max(1, x(run.report.cycles) - left);
  const columns = columnsOf(wholeOf(run), Math.max(1, Math.min(run.trace.bins, Math.floor(width / 2))));
  const stages = stageActivity(run, columns, MOST_STAGES);
  if (stages.length === 0) return;
  const canvas = el("canvas", {
    role: "img",
    "aria-label": `How busy ${stages.length} stages are over time: ${stages
      .slice(0, 5)
      .map(({ stage, busy_cycles, units }) => `${stage} ${percent(busy_cycles / units / Math.max(1, run.report.cycles))}`)
      .join(", ")}`,
  });
  canvas.style.marginLeft = `${left}px`;
  const context = fitCanvas(canvas, width, ROW * stages.length);
  const colour = interpolateRgb(themeColour("--empty"), BUSY);
  const most = stages.reduce((top, { busy }) => busy.reduce((high, share) => Math.max(high, share), top), 0);
  stages.forEach(({ busy }, row) => {
    busy.forEach((share, column) => {
      context.fillStyle = colour(most === 0 ? 0 : share / most);
      context.fillRect((column * width) / columns.length, row * ROW, width / columns.length + 0.5, ROW - 1);
    });
  });
  canvas.addEventListener("pointermove", ({ offsetX, offsetY, clientX, clientY }) => {
    const stage = stages[Math.min(stages.length - 1, Math.floor(offsetY / ROW))]!;
    const column = Math.max(0, Math.min(columns.length - 1, Math.floor((offsetX / width) * columns.length)));
    showTip(
      clientX,
      clientY,
      tipRows(stage.stage, [
        ["section", stage.section],
        ["units", `${stage.units}`],
        ["busy then", percent(stage.busy[column]!)],
        ["busy in the run", percent(stage.busy_cycles / stage.units / run.report.cycles)],
      ]),
    );
  });
  canvas.addEventListener("pointerleave", hideTip);
  host.append(
    el("div", { class: "heat-row" }, el("span", { class: "heat-label wide" }, "stages"), canvas),
    el(
      "p",
      { class: "view-words", style: `padding-left:${left}px` },
      `Each row a stage: the ${stages.length} that are busiest. In full colour its units are busy ${percent(most)} of the time.`,
    ),
  );
}
