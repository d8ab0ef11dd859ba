/** The measured half of `weft explain`: of each section its bounds, what limits it and how its routes lie, and the changes that gained most when they were run. */

import { grouped, listed, percent } from "../report/format.ts";
import type { RunResult, SectionResult } from "../result/result.ts";
import type { Change } from "./changes.ts";
import type { Verified } from "./explain-order.ts";

/** Changes told of a section. */
const TOLD = 3;

/** `there`: changes that there are. `stopped`: before all that were to be run had been. */
export function printMeasured(result: RunResult, verified: readonly Verified[], there: number, stopped: boolean): string {
  const { sections, cycles } = result;
  const loading = sections.reduce((sum, { configuring_cycles }) => sum + configuring_cycles, 0);
  const head = `Measured: ${grouped(cycles)} cycles${loading === 0 ? "" : `, ${grouped(loading)} of them to load configurations`}`;
  const tried = `${verified.length} of ${there} changes were run${stopped ? ", then it was stopped" : ""}`;
  return [
    head,
    ...sections.flatMap((section, s) => ["", ...sectionWords(section, s + 1, result, verified)]),
    "",
    `${tried}${idleWords(result, verified)}`,
    "",
  ].join("\n");
}

function sectionWords(section: SectionResult, number: number, result: RunResult, verified: readonly Verified[]): readonly string[] {
  const { ops, cycles, configuring_cycles: configuring, runs, bounds_cycles, limit } = section;
  const times = runs === 1 ? "" : ` in ${grouped(runs)} runs`;
  const bounds = Object.entries(bounds_cycles).flatMap(([resource, bound]) =>
    bound === 0 ? [] : [`${resource} ${grouped(bound)} (${percent(cycles === 0 ? 0 : bound / cycles)})`],
  );
  return [
    `section ${number}, of ${ops.join(", ")}: ${grouped(cycles)} cycles${times}${configuring === 0 ? "" : `, ${grouped(configuring)} of them to load it`}`,
    `  takes at least, in cycles: ${bounds.length === 0 ? "nothing" : bounds.join(", ")}`,
    `  limited by ${limit.resource}: ${limit.sentence}`,
    `  routes: ${routeWords(section)}`,
    ...gainWords(section, result, verified).map((line) => `  ${line}`),
  ];
}

function routeWords({ routes: { wirelength_hops, longest_route_hops, busiest_link: link } }: SectionResult): string {
  const wires = `${grouped(wirelength_hops)} hops, the longest ${grouped(longest_route_hops)}`;
  if (link === null) return wires;
  const place = ({ x, y }: { readonly x: number; readonly y: number }): string => `(${x}, ${y})`;
  return `${wires}; the fullest link, ${place(link.from)} to ${place(link.to)}, has ${Number(link.used_tracks.toFixed(2))} of ${link.tracks} ${link.width} tracks in use`;
}

// --- changes ---

/** Of a section, and of those with which a change joins it; loading included. */
interface Gain extends Verified {
  /** Positions in the run's sections. */
  readonly sections: readonly number[];
  readonly before: number;
  readonly after: number;
}

function gainWords(section: SectionResult, result: RunResult, verified: readonly Verified[]): readonly string[] {
  const gains = gainsOf(section, result, verified).slice(0, TOLD);
  if (gains.length === 0) return verified.length === 0 ? [] : ["no change that was run makes it faster"];
  return [
    `${gains.length === 1 ? "the change that gains" : `the ${gains.length} changes that gain`} most of those that were run:`,
    ...gains.flatMap((gain, nth) => [`  ${nth + 1}. ${gain.change.what}: ${cyclesWords(gain, result)}; verified by a run`, `     ${howTo(gain.change)}`]),
  ];
}

function cyclesWords({ sections, before, after, trial }: Gain, result: RunResult): string {
  const own = sections.length === 1 ? "" : `sections ${listed(sections.map((s) => `${s + 1}`))} together `;
  const run = sections.length === result.sections.length ? "" : `, the run ${grouped(result.cycles)} -> ${grouped(trial.cycles!)}`;
  return `${own}${grouped(before)} -> ${grouped(after)} cycles (${percent(1 - after / before)} fewer)${run}`;
}

/** What gains less than a thousandth gains nothing: another placement does as much. */
const LEAST = 0.001;

/** The largest gain first; none where the run as a whole is no faster. */
function gainsOf(section: SectionResult, result: RunResult, verified: readonly Verified[]): readonly Gain[] {
  return verified
    .flatMap((one) => (one.trial.cycles === null || one.trial.cycles >= result.cycles ? [] : [gainOf(section, result, one)]))
    .filter(({ before, after }) => before - after > LEAST * before)
    .toSorted((a, b) => b.before - b.after - (a.before - a.after));
}

/** The operators of the section in the trial, with those beside which they are in a section there, and all of these in the run. */
function gainOf(section: SectionResult, { sections }: RunResult, verified: Verified): Gain {
  const operators = new Set(section.ops);
  const touched = (names: readonly string[]): boolean => names.some((name) => operators.has(name));
  for (let known = 0; known < operators.size; ) {
    known = operators.size;
    const all = [...sections.map(({ ops }) => ops), ...verified.trial.sections.map((one) => one.operators)];
    for (const names of all.filter(touched)) for (const name of names) operators.add(name);
  }
  const own = sections.flatMap(({ ops }, s) => (touched(ops) ? [s] : []));
  return {
    ...verified,
    sections: own,
    before: own.reduce((sum, s) => sum + sections[s]!.cycles, 0),
    after: verified.trial.sections.reduce((sum, one) => sum + (touched(one.operators) ? one.cycles + one.configuring_cycles : 0), 0),
  };
}

/** What to type, or what to pin. */
export const howTo = ({ set, schedule }: Change): string =>
  schedule === null ? set.map((pair) => `--set ${pair}`).join(" ") : `schedule: ${JSON.stringify(schedule)}`;

/** "; no gain: twice the PCUs; PMUs of twice the size". */
function idleWords(result: RunResult, verified: readonly Verified[]): string {
  const idle = verified.filter((one) => one.trial.cycles !== null && result.sections.every((section) => gainsOf(section, result, [one]).length === 0));
  const failed = verified.filter(({ trial }) => trial.cycles === null);
  const told = (title: string, some: readonly string[]): string => (some.length === 0 ? "" : `\n  ${title}: ${some.join("; ")}`);
  return `${told(
    "no gain",
    idle.map(({ change }) => change.what),
  )}${told(
    "cannot be run",
    failed.map(({ change, trial }) => `${change.what} (${trial.why})`),
  )}`;
}
