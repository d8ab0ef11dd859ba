/** The least depth of channels with which a run is as fast as with the deepest: found by running it. Nothing else of the run changes: places and routes stay. */

import type { ChannelId, Cycles } from "../base/units.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { deepenSection } from "./deadlock.ts";

/** Channels that are deepened together: copies of each other. */
export interface DepthQuestion {
  /** Position in the fabric. */
  readonly section: number;
  readonly channels: readonly ChannelId[];
  /** Theirs now. */
  readonly depth: number;
}

export interface DepthAnswer {
  /** Most that was run: far more than now; of a tile buffer as many as its PMU has room for, at least those it has. */
  readonly deepest: number;
  /** Removes the stall. Null: not even the deepest makes the run faster. */
  readonly least: number | null;
  /** Does not remove it. One less than `least`, unless there were too few runs to tell what is between. */
  readonly short: number;
  /** Of the run with `least`, or else with the deepest. */
  readonly cycles: Cycles;
  readonly runs: number;
}

/** Times the depth now. */
const DEEPEST = 64;
/** What changes the run by less than this share changes nothing. */
const LEAST = 0.001;

/** `before`: cycles of the run as it is. `run`: simulates a mapping, at most `budget` (>= 1) times. A depth is taken to be enough if a lesser one is. */
export function leastDepth(
  question: DepthQuestion,
  { mapping, machine, before }: { readonly mapping: Mapping; readonly machine: Machine; readonly before: Cycles },
  run: (mapping: Mapping) => Cycles,
  budget: number,
): DepthAnswer {
  const { depth } = question;
  const deepest = deepestOf(question, mapping, machine);
  if (deepest === depth) return { deepest, least: null, short: depth, cycles: before, runs: 0 };
  const known = new Map<number, Cycles>();
  const cyclesAt = (tried: number): Cycles => {
    const cycles = run(deepened(mapping, question, tried));
    known.set(tried, cycles);
    return cycles;
  };
  const best = cyclesAt(deepest);
  if (best >= before * (1 - LEAST)) return { deepest, least: null, short: deepest, cycles: best, runs: 1 };
  let [short, least] = [depth, deepest];
  while (least - short > 1 && known.size < budget) {
    const tried = least === deepest ? Math.min(2 * short, least - 1) : Math.floor((short + least) / 2);
    if (cyclesAt(tried) <= best * (1 + LEAST)) least = tried;
    else short = tried;
  }
  return { deepest, least, short, cycles: known.get(least)!, runs: known.size };
}

/** Scratchpads grow with their buffers, and stay within the PMU. */
function deepestOf({ section, channels, depth }: DepthQuestion, mapping: Mapping, machine: Machine): number {
  const ids = new Set(channels);
  const { channels: all } = mapping.fabric.sections[section]!;
  if (all.every(({ id, kind }) => !ids.has(id) || kind === "stream")) return DEEPEST * depth;
  let deepest = depth;
  while (deepest < DEEPEST * depth && fits(deepened(mapping, { section, channels }, deepest + 1), section, machine)) deepest++;
  return deepest;
}

function fits({ fabric }: Mapping, section: number, { pmu }: Machine): boolean {
  return fabric.sections[section]!.units.every(({ kind, scratch }) => kind !== "pmu" || scratch.reduce((sum, { bytes }) => sum + bytes, 0) <= pmu.bytes);
}

/** The same with channels of another depth. */
export function deepened(mapping: Mapping, { section, channels }: Pick<DepthQuestion, "section" | "channels">, depth: number): Mapping {
  const depths = new Map(channels.map((id) => [id as string, depth]));
  const sections = mapping.fabric.sections.map((own, s) => (s === section ? deepenSection(own, depths) : own));
  return { ...mapping, fabric: { ...mapping.fabric, sections } };
}
