/** The stage table: what the copies of a stage did together, how fast they fired, and how fast they would have to. */

import { toldName } from "../../src/report/causes.ts";
import type { CauseStep } from "../../src/result/result.ts";
import { firingsIn } from "./firings.ts";
import type { RunView, SectionView, UnitView } from "./run.ts";
import { stageOf } from "./selection.ts";
import { STATES } from "./states.ts";
import { configuringIn, isWhole, overlap, type StateCycles, type Window } from "./window.ts";

/** Copies of each other in a section; or one of them. */
export interface StageRow {
  /** Section and stage, or section and unit: the same in every run of the same program. */
  readonly key: string;
  readonly section: SectionView;
  /** Like stageOf. */
  readonly stage: string;
  readonly units: readonly UnitView[];
  /** Of the nests that are shown, in the window. */
  readonly firings: number;
  /** Cycles between two firings, and from a firing to its result: the most of its units. */
  readonly ii: number;
  readonly depth: number;
  /** Firings a cycle of one unit, while its section ran in the window; and those with which the section would take no longer than its slowest part needs. Null: it never fired. */
  readonly achieved: number | null;
  readonly required: number | null;
  /** required / achieved. Null: it did not fire in the window. */
  readonly slowdown: number | null;
  /** Of the window, added up over the units: like STATES. */
  readonly cycles: StateCycles;
  /** Cycles of the window in which the section ran, times the units. */
  readonly ran: number;
  /** What its work takes of the time that the section needs at least: 1 is the stage that sets the pace. */
  readonly load: number;
  readonly isCritical: boolean;
  /** Of the whole run, those with most cycles first. */
  readonly stalls: readonly Stall[];
}

export interface Stall {
  readonly state: "starved" | "blocked" | "memory";
  /** Copies together. */
  readonly root: string;
  readonly cycles: number;
  /** The way to the root of the longest of these waits, and where that one waited. */
  readonly channel: string;
  readonly path: readonly CauseStep[];
}

/** What a section takes at least: its lower bounds, or the work of its busiest unit. */
export interface Pace {
  readonly cycles: number;
  /** A resource, or the busiest unit's stage. */
  readonly by: string;
  readonly isUnit: boolean;
}

/** `cycles`: of all units in the window, by number. */
export function stageRows(run: RunView, window: Window, cycles: readonly StateCycles[]): readonly StageRow[] {
  return run.sections.flatMap((section) => {
    const context = contextOf(run, section, window, cycles);
    return stagesIn(section).map((copies) => rowOf(context, copies));
  });
}

/** The units of a stage, a row each. */
export function unitRows(run: RunView, row: StageRow, window: Window, cycles: readonly StateCycles[]): readonly StageRow[] {
  const context = contextOf(run, row.section, window, cycles);
  const nameOf = rootNames(row.section.units);
  return row.units.map((unit) => rowOf(context, copiesOf(`${row.section.name} · ${unit.scene.id}`, [unit], nameOf)));
}

/** Units in one row, and what is the same in every window. */
interface Copies {
  readonly key: string;
  readonly units: readonly UnitView[];
  readonly stalls: readonly Stall[];
}

const known = new WeakMap<SectionView, readonly Copies[]>();

/** Made once: waits are those of the whole run. */
function stagesIn(section: SectionView): readonly Copies[] {
  const found = known.get(section);
  if (found !== undefined) return found;
  const nameOf = rootNames(section.units);
  const made = [...grouped(section.units, stageOf)].map(([stage, units]) => copiesOf(`${section.name} · ${stage}`, units, nameOf));
  known.set(section, made);
  return made;
}

function copiesOf(key: string, units: readonly UnitView[], nameOf: (root: string) => string): Copies {
  return { key, units, stalls: stallsOf(units, nameOf) };
}

interface Context {
  readonly run: RunView;
  readonly section: SectionView;
  readonly window: Window;
  readonly cycles: readonly StateCycles[];
  readonly pace: Pace;
  /** Cycles of the window in which the section ran. */
  readonly ran: number;
}

function contextOf(run: RunView, section: SectionView, window: Window, cycles: readonly StateCycles[]): Context {
  return { run, section, window, cycles, pace: paceOf(section), ran: ranIn(section, window) };
}

