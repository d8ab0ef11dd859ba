/** The figures of the verdict bar, each with what it means; of a difference with those of the other run. */

import { duration, energy, grouped, percent, scaled } from "../../src/report/format.ts";
import { boundShare } from "../model/glossary.ts";
import type { RunView } from "../model/run.ts";
import { changeWords, pointWords } from "../model/words.ts";
import { el } from "../ui/dom.ts";
import { type TermKey, withTerm } from "../ui/glossary.ts";

interface Figure {
  readonly term: TermKey;
  readonly title: string;
  readonly value: (run: RunView) => number;
  readonly text: (value: number, run: RunView) => string;
  /** Smaller, behind it. */
  readonly beside?: (run: RunView) => string;
  /** A share: it changes by points. */
  readonly isShare?: true;
}

const FIGURES: readonly Figure[] = [
  {
    ...{ term: "cycle", title: "time", value: ({ report }) => report.seconds, text: duration },
    beside: ({ report: { cycles, clock_hz } }) => `${grouped(cycles)} cycles at ${scaled(clock_hz, "Hz")}`,
  },
  {
    ...{ term: "bound share", title: "of the lower bound", value: ({ report }) => boundShare(report), text: percent, isShare: true },
    beside: ({ report }) => boundWords(report.bounds_cycles),
  },
  {
    ...{ term: "utilisation", title: "PCUs busy", value: ({ report }) => report.utilization.pcu, text: percent, isShare: true },
    beside: ({ report: { utilization: use } }) => `PMUs ${percent(use.pmu)}, AGs ${percent(use.ag)}, links ${percent(use.network)}`,
  },
  {
    ...{ term: "moved", title: "moved", value: bytesMoved, text: (bytes) => scaled(bytes, "B") },
    beside: ({ report: { tiers } }) => tierWords(tiers),
  },
  {
    ...{ term: "energy", title: "energy", value: ({ report }) => report.energy_pJ.total, text: energy },
    beside: ({ report: { energy_pJ, seconds } }) => (seconds === 0 ? "" : `${scaled((energy_pJ.total * 1e-12) / seconds, "W")} on average`),
  },
];

export function figuresList(run: RunView, base: RunView | null): HTMLElement {
  return el("dl", { class: "figures" }, ...FIGURES.map((figure) => figureItem(figure, run, base)));
}

function figureItem({ term, title, value, text, beside, isShare }: Figure, run: RunView, base: RunView | null): HTMLElement {
  const now = value(run);
  const change = base === null ? null : `A ${text(value(base), base)}, ${isShare ? pointWords(now, value(base)) : changeWords(now, value(base))}`;
  return el(
    "div",
    {},
    el("dt", {}, withTerm(el("span", {}, title), term, run)),
    el("dd", {}, el("b", {}, text(now, run)), change === null ? null : el("span", { class: "change" }, change), el("small", {}, beside?.(run) ?? "")),
  );
}

/** Off the chip. */
function bytesMoved({ report: { tiers } }: RunView): number {
  return (["hbm", "ddr"] as const).reduce((sum, name) => sum + (tiers[name]?.read_bytes ?? 0) + (tiers[name]?.write_bytes ?? 0), 0);
}

function tierWords(tiers: RunView["report"]["tiers"]): string {
  const words = (["hbm", "ddr"] as const).flatMap((name) => {
    const tier = tiers[name];
    if (tier === undefined || tier.read_bytes + tier.write_bytes === 0) return [];
    return [
      `${name.toUpperCase()} at ${scaled(tier.achieved_bytes_per_second, "B/s")}, ${percent(tier.achieved_bytes_per_second / tier.peak_bytes_per_second)} of its peak`,
    ];
  });
  return words.length === 0 ? "nothing goes off the chip" : words.join("; ");
}

function boundWords(bounds: RunView["report"]["bounds_cycles"]): string {
  const [name, cycles] = Object.entries(bounds).reduce((most, one) => (one[1] > most[1] ? one : most));
  return cycles === 0 ? "no bound: nothing takes time" : `${grouped(cycles)} cycles, by ${name}`;
}
