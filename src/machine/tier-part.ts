/** What follows from the DRAM part of a tier: clock, bursts, refresh, title. */

import { type Part, type PartChoice, partOf } from "./dram/part.ts";
import type { Level, Timing, Timings } from "./dram/standard.ts";
import type { DramSpec, TierSpec } from "./machine.ts";

/** Figures of a tier that its part decides. */
export const DERIVED = ["standard", "clock_hz", "burst_bytes", "burst_clocks", "refresh"] as const;

type PartName = Pick<DramSpec, "organization" | "speed" | "ranks" | "clock_hz">;

/** Parts by what names them, and by who asked: making one takes longer than a short run, and a search asks thousands of times. */
const parts = new Map<string, Part>();
const asked = new WeakMap<PartName, Part>();

/** The part, its timings in clocks of the clock at which it runs. Throws a UserError where a name is unknown. */
export function partOfTier(named: PartName): Part {
  const own = asked.get(named);
  if (own !== undefined) return own;
  const key = JSON.stringify([named.organization, named.speed, named.ranks, named.clock_hz]);
  const known = parts.get(key) ?? partOf(choiceOf(named));
  parts.set(key, known);
  asked.set(named, known);
  return known;
}

function choiceOf({ organization, speed, ranks, clock_hz }: PartName): PartChoice {
  const nominal: PartChoice = { organization, speed, ...(ranks === 1 ? {} : { counts: { rank: ranks } }) };
  if (clock_hz === undefined) return nominal;
  const { timings, tick_ps, standard } = partOf(nominal);
  return { ...nominal, timings: atClock(timings, (tick_ps * standard.ticks_per_clock * clock_hz) / 1e12) };
}

/** What JEDEC counts in clocks, whatever they last: transfers and the gaps on the bus. */
const IN_CLOCKS: readonly Timing[] = ["nBL", "nCCD", "nCCDS", "nCCDR", "nCCDS_WR", "nRTW", "nCS", "nPPD"];

/** Times stay what they are, rounded up to clocks of which there are `ratio` for each of before. */
function atClock(timings: Timings, ratio: number): Timings {
  const scaled = (name: Timing, clocks: number): number => (IN_CLOCKS.includes(name) ? clocks : Math.ceil(Number((clocks * ratio).toPrecision(12))));
  return Object.fromEntries(Object.entries(timings).map(([name, clocks]) => [name, scaled(name as Timing, clocks)]));
}

/** The figures of `DERIVED`; the tier's clock counts the part's ticks. */
export function tierOfPart(dram: DramSpec): Pick<TierSpec, "standard" | "clock_hz" | "burst_bytes" | "burst_clocks" | "refresh"> {
  const part = partOfTier(dram);
  const { name } = part.standard;
  const rate = part.standard.speeds[dram.speed]!.rate;
  const pseudochannels = part.levels.find(({ level }) => level === "pseudochannel")?.count ?? 1;
  return {
    standard: dram.clock_hz === undefined ? `${name}-${rate}` : `${name} at ${dram.clock_hz / 1e6} MHz`,
    clock_hz: ticksASecond(part, dram.clock_hz),
    burst_bytes: part.access_bytes,
    burst_clocks: part.burst / pseudochannels,
    ...refreshOf(part, dram.controller.refresh),
  };
}

/** To the next whole MHz, where the clock is the part's own. */
export function ticksASecond({ tick_ps, standard }: Part, clock_hz: number | undefined): number {
  return clock_hz === undefined ? 1e6 * Math.round(1e6 / tick_ps) : clock_hz * standard.ticks_per_clock;
}

/** All banks at once, or each of them for its time in turn. Share of the time that a bank is out of service. */
function refreshOf(
  { timings, standard, refreshInterval, bankRefreshInterval, bankRefreshTime, banks }: Part,
  kind: DramSpec["controller"]["refresh"],
): Pick<TierSpec, "refresh"> {
  if (kind === "none") return {};
  if (kind === "per-bank" || kind === "paired") {
    return { refresh: { interval_clocks: bankRefreshInterval * banks, duration_clocks: bankRefreshTime } };
  }
  return { refresh: { interval_clocks: refreshInterval, duration_clocks: standard.ticks_per_clock * (timings.nRFC ?? timings.nRFCab ?? 0) } };
}

/** Fields of a mapping that stand for levels of the part. */
const LEVELS: Readonly<Record<string, Level>> = { pc: "pseudochannel", ra: "rank", st: "stack", bg: "bankgroup", ba: "bank" };

export interface BankTurn {
  readonly bytes: number;
  readonly banks: number;
  readonly sets: number;
}

/**
 * Consecutive bytes of a channel before the address goes on in another bank of each group, the banks that there are, and with those of other ranks and stacks the sets of banks that
 * such bytes take in turn; null where the mapping is a name. Streams that stand so far apart that their banks differ do not close each other's rows.
 */
export function bankTurnOf(dram: DramSpec): BankTurn | null {
  const known = turns.get(dram);
  if (known !== undefined) return known;
  const turn = findBankTurn(dram);
  turns.set(dram, turn);
  return turn;
}

const turns = new WeakMap<DramSpec, BankTurn | null>();

function findBankTurn(dram: DramSpec): BankTurn | null {
  const part = partOfTier(dram);
  const fields = [...dram.mapping.toLowerCase().matchAll(/([a-z]{2})(\d*)/g)].map(([, name, bits]) => ({ name: name!, bits }));
  const bank = fields.findIndex(({ name }) => name === "ba");
  if (bank < 0) return null;
  // What has no number of bits takes what the other slices of its field leave.
  const sizeOf = ({ name, bits }: (typeof fields)[number]): number => {
    if (bits !== "") return 2 ** Number(bits);
    const all = name === "co" ? part.columns : (part.levels.find(({ level }) => level === LEVELS[name])?.count ?? 1);
    return fields.reduce((rest, other) => (other.name === name && other.bits !== "" ? rest / 2 ** Number(other.bits) : rest), all);
  };
  const sets = fields.reduce((product, field, f) => (f <= bank && field.name !== "ro" && field.name !== "ch" ? product * sizeOf(field) : product), 1);
  const below = fields.slice(bank + 1).reduce((product, field) => product * sizeOf(field), 1);
  return { bytes: below * part.access_bytes, banks: sizeOf(fields[bank]!), sets };
}
