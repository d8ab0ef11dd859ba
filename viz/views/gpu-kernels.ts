/** A GPU's run as rows: kernels with the gaps between them, and what crosses the pins of its HBM. */

import { area, curveStepAfter, type ScaleLinear, scaleLinear } from "d3";
import type { KernelRun } from "../../src/gpu/run.ts";
import { duration, grouped, percent, scaled } from "../../src/report/format.ts";
import type { SceneGpuSide } from "../../src/scene/scene.ts";
import type { ViewState } from "../app/state.ts";
import type { App } from "../app/view.ts";
import { blockName, blocksOf, type GpuBlock, hbmRate } from "../model/gpu-timeline.ts";
import { inkOn } from "../model/ink.ts";
import { svg } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";
import { tipped } from "../ui/tipped.ts";

export const KERNEL_HEIGHT = 28;
export const HBM_HEIGHT = 44;

export const KERNEL_COLOURS: { readonly [K in KernelRun["kind"]]: string } = {
  contraction: "#0072b2",
  attention: "#cc79a7",
  rows: "#009e73",
  elementwise: "#e69f00",
  "all-reduce": "#56b4e9",
  "all-gather": "#56b4e9",
};

/** Narrower than this in pixels, a block is drawn, and cannot be focused. */
const FOCUSED = 3;

/** `x`: of seconds. */
export function kernelRows(side: SceneGpuSide, x: ScaleLinear<number, number>, top: number, app: App, state: ViewState): SVGGElement {
  const { clock_hz, tiers } = side.result;
  const blocks = blocksOf(side);
  const place = (cycle: number): number => x(cycle / clock_hz);
  const group = svg("g", {});
  for (const block of blocks) group.append(...blockMarks(block, place, top, side, app, state));
  group.append(hbmRow(blocks, clock_hz, tiers.hbm?.peak_bytes_per_second ?? 0, place, top + KERNEL_HEIGHT + 10, x.range() as [number, number]));
  return group;
}

function blockMarks(
  block: GpuBlock,
  place: (cycle: number) => number,
  top: number,
  { result }: SceneGpuSide,
  app: App,
  { pick }: ViewState,
): readonly SVGElement[] {
  const { gap, start, end, kernels } = block;
  const [from, to] = [place(start), place(end)];
  const name = blockName(block);
  const marks: SVGElement[] = [];
  if (start > gap) {
    const hole = svg("rect", { class: "gap", x: place(gap), y: top, width: Math.max(0.4, from - place(gap)), height: KERNEL_HEIGHT, fill: "url(#gpu-gap)" });
    const words = `launch of ${name}: ${duration((start - gap) / result.clock_hz)} in which the GPU waits`;
    marks.push(
      from - place(gap) < FOCUSED
        ? hole
        : tipped(hole, words, () =>
            tipRows("launch gap", [
              ["before", name],
              ["time", duration((start - gap) / result.clock_hz)],
              ["cycles", grouped(start - gap)],
            ]),
          ),
    );
  }
  const isPicked = pick?.kind === "kernel" && kernels.some((kernel) => kernel.name === pick.name);
  const isRounds = kernels[0]!.launches > 1;
  const bar = svg("rect", {
    class: isPicked ? "kernel picked" : "kernel",
    x: from,
    y: top,
    width: Math.max(0.7, to - from),
    height: KERNEL_HEIGHT,
    fill: KERNEL_COLOURS[kernels[0]!.kind],
  });
  const label = `${name}: ${duration((end - start) / result.clock_hz)}, ${grouped(block.launches)} ${block.launches === 1 ? "launch" : "launches"}`;
  const use = (): void => app.store.set({ pick: isPicked ? null : { kind: "kernel", name: kernels[0]!.name, section: null } });
  marks.push(to - from < FOCUSED ? bar : tipped(bar, label, () => readout(block, result), use));
  if (isRounds)
    marks.push(svg("rect", { x: from, y: top, width: Math.max(0.7, to - from), height: KERNEL_HEIGHT, fill: "url(#gpu-rounds)", "pointer-events": "none" }));
  const letters = Math.floor((to - from - 8) / 7.2);
  const words = isRounds ? `${grouped(block.launches)} launches, round by round` : name;
  if (letters >= 4)
    marks.push(
      svg(
        "text",
        { x: from + 4, y: top + 18, style: `fill:${inkOn(KERNEL_COLOURS[kernels[0]!.kind])}`, "pointer-events": "none" },
        words.length > letters ? `${words.slice(0, letters - 1)}…` : words,
      ),
    );
  return marks;
}

function readout(block: GpuBlock, { clock_hz, cycles, tiers }: SceneGpuSide["result"]): HTMLElement {
  const { start, end, kernels, launches, launch_cycles, hbm_read_bytes, hbm_write_bytes } = block;
  const own = end - start;
  const rate = hbmRate(block, clock_hz);
  const peak = tiers.hbm?.peak_bytes_per_second ?? 0;
  const common = [
    ["time", `${duration(own / clock_hz)}, ${percent(cycles === 0 ? 0 : own / cycles)} of the run`],
    [
      "HBM",
      `${scaled(hbm_read_bytes, "B")} read, ${scaled(hbm_write_bytes, "B")} written: ${scaled(rate, "B/s")}${peak === 0 ? "" : `, ${percent(rate / peak)} of the pins`}`,
    ],
  ] as const;
  const [first] = kernels as [KernelRun];
  if (first.launches > 1) {
    const rounds = kernels.slice(0, 8).map(({ name, launches: times, cycles: each }) => [name, `${grouped(times)} x ${duration(each / clock_hz)}`] as const);
    return tipRows(`${grouped(launches)} launches of rounds that are alike, drawn as one block`, [
      ...common,
      ["between launches", duration(launch_cycles / clock_hz)],
      ...rounds,
    ]);
  }
  return tipRows(`${first.name} (${first.kind})`, [
    ...common,
    ["operators", first.ops.join(", ")],
    ["grid", `${grouped(first.blocks)} blocks of ${first.tiling}, ${grouped(first.waves)} ${first.waves === 1 ? "wave" : "waves"}`],
    [
      "alone it would take",
      (["tensor", "lanes", "l2", "hbm"] as const).map((need) => `${need} ${percent(own === 0 ? 0 : first.needs[need] / own)}`).join(", "),
    ],
  ]);
}

function hbmRow(
  blocks: readonly GpuBlock[],
  clock_hz: number,
  peak: number,
  place: (cycle: number) => number,
  top: number,
  [left, right]: readonly [number, number],
): SVGGElement {
  const y = scaleLinear([0, peak || 1], [top + HBM_HEIGHT, top]);
  const steps = blocks.flatMap((block) => [
    { at: block.gap, rate: 0 },
    { at: block.start, rate: hbmRate(block, clock_hz) },
    { at: block.end, rate: 0 },
  ]);
  const shape = area<(typeof steps)[number]>()
    .x(({ at }) => place(at))
    .y0(y(0))
    .y1(({ rate }) => y(Math.min(rate, peak || rate)))
    .curve(curveStepAfter);
  return svg(
    "g",
    {},
    svg("path", { class: "served", d: shape(steps) }),
    svg("line", { class: "grid", x1: left, x2: right, y1: y(0), y2: y(0) }),
    svg("line", { class: "service", x1: left, x2: right, y1: y(peak), y2: y(peak) }),
    svg("text", { x: left - 8, y: y(peak) + 10, "text-anchor": "end" }, scaled(peak, "B/s")),
    svg("text", { x: left - 8, y: y(0), "text-anchor": "end" }, "HBM traffic"),
  );
}
