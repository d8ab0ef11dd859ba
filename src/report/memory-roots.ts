/**
 * What a memory channel is called as the root of waits: by itself where it stands out, else by its tier; and whether its bandwidth or its latency is what is waited for. A port
 * of a PMU is called by its own name.
 */

import type { ChannelCounters, SectionCounters } from "../result/counters.ts";

export interface MemoryRoot {
  /** "hbm channel 3 (bandwidth)" or "hbm (latency)". */
  readonly root: string;
  /** The same without the reason. */
  readonly place: string;
}

/** Served for at least so many times as long as the tier's channels on average. */
const STANDS_OUT = 2;

export function memoryRoots({ tiers }: SectionCounters): (channel: string) => MemoryRoot {
  const roots = new Map<string, MemoryRoot>();
  for (const [tier, { channels }] of Object.entries(tiers)) {
    const mean = channels.reduce((sum, { busy_share }) => sum + busy_share, 0) / channels.length;
    const standsOut = ({ busy_share }: ChannelCounters) => channels.length > 1 && busy_share >= STANDS_OUT * mean;
    const others = channels.filter((channel) => !standsOut(channel));
    for (const channel of channels) {
      const place = standsOut(channel) ? channel.name : tier;
      roots.set(channel.name, { place, root: `${place} (${reason(standsOut(channel) ? [channel] : others)})` });
    }
  }
  return (channel) => roots.get(channel) ?? { place: channel, root: channel };
}

/** Bandwidth where they serve for half of the time or more, or where bursts queue for longer than it takes to serve them and to travel. */
function reason(channels: readonly ChannelCounters[]): "bandwidth" | "latency" {
  const used = channels.filter(({ busy_share }) => busy_share > 0);
  const mean = (field: "busy_share" | "queued_share") => used.reduce((sum, channel) => sum + channel[field], 0) / Math.max(1, used.length);
  return mean("busy_share") >= 0.5 || mean("queued_share") >= 0.5 ? "bandwidth" : "latency";
}
