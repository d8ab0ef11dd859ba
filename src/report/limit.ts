/** What limited a run: the resource that was busy longest, and in one sentence with this run's numbers where the rest of the time went. */

import type { Cycles } from "../base/units.ts";
import type { SectionCounters, UnitCounters } from "../result/counters.ts";
import type { Bounds, Limit, UnitResult } from "../result/result.ts";
import { describeLongest, describeRoots } from "./causes.ts";
import { grouped, listed, percent } from "./format.ts";

export type Resource = "compute" | "sram" | "ag" | "hbm" | "ddr" | "network" | "reconfiguration";

/** In case of a tie the first one is named. */
const RESOURCES: readonly Resource[] = ["hbm", "ddr", "compute", "sram", "ag", "network", "reconfiguration"];

const STATES = ["busy", "starved", "blocked", "memory", "idle"] as const;

interface Occupied {
  readonly resource: Resource;
  readonly cycles: Cycles;
}

/** `units`: rows of these sections. `cycles` is the time from their start to their end, `pcus` what the machine has. A resource that is busy less than half of it limits nothing: then it is "latency". */
export function limitOf(sections: readonly SectionCounters[], units: readonly UnitResult[], cycles: Cycles, bounds: Bounds, pcus: number): Limit {
  const occupied = RESOURCES.map((resource) => ({ resource, cycles: sections.reduce((total, section) => total + occupation(section, resource), 0) }));
  const top = occupied.reduce((best, one) => (one.cycles > best.cycles ? one : best));
  const head = headline(top, sections, cycles, bounds);
  if (cycles === 0) return { resource: "none", sentence: "nothing ran" };
  const isLimit = top.cycles * 2 >= cycles;
  const loading = top.resource === "reconfiguration" ? "" : whatLoadingTakes(sections, cycles);
  const rest = [whatPcusDid(sections, pcus), describeRoots(units), describeLongest(units, cycles), whatBanksTake(units, cycles), loading]
    .filter((part) => part !== "")
    .join("; ");
  if (isLimit) return { resource: top.resource, sentence: `${head}; ${rest}` };
  return { resource: "latency", sentence: `no resource is busy for half of the time (${head}); ${rest}` };
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
  const bound = resource in bounds ? besideBound(bounds[resource as keyof Bounds], cycles, share) : "";
  const kind = { compute: "pcu", sram: "pmu", ag: "ag" }[resource as string] as UnitCounters["kind"] | undefined;
  if (kind === undefined) return `${resource} takes ${share} of ${grouped(cycles)} cycles${bound}`;
  const longest = sections.reduce((best, section) => ((busiest(section, kind)?.busy ?? 0) > (busiest(best, kind)?.busy ?? 0) ? section : best));
  const unit = busiest(longest, kind);
  const which = sections.length === 1 ? `the busiest ${kind}, ${unit?.id ?? "none"},` : `the busiest ${kind} of each section, ${unit?.id ?? "none"} above all,`;
  return `${which} is busy ${share} of ${grouped(cycles)} cycles${bound}`;
}

/** " (bound 440,000 cycles, 93.6 %)", or that it takes no longer than its bound. */
function besideBound(bound: Cycles, cycles: Cycles, taken: string): string {
  const share = percent(bound / cycles);
  return share === taken ? ", as its bound has it" : ` (bound ${grouped(bound)} cycles, ${share})`;
}

/** "while sections run, their PCUs (12 of 64) are on average 20.1 % busy, 79.0 % starved and 0.9 % idle". */
function whatPcusDid(sections: readonly SectionCounters[], pcus: number): string {
  const rows = sections.flatMap((section) => section.units.filter(({ kind }) => kind === "pcu").map((unit) => ({ unit, ticks: section.ticks })));
  const total = rows.reduce((sum, { ticks }) => sum + ticks, 0);
  if (total === 0) return "no pcu is in use";
  const shares = STATES.map((state) => ({ state, share: rows.reduce((sum, { unit }) => sum + unit[state], 0) / total }));
  const parts = shares.filter(({ share }) => share > 0).map(({ state, share }) => `${percent(share)} ${state}`);
  const most = Math.max(...sections.map((section) => section.units.filter(({ kind }) => kind === "pcu").length));
  return `while sections run, their PCUs (${sections.length === 1 ? "" : "at most "}${most} of ${pcus}) are on average ${listed(parts)}`;
}

/** Of the time, from which on conflicts at the banks of one PMU are worth a word. */
const CONFLICTS_SHARE = 0.02;

/** "bank conflicts take 40.0 % of the time at y.gather, the most of 3 pmus". */
function whatBanksTake(units: readonly UnitResult[], cycles: Cycles): string {
  const conflicting = units.filter((unit) => unit.bank_conflict_cycles > 0);
  const worst = conflicting.reduce<UnitResult | null>((most, unit) => (unit.bank_conflict_cycles > (most?.bank_conflict_cycles ?? 0) ? unit : most), null);
  if (worst === null || worst.bank_conflict_cycles < CONFLICTS_SHARE * cycles) return "";
  const among = conflicting.length === 1 ? "" : `, the most of ${conflicting.length} pmus`;
  return `bank conflicts take ${percent(worst.bank_conflict_cycles / cycles)} of the time at ${worst.id}${among}`;
}

function whatLoadingTakes(sections: readonly SectionCounters[], cycles: Cycles): string {
  const configuring = sections.reduce((total, section) => total + section.configuringTicks, 0);
  const loaded = sections.reduce((total, { configurations }) => total + configurations, 0);
  if (configuring === 0) return "";
  return `loading ${loaded === 1 ? "the configuration" : `${loaded} configurations`} takes ${percent(configuring / cycles)}`;
}
