/** The simulator in a worker of the page. One run at a time; who wants to end it, ends the worker. */

import { failureOf } from "../../src/cli/failure.ts";
import type { RunBundle } from "../../src/scene/scene.ts";
import { catalogue } from "./catalogue.ts";
import type { Answer, Ask } from "./messages.ts";
import { runLive } from "./run.ts";

/** Of package.json: the bundler puts it here. */
declare const WEFT_VERSION: string;

/** Milliseconds between two words of progress. */
const LOOK = 50;
const WARM_ROUNDS = 8;

const say = (answer: Answer, transfer: Transferable[] = []): void => self.postMessage(answer, { transfer });

let isWarm = false;

self.onmessage = ({ data }: MessageEvent<Ask>): void => {
  isWarm = true;
  const { number, job } = data;
  let told = performance.now();
  try {
    const bundle = runLive(job, WEFT_VERSION, (words, share) => {
      if (share > 0 && performance.now() - told < LOOK) return;
      told = performance.now();
      say({ kind: "progress", number, words, share });
    });
    say({ kind: "done", number, bundle }, columnsOf(bundle));
  } catch (error) {
    say({ kind: "failed", number, words: failureOf(error).text });
  }
};

say({ kind: "ready", catalogue: catalogue() });
warm(WARM_ROUNDS);

/** Code that has run a few times is compiled by then: what the user asks for first need not wait for that. It goes before what is left of this. */
function warm(rounds: number): void {
  if (isWarm || rounds === 0) return;
  runLive(
    { workload: "softmax", machine: "plasticine", style: "spatial", settings: [`rows=${32 * rounds}`, "cols=256"], seed: null, gpu: "a100-40" },
    WEFT_VERSION,
    () => {},
  );
  setTimeout(warm, 0, rounds - 1);
}

/** Memory that is handed over, not copied. */
function columnsOf({ trace }: RunBundle): Transferable[] {
  const sections = trace.sections.flatMap(({ busy, starved, blocked, memory, firings, requesters, bursts }) => [
    ...[busy, starved, blocked, memory, firings, requesters, bursts],
  ]);
  const tiers = trace.tiers.flatMap(({ served, busy, activates }) => [served, busy, ...(activates === null ? [] : [activates])]);
  return [...new Set([...sections, ...tiers].map(({ buffer }) => buffer as ArrayBuffer))];
}
