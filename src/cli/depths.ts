/** The smallest depth that removes a stall, for the channels whose slots units waited for most: searched by runs, for the page of `weft run --tries`. */

import { groupOf } from "../report/causes.ts";
import type { Cause } from "../result/result.ts";
import { type ChannelCopies, channelCopies } from "../scene/channels.ts";
import { depthWords } from "../scene/depth-words.ts";
import type { RunBundle, SceneChannel, SceneDepth, SceneSection } from "../scene/scene.ts";
import type { DepthAnswer, DepthQuestion } from "../sim/depths.ts";
import type { DepthJob } from "./depth-job.ts";
import { inLanes, unlessStopped } from "./lanes.ts";
import { type TargetFlags, targetOf } from "./target.ts";
import type { TryParts } from "./tried.ts";

export interface DepthParts extends Pick<TryParts, "lanes" | "say"> {
  readonly depth: (job: DepthJob, signal: AbortSignal) => Promise<DepthAnswer>;
}

/** Groups of channels that are searched. */
const SEARCHED = 4;

/** Those that were answered until the signal came. */
export async function searchDepths(
  flags: TargetFlags,
  bundle: Pick<RunBundle, "report" | "scene">,
  budget: number,
  parts: DepthParts,
  signal: AbortSignal,
): Promise<readonly SceneDepth[]> {
  const { cycles: before, workload } = bundle.report;
  const questions = depthQuestions(bundle).slice(0, SEARCHED);
  const found: SceneDepth[][] = questions.map(() => []);
  await inLanes(questions.length, parts.lanes, async (nth) => {
    if (signal.aborted) return;
    const { name, ...question } = questions[nth]!;
    const job: DepthJob = { kind: "depth", ...targetOf(flags), question, placement: workload.seed, before, budget };
    const answer = await unlessStopped(parts.depth(job, signal), signal);
    if (answer === undefined) return;
    const { cycles: after_cycles, ...depths } = answer;
    const depth: SceneDepth = { ...question, ...depths, before_cycles: before, after_cycles };
    found[nth]!.push(depth);
    parts.say(`channels ${nth + 1} of ${questions.length}, ${name}: ${depthWords(depth)}`);
  });
  return found.flat();
}

/** Channels whose slots somebody waited for: first those where the wait goes back to neither a memory that is busy nor a unit that is, each the longest first. */
export function depthQuestions({ report, scene }: Pick<RunBundle, "report" | "scene">): readonly (DepthQuestion & { readonly name: string })[] {
  const ids = new Map(report.units.map(({ id }) => [id, id]));
  const isBusy = ({ root }: Cause): boolean => root.endsWith("(bandwidth)") || groupOf(root, ids) !== undefined;
  const sum = (causes: readonly Cause[]): number => causes.reduce((total, { cycles }) => total + cycles, 0);
  const asked = scene.sections.flatMap((own, section) => {
    const blocked = report.units.filter((unit) => unit.section === own.name).flatMap(({ causes }) => causes.filter(({ state }) => state === "blocked"));
    return channelCopies(own).flatMap((copies) => {
      const channels = copies.channels.map(({ id }) => id);
      const waits = blocked.filter(({ channel }) => channels.includes(channel));
      if (waits.length === 0 || !canDeepen(copies, own)) return [];
      const question = { name: copies.name, section, channels, depth: copies.channels[0]!.depth };
      return [{ question, freed: sum(waits.filter((cause) => !isBusy(cause))), all: sum(waits) }];
    });
  });
  return asked.toSorted((a, b) => b.freed - a.freed || b.all - a.all).map(({ question }) => question);
}

/** Of one depth. Hand-overs of an AG order what it does in memory, and what stands in a channel at the start goes with its depth: those stay as they are. */
function canDeepen({ channels }: ChannelCopies, { units }: SceneSection): boolean {
  const isFree = ({ kind, source, initial }: SceneChannel): boolean => kind === "stream" || (units[source.unit]!.kind === "pmu" && initial === 0);
  return channels.every((channel) => channel.depth === channels[0]!.depth && isFree(channel));
}
