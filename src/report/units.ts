/** Counters of units -> rows of the report: the whole run's cycles of every unit, and who was to blame for its waits. */

import type { Channel, Section } from "../fabric/fabric.ts";
import type { Mapping } from "../mapper/mapping.ts";
import type { RunCounters, SectionCounters, UnitCounters } from "../result/counters.ts";
import type { UnitResult } from "../result/result.ts";

type Wait = UnitCounters["waits"][number];

/** One row a unit and section. While other sections are on the chip the unit is idle. */
export function unitRows(counters: RunCounters, mapping: Mapping): readonly UnitResult[] {
  return counters.sections.flatMap((section, index) => {
    const blame = rootFinder(section, mapping.fabric.sections[index] as Section);
    return section.units.map((unit) => unitRow(unit, section, counters, blame));
  });
}

function unitRow(unit: UnitCounters, section: SectionCounters, run: RunCounters, blame: (unit: UnitCounters, wait: Wait) => string): UnitResult {
  const elsewhere = run.ticks - section.configuringTicks - section.ticks;
  return {
    id: unit.id,
    kind: unit.kind,
    x: unit.x,
    y: unit.y,
    op: unit.operator,
    section: section.name,
    firings: unit.firings,
    busy_cycles: unit.busy,
    starved_cycles: unit.starved,
    blocked_cycles: unit.blocked,
    memory_cycles: unit.memory,
    configuring_cycles: section.configuringTicks,
    idle_cycles: unit.idle + elsewhere,
    unattributed_cycles: section.ticks - unit.busy - unit.starved - unit.blocked - unit.memory - unit.idle,
    causes: unit.waits
      .filter(({ ticks }) => ticks > 0)
      .map((wait) => ({ state: wait.state, channel: wait.channel, root: blame(unit, wait), cycles: wait.ticks })),
  };
}

/**
 * Follows a wait to its root: from a starved unit to the source of the channel, from a blocked one to its sink, and on from there by the longest
 * wait of that unit, until a unit is mostly busy or waits for a memory tier: that unit or tier is the root. Where the waits lead back in a ring, each
 * unit waits for the other's answer and none is slow: the root is "latency" (more depth in the channels between them would help).
 */
function rootFinder(section: SectionCounters, fabric: Section): (unit: UnitCounters, wait: Wait) => string {
  const units = new Map(section.units.map((unit) => [unit.id, unit]));
  const channels = new Map(fabric.channels.map((channel) => [channel.id as string, channel]));

  return (first, firstWait) => {
    const met = new Set<string>();
    let unit = first;
    let wait: Wait | undefined = firstWait;
    while (wait !== undefined && !met.has(unit.id)) {
      met.add(unit.id);
      if (wait.state === "memory") return wait.channel;
      const next = otherEnd(wait, channels.get(wait.channel), units);
      if (next === undefined) return unit.id;
      unit = next;
      wait = longestWait(unit);
    }
    return wait === undefined ? unit.id : "latency";
  };
}

/** Of several sinks it is the one that waited least for the channel. */
function otherEnd({ state, channel: name }: Wait, channel: Channel | undefined, units: ReadonlyMap<string, UnitCounters>): UnitCounters | undefined {
  if (channel === undefined) return undefined;
  if (state === "starved") return units.get(channel.source.unit);
  const waited = (unit: UnitCounters): number =>
    unit.waits.reduce((total, wait) => total + (wait.state === "starved" && wait.channel === name ? wait.ticks : 0), 0);
  const sinks = channel.sinks.flatMap(({ unit }) => units.get(unit) ?? []);
  return sinks.reduce<UnitCounters | undefined>((slowest, sink) => (slowest === undefined || waited(sink) < waited(slowest) ? sink : slowest), undefined);
}

/** None if the unit was busy for longer than it waited. */
function longestWait({ busy, starved, blocked, memory, waits }: UnitCounters): Wait | undefined {
  if (busy >= starved + blocked + memory) return undefined;
  return waits.reduce<Wait | undefined>((longest, wait) => (wait.ticks > (longest?.ticks ?? 0) ? wait : longest), undefined);
}
