/**
 * RunResult + trace -> one table, long, as pandas reads it without options: `pd.read_csv("trace.csv")`. A row is a unit of a section (or a channel of a memory) over a stretch of bins in which it
 * did the same in each: from begin_cycle to before end_cycle. Rows of a unit follow each other without a gap from 0 to the run's end, so that sums over them are what report.json says;
 * idle_cycles are all in which it had nothing to do, other sections on the chip included. bytes: off the chip, whole bursts, of an ag's requests and of a channel's service alike: add up one or the other.
 */

import type { RunBundle } from "../scene/scene.ts";
import type { ActivityTrace } from "../trace/trace.ts";
import { forEachBin, type Placed, stretchesOf, unitsOf, type Window, windowsOf } from "./states.ts";

const COLUMNS = [
  ...["section", "unit", "kind", "operator", "x", "y", "begin_cycle", "end_cycle"],
  ...["busy_cycles", "starved_cycles", "blocked_cycles", "memory_cycles", "configuring_cycles", "idle_cycles", "firings", "bytes"],
] as const;

/** Of a bin, in the order of the columns: busy, starved, blocked, memory, configuring, firings, bytes. */
type Counts = readonly [number, number, number, number, number, number, number];
type CountsOf = (bin: number) => Counts;

/** RFC 4180, but lines end in a line feed alone. */
export function traceCsv(bundle: RunBundle): string {
  const { trace } = bundle;
  const lines: string[] = [COLUMNS.join(",")];
  const windows = windowsOf(trace);
  for (const placed of unitsOf(bundle)) {
    const { unit } = placed;
    const head = [unit.section, unit.id, unit.kind, unit.op, unit.x, unit.y].map(quoted).join(",");
    lines.push(...rowsOf(trace, head, unitCounts(bundle, placed, windows[placed.section]!)));
  }
  for (const tier of trace.tiers) {
    for (let c = 0; c < tier.channels; c++) {
      const at = (bin: number): number => c * trace.bins + bin;
      const head = ["", `${tier.name} channel ${c}`, tier.name, "", "", ""].map(quoted).join(",");
      lines.push(...rowsOf(trace, head, (bin) => [tier.busy[at(bin)]!, 0, 0, 0, 0, 0, tier.served[at(bin)]! * tier.burst_bytes]));
    }
  }
  return `${lines.join("\n")}\n`;
}

function rowsOf(trace: ActivityTrace, head: string, countsOf: CountsOf): readonly string[] {
  const rows: string[] = [];
  const lengthOf = (bin: number): number => Math.min(trace.cycles, (bin + 1) * trace.bin_cycles) - bin * trace.bin_cycles;
  for (let bin = 0; bin < trace.bins; ) {
    const counts = countsOf(bin);
    const begin = bin;
    for (bin++; bin < trace.bins && lengthOf(bin) === lengthOf(begin) && isSame(countsOf(bin), counts); ) bin++;
    const [length, times] = [lengthOf(begin), bin - begin];
    const [busy, starved, blocked, memory, configuring, firings, bytes] = counts.map((count) => count * times) as unknown as Counts;
    const start = begin * trace.bin_cycles;
    const idle = length * times - busy - starved - blocked - memory - configuring;
    rows.push([head, start, start + length * times, busy, starved, blocked, memory, configuring, idle, firings, bytes].join(","));
  }
  return rows;
}

const isSame = (a: Counts, b: Counts): boolean => a.every((count, i) => count === b[i]);

function unitCounts({ trace, scene }: RunBundle, placed: Placed, windows: readonly Window[]): CountsOf {
  const { section, row } = placed;
  const { first, bins, firings, requesters, bursts } = trace.sections[section]!;
  const { units } = scene.sections[section]!;
  const before = units.slice(0, row).reduce((nests, unit) => nests + unit.nests.length, 0);
  const nests = units[row]!.nests.map(({ tier }, n) => {
    const burst_bytes = trace.tiers.find(({ name }) => name === tier)?.burst_bytes ?? 0;
    return { at: (before + n) * bins, requests: requesters.indexOf(before + n) * bins, burst_bytes };
  });
  const cycles = {
    busy: counters(trace),
    starved: counters(trace),
    blocked: counters(trace),
    memory: counters(trace),
    configuring: counters(trace),
    idle: counters(trace),
  };
  forEachBin(trace, stretchesOf(trace, windows, placed), (bin, state, length) => {
    cycles[state][bin]! += length;
  });
  return (bin) => {
    const b = bin - first;
    const isInside = b >= 0 && b < bins;
    const fired = nests.reduce((sum, nest) => sum + (isInside ? firings[nest.at + b]! : 0), 0);
    const bytes = nests.reduce((sum, nest) => sum + (isInside && nest.requests >= 0 ? bursts[nest.requests + b]! * nest.burst_bytes : 0), 0);
    return [cycles.busy[bin]!, cycles.starved[bin]!, cycles.blocked[bin]!, cycles.memory[bin]!, cycles.configuring[bin]!, fired, bytes];
  };
}

const counters = ({ bins }: ActivityTrace): Float64Array => new Float64Array(bins);

function quoted(value: string | number): string {
  const text = `${value}`;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
