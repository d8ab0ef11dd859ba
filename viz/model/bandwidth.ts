/** Columns of a picture of bandwidth: what a tier served in each, and what was asked of it by tensor. */

import type { RunView } from "./run.ts";
import { OTHERS_COLOUR, tensorColours } from "./tensor-colours.ts";
import { bytesIn, type Direction, flowsOf, type Served, type TierName, totalIn } from "./traffic.ts";
import { overlap, type Window } from "./window.ts";

export interface ServedColumn extends Window {
  readonly bytes_per_second: number;
  /** Of the bursts served, those that found their row open, 0 .. 1; null: none was served, or nobody knows. */
  readonly hits: number | null;
}

export function servedColumns(run: RunView, { bursts, channels, burst_bytes, activates }: Served, windows: readonly Window[]): readonly ServedColumn[] {
  return windows.map((window) => {
    const count = totalIn(run, bursts, channels, window);
    const opened = activates === null ? 0 : totalIn(run, activates, channels, window);
    return {
      ...window,
      bytes_per_second: rateOf(run, count * burst_bytes, window),
      hits: activates === null || count < 0.5 ? null : Math.max(0, 1 - opened / count),
    };
  });
}

/** Over the part of the window that lies in the run. */
function rateOf({ report }: RunView, bytes: number, { from, to }: Window): number {
  const cycles = overlap(from, to, 0, report.cycles);
  return cycles === 0 ? 0 : (bytes * report.clock_hz) / cycles;
}

/** Of a tensor, or of all those that have no colour of their own, in one direction. */
export interface Stack {
  readonly name: string;
  readonly colour: string;
  readonly direction: Direction;
  /** By column, bytes a second: of this one, and of those nearer to the line. */
  readonly rate: Float64Array;
  readonly below: Float64Array;
}

/** The tensor that moves most nearest to the line. `only`: one tensor, or null for all. */
export function stacksOf(run: RunView, tier: TierName, windows: readonly Window[], only: string | null): readonly Stack[] {
  const colours = tensorColours(run);
  const names = [...colours.keys(), null];
  return (["read", "write"] as const).flatMap((direction) => {
    const below = new Float64Array(windows.length);
    return names.flatMap((name): readonly Stack[] => {
      const own = flowsOf(run).filter(
        (flow) => flow.tier === tier && flow.direction === direction && (name === null ? !colours.has(flow.tensor) : flow.tensor === name),
      );
      const shown = only === null ? own : own.filter(({ tensor }) => tensor === only);
      if (shown.length === 0) return [];
      const rate = Float64Array.from(windows, (window) =>
        rateOf(
          run,
          shown.reduce((sum, flow) => sum + bytesIn(run, flow, window), 0),
          window,
        ),
      );
      const stack = {
        name: name ?? only ?? "others",
        colour: (name === null ? undefined : colours.get(name)) ?? OTHERS_COLOUR,
        direction,
        rate,
        below: below.slice(),
      };
      rate.forEach((one, column) => {
        below[column]! += one;
      });
      return [stack];
    });
  });
}

/** Highest of all columns. */
export function highest(stacks: readonly Stack[], direction: Direction): number {
  return stacks.reduce(
    (most, { direction: own, rate, below }) => (own === direction ? rate.reduce((top, one, column) => Math.max(top, one + below[column]!), most) : most),
    0,
  );
}
