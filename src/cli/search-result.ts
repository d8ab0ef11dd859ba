/** What a search has found: as JSON, from which a later search goes on, and in words. */

import { UserError } from "../base/errors.ts";
import { grouped, percent } from "../report/format.ts";
import { textTable } from "../report/text-table.ts";
import { readText } from "./files.ts";
import type { SearchIdentity, Trial } from "./trials.ts";

/** Nothing in it depends on the host or on how many trials ran side by side. */
export interface Found {
  readonly schemaVersion: 1;
  readonly identity: SearchIdentity;
  readonly tries: number;
  /** Stopped before all were tried. */
  readonly partial: boolean;
  /** In the order of trying; the first is the compiler's own choice. */
  readonly trials: readonly Trial[];
  /** The best choice of each section together; null where one trial has them all. */
  readonly combined: Trial | null;
}

export const jsonOf = (found: Found): string => `${JSON.stringify(found, null, 1)}\n`;

/** Fewest cycles; of equals the first. Null where nothing ran. */
export function bestOf({ trials, combined }: Found): Trial | null {
  const ran = [...trials, ...(combined === null ? [] : [combined])].filter(({ cycles }) => cycles !== null);
  return ran.length === 0 ? null : ran.reduce((best, trial) => (trial.cycles! < best.cycles! ? trial : best));
}

export const cyclesWord = ({ cycles, why }: Trial): string => (cycles === null ? `cannot be run: ${why}` : `${grouped(cycles)} cycles`);

/** Trials shown in the table. */
const SHOWN = 10;

export function printFound(found: Found, best: Trial): string {
  const [own] = found.trials;
  const named = [
    ...found.trials.map((trial, nth) => ({ name: `${nth + 1}`, trial })),
    ...(found.combined === null ? [] : [{ name: "all", trial: found.combined }]),
  ];
  const shown = named
    .filter(({ trial }) => trial.cycles !== null)
    .sort((a, b) => a.trial.cycles! - b.trial.cycles!)
    .slice(0, SHOWN);
  const rows = shown.map(({ name, trial }) => {
    const expected = trial.sections.reduce((sum, section) => sum + section.expected_cycles, 0);
    const counted = trial.sections.reduce((sum, section) => sum + section.cycles, 0);
    return [
      trial === own ? `${name} (own)` : name,
      grouped(trial.cycles!),
      grouped(counted),
      grouped(expected),
      `${trial.placement}`,
      JSON.stringify(trial.schedule),
    ];
  });
  const failed = found.trials.filter(({ cycles }) => cycles === null).length;
  return [
    `${found.identity.workload.split(" ")[0]} on ${found.identity.machine.split(" ")[0]}: ${found.trials.length} of ${found.tries} choices tried${failed === 0 ? "" : `, ${failed} of them cannot be run`}`,
    "",
    textTable(["try", "cycles", "of sections", "expected", "placed with", "schedule"], rows),
    "",
    verdict(own!, best),
    "",
    `schedule: ${JSON.stringify(best.schedule)}`,
    "",
  ].join("\n");
}

function verdict(own: Trial, best: Trial): string {
  const placed = best.placement === own.placement ? "" : `, with --seed ${best.placement}, which generated data changes with too`;
  if (own.cycles === null) return `The compiler's own choice ${cyclesWord(own)}; the best is ${cyclesWord(best)}${placed}:`;
  if (best.cycles! >= own.cycles) return `Nothing was faster than the compiler's own choice, ${cyclesWord(own)}:`;
  const saved = percent(1 - best.cycles! / own.cycles);
  return `The best takes ${cyclesWord(best)}, ${saved} fewer than the compiler's own choice, ${cyclesWord(own)}${placed}; in a workload file it is this:`;
}

/** Trials of a search of the same workload, machine and version. */
export function goOnFrom(file: string, identity: SearchIdentity): readonly Trial[] {
  const found = parse(file);
  const other = (Object.keys(identity) as (keyof SearchIdentity)[]).find((key) => found.identity[key] !== identity[key]);
  if (other === undefined) return found.trials;
  throw fault(file, `it is of another ${other}: ${found.identity[other]}, not ${identity[other]}`);
}

function parse(file: string): Found {
  const text = readText(file);
  try {
    const found = JSON.parse(text) as Partial<Found>;
    if (found.schemaVersion === 1 && Array.isArray(found.trials) && found.identity !== undefined) return found as Found;
  } catch {
    throw fault(file, "it is truncated or damaged");
  }
  throw fault(file, "it is no result of weft search");
}

const fault = (file: string, why: string): UserError =>
  new UserError({ code: "bad-resume", place: { path: "--resume" }, message: `cannot go on from ${file}: ${why}` });
