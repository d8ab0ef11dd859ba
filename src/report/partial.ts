/** A run that was stopped, in words. */

import type { PartialRun } from "../result/counters.ts";
import { percent } from "./format.ts";

const STOPPED: { readonly [K in PartialRun["reason"]]: string } = {
  interrupted: "interrupted",
  "max-cycles": "stopped at --max-cycles",
  "max-seconds": "stopped at --max-seconds",
  "max-memory": "stopped at --max-memory",
};

export function partialWords({ reason, section, share_done }: PartialRun): string {
  return `${STOPPED[reason]} in section ${section}, about ${percent(share_done)} done: what follows is what was simulated until then`;
}
