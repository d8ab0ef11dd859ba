/** What the views of memory say where nothing was recorded. */

import { listed, scaled } from "../../src/report/format.ts";
import type { RunView } from "../model/run.ts";

/** Null: it was recorded what memory did. */
export function unrecorded({ trace, report }: RunView): string | null {
  if (report.cycles === 0) return "Nothing ran: no memory was asked for anything.";
  if (trace.tiers.length > 0) return null;
  const moved = (["hbm", "ddr"] as const).flatMap((tier) => {
    const own = report.tiers[tier];
    return own === undefined ? [] : [`${tier} ${scaled(own.read_bytes, "B")} read and ${scaled(own.write_bytes, "B")} written`];
  });
  return `Nobody recorded what memory did when. Over the whole run: ${moved.length === 0 ? "the machine has no memory off the chip" : listed(moved)}.`;
}

/** Of a run that went on from a checkpoint. */
export function resumedWords({ trace, report }: RunView): string {
  if (trace.unrecorded_cycles === 0) return "";
  return `The first ${((100 * trace.unrecorded_cycles) / Math.max(1, report.cycles)).toFixed(1)} % of the run came from a checkpoint: what was counted there stands evenly over it.`;
}
