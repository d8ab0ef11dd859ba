/** What would make a run faster, for its page: changes that were run, like those of `weft explain`, and depths of channels. */

import { inflateSync } from "node:zlib";
import type { RunResult } from "../result/result.ts";
import { unpackBundle } from "../scene/pack.ts";
import type { RunBundle, Scene, SceneAction } from "../scene/scene.ts";
import { type DepthParts, searchDepths } from "./depths.ts";
import type { Verified } from "./explain-order.ts";
import { howTo } from "./explain-report.ts";
import { packRun } from "./output.ts";
import type { TargetFlags } from "./target.ts";
import { inThread } from "./thread.ts";
import { IN_THREADS, type TryParts, tryChanges, untilStopped } from "./tried.ts";

/** What trying for a page works on; the tests give it lanes of their own. */
export interface PageParts extends TryParts, DepthParts {}

const PAGE_IN_THREADS: PageParts = { ...IN_THREADS, depth: (job, signal) => inThread(job, undefined, signal) };

export type PageTries = Pick<Scene, "actions" | "depths">;

/**
 * So many of the most promising changes are run, and then depths of channels searched with so many runs each, within so many seconds from the command's start. What was run until somebody stops
 * it is told.
 */
export async function tryForPage(
  flags: TargetFlags,
  { report, scene }: Pick<RunBundle, "report" | "scene">,
  tries: number,
  maxSeconds: number,
  parts: PageParts = PAGE_IN_THREADS,
): Promise<PageTries> {
  const { done, isStopped } = await untilStopped(maxSeconds, async (signal) => {
    const { verified } = await tryChanges(flags, report, tries, parts, signal);
    return { actions: actionsOf(report, verified), depths: await searchDepths(flags, { report, scene }, tries, parts, signal) };
  });
  if (isStopped) parts.say("stopped before all changes and depths were run: the page tells of those that were");
  return done;
}

/** The one that gains most first. A change that cannot be run is none. */
export function actionsOf({ cycles }: RunResult, verified: readonly Verified[]): readonly SceneAction[] {
  return verified
    .flatMap(({ change, trial }): readonly SceneAction[] =>
      trial.cycles === null ? [] : [{ what: change.what, how: howTo(change), before_cycles: cycles, after_cycles: trial.cycles }],
    )
    .toSorted((a, b) => a.after_cycles - b.after_cycles);
}

/** The bundle of a page with what tries of it find. */
export async function withTries(packed: Uint8Array, tries: (bundle: RunBundle) => Promise<PageTries>): Promise<Uint8Array> {
  const bundle = unpackBundle(new Uint8Array(inflateSync(packed)));
  return packRun({ ...bundle, scene: { ...bundle.scene, ...(await tries(bundle)) } });
}
