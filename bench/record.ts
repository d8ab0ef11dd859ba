/** What it costs to follow a run: CPU seconds of the engine alone, without and with a recording, in bins that suit the run's length. */

import Table from "cli-table3";
import { createGrid, reserveBins } from "../src/engine/grid.ts";
import type { NetworkSpec } from "../src/engine/network.ts";
import { beginRecording, createResources, endRecording, type Recording } from "../src/engine/record.ts";
import { advance, createCourse } from "../src/engine/run.ts";
import { createState } from "../src/engine/state.ts";
import { createTrack, WIDTH } from "../src/engine/tracks.ts";
import { chainNetwork, loadNetwork, nestedNetwork, storeNetwork } from "./networks.ts";
import { timed } from "./timing.ts";

const cases: readonly { readonly name: string; readonly build: () => NetworkSpec; readonly fastForward: boolean }[] = [
  { name: "chain of 1000, depth 4", build: () => chainNetwork(1000, 4, 20_000), fastForward: false },
  { name: "chain of 1000, depth 16", build: () => chainNetwork(1000, 16, 20_000), fastForward: false },
  { name: "nested, tiles of 64", build: () => nestedNetwork(64, 2_000_000), fastForward: false },
  { name: "bursts: 64 clients, 128 resources", build: () => loadNetwork(64, 128, 1, 60_000), fastForward: false },
  { name: "load, compute, store; fast-forward", build: () => storeNetwork(3907, 1e8), fastForward: true },
];

export function benchRecord(): string {
  const head = ["network", "CPU s", "recorded, CPU s", "bins"];
  const table = new Table({ head, colAligns: head.map((_, i) => (i === 0 ? "left" : "right")), style: { head: [], border: [] } });
  for (const { name, build, fastForward } of cases) {
    const plain = timed(() => run(build(), null, fastForward));
    const spec = build();
    const recording = recordingOf(spec);
    const recorded = timed(() => run(spec, recording, fastForward));
    table.push([name, plain.seconds.toFixed(2), recorded.seconds.toFixed(2), recording.processes.columns.last]);
  }
  return `${table.toString()}\n`;
}

function recordingOf({ processes, resources }: NetworkSpec): Recording {
  const grid = createGrid();
  const widths = processes.map(() => WIDTH);
  const recording: Recording = { processes: createTrack(grid, widths, true), bursts: [], resources: createResources(grid, resources.length), counter: 0 };
  reserveBins(grid, recording.processes.columns, 0, Math.max(...processes.map(({ firings, ii }) => firings * ii)));
  beginRecording(recording, 0);
  return recording;
}

function run(spec: NetworkSpec, recording: Recording | null, fastForward: boolean): void {
  const course = createCourse(createState(spec, { recording }), fastForward);
  while (advance(course));
  if (recording !== null) endRecording(recording, course.state);
}
