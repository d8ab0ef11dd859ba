/** What the cases of `weft validate` read off a run: a figure each, with what is expected of it. */

import { peakFlopsPerSecond } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { duration, grouped, percent } from "../report/format.ts";
import type { RunResult } from "../result/result.ts";
import { offChipBytes } from "./study.ts";
import type { Expected, Figure } from "./suites.ts";

export function time(expected: Expected): Figure {
  return { what: "time", of: ({ seconds }) => seconds, print: duration, expected };
}

export function cycles(): Figure {
  return { what: "cycles", of: (result) => result.cycles, print: grouped, expected: { kind: "information" } };
}

/** Floating-point operations of the program against a multiply and an add of every functional unit in each cycle. */
export function shareOfPeak(dtypeBytes: number, expected: Expected): Figure {
  const of = ({ ops, seconds }: RunResult, machine: Machine): number => ops.flops / seconds / peakFlopsPerSecond(machine, dtypeBytes);
  return { what: "share of peak FLOP/s", of, print: percent, expected };
}

export function shareOfPins(tier: "hbm" | "ddr", expected: Expected): Figure {
  const of = ({ tiers }: RunResult): number => (tiers[tier]?.achieved_bytes_per_second ?? 0) / (tiers[tier]?.peak_bytes_per_second ?? 1);
  return { what: `share of ${tier} bandwidth`, of, print: percent, expected };
}

/** Bytes off the chip, over those of which no schedule can do without. */
export function bytesOverOnce(what: string, bytes: number, expected: Expected = { kind: "information" }): Figure {
  return { what: `bytes off chip over ${what}`, of: (result) => offChipBytes(result) / bytes, print: times, expected };
}

/** Cycles over the most that either the program's operations or all inputs and outputs once, at the pins of the fastest tier, take: no plan is faster, whatever it moves. */
export function overBound(expected: Expected): Figure {
  return { what: "time over its lower bound", of: (result, _machine, data_bytes) => result.cycles / leastCycles(result, data_bytes), print: times, expected };
}

function leastCycles({ bounds_cycles, tiers, clock_hz }: RunResult, data_bytes: number): number {
  const peak = Math.max(tiers.hbm?.peak_bytes_per_second ?? 0, tiers.ddr?.peak_bytes_per_second ?? 0);
  return Math.max(bounds_cycles.compute, (data_bytes / peak) * clock_hz);
}

/** Floating-point operations of the program over bytes off the chip. */
export function intensity(expected: Expected): Figure {
  return { what: "FLOP a byte off chip", of: (result) => result.ops.flops / offChipBytes(result), print: (value) => value.toFixed(1), expected };
}

/** Times that a section ran. */
export function sections(expected: Expected): Figure {
  return { what: "sections", of: ({ kernels }) => kernels, print: grouped, expected };
}

/** What the same chip takes with a section for each operator and every result in memory, over what it takes with operators fused. */
export function kernelByKernel(what: "time" | "bytes off chip", expected: Expected = { kind: "information" }): Figure {
  const amount = (result: RunResult): number => (what === "time" ? result.seconds : offChipBytes(result));
  return {
    what: `${what} kernel by kernel over this`,
    of: (result, _machine, _bytes, beside) => (beside === null ? Number.NaN : amount(beside) / amount(result)),
    print: times,
    expected,
  };
}

const times = (ratio: number): string => `${ratio.toFixed(3)} x`;
