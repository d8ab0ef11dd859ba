/** Closed figures of a part: what it can do at best, whatever the controller. */

import type { Bytes } from "../../base/units.ts";
import type { Part } from "./part.ts";
import { evaluate } from "./standard.ts";

const countOf = ({ levels }: Part, wanted: "pseudochannel"): number => levels.find(({ level }) => level === wanted)?.count ?? 1;

/** Bytes of a row of one bank. */
export const rowBytes = ({ columns, access_bytes }: Part): Bytes => columns * access_bytes;

/** Bytes of a channel. */
export const channelBytes = (part: Part): Bytes => part.banks * part.rows * rowBytes(part);

/** Bytes that the data pins of a channel, all its pseudochannels, carry in a second. */
export const peakBytesPerSecond = (part: Part): number => (countOf(part, "pseudochannel") * part.access_bytes * 1e12) / (part.burst * part.tick_ps);

/** Ticks from a read to the last of its data in an idle channel: its row is open (hit), its bank is closed (miss), another row is open (conflict). */
export function unloadedReadTicks(part: Part, row: "hit" | "miss" | "conflict"): number {
  const delayOf = (after: "ACT" | "PREpb", before: "RD" | "ACT"): number => {
    const delays = part.rules.filter((rule) => rule.after === after && rule.before === before && !rule.siblings && rule.window === 1).map(({ delay }) => delay);
    return Math.max(0, ...delays);
  };
  const open = row === "hit" ? 0 : delayOf("ACT", "RD");
  const close = row === "conflict" ? delayOf("PREpb", "ACT") : 0;
  return close + open + part.readLatency;
}

/** The share of time that a bank is out of service: for refreshes of all banks, or for refreshes of one after another. */
export function refreshShare(part: Part, refresh: "all-bank" | "per-bank"): number {
  const { timings, banks, refreshInterval, bankRefreshInterval, bankRefreshTime } = part;
  if (refresh === "per-bank") return bankRefreshInterval === 0 ? 0 : bankRefreshTime / (bankRefreshInterval * banks);
  return refreshInterval === 0 ? 0 : (part.standard.ticks_per_clock * evaluate("nRFC", timings)) / refreshInterval;
}