/** Cycles of a window in which the section ran, configuring left out. */
export function ranIn(section: SectionView, window: Window): number {
  const all = section.spans.reduce((sum, span) => sum + overlap(window.from, window.to, span.start, span.start + span.cycles), 0);
  return all - configuringIn(section, window);
}

export function paceOf({ units, result }: SectionView): Pace {
  const bounds = Object.entries(result.bounds_cycles).map(([by, cycles]): Pace => ({ cycles, by, isUnit: false }));
  const stages = units.map((unit): Pace => ({ cycles: unit.result.busy_cycles, by: stageOf(unit), isUnit: true }));
  return [...stages, ...bounds].reduce((most, one) => (one.cycles > most.cycles ? one : most), { cycles: 0, by: "nothing", isUnit: false });
}

function rowOf({ run, section, window, cycles, pace, ran }: Context, { key, units, stalls }: Copies): StageRow {
  const shown = units.map(({ scene }) => scene.nests[scene.shown]);
  const whole = wholeFirings(run, section, units);
  const firings = isWhole(run, window) ? whole : firingsOf(run, section, units, window);
  const achieved = whole === 0 || ran === 0 ? null : firings / ran / units.length;
  const required = whole === 0 || pace.cycles === 0 ? null : whole / pace.cycles / units.length;
  const busiest = Math.max(0, ...units.map(({ result }) => result.busy_cycles));
  return {
    ...{ key, section, stage: stageOf(units[0]!), units, firings, achieved, required, ran: ran * units.length, stalls },
    ii: Math.max(0, ...shown.map((nest) => nest?.ii ?? 0)),
    depth: Math.max(0, ...shown.map((nest) => nest?.latency ?? 0)),
    slowdown: achieved === null || required === null || achieved === 0 ? null : required / achieved,
    cycles: totalOf(units, cycles),
    load: pace.cycles === 0 ? 0 : busiest / pace.cycles,
    isCritical: pace.isUnit && busiest === pace.cycles,
  };
}

/** Of these units, added up. */
export function totalOf(units: readonly UnitView[], cycles: readonly StateCycles[]): StateCycles {
  const total = STATES.map(() => 0);
  for (const { number } of units) for (let s = 0; s < total.length; s++) total[s]! += cycles[number]![s]!;
  return total;
}

function wholeFirings(run: RunView, section: SectionView, units: readonly UnitView[]): number {
  return Math.round(firingsOf(run, section, units, { from: 0, to: Number.POSITIVE_INFINITY }));
}

function firingsOf(run: RunView, section: SectionView, units: readonly UnitView[], window: Window): number {
  return units.reduce((sum, { index, scene }) => sum + firingsIn(run, section, index, scene.shown, window), 0);
}

/** Waits of units by state and root, most first. */
export function stallsOf(units: readonly UnitView[], nameOf: (root: string) => string): readonly Stall[] {
  const stalls = new Map<string, StallUnderWay>();
  for (const { state, root, path, channel, cycles } of units.flatMap(({ result }) => result.causes)) {
    if (state === "idle") continue;
    const name = nameOf(root);
    const key = `${state} ${name}`;
    const before = stalls.get(key);
    if (before === undefined) {
      stalls.set(key, { state, root: name, cycles, channel, path, longest: cycles });
      continue;
    }
    before.cycles += cycles;
    if (cycles > before.longest) Object.assign(before, { channel, path, longest: cycles });
  }
  return [...stalls.values()].sort((a, b) => b.cycles - a.cycles);
}

/** Roots by the names under which they are told: each is looked for once. */
export function rootNames(units: readonly UnitView[]): (root: string) => string {
  const find = toldName(units.map(({ result }) => result));
  const names = new Map<string, string>();
  return (root) => {
    const name = names.get(root) ?? find(root);
    names.set(root, name);
    return name;
  };
}

interface StallUnderWay extends Stall {
  cycles: number;
  longest: number;
}

export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Share of the time in which its section ran that the row's units were in a state. */
export function shareOf({ cycles, ran }: StageRow, state: (typeof STATES)[number]): number {
  return ran === 0 ? 0 : cycles[STATES.indexOf(state)]! / ran;
}
