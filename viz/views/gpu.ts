/** A GPU above, the spatial run below, on one axis of seconds; between them the waterfall of the difference. */

import { duration, grouped, percent, scaled } from "../../src/report/format.ts";
import type { SceneGpuSide } from "../../src/scene/scene.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { errorWords } from "../model/gpu-error.ts";
import { cyclesOfUnits, totalCycles } from "../model/window.ts";
import { windowOf } from "../model/words.ts";
import { makeChoice } from "../ui/choice.ts";
import { el } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { drawBeside } from "./gpu-figure.ts";
import { KERNEL_COLOURS } from "./gpu-kernels.ts";

export const gpu: View = {
  id: "gpu",
  tab: "gpu",
  title: "GPU above, spatial run below",
  what: "The same program kernel by kernel on a GPU, and spatially on this machine, on one line of time. Between them, where the difference goes: each bar is what one thing costs or saves, and they add up exactly. Kernels, sections and parts tell more on hover or focus; kernels and sections can be picked.",
  wide: true,
  absent: ({ scene, report }) => (scene.gpu.why !== null ? `There is no GPU beside this run: ${scene.gpu.why}.` : report.cycles === 0 ? "Nothing ran." : null),
  mount: (host, context) => mount(host, context),
};

const SIDE = "gpu.side";
const SCALE = "gpu.scale";

function mount(host: HTMLElement, context: ViewContext): MountedView {
  const { app, run } = context;
  const { sides } = run.scene.gpu;
  const side = makeChoice(
    "GPU with kernels",
    sides.map(({ regime }, at) => [`${at}`, regime]),
    (value) => app.store.setOption(SIDE, value === "0" ? null : value),
  );
  const scale = makeChoice(
    "time",
    [
      ["one", "one axis for both"],
      ["own", "an axis for each"],
    ],
    (value) => app.store.setOption(SCALE, value === "one" ? null : value),
  );
  const bytes = el("ul", { class: "legend", "data-test": "gpu-bytes", "aria-label": "Bytes of the GPU's HBM" });
  const sums = makeSums("gpu");
  const words = el("p", { class: "tier-head" });
  const figure = el("div");
  const trust = el("ul", { class: "notes", "aria-label": "How far to trust it" });
  host.append(
    el("div", { class: "controls-row" }, sides.length > 1 ? side.element : null, run.sections.length === 0 ? null : scale.element, kindLegend(sides), bytes),
    words,
    figure,
    el("div", { class: "controls-row" }, run.sections.length === 0 ? null : sums.element),
    trust,
  );
  const draw = (state: ViewState): void => {
    const at = Math.max(0, Math.min(sides.length - 1, Number(state.options[SIDE] ?? 0) || 0));
    side.show(`${at}`);
    scale.show(state.options[SCALE] ?? "one");
    showBytes(bytes, sides[at]!);
    sums.update(totalCycles(cyclesOfUnits(run, windowOf(run, state.window))));
    words.replaceChildren(...verdict(context, sides[at]!));
    trust.replaceChildren(...notes(sides[at]!, context).map((note) => el("li", {}, note)));
    drawBeside(figure, { context, state, side: sides[at]!, hasOwnAxes: state.options[SCALE] === "own" });
  };
  return {
    update: (state, changed) => {
      if (changed.has("pick") || changed.has("options") || changed.has("window")) draw(state);
    },
    resize: () => draw(app.store.get()),
  };
}

function kindLegend(sides: readonly SceneGpuSide[]): HTMLElement {
  const hasRounds = sides.some(({ kernels }) => kernels.some(({ launches }) => launches > 1));
  const kinds = [...new Set(sides.flatMap(({ kernels }) => kernels.map(({ kind }) => kind)))];
  return el(
    "ul",
    { class: "legend", "aria-label": "Kinds of kernels" },
    ...kinds.map((kind) => el("li", {}, el("i", { style: `background:${KERNEL_COLOURS[kind]}`, "aria-hidden": "true" }), kind)),
    el("li", {}, el("i", { class: "hatch", "aria-hidden": "true" }), "launch, or loading a configuration"),
    hasRounds ? el("li", {}, el("i", { class: "hatch rounds", "aria-hidden": "true" }), "rounds of a loop that are alike, as one block") : null,
  );
}

function showBytes(list: HTMLElement, { result }: SceneGpuSide): void {
  const { hbm } = result.tiers;
  list.replaceChildren(
    ...(["read", "write"] as const).map((direction) => {
      const moved = hbm?.[`${direction}_bytes`] ?? 0;
      return el(
        "li",
        { "data-tier": "hbm", "data-direction": direction, "data-bytes": moved, title: `${grouped(moved)} bytes` },
        `GPU's HBM ${direction === "read" ? "reads" : "writes"} ${scaled(moved, "B")}`,
      );
    }),
  );
}

/** `side` may be the run itself: one on a GPU. */
function verdict({ run, base }: ViewContext, side: SceneGpuSide): readonly (Node | string)[] {
  if (run.sections.length === 0)
    return [el("strong", {}, `${side.name} takes ${duration(side.result.seconds)}`), ": this run is on a GPU, and there is no spatial run beside it."];
  const own = run.scene.gpu.comparison.sides.at(-1)!;
  const [gpuTime, time] = [side.result.seconds, own.seconds];
  const isPlanned = own.provenance !== "simulated";
  const before = base === null ? "" : ` A, ${base.title}, takes ${duration(base.report.seconds)}.`;
  if (time === 0 || gpuTime === 0) return [`${side.name} takes ${duration(gpuTime)}, ${own.name} ${duration(time)}.${before}`];
  const [fast, slow, times] = time <= gpuTime ? [own.name, side.name, gpuTime / time] : [side.name, own.name, time / gpuTime];
  const verb = isPlanned ? "would be" : "is";
  const planned = isPlanned ? ` ${own.name} was stopped: its ${duration(time)} are what its plan expects.` : "";
  return [
    el("strong", {}, `${fast} ${verb} ${Number(times.toPrecision(3))} times as fast as ${slow}`),
    `: ${duration(Math.min(time, gpuTime))} against ${duration(Math.max(time, gpuTime))}.${planned}${before}`,
  ];
}

function notes({ kernels, result }: SceneGpuSide, { run }: ViewContext): readonly string[] {
  const { name } = run.scene.gpu;
  const { partial } = run.report;
  const stopped =
    partial === null
      ? []
      : [`the spatial run was stopped (${partial.reason}) after ${percent(partial.share_done)} of its work: its rows show what was simulated until then`];
  return [errorWords(name ?? "", kernels), ...stopped, ...result.warnings].map((words) => `${words[0]!.toUpperCase()}${words.slice(1)}.`.replace(/\.\.$/, "."));
}
