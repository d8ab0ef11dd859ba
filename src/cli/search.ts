/** `weft search`: tries other tiles, copies and placements of a workload by simulation, on all cores, and keeps the best. */

import { availableParallelism } from "node:os";
import { RunError, UserError } from "../base/errors.ts";
import { mergeSchedules } from "../compile/candidates.ts";
import type { Schedule } from "../pattern/program.ts";
import { assertWritable, writeText } from "./files.ts";
import { onInterrupt } from "./interrupt.ts";
import { inLanes, unlessStopped } from "./lanes.ts";
import { bestOf, cyclesWord, type Found, goOnFrom, jsonOf, printFound } from "./search-result.ts";
import { wholeNumber } from "./settings.ts";
import { type TargetFlags, targetOf } from "./target.ts";
import { inThread } from "./thread.ts";
import type { Candidates, CandidatesJob, SearchIdentity, Trial, TrialJob } from "./trials.ts";

export interface SearchFlags extends TargetFlags {
  readonly tries: string;
  readonly json: string | undefined;
  readonly resume: string | undefined;
}

/** What `search` works on; the tests give it lanes of their own. */
export interface SearchParts {
  readonly list: (job: CandidatesJob, signal: AbortSignal) => Promise<Candidates>;
  readonly trial: (job: TrialJob, signal: AbortSignal) => Promise<Trial>;
  /** Trials that run side by side. They change neither figures nor their order. */
  readonly lanes: number;
  /** Words for people, a line each. */
  readonly say: (line: string) => void;
  readonly print: (text: string) => void;
}

const DEFAULTS: SearchParts = {
  list: (job, signal) => inThread(job, undefined, signal),
  trial: (job, signal) => inThread(job, undefined, signal),
  lanes: availableParallelism(),
  say: (line) => void process.stderr.write(`weft: ${line}\n`),
  print: (text) => void process.stdout.write(text),
};

/** Whoever stops it gets what was found so far, printed and in the JSON file, from which a later search goes on. */
export async function search(flags: SearchFlags, parts: Partial<SearchParts> = {}): Promise<void> {
  const all = { ...DEFAULTS, ...parts };
  const tries = wholeNumber("--tries", flags.tries, 1, 100_000);
  if (flags.json !== undefined) assertWritable(flags.json);
  const stop = new AbortController();
  const release = onInterrupt(() => stop.abort());
  try {
    const found = await tryAll(flags, tries, all, stop.signal);
    report(found, flags, all);
    if (found.partial) throw new RunError("interrupted", `interrupted after ${found.trials.length} of ${tries} tries`);
  } finally {
    release();
  }
}

async function tryAll(flags: SearchFlags, tries: number, parts: SearchParts, signal: AbortSignal): Promise<Found> {
  const target = targetOf(flags);
  const { identity, schedules } = await parts.list({ kind: "candidates", ...target, count: tries - 1 }, signal);
  const done = flags.resume === undefined ? [] : goOnFrom(flags.resume, identity);
  const attempts = attemptsFor(schedules, tries, identity.seed);
  const trials: (Trial | undefined)[] = attempts.map((_, nth) => done[nth]);
  const found = (combined: Trial | null): Found => ({ schemaVersion: 1, identity, tries, partial: signal.aborted, trials: firstDone(trials), combined });
  const tryOne = (attempt: Attempt): Promise<Trial> => parts.trial({ kind: "trial", ...target, ...attempt }, signal);
  await inLanes(attempts.length, parts.lanes, async (nth) => {
    if (trials[nth] !== undefined || signal.aborted) return;
    trials[nth] = await unlessStopped(tryOne(attempts[nth]!), signal);
    if (trials[nth] === undefined) return;
    parts.say(`try ${nth + 1} of ${tries}: ${cyclesWord(trials[nth])}${nth === 0 ? " with the compiler's own choice" : ""}`);
    if (flags.json !== undefined && flags.json !== "-") writeText(flags.json, jsonOf({ ...found(null), partial: true }));
  });
  const attempt = signal.aborted
    ? null
    : combination(
        trials.filter((trial) => trial !== undefined),
        identity,
      );
  const combined = attempt === null ? undefined : await unlessStopped(tryOne(attempt), signal);
  if (combined !== undefined) parts.say(`the best of each section together: ${cyclesWord(combined)}`);
  return found(combined ?? null);
}

type Attempt = Pick<TrialJob, "schedule" | "placement">;

/** First the compiler's own choice, then the candidates; where there are fewer than tries, all of them again with other placements. */
function attemptsFor(schedules: readonly Schedule[], tries: number, seed: number): readonly Attempt[] {
  const choices = [null, ...schedules];
  return Array.from({ length: tries }, (_, nth) => ({ schedule: choices[nth % choices.length]!, placement: seed + Math.floor(nth / choices.length) }));
}

/** Sections run one after the other, so the best choice of each can be taken from different trials. Null where one trial has them all, or was that. */
function combination(trials: readonly Trial[], { seed }: SearchIdentity): Attempt | null {
  const names = JSON.stringify(trials[0]?.sections.map(({ name }) => name));
  const alike = trials.filter(
    ({ cycles, placement, sections }) => cycles !== null && placement === seed && JSON.stringify(sections.map(({ name }) => name)) === names,
  );
  const winners = (alike[0]?.sections ?? []).map((_, s) =>
    alike.reduce((best, trial) => (trial.sections[s]!.cycles < best.sections[s]!.cycles ? trial : best)),
  );
  if (new Set(winners).size < 2) return null;
  const schedule = mergeSchedules([winners[0]!.schedule, ...winners.map((trial, s) => trial.sections[s]!.schedule)]);
  return alike.some((trial) => JSON.stringify(trial.schedule) === JSON.stringify(schedule)) ? null : { schedule, placement: seed };
}

/** Of trials that run side by side some may be done before earlier ones: only those without a gap before them count, so that a search that is stopped tells what a shorter one would. */
function firstDone(trials: readonly (Trial | undefined)[]): readonly Trial[] {
  const gap = trials.indexOf(undefined);
  return trials.slice(0, gap < 0 ? trials.length : gap).map((trial) => trial!);
}

function report(found: Found, { json }: SearchFlags, { print }: SearchParts): void {
  if (json !== undefined) writeText(json, jsonOf(found));
  const best = bestOf(found);
  if (best === null && !found.partial) throw new UserError({ code: "nothing-runs", message: `no choice could be run: ${found.trials[0]?.why}` });
  if (json !== "-" && best !== null) print(printFound(found, best));
}
