/** The page's end of the worker: one run at a time, the newest wish first, and an end to whatever runs when the user says so. */

import type { RunBundle } from "../../src/scene/scene.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Answer, Ask } from "./messages.ts";
import type { LiveJob } from "./run.ts";

export interface ClientEvents {
  readonly ready: (catalogue: Catalogue) => void;
  readonly progress: (words: string, share: number) => void;
  /** `milliseconds`: from the wish to the result. */
  readonly done: (bundle: RunBundle, job: LiveJob, milliseconds: number) => void;
  readonly failed: (words: string) => void;
}

export interface Client {
  /** Runs it; what ran before is of no interest any more. */
  readonly run: (job: LiveJob) => void;
  /** Ends what runs, at once. */
  readonly cancel: () => void;
}

/** Milliseconds that a run of no interest may go on: to end it costs a worker that is warm. */
const PATIENCE = 400;

interface Wish {
  readonly job: LiveJob;
  readonly since: number;
}

export function createClient(events: ClientEvents): Client {
  let number = 0;
  let underWay: Wish | null = null;
  let waiting: Wish | null = null;
  let patience = 0;
  let worker = startWorker(answered);

  function ask(wish: Wish): void {
    underWay = wish;
    waiting = null;
    worker.postMessage({ number: ++number, job: wish.job } satisfies Ask);
  }
  function restart(): void {
    clearTimeout(patience);
    worker.terminate();
    worker = startWorker(answered);
    underWay = null;
  }
  function ended(): boolean {
    clearTimeout(patience);
    underWay = null;
    if (waiting === null) return true;
    ask(waiting);
    return false;
  }
  function answered(answer: Answer): void {
    if (answer.kind === "ready") {
      events.ready(answer.catalogue);
      return;
    }
    if (answer.number !== number || underWay === null) return;
    const { job, since } = underWay;
    switch (answer.kind) {
      case "progress":
        if (waiting === null) events.progress(answer.words, answer.share);
        break;
      case "done":
        if (ended()) events.done(answer.bundle, job, performance.now() - since);
        break;
      case "failed":
        if (ended()) events.failed(answer.words);
        break;
    }
  }
  return {
    run: (job) => {
      const wish = { job, since: performance.now() };
      if (underWay === null) {
        ask(wish);
        return;
      }
      waiting = wish;
      clearTimeout(patience);
      patience = window.setTimeout(
        () => {
          restart();
          if (waiting !== null) ask(waiting);
        },
        Math.max(0, underWay.since + PATIENCE - wish.since),
      );
    },
    cancel: () => {
      waiting = null;
      if (underWay !== null) restart();
    },
  };
}

/** The worker's code stands in the page: a file may start workers from nowhere else. */
function startWorker(answered: (answer: Answer) => void): Worker {
  const code = document.getElementById("weft-worker")?.textContent ?? "";
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  worker.onmessage = ({ data }: MessageEvent<Answer>) => answered(data);
  return worker;
}
