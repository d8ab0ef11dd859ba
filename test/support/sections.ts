/** A network of the engine as if each of its processes were a unit of one nest: so that what comes after the engine can be tested on networks made by hand. */

import type { NetworkResult, NetworkSpec } from "../../src/engine/network.ts";
import type { SectionCounters, UnitCounters, Wait } from "../../src/result/counters.ts";
import { section } from "./counters.ts";

/** Its resources are the channels of the hbm tier. */
export function sectionOf({ processes, channels, resources }: NetworkSpec, result: NetworkResult): SectionCounters {
  const ends = channels.map((_, c) => {
    const end = (direction: string) => processes.find(({ ports }) => ports.some(({ channel, kind }) => channel === c && kind.endsWith(direction)))!;
    return { source: end("-out"), sink: end("-in") };
  });
  const byName = (ticks: readonly number[]) => ticks.map((more, r) => ({ channel: `hbm channel ${r}`, ticks: more })).filter((part) => part.ticks > 0);
  const units = processes.map(({ name, ports }, p): UnitCounters => {
    const { firings, busy, starved, blocked, memory, waits, fill, late, memoryBy, lateBy } = result.processes[p]!;
    const atPorts = ports.map(({ channel: c, kind }, j): Wait => {
      const { source, sink } = ends[c]!;
      const isInput = kind.endsWith("-in");
      const other = { unit: (isInput ? source : sink).name, nest: "nest" };
      const firings_per_token = source.firings / Math.max(1, result.channels[c]!.pushed);
      return {
        state: isInput ? "starved" : "blocked",
        channel: channels[c]!.name,
        ticks: waits[j]!,
        other,
        fill: fill[j]!,
        late: late[j]!,
        contended: 0,
        firings_per_token,
      };
    });
    const memories = byName(memoryBy).map((part): Wait => ({ state: "memory", ...part, other: null, fill: 0, late: 0, contended: 0, firings_per_token: 1 }));
    const nest = { id: "nest", firings, bursts: 0, busy, waits: [...atPorts, ...memories].filter(({ ticks }) => ticks > 0), late: byName(lateBy) };
    const states = { busy, starved, blocked, memory, idle: result.ticks - busy - starved - blocked - memory };
    const counts = { firings, operations: [], sram_read_bytes: 0, sram_write_bytes: 0, bank_conflicts: 0 };
    return { id: name, kind: "pcu", operator: name, x: 0, y: 0, ...counts, ...states, shown: 0, nests: [nest] };
  });
  const used = resources.map(({ service, latency, clock }, r) => {
    const { served, busy, waited } = result.resources[r]!;
    const travel = served * (service + (latency * clock.numerator) / clock.denominator);
    const busy_share = (busy * clock.denominator) / clock.numerator / Math.max(1, result.ticks);
    return { name: `hbm channel ${r}`, busy_share, queued_share: served === 0 ? 0 : waited / (waited + travel) };
  });
  return section({
    units,
    ticks: result.ticks,
    configuringTicks: 0,
    tiers: { hbm: { read_bytes: 0, write_bytes: 0, busy_share: 0, commands: null, channels: used } },
  });
}
