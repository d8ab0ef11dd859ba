/**
 * A simulation under way as plain data, from which a later run of the same mapping goes on to the same end. It stands at the start of a section's run, or, where
 * no datapath computes in that run, anywhere in it: what datapaths have computed so far is not kept, so a run on data begins its section again.
 */

import type { Cycles } from "../base/units.ts";
import type { SavedState } from "../engine/saved.ts";
import type { Values } from "../pattern/program.ts";
import type { SectionSums } from "./count.ts";
import { type PlacesSnapshot, restorePlaces, savePlaces } from "./places.ts";
import type { Simulation } from "./simulate.ts";

/** What a simulation counts beside its sections. */
type Tally = Pick<Simulation, "loaded" | "ticks" | "firings" | "periods" | "done" | "expected" | "workDone" | "workExpected">;

export interface Snapshot {
  readonly section: string;
  /** At which the section's run began, or its configuration is to begin. */
  readonly ticks: Cycles;
  readonly tally: Tally;
  readonly symbols: Readonly<Record<string, number>>;
  readonly rounds: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
  /** Which step, in which round of it which step of its body ...: the last is the section's. */
  readonly position: readonly number[];
  readonly sums: readonly Omit<SectionSums, "plan" | "words" | "memory">[];
  readonly places: PlacesSnapshot;
  /** Null: at the start of the section's run. */
  readonly engine: SavedState | null;
}

/** `before`: what the run of the section under way has written over, where it is to begin again. */
export function snapshotOf(simulation: Simulation, section: string, engine: SavedState | null, before: ReadonlyMap<string, Values>): Snapshot {
  const { ticks, symbols, rounds, sizes, position, sections, places } = simulation;
  const sums = sections.map(({ plan: _, words: __, memory: ___, ...own }) => own);
  return structuredClone({
    ...{ section, ticks, tally: tallyOf(simulation), symbols, rounds, sizes, position, sums, engine },
    places: savePlaces(places, before),
  });
}

function tallyOf({ loaded, ticks, firings, periods, done, expected, workDone, workExpected }: Simulation): Tally {
  return { loaded, ticks, firings, periods, done, expected, workDone, workExpected };
}

/** `simulation`: of the same mapping, which has not run yet. */
export function goOn(simulation: Simulation, snapshot: Snapshot): void {
  const { tally, symbols, rounds, sizes, position, sums, places, engine } = structuredClone(snapshot);
  Object.assign(simulation, tally);
  Object.assign(simulation.symbols, symbols);
  Object.assign(simulation.rounds, rounds);
  Object.assign(simulation.sizes, sizes);
  simulation.sections.forEach((section, s) => Object.assign(section, sums[s]));
  restorePlaces(simulation.places, places);
  simulation.path.push(...position);
  simulation.engine = engine;
}
