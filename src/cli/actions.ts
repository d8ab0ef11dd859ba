/** What would make a run faster, for its page: changes that were run, like those of `weft explain`. */

import { inflateSync } from "node:zlib";
import type { RunResult } from "../result/result.ts";
import { unpackBundle } from "../scene/pack.ts";
import type { SceneAction } from "../scene/scene.ts";
import type { Verified } from "./explain-order.ts";
import { howTo } from "./explain-report.ts";
import { packRun } from "./output.ts";
import type { TargetFlags } from "./target.ts";
import { IN_THREADS, type TryParts, tryWithin } from "./tried.ts";

/** So many of the most promising changes are run, within so many seconds from the command's start; what was run until somebody stops it is told. */
export async function tryActions(
  flags: TargetFlags,
  result: RunResult,
  tries: number,
  maxSeconds: number,
  parts: TryParts = IN_THREADS,
): Promise<readonly SceneAction[]> {
  const { verified, isStopped } = await tryWithin(maxSeconds, flags, result, tries, parts);
  if (isStopped) parts.say("stopped before all changes were run: the page tells of those that were");
  return actionsOf(result, verified);
}

/** The one that gains most first. A change that cannot be run is none. */
export function actionsOf({ cycles }: RunResult, verified: readonly Verified[]): readonly SceneAction[] {
  return verified
    .flatMap(({ change, trial }): readonly SceneAction[] =>
      trial.cycles === null ? [] : [{ what: change.what, how: howTo(change), before_cycles: cycles, after_cycles: trial.cycles }],
    )
    .toSorted((a, b) => a.after_cycles - b.after_cycles);
}

/** The bundle of a page with them. */
export function withActions(packed: Uint8Array, actions: readonly SceneAction[]): Uint8Array {
  const bundle = unpackBundle(new Uint8Array(inflateSync(packed)));
  return packRun({ ...bundle, scene: { ...bundle.scene, actions } });
}
