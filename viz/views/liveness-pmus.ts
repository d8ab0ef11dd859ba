/** How full each PMU of a section is, the fullest first, under the line of its capacity. */

import { scaleLinear } from "d3";
import { percent, scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import type { HeldBytes } from "../model/liveness.ts";
import type { SectionView } from "../model/run.ts";
import { svg } from "../ui/dom.ts";
import { hideTip, showTip, tipRows } from "../ui/tip.ts";
import { LEFT, RIGHT } from "./bandwidth-time.ts";

const HEIGHT = 110;
const TOP = 14;
const BOTTOM = 20;
/** Widest bar. */
const MOST = 26;
/** Of its capacity: where the fullest PMU has less, the figure ends far below the capacity. */
const LOW = 0.25;
/** Of a section's name. */
const LETTERS = 60;

export function drawPmus(
  host: HTMLElement,
  { app, run }: ViewContext,
  { pick }: ViewState,
  section: SectionView,
  held: readonly HeldBytes[],
  before: readonly HeldBytes[] | null,
): void {
  const width = host.clientWidth || 800;
  const capacity = run.scene.machine.pmu_bytes;
  const fullest = Math.max(held[0]!.bytes, before?.[0]?.bytes ?? 0);
  const isLow = fullest < LOW * capacity;
  const most = isLow ? Math.max(1, fullest * 1.25) : Math.max(capacity, fullest);
  const y = scaleLinear([0, most], [TOP + HEIGHT, TOP]);
  const step = Math.min(MOST, (width - LEFT - RIGHT) / held.length);
  const gap = step > 4 ? 1 : 0;
  const picked = pick?.kind === "unit" ? pick.name : null;
  const bars = (some: readonly HeldBytes[]): string => some.map(({ bytes }, at) => `M${LEFT + at * step},${y(0)}V${y(bytes)}h${step - gap}V${y(0)}Z`).join("");
  const chosen = held.filter(({ unit }) => unit.id === picked);
  const outline = (before ?? []).map(({ bytes }, at) => `${at === 0 ? "M" : "L"}${LEFT + at * step},${y(bytes)}h${step}`).join("");
  const element = svg(
    "svg",
    {
      class: "plot",
      height: TOP + HEIGHT + BOTTOM,
      tabindex: 0,
      role: "img",
      "aria-label": `Bytes held by ${held.length} PMUs: from ${scaled(held[0]!.bytes, "B")} down to ${scaled(held.at(-1)!.bytes, "B")}, of ${scaled(capacity, "B")} each. Arrow keys step through them, Enter picks one.`,
    },
    ...[0, most / 2].map((bytes) => svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(bytes), y2: y(bytes) })),
    ...[0, most / 2, most].map((bytes) => svg("text", { x: LEFT - 6, y: y(bytes) + 4, "text-anchor": "end" }, scaled(bytes, "B"))),
    svg("path", { class: "held", d: bars(held) }),
    ...chosen.map((one) =>
      svg("rect", { class: "chosen", x: LEFT + held.indexOf(one) * step, y: y(one.bytes), width: Math.max(2, step - gap), height: y(0) - y(one.bytes) }),
    ),
    before === null ? null : svg("path", { class: "base-line", d: outline }),
    isLow ? null : svg("line", { class: "peak", x1: LEFT, x2: width - RIGHT, y1: y(capacity), y2: y(capacity) }),
    svg("text", { class: "halo", x: width - RIGHT - 4, y: TOP + 12, "text-anchor": "end" }, capacityWords(capacity, held[0]!.bytes, isLow, before !== null)),
    svg(
      "text",
      { x: LEFT, y: TOP + HEIGHT + 14 },
      `${held.length} ${held.length === 1 ? "PMU" : "PMUs"} of section ${section.name.length > LETTERS ? `${section.name.slice(0, LETTERS - 1)}…` : section.name}, the fullest first`,
    ),
  );
  host.append(element);
  let at = -1;
  const tell = (next: number, x: number, top: number): void => {
    at = Math.max(0, Math.min(held.length - 1, next));
    showTip(x, top, readout(held[at]!, capacity));
  };
  const use = (): void => {
    const one = held[at];
    if (one !== undefined) app.store.set({ pick: one.unit.id === picked ? null : { kind: "unit", name: one.unit.id, section: section.name } });
  };
  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    const place = Math.floor((clientX - element.getBoundingClientRect().left - LEFT) / step);
    if (place >= 0 && place < held.length) tell(place, clientX, clientY);
    else hideTip();
  });
  element.addEventListener("pointerleave", hideTip);
  element.addEventListener("blur", hideTip);
  element.addEventListener("click", use);
  element.addEventListener("keydown", (event) => {
    const move = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === "Enter") use();
    if (move === 0) return;
    event.preventDefault();
    const { left, top } = element.getBoundingClientRect();
    tell(at + move, left + LEFT + (at + move) * step, top + 30);
  });
}

/** `isLow`: the line of the capacity is far above the figure. */
function capacityWords(capacity: number, fullest: number, isLow: boolean, hasBase: boolean): string {
  const line = isLow
    ? `a PMU has ${scaled(capacity, "B")}, far above: the fullest is ${percent(fullest / capacity)} full`
    : `line: the capacity of a PMU, ${scaled(capacity, "B")}`;
  return `${line}${hasBase ? "; outline: A" : ""}`;
}

function readout({ unit, bytes }: HeldBytes, capacity: number): HTMLElement {
  return tipRows(`${unit.id} (${unit.label})`, [
    ["held", `${scaled(bytes, "B")}, ${percent(bytes / capacity)} of its capacity`],
    ...unit.scratch.map(
      ({ name, dtype, shape, buffers, bytes: own }) =>
        [name, `${scaled(own, "B")}: ${buffers} x ${shape.length === 0 ? "scalar" : shape.join(" x ")} ${dtype}`] as const,
    ),
  ]);
}
