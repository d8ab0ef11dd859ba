/** Lower bounds as bars beside the run itself: no run can be faster than the longest of them. */

import { grouped, percent } from "../../src/report/format.ts";
import type { RunView } from "../model/run.ts";
import { el, svg } from "../ui/dom.ts";
import { withTerm } from "../ui/glossary.ts";

const NAMES = { compute: "operations", hbm: "HBM bytes", ddr: "DDR bytes", network: "hops" } as const;
const ROW = 24;
/** Pixels for the words before and behind a bar. */
const LABEL = 92;
const VALUE = 190;

interface Bar {
  readonly label: string;
  readonly cycles: number;
  readonly colour: string;
}

/** Takes the room that it has when it is drawn. */
export function makeBounds(run: RunView, base: RunView | null): { readonly element: HTMLElement; readonly draw: () => void } {
  const bars = barsOf(run, base);
  const most = Math.max(1, ...bars.map(({ cycles }) => cycles));
  const picture = svg("svg", {
    class: "bounds",
    width: "100%",
    height: bars.length * ROW,
    role: "img",
    "aria-label": bars.map((bar) => `${bar.label}: ${words(bar, run)}`).join("; "),
  });
  return {
    element: el("div", {}, el("h3", {}, withTerm(el("span", {}, "Lower bounds"), "bound", run), ", beside the run"), picture),
    draw: () => {
      const room = Math.max(60, picture.clientWidth - LABEL - VALUE);
      picture.replaceChildren(...bars.flatMap((bar, row) => drawn(bar, row, (room * bar.cycles) / most, run)));
    },
  };
}

/** Bounds of 0 limit nothing and are left out. */
function barsOf({ report }: RunView, base: RunView | null): readonly Bar[] {
  const bounds = Object.entries(NAMES).flatMap(([name, label]): readonly Bar[] => {
    const cycles = report.bounds_cycles[name as keyof typeof NAMES];
    return cycles === 0 ? [] : [{ label, cycles, colour: "var(--muted)" }];
  });
  const other: readonly Bar[] = base === null ? [] : [{ label: "run A", cycles: base.report.cycles, colour: "var(--line)" }];
  return [...bounds, ...other, { label: base === null ? "this run" : "run B", cycles: report.cycles, colour: "var(--accent)" }];
}

function drawn(bar: Bar, row: number, width: number, run: RunView): readonly SVGElement[] {
  const middle = row * ROW + ROW / 2;
  const common = { y: middle, "dominant-baseline": "central", "font-size": 12 };
  return [
    svg("text", { ...common, x: LABEL - 8, "text-anchor": "end", fill: "var(--muted)" }, bar.label),
    svg("rect", { x: LABEL, y: middle - 7, width: Math.max(1, width), height: 14, rx: 2, fill: bar.colour }),
    svg("text", { ...common, x: LABEL + width + 6, fill: "var(--ink)" }, words(bar, run)),
  ];
}

function words({ cycles }: Bar, { report }: RunView): string {
  return `${grouped(cycles)} ${cycles === 1 ? "cycle" : "cycles"}${cycles === report.cycles || report.cycles === 0 ? "" : ` (${percent(cycles / report.cycles)})`}`;
}
