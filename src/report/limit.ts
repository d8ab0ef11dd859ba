/** What limited a run: the resource that was busy longest, and in one sentence with this run's numbers where the rest of the time went. */

import type { Cycles } from "../base/units.ts";
import type { SectionCounters, UnitCounters } from "../result/counters.ts";
import type { Bounds, Limit } from "../result/result.ts";
import { grouped, listed, percent } from "./format.ts";

export type Resource = "compute" | "sram" | "ag" | "hbm" | "ddr" | "network" | "reconfiguration";

/** In case of a tie the first one is named. */
const RESOURCES: readonly Resource[] = ["hbm", "ddr", "compute", "sram", "ag", "network", "reconfiguration"];

const STATES = ["busy", "starved", "blocked", "memory", "idle"] as const;

interface Occupied {
  readonly resource: Resource;
  readonly cycles: Cycles;
}

/** `cycles` is the time from start to end of these sections, `pcus` what the machine has. A resource that is busy less than half of it limits nothing: then it is "latency". */
export function limitOf(sections: readonly SectionCounters[], cycles: Cycles, bounds: Bounds, pcus: number): Limit {
  const occupied = RESOURCES.map((resource) => ({ resource, cycles: sections.reduce((total, section) => total + occupation(section, resource), 0) }));
  const top = occupied.reduce((best, one) => (one.cycles > best.cycles ? one : best));
  const head = headline(top, sections, cycles, bounds);
  if (cycles === 0) return { resource: "none", sentence: "nothing ran" };
  if (top.cycles * 2 >= cycles) return { resource: top.resource, sentence: `${head}; ${whereTheRestWent(sections, cycles, pcus)}` };
  return { resource: "latency", sentence: `no resource is busy for half of the time (${head}); ${whereTheRestWent(sections, cycles, pcus)}` };
}

/** Ticks of the section in which the resource was busy: units by the busiest of their kind, tiers and links by the mean over channels and links in use. */
function occupation(section: SectionCounters, resource: Resource): Cycles {
  switch (resource) {
    case "hbm":
    case "ddr":
      return (section.tiers[resource]?.busy_share ?? 0) * section.ticks;
    case "compute":
      return busiest(section, "pcu")?.busy ?? 0;
    case "sram":
      return busiest(section, "pmu")?.busy ?? 0;
    case "ag":
      return busiest(section, "ag")?.busy ?? 0;
    case "network":
      return section.network.busy_share * section.ticks;
    case "reconfiguration":
      return section.configuringTicks;
  }
}

function busiest(section: SectionCounters, kind: UnitCounters["kind"]): UnitCounters | undefined {
  return section.units.reduce<UnitCounters | undefined>((best, unit) => (unit.kind === kind && unit.busy > (best?.busy ?? -1) ? unit : best), undefined);
}

/** "ddr is busy 96.0 % of 470,312 cycles (bound 440,000 cycles, 93.6 %)". */
function headline({ resource, cycles: busy }: Occupied, sections: readonly SectionCounters[], cycles: Cycles, bounds: Bounds): string {
  const share = percent(cycles === 0 ? 0 : busy / cycles);
  const bound = resource in bounds ? ` (bound ${grouped(bounds[resource as keyof Bounds])} cycles, ${percent(bounds[resource as keyof Bounds] / cycles)})` : "";
  const kind = { compute: "pcu", sram: "pmu", ag: "ag" }[resource as string] as UnitCounters["kind"] | undefined;
  if (kind === undefined) return `${resource} takes ${share} of ${grouped(cycles)} cycles${bound}`;
  const longest = sections.reduce((best, section) => ((busiest(section, kind)?.busy ?? 0) > (busiest(best, kind)?.busy ?? 0) ? section : best));
  const unit = busiest(longest, kind);
  const which = sections.length === 1 ? `the busiest ${kind}, ${unit?.id ?? "none"},` : `the busiest ${kind} of each section, ${unit?.id ?? "none"} above all,`;
  return `${which} is busy ${share} of ${grouped(cycles)} cycles${bound}`;
}

/** "while sections run, their PCUs (12 of 64) are on average 20.1 % busy, 79.0 % starved (most on channel x.load>y.in) and 0.9 % idle". */
function whereTheRestWent(sections: readonly SectionCounters[], cycles: Cycles, pcus: number): string {
  const configuring = sections.reduce((total, section) => total + section.configuringTicks, 0);
  const loaded = sections.reduce((total, { configurations }) => total + configurations, 0);
  const loading =
    configuring === 0 ? "" : `; loading ${loaded === 1 ? "the configuration" : `${loaded} configurations`} takes ${percent(configuring / cycles)}`;
  const rows = sections.flatMap((section) => section.units.filter(({ kind }) => kind === "pcu").map((unit) => ({ unit, ticks: section.ticks })));
  const total = rows.reduce((sum, { ticks }) => sum + ticks, 0);
  if (total === 0) return `no pcu is in use${loading}`;
  const shares = STATES.map((state) => ({ state, share: rows.reduce((sum, { unit }) => sum + unit[state], 0) / total }));
  const parts = shares
    .filter(({ share }) => share > 0)
    .map(
      ({ state, share }) =>
        `${percent(share)} ${state}${culprit(
          rows.map(({ unit }) => unit),
          state,
        )}`,
    );
  const most = Math.max(...sections.map((section) => section.units.filter(({ kind }) => kind === "pcu").length));
  return `while sections run, their PCUs (${sections.length === 1 ? "" : "at most "}${most} of ${pcus}) are on average ${listed(parts)}${loading}`;
}

/** The channel that decided most of these waits. */
function culprit(units: readonly UnitCounters[], state: (typeof STATES)[number]): string {
  const ticks = new Map<string, number>();
  for (const wait of units.flatMap(({ waits }) => waits)) if (wait.state === state) ticks.set(wait.channel, (ticks.get(wait.channel) ?? 0) + wait.ticks);
  const [channel] = [...ticks].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0]);
  return channel === "" ? "" : ` (most on channel ${channel})`;
}
