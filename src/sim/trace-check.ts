/** What must hold of every trace: it says when what the run counted happened, and nothing else. Asserted of each, since one that breaks it is a bug in weft. */

import type { Machine } from "../machine/machine.ts";
import { type PlacedTier, placedTiers } from "../memory/tiers.ts";
import type { RunCounters, SectionCounters } from "../result/counters.ts";
import type { ActivityTrace, SectionTrace, TierTrace } from "../trace/trace.ts";

const STATES = ["busy", "starved", "blocked", "memory"] as const;

/** Throws an Error (a bug, not the user's fault) that lists what is broken. */
export function assertTrace(trace: ActivityTrace, counters: RunCounters, machine: Machine): void {
  const broken = brokenTrace(trace, counters, machine);
  if (broken.length > 0) throw new Error(`the trace contradicts the report:\n  ${broken.slice(0, 10).join("\n  ")}`);
}

/** One sentence each, with the numbers; empty if all holds. */
export function brokenTrace(trace: ActivityTrace, counters: RunCounters, machine: Machine): readonly string[] {
  const sections = counters.sections.flatMap((section, s) => [...badUnits(trace, trace.sections[s]!, section), ...badNests(trace.sections[s]!, section)]);
  const tiers = placedTiers(machine).flatMap((tier, t) => badTier(trace, trace.tiers[t]!, tier, counters.sections));
  return [...badSpans(trace, counters), ...sections, ...tiers];
}

/** They follow each other from 0 to the end, and each section's add up. */
function badSpans({ spans, cycles }: ActivityTrace, { sections }: RunCounters): readonly string[] {
  let end = 0;
  const gaps = spans.flatMap(({ section, start, cycles: length }) => {
    const gap = start === end ? [] : [`a span of section ${sections[section]!.name} begins at ${start}, and the one before ends at ${end}`];
    end = start + length;
    return gap;
  });
  const sums = sections.flatMap(({ name, runs, configuringTicks, ticks }, s) => {
    const own = spans.filter(({ section }) => section === s);
    const of = (field: "runs" | "configuring_cycles" | "cycles"): number => own.reduce((total, span) => total + span[field], 0);
    const said = [of("runs"), of("configuring_cycles"), of("cycles")].join(", ");
    const counted = [runs, configuringTicks, configuringTicks + ticks].join(", ");
    return said === counted ? [] : [`the spans of section ${name} have ${said} runs, cycles of configuration and cycles, not ${counted}`];
  });
  return [...gaps, ...sums, ...(end === cycles ? [] : [`the spans end at ${end} of ${cycles} cycles`])];
}

function badUnits({ bin_cycles }: ActivityTrace, section: SectionTrace, { name, units }: SectionCounters): readonly string[] {
  const { bins } = section;
  return units.flatMap((unit, u) => {
    const row = (state: (typeof STATES)[number]): Uint32Array => section[state].subarray(u * bins, (u + 1) * bins);
    const rows = STATES.map(row);
    const sums = STATES.flatMap((state, i) => {
      const sum = sumOf(rows[i]!);
      return sum === unit[state] ? [] : [`unit ${unit.id} of section ${name} is ${state} for ${sum} cycles of its bins, and for ${unit[state]} of the run`];
    });
    const [busy, starved, blocked, memory] = rows as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
    const full = busy.findIndex((ticks, b) => ticks + starved[b]! + blocked[b]! + memory[b]! > bin_cycles);
    return full < 0 ? sums : [...sums, `the states of unit ${unit.id} of section ${name} are more than the ${bin_cycles} cycles of bin ${full}`];
  });
}

function badNests({ bins, firings, requesters, bursts }: SectionTrace, { name, units }: SectionCounters): readonly string[] {
  const nests = units.flatMap((unit) => unit.nests);
  const sent = new Map([...requesters].map((n, i) => [n, sumOf(bursts.subarray(i * bins, (i + 1) * bins))]));
  return nests.flatMap((nest, n) => {
    const fired = sumOf(firings.subarray(n * bins, (n + 1) * bins));
    const said = `${fired} firings and ${sent.get(n) ?? 0} bursts`;
    const counted = `${nest.firings} firings and ${nest.bursts} bursts`;
    return said === counted ? [] : [`the bins of nest ${nest.id} of section ${name} have ${said}, not ${counted}`];
  });
}

function badTier(
  { bins, bin_cycles }: ActivityTrace,
  { served, busy, activates }: TierTrace,
  { name, spec }: PlacedTier,
  sections: RunCounters["sections"],
): readonly string[] {
  const tiers = sections.map((section) => section.tiers[name]!);
  const moved = tiers.reduce((sum, { read_bytes, write_bytes }) => sum + read_bytes + write_bytes, 0);
  const opened = tiers.reduce((sum, { commands }) => sum + (commands?.activates ?? 0), 0);
  const serving = sections.reduce((sum, { ticks }, s) => sum + tiers[s]!.busy_share * ticks * spec.channels, 0);
  const full = busy.findIndex((ticks) => ticks > bin_cycles);
  return [
    ...(sumOf(served) * spec.burst_bytes === moved ? [] : [`the channels of ${name} serve ${sumOf(served)} bursts, and the run moved ${moved} bytes`]),
    ...(activates === null || sumOf(activates) === opened ? [] : [`the channels of ${name} open ${sumOf(activates)} rows, not ${opened}`]),
    // Each channel is rounded once, and once for each section that was not recorded.
    ...(Math.abs(sumOf(busy) - serving) <= spec.channels * (1 + sections.length)
      ? []
      : [`the channels of ${name} serve for ${sumOf(busy)} cycles of their bins, and for ${serving} of the run`]),
    ...(full < 0 ? [] : [`channel ${Math.floor(full / bins)} of ${name} serves for more than the ${bin_cycles} cycles of bin ${full % bins}`]),
  ];
}

function sumOf(values: Uint32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
