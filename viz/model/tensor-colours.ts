/** A colour for each tensor that moves most, the same in all views of a run: Paul Tol's "bright", which the colour-blind can tell apart and which stands on light and on dark. */

import type { RunView } from "./run.ts";
import { bytesByTensor } from "./traffic.ts";
import { wholeOf } from "./window.ts";

const COLOURS = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"] as const;
export const OTHERS_COLOUR = "#9a9fa8";

/** Of the tensors that have a colour of their own, the one that moves most first. */
export function tensorColours(run: RunView): ReadonlyMap<string, string> {
  const moved = new Map<string, number>();
  for (const { name, read_bytes, write_bytes } of bytesByTensor(run, wholeOf(run))) moved.set(name, (moved.get(name) ?? 0) + read_bytes + write_bytes);
  const names = [...moved].sort(([, a], [, b]) => b - a).map(([name]) => name);
  return new Map(names.slice(0, COLOURS.length).map((name, n) => [name, COLOURS[n]!]));
}
