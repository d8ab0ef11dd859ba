/** Counters of units -> rows of the report: the whole run's cycles of every unit, and what its waits go back to. */

import type { NestCounters, RunCounters, SectionCounters, UnitCounters } from "../result/counters.ts";
import type { Cause, CauseStep, UnitResult } from "../result/result.ts";
import { groupName, groupOf } from "./causes.ts";
import { wholes } from "./format.ts";
import { type Blame, blameFinder, type FindBlame, mergeBlames } from "./roots.ts";

/** One row a unit and section. While other sections are on the chip the unit is idle. */
export function unitRows(counters: RunCounters): readonly UnitResult[] {
  return counters.sections.flatMap((section) => {
    const blame = blameFinder(section);
    const groups = new Map(section.units.map(({ id, kind, operator }) => [id, groupName(kind, operator)]));
    const find: FindBlame = (unit, nest, wait) => grouped(blame(unit, nest, wait), wait.ticks, groups);
    return section.units.map((unit) => unitRow(unit, section, counters, find));
  });
}

function unitRow(unit: UnitCounters, section: SectionCounters, run: RunCounters, blame: FindBlame): UnitResult {
  const idle = idleCauses(unit, section, run);
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
    idle_cycles: idle.reduce((sum, { cycles }) => sum + cycles, 0),
    unattributed_cycles: section.ticks - unit.busy - unit.starved - unit.blocked - unit.memory - unit.idle,
    bank_conflict_cycles: unit.bank_conflicts,
    causes: [...waitCauses(unit.id, unit.nests[unit.shown]!, blame), ...idle],
  };
}

function idleCauses({ idle, firings }: UnitCounters, section: SectionCounters, { ticks, sections }: RunCounters): readonly Cause[] {
  const configuring = sections.reduce((sum, { configuringTicks }) => sum + configuringTicks, 0) - section.configuringTicks;
  const elsewhere = ticks - section.ticks - section.configuringTicks - configuring;
  const cause = (root: string, cycles: number): Cause => ({ state: "idle", channel: "", root, path: [], cycles });
  const causes = [cause(firings === 0 ? "no work" : "drain", idle), cause("other sections", elsewhere), cause("configuration", configuring)];
  return causes.filter(({ cycles }) => cycles > 0);
}

function waitCauses(unit: string, nest: NestCounters, blame: FindBlame): readonly Cause[] {
  const causes = new Map<string, Cause>();
  for (const wait of nest.waits) {
    for (const { root, path, cycles } of named(blame(unit, nest, wait), wait.ticks)) {
      const key = `${wait.state} ${wait.channel} ${root}`;
      const before = causes.get(key);
      if (before === undefined) causes.set(key, { state: wait.state, channel: wait.channel, root, path: cut(path), cycles });
      else causes.set(key, { ...before, cycles: before.cycles + cycles });
    }
  }
  return [...causes.values()];
}

// --- whole cycles ---

interface Share {
  readonly root: string;
  readonly path: readonly CauseStep[];
  readonly cycles: number;
}

/** Blames in whole cycles that add up to the wait. */
function named(blames: readonly Blame[], waited: number): readonly Share[] {
  const parts = [...blames].sort((a, b) => b.ticks - a.ticks);
  const cycles = wholes(
    parts.map(({ ticks }) => ticks),
    waited,
  );
  return parts.map(({ root, path }, i) => ({ root, path, cycles: cycles[i]! })).filter((share) => share.cycles > 0);
}

const MOST_STEPS = 8;

function cut(path: readonly CauseStep[]): readonly CauseStep[] {
  return path.length <= MOST_STEPS ? path : [...path.slice(0, MOST_STEPS), { unit: "...", state: path.at(-1)!.state, channel: path.at(-1)!.channel }];
}

// --- roots too small to name ---

/** Of a wait. */
const SMALL = 0.02;

/** Copies of an operator share the blame: what is small for each counts for "pcus of c", and what then is small still for "others". */
function grouped(blames: readonly Blame[], waited: number, groups: ReadonlyMap<string, string>): readonly Blame[] {
  const isSmall = ({ ticks }: Blame): boolean => ticks < SMALL * waited;
  const byGroup = mergeBlames(blames.map((blame) => (isSmall(blame) ? { ...blame, root: groupOf(blame.root, groups) ?? blame.root } : blame)));
  return mergeBlames(byGroup.map((blame) => (isSmall(blame) ? { ...blame, root: "others", path: [] } : blame)));
}
