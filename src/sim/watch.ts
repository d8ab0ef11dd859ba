/** A simulation as seen from outside while it goes on: its progress, where it can stop and why it did, and where a later run may go on. */

import { RunError } from "../base/errors.ts";
import type { Cycles, Instant } from "../base/units.ts";
import type { Values } from "../pattern/program.ts";
import type { PartialRun, RunCounters } from "../result/counters.ts";
import type { BuiltSection } from "./build.ts";
import { countSection } from "./count.ts";
import { copyPlaces, writtenBy } from "./places.ts";
import { recordingOf } from "./record.ts";
import type { RunLimits } from "./run.ts";
import type { Simulation } from "./simulate.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";

/** Why a run is to stop: in words, to which the place in the run is added. */
export interface Stop {
  readonly reason: PartialRun["reason"];
  readonly words: string;
}

/** A run that did not come to its end, with what it had counted. */
export class RunStopped extends RunError {
  readonly counters: RunCounters;
  constructor(message: string, counters: RunCounters) {
    super(counters.partial?.reason === "interrupted" ? "interrupted" : "limit", message);
    this.counters = counters;
  }
}

/** Before a section's run: the run can stop here, and a later one go on. */
export function pause(simulation: Simulation, s: number): void {
  const asked = simulation.options.shouldStop?.() ?? null;
  if (asked !== null) stopAt(simulation, s, asked);
  offerStart(simulation, s, false);
}

/** Ends the run before a section's. */
export function stopAt(simulation: Simulation, s: number, stop: Stop): never {
  offerStart(simulation, s, true);
  throw stoppedIn(simulation, s, stop, simulation.ticks, 0);
}

function offerStart(simulation: Simulation, s: number, isLast: boolean): void {
  const { options, sections, engine } = simulation;
  options.onCheckpoint?.(() => snapshotOf(simulation, sections[s]!.plan.section.name, engine, new Map()), isLast);
}

export function pastLimit({ maxCycles }: Simulation): Stop {
  return { reason: "max-cycles", words: `the limit of ${maxCycles} cycles was reached` };
}

/** `askedBy`: why the run was to stop. */
export function watchRun(
  simulation: Simulation,
  s: number,
  built: BuiltSection,
  diagnose: RunLimits["diagnose"],
): { readonly limits: RunLimits; readonly askedBy: () => Stop } {
  const { options, ticks, maxCycles, places, engine: from } = simulation;
  const { section } = simulation.sections[s]!.plan;
  const isOnData = built.network.processes.some(({ behaviour }) => behaviour !== undefined);
  const before = isOnData && options.onCheckpoint !== undefined ? copyPlaces(places, writtenBy(section)) : new Map<string, Values>();
  let asked: Stop | null = null;
  let isTaken = false;
  const limits: RunLimits = {
    ...{ engine: options.engine, fastForward: options.fastForward ?? true, maxTicks: maxCycles - ticks, from, diagnose },
    recording: options.recorder === undefined ? null : recordingOf(options.recorder, s, built, ticks, from),
    shouldStop: () => {
      asked = options.shouldStop?.() ?? null;
      return asked !== null;
    },
    report: ({ tick, share }) => tell(simulation, s, ticks + tick, share),
    offer: (save, isLast) => {
      if (isOnData && isTaken && !isLast) return;
      const take = (): Snapshot => {
        isTaken = true;
        return snapshotOf(simulation, section.name, isOnData || save === null ? null : save(), before);
      };
      options.onCheckpoint?.(take, isLast);
    },
  };
  return { limits, askedBy: () => asked! };
}

export function tell(simulation: Simulation, s: number, ticks: Cycles, share: number): void {
  const { options, done, expected, workDone, workExpected, sections } = simulation;
  const work = workDone + share * weightOf(simulation, s);
  options.onProgress?.({ section: sections[s]!.plan.section.name, done: done + share, sections: expected, ticks, share: shareIn(work, workExpected) });
}

export function weightOf({ options }: Simulation, s: number): number {
  return options.weights?.[s] ?? 1;
}

const shareIn = (part: number, whole: number): number => (whole === 0 ? 1 : Math.min(1, part / whole));

/** `share`: done of the section's run, which began at `began`. */
export function stoppedIn(simulation: Simulation, s: number, { reason, words }: Stop, began: Instant, share: number): RunStopped {
  const { ticks, symbols, sections, workDone, workExpected } = simulation;
  const { name } = sections[s]!.plan.section;
  const rounds = Object.entries(symbols).map(([round, number]) => `, ${round} ${number}`);
  const place = `in section ${name}${rounds.join("")}, which began at cycle ${began}, at cycle ${ticks}`;
  const share_done = shareIn(workDone + share * weightOf(simulation, s), workExpected);
  return new RunStopped(`${words} ${place}`, countersOf(simulation, { reason, section: name, share_done }));
}

/** What a run has counted so far. Outputs are there at its end only. */
export function countersOf({ ticks, sections, firings, periods, sizes, rounds, machine }: Simulation, partial: PartialRun | null): RunCounters {
  return {
    ...{ ticks, partial, sections: sections.map((sums) => countSection(sums, machine)), outputs: null },
    ...{ firings, skipped: sections.reduce((total, sums) => total + sums.skipped, 0), periods: [...periods], sizes, rounds },
    skippedIn: sections.map((sums) => sums.skipped),
  };
}
