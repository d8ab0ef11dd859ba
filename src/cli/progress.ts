/** How far a run has come, in words, and how long it may still take, once that can be told. */

import { grouped, percent } from "../report/format.ts";
import type { Progress } from "../sim/simulate.ts";
import type { RowProgress } from "./comparison.ts";

/** Seconds over which the pace is smoothed. */
const MEMORY = 30;
/** Seconds and share of the run that must have been watched before an estimate means something. */
const LEAST_SECONDS = 5;
const LEAST_SHARE = 0.005;

/** Tells in words at most every two seconds, and at the end; null in between. `now`: seconds. */
export function makeTeller(now: () => number): (progress: Progress) => string | null {
  const pace = makePace();
  let told = now();
  return (progress) => {
    const seconds = now();
    if (seconds - told < 2 && progress.done < progress.sections) return null;
    told = seconds;
    return wordsOf(progress, pace(seconds, progress.share));
  };
}

/** The same for cases, layers: what is done before two seconds are over needs no words. */
export function makeRowTeller(now: () => number, tell: (line: string) => void): RowProgress {
  let told = now();
  return (done, total, what) => {
    if (now() - told < 2) return;
    told = now();
    tell(`${grouped(done + 1)} of ${grouped(total)}: ${what}`);
  };
}

function wordsOf({ section, done, sections, ticks, share }: Progress, left: number | null): string {
  const runs = sections === 1 ? "" : `, section ${section}, run ${grouped(Math.min(sections, Math.floor(done) + 1))} of ${grouped(sections)}`;
  return `simulated ${percent(share)}, ${grouped(ticks)} cycles${runs}${left === null ? "" : `, about ${printWait(left)} to go`}`;
}

/** Seconds left at the pace of late: a mean over what was watched, in which what lies back counts less. Null while too little was watched. */
export function makePace(): (seconds: number, share: number) => number | null {
  let began: { readonly seconds: number; readonly share: number } | null = null;
  let last = { seconds: 0, share: 0 };
  let [gained, spent] = [0, 0];
  return (seconds, share) => {
    began ??= { seconds, share };
    if (began.seconds === seconds) {
      last = began;
      return null;
    }
    const fades = Math.exp((last.seconds - seconds) / MEMORY);
    gained = gained * fades + share - last.share;
    spent = spent * fades + seconds - last.seconds;
    last = { seconds, share };
    if (seconds - began.seconds < LEAST_SECONDS || share - began.share < LEAST_SHARE || gained <= 0 || share >= 1) return null;
    return ((1 - share) * spent) / gained;
  };
}

/** 75 -> "80 s": no more digits than an estimate has. */
export function printWait(seconds: number): string {
  if (seconds < 10) return `${Math.ceil(seconds)} s`;
  if (seconds < 100) return `${Math.ceil(seconds / 10) * 10} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(seconds < 36_000 ? 1 : 0)} h`;
}
